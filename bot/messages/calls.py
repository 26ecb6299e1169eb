"""Calls for help as support reads them: the message with the customer's words and what can be pressed, and a small line on cards."""

from collections.abc import Iterator

from bot.messages.blocks import Block, Drawing, actions, button, context, drawing, long_sections, section
from bot.messages.buttons import Act, ButtonValue
from bot.messages.texts import Raw, Texts
from bot.messages.wording import all_here
from flows.cases.calls import answering, waiting
from flows.cases.presence import called
from flows.model import Call, Snapshot
from flows.people import SYSTEM
from flows.state import ENDED


def call_message(snapshot: Snapshot, call: Call, texts: Texts) -> Drawing:
    """Who is stuck, where and why; how to answer, or who answered what and when."""
    onboarding, record = snapshot.onboarding, snapshot.steps[call.step_id]
    told = texts.md(
        "call.stuck",
        owner=all_here(texts, called(snapshot, record.claimer_id, onboarding.owner_id)),
        user=Raw(f"<@{call.user_id}>"),
        customer=onboarding.customer,
        step=texts(f"step.{call.step_id}.title"),
        at=texts.at(call.at),
        reason=call.words,
    )
    blocks = list(long_sections(told))
    if call.answered_at is None:
        value = ButtonValue(onboarding=onboarding.id, step=call.step_id, item=call.id)
        buttons = [
            button(texts("button.answer_call"), Act.ANSWER_CALL, value, style="primary"),
            button(texts("button.settle_call"), Act.SETTLE_CALL, value),
        ]
        if answering(snapshot, call):
            blocks.append(context(claimed(call, texts)))
            buttons.append(button(texts("button.unclaim"), Act.RELEASE_CALL, value))
        return drawing([*blocks, actions(*buttons)])
    by, at = Raw(f"<@{call.answered_by}>"), texts.at(call.answered_at)
    if call.answered_by == SYSTEM.user_id:
        key = "call.passed" if record.state in ENDED else "call.closed"
        ended = context(texts.md(key, state=texts(f"state.{record.state.value}"), at=at))
    elif call.answer:
        ended = section(texts.md("call.answered", by=by, at=at, answer=call.answer))
    else:
        ended = context(texts.md("call.settled", by=by, at=at))
    return drawing([*blocks, ended])


def claimed(call: Call, texts: Texts) -> str:
    """Who is at it, and since when."""
    at = texts.at(call.claimed_at) if call.claimed_at is not None else ""
    return texts.md("call.claimed", by=Raw(f"<@{call.claimer_id}>"), at=at)


def asked(snapshot: Snapshot, call: Call, reader: str, texts: Texts, *, answers: bool) -> list[Block]:
    """What the answer is to, above its field, and which colleague is at it. ``answers``: the ``reader`` is told how to let go of it."""
    told = texts.md("call.asked", user=Raw(f"<@{call.user_id}>"), at=texts.at(call.at), reason=call.words)
    blocks = list(long_sections(told))
    by = answering(snapshot, call)
    if by not in ("", reader):
        blocks.append(section(claimed(call, texts)))
    elif by and answers:
        blocks.append(context(texts("call.yours")))
    return blocks


def stuck_lines(snapshot: Snapshot, step_id: str, texts: Texts) -> Iterator[Block]:
    """A small line for each person who is stuck in a step; both sides read it, so that it doesn't say why."""
    for call in waiting(snapshot, step_id):
        yield context(texts.md("call.line", user=Raw(f"<@{call.user_id}>"), at=texts.at(call.at)))
