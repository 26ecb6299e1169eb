"""What support does if the proof of production found something else than was approved: it is mended there, by hand, and proved again, or
accepted. What was accepted of test is another environment's.
"""

from collections.abc import Iterator
from typing import Annotated

from flows.forms.fields import Answers, FormPage, Input, Kind, LongText
from flows.forms.parity import PRODUCTION
from flows.forms.step import Form, Page, Situation, Task
from flows.people import Side
from flows.problems import Problem
from flows.steps.authentication import proofs, proving

MENDED, ACCEPTED = "mended", "accepted"


class Decided(FormPage):
    decision: Annotated[str, Input(Kind.CHOICE, (MENDED, ACCEPTED), choices="production_difference", redraws=True)]
    reason: Annotated[LongText | None, Input(Kind.LONG_TEXT)] = None


def unaccepted(situation: Situation) -> bool:
    """Whether something keeps production from being complete."""
    return bool(proving.unaccepted(situation, PRODUCTION))


def mended(situation: Situation) -> bool:
    """Whether support said so of what the last proof found: the customer is to prove it again."""
    last, decided = proofs.last_run(situation, PRODUCTION), situation.done.get(proving.SETTLE_PRODUCTION, {})
    return last is not None and decided.get("decision") == MENDED and decided.get("proof") == last[0]


def _no_reason(answers: Answers, _situation: Situation) -> tuple[str, ...]:
    """It takes one to let something be."""
    return () if answers.get("decision") == ACCEPTED else ("reason",)


def _check(answers: Answers, _situation: Situation) -> Iterator[Problem]:
    if answers.get("decision") == ACCEPTED and not answers.get("reason"):
        yield Problem("reason", "reason_to_let_be")


def _recorded(answers: Answers, situation: Situation) -> Answers:
    """Which proof it is about, and what of it is accepted."""
    last, accepts = proofs.last_run(situation, PRODUCTION), answers.get("decision") == ACCEPTED
    left = proving.unaccepted(situation, PRODUCTION) if accepts else []
    return {"proof": last[0] if last is not None else "", "accepted": [list(one) for one in left]}


SETTLE = Task(
    "settle_differences",
    Side.SUPPORT,
    Form(
        proving.SETTLE_PRODUCTION,
        (Page("settled", Decided, compulsory=lambda _answers: ("reason",), hides=_no_reason, check=_check),),
        example={"decision": ACCEPTED, "reason": "The customer's registered address differs from its office."},
    ),
    ready=unaccepted,
    needed=lambda situation: not mended(situation),
    repeatable=True,
    adds=_recorded,
    stale_with=("org",),
)
