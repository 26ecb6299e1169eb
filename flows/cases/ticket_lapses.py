"""Warnings before the Service Desk goes on by itself: it takes an unanswered question as settled after five business days, and closes
what nobody has tried after 120 hours. Each is warned of once; when the status began is known from the desk."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from flows import business_time
from flows.business_time import BusinessDuration
from flows.cases.case import Case
from flows.cases.settle import calendar_of
from flows.cases.tickets import FiledTicket, open_ticket, record_with_ticket, sides, tell
from flows.people import SYSTEM, Side

PENDING_DAYS = 5
"""Business days, by support's calendar."""
VALIDATING_HOURS = 120
AHEAD = (48, 96)
"""Hours before a ticket in validation is closed, from which on it is warned of: the first that leave working hours until then."""
LAST_HOURS = 12
"""Hours that whoever is warned should have at least."""


@dataclass(frozen=True)
class Lapse:
    """``warn``: from when on it is warned of; ``at``: when the desk goes on."""

    warn: datetime
    at: datetime


def lapse_of(case: Case, ticket: FiledTicket) -> Lapse | None:
    """None if nothing lapses, as far as is known."""
    if ticket.since is None or not ticket.phase:
        return None
    support = calendar_of(Side.SUPPORT, case.snapshot, case.rules)
    if ticket.phase == "pending":
        days = (business_time.add(support, ticket.since, BusinessDuration(days=n)) for n in (PENDING_DAYS - 1, PENDING_DAYS))
        return Lapse(*days)
    ends = ticket.since + timedelta(hours=VALIDATING_HOURS)
    customer = calendar_of(Side.CUSTOMER, case.snapshot, case.rules)
    for hours in AHEAD:
        opens = business_time.next_open(customer, ends - timedelta(hours=hours))
        if opens <= ends - timedelta(hours=LAST_HOURS):
            return Lapse(opens, ends)
    return Lapse(ends - timedelta(hours=AHEAD[0]), ends)


def is_due(case: Case, record_id: str) -> bool:
    """Whether a warning is due that was not given yet."""
    record, ticket = record_with_ticket(case, record_id), open_ticket(case, record_id)
    lapse = lapse_of(case, ticket) if ticket is not None else None
    if record is None or ticket is None or lapse is None:
        return False
    return lapse.warn <= case.now < lapse.at and record.answers.get("warned") != _mark(ticket)


def warn(case: Case, record_id: str) -> None:
    """Tell whoever must act on each side, once."""
    record, ticket = record_with_ticket(case, record_id), open_ticket(case, record_id)
    lapse = lapse_of(case, ticket) if ticket is not None else None
    if record is None or ticket is None or lapse is None or not is_due(case, record_id):
        return
    record.answers = {**record.answers, "warned": _mark(ticket)}
    case.log(f"task:{record.step_id}.{record.task_id}:lapses", by=SYSTEM, facts={"item": record.item, "phase": ticket.phase})
    key = "desk_pending_lapses" if ticket.phase == "pending" else "desk_validating_lapses"
    until = int(lapse.at.timestamp())
    for where in sides(case):
        tell(case, record, where, key, ticket, answer=True, mention=True, until=until)


def _mark(ticket: FiledTicket) -> str:
    """Names one stay in a status."""
    return f"{ticket.phase}:{ticket.since.isoformat() if ticket.since is not None else ''}"
