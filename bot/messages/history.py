"""Who did what about a step, and when: it stays on the review card after it is done."""

from bot.messages.blocks import Block, context
from bot.messages.signs import DONE
from bot.messages.texts import Raw, Texts, typed
from flows.cases.confirmations import confirmed_by
from flows.cases.review import approvals
from flows.forms.step import Step, Task
from flows.model import Decision, Snapshot, TaskRecord
from flows.people import SYSTEM
from flows.rules import Rules
from flows.state import StepState

MOST = 12
"""Lines on the card, if some can be left out; the export has all."""


def done_records(snapshot: Snapshot, step: Step, task: Task) -> list[TaskRecord]:
    """What was recorded with a task and counts, oldest first."""
    done = [one for one in snapshot.tasks if (one.step_id, one.task_id, one.state) == (step.id, task.id, "done")]
    return sorted(done, key=lambda one: one.at.timestamp() if one.at else 0)


def history(snapshot: Snapshot, step: Step, texts: Texts, rules: Rules) -> list[Block]:
    """The approvals of what was sent last, and what was done after them, a line each, oldest first. Of tasks that are done again and
    again, the oldest give way."""
    decided = snapshot.steps[step.id].state is not StepState.SUBMITTED  # till then, who approved stands above the buttons
    approved = [(one.at, False, _approved(one, texts)) for one in approvals(snapshot, step.id) if decided]
    done = [
        (record.at, task.repeatable, _done(snapshot, step, task, record, texts, rules))
        for task in step.tasks
        for record in done_records(snapshot, step, task)
        if record.at is not None
    ]
    entries = sorted([*approved, *done], key=lambda one: one[0])
    left_out = [one for one in entries if one[1]][: max(len(entries) - MOST, 0)]
    earlier = [texts("review.earlier", n=len(left_out))] if left_out else []
    lines = [f"{DONE} {entry[2]}" for entry in entries if entry not in left_out]
    return [context("\n".join([*earlier, *lines]))] if lines else []


def _approved(decision: Decision, texts: Texts) -> str:
    return texts.md("review.approved", by=_person(decision.user_id, texts), at=texts.at(decision.at))


def _done(snapshot: Snapshot, step: Step, task: Task, record: TaskRecord, texts: Texts, rules: Rules) -> str:
    renewal = bool(record.item) and not task.repeatable
    title = texts("review.renewed") if renewal else texts(f"task.{step.id}.{task.id}.past")
    second = rules.approvals_of(step, task, renewal=renewal) > 1
    people = confirmed_by(snapshot, record) if second else [record.user_id]
    by = Raw(", ".join(_person(one, texts) for one in people))
    when = texts.at(record.at) if record.at is not None else ""
    said = texts.md("review.task_done", task=Raw(title), by=by, at=when)
    ticket = str(record.answers.get(task.ticket) or "") if task.ticket else ""
    return f"{said} ({typed(ticket)})" if ticket else said


def _person(user_id: str, texts: Texts) -> Raw:
    return Raw(texts("say.the_bot") if user_id == SYSTEM.user_id else f"<@{user_id}>")
