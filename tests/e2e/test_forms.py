"""A form as a person uses it: left half-way, filled in by keyboard alone."""

import pytest_asyncio
from playwright.async_api import expect

from bot.messages.texts import Texts
from playground.office import Office
from playground.walkthrough import Walkthrough
from tests.e2e.conftest import Looking
from tests.e2e.keyboard import tab_to
from tests.e2e.scenes import planned

EN = Texts("en")


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def begun(office: Office) -> Walkthrough:
    return await planned(office)


async def test_a_form_closed_half_way_goes_on_where_it_was(office: Office, look: Looking) -> None:
    ana = (await look()).customer
    await ana.become("Ana")
    await ana.go("acme_pismo")
    await ana.press(EN("button.fill_form"), on="2. Organization")
    await expect(ana.dialog).to_contain_text(EN("form_ui.page", number=1, count=4))
    await ana.field(EN("field.organization.official_name.label")).fill("Half-way Bank S.A.")
    await ana.choose(ana.field("Country"), "Brazil (BRA)", "Brazil")
    await ana.field(EN("field.organization.document_number.label")).fill("11.222.333/0001-81")
    await ana.submit("Next")
    await expect(ana.dialog).to_contain_text(EN("form_ui.page", number=2, count=4))
    await ana.close()

    bruno = (await look()).customer
    await bruno.become("Bruno")
    await bruno.go("acme_pismo")
    await bruno.press(EN("button.fill_form"), on="2. Organization")
    await expect(bruno.dialog).to_contain_text(EN("form_ui.page", number=2, count=4))
    await bruno.dialog.get_by_role("button", name=EN("form_ui.back")).click()
    await expect(bruno.field(EN("field.organization.official_name.label"))).to_have_value("Half-way Bank S.A.")
    await bruno.close()


async def test_a_form_is_filled_and_sent_by_keyboard_alone(begun: Walkthrough, office: Office, look: Looking) -> None:
    visit = await look()
    ana, keys = visit.customer, visit.page.keyboard
    await ana.become("Ana")
    await ana.go("acme_pismo")
    await tab_to(visit.page, ana.button(EN("button.fill_form"), on="3. Service Desk access"))
    await keys.press("Enter")
    await expect(ana.dialog).to_have_accessible_name("Service Desk access")
    await tab_to(visit.page, ana.field(EN("field.service_desk.users.label")))
    await keys.type("duty@bank.example")
    await tab_to(visit.page, ana.dialog.get_by_role("checkbox", name="Status page"))
    await keys.press("Space")
    await tab_to(visit.page, ana.dialog.get_by_role("radio").first)
    await keys.press("ArrowDown")
    await expect(ana.dialog.get_by_role("radio").nth(1)).to_be_checked()
    await tab_to(visit.page, ana.dialog.get_by_role("button", name=EN("form_ui.next"), exact=True))
    await keys.press("Enter")
    await expect(ana.dialog).to_contain_text(EN("form_ui.review"))
    send = EN("form_ui.send_addresses", n=1)
    await tab_to(visit.page, ana.dialog.get_by_role("button", name=send, exact=True))
    await keys.press("Enter")
    await expect(ana.here.get_by_role("dialog")).to_have_count(0)
    await ana.sees(EN("step_message.state", state=EN("state.submitted")))
    await visit.page.wait_for_function("document.activeElement !== document.body")
    assert begun.sent_revision("service_desk") == 1


async def test_escape_closes_a_form(office: Office, look: Looking) -> None:
    visit = await look()
    ana = visit.customer
    await ana.become("Ana")
    await ana.go("acme_pismo")
    await ana.press("I'm stuck", on="2. Organization")
    await expect(ana.field(EN("field.stuck.reason.label"))).to_be_focused()
    await visit.page.keyboard.press("Escape")
    await expect(ana.here.get_by_role("dialog")).to_have_count(0)
    assert office.ana.view is None
