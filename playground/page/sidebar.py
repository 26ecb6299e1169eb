"""The list of places a person can go to, with marks where something is unread."""

from collections.abc import Callable, Iterator
from functools import partial

from nicegui import ui

from playground.office import Office
from playground.page.messages import avatar
from playground.page.navigation import Navigation
from playground.page.parts import Part, button, element
from playground.page.reading import Reading
from playground.page.words import in_language, say
from playground.slack import Channel, SlackPerson, SlackStandIn

_HOUSE = '<svg viewBox="0 0 18 18" aria-hidden="true"><path d="M3 8.5L9 3l6 5.5M4.5 8v6.5h3v-4h3v4h3V8"/></svg>'


def introduction(office: Office, person: SlackPerson, language: str) -> str:
    """A person to choose: a name and their part in the story."""
    team = person.user.team
    if team != office.slack.installing_team:
        return f"{person.name} · {team.name}"
    part = "in_support" if person.id in office.support.members else "guest" if person.user.restricted else "not_support"
    return f"{person.name} · {in_language(language, f'page.{part}')}"


def part(
    person: SlackPerson,
    slack: SlackStandIn,
    reading: Reading,
    navigation: Navigation,
    went: Callable[[], None],
    *,
    folded: bool,
) -> Part:
    """``went`` is called after somebody went anywhere. ``folded``: out of sight in narrow windows."""
    inside = list(_inside(person, slack, reading, navigation, went))
    classes = "sidebar folded" if folded else "sidebar"
    return Part(("nav", person.id), tag="nav", classes=classes, props={"aria-label": say(person, "channels")}, parts=inside)


def _inside(
    person: SlackPerson, slack: SlackStandIn, reading: Reading, navigation: Navigation, went: Callable[[], None]
) -> Iterator[Part]:
    here = navigation.of(person).channel

    def entry(key: str, name: str, to: Callable[[], None], channel: Channel | None, *, shared: bool = False) -> Part:
        def act() -> None:
            to()
            went()

        current = here == "home" if key == "home" else channel is not None and here is channel
        unread = channel is not None and not current and reading.unread(person, channel)
        drawn = partial(_draw, person, slack, name, act, current=current, unread=unread, shared=shared, icon=key)
        return Part(key, (name, current, unread, channel), drawn)

    yield Part("team", None, partial(element, "strong", "", person.user.team.name), classes="team-name")
    yield Part("channels", None, partial(element, "span", "", say(person, "channels")), classes="sidebar-title")
    direct: Channel | None = None
    for channel in person.channels():
        if channel.im:
            direct = channel
            continue
        to = partial(navigation.go, person, channel)
        yield entry(channel.id, f"# {channel.name}", to, channel, shared=channel.is_ext_shared)
    apps = [
        Part("apps", None, partial(element, "span", "", say(person, "apps")), classes="sidebar-title"),
        entry("direct", slack.bot_name, partial(navigation.go_direct, person), direct),
        entry("home", say(person, "app_home"), partial(navigation.go_home, person), None),
    ]
    yield Part("apps", parts=apps, classes="sidebar-apps")


def _draw(
    person: SlackPerson,
    slack: SlackStandIn,
    name: str,
    act: Callable[[], None],
    *,
    current: bool,
    unread: bool,
    shared: bool,
    icon: str,
) -> None:
    marks = [("nav", True), ("current", current), ("unread", unread)]
    classes = " ".join(mark for mark, holds in marks if holds)
    entry = button(
        "",
        act,
        classes,
        name=name,
        aria_label=say(person, "unread", name=name) if unread else name,
        aria_current="page" if current else None,
    )
    with entry:
        if icon == "direct":
            avatar(slack, slack.bot_user_id)
        elif icon == "home":
            ui.html(_HOUSE, sanitize=False, tag="span").classes("nav-icon")
        element("span", "nav-name", name, title=name)
        if shared:
            element("span", "nav-shared", say(person, "shared"), title=say(person, "shared_outside"), aria_hidden="true")
        if unread:
            element("span", "nav-dot", aria_hidden="true")
