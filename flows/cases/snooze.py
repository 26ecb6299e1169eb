"""Snoozing the reminders of a step. Each side's snooze is its own: it silences nobody else, and holds if the turn changes and comes back.

It only ever puts off: what is escalated comes after the last reminder, which comes later for it.
"""

from datetime import datetime

from flows import business_time
from flows.cases.case import Case
from flows.cases.settle import calendar_of, moved_on, side_of
from flows.outbox import Where
from flows.people import Role, Side
from flows.problems import Problem, Refused, TextKey


def side_to_snooze(case: Case, step_id: str) -> Side:
    """The actor's side, if it is reminded of the step. Raises Refused, which says how the step stands."""
    record, own = case.record(step_id), Side.SUPPORT if case.role is Role.SUPPORT else Side.CUSTOMER
    side = side_of(record)
    if side is None:
        raise moved_on(record)
    if side is not own:
        at = int(record.changed_at.timestamp()) if record.changed_at else 0
        key = "snooze_with_support" if side is Side.SUPPORT else "snooze_with_customer"
        raise Refused(key, step=step_id, state=record.state.value, by=record.changed_by, at=at)
    return own


def snooze(case: Case, step_id: str, until: datetime) -> datetime:
    """No reminders of this step to the actor's side before ``until``, moved into its business hours. Returns when the next one comes.

    Raises Refused if it is not reminded of the step, or if that is in the past.
    """
    side, record = side_to_snooze(case, step_id), case.record(step_id)
    if until <= case.now:
        raise Refused("snooze_past", step=step_id)
    opens = business_time.next_open(calendar_of(side, case.snapshot, case.rules), until)
    if side is Side.CUSTOMER:
        record.customer_snoozed_until = opens
    else:
        record.support_snoozed_until = opens
    record.remind_at, record.escalate_at = opens, None
    case.log(f"step:{step_id}:snooze", facts={"until": opens.isoformat(), "side": side.value})
    where: Where = "customer" if side is Side.CUSTOMER else "support"
    case.say(where, step_id, "snoozed", by=case.actor.user_id, until=int(opens.timestamp()))
    return opens


async def day_off(case: Case, step_id: str, until: datetime, field: str) -> tuple[Problem, ...]:
    """That no reminder comes on the day that somebody chose, and on which one comes instead: told once, at this field of the form; who
    sends the same again means it so. ``until``: in the zone of their side. Raises Refused."""
    calendar = calendar_of(side_to_snooze(case, step_id), case.snapshot, case.rules)
    chosen, comes = until.date(), business_time.next_open(calendar, until).astimezone(until.tzinfo).date()
    if chosen == comes or not await case.unit.once(f"snooze:{case.id}:{step_id}:{case.actor}:{chosen}"):
        return ()
    holiday = business_time.holiday(calendar, chosen)
    params = {
        "weekday": TextKey(f"weekday.{chosen.weekday()}"),
        "day": chosen.isoformat(),
        "next_weekday": TextKey(f"weekday.{comes.weekday()}"),
        "date": comes.isoformat(),
        "holiday": holiday,
    }
    return (Problem(field, "snooze_holiday" if holiday else "snooze_day_off", params),)
