"""`/onboarding repair`: what stands in Slack and what is stored are brought together again, whatever parted them."""

import contextlib
import sqlite3

import pytest

from playground.slack import Message
from playground.walkthrough import effect_id
from tests.bot.workplace import PROMPT, Workplace

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def repair(office: Workplace) -> None:
    outcome = await office.sam.command("/onboarding repair", office.acme)
    assert "drawn anew" in outcome.text, outcome
    await office.settled()


def write(office: Workplace, statement: str, *values: str) -> None:
    with contextlib.closing(sqlite3.connect(office.file)) as connection, connection:
        connection.execute(statement, values)


def roots(office: Workplace) -> list[Message]:
    return [message for message in office.acme.messages if effect_id(message) and message.thread_ts is None]


async def test_a_message_that_the_store_does_not_know_is_taken_over_and_drawn(office: Workplace, onboarding: str) -> None:
    await office.send(onboarding, "planning")
    before = [message.ts for message in roots(office)]
    step = office.journey.lasting("step", "planning")
    write(office, "DELETE FROM posted WHERE id = ?", f"{onboarding}:step:planning")
    step.blocks, step.text = [], "Drawn in a time that is lost"
    await repair(office)
    assert [message.ts for message in roots(office)] == before
    assert office.journey.says("step", "planning", "under review")


async def test_a_message_that_was_posted_again_is_found_and_one_that_is_gone_is_posted(
    office: Workplace, onboarding: str
) -> None:
    card, step = office.journey.lasting("card"), office.journey.lasting("step", "planning")
    write(office, "UPDATE posted SET ts = '1.1' WHERE id = ?", f"{onboarding}:card:")
    office.acme.messages.remove(step)
    await repair(office)
    assert office.journey.all_lasting("card") == [card]
    (again,) = office.journey.all_lasting("step", "planning")
    assert again.ts != step.ts
    await office.send(onboarding, "planning")
    assert office.journey.says("step", "planning", "under review")


async def test_what_was_given_up_is_tried_again(office: Workplace, onboarding: str) -> None:
    office.patience = PROMPT
    fault = office.slack.faults.add("chat.postMessage", "5xx", times=None, channel=office.acme.id)
    await office.send(onboarding, "planning")
    assert not [message for message in office.journey.thread("step", "planning") if "sent this step" in message.text]
    fault.times = 0
    await repair(office)
    (said,) = [message for message in office.journey.thread("step", "planning") if "sent this step" in message.text]
    assert said.bot
    async with office.bot.store.read() as unit:
        assert not await unit.failed_effects(onboarding)
