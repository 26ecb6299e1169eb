"""Reminders and expiring invitations: a sweep looks for customers with something due and opens a case for each.

After an outage, a step gets one reminder, not one per missed time. A step is escalated after its last reminder and never with one.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from flows import business_time
from flows.business_time import BusinessDuration, Calendar
from flows.cases.case import Case
from flows.cases.presence import called, in_line
from flows.cases.settle import calendar_of, next_waking, side_of, snoozed_until, waits_until
from flows.cases.tasks import note_grant
from flows.model import Grant, Snapshot, StepRecord
from flows.outbox import Draw, Escalate, Nudge, Remind, Where
from flows.people import SYSTEM, Side
from flows.ports import Unit
from flows.rules import ReminderTimes, Rules
from flows.state import StepState


async def due(unit: Unit) -> Sequence[str]:
    """Ids of onboardings with a due reminder, longest overdue first; of closed ones, those with a renewal that waits for support."""
    return await unit.due(unit.now)


def remind(case: Case) -> int:
    """Send what is due now; returns how many reminders. Several for one person become one message. A step whose wait is over is
    somebody's turn once the case ends."""
    records = sorted(case.snapshot.steps.values(), key=lambda record: record.position)
    by_person: dict[tuple[Side, str], list[StepRecord]] = defaultdict(list)
    for record in records:
        if record.remind_at is None or record.remind_at > case.now:
            continue
        side = side_of(record)
        if side is None or case.onboarding.severed_at:
            until = waits_until(record) or case.now
            record.remind_at = until if until > case.now and not case.onboarding.severed_at else None
            continue
        calendar = calendar_of(side, case.snapshot, case.rules)
        wait = _not_before(record, side, case.rules, calendar, case.now)
        if wait is not None:
            record.remind_at = wait
            continue
        by_person[side, person_to_remind(case.snapshot, record, side)].append(record)
        _plan_next(case, record, side, calendar)
    for (side, user_id), steps in by_person.items():
        ids = [r.step_id for r in steps]
        for step_id in ids:
            if any(case.step(step_id).wakes(case.situation)):
                case.ask(Draw(what="step", step=step_id))  # what it says of a day has changed with the day
        where: Where = "customer" if side is Side.CUSTOMER else "support"
        case.ask(Remind(where=where, user=user_id, steps=tuple(ids), count=tuple(r.reminded for r in steps)))
        case.log("reminder:send", by=SYSTEM, facts={"steps": ids, "side": side.value, "user": user_id})
    for record in records:
        if record.escalate_at is not None and record.escalate_at <= case.now:
            _escalate(case, record)
    return len(by_person)


def person_to_remind(snapshot: Snapshot, record: StepRecord, side: Side) -> str:
    """The user id: the step's assignee, else the lead; for support the claimer, else the owner. Empty if they are gone: then the
    channel is."""
    return next(iter(called(snapshot, *in_line(snapshot, record, side))), "")


def _not_before(record: StepRecord, side: Side, rules: Rules, calendar: Calendar, now: datetime) -> datetime | None:
    """Until when a due reminder must wait: snoozed, outside business hours, or already reminded today. None: send now."""
    snoozed = snoozed_until(record, side)
    if snoozed is not None and snoozed > now:
        return snoozed
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


def _plan_next(case: Case, record: StepRecord, side: Side, calendar: Calendar) -> None:
    """Count the reminder being sent and plan the next one; if it is the last, when it is escalated."""
    times, now = case.rules.reminders, case.now
    today, planned = _local_date(calendar, now), _planned(times, side, calendar, record.turn_since or now)
    record.reminded += 1
    record.reminded_on = today
    record.remind_at = record.escalate_at = None
    if side is Side.SUPPORT:
        record.support_snoozed_until = None
        last = 0 < times.support_times <= record.reminded and record.escalated_at is None
        record.remind_at = None if last else business_time.add(calendar, now, times.support_then)
    else:
        record.customer_snoozed_until = None
        # Times missed during an outage or a snooze are skipped, and so are those of a day on which a snooze ended.
        ahead = [at for at in planned if at > now and not (times.once_a_day and _local_date(calendar, at) == today)]
        last = not ahead and record.escalated_at is None
        record.remind_at = ahead[0] if ahead else None
    if last:  # by what was planned too: a snooze can bring a reminder earlier
        after = business_time.add(calendar, max(now, *planned), times.escalate_after)
        record.escalate_at = business_time.next_open(case.rules.support_calendar, after)
    if side is Side.CUSTOMER:
        woken = next_waking(case.step(record.step_id), record, case.situation, calendar)
        if woken is not None:
            record.remind_at = min(record.remind_at or woken, woken)


def _planned(times: ReminderTimes, side: Side, calendar: Calendar, since: datetime) -> Sequence[datetime]:
    """When a side is reminded before it is escalated, if nothing comes between."""
    if side is Side.CUSTOMER:
        return [business_time.add(calendar, since, after) for after in times.customer]
    planned = [business_time.add(calendar, since, times.support_first)]
    for _ in range(times.support_times - 1):
        planned.append(business_time.add(calendar, planned[-1], times.support_then))
    return planned


def _escalate(case: Case, record: StepRecord) -> None:
    """Tell support, or if it is support that is slow, its channel; in support's own business hours."""
    side, calendar = side_of(record), case.rules.support_calendar
    record.escalate_at = None
    if side is None or case.onboarding.severed_at:
        return
    opens = business_time.next_open(calendar, case.now)
    if opens > case.now:
        record.escalate_at = opens
        return
    record.escalated_at = case.now
    if side is Side.SUPPORT:
        record.remind_at = business_time.add(calendar, case.now, case.rules.reminders.support_then)
    facts = {"why": f"{side.value}_slow", "reminders": record.reminded}
    case.log(f"step:{record.step_id}:escalate", by=SYSTEM, facts=facts)
    case.ask(
        Escalate(
            where="support_channel" if side is Side.SUPPORT else "support",
            step=record.step_id,
            user=person_to_remind(case.snapshot, record, side),
            count=record.reminded,
            since=int((record.turn_since or case.now).timestamp()),
        )
    )


MAX_CLOSED = timedelta(days=7)
"""How far ahead a sweep looks for invitations that expire while nobody works: weekends and holidays in a row."""


async def expiring(unit: Unit, rules: Rules) -> Sequence[str]:
    """Ids of onboardings with invitations that have expired or may need a nudge now."""
    return await unit.expiring(unit.now + timedelta(hours=rules.nudge_hours) + MAX_CLOSED)


def expire(case: Case) -> int:
    """Mark invitations whose code expired, and nudge ``nudge_hours`` of the customer's business time before that: for a code that
    expires at night, the evening before. Nobody is told of those of a skipped step. Returns how many changed."""
    if case.onboarding.closed_at or case.onboarding.severed_at:
        return 0
    now, invited = case.now, [g for g in case.snapshot.grants if g.state == "invited" and g.expires_at]
    skipped = {step_id for step_id, record in case.snapshot.steps.items() if record.state is StepState.SKIPPED}
    calendar = calendar_of(Side.CUSTOMER, case.snapshot, case.rules)
    over = [g for g in invited if g.expires_at and g.expires_at <= now]
    until = business_time.add(calendar, now, BusinessDuration(hours=case.rules.nudge_hours))
    awake = business_time.is_open(calendar, now)
    told = [g for g in invited if g.step_id not in skipped]
    soon = [g for g in told if awake and g not in over and g.nudged_at is None and g.expires_at and g.expires_at <= until]
    for grant in over:
        grant.state, grant.expires_at, grant.at = "expired", None, now
        note_grant(case, grant)
    for grant in soon:
        grant.nudged_at = now
    for step_id, grants in _by_step([g for g in over if g in told]).items():
        again = next((task.id for task in case.step(step_id).tasks if "expired" in task.grant_from and task.expires_hours), "")
        case.say("support", step_id, "invitation_expired", count=len(grants), offers=again)
    for step_id, grants in _by_step(soon).items():
        case.ask(Nudge(step=step_id, grants=tuple(grant.id for grant in grants)))
    return len(over) + len(soon)


def _by_step(grants: Sequence[Grant]) -> dict[str, list[Grant]]:
    found: dict[str, list[Grant]] = {}
    for grant in sorted(grants, key=lambda one: one.step_id):
        found.setdefault(grant.step_id, []).append(grant)
    return found
