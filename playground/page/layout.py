"""What one browser shows: both sides, with the demo's panes below."""

import asyncio
import json
import logging
from functools import partial

from nicegui import Client, ui

from playground.life import life_of
from playground.page import demo_pane, inspector, theme, try_this
from playground.page.browser_script import BrowserScript
from playground.page.parts import HtmlElement, button, element, set_prop
from playground.page.shared import SharedState
from playground.page.try_this import Tip
from playground.page.words import FALLBACK, accepted, in_language
from playground.page.workspace import Workspace
from playground.slack import Message, SlackPerson

log = logging.getLogger("playground.page")

BURST = 0.08
"""Seconds between redraws, so that a burst of changes is drawn once."""


class Layout:
    def __init__(self, shared: SharedState) -> None:
        self.shared = shared
        self._client = ui.context.client
        theme.dress()
        self.language = _language(self._client)
        self._client.content.classes(replace="layout").props["lang"] = self.language
        self._say = partial(in_language, self.language)
        with element("header", "top"):
            self._header()
        try_this.draw(shared.office, self.language, self.try_out)
        with element("div", "sides") as self.frame:
            tabs = element("div", "side-tabs", role="tablist", aria_label=self._say("page.sides"))
            self.left = Workspace("customer", shared, self.language, support=False)
            self.right = Workspace("support", shared, self.language, support=True)
        self._tabs(tabs)
        self.active = self.left
        for side in (self.left, self.right):
            side.root.on("focusin", partial(self._look, side), args=[])
        self._panes: dict[str, tuple[HtmlElement, HtmlElement]] = {}
        self._pane, self._arrived = "", False
        self._client.on_connect(self._arrive)
        self._dock()
        self._choose(self.left)
        self.refresh()

    @property
    def customer(self) -> SlackPerson:
        return self.left.person

    @property
    def support(self) -> SlackPerson:
        return self.right.person

    @property
    def looked_at(self) -> SlackPerson:
        return self.active.person

    def show(self, person: SlackPerson, message: Message | None, since: int) -> None:
        """Seat a person at her side, bring that side into view, and there what changed since that change of the messages; else the
        message, if its channel is open."""
        self.seat(person).news.catch_up(person, since, message)

    def seat(self, person: SlackPerson) -> Workspace:
        """At her side, which comes into view."""
        side = next(side for side in (self.left, self.right) if person in side.people)
        self._look(side)
        self._choose(side)
        if side.person is not person:
            side.choose(person.id)
        return side

    def try_out(self, tip: Tip) -> None:
        """Go where a tip says what to do."""
        if tip.person is None:
            self._open("demo")
            self._script.focus(f"[data-move={json.dumps(tip.press)}]")
            return
        side = self.seat(tip.person)
        if tip.channel is None:
            side.navigation.go_home(tip.person)
            return
        ts = tip.message.ts if tip.message else ""
        side.navigation.go(tip.person, tip.channel, ts)
        if ts:
            side.script.show_button(ts)
        else:
            side.script.focus(".composer textarea")

    def refresh(self) -> None:
        for side in (self.left, self.right):
            side.refresh()
            self._name_tab(side)

    def _name_tab(self, side: Workspace) -> None:
        """With a word if something changed behind it."""
        tab, waits = self._tab_buttons[side.name], side.news.waits and side is not self._shown
        words = self._say("change.side", name=side.label) if waits else side.label
        if tab.text != words:
            tab.text = words

    def _arrive(self) -> None:
        """The browser is there for the first time: it shows what each side begins at."""
        if not self._arrived:
            self._arrived = True
            for side in (self.left, self.right):
                side.arrive()

    async def follow(self) -> None:
        """Draw changes until cancelled. While no browser is connected nothing is drawn; it catches up on reconnecting."""
        with self.shared.slack.listening() as changed:
            while True:
                changed.clear()
                try:
                    self.refresh()
                except Exception:  # a message that breaks must not stop the page
                    log.exception("the page could not be drawn")
                await asyncio.sleep(BURST)
                await changed.wait()
                await self._client.connected()

    def _look(self, side: Workspace) -> None:
        self.active = side

    def _header(self) -> None:
        with element("div", "brand"):
            element("h1", "", self._say("page.title"))
            element("span", "only-here", self._say("page.only_here"))
        try_this.switch(self.language)
        theme.dark_switch(self._say("page.dark"))

    def _tabs(self, tabs: HtmlElement) -> None:
        with tabs:
            self._tab_buttons = {
                side.name: button(side.label, partial(self._choose, side), "side-tab", role="tab")
                for side in (self.left, self.right)
            }

    def _choose(self, side: Workspace) -> None:
        """Which side to show if there is room for only one."""
        self._shown = side
        side.news.read()
        self._name_tab(side)
        self.frame.classes(replace=f"sides show-{side.name}")
        for name, tab in self._tab_buttons.items():
            set_prop(tab, "aria-selected", "true" if name == side.name else "false")

    def _dock(self) -> None:
        panes = {
            "demo": partial(demo_pane.draw, life_of(self.shared.office), self, self.shared.filled, self.language),
            "inspector": partial(inspector.draw, self.shared.slack, self.language),
        }
        with element("div", "dock") as dock:
            self._script = BrowserScript(dock)
            with element("div", "dock-bar"):
                switches = {name: button(self._say(f"page.{name}"), partial(self._toggle, name), "dock-tab") for name in panes}
            for name, draw in panes.items():
                with element("div", "pane") as pane:
                    draw()
                self._panes[name] = (switches[name], pane)
        self._toggle(next(iter(panes)))

    def _toggle(self, name: str) -> None:
        """Show one pane, or none if its button is pressed again."""
        self._open("" if self._pane == name else name)

    def _open(self, name: str) -> None:
        self._pane = name
        for other, (switch, pane) in self._panes.items():
            shown = other == self._pane
            pane.set_visibility(shown)
            set_prop(switch, "aria-expanded", "true" if shown else "false")


def _language(client: Client) -> str:
    """Of what the page says to whoever looks at it in a browser."""
    try:
        return accepted(client.request.headers.get("accept-language", ""))
    except RuntimeError:  # no browser has asked for it
        return FALLBACK
