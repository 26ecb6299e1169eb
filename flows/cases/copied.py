"""What support copies from the form of a task: posted as a file where it is longer than an input takes."""

from flows.cases.case import Case
from flows.forms.fields import MAX_LENGTH
from flows.forms.step import Step
from flows.outbox import SendCopied
from flows.people import Side


def send(case: Case, step: Step) -> None:
    """Of all tasks that support can do on the step as it is now."""
    situation = case.situation
    for task in step.tasks:
        if task.side is Side.SUPPORT and task.form is not None and task.is_ready(situation):
            for name, text in task.form.copied(situation).items():
                if len(text) > MAX_LENGTH:
                    case.ask(SendCopied(step=step.id, task=task.id, name=name))
