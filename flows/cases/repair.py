"""An onboarding whose messages in Slack may tell of more than the store knows: after a backup was restored, the answers and decisions
that came after it are lost, while their drawings still stand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flows.cases.case import Case
from flows.cases.manage import retry_all
from flows.model import Posted
from flows.outbox import AskAgain, Draw, LastingMessage, Repair
from flows.people import SYSTEM
from flows.ports import Unit


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


def begin(unit: Unit, onboarding_id: str) -> None:
    """The same after a backup was restored, without anybody in particular."""
    unit.record(onboarding_id, "onboarding:repair", SYSTEM)
    unit.ask(onboarding_id, Repair())


async def compare(case: Case, found: Mapping[tuple[LastingMessage, str], Sequence[Found]]) -> None:
    """What stands in Slack is the store's from now on, and is drawn as the store has it. Where it shows answers that the store does
    not have, the customer is asked for them again, and support reads of it.

    ``found``: by kind and step, newest first.
    """
    steps = list(case.journey.steps)
    messages: list[Draw] = [Draw(what="card")]
    messages += [Draw(what=what, step=step_id) for step_id in steps for what in ("step", "review")]
    for draw in messages:
        there = found.get((draw.what, draw.step), ())
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
            if there and row.ts not in [one.ts for one in there]:
                row.channel_id, row.ts = there[0].channel, there[0].ts
            row.digest = ""  # whatever it was drawn with
        case.ask(draw)
    for step_id in steps:
        shown = [one.revision for what in ("step", "review") for one in found.get((what, step_id), ())]
        revision = max(shown, default=0)
        if revision > case.record(step_id).revision:
            case.ask(AskAgain(step=step_id, revision=revision))
            case.warn("answers_lost", customer=case.onboarding.customer, step=step_id, revision=revision)
