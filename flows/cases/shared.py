"""Answers that no two customers have, such as an org ID: a second one takes a reason."""

from collections.abc import Iterator, Sequence

from flows.cases.case import Case
from flows.forms.fields import Answers
from flows.forms.step import SHARED_REASON, Step, Task
from flows.problems import Problem


async def others(case: Case, step: Step, task: Task, answers: Answers) -> Sequence[str]:
    """The names of other customers with the answer of this task that is to be unique, or with the same of another task: an org ID is one
    customer's in every environment. For support's eyes alone."""
    value = str(answers.get(task.unique) or "") if task.unique else ""
    kinds = sorted({_kind(step, task), *_kinds(case, task.unique)}) if value else ()
    found: dict[str, str] = {}
    for kind in kinds:
        found.update(await case.unit.identified(kind, value))
    return [name for onboarding_id, name in found.items() if onboarding_id != case.id]


async def unexplained(case: Case, step: Step, task: Task, answers: Answers) -> tuple[Problem, ...]:
    """A problem at the reason's field if another customer has the answer and no reason is given."""
    if answers.get(SHARED_REASON):
        return ()
    names = await others(case, step, task, answers)
    return (Problem(SHARED_REASON, f"{task.unique}_shared", {"customer": ", ".join(names)}),) if names else ()


async def marked(case: Case, step: Step, task: Task, answers: Answers) -> Answers:
    """What is recorded about it along with the answers."""
    return {"shared": True} if await others(case, step, task, answers) else {}


async def keep(case: Case, step: Step, task: Task, answers: Answers) -> None:
    """Once the task is done: the answer is this customer's."""
    if task.unique and answers.get(task.unique):
        await case.unit.identify(case.id, _kind(step, task), str(answers[task.unique]))


def _kinds(case: Case, unique: str) -> Iterator[str]:
    """Of all tasks with this answer in all journeys."""
    for journey in case.rules.journeys.versions.values():
        for step in journey.steps.values():
            yield from (_kind(step, task) for task in step.tasks if task.unique == unique)


def _kind(step: Step, task: Task) -> str:
    """One for all tasks of a step, so that what corrects an answer takes the place of what it corrects."""
    return f"{step.id}.{task.unique}"
