"""A channel, or the direct message with the app: header, bookmarks, messages and the composer. Of many messages, those around the one that
was gone to are drawn, or the last ones; the others are a press away."""

from collections.abc import Callable, Iterator
from functools import partial

from playground.page import messages
from playground.page.composer import Composer, Writer
from playground.page.messages import MessageReader
from playground.page.parts import Part, button, element
from playground.page.words import say
from playground.slack import Channel, SlackStandIn


def title(slack: SlackStandIn, channel: Channel) -> str:
    return slack.bot_name if channel.im else f"# {channel.name}"


def parts(
    channel: Channel, reader: MessageReader, writer: Writer, *, new_from: str, near: str, show: Callable[[Channel, str], None]
) -> Iterator[Part]:
    """``new_from``, ``near``: as in `messages.listed` and `messages.window`. ``show`` gets the channel and the `ts` of the message to go
    to, or none for the last ones."""
    other = [team.name for team in (channel.team, *channel.shared_with) if team != reader.person.user.team]
    shared = say(reader.person, "shared_with", teams=", ".join(other)) if channel.is_ext_shared and other else ""
    head = (channel.name, len(channel.members), shared)
    yield Part("head", head, partial(_head, reader, channel, shared), tag="header", classes="place-head")
    marks = [(mark["title"], mark["link"]) for mark in channel.bookmarks]
    pins = [ts for ts in channel.pins if channel.find(ts)]
    if marks or pins:
        yield Part("marks", (marks, pins), partial(_marks, reader, channel, marks, pins, show), classes="marks")
    seen = messages.in_channel(reader.person, channel)
    first, end = messages.window(seen, near)
    drawn = messages.listed(reader, seen[first:end], messages.replies_in(reader.person, channel), new_from=new_from)
    before = _beginning(reader, channel) if not first else _more(reader, "earlier", channel, seen[first].ts, show)
    after = (
        []
        if end == len(seen)
        else [_more(reader, "later", channel, seen[end - 1].ts, show), _more(reader, "newest", channel, "", show)]
    )
    yield Part(
        "scroll",
        classes="scroll",
        props={"tabindex": "0", "role": "log", "aria-label": say(reader.person, "messages")},
        parts=[
            Part(
                "list",
                classes="list",
                parts=[before, *drawn, *after],
            )
        ],
    )
    person, name = reader.person, reader.slack.bot_name
    label = say(person, "message_to", name=name) if channel.im else say(person, "message_in", channel=channel.name)
    yield Part("composer", None, partial(Composer, writer, channel, label), classes="composer-frame")


def _head(reader: MessageReader, channel: Channel, shared: str) -> None:
    element("h2", "place-title", title(reader.slack, channel))
    if channel.private and not channel.im:
        element("span", "pill", say(reader.person, "private"))
    if shared:
        element("span", "pill", shared)
    if not channel.im:
        element("span", "members", say(reader.person, "members", n=len(channel.members)))


def _marks(
    reader: MessageReader, channel: Channel, marks: list[tuple[str, str]], pins: list[str], show: Callable[[Channel, str], None]
) -> None:
    for name, link in marks:
        element("a", "mark", name, href=link, target="_blank", rel="noopener noreferrer")
    if pins:
        button(say(reader.person, "pinned", n=len(pins)), partial(show, channel, pins[0]), "mark")


def _more(reader: MessageReader, key: str, channel: Channel, ts: str, show: Callable[[Channel, str], None]) -> Part:
    return Part(key, ts, partial(button, say(reader.person, key), partial(show, channel, ts), "link"), classes="beginning")


def _beginning(reader: MessageReader, channel: Channel) -> Part:
    if channel.im:
        words = say(reader.person, "beginning_direct", name=reader.slack.bot_name)
    else:
        words = say(reader.person, "beginning", channel=channel.name)
    return Part("beginning", None, partial(element, "p", "", words), classes="beginning")
