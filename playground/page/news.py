"""Leads one side's reader to what changed: scrolls to it, or says where it is in a badge that leads there."""

from collections.abc import Callable
from functools import partial

from nicegui.element import Element
from nicegui.events import GenericEventArguments

from playground.page import changes
from playground.page.browser_script import BrowserScript
from playground.page.changes import ShownChange
from playground.page.navigation import Navigation
from playground.page.parts import Part, button
from playground.page.words import say
from playground.slack import Message, SlackPerson, SlackStandIn


class News:
    """``waits``: whether something changed since `read`. ``refresh`` redraws what changed."""

    def __init__(
        self, root: Element, slack: SlackStandIn, navigation: Navigation, script: BrowserScript, refresh: Callable[[], None]
    ) -> None:
        self.slack, self.navigation, self.script, self.refresh = slack, navigation, script, refresh
        self.waits = False
        self._known = slack.last_change
        self._shown: ShownChange | None = None
        self._unseen: ShownChange | None = None
        root.on("changeunseen", self._out_of_sight, js_handler="(event) => emit(event.detail)")
        root.on("changeseen", self._in_sight, js_handler="(event) => emit(event.detail)")

    def look(self, person: SlackPerson) -> None:
        """Show what changed since the last look."""
        since, self._known = self._known, self.slack.last_change
        change = self._first(person, since) if since != self._known and self.script.connected else None
        if change is not None:
            self._show(change)
        unseen = self._unseen
        if unseen is not None and (self.navigation.of(person).channel is unseen.message.channel) is not unseen.here:
            self._unseen = None  # somebody went there, or away

    def catch_up(self, person: SlackPerson, number: int, message: Message | None) -> None:
        """Show what changed after that change, else, in the channel that is open, the end of a message."""
        change = self._first(person, number)
        if change is not None:
            self._show(change)
        elsewhere = change is None or not change.here
        if elsewhere and message is not None and message.channel is self.navigation.of(person).channel:
            self.script.show_end(message.ts)
        self.refresh()

    def read(self) -> None:
        self.waits = False

    def forget(self) -> None:
        """Somebody else sits here."""
        self._unseen = None

    def part(self, person: SlackPerson) -> Part:
        """The badge; an empty place as long as there is none."""
        inner = []
        if self._unseen is not None:
            words = changes.badge(self._unseen, person, self.slack)
            inner.append(Part("badge", words, partial(self._draw, person, words), classes="news-badge"))
        return Part("news", tag="div", classes="news", props={"role": "status"}, parts=inner)

    def _draw(self, person: SlackPerson, words: str) -> None:
        button(words, partial(self._go, person), "news-go", name="go")
        button("×", self._drop, "news-close", aria_label=say(person, "close"), title=say(person, "close"))

    def _first(self, person: SlackPerson, number: int) -> ShownChange | None:
        return changes.first(self.navigation.of(person), changes.seen_since(person, self.slack, number))

    def _show(self, change: ShownChange) -> None:
        self.waits = True
        if change.here:
            self._shown = change
            self.script.show_change(change.message.ts)
        else:
            self._unseen = change

    def _out_of_sight(self, event: GenericEventArguments) -> None:
        if self._shown is not None and self._shown.message.ts == str(event.args):
            self._unseen = self._shown
            self.refresh()

    def _in_sight(self, event: GenericEventArguments) -> None:
        if self._unseen is not None and self._unseen.message.ts == str(event.args):
            self._drop()

    def _go(self, person: SlackPerson) -> None:
        change, self._unseen = self._unseen, None
        if change is not None:
            self.navigation.go(person, change.message.channel, change.message.ts)

    def _drop(self) -> None:
        self._unseen = None
        self.refresh()
