"""A channel, or the direct message with the app: header, bookmarks, messages and the composer."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from playground.page import messages
from playground.page.composer import Composer, Writer
from playground.page.messages import MessageReader
from playground.page.navigation import Location
from playground.page.parts import Part, button, element
from playground.slack import Channel, Message, SlackStandIn

SHOWN = 80
"""How many of a channel's messages are drawn at once."""


def title(slack: SlackStandIn, channel: Channel) -> str:
    return slack.bot_name if channel.im else f"# {channel.name}"


def parts(
    location: Location, channel: Channel, reader: MessageReader, writer: Writer, *, show: Callable[[Channel, str], None]
) -> Iterator[Part]:
    """``show`` gets the channel and the `ts` of the message to go to."""
    other = [team.name for team in (channel.team, *channel.shared_with) if team != reader.person.user.team]
    shared = f"Shared with {', '.join(other)}" if channel.is_ext_shared and other else ""
    head = (channel.name, len(channel.members), shared)
    yield Part("head", head, partial(_head, reader.slack, channel, shared), tag="header", classes="place-head")
    marks = [(mark["title"], mark["link"]) for mark in channel.bookmarks]
    pins = [ts for ts in channel.pins if channel.find(ts)]
    if marks or pins:
        yield Part("marks", (marks, pins), partial(_marks, channel, marks, pins, show), classes="marks")
    known = messages.in_channel(reader.person, channel)
    begin, end = shown(known, location.around)
    listed = messages.listed(reader, known[begin:end], new_from=location.new_from)
    yield Part(
        "scroll",
        classes="scroll",
        props={"tabindex": "0", "role": "log", "aria-label": "Messages"},
        parts=[
            Part(
                "list",
                classes="list",
                parts=[
                    _to("Earlier messages", channel, known[max(0, begin - 1)], show)
                    if begin
                    else _beginning(reader.slack, channel),
                    *listed,
                    *([_to("Later messages", channel, known[end], show)] if end < len(known) else []),
                ],
            )
        ],
    )
    label = f"Message {reader.slack.bot_name}" if channel.im else f"Message #{channel.name}"
    yield Part("composer", None, partial(Composer, writer, channel, label), classes="composer-frame")


def shown(known: Sequence[Message], around: str) -> tuple[int, int]:
    """Which of a channel's messages are drawn, by their places: the latest, or those about one that somebody went to. A browser can't
    hold thousands."""
    there = next((place for place, message in enumerate(known) if message.ts == around), len(known))
    begin = max(0, min(there - SHOWN // 2, len(known) - SHOWN))
    return begin, min(begin + SHOWN, len(known))


def _to(words: str, channel: Channel, message: Message, show: Callable[[Channel, str], None]) -> Part:
    return Part(words, message.ts, partial(button, words, partial(show, channel, message.ts), "mark"), classes="beginning")


def _head(slack: SlackStandIn, channel: Channel, shared: str) -> None:
    element("h2", "place-title", title(slack, channel))
    if channel.private and not channel.im:
        element("span", "pill", "Private")
    if shared:
        element("span", "pill", shared)
    if not channel.im:
        count = len(channel.members)
        element("span", "members", f"{count} {'member' if count == 1 else 'members'}")


def _marks(channel: Channel, marks: list[tuple[str, str]], pins: list[str], show: Callable[[Channel, str], None]) -> None:
    for name, link in marks:
        element("a", "mark", name, href=link, target="_blank", rel="noopener noreferrer")
    if pins:
        button(f"{len(pins)} pinned", partial(show, channel, pins[0]), "mark")


def _beginning(slack: SlackStandIn, channel: Channel) -> Part:
    if channel.im:
        words = f"This is the very beginning of your direct messages with {slack.bot_name}."
    else:
        words = f"This is the very beginning of #{channel.name}."
    return Part("beginning", None, partial(element, "p", "", words), classes="beginning")
