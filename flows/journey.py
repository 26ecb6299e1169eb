"""The journey: steps in order, with a version. A customer stays on the version they started with."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from flows.forms.dialogs import DIALOGS
from flows.forms.fields import Answers, Kind, inputs
from flows.forms.pages import collect
from flows.forms.step import EXAMPLES_AT, MAX_CONFIRMING, SHARED_REASON, Form, Page, Situation, Step, Task, no_problems
from flows.model import Onboarding, Snapshot
from flows.outbox import EFFECTS, StepEffect
from flows.steps import (
    control_center,
    environments,
    first_programs,
    integration,
    next_steps,
    organization,
    planning,
    products,
    service_desk,
)
from flows.steps.authentication import step as authentication
from flows.steps.first import control_center as first_control_center
from flows.steps.first import environments as first_environments
from flows.steps.production import step as production

MAX_INPUTS = 7
MAX_OPTIONS = {Kind.CHOICE: 100, Kind.CHOICES: 100}
"""Slack's limits for a static select of one, or several."""


class JourneyError(Exception):
    """A journey that can't be completed; the process refuses to start."""


@dataclass(frozen=True)
class Journey:
    version: str
    steps: Mapping[str, Step]

    def having(self, steps: Collection[str]) -> "Journey":
        """The same with these steps alone."""
        return replace(self, steps={step_id: step for step_id, step in self.steps.items() if step_id in steps})

    def number(self, step_id: str) -> int:
        """A step's place, counted from 1."""
        return list(self.steps).index(step_id) + 1

    def with_step(self, version: str, step: Step, *, before: str) -> "Journey":
        """The next version: the same with one more step, placed before another one and required by it. Raises JourneyError."""
        if before not in self.steps:
            raise JourneyError(f"the journey {self.version} has no step {before}")
        steps: list[Step] = []
        for known in self.steps.values():
            steps += [step, replace(known, requires=(*known.requires, step.id))] if known.id == before else [known]
        return journey(version, *steps)


def journey(version: str, *steps: Step) -> Journey:
    """Steps in the order they are shown. Raises JourneyError."""
    made = Journey(version, {step.id: step for step in steps})
    if len(made.steps) != len(steps):
        raise JourneyError("two steps have the same id")
    verify(made)
    return made


def verify(made: Journey, *, examples: bool = False) -> None:
    """Raises JourneyError for what would strand a customer: unknown or circular requirements, overlong forms, unclear tasks.

    ``examples``: also go through each form with its example, which takes a second the first time.
    """
    before: set[str] = set()
    for key, step in made.steps.items():
        if key != step.id or "." in step.id or step.id in DIALOGS:
            raise JourneyError(f"{step.id} stands under the name {key}, or its id is taken")
        for needed in step.requires:
            if needed not in made.steps:
                raise JourneyError(f"{step.id} requires {needed}, which the journey does not have")
            if needed not in before:  # so there is no cycle either
                raise JourneyError(f"{step.id} requires {needed}, which does not come before it")
        if step.brought_by and (step.brought_by not in before or made.steps[step.brought_by].brought_by):
            raise JourneyError(f"{step.id} is brought by {step.brought_by}, which does not come before it or is brought itself")
        if step.covers is not None and step.covers.step not in before:
            raise JourneyError(f"{step.id} covers {step.covers.step}, which does not come before it")
        _verify_form(step.form, step.id)
        _verify_tasks(step, before)
        before.add(step.id)
    if sum(task.closes for step in made.steps.values() for task in step.tasks) > 1:
        raise JourneyError("two tasks close the onboarding")
    if examples:
        _verify_examples(made)


def _verify_tasks(step: Step, before: Collection[str]) -> None:
    names = [task.id for task in step.tasks]
    if len(set(names)) != len(names):
        raise JourneyError(f"{step.id} has two tasks with the same id")
    for effect in (*step.on_open, *step.on_approval, *(task.effect for task in step.tasks if task.effect)):
        if effect not in EFFECTS:
            raise JourneyError(f"{step.id} starts {effect.__name__}, which is not an effect in flows.outbox")
    for effect in (*step.on_open, *step.on_approval):
        _verify_needs(step.id, effect, step)
    for task in step.tasks:
        name = f"{step.id}.{task.id}"
        if unknown := [needed for needed in task.requires if needed not in before]:
            raise JourneyError(f"{name} requires {unknown[0]}, which does not come before its step")
        if task.effect:
            _verify_needs(name, task.effect, step, task)
        if task.approvals > MAX_CONFIRMING:
            raise JourneyError(f"{name} takes {task.approvals} people, but a task is confirmed by {MAX_CONFIRMING} at most")
        if task.form is not None:
            _verify_form(task.form, name)
        _verify_unique(name, task)
        if task.expires and step.asking(task) is None:
            raise JourneyError(f"{name} records something that ends, but no task asks for its renewal")
        if task.renews and not (task.renews in names and step.task(task.renews).expires and task.repeatable):
            raise JourneyError(f"{name} renews {task.renews}, which does not end, or can't be done again")
        if task.replaces and not (task.replaces in names and step.task(task.replaces).expires):
            raise JourneyError(f"{name} replaces {task.replaces}, which does not end")
        _verify_ways(name, task)


def _verify_ways(name: str, task: Task) -> None:
    """What a task does besides being recorded: skip its step, or move accesses."""
    if task.skips and "reason" not in _asked(task):
        raise JourneyError(f"{name} skips its step, but does not ask for the reason")
    moves = (task.resource, task.grant_from, task.grant_to)
    if any(moves) and not (all(moves) and (task.form is None or _asks_for_grants(task))):
        raise JourneyError(f"{name} moves accesses, but does not say which, or from and to what state")


def _verify_unique(name: str, task: Task) -> None:
    pages = task.form.pages if task.form is not None else ()
    if task.unique and not any({task.unique, SHARED_REASON} <= page.model.model_fields.keys() for page in pages):
        raise JourneyError(f"{name} records what no two customers have, but does not ask why if they do")


def _verify_needs(name: str, effect: type[StepEffect], *declared: Step | Task) -> None:
    if effect.needs and all(getattr(one, effect.needs, None) is None for one in declared):
        raise JourneyError(f"{name} starts {effect.__name__}, but does not say its {effect.needs}")


def _asked(task: Task) -> set[str]:
    return {name for page in (task.form.pages if task.form else ()) for name, _, _ in inputs(page.model)}


def _asks_for_grants(task: Task) -> bool:
    pages = task.form.pages if task.form is not None else ()
    return any(name == "grants" and item.source == "grants" for page in pages for name, _, item in inputs(page.model))


def _verify_form(form: Form, form_id: str) -> None:
    if form.id != form_id:
        raise JourneyError(f"the form of {form_id} is called {form.id}")
    if form.check is not no_problems and not form.review:
        raise JourneyError(f"{form_id} checks all answers, but has no last page that shows what is wrong")
    names = [name for page in form.pages for name, _, _ in inputs(page.model)]
    if len({page.id for page in form.pages}) != len(form.pages) or len(set(names)) != len(names):
        raise JourneyError(f"{form_id} has two pages or two inputs with the same name")
    for page in form.pages:
        _verify_page(page, f"{form_id}, page {page.id}")
        if bool(page.repeat) != page.model.repeated:
            raise JourneyError(f"{form_id}, page {page.id}: a repeated page and its key go together")


def _verify_page(page: Page, place: str) -> None:
    asked, hidden = list(inputs(page.model)), page.hides({}, Situation(EXAMPLES_AT, EXAMPLES_AT.date(), "", "en", "UTC"))
    shown = [name for name, _, item in asked if name not in hidden and not item.doubted]
    if not 0 < len(shown) <= MAX_INPUTS:
        raise JourneyError(f"{place}: it has {len(shown)} inputs")
    for name, _, item in asked:
        if item.kind in MAX_OPTIONS and not 0 < len(item.options) <= MAX_OPTIONS[item.kind]:
            raise JourneyError(f"{place}: {name} offers {len(item.options)} options")
        if item.kind in (Kind.SEARCH, Kind.SEARCH_MANY) and not item.source:
            raise JourneyError(f"{place}: {name} does not say where it is searched")


def _verify_examples(made: Journey) -> None:
    situation = Situation(EXAMPLES_AT, EXAMPLES_AT.date(), "Example Bank", "en", "UTC")
    sent: dict[str, Answers] = {}
    for step in made.steps.values():
        forms = [step.form, *(task.form for task in step.tasks if task.form is not None)]
        for form in forms:
            clean, problems = collect(form, _chosen(form), replace(situation, answers=sent))
            if problems:
                faults = ", ".join(f"{problem.field}: {problem.key}" for _, problem in problems)
                raise JourneyError(f"the example of {form.id} is refused: {faults}")
            if form is step.form:
                sent = {**sent, step.id: {**form.example, **clean}}  # plus the answers other choices would need


def _chosen(form: Form) -> Answers:
    """An example with "*" as a choice where several are possible: any of the onboarding's own."""
    many = {name for page in form.pages for name, _, item in inputs(page.model) if item.kind is Kind.SEARCH_MANY}
    return {name: [value] if name in many and value == "*" else value for name, value in form.example.items()}


@dataclass(frozen=True)
class Journeys:
    """All versions that customers may be on."""

    versions: Mapping[str, Journey]

    @classmethod
    def known(cls, *versions: Journey) -> "Journeys":
        """Oldest first. Raises JourneyError for two with the same name."""
        found = {journey.version: journey for journey in versions}
        if len(found) != len(versions):
            raise JourneyError("two journeys have the same version")
        return cls(found)

    @property
    def latest(self) -> Journey:
        """The one new customers start with."""
        return list(self.versions.values())[-1]

    def of(self, onboarding: Onboarding) -> Journey:
        """The version a customer started with. Raises JourneyError if this code doesn't have it."""
        try:
            return self.versions[onboarding.journey]
        except KeyError:
            raise JourneyError(f"there is no journey {onboarding.journey}: run the version of the bot that has it") from None

    def of_customer(self, snapshot: Snapshot) -> Journey:
        """The steps of that version that the customer has. Raises JourneyError as `of` does."""
        whole = self.of(snapshot.onboarding)
        return whole if len(whole.steps) == len(snapshot.steps) else whole.having(snapshot.steps)

    def tasks(self, step_id: str, task_id: str) -> list[Task]:
        """All versions' tasks with this id."""
        steps = [made.steps[step_id] for made in self.versions.values() if step_id in made.steps]
        return [task for step in steps for task in step.tasks if task.id == task_id]

    def all_forms(self) -> list[Form]:
        """The forms of all versions, steps' and tasks'. One that versions share is there once."""
        steps = [step for made in self.versions.values() for step in made.steps.values()]
        forms = [form for step in steps for form in (step.form, *(task.form for task in step.tasks)) if form is not None]
        return list({id(form): form for form in forms}.values())

    def forms(self, form_id: str) -> list[Form]:
        """The dialog with this id, or all versions' forms with this id."""
        return [DIALOGS[form_id]] if form_id in DIALOGS else [form for form in self.all_forms() if form.id == form_id]


FIRST = journey(
    "1",
    planning.STEP,
    organization.STEP,
    service_desk.STEP,
    first_environments.STEP,
    first_control_center.STEP,
    authentication.FIRST_STEP,
    next_steps.FIRST_STEP,
)
"""The steps in the order they are shown."""

SECOND = journey(
    "2",
    planning.STEP,
    organization.STEP,
    service_desk.STEP,
    environments.STEP,
    control_center.STEP,
    first_programs.STEP,
    authentication.STEP,
    *products.STEPS,
    integration.STEP,
    production.STEP,
    next_steps.STEP,
)
"""With the first programs, a step for each product that is planned, what is integrated with the customer's systems, and the lane to
production."""

JOURNEYS = Journeys.known(
    FIRST,
    SECOND,
)
"""Every version a customer may have started with, the current one last."""
