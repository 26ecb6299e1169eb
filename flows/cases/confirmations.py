"""What two people of support record: the second confirms it by recording the same as the first."""

from collections.abc import Mapping
from typing import Any

from flows.cases.case import Case
from flows.cases.settle import record_of
from flows.forms.fields import Answers, Input, inputs, words_of
from flows.forms.step import Step, Task
from flows.model import Decision, Snapshot, TaskRecord
from flows.problems import Problem


def first_of(case: Case, step: Step, task: Task, item: str) -> TaskRecord | None:
    """What the actor confirms as the second person, on the step's current revision; None if they would be the first."""
    record = record_of(case.snapshot, step.id, task.id, item)
    if record is None or record.state != "waiting" or record.user_id == case.actor.user_id:
        return None
    subject, revision = _subject(step.id, task.id, item), case.record(step.id).revision
    words = ((d.subject, d.revision, d.user_id) for d in case.snapshot.decisions)
    return record if (subject, revision, record.user_id) in words else None


def unlike(task: Task, first: TaskRecord, page: Answers) -> tuple[Problem, ...]:
    """A problem at each field of a page that says something else than the first person recorded; a file's field stands for that of its
    text too. ``page``: its answers, valid by themselves."""
    fields = [(name, item) for name, item in _asked(task) if name in page]
    differing = [name for name, _ in fields if (page[name] or None) != (first.answers.get(name) or None)]
    given = {name.removesuffix("_file"): name for name in sorted(differing, key=lambda name: bool(page[name]))}
    return tuple(Problem(name, "differs_from_first") for name in given.values())


def confirmed_by(snapshot: Snapshot, record: TaskRecord) -> list[str]:
    """The user ids of those who recorded the same, the last one last; of a task that one person records, that one. Both did so on the
    same revision, and later ones that left it as it was change nothing about that."""
    subject = _subject(record.step_id, record.task_id, record.item)
    words = sorted((one for one in snapshot.decisions if one.subject == subject), key=lambda one: one.at)
    revision = max((one.revision for one in words if one.user_id == record.user_id), default=0)
    others = [one.user_id for one in words if one.revision == revision and one.user_id != record.user_id]
    return [*others[-1:], record.user_id]


def _subject(step_id: str, task_id: str, item: str) -> str:
    """What a confirmation is about."""
    return f"{step_id}.{task_id}:{item}" if item else f"{step_id}.{task_id}"


def note(case: Case, step: Step, task: Task, item: str, *, agreed: bool, differs: Mapping[str, Any]) -> None:
    """Record each person's confirmation of a task that takes two. ``differs``: who recorded something else before, in which fields."""
    subject, revision, actor = _subject(step.id, task.id, item), case.record(step.id).revision, case.actor
    decision_id = f"{case.id}:{subject}:{revision}:{actor.user_id}"
    earlier = next((d for d in case.snapshot.decisions if d.id == decision_id), None)
    if earlier is None:
        word = Decision(
            id=decision_id,
            onboarding_id=case.id,
            subject=subject,
            revision=revision,
            digest="",
            verdict="approve",
            team_id=actor.team_id,
            user_id=actor.user_id,
            at=case.now,
        )
        case.unit.add(word)
    else:
        earlier.at = case.now
    title = "review.renewed" if item and not task.repeatable else f"task.{step.id}.{task.id}.title"
    if differs:
        case.say("support", step.id, "task_differs", values=differs, by=actor.user_id, task=title)
    elif not agreed:
        case.say("support", step.id, "task_waits_for_second", by=actor.user_id, task=title)


def labels_of(task: Task, before: Answers, now: Answers) -> list[str]:
    """The keys of the labels of the form's fields in which two people gave something else, each once: a file's is that of the field it
    stands in for. All of them if only what is recorded along with the answers differs."""
    if task.form is None:
        return []
    asked = _asked(task)
    differing = [(name, item) for name, item in asked if before.get(name) != now.get(name)] or asked
    labels = (words_of(task.form.id, name.removesuffix("_file"), item) for name, item in differing)
    return [f"{label}.label" for label in dict.fromkeys(labels)]


def _asked(task: Task) -> list[tuple[str, Input]]:
    """The form's fields whose answers are kept."""
    pages = task.form.pages if task.form is not None else ()
    return [(name, item) for page in pages for name, _, item in inputs(page.model) if not item.forget]
