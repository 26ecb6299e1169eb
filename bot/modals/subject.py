"""What a modal is about, in the customer's own version of the journey, and who may use it."""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.modals.meta import FormMeta
from flows.cases.access import May, for_side
from flows.cases.case import Case
from flows.cases.tasks import renewable, task_of
from flows.forms.dialogs import DIALOGS
from flows.forms.step import Form, Step, Task
from flows.problems import Refused

DIALOG_MAY: Mapping[str, May] = {
    "start": May.SUPPORT,
    "request_changes": May.SUPPORT,
    "reject": May.SUPPORT,
    "skip": May.SUPPORT,
    "reopen": May.SUPPORT,
    "assign": May.SUPPORT,
    "snooze": May.EITHER,
    "stuck": May.CUSTOMER,
}


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

    @property
    def may(self) -> May:
        """Who may open and send the form."""
        if self.is_dialog:
            return DIALOG_MAY[self.form.id]
        return for_side(self.task.side) if self.task is not None else May.EITHER

    def check(self, case: Case) -> None:
        """Raises Refused where the onboarding is over, unless what the form records can be renewed, or where the form isn't the
        actor's to use."""
        if not (self.step and self.task and renewable(case.snapshot, self.step, self.task)):
            case.refuse_closed()
        self.may.check(case.role)


def subject_of(case: Case | None, meta: FormMeta) -> Subject:
    """Raises Refused("gone") for a form that this customer's journey doesn't have."""
    if meta.form in DIALOGS:
        form = DIALOGS[meta.form]
        asks_step = any("step" in page.model.model_fields for page in form.pages)
        return Subject(form, case.step(meta.step) if case is not None and (meta.step or not asks_step) else None)
    if case is None:
        raise Refused("gone")
    step = case.step(meta.step)
    if meta.form == step.form.id:
        return Subject(step.form, step)
    task = task_of(step, meta.form.partition(".")[2])
    if task.form is None or meta.form != task.form.id:
        raise Refused("gone")
    return Subject(task.form, step, task)
