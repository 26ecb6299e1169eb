"""Asks back which customer a command means, where several have the name."""

from bot.messages.blocks import Block, Drawing, actions, button, drawing, section
from bot.messages.buttons import Act, ButtonValue
from bot.messages.texts import Raw, Texts, typed
from flows.desk import Page, Standing


def which(verb: str, text: str, fitting: Page[Standing], texts: Texts, *, days: int = 0, person: str = "") -> Drawing:
    """Each with its channel and the day on which it was closed, which tell equal names apart, and a button that goes on with the same
    command. ``text``: as typed. ``days``: of a report; ``person``: the user id of who is mentioned."""
    blocks = [section(texts.md("which.title", text=text))]
    for one in fitting.rows:
        blocks += _customer(ButtonValue(onboarding=one.onboarding_id, task=verb, slot=days, item=person), one, texts)
    if fitting.total > len(fitting.rows):
        blocks.append(section(texts("which.more", n=fitting.total - len(fitting.rows))))
    return drawing(blocks)


def _customer(value: ButtonValue, one: Standing, texts: Texts) -> list[Block]:
    words = [typed(one.customer), Raw(f"<#{one.channel_id}>"), *([ended] if (ended := closed(one, texts)) else [])]
    label = texts("which.choose", customer=one.customer)
    return [section(" · ".join(words)), actions(button(label, Act.COMMAND, value, name=one.onboarding_id))]


def closed(one: Standing, texts: Texts) -> str:
    """That it was closed, and when; empty while it is open."""
    return texts("which.closed", day=one.closed_at.date().isoformat()) if one.closed_at else ""
