"""Support closes an onboarding: rated, unrated, or with its last step skipped; never with another step left."""

import re

import pytest

from bot.messages.buttons import Act, ButtonValue
from bot.messages.texts import Texts
from flows.cases import calls, manage
from playground.slack import Message
from playground.slack.screen import tells
from playground.walkthrough import action_id, ready
from playground.walkthrough import said as wording
from tests.bot.workplace import STEPS, Workplace

EN = Texts("en")

LAST = "next_steps"
OTHERS = [step for step in STEPS if step != LAST]


async def skip(place: Workplace, onboarding: str, *steps: str) -> None:
    await place.skip(onboarding, *steps)
    await place.settled()


async def status(place: Workplace) -> Message:
    """What Sam reads in the support channel."""
    assert (await place.sam.command("/onboarding status acme", place.support)).ok
    return max((m for m in place.support.messages if m.ephemeral_to == place.sam.id), key=lambda m: m.ts)


async def closes(place: Workplace, message: Message) -> str:
    """Sam clicks a message's button; what he is asked to confirm."""
    name = action_id(message.blocks, Act.TASK, "close_onboarding")
    assert name is not None, message.text
    outcome = await place.sam.click(message, action_id=name)
    assert outcome.ok, outcome
    await place.settled()
    return str(outcome.confirmed)


async def assert_closed(place: Workplace) -> None:
    """The customer sees it on the card and has the receipt, nothing is left to click, and the channel is free."""
    card, step = place.journey.lasting("card", ""), place.journey.lasting("step", LAST)
    assert "Closed by" in card.text
    assert EN("state.open") not in card.text
    assert action_id(step.blocks, Act.OPEN_FORM) is None
    said = place.journey.thread("step", LAST)
    (last,) = [message for message in said if "closed" in message.text]
    assert "is closed. Skipped: " in last.text
    (receipt,) = [file for message in said for file in message.files]
    kept = receipt.content.decode()
    assert receipt.name.startswith("pismo-onboarding-20")
    assert kept.startswith("Pismo onboarding of Acme Bank\n")
    assert re.search(r"\n1\. Planning \(skipped, \w+ \d+, 20\d\d\)\n   Skipped: ", kept)
    await place.begin(customer="Acme Pay")


async def test_a_customer_who_never_rates_keeps_nothing_open(place: Workplace) -> None:
    onboarding = await place.begin()
    await skip(place, onboarding, *OTHERS)
    assert "the steps can no longer be changed" in await closes(place, await status(place))
    assert await place.state(onboarding, LAST) == "skipped"
    await place.sam.command("/onboarding note acme", place.support)
    await place.slack.until(lambda: ready(place.sam.view))
    assert place.sam.view is not None
    assert (await place.journey.send_page(place.sam, place.sam.view, {"words": "They asked for a second one."})).closed
    await place.settled()
    assert "second one" in (await status(place)).text
    await assert_closed(place)


async def test_a_last_step_that_was_skipped_keeps_nothing_open(place: Workplace) -> None:
    onboarding = await place.begin()
    await skip(place, onboarding, LAST, *OTHERS)
    await closes(place, await status(place))
    await assert_closed(place)


async def test_after_the_reminders_it_can_be_closed_where_support_is_told(place: Workplace) -> None:
    onboarding = await place.begin()
    await skip(place, onboarding, *OTHERS)
    await place.act(onboarding, lambda case: calls.stuck(case, LAST, "Nobody here to rate it."), place.ana)
    await place.settled()
    await closes(place, place.journey.lasting("review", LAST))
    await assert_closed(place)


@pytest.mark.parametrize("last", ["open", "skipped"])
async def test_not_while_another_step_is_left(place: Workplace, last: str) -> None:
    onboarding = await place.begin()
    await skip(place, onboarding, *OTHERS, *([LAST] if last == "skipped" else []))
    before = await status(place)
    await place.act(onboarding, lambda case: manage.reopen(case, "planning", "More to plan."), place.sam)
    await place.settled()
    assert action_id((await status(place)).blocks, Act.TASK, "close_onboarding") is None
    await closes(place, before)  # from an earlier status
    assert "Steps still open: Planning" in place.answers(place.sam)[-1]
    assert "Closed by" not in place.journey.lasting("card", "").text
    await skip(place, onboarding, "planning")
    await closes(place, await status(place))
    assert "Closed by" in place.journey.lasting("card", "").text


async def test_the_customer_closes_nothing(place: Workplace) -> None:
    onboarding = await place.begin()
    await skip(place, onboarding, *OTHERS)
    value = ButtonValue(onboarding=onboarding, step=LAST, task="close_onboarding")
    await place.press(place.ana, place.acme, Act.TASK, value)
    await place.bot.background.drain()
    assert tells(place.answers(place.ana)[-1], wording("refused.support_only"))
    await closes(place, await status(place))
