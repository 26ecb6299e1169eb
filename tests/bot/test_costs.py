"""What a click costs the store and Slack, from its payload to the last message it draws: counted, not timed."""

import contextlib
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from sqlalchemy import Engine, event

from bot.messages.buttons import Act
from bot.slack.support_channel import SupportChannel
from flows.cases import tasks
from playground.walkthrough import action_id
from storage import sealing
from storage.store import Store
from tests.bot.workplace import Workplace

OPENED = ("environments", "control_center", "first_programs", "authentication")
ORG_ID = {"org_id": "TN-34778262-f4f0-464d-b4c6-a14e2dc6f4be"}


@dataclass
class Costs:
    """Read and write transactions; calls to Slack's Web API."""

    reads: int = 0
    writes: int = 0
    calls: int = 0


@pytest.fixture
async def office() -> AsyncIterator[Workplace]:
    async with Workplace() as place:
        yield place


@contextmanager
def counted(office: Workplace, store: Store | None = None) -> Iterator[Costs]:
    """What the bot does in the block, and what taking its effects costs. ``store``: the bot's, unless another is given."""
    costs, store = Costs(), store or office.bot.store
    before = len(office.slack.calls)

    def read(_: object) -> None:
        costs.reads += 1

    def write(_: object) -> None:
        costs.writes += 1

    engines: tuple[tuple[Engine, Callable[[object], None]], ...] = (
        (store._reading.sync_engine, read),
        (store._writing.sync_engine, write),
    )
    for engine, count in engines:
        event.listen(engine, "begin", count)
    try:
        yield costs
    finally:
        for engine, count in engines:
            event.remove(engine, "begin", count)
        costs.calls = len(office.slack.calls) - before


async def settled(office: Workplace) -> None:
    """Until all effects are done, without using the bot's own store."""

    def done() -> bool:
        with contextlib.closing(sqlite3.connect(f"file:{office.file}?mode=ro", uri=True)) as connection:
            left = "SELECT count(*) FROM effects WHERE state IN ('waiting', 'running')"
            return office.slack.quiet and not office.bot.background.busy and not connection.execute(left).fetchone()[0]

    await office.slack.until(done)


async def test_recording_an_org_id_writes_and_reads_little_for_what_it_shows(office: Workplace) -> None:
    onboarding = await office.begin()
    await office.send(onboarding, "organization")
    await office.approve(onboarding, "organization")
    with counted(office) as costs:
        await office.act(onboarding, lambda case: tasks.do_task(case, "organization", "record_org_id", ORG_ID), office.sam)
        await settled(office)
    shown = {step: office.journey.lasting("step", step).text for step in OPENED}
    assert all("Status: ready to fill out" in text for text in shown.values())
    assert "Status: done" in office.journey.lasting("step", "organization").text
    assert costs.calls == 8
    assert costs.writes <= 25
    assert costs.reads <= 25


async def test_an_approval_writes_little(office: Workplace) -> None:
    onboarding = await office.begin()
    await office.send(onboarding, "planning")
    review = office.journey.lasting("review", "planning")
    with counted(office) as costs:
        assert (await office.sam.click(review, action_id=action_id(review.blocks, Act.APPROVE))).ok
        await settled(office)
    assert "approved version 1" in str([m.text for m in office.journey.thread("review", "planning")])
    assert costs.writes <= 12
    with counted(office) as costs:  # nobody waits for the disk to see a list
        assert (await office.sam.command("/onboarding queue", office.support)).ok
        await settled(office)
    assert costs.writes == 0


async def test_where_one_process_runs_the_store_is_not_asked_whether_supports_channel_is_fit(office: Workplace) -> None:
    store = Store(office.settings().database_url, sealing.current())  # which nothing else uses
    channel = SupportChannel(store, office.bot.adapters.slack, office.support.id)
    await channel.look()
    with counted(office, store) as costs:
        assert await channel.check() == ""
    assert costs.reads == 0
    channel.shut("public")
    await channel.close("public")
    assert await channel.check() == "public"
    await store.close()
