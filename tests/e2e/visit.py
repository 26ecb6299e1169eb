"""A browser on the page, which records whatever should not happen there."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Literal

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, ConsoleMessage, Page, Request, expect

from playground.browser import PATIENCE_MS, WIDE, PageSide, open_pane

SHOTS = Path(__file__).parents[2] / ".screenshots"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]


class Visit:
    """One window. `problems`: console errors and warnings, failed scripts, requests to any other machine."""

    def __init__(self, page: Page, name: str) -> None:
        self.page = page
        self.name = name
        self.customer = PageSide(page, "Customer")
        self.support = PageSide(page, "Support")
        self.problems: list[str] = []
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.problems.append(f"a script failed: {error}"))
        page.on("request", self._asked)

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.problems.append(f"console: {message.text}")

    def _asked(self, request: Request) -> None:
        if not request.url.startswith(("http://127.0.0.1:", "data:", "blob:")):
            self.problems.append(f"asked another machine: {request.url}")

    async def inspector_tells(self, words: str) -> None:
        pane = await open_pane(self.page, "Inspector")
        await expect(pane.get_by_role("status")).to_contain_text(words)
        await expect(pane.get_by_role("row").nth(1)).to_be_in_viewport()  # the newest, below the names of the columns

    async def photograph(self, what: str) -> None:
        SHOTS.mkdir(exist_ok=True)
        await self.page.screenshot(path=SHOTS / f"{self.name}-{what}.png", animations="disabled", timeout=60_000)

    async def complaints(self) -> list[str]:
        """What axe finds wrong with labels, roles and contrast: the rule, its text and the first places."""
        passing = {"exclude": [[".q-loading-bar"]]}  # gone before anybody could read its name
        found: dict[str, Any] = (
            await Axe().run(self.page, passing, options={"runOnly": RULES, "resultTypes": ["violations"]})
        ).response
        return [
            f"{rule['id']}: {rule['help']}\n" + "\n".join(f"    {node['html'][:200]}" for node in rule["nodes"][:4])
            for rule in found["violations"]
        ]


@contextlib.asynccontextmanager
async def visit(
    browser: Browser,
    url: str,
    name: str,
    *,
    size: tuple[int, int] = WIDE,
    scheme: Literal["light", "dark"] = "light",
) -> AsyncIterator[Visit]:
    """A new window on the page."""
    context = await browser.new_context(
        viewport={"width": size[0], "height": size[1]}, color_scheme=scheme, locale="en-US", reduced_motion="reduce"
    )
    context.set_default_timeout(PATIENCE_MS)
    try:
        visit = Visit(await context.new_page(), name)
        await visit.page.goto(url)
        yield visit
    finally:
        await context.close()
