"""Where the people on one side are in their workspaces, and how they move around."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from nicegui import background_tasks

from playground.page.browser_script import BrowserScript
from playground.page.reading import Reading
from playground.slack import Channel, SlackPerson, SlackStandIn


@dataclass(frozen=True)
class Location:
    """``thread``: the root's `ts` if one is open. ``new_from``: how far she had read when she arrived. ``near``: the `ts` of the message
    whose surroundings she looks at; else the last ones."""

    channel: Channel | Literal["home"]
    thread: str = ""
    new_from: str = ""
    near: str = ""


_PERMALINK = re.compile(r"/archives/\w+/p(\d+)(\d{6})")


def marked(channel: Channel) -> str:
    """The `ts` of the message that the channel's first bookmark leads to, else of its first pin: a customer's checklist. Empty if there is
    none."""
    links = [found for mark in channel.bookmarks if (found := _PERMALINK.search(str(mark["link"])))]
    wanted = [*(f"{found[1]}.{found[2]}" for found in links), *channel.pins]
    return next((ts for ts in wanted if channel.find(ts)), "")


class Navigation:
    """For one browser: another may show the same person elsewhere. ``refresh`` redraws what changed."""

    def __init__(self, slack: SlackStandIn, reading: Reading, script: BrowserScript, refresh: Callable[[], None]) -> None:
        self.slack, self.reading, self.script, self.refresh = slack, reading, script, refresh
        self._known: dict[str, Location] = {}

    def of(self, person: SlackPerson) -> Location:
        known = self._known.get(person.id)
        if known is None or (known.channel != "home" and known.channel not in person.channels()):
            own = [channel for channel in person.channels() if not channel.im]
            known = self._known[person.id] = self._begin(person, own[0]) if own else Location("home")
            if not own:  # in no channel any more
                background_tasks.create(person.open_home(), name="opens the home")
        return known

    def _begin(self, person: SlackPerson, channel: Channel) -> Location:
        """Who has been nowhere yet begins at what the channel is about."""
        location = replace(self._arrive(person, channel), near=marked(channel))
        if location.near:
            self.script.show_beginning(location.near)
        return location

    def _arrive(self, person: SlackPerson, channel: Channel) -> Location:
        last = self.reading.last(person, channel)
        return Location(channel, new_from=last if self.reading.unread(person, channel) else "")

    def go(self, person: SlackPerson, channel: Channel, ts: str = "") -> None:
        """To a channel, or to one message in it."""
        message = channel.find(ts) if ts else None
        location = self.of(person)
        if location.channel is not channel or not ts:
            location = self._arrive(person, channel)
        in_thread = message is not None and message.thread_ts not in (None, message.ts)
        near = message.thread if message else ""
        self._known[person.id] = replace(location, thread=near if in_thread else "", near=near)
        self.refresh()
        if ts:
            self.script.show_message(ts)

    def to_the_last(self, person: SlackPerson) -> None:
        """Of the channel's messages, where what she wrote stands, and what she is answered."""
        self._known[person.id] = replace(self.of(person), near="")
        self.refresh()

    def go_home(self, person: SlackPerson) -> None:
        self._known[person.id] = Location("home")
        background_tasks.create(person.open_home(), name="opens the home")
        self.refresh()

    def go_direct(self, person: SlackPerson) -> None:
        """To the direct message with the app, which is notified."""
        channel = self.slack.world.dm(person.user, self.slack.bot_user_id)
        background_tasks.create(person.open_home(wait=0, tab="messages"), name="opens the messages")
        self.go(person, channel)

    def open_thread(self, person: SlackPerson, channel: Channel, root: str) -> None:
        location = self.of(person)
        if location.channel is not channel:
            location = self._arrive(person, channel)
        self._known[person.id] = replace(location, thread=root)
        self.refresh()
        self.script.focus(".thread textarea")

    def close_thread(self, person: SlackPerson) -> None:
        self._known[person.id] = replace(self.of(person), thread="")
        self.refresh()
        self.script.focus(".composer textarea")
