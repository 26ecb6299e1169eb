"""Requests filed with the Service Desk: each is a record of the step's task with a ticket, whoever filed it."""

from collections.abc import Collection
from dataclasses import dataclass

from flows.cases.case import Case
from flows.cases.settle import resume_failed
from flows.cases.tasks import new_record, note_grant
from flows.forms.step import Step, Task
from flows.journey import Journeys
from flows.model import TaskRecord
from flows.outbox import FileRequest
from flows.people import SYSTEM
from flows.ports import Unit
from flows.problems import Refused
from flows.state import Move, after


@dataclass(frozen=True)
class FiledTicket:
    """``link``: its page in the portal. ``ended``: it is resolved or closed."""

    key: str
    link: str
    status: str
    ended: bool = False


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


def open_ticket(case: Case, record_id: str) -> FiledTicket | None:
    """A record's ticket as it was last seen; None if there is none, or it has ended."""
    record = next((one for one in case.snapshot.tasks if one.id == record_id), None)
    task = record and next((one for one in case.step(record.step_id).tasks if one.id == record.task_id), None)
    key = record.answers.get(task.ticket) if record and task and task.ticket else None
    if record is None or not key or record.answers.get("ended"):
        return None
    return FiledTicket(str(key), record.answers.get("link") or "", record.answers.get("status") or "")


async def note_filed(case: Case, effect: FileRequest, item: str, grants: Collection[str], ticket: FiledTicket) -> None:
    """The bot filed a request for these grants: mark them ``filed``, tell both sides. ``item``: recorded once under this id."""
    step, task = case.step(effect.step), _task_with_ticket(case.step(effect.step))
    if any((record.step_id, record.task_id, record.item) == (step.id, task.id, item) for record in case.snapshot.tasks):
        return
    answers = {
        "grants": list(grants),
        task.ticket: ticket.key,
        "link": ticket.link,
        "status": ticket.status,
        "ended": ticket.ended,
    }
    new_record(case, step.id, task.id, item, answers)
    case.log(f"task:{step.id}.{task.id}:done", by=SYSTEM, facts={"item": item}, changes={"answers": answers})
    for grant in case.snapshot.grants:
        if grant.id in grants and grant.state == "asked":
            grant.state, grant.at, grant.reference = "filed", case.now, ticket.key
            note_grant(case, grant)
    failed = [one for one in await case.unit.failed_effects(case.id) if one.kind == effect.kind]
    if not failed:
        resume_failed(case.unit, case.record(step.id), SYSTEM)
    _tell(case, step, "desk_filed", ticket, what=f"resource.{effect.resource}")


def note_given_up(case: Case, effect: FileRequest) -> None:
    """The bot gave up filing a request: the step has failed until a retry files it or support continues by hand."""
    if case.onboarding.closed_at is not None:
        return
    record = case.record(effect.step)
    waits = any((grant.resource, grant.state) == (effect.resource, "asked") for grant in case.snapshot.grants)
    if waits and after(record.state, Move.FAIL) is not None:
        case.move(effect.step, Move.FAIL, by=SYSTEM)
        case.log(f"step:{effect.step}:{Move.FAIL.value}", by=SYSTEM, facts={"resource": effect.resource})


def note_status(case: Case, record_id: str, ticket: FiledTicket) -> bool:
    """Record a ticket's current status in the Service Desk; each change is announced once, the first status seen is not.

    False: nothing new.
    """
    found = next((one for one in case.snapshot.tasks if one.id == record_id), None)
    if found is None:
        return False
    before = found.answers.get("status") or ""
    answers = {**found.answers, "link": ticket.link, "status": ticket.status, "ended": ticket.ended}
    if answers == found.answers:
        return False
    found.answers = answers
    facts = {"item": found.item, "ended": ticket.ended}
    case.log(f"task:{found.step_id}.{found.task_id}:status", by=SYSTEM, facts=facts, changes={"status": ticket.status})
    if ticket.ended or (before and before != ticket.status):
        _tell(case, case.step(found.step_id), "desk_ended" if ticket.ended else "desk_status", ticket)
    return True


async def note_unseen(case: Case, record_id: str) -> None:
    """The bot's user can't see a ticket: tell support, once."""
    found, ticket = next((one for one in case.snapshot.tasks if one.id == record_id), None), open_ticket(case, record_id)
    if found is not None and ticket is not None and await case.unit.once(f"unseen:{record_id}"):
        case.say("support", found.step_id, "desk_unseen", ticket=ticket.key)


def _task_with_ticket(step: Step) -> Task:
    task = next((task for task in step.tasks if task.ticket), None)
    if task is None:
        raise Refused("gone")
    return task


def _tell(case: Case, step: Step, key: str, ticket: FiledTicket, **more: str) -> None:
    onboarding = case.onboarding
    about = {"ticket": ticket.key, "link": ticket.link, "status": ticket.status, **more}
    if onboarding.severed_at is None:
        case.say("customer", step.id, key, values=about)
    pending = any(grant.step_id == step.id and grant.state in ("asked", "filed") for grant in case.snapshot.grants)
    mention = [onboarding.owner_id] if ticket.ended and pending else []
    case.say("support", step.id, key, mention=mention, values=about)
