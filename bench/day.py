"""A day at support's desk beside 1,000 open onboardings: five people at once make 200 decisions (`bench.decisions`).

The bot is a process of its own between the stand-ins (`playground.office`), and the customers are made by the use cases
(`playground.customers`). Channels take messages as they come, so that a day's work is done in minutes. What the stand-ins take, in this
process, is in all times.
"""

import asyncio
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from sqlalchemy import func, select, update

from bench.aims import Aim, Row
from bench.decisions import SupportDay
from bench.load import Timing
from bench.testbed import Testbed, cpu_seconds, memory_mb
from playground.customers import add_customers
from playground.office import LIFELIKE, Office
from storage.engine import sync_engine
from storage.tables import audit_events, effects

CUSTOMERS, DECISIONS = 1_000, 200
POSTING = 3600.0
"""Seconds that the bot may take to post for all customers, before the day begins."""


def measure(bed: Testbed, *, share: float) -> Iterator[Row]:
    """``share``: of the usual numbers. On SQLite, with one process, whatever the other parts run on."""
    folder = bed.folder / "day"
    folder.mkdir()
    yield from asyncio.run(_measured(folder, round(CUSTOMERS * share), round(DECISIONS * share)))


async def _measured(folder: Path, customers: int, decisions: int) -> Sequence[Row]:
    async with Office(folder=folder, policies=LIFELIKE) as office:
        await office.stop_bot()
        await add_customers(office, customers, _say)
        await office.start_bot()
        _say("The bot posts for them.")
        _nothing_is_posted(office)
        await all_posted(office)
        await office.stop_bot()  # so that its memory is that of the day
        await office.start_bot()
        return await replay(office, decisions)


def _nothing_is_posted(office: Office) -> None:
    """A bot that starts looks in Slack for each message that waits, since it may have been posted; these were not."""
    engine = sync_engine(office.database_url)
    with engine.begin() as connection:
        connection.execute(update(effects).where(effects.c.state == "waiting").values(attempts=0))
    engine.dispose()


async def replay(office: Office, decisions: int) -> Sequence[Row]:
    """In an office in which everything is posted."""
    if office.process is None:
        raise RuntimeError("no bot runs")
    day, pid, before = SupportDay(office), office.process.pid, logged(office)
    cpu, began = cpu_seconds(pid), time.monotonic()
    await day.pass_by(decisions)
    took, cpu = time.monotonic() - began, cpu_seconds(pid) - cpu
    await all_posted(office)
    return list(_rows(day, logged(office) - before, took, cpu, memory_mb(pid)))


def _rows(day: SupportDay, log: Counter[tuple[str, str]], took: float, cpu: float, memory: float) -> Iterator[Row]:
    done = day.expected.total()
    found = Counter(
        {(one, tag): sum(n for (its, full), n in log.items() if its == one and full.startswith(tag)) for one, tag in day.expected}
    )
    missing, twice = (day.expected - found).total(), (found - day.expected).total()
    wrong = [*day.lost, *map(str, day.slack.violations)]
    for one in wrong:
        print(one, file=sys.stderr)
    pace = f"{done} decisions by {len(day.people)} people in {took:.0f} s, {cpu / max(done, 1) * 1000:.0f} ms of the bot's processor each"
    yield Row("a support day: acknowledged", f"{pace}; {_told(day.acknowledged)}", (Aim(max(day.acknowledged), 1, "s at most"),))
    yield Row("a support day: lists drawn", _told(day.listed))
    yield Row("a support day: windows opened", _told(day.opened))
    yield Row("a support day: card redrawn, answer told", _told(day.redrawn))
    yield Row("a support day: the next item offered", _told(day.offered))
    first = f"{sum(day.contests)} of {len(day.contests)} times, the second of two at once read who was first"
    yield Row(
        "a support day: missing in the log, or there twice",
        f"{first}; {len(wrong)} other things went wrong",
        (Aim(missing + twice, 0, "decisions"), Aim(len(wrong), 0, "faults")),
    )
    yield Row("a support day: memory afterwards", f"{memory:.0f} MB")


def _told(seconds: Sequence[float]) -> str:
    return f"{Timing.of(seconds)}, at most {max(seconds, default=0) * 1000:.0f} ms, of {len(seconds)}"


def logged(office: Office) -> Counter[tuple[str, str]]:
    """How often each tag is in each onboarding's log."""
    wanted = select(audit_events.c.onboarding_id, audit_events.c.tag, func.count()).group_by("onboarding_id", "tag")
    engine = sync_engine(office.database_url)
    with engine.connect() as connection:
        found = Counter({(one, tag): number for one, tag, number in connection.execute(wanted)})
    engine.dispose()
    return found


async def all_posted(office: Office) -> None:
    """Wait until the bot has nothing more to do."""
    engine = sync_engine(office.database_url)
    wanted, began = select(func.count()).where(effects.c.state.in_(("waiting", "running"))), time.monotonic()
    try:
        while time.monotonic() - began < POSTING:
            with engine.connect() as connection:
                if not (left := connection.execute(wanted).scalar_one()):
                    return
            await asyncio.sleep(0.5)
    finally:
        engine.dispose()
    raise RuntimeError(f"the bot has still {left} effects to do")


def _say(words: str) -> None:
    print(words, file=sys.stderr)
