"""That a request was filed with the Service Desk, or could not be. What is to be requested: `flows.cases.wanted_requests`."""

from collections.abc import Sequence

from flows.cases.case import Case
from flows.cases.settle import resume_failed
from flows.cases.tasks import new_record, note_grant
from flows.cases.tickets import FiledTicket, about_ticket, kept_of, sides, tell
from flows.cases.wanted_requests import wanted
from flows.forms.fields import Answers
from flows.forms.step import Step, Task
from flows.outbox import FileRequest
from flows.people import SYSTEM
from flows.problems import Refused
from flows.state import Move, after


async def note_filed(
    case: Case, effect: FileRequest, item: str, about: Answers, ticket: FiledTicket, unnamed: Sequence[str] = ()
) -> None:
    """The bot filed a request: record it, mark its grants ``filed``, tell both sides. ``item``: recorded once under this id.
    ``unnamed``: the addresses of its people who are not its participants, whom support can add."""
    step, task = case.step(effect.step), _task_with_ticket(case.step(effect.step))
    if any((record.step_id, record.task_id, record.item) == (step.id, task.id, item) for record in case.snapshot.tasks):
        return
    answers = {**about, task.ticket: ticket.key, **kept_of(ticket)}
    record = new_record(case, step.id, task.id, item, answers)
    case.log(f"task:{step.id}.{task.id}:done", by=SYSTEM, facts={"item": item}, changes={"answers": answers})
    for grant in case.snapshot.grants:
        if grant.id in about.get("grants", ()) and grant.state == "asked":
            grant.state, grant.at, grant.reference = "filed", case.now, ticket.key
            note_grant(case, grant)
    failed = [one for one in await case.unit.failed_effects(case.id) if one.kind == effect.kind]
    if not failed:
        resume_failed(case.unit, case.record(step.id), SYSTEM)
    for where in sides(case):
        case.say(where, step.id, "desk_filed", values=about_ticket(ticket), what=f"resource.{effect.resource}")
    if unnamed:
        tell(case, record, "support", "desk_unnamed", ticket, said="\n".join(unnamed), count=len(unnamed))


def note_given_up(case: Case, effect: FileRequest) -> None:
    """The bot gave up filing a request: the step has failed until a retry files it or support continues by hand."""
    if case.onboarding.closed_at is not None:
        return
    record = case.record(effect.step)
    if wanted(case, case.step(effect.step), effect.resource) is not None and after(record.state, Move.FAIL) is not None:
        case.move(effect.step, Move.FAIL, by=SYSTEM)
        case.log(f"step:{effect.step}:{Move.FAIL.value}", by=SYSTEM, facts={"resource": effect.resource})


def _task_with_ticket(step: Step) -> Task:
    task = next((task for task in step.tasks if task.ticket), None)
    if task is None:
        raise Refused("gone")
    return task
