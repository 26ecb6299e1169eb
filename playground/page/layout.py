"""What one browser shows: both sides, with the demo's panes below."""

import asyncio
import logging
from functools import partial

from nicegui import ui

from playground.life import life_of
from playground.page import demo_pane, inspector, theme
from playground.page.parts import HtmlElement, button, element, set_prop
from playground.page.shared import SharedState
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
        self._client.content.classes(replace="layout")
        with element("header", "top"):
            self._header()
        with element("div", "sides") as self.frame:
            self._tabs()
            self.left = Workspace("Customer", shared, support=False)
            self.right = Workspace("Support", shared, support=True)
        self.active = self.left
        for side in (self.left, self.right):
            side.root.on("focusin", partial(self._look, side), args=[])
        self._panes: dict[str, tuple[HtmlElement, HtmlElement]] = {}
        self._pane = ""
        self._dock()
        self._choose("Customer")
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

    def show(self, person: SlackPerson, message: Message | None = None) -> None:
        """Seat a person at her side and bring that side into view, and a message in the channel that is open there."""
        for side in (self.left, self.right):
            if person in side.people:
                self._look(side)
                self._choose(side.name)
                if side.person is not person:
                    side.choose(person.id)
                if message is not None and side.navigation.of(person).channel is message.channel:
                    side.script.show_end(message.ts)

    def refresh(self) -> None:
        for side in (self.left, self.right):
            side.refresh()

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
            element("h1", "", "Pismo onboarding, playground")
            element("span", "only-here", "this page is for this machine only")
        theme.dark_switch()

    def _tabs(self) -> None:
        with element("div", "side-tabs", role="tablist", aria_label="Sides"):
            self._tab_buttons = {
                name: button(name, partial(self._choose, name), "side-tab", role="tab") for name in ("Customer", "Support")
            }

    def _choose(self, name: str) -> None:
        """Which side to show if there is room for only one."""
        self.frame.classes(replace=f"sides show-{name.lower()}")
        for other, tab in self._tab_buttons.items():
            set_prop(tab, "aria-selected", "true" if other == name else "false")

    def _dock(self) -> None:
        panes = {
            "Demo": partial(demo_pane.draw, life_of(self.shared.office), self, self.shared.filled),
            "Inspector": partial(inspector.draw, self.shared.slack),
        }
        with element("div", "dock"):
            with element("div", "dock-bar"):
                switches = {name: button(name, partial(self._toggle, name), "dock-tab") for name in panes}
            for name, draw in panes.items():
                with element("div", "pane") as pane:
                    draw()
                self._panes[name] = (switches[name], pane)
        self._toggle(next(iter(panes)))

    def _toggle(self, name: str) -> None:
        """Show one pane, or none if its button is pressed again."""
        self._pane = "" if self._pane == name else name
        for other, (switch, pane) in self._panes.items():
            shown = other == self._pane
            pane.set_visibility(shown)
            set_prop(switch, "aria-expanded", "true" if shown else "false")
