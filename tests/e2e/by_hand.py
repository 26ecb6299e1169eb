"""The rehearsal's journey, but each click and keystroke goes through the page: only what is drawn can be clicked."""

import contextlib
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

from playwright.async_api import TimeoutError as PlaywrightTimeoutError
from playwright.async_api import expect

from bot.messages.buttons import Act
from bot.modals.parse import field_name
from flows.forms.dialogs import START
from playground.browser import SOON_MS, TRIES, PageSide
from playground.office import Office
from playground.slack import Message, SlackPerson, UnmetError, View
from playground.walkthrough import (
    Fill,
    FormRefusedError,
    Happened,
    Walkthrough,
    action_id,
    chosen,
    holds,
    is_another,
    items_of,
    label,
    meta_of,
    page_title,
    ready,
    to_correct,
    value_for,
)
from tests.e2e.filling import fill
from tests.e2e.visit import Visit

SECONDS = 20.0


class ByHand(Walkthrough):
    """People of `office`, in front of the window of `visit`."""

    def __init__(self, office: Office, visit: Visit) -> None:
        super().__init__(office)
        self.visit = visit

    async def sit(self, person: SlackPerson) -> PageSide:
        """The person's side of the page, with them selected there."""
        side = self.visit.support if person.user.team is self.slack.installing_team else self.visit.customer
        await side.become(person.name)
        return side

    async def press(
        self, person: SlackPerson, target: Callable[[], Message | View], act: Act, happened: Happened, *, task: str = ""
    ) -> None:
        await self._insist(self.opens(person, target, act, task), happened)

    async def _insist(self, press: Callable[[], Awaitable[Any]], happened: Happened) -> None:
        """Press again if nothing happens, as people do."""
        for patience in (SECONDS / 3, SECONDS / 3, SECONDS):
            await press()
            try:
                await self.slack.until(lambda: holds(happened), patience)
            except UnmetError:
                if patience == SECONDS:
                    raise
            else:
                return

    def opens(
        self, person: SlackPerson, target: Callable[[], Message | View], act: Act, task: str = ""
    ) -> Callable[[], Awaitable[Any]]:
        async def click() -> None:
            message = await self.slack.until(lambda: action_id(target().blocks, act, task) and target(), SECONDS)
            name = action_id(message.blocks, act, task)
            side = await self.sit(person)
            await side.go(message.channel.name)
            await side.press(label(message.blocks, str(name)), on=heading(message))

        return click

    async def fill_form(
        self,
        person: SlackPerson,
        opened: Callable[[], Awaitable[Any]],
        values: Fill,
        happened: Happened,
        *,
        stop_at: int | None = None,
        failures: Callable[[], int] = lambda: 0,  # noqa: ARG002  nothing fails here
    ) -> None:
        if not ready(person.view):
            await self._insist(opened, lambda: ready(person.view))
        side = await self.sit(person)
        view: View = await self.slack.until(lambda: ready(person.view) and person.view, SECONDS)
        pages, corrected = 0, set[str]()
        while True:
            if pages == stop_at:
                await side.close()
                return
            if (name := to_correct(view)) is not None and name not in corrected:
                corrected.add(name)
                view = await self._corrects(side, person, view)
            await self.type_in(person, view, values() if callable(values) else values)
            view = person.view or view
            clicked = AtClick(view)
            await side.submit(str(view["submit"]["text"]))
            pages += 1
            following = await self._after(person, clicked, happened)
            if following is None:
                break
            view = following
        await self.slack.until(lambda: holds(happened), SECONDS)
        await self._put_away(side, person)

    async def _corrects(self, side: PageSide, person: SlackPerson, last: View) -> View:
        """Go to the page of the first answer in which changes were requested: its button stands first."""
        words = label(last.blocks, str(to_correct(last)))
        await side.dialog.get_by_role("button", name=words, exact=True).first.click()
        view: View = await self.slack.until(lambda: person.view and person.view.labels and person.view, SECONDS)
        return view

    async def _put_away(self, side: PageSide, person: SlackPerson) -> None:
        """Close what is still open, if it doesn't close by itself: what was asked for may be seen before the answer. A press on Close that
        comes late would close what is opened next."""
        with contextlib.suppress(UnmetError):
            await self.slack.until(lambda: person.view is None, SECONDS / 3)
        for _ in range(TRIES):
            if person.view is None:
                break
            with contextlib.suppress(PlaywrightTimeoutError):
                await side.close(SOON_MS)
        await expect(side.here.get_by_role("dialog")).to_have_count(0)

    async def _after(self, person: SlackPerson, clicked: "AtClick", happened: Happened) -> View | None:
        """The next page; None once all is sent. What was refused before, and is still on the screen, answers nothing."""

        def came() -> bool:
            view = person.view
            return view is None or clicked.refused(view) or (ready(view) and clicked.turned(view)) or bool(holds(happened))

        await self.slack.until(came, SECONDS)
        view = person.view
        if view is not None and clicked.refused(view):
            raise FormRefusedError(view.errors)
        return None if view is None or holds(happened) else view

    async def type_in(self, person: SlackPerson, view: View, values: Mapping[str, Any]) -> None:
        side = await self.sit(person)
        await expect(side.dialog).to_have_accessible_name(view.title)
        page = page_title(view).removeprefix(f"{view.title}: ")
        await expect(side.dialog).to_contain_text(page)
        filled = set[str]()
        while block := next((one for one in view.blocks if one["type"] == "input" and one["block_id"] not in filled), None):
            filled.add(block["block_id"])
            value = value_for(field_name(block["block_id"]), block["element"], items_of(values, view))
            redraws = bool(block.get("dispatch_action")) and meta_of(view).form != START
            if value is None or (redraws and value in chosen(view.inputs[block["block_id"]]["value"])):
                continue
            before = view.hash
            await fill(side, person, block, value)
            if redraws:  # what else is asked may depend on it
                await self.slack.until(partial(is_another, person, before), SECONDS)
                view = person.view or view


class AtClick:
    """A form as it stood when the button was clicked, which reaches the stand-in a moment later."""

    def __init__(self, view: View) -> None:
        self.page = view.id, view.hash
        self.errors = view.errors

    def turned(self, view: View) -> bool:
        return (view.id, view.hash) != self.page

    def refused(self, view: View) -> bool:
        """Whether these are errors of that click: each answer brings its own."""
        return bool(view.errors) and view.errors is not self.errors


def heading(message: Message) -> str:
    """Its header's text: how people tell it from other messages."""
    return next((str(block["text"]["text"]) for block in message.blocks if block["type"] == "header"), message.text)
