"""Requests filed with the Service Desk: each is a record of the step's task with a ticket, whoever filed it. What is known of the ticket
is kept in the record's answers."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from flows.cases.case import Case
from flows.cases.remind import person_to_remind
from flows.cases.settle import resume_failed
from flows.cases.tasks import new_record, note_grant
from flows.forms.fields import Answers
from flows.forms.step import DeskRequest, Step, Task
from flows.journey import Journeys
from flows.model import Submission, TaskRecord
from flows.outbox import FileRequest, TellOfTicket, Where
from flows.people import SYSTEM, Side
from flows.ports import Unit
from flows.problems import Refused
from flows.state import WORKING, Move, StepState, after

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


@dataclass(frozen=True)
class Wanted:
    """What one request is to ask for now. ``about``: what is recorded with its ticket; ``emails``: its people's addresses; ``kept``:
    ids and numbers by which `was_wanted` finds ``about`` again."""

    about: Answers
    emails: frozenset[str]
    kept: Mapping[str, Any]


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
    if record is None:
        return None
    known, key = record.answers, case.step(record.step_id).task(record.task_id).ticket
    since = known.get("since")
    return FiledTicket(
        str(known[key]),
        known.get("link") or "",
        known.get("status") or "",
        phase=known.get("phase") or "",
        since=datetime.fromisoformat(since) if since else None,
    )


def wanted(case: Case, step: Step, resource: str) -> Wanted | None:
    """What is to be requested for a resource now; None if nothing is, or it has been. Raises Refused if the step requests nothing."""
    request = _request(step)
    if request.part is None:
        grants = [one for one in case.snapshot.grants if (one.step_id, one.resource, one.state) == (step.id, resource, "asked")]
        about = {"grants": [one.id for one in grants]}
        return Wanted(about, frozenset(one.email for one in grants), about) if grants else None
    accepted = accepted_by(case, step)
    part = request.part(accepted.answers, resource) if accepted is not None else None
    if accepted is None or part is None or any(covers(record.answers, resource, part) for record in _filed(case, step)):
        return None
    return Wanted({"request": resource, "about": part}, frozenset(request.people(part)), {"revision": accepted.revision})


def was_wanted(case: Case, step: Step, resource: str, kept: Mapping[str, Any]) -> Answers:
    """What is recorded with the ticket of a request that was sent before."""
    request = _request(step)
    if request.part is None:
        return {"grants": kept["grants"]}
    sent = next(one for one in case.snapshot.submissions[step.id] if one.revision == kept["revision"])
    return {"request": resource, "about": request.part(sent.answers, resource)}


def covers(recorded: Answers, resource: str, part: Answers) -> bool:
    """Whether a record is of a request for just this."""
    return recorded.get("request") == resource and recorded.get("about") == part


def _filed(case: Case, step: Step) -> Iterator[TaskRecord]:
    task = _task_with_ticket(step)
    return (one for one in case.snapshot.tasks if (one.step_id, one.task_id, one.state) == (step.id, task.id, "done"))


def accepted_by(case: Case, step: Step) -> Submission | None:
    """The answers that take effect now: of a later revision, they do once it is approved."""
    record, sent = case.record(step.id), case.snapshot.submissions.get(step.id, [])
    if record.state is StepState.SKIPPED:
        return None
    if record.state in WORKING or record.state is StepState.DONE:
        return sent[-1] if sent else None
    approved = {d.revision for d in case.snapshot.decisions if d.subject == step.id and d.verdict == "approve"}
    return next((one for one in reversed(sent[:-1]) if one.revision in approved), None)


async def note_filed(case: Case, effect: FileRequest, item: str, about: Answers, ticket: FiledTicket) -> None:
    """The bot filed a request: record it, mark its grants ``filed``, tell both sides. ``item``: recorded once under this id."""
    step, task = case.step(effect.step), _task_with_ticket(case.step(effect.step))
    if any((record.step_id, record.task_id, record.item) == (step.id, task.id, item) for record in case.snapshot.tasks):
        return
    answers = {**about, task.ticket: ticket.key, **_seen(ticket)}
    new_record(case, step.id, task.id, item, answers)
    case.log(f"task:{step.id}.{task.id}:done", by=SYSTEM, facts={"item": item}, changes={"answers": answers})
    for grant in case.snapshot.grants:
        if grant.id in about.get("grants", ()) and grant.state == "asked":
            grant.state, grant.at, grant.reference = "filed", case.now, ticket.key
            note_grant(case, grant)
    failed = [one for one in await case.unit.failed_effects(case.id) if one.kind == effect.kind]
    if not failed:
        resume_failed(case.unit, case.record(step.id), SYSTEM)
    for where in sides(case):
        case.say(where, step.id, "desk_filed", values=_about(ticket), what=f"resource.{effect.resource}")


def note_given_up(case: Case, effect: FileRequest) -> None:
    """The bot gave up filing a request: the step has failed until a retry files it or support continues by hand."""
    if case.onboarding.closed_at is not None:
        return
    record = case.record(effect.step)
    if wanted(case, case.step(effect.step), effect.resource) is not None and after(record.state, Move.FAIL) is not None:
        case.move(effect.step, Move.FAIL, by=SYSTEM)
        case.log(f"step:{effect.step}:{Move.FAIL.value}", by=SYSTEM, facts={"resource": effect.resource})


def note_status(case: Case, record_id: str, ticket: FiledTicket) -> bool:
    """Record a ticket's current status in the Service Desk; each change is announced once, the first status seen only if somebody must act
    on it. Once it is resolved, what it asked for counts as given.

    False: nothing new.
    """
    found = next((one for one in case.snapshot.tasks if one.id == record_id), None)
    if found is None:
        return False
    before = found.answers.get("status") or ""
    answers = {**found.answers, **_seen(ticket)}
    if answers == found.answers:
        return False
    found.answers = answers
    facts = {"item": found.item, "ended": ticket.ended, "outcome": ticket.outcome}
    case.log(f"task:{found.step_id}.{found.task_id}:status", by=SYSTEM, facts=facts, changes={"status": ticket.status})
    if ticket.ended:
        _end(case, found, ticket)
    elif before != ticket.status and (before or ticket.phase):
        for where in sides(case):
            tell(case, found, where, "desk_status", ticket, answer=ticket.phase == "pending")
    return True


def _end(case: Case, record: TaskRecord, ticket: FiledTicket) -> None:
    """A ticket that was closed without being resolved gives nothing: support decides."""
    if ticket.outcome == "resolved":
        for grant in case.snapshot.grants:
            if (grant.step_id, grant.reference, grant.state) == (record.step_id, ticket.key, "filed"):
                grant.state, grant.at = "granted", case.now
                note_grant(case, grant)
    decides = UNRESOLVED.get(ticket.outcome)
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
    case.ask(
        TellOfTicket(
            step=record.step_id,
            where=where,
            item=record.id,
            key=key,
            mention=(person_to_remind(case.snapshot, case.record(record.step_id), side),) if mention else (),
            params={**_about(ticket), **params},
            said=said,
            answer=answer,
        )
    )


def sides(case: Case) -> tuple[Where, ...]:
    return ("customer", "support") if case.onboarding.severed_at is None else ("support",)


def _about(ticket: FiledTicket) -> Mapping[str, str]:
    return {"ticket": ticket.key, "link": ticket.link, "status": ticket.status}


def _seen(ticket: FiledTicket) -> Answers:
    """What is kept of a ticket beside its key."""
    return {
        "link": ticket.link,
        "status": ticket.status,
        "phase": ticket.phase,
        "since": ticket.since.isoformat() if ticket.since is not None else "",
        "ended": ticket.ended,
        "outcome": ticket.outcome,
    }


def _request(step: Step) -> DeskRequest:
    if step.desk_request is None:
        raise Refused("gone")
    return step.desk_request


def _task_with_ticket(step: Step) -> Task:
    task = next((task for task in step.tasks if task.ticket), None)
    if task is None:
        raise Refused("gone")
    return task
