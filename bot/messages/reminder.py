"""A reminder: what is waiting for one person, and what they can do about it."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from bot.messages.blocks import Block, Drawing, actions, button, context, drawing, link, section
from bot.messages.buttons import Act, ButtonValue
from bot.messages.calls import stuck_lines
from bot.messages.texts import Raw, Texts
from bot.messages.wording import all_here, in_charge
from flows.cases.presence import called, there
from flows.cases.settle import open_tasks, side_of
from flows.forms.step import Situation
from flows.journey import Journey
from flows.model import Reminder, Snapshot, StepRecord
from flows.outbox import Escalate
from flows.people import SYSTEM, Side
from flows.state import StepState


def reminder(
    snapshot: Snapshot,
    journey: Journey,
    shown: Reminder,
    texts: Texts,
    situation: Situation,
    urls: Mapping[str, str] = MappingProxyType({}),
) -> Drawing:
    """A line for each step, with buttons while it waits. Of one that doesn't any more, who did what and when. ``urls``: of cards, by step,
    for support."""
    titles = ", ".join(texts(f"step.{step}.title") for step in shown.waits)
    later = any(side_of(snapshot.steps[step]) == shown.side for step in shown.steps)
    key = f"reminder.{shown.side}" if shown.waits else "reminder.replaced" if later else "reminder.passed"
    told = texts.md(
        key, user=all_here(texts, [shown.user_id] if shown.user_id else []), steps=titles, customer=snapshot.onboarding.customer
    )
    blocks: list[Block] = [section(told)]
    for step in shown.steps:
        blocks.append(context(_line(snapshot.steps[step], journey, shown, texts)))
        if step in shown.waits:
            blocks.append(actions(*_buttons(snapshot, journey, step, shown, texts, situation, urls.get(step, ""))))
    return drawing(blocks)


def _line(record: StepRecord, journey: Journey, shown: Reminder, texts: Texts) -> str:
    step = record.step_id
    words = {"number": journey.number(step), "step": texts(f"step.{step}.title"), "state": texts(f"state.{record.state.value}")}
    if step in shown.waits:
        return texts.md("reminder.waits", at=texts.at(record.turn_since), **words) if record.turn_since else ""
    if side_of(record) == shown.side:
        return texts.md("reminder.later", **words)
    by = texts("say.the_bot") if record.changed_by == SYSTEM.user_id else Raw(f"<@{record.changed_by}>")
    return texts.md("reminder.moved_on", by=by, at=texts.at(record.changed_at), **words) if record.changed_at else ""


def _buttons(
    snapshot: Snapshot, journey: Journey, step: str, shown: Reminder, texts: Texts, situation: Situation, url: str
) -> Iterator[Block]:
    value = ButtonValue(onboarding=snapshot.onboarding.id, step=step)
    style = "primary" if step == shown.waits[0] else ""
    if shown.side == Side.CUSTOMER:
        fills = snapshot.steps[step].state in (StepState.OPEN, StepState.CHANGES_REQUESTED)
        tasks = (one for one in open_tasks(journey.steps[step], situation) if one.side is Side.CUSTOMER)
        if fills or journey.steps[step].to_resend(situation):
            title = texts("button.fill", number=journey.number(step), step=texts(f"step.{step}.title"))
            yield button(title, Act.OPEN_FORM, value, style=style, name=step)
        elif (task := next(tasks, None)) is not None:
            does = value.model_copy(update={"task": task.id})
            yield button(texts(f"task.{step}.{task.id}.button"), Act.TASK, does, style=style, name=step)
        yield button(texts("button.stuck"), Act.STUCK, value, name=step)
    elif url:
        yield link(texts("button.show_review"), url, step)
    else:
        yield button(texts("button.show_review"), Act.SHOW, value, name=step)
    yield button(texts("button.snooze"), Act.SNOOZE, value, name=step)


def escalation(snapshot: Snapshot, asked: Escalate, url: str, texts: Texts) -> Drawing:
    """Who is waited for, since when, how often they were reminded, and who of them waits for an answer of support. ``url``: of where to go
    on; empty if there is none."""
    onboarding, slow = snapshot.onboarding, asked.where == "support_channel"
    reminded = there(snapshot, asked.user)
    owner = onboarding.owner_id
    told = texts.md(
        "escalation.support" if slow else "escalation.customer",
        n=asked.count,
        customer=onboarding.customer,
        step=texts(f"step.{asked.step}.title"),
        since=texts.at(asked.since),
        user=Raw(f"<@{reminded[0]}>") if reminded else texts("escalation.who_left" if asked.user else "escalation.channel"),
        owner=in_charge(texts, snapshot, owner) if slow else all_here(texts, called(snapshot, owner)),
        lead=in_charge(texts, snapshot, onboarding.lead_id),
    )
    where = "button.show_review" if slow else "button.open_thread"
    stuck = stuck_lines(snapshot, asked.step, texts)
    return drawing([section(told), *stuck, *([actions(link(texts(where), url, asked.step))] if url else [])])
