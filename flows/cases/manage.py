"""Support steers: skip a step, open it again, give it to someone. And what anyone may say at a reminder: snooze, I'm stuck."""

from datetime import datetime

from flows import business_time
from flows.cases.onboarding import calendar_of, move, need_open, settle, side_of, step_of
from flows.outbox import Where, redraw, say
from flows.people import Side, Who
from flows.ports import Unit
from flows.problems import Refused
from flows.rules import Rules
from flows.state import Move


async def skip(unit: Unit, rules: Rules, onboarding_id: str, step_id: str, actor: Who, reason: str) -> None:
    await _steer(unit, rules, onboarding_id, step_id, actor, reason, Move.SKIP)


async def reopen(unit: Unit, rules: Rules, onboarding_id: str, step_id: str, actor: Who, reason: str) -> None:
    await _steer(unit, rules, onboarding_id, step_id, actor, reason, Move.REOPEN)


async def _steer(unit: Unit, rules: Rules, onboarding_id: str, step_id: str, actor: Who, reason: str, how: Move) -> None:
    snapshot = await need_open(unit, onboarding_id)
    step_of(snapshot.onboarding, step_id)
    move(unit, snapshot.steps[step_id], how, actor, reason=reason)
    unit.record(onboarding_id, f"step:{step_id}:{how.value}", actor, changes={"reason": reason})
    redraw(unit, onboarding_id, step_id)
    say(unit, onboarding_id, "customer", step_id, how.value, by=actor.user_id, reason=reason)
    settle(unit, snapshot, rules)


async def assign(unit: Unit, onboarding_id: str, step_id: str, person: Who, side: Side, actor: Who) -> None:
    """Give a step to one person of a side: the customer's assignee or support's claimer."""
    snapshot = await need_open(unit, onboarding_id)
    step_of(snapshot.onboarding, step_id)
    record = snapshot.steps[step_id]
    if side is Side.CUSTOMER:
        record.assignee_id = person.user_id
    else:
        record.claimer_id = person.user_id
    facts = {"team": person.team_id, "user": person.user_id, "side": side.value}
    unit.record(onboarding_id, f"step:{step_id}:assign", actor, facts=facts)
    redraw(unit, onboarding_id, step_id)
    where: Where = "customer" if side is Side.CUSTOMER else "support"
    say(unit, onboarding_id, where, step_id, "assigned", mention=[person.user_id], by=actor.user_id)


async def snooze(unit: Unit, rules: Rules, onboarding_id: str, step_id: str, until: datetime, actor: Who, of: Side) -> datetime:
    """No reminder of this step before a moment, moved into business hours. Returns when the next one comes.

    ``of``: the actor's side. Customers snooze their own turn alone: support's is not theirs to silence.
    """
    snapshot = await need_open(unit, onboarding_id)
    step_of(snapshot.onboarding, step_id)
    record = snapshot.steps[step_id]
    side = side_of(record)
    if side is None:
        raise Refused("nothing_to_remind", step=step_id)
    if side is Side.SUPPORT and of is Side.CUSTOMER:
        raise Refused("snooze_not_yours", step=step_id)
    if until <= unit.now:
        raise Refused("snooze_past", step=step_id)
    record.snoozed_until = record.remind_at = business_time.next_open(calendar_of(side, snapshot, rules), until)
    facts = {"until": record.remind_at.isoformat()}
    unit.record(onboarding_id, f"step:{step_id}:snooze", actor, facts=facts)
    where: Where = "customer" if side is Side.CUSTOMER else "support"
    say(unit, onboarding_id, where, step_id, "snoozed", by=actor.user_id, until=int(record.remind_at.timestamp()))
    return record.remind_at


async def stuck(unit: Unit, onboarding_id: str, step_id: str, reason: str, actor: Who) -> None:
    """A person of the customer cannot go on: support is told why, in its thread and channel."""
    snapshot = await need_open(unit, onboarding_id)
    step_of(snapshot.onboarding, step_id)
    record = snapshot.steps[step_id]
    unit.record(onboarding_id, f"step:{step_id}:stuck", actor, changes={"reason": reason})
    mention = [record.claimer_id or snapshot.onboarding.owner_id]
    say(unit, onboarding_id, "support", step_id, "stuck", mention=mention, by=actor.user_id, reason=reason)
    say(unit, onboarding_id, "customer", step_id, "stuck_received", by=actor.user_id)
