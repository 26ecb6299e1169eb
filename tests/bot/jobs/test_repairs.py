"""`/onboarding repair`: what stands in Slack and what is stored are brought together again, whatever parted them."""

import asyncio
import contextlib
import sqlite3
from functools import partial
from typing import Any

import pytest

from bot.messages.buttons import Act
from bot.messages.texts import Texts
from bot.slack import client
from flows.cases.repair import LOST, Found, compare
from flows.outbox import LastingMessage, Redraw
from playground.slack import Channel, Message
from playground.slack.screen import tells
from playground.walkthrough import action_id, effect_id
from playground.walkthrough import said as wording
from storage.restore import doubt
from tests.bot.workplace import PROMPT, Workplace

EN = Texts("en")

pytestmark = pytest.mark.asyncio(loop_scope="module")


READ = "conversations.history"


async def ask(office: Workplace) -> None:
    outcome = await office.sam.command("/onboarding repair", office.acme)
    assert tells(outcome.text, wording("status.repair_begins")), outcome


async def repair(office: Workplace) -> None:
    await ask(office)
    await office.settled()


def write(office: Workplace, statement: str, *values: str) -> None:
    with contextlib.closing(sqlite3.connect(office.file)) as connection, connection:
        connection.execute(statement, values)


def reads(office: Workplace, channel: Channel) -> list[dict[str, Any]]:
    """The arguments of the calls that read a channel and were answered."""
    return [
        call.args
        for call in office.slack.calls
        if call.method == READ and call.outcome == "ok" and call.args["channel"] == channel.id
    ]


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
    assert office.journey.says("step", "planning", EN("state.submitted"))


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
    assert office.journey.says("step", "planning", EN("state.submitted"))


async def test_what_was_given_up_is_tried_again(office: Workplace, onboarding: str) -> None:
    office.patience = PROMPT
    fault = office.slack.faults.add("chat.postMessage", "5xx", times=None, channel=office.acme.id)
    await office.send(onboarding, "planning")
    assert not [message for message in office.journey.thread("step", "planning") if tells(message.text, wording("say.submitted"))]
    fault.times = 0
    await repair(office)
    (said,) = [message for message in office.journey.thread("step", "planning") if tells(message.text, wording("say.submitted"))]
    assert said.bot
    async with office.bot.store.read() as unit:
        assert not await unit.failed_effects(onboarding)


async def test_a_review_card_that_is_not_known_is_waited_for_by_what_is_pressed_on_it(office: Workplace, onboarding: str) -> None:
    await office.send(onboarding, "planning")
    review = office.journey.lasting("review", "planning")
    write(office, "DELETE FROM posted WHERE id = ?", f"{onboarding}:review:planning")
    refused = office.slack.faults.add(READ, "429", times=None, channel=office.support.id)
    await ask(office)
    await office.slack.until(lambda: office.slack.calls[-1].outcome == "429")
    assert (await office.sam.click(review, action_id=action_id(review.blocks, Act.CLAIM))).ok
    refused.times = 0
    await office.settled()
    assert office.journey.all_lasting("review", "planning") == [review]
    assert office.journey.says("review", "planning", wording("review.claimed"))


async def test_a_message_that_was_posted_after_the_reading_stays_the_stores(office: Workplace, onboarding: str) -> None:
    card = office.journey.lasting("card")
    earlier: dict[tuple[LastingMessage, str], list[Found]] = {("card", ""): [Found(office.acme.id, "1.1", 0)]}
    card.blocks, card.text = [], "Drawn in a time that is lost"
    await office.act(onboarding, lambda case: compare(case, "customer", earlier))
    await office.settled()
    assert office.journey.all_lasting("card") == [card]
    assert card.blocks


async def nothing_is_to_be_edited(office: Workplace) -> bool:
    async with office.bot.store.read() as unit:
        return Redraw.kind not in {record.kind for record in await unit.open_effects()}


def show_revision(office: Workplace, step: str, revision: int) -> None:
    """As its messages stand after a backup was restored that is older than that."""
    for what in ("step", "review"):
        shown = office.journey.lasting(what, step)
        assert shown.metadata is not None
        shown.metadata["event_payload"]["revision"] = revision


async def test_lost_answers_are_asked_for_once_however_often_repair_is_typed(office: Workplace, onboarding: str) -> None:
    def told() -> tuple[int, int]:
        """How often the customer and support."""
        thread = [m for m in office.journey.thread("step", "planning") if "were lost" in m.text]
        return len(thread), len([m for m in office.support.messages if "lost with the restored backup" in m.text])

    await office.send(onboarding, "planning")
    show_revision(office, "planning", 7)
    go_on = asyncio.Event()
    slow = office.slack.faults.add(READ, "slow", channel=office.acme.id, until=go_on)
    before = len(reads(office, office.acme))
    await ask(office)
    await office.slack.until(lambda: slow.times == 0)
    await ask(office)
    go_on.set()
    await office.settled()
    assert len(reads(office, office.acme)) == before + 2
    assert told() == (1, 1)

    # The same happens after another backup, and though its messages are to be edited before they were read.
    await office.bot.store.transact(lambda unit: doubt(unit, LOST))
    show_revision(office, "planning", 7)
    refused = [office.slack.faults.add(READ, "429", times=None, channel=one.id) for one in (office.acme, office.support)]
    await ask(office)
    review = office.journey.lasting("review", "planning")
    assert (await office.sam.click(review, action_id=action_id(review.blocks, Act.APPROVE))).ok
    await office.slack.until(partial(nothing_is_to_be_edited, office))
    for fault in refused:
        fault.times = 0
    await office.settled()
    assert told() == (2, 2)


async def test_a_channel_is_read_on_from_where_slack_broke_it_off(
    office: Workplace, onboarding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await office.send(onboarding, "planning")
    review = office.journey.lasting("review", "planning")
    write(office, "DELETE FROM posted WHERE id = ?", f"{onboarding}:review:planning")
    office.support.messages += [
        Message(office.slack.world.new_ts(), office.support, office.sam.id, f"Talk {number}") for number in range(12)
    ]
    monkeypatch.setattr(client, "PAGE", 4)
    before = len(reads(office, office.support))
    office.slack.faults.limit(READ, 3, 1.0)
    await repair(office)
    read = [args.get("cursor") for args in reads(office, office.support)[before:]]
    assert len(read) > 3
    assert len(read) == len(set(read))
    assert office.journey.all_lasting("review", "planning") == [review]
