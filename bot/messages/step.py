"""A step's own message in the customer's channel: the root of its thread."""

from collections.abc import Iterator

from bot.messages import turns
from bot.messages.answers import answer_name, label_of
from bot.messages.blocks import Block, Drawing, actions, button, context, cut, drawing, header, link, section
from bot.messages.buttons import Act, ButtonValue
from bot.messages.calls import stuck_lines
from bot.messages.notes import note_words
from bot.messages.parity import lane
from bot.messages.signs import OF_STATE
from bot.messages.texts import Raw, Texts
from flows.business_time import BusinessDuration
from flows.cases import renewals
from flows.cases.settle import blocked_tasks, open_tasks, side_of, state_allows, waits_until
from flows.forms.pages import answers_to_name, slots
from flows.forms.step import Situation, Step
from flows.journey import Journey
from flows.model import Snapshot
from flows.people import Side
from flows.state import ENDED, FILLABLE, WORKING, StepState


def step_message(
    snapshot: Snapshot, journey: Journey, step_id: str, texts: Texts, situation: Situation, usual: BusinessDuration
) -> Drawing:
    """What the step is about, its state, what was sent, and what the customer can press. ``usual``: see `turns.usually`."""
    record, step = snapshot.steps[step_id], journey.steps[step_id]
    title = f"{journey.number(step_id)}. {texts(f'step.{step_id}.title')}"
    blocks: list[Block] = [header(title), section(texts(f"step.{step_id}.about"))]
    state = texts("step_message.state", state=texts(f"state.{record.state.value}"))
    turn = turns.for_customer(record, texts)
    blocks.append(section(f"{OF_STATE[record.state]} " + " · ".join(part for part in (f"*{state}*", turn) if part)))
    if side_of(record) is Side.SUPPORT and (words := turns.usually(usual, texts)):
        blocks.append(context(words))
    blocks.extend(stuck_lines(snapshot, step_id, texts))
    if record.revision and record.submitted_at:
        by, sent = Raw(f"<@{record.submitted_by}>"), texts.at(record.submitted_at)
        blocks.append(context(texts.md("step_message.sent", revision=record.revision, by=by, at=sent)))
    if record.state is StepState.CHANGES_REQUESTED and record.reason:
        blocks.append(section(texts.md("step_message.reason", reason=record.reason)))
        blocks.extend(_named(snapshot, step, texts, situation))
    blocks.extend(context(note_words(fact, texts)) for fact in step.facts(situation))
    blocks.extend(lane(step, situation, texts))
    for task in blocked_tasks(step, situation) if record.state in WORKING else ():
        first = texts(f"step.{task.waits_for(situation)[0]}.title")
        blocks.append(context(texts("step_message.waits", task=texts(f"task.{step_id}.{task.id}.title"), step=first)))
    if (asked := renewals.asked(snapshot, step, situation)) is not None and asked.at is not None:
        blocks.append(context(texts.md("step_message.renewal", by=Raw(f"<@{asked.user_id}>"), at=texts.at(asked.at))))
    if buttons := _buttons(snapshot, journey, step_id, texts, situation):
        blocks.append(actions(*buttons))
    links = (
        [link(texts(f"link.{key}"), url, key) for key, url in step.links(situation)]
        if record.state is not StepState.LOCKED
        else []
    )
    if links:
        blocks.append(actions(*links))
    return drawing(blocks)


def _named(snapshot: Snapshot, step: Step, texts: Texts, situation: Situation) -> Iterator[Block]:
    """The answers in which changes were requested, if some were named."""
    sent, named = snapshot.last(step.id), snapshot.steps[step.id].named.split()
    if sent is None or not named:
        return
    form, order = step.form, slots(step.form, sent.answers)
    every = answers_to_name(form, sent.answers, situation)
    labels = [
        label_of(form, slot, name, texts) if slot.item is None else answer_name(form, order, slot, name, sent.answers, texts)
        for one, slot, name in every
        if one in named
    ]
    if labels:
        yield context(texts.md("step_message.named", labels=cut(", ".join(labels), 2000)))


def _buttons(snapshot: Snapshot, journey: Journey, step_id: str, texts: Texts, situation: Situation) -> list[Block]:
    """Once the onboarding is closed, only renewals."""
    record, step, closed = snapshot.steps[step_id], journey.steps[step_id], snapshot.onboarding.closed_at is not None
    value = ButtonValue(onboarding=snapshot.onboarding.id, step=step_id)
    buttons: list[Block] = []
    waiting_for = list(open_tasks(step, situation)) if waits_until(record) is None else []
    for task in step.tasks:
        if closed and not task.renews:
            continue
        if task.side is not Side.CUSTOMER or not state_allows(snapshot, step, task):
            continue
        if task.is_ready(situation) and (task.repeatable or f"{step_id}.{task.id}" not in situation.done):
            value_of = value.model_copy(update={"task": task.id})
            title = texts(f"task.{step_id}.{task.id}.button")
            first = not any("style" in one for one in buttons) and task in waiting_for
            style = "primary" if first and record.state not in ENDED else ""
            buttons.append(button(title, Act.TASK, value_of, style=style, name=task.id))
    if closed:
        return buttons
    if record.state in FILLABLE:
        waits = record.state in (StepState.OPEN, StepState.CHANGES_REQUESTED)
        text = texts("button.fill_form" if waits else "button.change_form")
        buttons.append(button(text, Act.OPEN_FORM, value, style="primary" if waits else ""))
    if record.state not in (*ENDED, StepState.LOCKED):
        ask = "button.stuck" if side_of(record) is Side.CUSTOMER else "button.ask_support"
        buttons.append(button(texts(ask), Act.STUCK, value))
    return buttons
