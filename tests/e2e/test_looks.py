"""Light and dark, wide and narrow: every screen can be read, and every control has a name."""

from typing import Literal

import pytest
import pytest_asyncio
from playwright.async_api import expect

from bot.messages.texts import Texts
from playground.browser import NARROW, WIDE
from playground.office import Office
from tests.e2e.conftest import Looking
from tests.e2e.scenes import planned

EN = Texts("en")


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def begun(office: Office) -> None:
    await planned(office)


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_labels_and_contrast(look: Looking, scheme: Literal["light", "dark"]) -> None:
    visit = await look(scheme=scheme)
    ana, sam = visit.customer, visit.support
    await ana.become("Ana")
    await sam.become("Sam")
    await ana.go("acme_pismo")
    await sam.go("onboarding-support")
    await ana.sees("2. Organization")
    await sam.sees("Planning")
    await visit.photograph("channels")
    assert await visit.complaints() == []
    await ana.open_thread("1. Planning")
    await sam.go("App Home")
    await expect(sam.here).to_contain_text("Example Bank")
    await visit.photograph("thread-and-home")
    assert await visit.complaints() == []
    await ana.close_thread()
    await ana.press(EN("button.fill_form"), on="2. Organization")
    await expect(ana.dialog).to_contain_text(EN("form_ui.page", number=1, count=4))
    await ana.submit("Next")
    await expect(ana.dialog.get_by_role("alert").first).to_be_visible()
    await visit.photograph("form")
    assert await visit.complaints() == []
    await ana.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_on_a_narrow_window_the_sides_are_tabs(look: Looking, scheme: Literal["light", "dark"]) -> None:
    visit = await look(size=NARROW, scheme=scheme)
    await visit.page.get_by_role("tab", name="Customer").click()
    await expect(visit.customer.here).to_be_visible()
    await expect(visit.support.here).not_to_be_visible()
    await visit.customer.go("acme_pismo")
    await visit.customer.sees("2. Organization")
    await visit.photograph("customer")
    await visit.page.get_by_role("tab", name="Support").click()
    await expect(visit.support.here).to_be_visible()
    await expect(visit.customer.here).not_to_be_visible()
    await visit.support.places_switch.click()
    await expect(visit.support.place("acme_pismo")).to_be_visible()
    await visit.photograph("support")
    assert await visit.complaints() == []


@pytest.mark.parametrize("size", [WIDE, NARROW])
async def test_nothing_is_cut_off_at_the_side(look: Looking, size: tuple[int, int]) -> None:
    visit = await look(size=size)
    await visit.page.get_by_role("article").first.wait_for()
    wider = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert await visit.page.evaluate(wider) <= 0


async def test_dark_can_be_chosen(look: Looking) -> None:
    visit = await look(scheme="light")
    before = await visit.page.evaluate("getComputedStyle(document.body).backgroundColor")
    await visit.page.get_by_role("switch", name="Dark").click()
    await visit.page.wait_for_function("before => getComputedStyle(document.body).backgroundColor !== before", arg=before)
