"""An onboarding whose messages in Slack may tell of more than the store knows: after a backup was restored, the answers and decisions
that came after it are lost, while their drawings still stand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flows.cases.case import Case
from flows.cases.manage import retry_all
from flows.model import Posted
from flows.outbox import AskAgain, Draw, LastingMessage, Repair, RepairReviews, Where
from flows.people import SYSTEM
from flows.ports import Unit

LOST = "lost:"
"""What the marks of answers that were said to be lost begin with."""


@dataclass(frozen=True)
class Found:
    """A lasting message that stands in Slack. ``revision``: of the step's answers that it shows; 0 for none."""

    channel: str
    ts: str
    revision: int


async def repair(case: Case) -> None:
    """Try again what was given up, and have every lasting message compared with the store and drawn anew."""
    case.log("onboarding:repair")
    await retry_all(case)
    case.ask(Repair())
    case.ask(RepairReviews())


def begin(unit: Unit, onboarding_id: str) -> None:
    """The same after a backup was restored, without anybody in particular."""
    unit.record(onboarding_id, "onboarding:repair", SYSTEM)
    unit.ask(onboarding_id, Repair())
    unit.ask(onboarding_id, RepairReviews())


async def compare(case: Case, side: Where, found: Mapping[tuple[LastingMessage, str], Sequence[Found]]) -> None:
    """What stands on one side in Slack is the store's from now on, and is drawn as the store has it. Where it shows answers that the
    store does not have, the customer is asked for them again, once, and support reads of it.

    ``found``: by kind and step.
    """
    steps = list(case.journey.steps)
    messages = [Draw(what="card"), *(Draw(what="step", step=step_id) for step_id in steps)]
    if side == "support":
        messages = [Draw(what="review", step=step_id) for step_id in steps]
    for draw in messages:
        there = sorted(found.get((draw.what, draw.step), ()), key=lambda one: float(one.ts))
        row = await case.unit.posted(case.id, draw.what, draw.step)
        if row is None and there:
            row = Posted(
                id=f"{case.id}:{draw.what}:{draw.step}",
                onboarding_id=case.id,
                kind=draw.what,
                subject=draw.step,
                channel_id="",
                ts="",
            )
            case.unit.add(row)
        if row is not None:
            known = row.ts in [one.ts for one in there]
            if there and not known and float(row.ts or 0) < float(there[-1].ts):  # else it was posted after they were looked for
                row.channel_id, row.ts = there[-1].channel, there[-1].ts
            row.digest = ""  # whatever it was drawn with
        case.ask(draw)
        shown = max((one.revision for one in there), default=0)
        stored = case.record(draw.step).revision if draw.step else 0
        if shown > stored and await case.unit.once(f"{LOST}{case.id}:{draw.step}:{stored}"):
            case.ask(AskAgain(step=draw.step, revision=shown))
            case.warn("answers_lost", customer=case.onboarding.customer, step=draw.step, revision=shown)
