"""A window asks for what is needed, once it is needed, and whoever is asked to correct something finds it first."""

import json
from typing import Any

import pytest

from bot.messages.buttons import Act, ButtonValue
from bot.messages.texts import Texts
from bot.modals.parse import field_name
from flows.cases import review
from playground.slack import SeenMessage, SlackPerson
from playground.walkthrough import ready
from tests.bot.workplace import STEPS, Workplace

pytestmark = pytest.mark.asyncio(loop_scope="module")

EN = Texts("en")
ORGANIZATION, ENVIRONMENTS = (STEPS[step].form.example for step in ("organization", "environments"))
COMPLEMENT = EN("field.organization.complementary_address.label")
WRONG = "11.222.333/0001-82"


async def opened(office: Workplace, onboarding: str, step: str, person: SlackPerson | None = None) -> SlackPerson:
    by = person or office.ana
    by.user.stack.clear()
    await office.press(by, office.acme, Act.OPEN_FORM, ButtonValue(onboarding=onboarding, step=step))
    await office.bot.background.drain()
    assert ready(by.view), office.shown(by)
    return by


def asked(person: SlackPerson) -> list[str]:
    assert person.view is not None
    return [field_name(block["block_id"]) for block in person.view.blocks if block["type"] == "input"]


def value(person: SlackPerson, name: str) -> Any:
    assert person.view is not None
    return next(state["value"].get("value") for block, state in person.view.inputs.items() if field_name(block) == name)


async def send(office: Workplace, person: SlackPerson, **values: object) -> None:
    assert person.view is not None
    await office.journey.type_in(person, person.view, values)
    outcome = await person.submit()
    assert outcome.ok, outcome.errors


async def press(office: Workplace, person: SlackPerson, name: str) -> None:
    assert person.view is not None
    await person.click(person.view, action_id=name)
    await office.bot.background.drain()


async def test_a_reason_is_asked_for_once_the_number_is_doubted(office: Workplace, onboarding: str) -> None:
    await office.open_step(onboarding, "organization")
    ana = await opened(office, onboarding, "organization")
    assert "document_reason" not in asked(ana)
    await send(office, ana, **{**ORGANIZATION, "document_number": WRONG})
    assert asked(ana)[-1] == "document_reason"
    assert EN("error.document_doubted", standard="CNPJ") in office.shown(ana)
    assert (value(ana, "document_number"), value(ana, "official_name")) == (WRONG, ORGANIZATION["official_name"])
    assert ana.view is not None
    refused = await ana.submit()  # it is a field now, at which the problem stands
    assert list(refused.errors.values()) == [EN("error.document_doubted", standard="CNPJ")]
    await send(office, ana, document_reason="Issued before the standard.")
    assert "city" in asked(ana)


async def test_an_own_environment_is_asked_for_once_it_is_chosen(office: Workplace, onboarding: str) -> None:
    await office.open_step(onboarding, "environments")
    ana = await opened(office, onboarding, "environments")
    assert "own_url" not in asked(ana)
    own = {"own_url": "https://test.bank.example", "own_contact": "tests@bank.example"}
    assert ana.view is not None
    await office.journey.type_in(ana, ana.view, {**ENVIRONMENTS, "test": "own"})
    assert {"own_url", "own_contact"} <= {*asked(ana)}
    assert value(ana, "test_users") == ENVIRONMENTS["test_users"]
    assert ana.view is not None
    needed = [field_name(block["block_id"]) for block in ana.view.blocks if block["type"] == "input" and not block["optional"]]
    assert {"own_url", "own_contact"} <= {*needed}
    await office.journey.type_in(ana, ana.view, own)
    assert (await ana.submit()).closed
    await office.settled()
    sent = (await office.snapshot(onboarding)).last("environments")
    assert sent is not None
    assert {name: sent.answers[name] for name in own} == own
    await opened(office, onboarding, "environments")
    assert EN("form_ui.send_addresses", n=3) in office.shown(ana)
    await send(office, ana, test_users=ENVIRONMENTS["test_users"] + "\nlead@bank.example")
    assert EN("form_ui.send_addresses", n=4) in office.shown(ana)  # the last page: the button said another number
    assert (await ana.submit()).closed


async def test_a_list_in_which_something_is_odd_is_shown_before_it_is_sent(office: Workplace, onboarding: str) -> None:
    await office.open_step(onboarding, "service_desk")
    ana = await opened(office, onboarding, "service_desk")
    await send(office, ana, users="ana@bank.example\nbob@gmail.com", portal_language="en")
    assert "gmail.com" in office.shown(ana)
    assert await office.state(onboarding, "service_desk") == "open"
    assert (await ana.submit()).closed


async def test_what_support_names_stands_first_and_is_one_press_away(office: Workplace, onboarding: str) -> None:
    await office.send(onboarding, "organization")
    record = (await office.snapshot(onboarding)).steps["organization"]
    decided = ButtonValue(onboarding=onboarding, step="organization", revision=record.revision, digest=record.digest[:16])
    await office.press(office.sam, office.support, Act.REQUEST_CHANGES, decided)
    await office.bot.background.drain()
    named = ["address:city", "address:complementary_address"]
    await send(office, office.sam, reason="The *head office*, please.", fields=named)
    await office.settled()
    labels = f"{COMPLEMENT}, City"
    assert f"! Answers to correct: {labels}" in SeenMessage.of(office.journey.lasting("step", "organization")).shown
    ana = await opened(office, onboarding, "organization")
    shown = json.loads(office.shown(ana))["blocks"]
    places = [str(block) for block in shown]
    first = next(place for place in places if "! City" in place)
    assert places.index(first) < next(index for index, place in enumerate(places) if ORGANIZATION["official_name"] in place)
    assert (f"! {COMPLEMENT}" in first, "page:named1" in first) == (True, True)
    assert any("head office" in place for place in places[: places.index(first)])
    await press(office, ana, f"{Act.PAGE}:named1")
    assert EN("form_ui.to_correct", labels=labels) in office.shown(ana)
    await send(office, ana, city="Recife", state="PE", zipcode="50030-230")
    assert "Recife" in office.shown(ana)
    assert asked(ana) == []  # back on the last page, and not on those that follow the corrected one
    assert (await ana.submit()).closed
    await office.settled()
    assert "Recife" in office.journey.thread("review", "organization")[-1].text
    assert not (await office.snapshot(onboarding)).steps["organization"].named


async def test_who_stands_by_the_answers_sends_them_again(office: Workplace, onboarding: str) -> None:
    await office.send(onboarding, "planning")
    await office.act(
        onboarding, lambda case: review.send_back(case, "planning", 1, case.record("planning").digest, "Why?"), office.sam
    )
    ana = await opened(office, onboarding, "planning")
    assert "Why?" in office.shown(ana)
    assert (await ana.submit()).closed
    assert await office.state(onboarding, "planning") == "submitted"
