"""A backup of many customers was restored: their repairs leave room for others."""

import asyncio

import pytest

from bot.jobs.runner import AT_ONCE
from bot.slack import lookups
from flows.cases.repair import begin
from flows.cases.start import StartRequest, start
from flows.ports import Unit
from tests.bot.workplace import ENDLESS, Workplace, who

READ = "conversations.history"


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bot waits for Slack as long as the newcomer takes on a busy machine."""
    monkeypatch.setattr(lookups, "TIMEOUT_SECONDS", 60.0)


@pytest.mark.usefixtures("patient")
async def test_many_repairs_delay_no_newcomer_and_read_supports_channel_once(place: Workplace) -> None:
    restored = []
    for _ in range(AT_ONCE + 2):
        place.new_channel()
        restored.append(await place.begin())
    go_on = asyncio.Event()
    slow = place.slack.faults.add(READ, "slow", until=go_on)

    async def repair_all(unit: Unit) -> None:
        for onboarding in restored:
            begin(unit, onboarding)

    await place.bot.store.transact(repair_all)
    place.bot.runner.wake()
    await place.slack.until(lambda: slow.times == 0)
    channel = place.new_channel()
    asked = StartRequest(
        customer="Newcomer", channel_id=channel.id, lead=who(place.ana), owner_id=place.sam.id, language="en", go_live=None
    )
    await place.bot.store.transact(lambda unit: start(unit, place.rules.rules, asked, who(place.sam)))
    await place.slack.until(lambda: len(channel.messages) >= 2, timeout=30)
    assert [call for call in place.slack.calls if call.method == READ] == []  # the first is not over
    go_on.set()
    place.patience = ENDLESS
    await place.settled()
    read = [call.args["channel"] for call in place.slack.calls if call.method == READ and call.outcome == "ok"]
    assert read.count(place.support.id) == 1
    assert len(read) == len(restored) + 1
