"""What the passed access verifications found, for whoever wants to know; how they are made is `proving`'s."""

from datetime import UTC, datetime

from flows.forms.fields import Answers
from flows.forms.parity import PRODUCTION, TEST
from flows.forms.step import Situation
from flows.steps import org_details

NEVER = datetime.min.replace(tzinfo=UTC)
PROVE, PROVE_PRODUCTION = "authentication.prove_access", "production.prove_access"


def environment_of(answers: Answers) -> str:
    """The environment that a verification was for."""
    return str(answers.get("environment", TEST))


def last_run(situation: Situation, environment: str) -> tuple[str, Answers] | None:
    """An environment's last passed verification, wherever it was asked for: its item, and what it found. Of production, one that the
    authentication step asked for counts if it was made since production's form was sent last, where the organization is test's."""
    ran = [(PROVE, *one) for one in situation.items.get(PROVE, ()) if environment_of(one[1]) == environment]
    if environment == PRODUCTION:
        ran = [one for one in ran if _of_production(situation, one[1])]
        ran += [(PROVE_PRODUCTION, *one) for one in situation.items.get(PROVE_PRODUCTION, ())]
    found = sorted(ran, key=lambda one: situation.done_at.get(f"{one[0]}:{one[1]}", NEVER))
    return found[-1][1:] if found else None


def _of_production(situation: Situation, item: str) -> bool:
    test, production = org_details.org_id(situation), org_details.production_org_id(situation)
    sent, at = situation.sent_at.get("production"), situation.done_at.get(f"{PROVE}:{item}", NEVER)
    return test.casefold() == production.casefold() and (sent is None or at > sent)


def last(situation: Situation, environment: str) -> Answers | None:
    """What it found."""
    run = last_run(situation, environment)
    return run[1] if run is not None else None
