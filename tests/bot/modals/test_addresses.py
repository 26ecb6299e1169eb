"""Address lists attached as a file: sender and approvers see every address, and which were added and removed."""

import re
from typing import Any

import pytest

from bot.messages.buttons import Act, ButtonValue
from playground.slack import FileUpload, SeenMessage
from playground.slack.checks import check_message
from playground.slack.screen import tells
from playground.walkthrough import ready, said
from tests.bot.workplace import Workplace

pytestmark = pytest.mark.asyncio(loop_scope="module")


def listed(names: list[str]) -> dict[str, str]:
    return {"id": "F1", "name": "users.csv", "text": "\n".join(f"{name}@bank.example" for name in names)}


def named(words: str) -> set[str]:
    return set(re.findall(r"[\w.]+(?=@bank\.example)", words))


async def sent(office: Workplace, onboarding: str, names: list[str]) -> None:
    await office.send(onboarding, "service_desk", users="", users_file=listed(names))


def card(office: Workplace) -> str:
    return str(office.journey.lasting("review", "service_desk").blocks)


def thread(office: Workplace) -> list[Any]:
    return office.journey.thread("review", "service_desk")


async def test_an_approver_sees_all_addresses_of_a_file_and_who_came_and_went(office: Workplace, onboarding: str) -> None:
    names = [f"user{number}" for number in range(30)]
    await sent(office, onboarding, names)
    assert named(card(office)) == set(names)
    await sent(office, onboarding, [*names[:29], "mallory"])
    assert named(card(office)) == {*names[:29], "mallory"}
    (changed,) = [message.text for message in thread(office) if "What changed" in message.text]
    assert re.search(r"\(1 added\) · Now: mallory@bank\.example$", changed, re.MULTILINE)
    assert re.search(r"\(1 removed\) · Before: user29@bank\.example$", changed, re.MULTILINE)
    assert "users.csv" not in changed
    await office.approve(onboarding, "service_desk")
    assert await office.state(onboarding, "service_desk") == "fulfilling"


async def test_the_same_addresses_in_another_way_are_said_to_be_the_same(office: Workplace, onboarding: str) -> None:
    await sent(office, onboarding, ["ana", "bo"])
    await office.send(onboarding, "service_desk", users="BO@bank.example; ana@bank.example", users_file=None)
    assert "same 2 addresses, written differently" in thread(office)[-1].text


async def test_more_addresses_than_a_card_takes_stand_whole_in_its_thread(office: Workplace, onboarding: str) -> None:
    before = [f"former.colleague{number:04}" for number in range(1000)]
    await sent(office, onboarding, before)
    assert tells(card(office), said("review.more_below"))
    shown = [str(message.blocks) for message in thread(office) if tells(message.text, said("review.in_full"))]
    assert len(shown) > 1
    assert named("".join(shown)) == set(before)
    after = [f"new.colleague{number:04}" for number in range(1000)]
    await sent(office, onboarding, after)
    for message in thread(office):
        check_message({"text": message.text, "blocks": message.blocks})
    told = "".join(str(m.blocks) for m in thread(office) if "(1000 added)" in m.text or "Part " in m.text)
    assert named(told) == {*before, *after}
    posted = len(thread(office))
    await office.restart()
    await office.settled()
    assert len(thread(office)) == posted


async def test_who_sends_a_file_sees_all_its_addresses_before(office: Workplace, onboarding: str) -> None:
    await office.open_step(onboarding, "service_desk")
    await office.press(office.ana, office.acme, Act.OPEN_FORM, ButtonValue(onboarding=onboarding, step="service_desk"))
    await office.bot.background.drain()
    assert ready(office.ana.view)
    assert office.ana.view is not None
    names = [f"user{number}" for number in range(200)]
    file = FileUpload("users.csv", listed(names)["text"].encode())
    outcome = await office.journey.send_page(office.ana, office.ana.view, {"users_file": file})
    assert outcome.ok, outcome.errors
    assert named(office.shown(office.ana)) == set(names)
    assert (await office.ana.submit()).closed
    await office.settled()
    assert named(SeenMessage.of(office.journey.lasting("review", "service_desk")).shown) == set(names)
