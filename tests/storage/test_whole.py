"""A whole onboarding, read by one statement, is what its rows say one by one."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import Column, LargeBinary, inspect, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from flows.model import Person, StepRecord
from storage import reading
from storage.mapping import TABLES
from storage.store import Conflict, Store
from storage.tables import grants, steps
from storage.whole import KINDS, read_whole
from tests.storage.example import LEAD, NOW, SECRET, add_whole, onboarding

ODD = datetime(2026, 3, 1, 0, 0, 0, 5, tzinfo=timezone(timedelta(hours=5, minutes=30)))
"""A moment in another zone, with leading zeros in its microseconds."""


def stored(rows: Sequence[Any]) -> dict[tuple[type, str], dict[str, Any]]:
    """By kind and id, the values of each row's columns, sealed ones as they are."""
    return {(type(row), row.id): {prop.key: getattr(row, prop.key) for prop in inspect(type(row)).column_attrs} for row in rows}


async def begun(store: Store) -> str:
    async with store.write() as unit:
        found = add_whole(unit)
        unit.add(onboarding())
    async with store.write() as unit:
        await unit.connection.execute(update(grants).where(grants.c.onboarding_id == found).values(expires_at=ODD, at=None))
    return found


@pytest.mark.parametrize("changes", [False, True], ids=["to read", "to change"])
async def test_it_has_the_rows_of_the_onboarding_and_of_no_other_with_every_value(store: Store, changes: bool) -> None:
    one = await begun(store)
    async with store.write() as unit:
        unit.add(Person(id=str(LEAD), team_id=LEAD.team_id, user_id=LEAD.user_id, name=SECRET, support=True))
    by_row: list[Any] = []
    async with store.read() as unit:
        for kind in KINDS:
            table = TABLES[kind]
            which = table.c.onboarding_id == one if "onboarding_id" in table.c else table.c.id.in_([one, str(LEAD)])
            by_row += (await unit.session.scalars(select(kind).where(which))).all()
    async with store.read() as unit:
        session = AsyncSession(unit.connection) if changes else None
        found = await read_whole(unit.connection, one, session, locks=False)
    assert found is not None
    assert {kind for kind, _ in found} == set(KINDS)
    assert stored(list(found.values())) == stored(by_row)
    assert ODD.astimezone(UTC) in [row.expires_at for (kind, _), row in found.items() if kind.__name__ == "Grant"]


async def test_a_row_that_another_changed_meanwhile_is_a_conflict(store: Store) -> None:
    one = await begun(store)

    async def change() -> None:
        async with store.write() as unit:
            snapshot = await unit.snapshot(one)
            assert snapshot is not None
            snapshot.steps["planning"].turn_since = NOW
            other = update(steps).where(steps.c.onboarding_id == one).values(version=steps.c.version + 1)
            await unit.connection.execute(other)

    with pytest.raises(Conflict):
        await change()


async def test_what_was_changed_before_the_whole_was_read_is_kept(store: Store) -> None:
    one = await begun(store)
    async with store.write() as unit:
        step = await unit.get(StepRecord, f"{one}:planning")
        assert step is not None
        step.claimer_id = "UKIM"
        snapshot = await unit.snapshot(one)
        assert snapshot is not None
        assert snapshot.steps["planning"] is step
    async with store.read() as unit:
        snapshot = await unit.snapshot(one)
    assert snapshot is not None
    assert snapshot.steps["planning"].claimer_id == "UKIM"


async def test_what_is_only_read_cannot_be_changed(store: Store) -> None:
    one = await begun(store)
    async with store.read() as unit:
        snapshot = await unit.snapshot(one)
    assert snapshot is not None
    with pytest.raises(AttributeError):
        snapshot.steps["planning"].claimer_id = "UKIM"


async def test_many_are_read_without_keeping_others_waiting(store: Store) -> None:
    ids = [await begun(store) for _ in range(20)]
    turns, ended = 0, asyncio.Event()

    async def others() -> None:
        nonlocal turns
        while not ended.is_set():
            turns += 1
            await asyncio.sleep(0)

    waiting = asyncio.create_task(others())
    async with store.read() as unit:
        for one in ids:
            await unit.snapshot(one)
    ended.set()
    await waiting
    assert turns >= len(ids)


def test_a_column_that_json_has_no_word_for_needs_a_reader() -> None:
    with pytest.raises(TypeError, match="picture"):
        reading._reader(Column("picture", LargeBinary))
