"""One message in support's channel about all that one person had and another has now."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.messages.blocks import Block, Drawing, context, drawing, section
from bot.messages.tables import CellLink, table
from bot.messages.texts import Raw, Texts, typed
from bot.messages.wording import worded
from flows.outbox import TellHandedOver


@dataclass(frozen=True)
class Handed:
    """A customer. ``card``: a link to the checklist; ``channel``, ``card``: empty if unknown."""

    customer: str
    channel: str
    card: str


def handed_over(asked: TellHandedOver, customers: Sequence[Handed], texts: Texts) -> Drawing:
    """Mentions whoever has it all now; the customers are a table, and those without room there are counted."""
    people = worded(texts, {"user": asked.person, "by": asked.by})
    told = section(texts.md("handed_over.told", successor=Raw(f"<@{asked.successor}>"), n=asked.count, **people))
    columns = [texts("list.column.customer"), texts("list.column.channel")]
    rows = [
        [CellLink(one.customer, one.card) if one.card else typed(one.customer), f"<#{one.channel}>" if one.channel else ""]
        for one in customers
    ]
    listed = table(texts("handed_over.title"), columns, rows, left_out=lambda _: "")
    left = asked.count - (len(listed[0]["rows"]) - 1 if listed else 0)
    more: list[Block] = [context(texts("handed_over.more", n=left))] if left else []
    return drawing([told, *listed, *more])
