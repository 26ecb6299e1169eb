"""What a modal carries along, what it is about in the customer's version of the journey, and who may use it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.messages.buttons import VERSION, ButtonValue
from flows.cases.access import May, for_side
from flows.cases.case import Case
from flows.cases.settle import renewable, side_of
from flows.cases.tasks import task_of
from flows.forms.dialogs import DIALOGS, dialog_of
from flows.forms.step import Form, Situation, Step, Task
from flows.journey import Journey
from flows.problems import Refused

DIALOG_MAY: Mapping[str, May] = {
    "start": May.SUPPORT,
    "choose": May.SUPPORT,
    "request_changes": May.SUPPORT,
    "reject": May.SUPPORT,
    "skip": May.SUPPORT,
    "reopen": May.SUPPORT,
    "assign": May.SUPPORT,
    "snooze": May.EITHER,
    "stuck": May.CUSTOMER,
    "decline_renewal": May.SUPPORT,
    "answer_ticket": May.EITHER,
    "answer_call": May.SUPPORT,
    "settle_call": May.SUPPORT,
    "note": May.SUPPORT,
    "step_note": May.SUPPORT,
    "change": May.SUPPORT,
    "hand_over": May.SUPPORT,
}

OF_NO_STEP = frozenset({"change", "hand_over"})
"""Dialogs about a whole onboarding."""


DECIDING = frozenset({"request_changes", "reject", "decline_renewal", "answer_call", "settle_call"})


class FormMeta(BaseModel):
    """What a modal carries along (``private_metadata``): only ids and numbers. ``digest``: that of the revision being decided.

    ``page``, ``draft``: the page's name and the version of what it shows (`flows.forms.drafts`). ``anew``: how often a page
    was redrawn with other values in its fields; ``redrawn``: the same of single fields. ``proposed``: a mark of the name that the form
    proposed, which is not the person's. ``about``: a mark of what is copied from the form and of the renewal it records.
    ``revealed``: the fields that were asked for once the page was refused for their sake. ``sends``: sending the page sends the form, as
    its button said; ``count``: how many of what the form counts it said. ``mending``: the page was opened from the last one.
    ``home``: it was opened from the App Home, which is still behind it. ``verb``: the command that a customer is chosen for,
    ``person``: whom it mentions. ``over``: what a colleague has is taken over.
    """

    model_config = ConfigDict(extra="ignore")

    v: int = 1
    form: str
    onboarding: str = ""
    step: str = ""
    item: str = ""
    slot: int = 0
    revision: int = 0
    digest: str = ""
    page: str = ""
    draft: str = ""
    anew: int = 0
    redrawn: Mapping[str, int] = Field(default_factory=dict)
    proposed: str = ""
    about: str = ""
    revealed: tuple[str, ...] = ()
    sends: bool = False
    count: int = 0
    mending: bool = False
    home: bool = False
    verb: str = ""
    person: str = ""
    over: bool = False

    @property
    def decides(self) -> bool:
        """Whether sending it does what waits in the queue: whoever of support did it is offered what waits next."""
        return self.form in DECIDING or "." in self.form

    def times(self, name: str) -> int:
        """How often a field was redrawn with another value in it: as often its block got a new id, since Slack keeps what stands in one
        whose id stays the same."""
        return self.anew + self.redrawn.get(name, 0)

    def on(
        self,
        slot: int,
        page: str = "",
        draft: str = "",
        *,
        about: str = "",
        anew: bool = False,
        redrawn: Collection[str] = (),
        revealed: Collection[str] = (),
        sends: bool = False,
        count: int = 0,
    ) -> "FormMeta":
        changed = {"slot": slot, "page": page, "draft": draft, "about": about, "anew": self.anew + anew}
        changed |= {"revealed": tuple(sorted(revealed)), "sends": sends, "count": count}
        again = {**self.redrawn, **{name: self.redrawn.get(name, 0) + 1 for name in redrawn}}
        return self.model_copy(update={**changed, "redrawn": again})


def step_form(value: ButtonValue) -> FormMeta:
    """What the button of a step opens."""
    return FormMeta(form=value.step, onboarding=value.onboarding, step=value.step)


def task_form(value: ButtonValue) -> FormMeta:
    """What the button of a task that has a form opens."""
    return FormMeta(form=f"{value.step}.{value.task}", onboarding=value.onboarding, step=value.step, item=value.item)


def asked_for(verb: str, onboarding_id: str, person: str) -> FormMeta:
    """The dialog of a command. ``person``: whom it mentions, whose things are handed over."""
    form_id = dialog_of(verb)
    return FormMeta(form=form_id, onboarding=onboarding_id, item=person if form_id == "hand_over" else "")


def meta_of(view: Mapping[str, Any]) -> FormMeta:
    """Raises Refused("gone") for a modal that can't be read any more, or comes from a newer version."""
    try:
        meta = FormMeta.model_validate_json(str(view.get("private_metadata") or ""))
    except ValidationError:
        raise Refused("gone") from None
    if meta.v > VERSION:
        raise Refused("gone")
    return meta


@dataclass(frozen=True)
class Subject:
    """A dialog, a step's own form, or a task of a step."""

    form: Form
    step: Step | None = None
    task: Task | None = None

    @property
    def is_dialog(self) -> bool:
        return self.form.id in DIALOGS

    @property
    def is_step(self) -> bool:
        return self.step is not None and self.task is None and not self.is_dialog

    def item(self, situation: Situation) -> str:
        """The renewal that the form records; else empty."""
        return self.step.item_now(self.task, situation) if self.step is not None and self.task is not None else ""

    @property
    def may(self) -> May:
        """Who may open and send the form."""
        if self.is_dialog:
            return DIALOG_MAY[self.form.id]
        return for_side(self.task.side) if self.task is not None else May.EITHER

    def check(self, case: Case) -> None:
        """Raises Refused if the actor may not use the form, or if the onboarding is closed, unless it is about a renewal."""
        self.may.check(case.role)
        if self.step is not None and self.task is not None:
            later = renewable(case.snapshot, self.step, self.task)
        else:  # a renewal can be declined, a reminder of it put off, whose it is changed, and something be noted
            waits = self.step is not None and side_of(case.record(self.step.id)) is not None
            later = (waits and self.form.id in ("snooze", "decline_renewal")) or self.form.id in (
                "hand_over",
                "note",
                "step_note",
            )
        if not later:
            case.refuse_closed()


def form_of(journey: Journey | None, meta: FormMeta) -> Form:
    """The form alone. Raises Refused("gone") likewise."""
    return DIALOGS[meta.form] if meta.form in DIALOGS else _of_step(journey, meta).form


def subject_of(case: Case | None, meta: FormMeta) -> Subject:
    """Raises Refused("gone") for a form that this customer's journey doesn't have."""
    if meta.form in DIALOGS:
        form = DIALOGS[meta.form]
        of_step = form.id not in OF_NO_STEP and not any("step" in page.model.model_fields for page in form.pages)
        return Subject(form, case.step(meta.step) if case is not None and (meta.step or of_step) else None)
    return _of_step(case.journey if case is not None else None, meta)


def _of_step(journey: Journey | None, meta: FormMeta) -> Subject:
    step = journey.steps.get(meta.step) if journey is not None else None
    if step is None:
        raise Refused("gone")
    if meta.form == step.form.id:
        return Subject(step.form, step)
    task = task_of(step, meta.form.partition(".")[2])
    if task.form is None or meta.form != task.form.id:
        raise Refused("gone")
    return Subject(task.form, step, task)
