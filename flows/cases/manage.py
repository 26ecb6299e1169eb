"""Support manages an onboarding: skip, reopen, or assign a step, close it."""

from collections.abc import Iterable, Sequence
from typing import Any

from flows.cases import members, skips
from flows.cases.case import Case
from flows.cases.presence import called, in_line
from flows.cases.settle import moved_on, side_of
from flows.cases.wanted_requests import unfiled
from flows.model import Decision, EffectRecord
from flows.outbox import Redraw, SendExport, SendReceipt, Where
from flows.people import SYSTEM, Side, Who
from flows.ports import Unit
from flows.problems import Refused
from flows.state import ENDED, Move, StepState


def skip(case: Case, step_id: str, reason: str) -> None:
    """Skip a step, or ask for it where it takes more people than the actor and whoever asked before. Raises Refused."""
    needed = skips.people_needed(case, step_id)
    skips.end(skips.proposed(case.snapshot, step_id), skips.LAPSED)
    wanted = skips.ask(case, step_id, reason) if needed > 1 else skips.asked(case.snapshot, step_id)
    if needed > max(1, len(wanted)):
        case.log(f"step:{step_id}:skip_asked", facts={"given": len(wanted), "needed": needed}, changes={"reason": reason})
        case.say("support", step_id, "skip_asked", by=case.actor.user_id, reason=reason, given=len(wanted), needed=needed)
        case.tell_support(case.actor, "skip_waits", step=step_id, given=len(wanted), needed=needed)
        return
    skips.end(wanted, skips.DONE)
    _decide(case, step_id, Move.SKIP, reason)


def agree_to_skip(case: Case, step_id: str, revision: int) -> None:
    """Someone else wants it skipped too, for the reason that was given. Raises Refused("skip_not_asked") if nobody asks any more, and
    says who was first if the step ended."""
    skip(case, step_id, _asked(case, step_id, revision)[0].reason)


def withdraw_skip(case: Case, step_id: str, revision: int) -> None:
    """The step is not skipped after all: anyone in support may say so. Raises Refused("skip_not_asked") if nobody asks any more."""
    wanted = _asked(case, step_id, revision)
    skips.end(wanted, skips.WITHDRAWN)
    case.log(f"step:{step_id}:skip_withdrawn")
    case.say("support", step_id, "skip_withdrawn", mention=[one.user_id for one in wanted], by=case.actor.user_id)


def _asked(case: Case, step_id: str, revision: int) -> list[Decision]:
    record = case.record(step_id)
    if record.state in ENDED:
        raise moved_on(record)
    wanted = skips.asked(case.snapshot, step_id) if record.revision == revision else []
    if not wanted:
        raise Refused("skip_not_asked", step=step_id)
    return wanted


def reopen(case: Case, step_id: str, reason: str) -> None:
    _decide(case, step_id, Move.REOPEN, reason)
    skips.lapse(case, step_id)


def _decide(case: Case, step_id: str, how: Move, reason: str) -> None:
    """Told to whoever acts in the step at the customer; and to whoever of support did, if it was their turn."""
    record, by = case.record(step_id), case.actor.user_id
    before, acted = side_of(record), called(case.snapshot, *in_line(case.snapshot, record, Side.SUPPORT))
    case.move(step_id, how, reason=reason)
    case.log(f"step:{step_id}:{how.value}", changes={"reason": reason})
    told = how.value if reason else "skip_unwanted"
    case.say("customer", step_id, told, call=in_line(case.snapshot, record, Side.CUSTOMER), by=by, reason=reason)
    if before is Side.SUPPORT and by not in acted:
        case.say("support", step_id, told, mention=acted, by=by, reason=reason)


def assign(case: Case, step_id: str, person: Who, side: Side) -> None:
    """Assign a step to one person on a side, who is there: the customer's assignee or support's claimer.

    Raises Refused("not_in_onboarding") for someone from a third company, and says how the step stands if it is nobody's any more.
    """
    record = case.record(step_id)
    if record.state in ENDED and side_of(record) is None:
        raise moved_on(record)
    if side is Side.CUSTOMER:
        members.take_in(case, person)
        record.assignee_id = person.user_id
    else:
        record.claimer_id = person.user_id
    facts = {"team": person.team_id, "user": person.user_id, "side": side.value}
    case.log(f"step:{step_id}:assign", facts=facts)
    case.say(_thread_of(side), step_id, "assigned", mention=[person.user_id], by=case.actor.user_id)


def _thread_of(side: Side) -> Where:
    return "customer" if side is Side.CUSTOMER else "support"


def close(case: Case) -> None:
    """Support closes the onboarding; the customer gets the closing message. A last step that wasn't sent is skipped, and what is not
    requested of the Service Desk by then never is: both sides are told.

    Raises Refused("skip_first") if that takes more people than closing does.
    """
    onboarding = case.onboarding
    last, closing = next(
        ((step, task) for step in case.journey.steps.values() for task in step.tasks if task.closes), (None, None)
    )
    if last is not None and case.record(last.id).state in (StepState.OPEN, StepState.CHANGES_REQUESTED):
        needed = skips.people_needed(case, last.id)
        if needed > max(1, case.rules.approvals_of(last, closing)):
            raise Refused("skip_first", step=last.id, needed=needed)
        case.move(last.id, Move.SKIP)
        case.log(f"step:{last.id}:{Move.SKIP.value}")
    onboarding.closed_at, onboarding.closed_by = case.now, case.actor.user_id
    case.log("onboarding:close")
    step_id = last.id if last is not None else list(case.journey.steps)[-1]
    skipped = [one for one in case.journey.steps if case.record(one).state is StepState.SKIPPED]
    said: dict[str, Any] = {"customer": onboarding.customer, **({"steps": skipped} if skipped else {})}
    case.say("customer", step_id, "receipt_skipped" if skipped else "receipt", mention=[onboarding.lead_id], values=said)
    for step, resources in unfiled(case):
        fields = [f"resource.{one}" for one in resources]
        case.say("customer", step.id, "requests_dropped", fields=fields)
        case.say("support", step.id, "requests_dropped_here", fields=fields)
    case.ask(SendReceipt(step=step_id))


async def retry(case: Case, effect_id: str) -> None:
    """Retry an effect that was given up, and all that were given up alike: one alert may tell of all of them.

    Raises Refused("retried") if somebody was first, and Refused("gone") for any other.
    """
    record = await case.unit.get(EffectRecord, effect_id)
    if record is None or record.onboarding_id != case.id:
        raise Refused("gone")
    if record.state != "failed":
        raise Refused("retried")
    alike = await given_up_alike(case.unit, record, record.error)
    for one in alike or (record,):
        _again(case.unit, one, case.actor)


async def given_up_alike(unit: Unit, record: EffectRecord, error: str) -> Sequence[EffectRecord]:
    """What is given up of its onboarding, about the same channel, with this error; oldest first. Empty for what isn't done in Slack."""
    place = _place(unit, record)
    failed = await unit.failed_effects(record.onboarding_id)
    return [one for one in failed if place and one.error == error and _place(unit, one) == place]


def _place(unit: Unit, record: EffectRecord) -> Where | None:
    effect = unit.effect_of(record)
    return effect.whose if effect is not None and effect.waits_for == "slack" else None


async def retry_all(case: Case) -> None:
    """Retry all of an onboarding's effects that were given up."""
    for record in await case.unit.failed_effects(case.id):
        _again(case.unit, record, case.actor)


def retry_refused(unit: Unit, refused: Iterable[EffectRecord], side: Where) -> None:
    """Retry what was given up because the bot was not let into a channel: it is now, and nobody need press a button.

    ``side``: whose channel it is.
    """
    for record in refused:
        effect = unit.effect_of(record)
        if effect is not None and effect.whose == side:
            _again(unit, record, SYSTEM)


def _again(unit: Unit, record: EffectRecord, actor: Who) -> None:
    if record.onboarding_id:
        unit.record(record.onboarding_id, f"effect:{record.kind}:retry", actor, facts={"effect": record.id})
    unit.retry(record)
    effect = unit.effect_of(record)
    if effect is None or not effect.step_id:
        return
    redraw = Redraw(what="review", step=effect.step_id)  # it offered the retry
    if effect != redraw:
        unit.ask(record.onboarding_id, redraw)


def export(case: Case) -> None:
    """Send the actor, who is in support, everything stored about this onboarding."""
    case.log("onboarding:export")
    case.ask(SendExport(user=case.actor.user_id))
