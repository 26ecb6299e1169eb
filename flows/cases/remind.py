"""Reminders and expiries: a sweep looks for what is due. After an outage a step is reminded once, not once a missed time."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from flows import business_time
from flows.business_time import BusinessDuration, Calendar
from flows.cases.onboarding import calendar_of, settle, side_of
from flows.model import Grant, Snapshot, StepRecord
from flows.outbox import redraw, say, warn
from flows.people import SYSTEM, Side
from flows.ports import Unit
from flows.rules import Rules


async def remind_due(unit: Unit, rules: Rules) -> int:
    """Send what is due now; returns how many reminders. Several due for one person become one message."""
    due: dict[str, list[StepRecord]] = defaultdict(list)
    for record in await unit.due(unit.now):
        due[record.onboarding_id].append(record)
    sent = 0
    for onboarding_id, records in due.items():
        snapshot = await unit.snapshot(onboarding_id)
        if snapshot is not None:
            sent += _remind(unit, rules, snapshot, [snapshot.steps[r.step_id] for r in records])
    return sent


def _remind(unit: Unit, rules: Rules, snapshot: Snapshot, records: Sequence[StepRecord]) -> int:
    onboarding = snapshot.onboarding
    by_person: dict[tuple[Side, str], list[StepRecord]] = defaultdict(list)
    for record in sorted(records, key=lambda r: r.position):
        side = side_of(record)
        if side is None or onboarding.closed_at or onboarding.severed_at:
            record.remind_at = None
            continue
        calendar = calendar_of(side, snapshot, rules)
        wait = _not_before(record, rules, calendar, unit.now)
        if wait is not None:
            record.remind_at = wait
            continue
        by_person[side, person_to_remind(snapshot, record, side)].append(record)
        _plan_next(unit, rules, snapshot, record, side, calendar)
    for (side, user_id), steps in by_person.items():
        unit.effect(
            onboarding.id,
            "remind",
            where=side.value,
            user=user_id,
            steps=[r.step_id for r in steps],
            count=[r.reminded for r in steps],
        )
        facts = {"steps": [r.step_id for r in steps], "side": side.value, "user": user_id}
        unit.record(onboarding.id, "reminder:send", SYSTEM, facts=facts)
    return len(by_person)


def person_to_remind(snapshot: Snapshot, record: StepRecord, side: Side) -> str:
    """The user id: the step's assignee, else the lead; for support the claimer, else the owner."""
    if side is Side.CUSTOMER:
        return record.assignee_id or snapshot.onboarding.lead_id
    return record.claimer_id or snapshot.onboarding.owner_id


def _not_before(record: StepRecord, rules: Rules, calendar: Calendar, now: datetime) -> datetime | None:
    """When a due reminder must wait: it is snoozed, it is night or holiday, or there was one today. None: now."""
    if record.snoozed_until and record.snoozed_until > now:
        return record.snoozed_until
    opens = business_time.next_open(calendar, now)
    if opens > now:
        return opens
    if rules.reminders.once_a_day and record.reminded_on == _local_date(calendar, now):
        midnight = datetime.combine(
            _local_date(calendar, now) + timedelta(days=1), datetime.min.time(), ZoneInfo(calendar.timezone)
        )
        return business_time.next_open(calendar, midnight)
    return None


def _local_date(calendar: Calendar, at: datetime) -> date:
    return at.astimezone(ZoneInfo(calendar.timezone)).date()


def _plan_next(unit: Unit, rules: Rules, snapshot: Snapshot, record: StepRecord, side: Side, calendar: Calendar) -> None:
    """Count the reminder that is sent now and set the next one, or escalate."""
    times, began = rules.reminders, record.turn_since or unit.now
    record.reminded += 1
    record.reminded_on = _local_date(calendar, unit.now)
    record.snoozed_until = None
    if side is Side.SUPPORT:
        record.remind_at = business_time.add(calendar, unit.now, times.support_then)
        if record.reminded == times.support_times:
            _escalate(unit, snapshot, record, "support_slow")
        return
    record.remind_at = None
    # Times that passed during an outage are not made up for.
    planned = [business_time.add(calendar, began, after) for after in times.customer]
    ahead = [at for at in planned if at > unit.now]
    record.reminded = max(record.reminded, len(planned) - len(ahead))
    if record.reminded < len(planned) and ahead:
        record.remind_at = ahead[0]
    elif record.escalated_at is None:
        _escalate(unit, snapshot, record, "customer_slow")


def _escalate(unit: Unit, snapshot: Snapshot, record: StepRecord, key: str) -> None:
    onboarding = snapshot.onboarding
    record.escalated_at = unit.now
    since = int(record.turn_since.timestamp()) if record.turn_since else 0
    unit.record(onboarding.id, f"step:{record.step_id}:escalate", SYSTEM, facts={"why": key})
    if key == "support_slow":
        warn(unit, onboarding.id, key, customer=onboarding.customer, step=record.step_id, since=since)
    else:
        say(unit, onboarding.id, "support", record.step_id, key, mention=[onboarding.owner_id], step=record.step_id, since=since)


LONGEST_CLOSED = timedelta(days=7)
"""How far ahead it is looked for invitations that expire while nobody works: week-ends and holidays in a row."""


async def expire_due(unit: Unit, rules: Rules) -> int:
    """Invitations whose code ran out, and nudges so many business hours of the customer before that: what expires in the night
    is nudged the evening before. Returns how many changed."""
    by_onboarding: dict[str, list[Grant]] = defaultdict(list)
    for grant in await unit.expiring(unit.now + timedelta(hours=rules.nudge_hours) + LONGEST_CLOSED):
        by_onboarding[grant.onboarding_id].append(grant)
    changed = 0
    for onboarding_id, grants in by_onboarding.items():
        snapshot = await unit.snapshot(onboarding_id)
        if snapshot is None or snapshot.onboarding.closed_at or snapshot.onboarding.severed_at:
            continue
        here = {grant.id for grant in grants}
        changed += _expire(unit, rules, snapshot, [g for g in snapshot.grants if g.id in here])
    return changed


def _expire(unit: Unit, rules: Rules, snapshot: Snapshot, grants: Sequence[Grant]) -> int:
    onboarding = snapshot.onboarding
    calendar = calendar_of(Side.CUSTOMER, snapshot, rules)
    over = [g for g in grants if g.expires_at and g.expires_at <= unit.now]
    until = business_time.add(calendar, unit.now, BusinessDuration(hours=rules.nudge_hours))
    awake = business_time.is_open(calendar, unit.now)
    soon = [g for g in grants if awake and g not in over and g.nudged_at is None and g.expires_at and g.expires_at <= until]
    for grant in over:
        grant.state, grant.expires_at, grant.at = "expired", None, unit.now
        facts = {"grant": grant.id, "resource": grant.resource}
        unit.record(onboarding.id, f"grant:{grant.resource}:expired", SYSTEM, facts=facts)
    for grant in soon:
        grant.nudged_at = unit.now
    for step_id in sorted({g.step_id for g in over}):
        say(unit, onboarding.id, "support", step_id, "invitation_expired", count=len([g for g in over if g.step_id == step_id]))
        redraw(unit, onboarding.id, step_id)
    for step_id in sorted({g.step_id for g in soon}):
        those = [g for g in soon if g.step_id == step_id]
        expires = min(int(g.expires_at.timestamp()) for g in those if g.expires_at)
        say(
            unit,
            onboarding.id,
            "customer",
            step_id,
            "invitation_expires",
            mention=[onboarding.lead_id],
            count=len(those),
            at=expires,
        )
    if over:
        settle(unit, snapshot, rules)
    return len(over) + len(soon)
