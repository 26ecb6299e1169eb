"""A channel, or the direct message with the app: header, bookmarks, messages and where one writes."""

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from playground.page import messages
from playground.page.composer import Composer
from playground.page.parts import Part, button, element
from playground.slack import Channel

if TYPE_CHECKING:
    from playground.page.workspace import Side


def title(side: "Side", channel: Channel) -> str:
    return side.slack.bot_name if channel.im else f"# {channel.name}"


def parts(side: "Side", channel: Channel) -> Iterator[Part]:
    other = [team.name for team in (channel.team, *channel.shared_with) if team != side.person.user.team]
    shared = f"Shared with {', '.join(other)}" if channel.is_ext_shared and other else ""
    head = (channel.name, len(channel.members), shared)
    yield Part("head", head, partial(_head, side, channel, shared), tag="header", classes="place-head")
    marks = [(mark["title"], mark["link"]) for mark in channel.bookmarks]
    pins = [ts for ts in channel.pins if channel.find(ts)]
    if marks or pins:
        yield Part("marks", (marks, pins), partial(_marks, side, channel, marks, pins), classes="marks")
    shown = side.messages(channel)
    yield Part(
        "scroll",
        classes="scroll",
        props={"tabindex": "0", "role": "log", "aria-label": "Messages"},
        parts=[
            Part("list", classes="list", parts=[_beginning(side, channel), *messages.listed(side, shown, new_from=side.new_from)])
        ],
    )
    label = f"Message {side.slack.bot_name}" if channel.im else f"Message #{channel.name}"
    yield Part("composer", None, partial(Composer, side, channel, label), classes="composer-frame")


def _head(side: "Side", channel: Channel, shared: str) -> None:
    element("h2", "place-title", title(side, channel))
    if channel.private and not channel.im:
        element("span", "pill", "Private")
    if shared:
        element("span", "pill", shared)
    if not channel.im:
        count = len(channel.members)
        element("span", "members", f"{count} {'member' if count == 1 else 'members'}")


def _marks(side: "Side", channel: Channel, marks: list[tuple[str, str]], pins: list[str]) -> None:
    for name, link in marks:
        element("a", "mark", name, href=link, target="_blank", rel="noopener noreferrer")
    if pins:
        button(f"{len(pins)} pinned", partial(side.go, channel, pins[0]), "mark")


def _beginning(side: "Side", channel: Channel) -> Part:
    if channel.im:
        words = f"This is the very beginning of your direct messages with {side.slack.bot_name}."
    else:
        words = f"This is the very beginning of #{channel.name}."
    return Part("beginning", None, partial(element, "p", "", words), classes="beginning")
