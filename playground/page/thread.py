"""A thread beside its channel, or over it where there is no room."""

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from playground.page import messages
from playground.page.composer import Composer
from playground.page.parts import Part, button, element
from playground.slack import Channel

if TYPE_CHECKING:
    from playground.page.workspace import Side


def parts(side: "Side", channel: Channel, root: str) -> Iterator[Part]:
    yield Part("head", None, partial(_head, side, channel), tag="header", classes="place-head")
    shown = side.messages(channel, root)
    first, replies = shown[:1], shown[1:]
    count = f"{len(replies)} {'reply' if len(replies) == 1 else 'replies'}"
    inner = list(messages.listed(side, first, thread=True))
    if replies:
        inner.append(
            Part("count", count, partial(element, "span", "", count), classes="thread-count", props={"role": "separator"})
        )
    inner += messages.listed(side, replies, thread=True)
    yield Part(
        "scroll",
        classes="scroll",
        props={"tabindex": "0", "role": "log", "aria-label": "Replies"},
        parts=[Part("list", classes="list", parts=inner)],
    )
    yield Part("composer", None, partial(Composer, side, channel, "Reply", root), classes="composer-frame")


def _head(side: "Side", channel: Channel) -> None:
    element("h2", "place-title", "Thread")
    element("span", "members", side.slack.bot_name if channel.im else f"# {channel.name}")
    button("×", side.close_thread, "corner", aria_label="Close thread", title="Close thread")
