"""The list of what a person can go to, with marks where something is unread."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from nicegui import ui

from playground.page import messages
from playground.page.parts import Part, button, element
from playground.slack import Channel, Person

if TYPE_CHECKING:
    from playground.page.workspace import Side

_HOUSE = '<svg viewBox="0 0 18 18" aria-hidden="true"><path d="M3 8.5L9 3l6 5.5M4.5 8v6.5h3v-4h3v4h3V8"/></svg>'


def introduction(side: "Side", person: Person) -> str:
    """Who one chooses: a name and what they are in the story."""
    team = person.user.team
    if team != side.slack.installing_team:
        return f"{person.name} · {team.name}"
    if person.id in side.page.office.support.members:
        return f"{person.name} · support"
    return f"{person.name} · {'guest' if person.user.restricted else 'not support'}"


def part(side: "Side") -> Part:
    return Part(
        ("nav", side.person.id), tag="nav", classes="sidebar", props={"aria-label": "Channels"}, parts=list(_inside(side))
    )


def _inside(side: "Side") -> Iterator[Part]:
    team = side.person.user.team
    yield Part("team", None, partial(element, "strong", "", team.name), classes="team-name")
    yield Part("channels", None, partial(element, "span", "", "Channels"), classes="sidebar-title")
    direct: Channel | None = None
    for channel in side.person.channels():
        if channel.im:
            direct = channel
            continue
        yield _entry(side, channel.id, f"# {channel.name}", channel, shared=channel.is_ext_shared)
    yield Part("apps", None, partial(element, "span", "", "Apps"), classes="sidebar-title")
    yield _entry(side, "direct", side.slack.bot_name, direct)
    yield _entry(side, "home", "App Home", None)


def _entry(side: "Side", key: str, name: str, channel: Channel | None, *, shared: bool = False) -> Part:
    here = side.place.channel
    current = here == "home" if key == "home" else channel is not None and here is channel
    unread = channel is not None and not current and side.page.reading.unread(side.person, channel)
    content = (name, current, unread, channel)

    def act() -> None:
        if key == "home":
            side.go_home()
        elif channel is None or channel.im:
            side.go_direct()
        else:
            side.go(channel)

    return Part(key, content, partial(_draw, side, name, act, current=current, unread=unread, shared=shared, icon=key))


def _draw(side: "Side", name: str, act: Callable[[], None], *, current: bool, unread: bool, shared: bool, icon: str) -> None:
    marks = [("nav", True), ("current", current), ("unread", unread)]
    classes = " ".join(mark for mark, holds in marks if holds)
    entry = button(
        "", act, classes, name=name, aria_label=f"{name}, unread" if unread else name, aria_current="page" if current else None
    )
    with entry:
        if icon == "direct":
            messages.avatar(side, side.slack.bot_user_id)
        elif icon == "home":
            ui.html(_HOUSE, sanitize=False, tag="span").classes("nav-icon")
        element("span", "nav-name", name)
        if shared:
            element("span", "nav-shared", "shared", title="Shared with another company", aria_hidden="true")
        if unread:
            element("span", "nav-dot", aria_hidden="true")
