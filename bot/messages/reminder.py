"""A reminder: what is waiting for one person, and what they can do about it."""

from bot.messages.blocks import Block, Drawing, actions, button, drawing, section
from bot.messages.buttons import Act, ButtonValue
from bot.messages.texts import Raw, Texts
from flows.cases.settle import open_tasks
from flows.forms.step import Situation
from flows.journey import Journey
from flows.model import Snapshot
from flows.outbox import Remind
from flows.people import Side
from flows.state import StepState


def reminder(snapshot: Snapshot, journey: Journey, asked: Remind, texts: Texts, situation: Situation) -> Drawing:
    steps = [step for step in asked.steps if step in snapshot.steps]
    titles = ", ".join(texts(f"step.{step}.title") for step in steps)
    key = f"reminder.{asked.where}"
    text = texts.md(key, user=Raw(f"<@{asked.user}>"), steps=titles, customer=snapshot.onboarding.customer)
    blocks: list[Block] = [section(text)]
    for step in steps[:5]:
        value = ButtonValue(onboarding=snapshot.onboarding.id, step=step)
        buttons: list[Block] = []
        if asked.where == "customer":
            fills = snapshot.steps[step].state in (StepState.OPEN, StepState.CHANGES_REQUESTED)
            if fills or journey.steps[step].to_resend(situation):
                title = texts("button.fill", number=journey.number(step), step=texts(f"step.{step}.title"))
                style = "primary" if step == steps[0] else ""
                buttons.append(button(title, Act.OPEN_FORM, value, style=style, name=step))
            elif (
                task := next((one for one in open_tasks(journey.steps[step], situation) if one.side is Side.CUSTOMER), None)
            ) is not None:
                title = texts(f"task.{step}.{task.id}.title")
                does = value.model_copy(update={"task": task.id})
                buttons.append(button(title, Act.TASK, does, style="primary" if step == steps[0] else "", name=step))
            buttons.append(button(texts("button.stuck"), Act.STUCK, value, name=step))
        else:
            buttons.append(button(texts("button.show_review"), Act.SHOW, value, name=step))
        buttons.append(button(texts("button.snooze"), Act.SNOOZE, value, name=step))
        blocks.append(actions(*buttons))
    return drawing(blocks)
