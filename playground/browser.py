"""The page in a real browser, driven by the names a screen reader says: for the tests and the pictures."""

import contextlib
import re
import shutil

from playwright.async_api import Browser, Locator, Page, Playwright, expect
from playwright.async_api import Error as PlaywrightError

from playground.page.words import in_any

CHROMIUM = shutil.which("chromium")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PATIENCE_MS = 60_000
"""How long a person with a very busy machine waits; there are no fixed sleeps."""
SOON_MS, TRIES = 5_000, 5
"""How long until a person repeats a click that had no effect, and how often."""
WIDE, NARROW = (1280, 800), (800, 900)


async def launch(playwright: Playwright) -> Browser:
    """Debian's Chromium, headless."""
    expect.set_options(timeout=PATIENCE_MS)
    return await playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))


async def open_pane(page: Page, name: str) -> Locator:
    """One of the panes below: "Demo" or "Inspector"."""
    switch = page.get_by_role("button", name=name, exact=True)
    if await switch.get_attribute("aria-expanded") != "true":
        await switch.click()
    pane = page.get_by_role("region", name=name, exact=True)
    await expect(pane).to_be_visible()
    return pane


async def close_panes(page: Page) -> None:
    """Leave all the room to the two sides."""
    for switch in await page.locator(".dock-tab[aria-expanded=true]").all():
        await switch.click()
    await expect(page.locator(".dock-tab[aria-expanded=true]")).to_have_count(0)


def labelled(label: str) -> re.Pattern[str]:
    """A field's name: its label, with or without "(optional)", in any language."""
    return re.compile(rf"^\s*{re.escape(label)}\s*(\({in_any('optional')}\))?\s*$")


def whole(key: str, **values: object) -> re.Pattern[str]:
    """A name that is Slack's own, in any language."""
    return re.compile(f"^{in_any(key, **values)}$")


class PageSide:
    """A workspace as the person chosen there sees it: the region "Customer" or "Support"."""

    def __init__(self, page: Page, name: str) -> None:
        self.page = page
        self.name = name
        self.here = page.get_by_role("region", name=name, exact=True)

    # -- seeing

    @property
    def dialog(self) -> Locator:
        """The form on top."""
        return self.here.get_by_role("dialog").last

    @property
    def thread(self) -> Locator:
        return self.here.get_by_role("region", name=whole("thread"))

    @property
    def messages(self) -> Locator:
        return self.here.get_by_role("article")

    def message(self, words: str | re.Pattern[str]) -> Locator:
        """The last message with these words in the channel or the open thread."""
        return self.messages.filter(has_text=words).last

    async def show(self, words: str) -> None:
        """Scroll to the last message with these words."""
        await self.message(words).scroll_into_view_if_needed()

    async def sees(self, words: str | re.Pattern[str]) -> None:
        await expect(self.message(words)).to_be_visible()

    async def sees_no(self, words: str) -> None:
        await expect(self.messages.filter(has_text=words)).to_have_count(0)

    def place(self, name: str) -> Locator:
        """The button that leads to a channel, to "App Home" or to "onboarding", the conversation with the bot."""
        words = in_any("app_home") if name == "App Home" else re.escape(name)
        return self.here.get_by_role("button", name=re.compile(rf"^(# ?)?{words}\b"), include_hidden=True).first

    @property
    def places_switch(self) -> Locator:
        """What unfolds the list of channels in a narrow window."""
        return self.here.get_by_role("button", name=re.compile(f"^☰ {in_any('channels')}"))

    def field(self, label: str) -> Locator:
        """The control of the open form with this label."""
        return self.dialog.get_by_label(labelled(label)).first

    async def error_of(self, control: Locator) -> Locator:
        """What says why the control's value was not taken."""
        await expect(control).to_have_attribute("aria-invalid", "true")
        described = (await control.get_attribute("aria-describedby") or "").split()
        return self.dialog.get_by_role("alert").and_(self.page.locator(", ".join(f"#{name}" for name in described)))

    # -- moving

    async def become(self, name: str) -> None:
        """Choose who looks, unless they are already chosen."""
        if await self.here.get_attribute("data-person") == name:
            return
        people = self.here.get_by_label("Person", exact=True)
        found = people.locator("option").filter(has_text=re.compile(rf"^{re.escape(name)}\b"))
        await people.select_option(value=await found.get_attribute("value"))
        await expect(self.here).to_have_attribute("data-person", name)

    async def go(self, place: str) -> None:
        """To a channel, unless it is already open."""
        if await self.place(place).get_attribute("aria-current") != "page":
            if not await self.place(place).is_visible():
                await self.places_switch.click()
            await self.place(place).click()
        await expect(self.place(place)).to_have_attribute("aria-current", "page")

    async def open_thread(self, words: str) -> None:
        """The thread of the last message with these words."""
        await self.message(words).get_by_role("button", name=whole("replies", n=r"\d+")).click()
        await expect(self.thread).to_be_visible()

    async def close_thread(self) -> None:
        await self.thread.get_by_role("button", name=whole("close_thread")).click()
        await expect(self.thread).to_have_count(0)

    # -- doing

    def button(self, name: str, *, on: str = "") -> Locator:
        """The button on the last message that has it; `on`: words in the message."""
        wanted = self.page.get_by_role("button", name=name, exact=True)
        return self.messages.filter(has_text=on, has=wanted).last.get_by_role("button", name=name, exact=True)

    async def press(self, name: str, *, on: str = "") -> None:
        await self.button(name, on=on).click()

    async def say(self, line: str) -> None:
        """Type into the channel's composer; a line that begins with a slash is a command."""
        box = self.here.get_by_role("textbox", name=re.compile(f"^({in_any('message_in')}|{in_any('message_to')})$"))
        await box.fill(line)
        await box.press("Enter")

    async def choose(self, control: Locator, option: str, query: str = "", among: int = 1) -> None:
        """In a select: open its list and choose. `query`: typed first, to search; the list then offers `among` options."""
        await control.click()
        if query:
            await control.fill(query)
            await expect(self._options).to_have_count(among)
        await self._take(option)
        await expect(control).to_have_value(option)

    async def add(self, control: Locator, option: str) -> None:
        """In a select of several: one more. Its list closes; one that opens again is left, as people do, by a click elsewhere."""
        chosen = self.dialog.get_by_text(option, exact=True)
        await control.click()
        for _ in range(TRIES):
            with contextlib.suppress(PlaywrightError):
                if not await chosen.is_visible():
                    await self._option(option).click(timeout=SOON_MS)
            with contextlib.suppress(AssertionError):
                await expect(self._options).to_have_count(0, timeout=SOON_MS)
                break
            await self.dialog.get_by_role("heading").first.click()
        await expect(self._options).to_have_count(0)
        await expect(chosen).to_be_visible()

    async def _take(self, option: str) -> None:
        """Click an option until its list closes, as people do: a list that is redrawn mid-click misses the click."""
        for _ in range(TRIES):
            with contextlib.suppress(PlaywrightError):  # it may close at that moment
                await self._option(option).click(timeout=SOON_MS)
            with contextlib.suppress(AssertionError):
                await expect(self._options).to_have_count(0, timeout=SOON_MS)
                return
        await expect(self._options).to_have_count(0)

    @property
    def _options(self) -> Locator:
        """The options of the open list."""
        return self.page.get_by_role("listbox").get_by_role("option")

    def _option(self, words: str) -> Locator:
        return self._options.filter(has=self.page.get_by_text(words, exact=True)).first

    async def submit(self, name: str) -> None:
        await self.dialog.get_by_role("button", name=name, exact=True).click()

    async def close(self, patience_ms: float = PATIENCE_MS) -> None:
        """With the cross in the corner, which closes every open form."""
        await self.dialog.get_by_role("button", name=whole("close")).first.click(timeout=patience_ms)
        await expect(self.here.get_by_role("dialog")).to_have_count(0)
