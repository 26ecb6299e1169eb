"""Messages as people see and use them: buttons, menus, dialogs that ask first, and unknown elements."""

import shutil

import pytest
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped, unused-ignore]
from playwright.async_api import Locator, expect
from playwright.async_api import Page as Tab

from playground.page.words import in_language
from tests.playground.page.gallery import Gallery

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(shutil.which("chromium") is None, reason="no chromium here"),
]


def card(tab: Tab) -> Locator:
    return tab.get_by_role("region", name="Message", exact=True)


async def told(gallery: Gallery, action_id: str) -> dict[str, object]:
    """The last action of that kind that has reached the app."""

    def found() -> dict[str, object] | None:
        return next((action for action in reversed(gallery.actions) if action["action_id"] == action_id), None)

    action: dict[str, object] = await gallery.slack.until(found)
    return action


async def test_a_button_tells_the_app(tab: Tab, gallery: Gallery) -> None:
    await card(tab).get_by_role("button", name="Approve", exact=True).click()
    assert (await told(gallery, "approve"))["type"] == "button"
    await card(tab).get_by_role("button", name="Open", exact=True).press("Enter")
    await told(gallery, "open")
    await expect(card(tab).get_by_role("link", name="Read on")).to_have_attribute("href", "https://example.com/docs")


async def test_a_dialog_asks_before_anything_is_done(tab: Tab, gallery: Gallery) -> None:
    close = card(tab).get_by_role("button", name="Close", exact=True)
    asked = tab.get_by_role("dialog", name="Close it?")
    for deny in ("Keep it", "Escape"):
        await close.click()
        await expect(asked).to_contain_text("Nobody can open it again.")
        await (tab.keyboard.press(deny) if deny == "Escape" else asked.get_by_role("button", name=deny).click())
        await expect(asked).to_have_count(0)
    await card(tab).get_by_role("button", name="Plain", exact=True).click()
    await told(gallery, "plain")
    assert all(action["action_id"] != "close" for action in gallery.actions)
    await close.click()
    await asked.get_by_role("button", name="Close it", exact=True).click()
    await told(gallery, "close")


async def test_menus_and_selects_beside_text(tab: Tab, gallery: Gallery) -> None:
    await card(tab).get_by_role("button", name=in_language("pt", "more_actions")).click()
    await tab.get_by_role("menuitem", name="Export").click()
    assert (await told(gallery, "menu"))["selected_option"] == {
        "text": {"type": "plain_text", "text": "Export"},
        "value": "export",
    }
    await card(tab).get_by_label("Pick a city").click()
    await tab.get_by_role("option", name="Olinda").click()
    assert "olinda" in str(await told(gallery, "pick"))


async def test_what_people_read(tab: Tab) -> None:
    await expect(card(tab).get_by_role("heading", name="Acme Bank")).to_be_visible()
    await expect(card(tab).get_by_text("Hello @Ana, see #acme_pismo")).to_be_visible()
    await expect(card(tab).get_by_role("cell", name="1,200")).to_be_visible()
    await expect(card(tab).get_by_role("listitem").filter(has_text="Nested")).to_be_visible()
    await expect(card(tab).get_by_role("img", name="A dot").first).to_be_visible()
    await expect(card(tab).get_by_role("link", name=in_language("pt", "open_image"))).to_have_attribute(
        "href", "https://example.com/a.png"
    )
    first, second = [await card(tab).get_by_text(f"Field {n}").bounding_box() for n in (1, 2)]
    assert first
    assert second
    assert (first["y"], first["x"] < second["x"]) == (second["y"], True)
    shown = card(tab).get_by_role("region", name="Cards by month")
    rows = shown.locator("tbody tr:visible")
    await expect(rows).to_have_text(["May900", "June1,300"])
    await shown.get_by_role("button", name="Issued").click()
    await expect(rows).to_have_text(["July85", "May900"])
    await card(tab).get_by_role("button", name=in_language("pt", "next_rows")).click()
    await expect(rows).to_have_text(["June1,300"])
    await shown.get_by_role("button", name="Issued").click()
    await expect(rows).to_have_text(["June1,300", "May900"])
    await expect(shown.get_by_role("columnheader", name="Issued")).to_have_attribute("aria-sort", "descending")


async def test_what_is_not_known_is_shown_as_such(tab: Tab) -> None:
    await expect(card(tab).get_by_text("Unknown element: hologram")).to_be_visible()
    await card(tab).get_by_text("What the app sent").click()
    await expect(card(tab).get_by_text('"light": "green"')).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_labels_and_contrast(tab: Tab, scheme: str) -> None:
    await tab.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    await tab.reload()
    await expect(card(tab).get_by_role("button", name="Approve", exact=True)).to_be_visible()
    found = await Axe().run(tab, context=".blocks")
    assert [(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in found.response["violations"]] == []
