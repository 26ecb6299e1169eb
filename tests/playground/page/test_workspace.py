"""The two sides in a real browser: what a person sees and does there besides the forms."""

import re
from collections import Counter
from collections.abc import AsyncIterator

import aiohttp
import pytest
import pytest_asyncio
from nicegui import Client, ui
from playwright.async_api import Browser, WebSocketRoute, expect
from playwright.async_api import Page as Tab
from slack_sdk.web.async_client import AsyncWebClient

from bot.messages.texts import Texts
from playground.acts import Acts
from playground.browser import CHROMIUM, PATIENCE_MS, PageSide
from playground.life import life_of
from playground.office import CALM, Office
from playground.page.demo_pane import DemoPane
from playground.page.layout import Layout
from playground.page.office_page import OfficePage
from playground.page.server import serve
from playground.page.shared import SharedState
from playground.slack import Delivery
from playground.walkthrough import Walkthrough
from tests.playground.company import actions, button, field_of, modal, plain
from tests.playground.page.gallery import complaints

EN = Texts("en")

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium here; on Debian: apt-get install chromium"),
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def office() -> AsyncIterator[Office]:
    async with Office(policies=CALM) as office:
        await Acts(Walkthrough(office)).start()
        yield office


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def url(office: Office) -> AsyncIterator[str]:
    async with serve(OfficePage(office)) as url:
        yield url


@pytest_asyncio.fixture(loop_scope="module")
async def tab(browser: Browser, url: str, office: Office) -> AsyncIterator[Tab]:
    context = await browser.new_context(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
    context.set_default_timeout(PATIENCE_MS)
    tab = await context.new_page()
    problems = complaints(tab)
    await tab.goto(url)
    yield tab
    await context.close()
    for person in office.everyone.values():
        if person.views:
            await person.close()
    assert problems == []


@pytest.fixture
def customer(tab: Tab) -> PageSide:
    return PageSide(tab, "Customer")


@pytest.fixture
def support(tab: Tab) -> PageSide:
    return PageSide(tab, "Support")


async def test_another_companys_command_is_refused_for_its_eyes_alone_and_stays_in_the_box(customer: PageSide) -> None:
    await customer.say("/onboarding help me")

    answer = customer.message("/onboarding is not a valid command")
    await expect(answer).to_contain_text("Only visible to you")
    await expect(customer.here.get_by_role("textbox", name="Message #acme_pismo")).to_have_value("/onboarding help me")
    await customer.become("Bruno")
    await customer.sees("Planning")
    await customer.sees_no("is not a valid command")


async def test_what_one_side_says_is_unread_on_the_other_until_it_is_looked_at(customer: PageSide, support: PageSide) -> None:
    await support.go("acme_pismo")
    await support.sees("Planning")
    await support.here.get_by_role("button", name="# onboarding-support").click()
    await expect(support.here.get_by_role("textbox", name="Message #onboarding-support")).to_be_visible()
    await customer.say("Is anybody there, @Sam? <b>")

    unread = support.here.get_by_role("button", name="# acme_pismo, unread")
    await unread.click()

    await expect(support.message("Is anybody there")).to_contain_text("@Sam? <b>")
    await expect(support.here.get_by_role("separator").filter(has_text="New")).to_be_visible()
    await expect(unread).to_have_count(0)


async def test_what_is_being_typed_survives_what_arrives(customer: PageSide, support: PageSide) -> None:
    box = customer.here.get_by_role("textbox", name="Message #acme_pismo")
    await box.press_sequentially("half a sen")
    await support.go("acme_pismo")
    await support.say("A word from support")
    await customer.sees("A word from support")

    await box.focus()
    await box.press_sequentially("tence")

    await expect(box).to_have_value("half a sentence")


async def test_a_draft_waits_in_its_channel_for_its_author(customer: PageSide) -> None:
    box = customer.here.get_by_role("textbox", name="Message #acme_pismo")
    await box.fill("to be continued")
    await box.blur()
    await customer.become("Olga")
    await expect(customer.here.get_by_role("textbox", name="Message #blue_pismo")).to_have_value("")

    await customer.become("Ana")

    await expect(box).to_have_value("to be continued")


async def test_a_reply_stands_in_the_thread_and_is_counted_at_its_root(customer: PageSide, support: PageSide) -> None:
    await support.go("acme_pismo")
    await support.say("A question with an answer")
    root = customer.message("A question with an answer")
    await root.hover()
    await root.get_by_role("button", name="Reply in thread").click()
    await customer.thread.get_by_role("textbox", name="Reply").fill("The answer")
    await customer.thread.get_by_role("button", name="Send").click()
    await expect(customer.thread.get_by_role("article").filter(has_text="The answer")).to_be_visible()
    await customer.thread.get_by_role("button", name="Close thread").click()

    await expect(support.message("A question with an answer")).to_contain_text(re.compile(r"1 reply\s*1 new"))
    await support.sees_no("The answer")
    await support.open_thread("A question with an answer")

    await expect(support.thread.get_by_role("article").last).to_contain_text("The answer")


async def test_a_command_in_a_thread_is_refused_as_slack_does(support: PageSide) -> None:
    await support.go("acme_pismo")
    await support.say("Root of a thread")
    await support.message("Root of a thread").hover()
    await support.message("Root of a thread").get_by_role("button", name="Reply in thread").click()
    reply = support.thread.get_by_role("textbox", name="Reply")
    await reply.fill("/onboarding")
    await reply.press("Enter")

    await expect(support.thread.get_by_role("article").last).to_contain_text("/onboarding is not supported in threads")
    await support.thread.get_by_role("button", name="Close thread").click()


async def test_someone_of_another_customer_sees_nothing_of_the_first(customer: PageSide) -> None:
    await customer.become("Olga")

    await expect(customer.here.get_by_role("navigation").get_by_role("button")).to_have_text(
        [re.compile("# blue_pismo"), re.compile("onboarding"), re.compile("App Home")]
    )
    await customer.sees_no("Planning")


async def test_a_form_stays_open_while_another_person_sits_there(customer: PageSide, office: Office) -> None:
    await customer.press(EN("button.fill_form"), on="1. Planning")
    await expect(customer.dialog).to_be_visible()
    await customer.become("Bruno")
    await expect(customer.here.get_by_role("dialog")).to_have_count(0)

    await customer.become("Ana")
    await expect(customer.here.get_by_role("dialog", name="Planning")).to_be_visible()
    await customer.dialog.press("Escape")

    await expect(customer.here.get_by_role("dialog")).to_have_count(0)
    assert not office.ana.views


async def test_an_app_that_cannot_be_reached_is_told_beside_what_was_pressed(
    customer: PageSide, support: PageSide, office: Office
) -> None:
    await support.go("acme_pismo")
    office.slack.courier.by = None
    try:
        await customer.press(EN("button.fill_form"), on="1. Planning")
        await expect(customer.message("1. Planning").get_by_role("alert")).to_contain_text("could not be reached")
        await support.say("/onboarding status")
        await expect(support.message("failed with the error")).to_contain_text("dispatch_failed")
        await expect(support.here.get_by_role("textbox", name="Message #acme_pismo")).to_have_value("/onboarding status")
    finally:
        office.slack.deliver_by(Delivery.socket())

    await customer.press(EN("button.fill_form"), on="1. Planning")

    await expect(customer.dialog).to_be_visible()
    await expect(customer.here.get_by_text("could not be reached")).to_have_count(0)
    await customer.close()


async def test_a_form_that_did_not_reach_the_app_stays_as_it_was_typed(customer: PageSide, office: Office) -> None:
    await customer.press(EN("button.fill_form"), on="1. Planning")
    goals = customer.field("Business goals")
    await goals.fill("Cards for everybody")
    await office.slack.until(lambda: "Cards for everybody" in str(office.ana.view and office.ana.view.inputs))
    rest = {"go_live~plan": "2099-01-15", "session_1~plan": 4070908800, "attendees~plan": "ana@bank.example"}
    await office.ana.fill({"products~plan": ["Card issuing"], **rest})
    office.slack.courier.by = None
    try:
        await customer.submit("Send")
        await expect(customer.dialog.get_by_role("alert").filter(has_text="could not be reached")).to_be_visible()
    finally:
        office.slack.deliver_by(Delivery.socket())

    await expect(goals).to_have_value("Cards for everybody")
    await customer.close()


async def test_the_home_and_the_direct_messages_are_a_persons_own(customer: PageSide, support: PageSide) -> None:
    await customer.go("App Home")
    await expect(customer.here.get_by_role("group", name="App Home")).to_contain_text("Example Bank")

    await customer.become("Olga")
    await customer.go("App Home")
    home = customer.here.get_by_role("group", name="App Home")
    await expect(home).to_contain_text("No onboarding is open to you here")
    await expect(home).not_to_contain_text("Example Bank")
    await support.here.get_by_role("button", name="onboarding", exact=True).click()

    await expect(support.here.get_by_role("textbox", name="Message onboarding")).to_be_visible()


async def test_a_file_goes_from_one_side_to_the_other(customer: PageSide, support: PageSide, tab: Tab) -> None:
    await support.go("acme_pismo")
    async with tab.expect_file_chooser() as chooser:
        await customer.here.get_by_role("button", name="Attach a file").click()
    await (await chooser.value).set_files({"name": "plan.txt", "mimeType": "text/plain", "buffer": b"First cards, then banking."})
    await expect(customer.here.get_by_role("button", name="Remove plan.txt")).to_be_visible()
    await customer.here.get_by_role("button", name="Send").click()

    async with tab.expect_download() as download:
        await support.here.get_by_role("link", name="Download plan.txt").click()

    assert (await (await download.value).path()).read_bytes() == b"First cards, then banking."


async def test_two_browsers_look_at_different_people(tab: Tab, url: str, customer: PageSide) -> None:
    other = await tab.context.new_page()
    await other.goto(url)
    bruno = PageSide(other, "Customer")
    await bruno.become("Bruno")
    await bruno.say("Bruno from the other window")

    await customer.sees("Bruno from the other window")

    await expect(customer.here.get_by_label("Person").locator("option:checked")).to_have_text("Ana · Acme Bank")
    await other.close()


async def test_a_permalink_leads_to_the_message_here(customer: PageSide, tab: Tab) -> None:
    await customer.here.get_by_role("link", name="Onboarding checklist").click()

    await expect(customer.message("0 of 10 steps")).to_be_in_viewport()
    assert len(tab.context.pages) == 1


async def test_narrow_windows_show_one_side_at_a_time(tab: Tab, customer: PageSide, support: PageSide) -> None:
    await tab.set_viewport_size({"width": 800, "height": 900})
    await expect(customer.here).to_be_visible()
    await expect(support.here).to_be_hidden()

    await expect(customer.place("acme_pismo")).to_be_hidden()
    await customer.places_switch.press("Enter")
    await expect(customer.places_switch).to_have_attribute("aria-expanded", "true")
    await expect(customer.place("acme_pismo")).to_be_focused()
    await tab.keyboard.press("Escape")
    await expect(customer.places_switch).to_be_focused()
    await expect(customer.place("acme_pismo")).to_be_hidden()
    await customer.go("App Home")
    await expect(customer.place("acme_pismo")).to_be_hidden()
    await tab.get_by_role("tab", name="Support").click()

    await expect(support.here).to_be_visible()
    await expect(customer.here).to_be_hidden()
    await support.say("To whom it may concern")


@pytest.mark.usefixtures("url")
async def test_a_page_that_shows_all_sends_nothing(office: Office) -> None:
    """The browser reckons all that it draws anew at whatever it is sent: beside a thousand customers, for a minute."""
    client = Client(ui.page("/beside"), request=None)
    try:
        with client:
            layout = Layout(SharedState(office))
            pane = DemoPane(life_of(office), layout, Counter(), layout.language)
        client.outbox.updates.clear()
        layout.refresh()
        pane.refresh()
        assert not client.outbox.updates
    finally:
        client.delete()


async def test_dark_is_switched_and_the_strip_closed_and_both_are_remembered(tab: Tab) -> None:
    strip = tab.get_by_role("region", name="Try this")
    await tab.get_by_role("switch", name="Dark").click()
    await expect(tab.locator("body")).to_have_class(re.compile("body--dark"))
    await strip.get_by_role("button", name="Close").press("Enter")
    await expect(strip).to_be_hidden()
    await expect(tab.get_by_role("button", name="Try this", expanded=False)).to_be_focused()
    await tab.reload()

    await expect(tab.locator("body")).to_have_class(re.compile("body--dark"))
    await expect(tab.get_by_role("switch", name="Dark")).to_be_checked()
    await expect(strip).to_be_hidden()
    await tab.get_by_role("button", name="Try this", expanded=False).click()
    await expect(strip).to_be_visible()


async def test_a_thing_to_try_leads_to_its_button_whoever_sits_there(tab: Tab, customer: PageSide) -> None:
    await customer.become("Olga")
    card = tab.get_by_role("region", name="Try this").get_by_role("listitem").filter(has_text="As Ana")
    await card.get_by_role("button", name="Show me").press("Enter")

    await expect(customer.here).to_have_attribute("data-person", "Ana")
    await expect(customer.message("0 of 10 steps").get_by_role("button").first).to_be_focused()


async def test_what_changes_is_shown_and_what_is_out_of_sight_has_a_badge_that_leads_there(
    tab: Tab, customer: PageSide, support: PageSide, office: Office
) -> None:
    slack = office.slack
    client = AsyncWebClient(token=slack.bot_token, base_url=slack.api_url)
    for number in range(9):
        await client.chat_postMessage(channel=office.acme.id, text=f"Line {number}\n" * 3)
    await tab.reload()
    await expect(customer.message("0 of 10 steps")).to_be_in_viewport()
    await expect(customer.message("Line 8")).not_to_be_in_viewport()
    box = customer.here.get_by_role("textbox", name="Message #acme_pismo")
    await box.press_sequentially("typing")

    sent = await client.chat_postMessage(channel=office.acme.id, text="The news")
    await expect(customer.message("The news")).to_be_in_viewport()
    await client.views_open(trigger_id=slack.new_trigger(office.sam.user), view=modal(field_of("name", "Name")))
    await expect(support.dialog).to_be_visible()
    await tab.keyboard.type(" on")
    await expect(box).to_have_value("typing on")
    await support.close()
    await customer.message("The news").hover()
    await tab.mouse.wheel(0, -3000)
    await expect(customer.message("The news")).not_to_be_in_viewport()
    await client.chat_update(channel=office.acme.id, ts=sent["ts"], text="More news")

    changed = customer.here.get_by_role("status").get_by_role("button", name="Changed here: More news")
    await changed.click()
    await expect(customer.message("More news")).to_be_in_viewport()
    await expect(changed).to_have_count(0)
    await support.say("Something for support's people")
    await client.chat_postMessage(channel=office.acme.id, text="Other news")
    await support.here.get_by_role("button", name="New in #acme_pismo: Other news").click()
    await expect(support.message("Other news")).to_be_in_viewport()


async def test_the_page_answers_only_to_its_own_address(url: str) -> None:
    async with aiohttp.ClientSession() as web:
        async with web.get(url) as own:
            assert own.status == 200
        async with web.get(url, headers={"Host": "elsewhere.example"}) as foreign:
            assert foreign.status == 400
        async with web.get(f"{url}/files/F404") as gone:
            assert gone.status == 404


async def test_forms_lie_three_deep_and_go_back_one_by_one_or_all_at_once(customer: PageSide, office: Office) -> None:
    slack, ana = office.slack, office.ana
    client = AsyncWebClient(token=slack.bot_token, base_url=slack.api_url)

    def titled(title: str) -> dict[str, object]:
        return modal(field_of("name", "Name"), title=plain(title), close=plain("Back"))

    await client.views_open(trigger_id=slack.new_trigger(ana.user), view=titled("First"))
    for title in ("Second", "Third"):
        assert ana.view is not None
        await client.views_push(trigger_id=slack.new_trigger(ana.user, ana.view.id), view=titled(title))
    third = customer.here.get_by_role("dialog", name="Third")
    await expect(third.get_by_label("Name")).to_be_focused()

    await third.get_by_role("button", name="Back").click()
    second = customer.here.get_by_role("dialog", name="Second")
    await expect(second).to_be_visible()
    await second.get_by_role("button", name="Close", exact=True).click()

    await expect(customer.here.get_by_role("dialog")).to_have_count(0)


async def test_a_form_that_was_loading_has_the_focus_on_its_first_field(customer: PageSide, office: Office) -> None:
    slack, ana = office.slack, office.ana
    client = AsyncWebClient(token=slack.bot_token, base_url=slack.api_url)
    loading = {"type": "modal", "title": plain("Form"), "blocks": [{"type": "section", "text": plain("One moment")}]}
    opened = await client.views_open(trigger_id=slack.new_trigger(ana.user), view=loading)
    await expect(customer.here.get_by_role("dialog", name="Form")).to_be_focused()

    await client.views_update(view_id=opened["view"]["id"], view=modal(field_of("name", "Name")))

    await expect(customer.dialog.get_by_label("Name")).to_be_focused()


async def test_a_button_drawn_anew_or_scrolled_away_under_the_finger_is_pressed_once(
    customer: PageSide, office: Office, tab: Tab
) -> None:
    slack = office.slack
    client = AsyncWebClient(token=slack.bot_token, base_url=slack.api_url)
    sent = await client.chat_postMessage(channel=office.acme.id, text="1", blocks=actions(button("Hold", "hold")))
    await customer.button("Hold").hover()
    await tab.mouse.down()
    more = actions(button("Hold", "hold"), button("More", "m"))
    await client.chat_update(channel=office.acme.id, ts=sent["ts"], text="2", blocks=more)
    await expect(customer.button("More")).to_be_visible()
    await tab.mouse.up()

    def pressed() -> int:
        return sum("'action_id': 'hold'" in str(one.payload.get("actions")) for one in slack.deliveries)

    answers = customer.messages.filter(has_text=EN("refused.gone"))
    before = await answers.count()

    async def answered(times: int) -> None:
        """The answer moves the button: nobody presses while it comes."""
        await slack.until(lambda: pressed() == times)
        await expect(answers).to_have_count(before + times)

    await answered(1)
    await customer.button("Hold").click()
    await answered(2)

    async def held_while_it_scrolls() -> bool:
        await customer.button("Hold").hover()
        await tab.mouse.down()
        await customer.button("Hold").evaluate("(button) => { button.closest('.scroll').style.paddingTop = '9rem'; }")
        await customer.button("Hold").evaluate("(button) => { button.closest('.scroll').scrollTop -= 60; }")
        await tab.mouse.up()
        await customer.button("Hold").evaluate("(button) => { button.closest('.scroll').style.paddingTop = ''; }")
        return pressed() > 2

    # An answer may still be coming into sight, and move the button before the finger is down.
    await slack.until(held_while_it_scrolls)

    await client.chat_delete(channel=office.acme.id, ts=sent["ts"])


async def test_a_message_drawn_again_keeps_the_focus_on_its_button(customer: PageSide, office: Office) -> None:
    slack = office.slack
    client = AsyncWebClient(token=slack.bot_token, base_url=slack.api_url)
    sent = await client.chat_postMessage(channel=office.acme.id, text="1", blocks=actions(button("Count", "count")))
    count = customer.button("Count")
    await count.focus()

    await client.chat_update(
        channel=office.acme.id, ts=sent["ts"], text="2", blocks=actions(button("Count", "count"), button("More", "m"))
    )

    await expect(customer.button("More")).to_be_visible()
    await expect(count).to_be_focused()

    await client.chat_delete(channel=office.acme.id, ts=sent["ts"])
    await expect(customer.button("More")).to_have_count(0)


class Line:
    """Between the browser and the page's server. ``holds``: what the server says waits for ``let_go``."""

    def __init__(self) -> None:
        self.waiting: list[str | bytes] = []
        self.holds = False
        self._browser: WebSocketRoute

    async def relay(self, browser: WebSocketRoute) -> None:
        self._browser, server = browser, browser.connect_to_server()
        browser.on_message(server.send)
        server.on_message(lambda said: self.waiting.append(said) if self.holds else browser.send(said))

    def let_go(self) -> None:
        self.holds = False
        while self.waiting:
            self._browser.send(self.waiting.pop(0))


async def test_a_press_on_what_was_just_drawn_anew_is_not_lost(browser: Browser, url: str, office: Office) -> None:
    slack, line = office.slack, Line()
    client = AsyncWebClient(token=slack.bot_token, base_url=slack.api_url)
    context = await browser.new_context()
    tab = await context.new_page()
    await tab.route_web_socket(re.compile("socket.io"), line.relay)
    await tab.goto(url)
    count = PageSide(tab, "Customer").button("Count")
    await expect(PageSide(tab, "Customer").message("Planning")).to_be_visible()
    sent = await client.chat_postMessage(channel=office.acme.id, text="1", blocks=actions(button("Count", "count")))
    await expect(count).to_be_visible()

    line.holds = True
    await client.chat_update(
        channel=office.acme.id, ts=sent["ts"], text="2", blocks=actions(button("Count", "count"), button("More", "m"))
    )
    await slack.until(lambda: line.waiting)
    await count.click()

    await slack.until(lambda: any("'action_id': 'count'" in str(sent.payload.get("actions")) for sent in slack.deliveries))
    line.let_go()
    await expect(PageSide(tab, "Customer").button("More")).to_be_visible()
    await client.chat_delete(channel=office.acme.id, ts=sent["ts"])
    await context.close()
