"""Everyday mishaps: a wrong answer, a nervous finger, a bot that is down."""

import pytest_asyncio
from playwright.async_api import expect

from bot.messages.texts import Texts
from playground.office import Office
from playground.walkthrough import Walkthrough
from tests.e2e.conftest import Looking
from tests.e2e.scenes import planned

EN = Texts("en")


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def begun(office: Office) -> Walkthrough:
    return await planned(office)


async def test_errors_stand_at_their_fields_until_they_are_mended(look: Looking) -> None:
    visit = await look()
    ana = visit.customer
    await ana.become("Ana")
    await ana.go("acme_pismo")
    await ana.press(EN("button.fill_form"), on="2. Organization")
    await ana.choose(ana.field("Country"), "Brazil (BRA)", "Brazil")
    await ana.field(EN("field.organization.official_name.label")).fill("Example Bank S.A.")
    number = ana.field(EN("field.organization.document_number.label"))
    await ana.submit("Next")
    await expect(await ana.error_of(number)).to_contain_text("required")
    await number.fill("11.222.333/0001-82")
    await ana.submit("Next")
    await expect(ana.field(EN("field.organization.document_doubt.label"))).to_be_visible()
    await visit.photograph("errors")
    await expect(ana.field(EN("field.organization.official_name.label"))).to_have_value("Example Bank S.A.")
    await number.fill("11.222.333/0001-81")
    await ana.submit("Next")
    await expect(ana.dialog).to_contain_text(EN("form_ui.page", number=2, count=4))
    await ana.close()


async def test_a_double_click_counts_once(office: Office, look: Looking) -> None:
    visit = await look()
    ana = visit.customer
    await ana.become("Ana")
    await ana.go("acme_pismo")
    await ana.button("I'm stuck", on="2. Organization").dblclick()
    await expect(ana.dialog).to_have_accessible_name("I'm stuck")
    await ana.field(EN("field.stuck.reason.label")).fill("Which of our companies is meant?")
    await ana.dialog.get_by_role("button", name=EN("form.stuck.submit"), exact=True).dblclick()
    await expect(ana.here.get_by_role("dialog")).to_have_count(0)
    await visit.support.become("Sam")
    await visit.support.go("onboarding-support")
    await visit.support.open_thread("Example Bank: Organization")
    await visit.support.sees("Which of our companies is meant?")
    await office.slack.until(lambda: office.slack.quiet)
    told = [message for message in office.support.messages if "Which of our companies" in str((message.text, message.blocks))]
    assert len(told) == 1


async def test_while_the_bot_is_down_slack_warns_and_what_was_typed_stays(office: Office, look: Looking) -> None:
    visit = await look()
    ana = visit.customer
    await ana.become("Ana")
    await ana.go("acme_pismo")
    await ana.press(EN("button.fill_form"), on="3. Service Desk access")
    people = ana.field(EN("field.service_desk.users.label"))
    await people.fill("duty@gmail.com")
    await office.kill_bot()
    try:
        await ana.submit(EN("form_ui.next"))
        await expect(ana.dialog.get_by_role("alert")).to_contain_text("could not be reached")
        await visit.photograph("warning")
        await expect(people).to_have_value("duty@gmail.com")
        visit.problems.clear()
    finally:
        await office.start_bot()
    await ana.submit(EN("form_ui.next"))
    await expect(ana.dialog).to_contain_text(EN("form_ui.review"))
    await expect(ana.dialog).to_contain_text("duty@gmail.com")
    await ana.close()


async def test_a_button_pressed_while_the_bot_is_down_says_so(office: Office, look: Looking) -> None:
    ana = (await look()).customer
    await ana.become("Ana")
    await ana.go("acme_pismo")
    await office.kill_bot()
    try:
        await ana.press("I'm stuck", on="2. Organization")
        await expect(ana.message("2. Organization").get_by_role("alert")).to_be_visible()
    finally:
        await office.start_bot()
    await ana.press("I'm stuck", on="2. Organization")
    await expect(ana.dialog).to_have_accessible_name("I'm stuck")
    await ana.close()


async def test_a_page_that_was_cut_off_keeps_what_was_typed_and_shows_what_it_missed(office: Office, look: Looking) -> None:
    """As on a machine so busy that the browser or the page's server stalls for longer than a ping may take."""
    visit = await look()
    ana, page = visit.customer, visit.page
    await ana.become("Ana")
    await ana.go("acme_pismo")
    await ana.press("I'm stuck", on="2. Organization")
    stuck = ana.field(EN("field.stuck.reason.label"))
    await stuck.fill("Which of our companies is cut off?")
    await page.evaluate("window.sameDocument = true")
    await page.evaluate("socket.io.reconnection(false); socket.io.engine.close()")
    await expect(page.get_by_text("Connection lost")).to_be_visible()
    await office.bruno.say(office.acme, "Who fills this in?")
    await page.evaluate("socket.io.reconnection(true); socket.io.skipReconnect = false; socket.io.reconnect()")
    await ana.sees("Who fills this in?")
    await expect(stuck).to_have_value("Which of our companies is cut off?")
    assert await page.evaluate("window.sameDocument")
    await ana.close()
