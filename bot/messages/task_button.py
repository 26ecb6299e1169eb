"""The button that does a task, or opens its form. Closing the onboarding asks first, wherever its button stands."""

from bot.messages.blocks import Block, button
from bot.messages.buttons import Act, ButtonValue
from bot.messages.texts import Texts
from flows.forms.step import Task


def task_button(task: Task, words: str, value: ButtonValue, texts: Texts, *, style: str = "") -> Block:
    """``value``: names the onboarding, the step and the task."""
    sure = (
        (texts("confirm.close_title"), texts("confirm.close"), texts("button.close"), texts("confirm.no"))
        if task.closes
        else None
    )
    return button(words, Act.TASK, value, style=style, confirm=sure, name=task.id)
