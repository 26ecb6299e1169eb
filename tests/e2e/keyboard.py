"""For tests without a mouse."""

from playwright.async_api import Locator, Page

MAX_STOPS = 150


async def tab_to(page: Page, wanted: Locator) -> None:
    """Press Tab until the focus is on the element, as people without a pointer do.

    Raises:
        AssertionError: it is not among the first stops.

    """
    await wanted.wait_for()
    passed = []
    for _ in range(MAX_STOPS):
        if await wanted.evaluate("element => element === document.activeElement || element.contains(document.activeElement)"):
            return
        await page.keyboard.press("Tab")
        passed.append(await page.evaluate("document.activeElement.outerHTML.slice(0, 80)"))
    raise AssertionError("Tab never comes there; it passed:\n" + "\n".join(dict.fromkeys(passed)))
