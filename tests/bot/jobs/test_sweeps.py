"""Sweeps over several customers, one of whom has an unreadable row: the others are served, and so is that one once repaired."""

import asyncio
import contextlib
import logging
import sqlite3
from collections.abc import AsyncIterator
from datetime import date, timedelta
from functools import partial
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

from bot.jobs.sweeps import AGAIN, Sweeps
from flows.cases.report import PATIENCE
from flows.desk import Need, Wanted
from flows.model import Expiry, Grant, Onboarding, new_id
from flows.ports import Unit
from storage import sealing
from storage.store import Store, Unavailable
from tests.flows.cases.casework import OWNER, CaseBook, case_book

DAMAGED, OTHERS = 1, (0, 2)


class Customers:
    """Three of them in one store; the middle one can be damaged and repaired."""

    def __init__(self, book: CaseBook, file: Path) -> None:
        self.book, self.file, self.ids = book, file, list[str]()
        self.sweeps = Sweeps(book.store, book.cases)
        self._whole = ""

    async def begin(self) -> None:
        for number in range(3):
            self.ids.append(await self.book.start(f"C{number}", f"Bank {number}"))
            await self.book.send("planning")
        await self.book.news("say", "remind")

    @property
    def damaged(self) -> str:
        return self.ids[DAMAGED]

    def damage(self) -> None:
        (self._whole,) = self._sql("SELECT answers FROM submissions WHERE onboarding_id = ?", self.damaged)
        self._sql("UPDATE submissions SET answers = ? WHERE onboarding_id = ?", self._whole[:-8] + "AAAAAAAA", self.damaged)

    def mend(self) -> None:
        self._sql("UPDATE submissions SET answers = ? WHERE onboarding_id = ?", self._whole, self.damaged)

    def _sql(self, statement: str, *values: str) -> tuple[str, ...]:
        with contextlib.closing(sqlite3.connect(self.file)) as connection, connection:
            return connection.execute(statement, values).fetchone() or ()

    async def served(self, kind: str, key: str = "") -> set[str]:
        """Ids of the customers this was asked for since the last look."""
        return {one.onboarding_id for one in await self.book.news(kind) if one.arguments.get("key", "") == key}

    def others(self) -> set[str]:
        return {self.ids[number] for number in OTHERS}


@pytest.fixture
async def customers(tmp_path: Path) -> AsyncIterator[Customers]:
    async with case_book(tmp_path) as book:
        customers = Customers(book, tmp_path / "case.db")
        await customers.begin()
        yield customers


def failures(chore: str) -> float:
    return REGISTRY.get_sample_value("onboarding_chore_failures_total", {"chore": chore}) or 0


def left_out(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Ids of customers the log names."""
    return [record.onboarding for record in caplog.records if record.levelno == logging.ERROR and hasattr(record, "onboarding")]


async def test_reminders(customers: Customers, caplog: pytest.LogCaptureFixture) -> None:
    customers.book.now += timedelta(days=2)
    customers.damage()
    before = failures("reminders")
    sent = REGISTRY.get_sample_value("onboarding_reminders_total") or 0
    await customers.sweeps.remind()
    assert await customers.served("remind") == customers.others()
    assert left_out(caplog) == [customers.damaged]
    assert failures("reminders") == before + 1
    assert REGISTRY.get_sample_value("onboarding_reminders_total") == sent + 2
    customers.mend()
    await customers.sweeps.remind()
    assert await customers.served("remind") == {customers.damaged}
    assert left_out(caplog) == [customers.damaged]


async def test_expiries(customers: Customers, caplog: pytest.LogCaptureFixture) -> None:
    async def invite(unit: Unit) -> None:
        for onboarding_id in customers.ids:
            grant = Grant(
                id=new_id("gra"),
                onboarding_id=onboarding_id,
                step_id="control_center",
                resource="control_center_test",
                email="ana@bank.example",
                state="invited",
                expires_at=customers.book.now + timedelta(hours=1),
            )
            unit.add(grant)

    await customers.book.do(invite)
    await customers.sweeps.expire()
    assert await customers.served("nudge") == set(customers.ids)
    customers.book.now += timedelta(hours=2)
    customers.damage()
    before = failures("expiries")
    await customers.sweeps.expire()
    assert await customers.served("say", "invitation_expired") == customers.others()
    assert left_out(caplog) == [customers.damaged]
    assert failures("expiries") == before + 1
    customers.mend()
    await customers.sweeps.expire()
    assert await customers.served("say", "invitation_expired") == {customers.damaged}


async def test_renewals(customers: Customers, caplog: pytest.LogCaptureFixture) -> None:
    async def expire(unit: Unit) -> None:
        for onboarding_id in customers.ids:
            expiry = Expiry(
                id=f"{onboarding_id}:certificate",
                onboarding_id=onboarding_id,
                step_id="authentication",
                task_id="attach_certificate",
                last_day=(customers.book.now + timedelta(days=5)).date(),
            )
            unit.add(expiry)

    await customers.book.do(expire)
    customers.damage()
    before, key = failures("renewals"), "task.authentication.attach_certificate.expires"
    await customers.sweeps.warn_of_renewals()
    assert await customers.served("say", key) == customers.others()
    assert left_out(caplog) == [customers.damaged]
    assert failures("renewals") == before + 1
    customers.mend()
    await customers.sweeps.warn_of_renewals()
    assert await customers.served("say", key) == {customers.damaged}


async def test_who_left_is_told_also_where_answers_cannot_be_read_or_nothing_can_be_recorded(customers: Customers) -> None:
    """The first customer's log was altered, the second's answers were damaged."""
    gone, altered = {OWNER.user_id}, customers.ids[0]
    (head,) = customers._sql("SELECT hash FROM audit_heads WHERE onboarding_id = ?", altered)
    customers._sql("UPDATE audit_heads SET hash = 'x' WHERE onboarding_id = ?", altered)
    customers.damage()
    for _ in range(2):
        await customers.sweeps.follow_support(gone.__contains__)
    assert await customers.served("departure") == set(customers.ids) - {altered}
    (told,) = [one.arguments for one in await customers.book.news("unrecorded_departure")]
    assert (told["user"], told["onboarding"]) == (OWNER.user_id, altered)
    async with customers.book.store.read() as unit:
        rows = [row for row in (await unit.waiting(Wanted(), limit=50)).rows if row.need is Need.LEFT]
    assert {row.onboarding_id for row in rows} == set(customers.ids) - {altered}

    customers._sql("UPDATE audit_heads SET hash = ? WHERE onboarding_id = ?", head, altered)
    await customers.sweeps.follow_support(gone.__contains__)
    assert await customers.served("departure") == {altered}
    customers.mend()
    gone.clear()
    await customers.sweeps.follow_support(gone.__contains__)
    assert await customers.served("departure") == set(customers.ids)
    assert await customers.book.news("unrecorded_departure") == []


async def test_where_the_store_is_locked_the_sweep_ends(customers: Customers, caplog: pytest.LogCaptureFixture) -> None:
    """Every further customer would wait just as long for nothing."""
    customers.book.now += timedelta(days=2)
    store = Store(f"sqlite+aiosqlite:///{customers.file}", sealing.current(), clock=lambda: customers.book.now, busy_ms=20)
    with contextlib.closing(sqlite3.connect(customers.file, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        with pytest.raises(Unavailable):
            await Sweeps(store, customers.book.cases).remind()
        connection.execute("ROLLBACK")
    await store.close()
    assert len(left_out(caplog)) == 1
    await customers.sweeps.remind()
    assert await customers.served("remind") == set(customers.ids)


class Release(logging.Handler):
    """Ends another writer's transaction once it has cost a customer their turn."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        super().__init__()
        self._connection = connection

    def emit(self, record: logging.LogRecord) -> None:
        if record.levelno == logging.ERROR and self._connection.in_transaction:
            self._connection.execute("ROLLBACK")


async def test_one_customers_rows_locked_for_a_moment_keep_no_other_waiting(
    customers: Customers, caplog: pytest.LogCaptureFixture
) -> None:
    customers.book.now += timedelta(days=2)
    store = Store(f"sqlite+aiosqlite:///{customers.file}", sealing.current(), clock=lambda: customers.book.now, busy_ms=20)
    with contextlib.closing(sqlite3.connect(customers.file, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        release, log = Release(connection), logging.getLogger("bot.jobs.sweeps")
        log.addHandler(release)
        try:
            await Sweeps(store, customers.book.cases).remind()
        finally:
            log.removeHandler(release)
    await store.close()
    (first,) = left_out(caplog)
    assert await customers.served("remind") == set(customers.ids) - {first}
    await customers.sweeps.remind()
    assert await customers.served("remind") == {first}


async def test_the_weekly_report_is_posted_once_however_many_look(tmp_path: Path) -> None:
    async with case_book(tmp_path) as book:  # on a Monday, after nine
        sweeps = Sweeps(book.store, book.cases)
        await book.start()
        await sweeps.post_report(PATIENCE)
        assert await book.news("weekly_report") == []  # there was nothing yet when it was due
        book.now += timedelta(days=7)
        await asyncio.gather(*(Sweeps(book.store, book.cases).post_report(PATIENCE) for _ in range(3)))
        await sweeps.post_report(PATIENCE)
        (asked,) = await book.news("weekly_report")
        assert asked.arguments["day"] == "2026-03-16"
        book.now += timedelta(days=6)
        await sweeps.post_report(PATIENCE)
        assert await book.news("weekly_report") == []


async def test_a_checklist_is_drawn_once_a_day_for_its_days_until_go_live_and_not_all_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.jobs.sweeps.CARDS", 2)
    async with case_book(tmp_path) as book:
        ids = [await book.start(f"C{number}", f"Bank {number}") for number in range(3)]

        for onboarding_id in ids[:-1]:
            await book.store.transact(partial(_goes_live, onboarding_id=onboarding_id, day=date(2026, 5, 30)))
        sweeps = Sweeps(book.store, book.cases)

        async def drawn() -> list[str]:
            await book.news("draw")
            await sweeps.count_down()
            return [one.onboarding_id for one in await book.news("draw")]

        assert sorted(await drawn()) == sorted(ids[:-1])  # the last has no date
        assert await drawn() == []
        book.now += timedelta(days=1)
        await book.store.transact(partial(_goes_live, onboarding_id=ids[-1], day=date(2026, 6, 30)))
        assert sorted(await drawn()) == sorted(ids[:-1])  # whose go-live is sooner
        refused = f"BEFORE INSERT ON effects WHEN NEW.onboarding_id = '{ids[-1]}' BEGIN SELECT RAISE(ABORT, 'full'); END"
        with contextlib.closing(sqlite3.connect(tmp_path / "case.db", isolation_level=None)) as connection:
            connection.execute(f"CREATE TRIGGER refused {refused}")
            assert await drawn() == []
            connection.execute("DROP TRIGGER refused")
        book.now += AGAIN
        assert await drawn() == [ids[-1]]  # and not only on the next day


async def _goes_live(unit: Unit, onboarding_id: str, day: date) -> None:
    onboarding = await unit.get(Onboarding, onboarding_id)
    assert onboarding is not None
    onboarding.go_live = day
