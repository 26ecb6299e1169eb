"""What the passed access verifications found, for whoever wants to know; how they are made is `proving`'s."""

from flows.forms.fields import Answers
from flows.forms.parity import PRODUCTION, TEST
from flows.forms.step import Situation
from flows.steps import org_details

PROVE, PROVE_PRODUCTION = "authentication.prove_access", "production.prove_access"


def environment_of(answers: Answers) -> str:
    """The environment that a verification was for."""
    return str(answers.get("environment", TEST))


def last_run(situation: Situation, environment: str) -> tuple[str, Answers] | None:
    """An environment's last passed verification, wherever it was asked for: its item, and what it found. The authentication step proves
    test's organization."""
    if environment == PRODUCTION and (there := situation.items.get(PROVE_PRODUCTION)):
        return there[-1]
    test, production = org_details.org_id(situation), org_details.production_org_id(situation)
    if environment == PRODUCTION and test.casefold() != production.casefold():
        return None
    ran = [(item, answers) for item, answers in situation.items.get(PROVE, ()) if environment_of(answers) == environment]
    return ran[-1] if ran else None


def last(situation: Situation, environment: str) -> Answers | None:
    """What it found."""
    run = last_run(situation, environment)
    return run[1] if run is not None else None
