"""Answers to a customer's own `/onboarding`, seen by whoever typed it alone: what they can type, and what there is to do where no form
opens."""

from collections.abc import Sequence

from bot.messages.blocks import Block, Drawing, actions, button, drawing, header, section
from bot.messages.buttons import Act, ButtonValue
from bot.messages.card import closed_line, next_button
from bot.messages.home import NAMED
from bot.messages.texts import Raw, Texts, typed
from bot.messages.wording import in_charge
from flows.cases.settle import side_of, waits_until
from flows.forms.step import Situation
from flows.journey import Journey
from flows.model import Snapshot
from flows.people import Side

INSTEAD = {"matrix": "own.instead_matrix"}
"""By support's word, where a customer finds the same for their own company; else they ask."""


def own_help(texts: Texts) -> Drawing:
    return drawing([header(texts("own.title")), section(texts("own.help"))])


def unknown(verb: str, texts: Texts) -> Drawing:
    return drawing([section(texts.md("refused.unknown_command", verb=verb)), *own_help(texts).blocks])


def for_support(word: str, verb: str, texts: Texts) -> Drawing:
    """Instead of what a command of support's does: that it is theirs, how to come by the same, and what there is.

    ``word``: as it was called; ``verb``: its name.
    """
    instead = texts.md(INSTEAD.get(verb, "own.instead_ask"), button=texts("button.matrix"))
    return drawing([section(f"{_is_supports(word, texts)} {instead}"), *own_help(texts).blocks])


def for_support_alone(word: str, support: Sequence[str], texts: Texts) -> Drawing:
    """The same for somebody of no onboarding. ``support``: as in `no_onboarding`."""
    return drawing([section(_is_supports(word, texts)), *no_onboarding(support, texts).blocks])


def _is_supports(word: str, texts: Texts) -> str:
    return texts.md("own.for_support", verb=word)


def no_onboarding(support: Sequence[str], texts: Texts) -> Drawing:
    """``support``: user ids of those who can take them in."""
    people = ", ".join(f"<@{user_id}>" for user_id in sorted(support)[:NAMED])
    told = texts.md("own.none_ask", people=Raw(people)) if people else texts("own.none")
    return drawing([section(told)])


def which(theirs: Sequence[tuple[Snapshot, Block | None]], more: int, texts: Texts) -> Drawing:
    """Whoever is of several onboardings presses what they meant. Each with the button for what comes next there, if anything does.
    ``more``: how many aren't among them."""
    blocks = [section(texts("own.which"))]
    for snapshot, offered in theirs:
        onboarding = snapshot.onboarding
        blocks.append(section(" · ".join([typed(onboarding.customer), Raw(f"<#{onboarding.channel_id}>")])))
        blocks.append(actions(*([offered] if offered is not None else []), _checklist(snapshot, texts)))
    if more:
        blocks.append(section(texts("own.which_more", n=more)))
    return drawing(blocks)


def nothing_to_fill(snapshot: Snapshot, journey: Journey, texts: Texts, situation: Situation) -> Drawing:
    """Why no form opens, and what is waited for; a task that takes no form has its button here."""
    if ended := closed_line(snapshot.onboarding, texts):
        return drawing([section(ended), actions(_checklist(snapshot, texts))])
    offered = next_button(snapshot, journey, texts, situation)
    told = texts("own.press" if offered is not None else "own.nothing_now")
    lines = list(_waited_for(snapshot, journey, texts))
    if lines and offered is None:
        owner = in_charge(texts, snapshot, snapshot.onboarding.owner_id)
        told = "\n".join([told, *lines, texts.md("own.contact", owner=owner)])
    return drawing([section(told), actions(*([offered] if offered is not None else []), _checklist(snapshot, texts))])


def _waited_for(snapshot: Snapshot, journey: Journey, texts: Texts) -> Sequence[str]:
    """The steps that are Pismo's turn, or wait for a moment."""
    found = []
    for step_id in journey.steps:
        record = snapshot.steps[step_id]
        until = waits_until(record)
        if until is None and side_of(record) is not Side.SUPPORT:
            continue
        step = f"{journey.number(step_id)}. {texts(f'step.{step_id}.title')}"
        waits = texts.md("turn.waits", until=texts.at(until)) if until else texts("turn.support")
        found.append(f"• {step} · {texts(f'state.{record.state.value}')} · {waits}")
    return found


def _checklist(snapshot: Snapshot, texts: Texts) -> Block:
    value = ButtonValue(onboarding=snapshot.onboarding.id)
    return button(texts("button.checklist"), Act.CHECKLIST, value, name=snapshot.onboarding.id)
