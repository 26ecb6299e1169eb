"""A reminder: what is waiting for one person, and what they can do about it."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

from bot.messages.blocks import Block, Drawing, actions, button, drawing, link, section
from bot.messages.board import age
from bot.messages.buttons import Act, ButtonValue
from bot.messages.calls import stuck_lines
from bot.messages.signs import APART, DONE, OF_STATE
from bot.messages.texts import Raw, Texts
from bot.messages.wording import all_here, in_charge
from flows.cases.presence import called, there
from flows.cases.settle import open_tasks, side_of
from flows.forms.step import Situation
from flows.journey import Journey
from flows.model import Reminder, Snapshot
from flows.outbox import Escalate
from flows.people import SYSTEM, Side
from flows.state import ENDED, StepState


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
    later = any(side_of(snapshot.steps[step]) == shown.side for step in shown.steps)
    key = f"reminder.turn_{shown.side}" if shown.waits else "reminder.replaced" if later else "reminder.passed"
    user = all_here(texts, [shown.user_id] if shown.user_id else [])
    blocks: list[Block] = [section(texts.md(key, n=len(shown.waits), user=user, customer=snapshot.onboarding.customer))]
    for step in shown.steps:
        blocks.append(section(_line(snapshot, journey, step, shown, texts, situation)))
        if step in shown.waits:
            blocks.append(actions(*_buttons(snapshot, journey, step, shown, texts, situation, urls.get(step, ""))))
    return drawing(blocks)


def _line(snapshot: Snapshot, journey: Journey, step: str, shown: Reminder, texts: Texts, situation: Situation) -> str:
    """How long the step has been waiting and since which day, which stays true on another day; or what became of it."""
    record = snapshot.steps[step]
    words = {"number": journey.number(step), "step": texts(f"step.{step}.title"), "state": texts(f"state.{record.state.value}")}
    if step in shown.waits:
        waits = {"waiting": age(record.turn_since, situation.now, texts), **words}
        if record.turn_since is None or situation.now - record.turn_since < timedelta(days=1):
            return f"{OF_STATE[record.state]} {texts.md('reminder.waits', **waits)}"
        began = record.turn_since.astimezone(ZoneInfo(situation.timezone)).date()
        return f"{OF_STATE[record.state]} {texts.md('reminder.waits_since', day=began.isoformat(), **waits)}"
    if side_of(record) == shown.side:
        return f"{APART} {texts.md('reminder.later', **words)}"
    closed = snapshot.onboarding.closed_at
    if closed is not None and record.state not in ENDED:
        return f"{APART} {texts.md('reminder.closed', at=texts.at(closed), **words)}"
    by = texts("say.the_bot") if record.changed_by == SYSTEM.user_id else Raw(f"<@{record.changed_by}>")
    at = texts.at(record.changed_at or situation.now)
    sign = APART if record.state is StepState.SKIPPED else DONE
    key = "reminder.sent" if shown.side == Side.CUSTOMER and record.state is StepState.SUBMITTED else "reminder.over"
    return f"{sign} {texts.md(key, by=by, at=at, **words)}"


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
