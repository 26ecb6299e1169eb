"""Takes the README's pictures from the page: python -m playground.photograph [folder]."""

import asyncio
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from playwright.async_api import Browser, async_playwright, expect
from playwright.async_api import Page as Tab

from bot.messages.texts import Texts
from playground.browser import CHROMIUM, NARROW, PATIENCE_MS, WIDE, PageSide, close_panes, launch, open_pane
from playground.examples import demo_companies
from playground.next_step import Player
from playground.office import CALM, ROOT, Office
from playground.page.office_page import OfficePage
from playground.page.server import serve

FOLDER = ROOT / "docs" / "images"
MAX_BYTES = 200_000
"""A larger picture is kept as JPEG."""

EN = Texts("en")


@dataclass(frozen=True)
class Studio:
    browser: Browser
    url: str
    folder: Path

    @asynccontextmanager
    async def window(
        self, size: tuple[int, int] = WIDE, scheme: Literal["light", "dark"] = "light", *, strip: bool = False
    ) -> AsyncIterator[tuple[Tab, PageSide, PageSide]]:
        """A new window on the page: its page, the customer's side and support's. ``strip``: with what there is to try."""
        window = await self.browser.new_context(
            viewport={"width": size[0], "height": size[1]}, color_scheme=scheme, locale="en-US"
        )
        window.set_default_timeout(PATIENCE_MS)
        if not strip:
            await window.add_init_script("localStorage.setItem('playground-try', 'closed')")
        page = await window.new_page()
        await page.goto(self.url)
        yield page, PageSide(page, "Customer"), PageSide(page, "Support")
        await window.close()

    async def keep(self, page: Tab, name: str) -> None:
        """As PNG, or as JPEG if the PNG would be too large."""
        await expect(page.locator(".looked-for")).to_have_count(0)  # it flashes no more
        picture = await page.screenshot(animations="disabled", caret="hide")
        path = self.folder / f"{name}.png"
        if len(picture) > MAX_BYTES:
            picture = await page.screenshot(type="jpeg", quality=85, animations="disabled", caret="hide")
            path = path.with_suffix(".jpg")
        path.write_bytes(picture)
        print(f"{path}  {len(picture) // 1000} kB")


async def review(studio: Studio) -> None:
    """A step waits for support: the checklist on the left, what was sent on the right, what to try above them."""
    async with studio.window(strip=True) as (page, ana, sam):
        await sam.go("onboarding-support")
        await sam.show("Approve Organization")
        await ana.go("acme_pismo")
        await ana.show("Onboarding of")
        await studio.keep(page, "review")


async def form(studio: Studio, player: Player) -> None:
    """An answer was refused, and the form says why at its field."""
    async with studio.window() as (page, ana, sam):
        await close_panes(page)
        await sam.go("onboarding-support")
        await ana.go("acme_pismo")
        await ana.press(EN("button.fill_form"), on="6. First programs")
        await expect(ana.dialog).to_contain_text("Card issuing program")
        await player.fill(player.company.lead)
        await ana.choose(ana.field("Card brand"), "Visa")
        await ana.field("BIN").fill("4567 8901")
        await ana.field("BIN range: start").fill("000000000")
        await ana.field("BIN range: end").fill("999999999")
        await ana.field("Due dates").fill("5, 15, 25")
        await ana.submit("Next")
        await expect(ana.dialog.get_by_role("alert").first).to_be_visible()
        await studio.keep(page, "form")
        await ana.close()


async def narrow(studio: Studio) -> None:
    """A small window shows one side at a time."""
    async with studio.window(NARROW) as (page, bruno, _sam):
        await close_panes(page)
        await bruno.become("Bruno")
        await bruno.go("acme_pismo")
        await bruno.press(EN("button.fill_form"), on="11. Production")
        await expect(bruno.dialog).to_contain_text(EN("form.production.title"))
        await studio.keep(page, "narrow")
        await bruno.close()


async def home(studio: Studio) -> None:
    """Support's home: what is waiting, and the state of both onboardings."""
    async with studio.window() as (page, ana, sam):
        await close_panes(page)
        await ana.go("acme_pismo")
        await ana.open_thread("2. Organization")
        await sam.go("App Home")
        await expect(sam.here).to_contain_text("Acme Bank")
        await expect(sam.here).to_contain_text("Blue Coop")
        await studio.keep(page, "home")


async def proof(studio: Studio) -> None:
    """In dark colours: the thread in which an access to production was proven, and what production has by then."""
    async with studio.window(scheme="dark") as (page, ana, sam):
        await close_panes(page)
        await sam.go("onboarding-support")
        await sam.show("Acme Bank: Production")
        await ana.go("acme_pismo")
        await ana.open_thread("11. Production")
        await ana.message("Access verified in").evaluate("message => message.scrollIntoView()")
        await studio.keep(page, "proof")


async def inspector(studio: Studio) -> None:
    """What Slack and the bot said to each other."""
    async with studio.window() as (page, ana, sam):
        await sam.go("onboarding-support")
        await ana.go("acme_pismo")
        pane = await open_pane(page, "Inspector")
        await pane.get_by_role("button", name="Payloads").click()
        await pane.get_by_role("button", name=re.compile("Open view_submission")).first.click()
        await expect(pane.get_by_role("region", name="Details")).to_be_visible()
        await studio.keep(page, "inspector")


async def take(folder: Path) -> None:
    """All pictures, in the course of the first company's onboarding, while the second one's waits for support."""
    async with (
        Office(policies=CALM) as office,
        serve(OfficePage(office)) as url,
        async_playwright() as playwright,
        await launch(playwright) as browser,
    ):
        studio = Studio(browser, url, folder)
        acme, blue = (Player(office, company) for company in demo_companies(office))
        await blue.play_until(lambda: blue.journey.sent_revision("planning"))
        await acme.play_until(lambda: acme.journey.sent_revision("organization"))
        for picture in (review, home):
            await picture(studio)
        await acme.play_until(lambda: acme.journey.is_now("first_programs", "open"))
        await form(studio, acme)
        await acme.play_until(lambda: acme.journey.is_now("production", "open"))
        await narrow(studio)
        await acme.play_until(lambda: acme.journey.is_now("production", "done"))
        for picture in (proof, inspector):
            await picture(studio)


def main() -> None:
    if CHROMIUM is None:
        sys.exit("There is no chromium here; on Debian: apt-get install chromium")
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    asyncio.run(take(folder))


if __name__ == "__main__":
    main()
