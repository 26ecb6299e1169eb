"""Requests filed with the Service Desk: each is a record of the step's task with a ticket, whoever filed it. What is known of the ticket
is kept in the record's answers."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from flows.cases.case import Case
from flows.cases.presence import called, in_line
from flows.cases.questions import end_question, open_question
from flows.cases.tasks import note_grant
from flows.forms.fields import Answers
from flows.journey import Journeys
from flows.model import TaskRecord
from flows.outbox import TellOfTicket, Where
from flows.people import SYSTEM, Side
from flows.ports import Unit
from flows.state import StepState

Phase = Literal["", "pending", "validating"]
"""What a status means for those who asked: the desk waits for an answer, or for somebody to try what it did; empty: neither."""
Outcome = Literal["", "resolved", "declined", "lapsed"]
"""How a ticket ended. Declined: its status says so; lapsed: the desk's last question was not answered in time."""
UNRESOLVED: Mapping[str, str] = {"declined": "desk_declined", "lapsed": "desk_lapsed"}
"""What support is told, who decides then."""


@dataclass(frozen=True)
class FiledTicket:
    """``link``: its page in the portal. ``since``: when the status began, if that is known. ``ended``: it is resolved or closed."""

    key: str
    link: str
    status: str
    ended: bool = False
    phase: Phase = ""
    since: datetime | None = None
    outcome: Outcome = ""


async def with_tickets(unit: Unit, journeys: Journeys) -> list[TaskRecord]:
    """Records in open onboardings of the tasks that may have a ticket. Their answers aren't read, so a damaged one affects no other."""
    tasks = {
        (step.id, task.id)
        for journey in journeys.versions.values()
        for step in journey.steps.values()
        for task in step.tasks
        if task.ticket
    }
    return [record for step_id, task_id in sorted(tasks) for record in await unit.tasks(step_id, task_id)]


def record_with_ticket(case: Case, record_id: str) -> TaskRecord | None:
    """The record of a ticket that has not ended, as far as is known; None if there is none."""
    record = next((one for one in case.snapshot.tasks if one.id == record_id), None)
    if record is None or record.answers.get("ended"):
        return None
    task = next((one for one in case.step(record.step_id).tasks if one.id == record.task_id), None)
    return record if task is not None and task.ticket and record.answers.get(task.ticket) else None


def open_ticket(case: Case, record_id: str) -> FiledTicket | None:
    """A record's ticket as it was last seen; None if there is none, or it has ended."""
    record = record_with_ticket(case, record_id)
    return ticket_of(case, record) if record is not None else None


def ticket_of(case: Case, record: TaskRecord) -> FiledTicket:
    """Likewise, of a record that has one, though it may have ended."""
    known, key = record.answers, case.step(record.step_id).task(record.task_id).ticket
    since = known.get("since")
    return FiledTicket(
        str(known[key]),
        known.get("link") or "",
        known.get("status") or "",
        ended=bool(known.get("ended")),
        phase=known.get("phase") or "",
        since=datetime.fromisoformat(since) if since else None,
    )


def note_status(case: Case, record_id: str, ticket: FiledTicket) -> bool:
    """Record a ticket's current status in the Service Desk; each change is announced once, the first status seen only if somebody must act
    on it. Once it is resolved, what it asked for counts as given.

    False: nothing new.
    """
    found = next((one for one in case.snapshot.tasks if one.id == record_id), None)
    if found is None:
        return False
    before, phase = found.answers.get("status") or "", found.answers.get("phase") or ""
    answers = {**found.answers, **kept_of(ticket)}
    if answers == found.answers:
        return False
    found.answers = answers
    facts = {"item": found.item, "ended": ticket.ended, "outcome": ticket.outcome}
    case.log(f"task:{found.step_id}.{found.task_id}:status", by=SYSTEM, facts=facts, changes={"status": ticket.status})
    if ticket.phase == "pending" and phase != "pending":
        open_question(case, found)
    elif ticket.ended or (phase == "pending" and ticket.phase != "pending"):
        end_question(case, found)
    if ticket.ended:
        _end(case, found, ticket)
    elif before != ticket.status and (before or ticket.phase):
        for where in sides(case):
            tell(case, found, where, "desk_status", ticket, answer=ticket.phase == "pending")
    return True


def _end(case: Case, record: TaskRecord, ticket: FiledTicket) -> None:
    """A ticket that was closed without being resolved gives nothing: support decides, unless the step was skipped."""
    if ticket.outcome == "resolved":
        for grant in case.snapshot.grants:
            if (grant.step_id, grant.reference, grant.state) == (record.step_id, ticket.key, "filed"):
                grant.state, grant.at = "granted", case.now
                note_grant(case, grant)
    skipped = case.record(record.step_id).state is StepState.SKIPPED
    decides = UNRESOLVED.get(ticket.outcome) if not skipped else None
    for where in sides(case):
        if decides and where == "support":
            tell(case, record, where, decides, ticket, mention=True)
        else:
            tell(case, record, where, "desk_ended", ticket)


async def note_unseen(case: Case, record_id: str, key: str = "desk_unseen") -> None:
    """The bot's user can't see a ticket, or what is written there: tell support, once."""
    found, ticket = next((one for one in case.snapshot.tasks if one.id == record_id), None), open_ticket(case, record_id)
    if found is not None and ticket is not None and await case.unit.once(f"{key.removeprefix('desk_')}:{record_id}"):
        case.say("support", found.step_id, key, ticket=ticket.key, link=ticket.link)


def tell(
    case: Case,
    record: TaskRecord,
    where: Where,
    key: str,
    ticket: FiledTicket,
    *,
    said: str = "",
    answer: bool = False,
    mention: bool = False,
    **params: Any,
) -> None:
    """News of a ticket in the step's thread on one side. ``mention``: whoever of that side must act; ``answer``: with the button."""
    side = Side.SUPPORT if where == "support" else Side.CUSTOMER
    acts = called(case.snapshot, *in_line(case.snapshot, case.record(record.step_id), side)) if mention else ()
    case.ask(
        TellOfTicket(
            step=record.step_id,
            where=where,
            item=record.id,
            key=key,
            mention=acts,
            params={**about_ticket(ticket), **params},
            said=said,
            answer=answer,
            broadcast=mention and not acts,
        )
    )


def sides(case: Case) -> tuple[Where, ...]:
    return ("customer", "support") if case.onboarding.severed_at is None else ("support",)


def about_ticket(ticket: FiledTicket) -> Mapping[str, str]:
    return {"ticket": ticket.key, "link": ticket.link, "status": ticket.status}


def kept_of(ticket: FiledTicket) -> Answers:
    """What is kept of a ticket beside its key."""
    return {
        "link": ticket.link,
        "status": ticket.status,
        "phase": ticket.phase,
        "since": ticket.since.isoformat() if ticket.since is not None else "",
        "ended": ticket.ended,
        "outcome": ticket.outcome,
    }
