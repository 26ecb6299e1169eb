"""App Home, for whoever opens it: support, a customer's people, other people of Pismo, and whoever has just installed the bot."""

from collections.abc import Sequence

from bot.messages.blocks import Block, actions, button, context, divider, header, section
from bot.messages.buttons import Act, ButtonValue
from bot.messages.tables import without_tables
from bot.messages.texts import Raw, Texts

MAX_BLOCKS = 100
NAMED = 5
"""People of support whom others may ask."""
View = dict[str, object]


def _home(blocks: Sequence[Block]) -> View:
    return {"type": "home", "blocks": list(blocks[:MAX_BLOCKS])}


def support_home(queue: Sequence[Block], board: Sequence[Block], texts: Texts) -> View:
    """``queue``, ``board``: a page of each list. Tables are sections here: whether Slack draws any on App Home, sources disagree."""
    buttons = [
        button(texts("button.start"), Act.START, ButtonValue(), style="primary"),
        button(texts("button.find"), Act.FIND, ButtonValue()),
        button(texts("button.change"), Act.CHOOSE, ButtonValue(task="change")),
        button(texts("button.report"), Act.REPORT, ButtonValue()),
    ]
    return _home([actions(*buttons), *without_tables([*queue, divider(), *board]), context(texts("help.text"))])


def customer_home(cards: Sequence[Sequence[Block]], texts: Texts) -> View:
    """``cards``: the blocks of the checklist of each onboarding the person belongs to, open or finished."""
    if not cards:
        return _home([section(texts("home.nothing"))])
    blocks: list[Block] = [section(texts("home.welcome"))]
    for number, card in enumerate(cards):
        if len(blocks) + len(card) + 2 > MAX_BLOCKS:
            blocks.append(context(texts("status.more", n=len(cards) - number)))
            break
        blocks += [divider(), *card]
    return _home(blocks)


def colleague_home(support: Sequence[str], texts: Texts) -> View:
    """For Pismo's people who are not in support. ``support``: user ids of those who are."""
    people = ", ".join(f"<@{user_id}>" for user_id in sorted(support)[:NAMED])
    return _home([header(texts("home.colleague_title")), section(texts.md("home.colleague", people=Raw(people)))])


def setup_home(faults: Sequence[tuple[str, str]], texts: Texts) -> View:
    """While the bot can't reach support: what is to be set up, as (key of its text, Slack's error)."""
    lines = [section(texts(f"setup_home.{key}", error=error)) for key, error in faults]
    return _home(
        [header(texts("setup_home.title")), section(texts("setup_home.about")), *lines, context(texts("setup_home.check"))]
    )
