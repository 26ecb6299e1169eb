"""The journey: steps in order, with a version. A customer stays on the version they began with."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from flows.dialogs import DIALOGS
from flows.fields import inputs
from flows.step import Form, Step
from flows.steps import authentication, control_center, environments, next_steps, organization, planning, service_desk

MOST_INPUTS = 7


class JourneyError(Exception):
    """A journey that cannot be gone through; the process refuses to start."""


@dataclass(frozen=True)
class Journey:
    version: str
    steps: Mapping[str, Step]


def journey(version: str, *steps: Step) -> Journey:
    """Steps in the order they are shown. Raises JourneyError."""
    made = Journey(version, {step.id: step for step in steps})
    if len(made.steps) != len(steps):
        raise JourneyError("two steps have the same id")
    verify(made)
    return made


def verify(made: Journey) -> None:
    """Raises JourneyError for what would strand a customer: unknown or circular requirements, forms too long, unclear tasks."""
    seen: set[str] = set()
    for step in made.steps.values():
        # In order: a step requires earlier ones alone, so there is no circle.
        for needed in step.requires:
            if needed not in seen:
                raise JourneyError(f"{step.id} requires {needed}, which does not come before it")
        seen.add(step.id)
        _verify_form(step.form, step.id)
        names = [task.id for task in step.tasks]
        if len(set(names)) != len(names):
            raise JourneyError(f"{step.id} has two tasks of the same id")
        for task in step.tasks:
            if task.form is not None:
                _verify_form(task.form, f"{step.id}.{task.id}")
            if bool(task.grant_to) != bool(task.grant_from) or bool(task.grant_to) != bool(task.resource):
                raise JourneyError(f"{step.id}.{task.id} moves accesses, but does not say from and to what")


def _verify_form(form: Form, form_id: str) -> None:
    if form.id != form_id:
        raise JourneyError(f"the form of {form_id} is called {form.id}")
    for page in form.pages:
        count = sum(1 for _ in inputs(page.model))
        if not 0 < count <= MOST_INPUTS:
            raise JourneyError(f"{form_id}, page {page.id}, has {count} inputs")
        if bool(page.repeat) != page.model.repeated:
            raise JourneyError(f"{form_id}, page {page.id}: a repeated page and its key go together")


CURRENT = "1"
JOURNEYS: Mapping[str, Journey] = {
    CURRENT: journey(
        CURRENT,
        planning.STEP,
        organization.STEP,
        service_desk.STEP,
        environments.STEP,
        control_center.STEP,
        authentication.STEP,
        next_steps.STEP,
    )
}


def journey_of(version: str) -> Journey:
    """Raises KeyError for a version that this code does not have."""
    return JOURNEYS[version]


def all_forms() -> Iterable[Form]:
    """Every form of every journey: steps' and tasks'."""
    for made in JOURNEYS.values():
        for step in made.steps.values():
            yield step.form
            yield from (task.form for task in step.tasks if task.form is not None)


def form_of(form_id: str) -> Form:
    """A step's, a task's or a dialog's form by its id; KeyError for an unknown one."""
    if form_id in DIALOGS:
        return DIALOGS[form_id]
    return {form.id: form for form in all_forms()}[form_id]
