"""What one browser shows: both sides, and the panes of the demo below them."""

import asyncio
import logging
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from nicegui import ui

from playground.page import controls, inspector, theme
from playground.page.parts import HtmlElement, button, element
from playground.page.workspace import Side
from playground.slack import Person

if TYPE_CHECKING:
    from playground.page.server import Page

log = logging.getLogger("playground.page")

BURST = 0.08
"""Seconds between two drawings, so that a burst of changes is drawn once."""
PANES: dict[str, Callable[["Page"], None]] = {"Demo": controls.draw, "Inspector": inspector.draw}


class Desk:
    def __init__(self, page: "Page") -> None:
        self.page = page
        self.client = ui.context.client
        theme.dress()
        self.client.content.classes(replace="desk")
        with element("header", "top"):
            self._header()
        with element("div", "sides") as self.sides:
            self._tabs()
            self.customer = Side(self, "Customer", page.people(support=False))
            self.support = Side(self, "Support", page.people(support=True))
        self.active = self.customer
        for side in (self.customer, self.support):
            side.root.on("focusin", partial(self._look, side), args=[])
        self._panes: dict[str, tuple[HtmlElement, HtmlElement]] = {}
        self._pane = ""

    def open(self) -> None:
        """Draw the rest, for which the desk must be known to the page."""
        self._dock()
        self._choose("Customer")
        self.refresh()

    @property
    def looked_at(self) -> Person:
        """Who was last in use."""
        return self.active.person

    def refresh(self) -> None:
        for side in (self.customer, self.support):
            side.refresh()

    async def follow(self) -> None:
        """Draw what changes, until cancelled."""
        with self.page.slack.listening() as changed:
            while True:
                changed.clear()
                try:
                    self.refresh()
                except Exception:  # what one message breaks must not stop the page
                    log.exception("the page could not be drawn")
                await asyncio.sleep(BURST)
                await changed.wait()

    def javascript(self, code: str) -> None:
        if self.client.has_socket_connection:
            self.client.run_javascript(code)

    def show(self, person: Person) -> None:
        """Let a person sit down at her side, in view."""
        for side in (self.customer, self.support):
            if person in side.people:
                self._look(side)
                self._choose(side.name)
                if side.person is not person:
                    side.choose(person.id)

    def _look(self, side: Side) -> None:
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
        """Which side shows where there is room for one."""
        self.sides.classes(replace=f"sides show-{name.lower()}")
        for other, tab in self._tab_buttons.items():
            tab.props["aria-selected"] = "true" if other == name else "false"

    def _dock(self) -> None:
        with element("div", "dock"):
            with element("div", "dock-bar"):
                switches = {name: button(name, partial(self._toggle, name), "dock-tab") for name in PANES}
            for name, draw in PANES.items():
                with element("div", "pane") as pane:
                    draw(self.page)
                self._panes[name] = (switches[name], pane)
        self._toggle(next(iter(PANES)))

    def _toggle(self, name: str) -> None:
        """Show one pane, or none when its button is pressed again."""
        self._pane = "" if self._pane == name else name
        for other, (switch, pane) in self._panes.items():
            shown = other == self._pane
            pane.set_visibility(shown)
            switch.props["aria-expanded"] = "true" if shown else "false"
