"""A thread beside its channel, or over it if there is no room."""

from collections.abc import Callable, Iterator
from functools import partial

from playground.page import messages
from playground.page.composer import Composer, Writer
from playground.page.messages import MessageReader
from playground.page.parts import Part, button, element
from playground.page.words import say
from playground.slack import Channel


def parts(channel: Channel, root: str, reader: MessageReader, writer: Writer, *, close: Callable[[], None]) -> Iterator[Part]:
    yield Part("head", None, partial(_head, reader, channel, close), tag="header", classes="place-head")
    shown = messages.in_thread(reader.person, channel, root)
    first, replies = shown[:1], shown[1:]
    count = say(reader.person, "replies", n=len(replies))
    inner = list(messages.listed(reader, first, thread=True))
    if replies:
        inner.append(
            Part("count", count, partial(element, "span", "", count), classes="thread-count", props={"role": "separator"})
        )
    inner += messages.listed(reader, replies, thread=True, after=first[0] if first else None)
    yield Part(
        "scroll",
        classes="scroll",
        props={"tabindex": "0", "role": "log", "aria-label": say(reader.person, "thread_replies")},
        parts=[Part("list", classes="list", parts=inner)],
    )
    yield Part("composer", None, partial(Composer, writer, channel, say(reader.person, "reply"), root), classes="composer-frame")


def _head(reader: MessageReader, channel: Channel, close: Callable[[], None]) -> None:
    name = say(reader.person, "close_thread")
    element("h2", "place-title", say(reader.person, "thread"))
    element("span", "members", reader.slack.bot_name if channel.im else f"# {channel.name}")
    button("×", close, "corner", aria_label=name, title=name)
