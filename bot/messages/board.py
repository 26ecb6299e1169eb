"""Answers to `/onboarding …` about one onboarding; those about all are in `bot.messages.lists`."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from bot.messages import turns
from bot.messages.blocks import Block, Drawing, actions, button, context, drawing, header, long_sections, section
from bot.messages.buttons import Act, ButtonValue
from bot.messages.card import closed_line, people_line, standing, step_line
from bot.messages.internal_notes import note_lines
from bot.messages.task_button import task_button
from bot.messages.texts import Texts
from flows.cases.parity import lacking
from flows.cases.settle import side_of, state_allows
from flows.forms.step import Situation
from flows.journey import Journey
from flows.model import Note, Snapshot


def age(since: datetime | None, now: datetime, texts: Texts) -> str:
    """How long something has been waiting, in words."""
    seconds = int((now - since).total_seconds()) if since else 0
    if seconds >= 86400:
        return texts("age.days", n=seconds // 86400)
    if seconds >= 3600:
        return texts("age.hours", n=seconds // 3600)
    return texts("age.minutes", n=seconds // 60) if seconds >= 60 else texts("age.less")


def help_view(texts: Texts) -> Drawing:
    return drawing([header(texts("help.title")), section(texts("help.text"))])


def one(snapshot: Snapshot, journey: Journey, texts: Texts, situation: Situation, notes: Sequence[Note] = ()) -> Drawing:
    """One onboarding, step by step. ``notes``: support's internal ones, for support alone."""
    lines = [
        step_line(number, r, turns.for_support(snapshot, r, texts), texts)
        + (f" · {age(r.turn_since, situation.now, texts)}" if side_of(r) else "")
        for number, r in enumerate((snapshot.steps[step_id] for step_id in journey.steps), start=1)
    ]
    onboarding = snapshot.onboarding
    there = context(f"<#{onboarding.channel_id}> · {people_line(snapshot, texts)}")
    blocks = [header(onboarding.customer), standing(snapshot, journey, texts, situation, support=True), there]
    blocks += long_sections("\n".join(lines))
    if ended := closed_line(onboarding, texts):
        blocks.append(section(ended))
    if notes:
        blocks += [section(f"*{texts('status.notes')}*"), *note_lines(notes, texts, steps=True)]
    return drawing([*blocks, *_closing(snapshot, journey, texts, situation), *_changing(snapshot, texts)])


def _changing(snapshot: Snapshot, texts: Texts) -> Iterator[Block]:
    if snapshot.onboarding.closed_at is None:
        value = ButtonValue(onboarding=snapshot.onboarding.id)
        yield actions(button(texts("button.change"), Act.CHANGE, value), button(texts("button.hand_over"), Act.HAND_OVER, value))


def _closing(snapshot: Snapshot, journey: Journey, texts: Texts, situation: Situation) -> Iterator[Block]:
    """The button that closes an onboarding with nothing else left to do, whether or not the customer sent the last step; before that,
    what production lacks, and the button that ends without it."""
    if snapshot.onboarding.closed_at is None and (lacks := lacking(situation, journey)):
        yield context(texts("status.production_lacks", what=", ".join(texts(f"parity.what.{one}") for one in lacks)))
        for step in journey.steps.values():
            for task in step.tasks:
                if task.skips and state_allows(snapshot, step, task):
                    value = ButtonValue(onboarding=snapshot.onboarding.id, step=step.id, task=task.id)
                    yield actions(button(texts(f"task.{step.id}.{task.id}.button"), Act.TASK, value, name=task.id))
    for step in journey.steps.values():
        for task in step.tasks:
            if task.closes and state_allows(snapshot, step, task) and task.is_ready(situation):
                value = ButtonValue(onboarding=snapshot.onboarding.id, step=step.id, task=task.id)
                yield actions(task_button(task, texts(f"task.{step.id}.{task.id}.button"), value, texts, style="primary"))
