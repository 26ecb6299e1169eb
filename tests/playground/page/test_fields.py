"""Every input in a browser: found by its label, filled in by hand, and what was typed is what the app would get."""

import shutil
from collections.abc import Callable
from typing import Any

import pytest
from playwright.async_api import Locator, expect
from playwright.async_api import Page as Tab

from playground.page.words import in_language
from tests.playground.page.gallery import Gallery

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(shutil.which("chromium") is None, reason="no chromium here"),
]


async def holds(gallery: Gallery, condition: Callable[[], Any]) -> None:
    await gallery.slack.until(condition)


def form(tab: Tab) -> Locator:
    return tab.get_by_role("region", name="Form")


def text_of(state: Any) -> Any:
    return [option["value"] for option in state] if isinstance(state, list) else state and state["value"]


async def choose(tab: Tab, label: str, *options: str, query: str = "") -> None:
    control, listed = form(tab).get_by_label(label, exact=True), tab.get_by_role("option")
    for option in options:
        await control.click()
        await control.fill(query or option)
        await expect(listed.first).to_be_visible()
        await expect(listed.filter(has_not_text=query or option)).to_have_count(0)  # a list that is redrawn mid-click misses it
        await tab.get_by_role("option", name=option, exact=True).click()
        await expect(listed).to_have_count(0)


async def test_each_label_finds_its_control(tab: Tab, gallery: Gallery) -> None:
    for block in gallery.view.blocks:
        if block["type"] == "input":
            name = block["label"]["text"] + (f" ({in_language('pt', 'optional')})" if block.get("optional") else "")
            await expect(form(tab).get_by_label(name, exact=True)).to_be_visible()


async def test_what_is_typed_is_stored_key_by_key(tab: Tab, gallery: Gallery) -> None:
    name = form(tab).get_by_label("Name", exact=True)
    await name.press_sequentially("Acme Bank S.A. of Recife and more")
    await holds(gallery, lambda: gallery.inputs("name") == "Acme Bank S.A. of Re")
    await expect(name).to_have_value("Acme Bank S.A. of Re")
    await expect(form(tab).get_by_text(in_language("pt", "characters_left", n=0))).to_be_visible()
    await form(tab).get_by_label("About").fill("One\nmore")
    await form(tab).get_by_label("E-mail").fill("ana@acme.example")
    await form(tab).get_by_label("Cards a month").fill("12")
    await form(tab).get_by_label("Poem").fill("Roses")
    await holds(gallery, lambda: "Roses" in str(gallery.inputs("poem")))
    assert [gallery.inputs(field) for field in ("about", "mail", "cards")] == ["One\nmore", "ana@acme.example", "12"]
    await name.fill("")
    await holds(gallery, lambda: gallery.inputs("name") is None)


async def test_dates_and_times_are_of_the_readers_zone(tab: Tab, gallery: Gallery) -> None:
    await expect(form(tab).get_by_label("Day")).to_have_value("2027-02-03")
    await form(tab).get_by_label("Day").fill("2027-03-04")
    await form(tab).get_by_label("Hour").fill("09:30")
    await form(tab).get_by_label("Moment").fill("2027-03-04T09:30")
    await holds(gallery, lambda: gallery.inputs("moment"))
    assert (gallery.inputs("day"), gallery.inputs("hour")) == ("2027-03-04", "09:30")
    assert gallery.inputs("moment") == 1_804_163_400  # 12:30 UTC


async def test_lists_are_opened_searched_and_chosen_from(tab: Tab, gallery: Gallery) -> None:
    await expect(form(tab).get_by_label("City", exact=True)).to_have_value("Recife")
    await choose(tab, "City", "São Paulo")
    await choose(tab, "Food (opcional)", "Cassava", query="ca")
    await choose(tab, "Cities", "São Paulo")
    await tab.keyboard.press("Escape")
    await holds(gallery, lambda: len(gallery.inputs("cities")) == 3)
    assert [text_of(gallery.inputs(field)) for field in ("city", "food", "cities")] == [
        "sp",
        "cassava",
        ["recife", "olinda", "sp"],
    ]
    await choose(tab, "Lead", "Bruno")
    await choose(tab, "Team", "Ana", "Bruno")
    await tab.keyboard.press("Escape")
    await choose(tab, "Place", "#acme_pismo")
    await holds(gallery, lambda: gallery.inputs("place") and len(gallery.inputs("team")) == 2)
    people = {person.name: person.id for person in gallery.slack.people.values()}
    assert (gallery.inputs("lead"), gallery.inputs("team")) == (people["Bruno"], [people["Ana"], people["Bruno"]])


async def test_the_app_is_asked_for_the_options_of_an_external_list(tab: Tab, gallery: Gallery) -> None:
    await choose(tab, "Currency", "Euro")
    await holds(gallery, lambda: text_of(gallery.inputs("currency")) == "euro")
    several = form(tab).get_by_label("Currencies", exact=True)
    await several.click()
    await expect(tab.get_by_text(in_language("pt", "type_more", n=2))).to_be_visible()
    await choose(tab, "Currencies", "Real", query="re")
    await choose(tab, "Currencies", "Dollar", query="do")
    await holds(gallery, lambda: text_of(gallery.inputs("currencies")) == ["real", "dollar"])
    await several.press("Backspace")
    await holds(gallery, lambda: text_of(gallery.inputs("currencies")) == ["real"])


async def test_boxes_and_the_keyboard(tab: Tab, gallery: Gallery) -> None:
    products = form(tab).get_by_role("group", name="Products")
    await products.get_by_role("checkbox", name="Accounts", exact=True).check()
    await products.get_by_text("Cards").click()
    await holds(gallery, lambda: text_of(gallery.inputs("wants")) == ["cards", "accounts"])
    await products.get_by_role("checkbox", name="Accounts").press("Space")
    await holds(gallery, lambda: text_of(gallery.inputs("wants")) == ["cards"])
    first = form(tab).get_by_role("radiogroup", name="First product")
    await first.get_by_role("radio", name="Cards").press("ArrowDown")
    await holds(gallery, lambda: text_of(gallery.inputs("one")) == "accounts")


async def test_files_are_sent_listed_refused_and_taken_away(tab: Tab, gallery: Gallery) -> None:
    control = form(tab).get_by_label("Certificate")

    def pick(name: str) -> Any:
        return {"name": name, "mimeType": "text/plain", "buffer": b"words"}

    await control.set_input_files([pick("a.pem"), pick("b.txt")])
    await holds(gallery, lambda: len(gallery.inputs("file")) == 2)
    assert gallery.slack.world.files[gallery.inputs("file")[0]["id"]].content == b"words"
    await expect(form(tab).get_by_role("button", name=in_language("pt", "remove", name="b.txt"))).to_be_visible()
    await control.set_input_files([pick("c.exe")])
    await expect(form(tab).get_by_text(in_language("pt", "wrong_file", name="c.exe", kinds="pem, txt"))).to_be_visible()
    await control.set_input_files([pick("c.txt")])
    await expect(form(tab).get_by_text("Too many files.")).to_be_visible()
    await form(tab).get_by_role("button", name=in_language("pt", "remove", name="a.pem")).click()
    await holds(gallery, lambda: [file["name"] for file in gallery.inputs("file")] == ["b.txt"])
    await expect(form(tab).get_by_text("Too many files.")).to_be_hidden()


async def test_a_field_that_tells_the_app_does_so_at_enter_and_when_it_is_left(tab: Tab, gallery: Gallery) -> None:
    field = form(tab).get_by_label("Sum")
    await field.press_sequentially("12")
    await field.press("Enter")
    await holds(gallery, lambda: [action["value"] for action in gallery.actions] == ["12"])
    await field.press("3")
    await field.press("Tab")
    await holds(gallery, lambda: [action["value"] for action in gallery.actions] == ["12", "123"])


async def test_an_error_belongs_to_its_field(tab: Tab) -> None:
    mail = form(tab).get_by_label("E-mail")
    await expect(mail).to_have_attribute("aria-invalid", "true")
    said = form(tab).get_by_role("alert").filter(has_text="This address is known already.")
    assert await said.get_attribute("id") in (await mail.get_attribute("aria-describedby") or "").split()
    name = form(tab).get_by_label("Name", exact=True)
    assert await name.get_attribute("aria-invalid") == "false"
    assert await name.get_attribute("aria-describedby")  # its hint


async def test_what_was_typed_is_there_for_who_comes_back(tab: Tab, gallery: Gallery) -> None:
    await form(tab).get_by_label("Site").fill("https://acme.example")
    await choose(tab, "City", "Olinda")
    await form(tab).get_by_role("group", name="Products").get_by_role("checkbox", name="Pix").check()
    await holds(gallery, lambda: "pix" in text_of(gallery.inputs("wants")))
    await tab.reload()
    await expect(form(tab).get_by_label("Site")).to_have_value("https://acme.example")
    await expect(form(tab).get_by_label("City", exact=True)).to_have_value("Olinda")
    await expect(form(tab).get_by_role("checkbox", name="Pix")).to_be_checked()
