"""App Home: for support, the queue and all onboardings; for a customer's people, their own checklists."""

from collections.abc import Sequence
from datetime import datetime

from bot.messages.blocks import Block, context, divider, header, section
from bot.messages.board import overview_lines, queue_blocks
from bot.messages.texts import Texts
from flows.model import Snapshot

MAX_BLOCKS = 100
View = dict[str, object]


def _home(blocks: Sequence[Block]) -> View:
    return {"type": "home", "blocks": list(blocks[:MAX_BLOCKS])}


def support_home(snapshots: Sequence[Snapshot], texts: Texts, now: datetime) -> View:
    blocks = [header(texts("status.queue")), *queue_blocks(snapshots, texts, now), divider()]
    lines = overview_lines(snapshots, texts, now) or [section(texts("status.none"))]
    return _home([*blocks, header(texts("status.title")), *lines, context(texts("help.text"))])


def customer_home(cards: Sequence[Sequence[Block]], texts: Texts) -> View:
    """``cards``: the blocks of the checklist of each onboarding the person belongs to."""
    if not cards:
        return _home([section(texts("home.nothing"))])
    blocks: list[Block] = [section(texts("home.welcome"))]
    for number, card in enumerate(cards):
        if len(blocks) + len(card) + 2 > MAX_BLOCKS:
            blocks.append(context(texts("status.more", n=len(cards) - number)))
            break
        blocks += [divider(), *card]
    return _home(blocks)
