"""What the passed access verifications found, for whoever wants to know; how they are made is `proving`'s."""

from flows.forms.fields import Answers
from flows.forms.parity import TEST
from flows.forms.step import Situation

PROVE = "authentication.prove_access"


def environment_of(answers: Answers) -> str:
    """The environment that a verification was for."""
    return str(answers.get("environment", TEST))


def last(situation: Situation, environment: str) -> Answers | None:
    """What an environment's last passed verification found."""
    ran = [answers for _, answers in situation.items.get(PROVE, ()) if environment_of(answers) == environment]
    return ran[-1] if ran else None
