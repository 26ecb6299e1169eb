"""Somebody puts with SQL what is no value of a column into a customer's rows: that is this customer's trouble, and nobody else's."""

from collections.abc import Sequence

import pytest

from flows.model import Onboarding
from storage.anchors import Anchors
from storage.customers import customers
from storage.outbox import Claim, Ending, Outbox, Pace
from storage.reading import DamagedError
from storage.sealing import SealError
from storage.store import Store
from storage.verify import verify
from tests.storage.example import OWNER, raw, whole

ONLY_SQLITE = pytest.mark.parametrize("url", ["sqlite"], indirect=True)
"""It takes any value into any column."""
DEEP, DEEPER = (f'{{"a": {"[" * depth}{"]" * depth}}}' for depth in (900, 100_000))
"""Python reads the first, but may not write it again; the second it can't even read."""


FIRST, LAST = "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"
"""In UTC, neither is a moment that Python has."""
AT_ONCE = Pace(gap=0.0)


async def taken(outbox: Outbox) -> Sequence[Claim]:
    return (await outbox.claim(12, [])).claims


@ONLY_SQLITE
async def test_a_row_that_nobody_could_have_written_is_passed_over_and_named_where_it_is_needed(store: Store) -> None:
    damaged, other = await whole(store), await whole(store)
    for statement in (
        "UPDATE onboardings SET started_at = 'x' WHERE id = :o",
        "UPDATE expiries SET last_day = 'x' WHERE onboarding_id = :o",
        "UPDATE tasks SET task_id = x'ff' WHERE onboarding_id = :o",
        "UPDATE effects SET created_at = 'x' WHERE onboarding_id = :o",
    ):
        raw(store._url, statement, o=damaged)
    for changes in (store.read, store.write):
        async with changes() as unit:
            assert [one.id for one in await unit.onboardings(closed=True)] == [other]
            assert [one.onboarding_id for one in await unit.expiries()] == [other]
            assert [one.onboarding_id for one in await unit.tasks("planning", "session")] == [other]
            assert [one.onboarding_id for one in await unit.open_effects()] == [other]
            with pytest.raises(DamagedError, match=f"onboardings.started_at of {damaged}: not what was written"):
                await unit.get(Onboarding, damaged)
            with pytest.raises(DamagedError, match=f"{damaged}: a value is bytes"):
                await unit.snapshot(damaged)
            assert await unit.snapshot(other) is not None
    raw(store._url, "UPDATE tasks SET task_id = 'session'")
    async with store.read() as unit:
        with pytest.raises(DamagedError, match=f"onboardings.started_at of {damaged}"):
            await unit.snapshot(damaged)


@ONLY_SQLITE
@pytest.mark.parametrize(
    ("moment", "nested"),
    [(FIRST, DEEP), (LAST, DEEPER), (FIRST, '{"a": NaN}'), (LAST, '{"a": 1e999}')],
    ids=["deep", "deeper", "nan", "infinite"],
)
async def test_what_python_reads_but_cannot_go_on_with_is_one_customers(store: Store, moment: str, nested: str) -> None:
    damaged, other = await whole(store), await whole(store)
    async with store.write() as unit:
        unit.record(damaged, "step:planning:claim", OWNER)  # since the register named it
    raw(store._url, "UPDATE onboardings SET started_at = :at WHERE id = :o", at=moment, o=damaged)
    raw(
        store._url, "UPDATE audit_events SET at = :at, facts = :f, rows = :f WHERE id = :e", at=moment, f=nested, e=f"{damaged}:2"
    )
    raw(store._url, "UPDATE effects SET result = :f WHERE onboarding_id = :o", f=nested, o=damaged)
    async with store.read() as unit:
        assert [one.id for one in await unit.onboardings(closed=True)] == [other]
        assert {one.id for one in await customers(unit.connection)} == {damaged, other}
    assert {found.onboarding_id for found in await verify(store)} == {damaged}
    await Anchors(store).round()
    assert set(store.altered) == {damaged}
    outbox = Outbox(store, pace=AT_ONCE)
    for claim in await taken(outbox):
        if claim.onboarding_id == damaged:
            with pytest.raises(DamagedError, match=r"effects\.result of "):
                _ = claim.arguments
        assert (await outbox.end(claim, Ending("failed" if claim.onboarding_id == damaged else "done"))).mine
    assert raw(store._url, "SELECT state FROM effects WHERE onboarding_id = :o", o=other) == [("done",)]


@ONLY_SQLITE
@pytest.mark.parametrize("column", ["id", "onboarding_id", "queue", "pace", "kind"])
async def test_bytes_in_an_effect_keep_no_other_from_being_carried_out(store: Store, column: str) -> None:
    damaged, other = await whole(store), await whole(store)
    raw(store._url, f"UPDATE effects SET {column} = x'ff' WHERE onboarding_id = :o", o=damaged)  # noqa: S608  names of ours
    outbox = Outbox(store, pace=Pace() if column == "pace" else AT_ONCE)
    claims = await taken(outbox)
    for claim in claims:
        outbox.lose(claim)
    await outbox.give_back()
    claims = await taken(outbox)
    assert len(claims) == 2
    for claim in claims:
        if claim.onboarding_id != other:
            with pytest.raises(SealError):
                _ = claim.arguments
        else:
            assert claim.arguments["key"] == "stuck"
        assert (await outbox.end(claim, Ending("failed"))).mine


@ONLY_SQLITE
async def test_a_turn_that_is_no_moment_keeps_nobody_busy(store: Store) -> None:
    """Not the runner either, which asks again whenever something is due."""
    await whole(store)
    raw(store._url, "INSERT INTO paces (name, next) SELECT pace, 'x' FROM effects")
    taken = await Outbox(store).claim(12, [])
    assert (taken.claims, taken.more, taken.due) == ([], False, None)


@pytest.mark.parametrize("value", ["infinity", "-infinity", "10000-01-01"])
async def test_dates_that_only_postgresql_has_are_one_customers(store: Store, value: str) -> None:
    damaged, other = await whole(store), await whole(store)
    for table, column in (("onboardings", "started_at"), ("expiries", "last_day"), ("effects", "created_at")):
        named = "id" if table == "onboardings" else "onboarding_id"
        raw(store._url, f"UPDATE {table} SET {column} = '{value}' WHERE {named} = :o", o=damaged)  # noqa: S608  names of ours
    async with store.read() as unit:
        assert [one.id for one in await unit.onboardings(closed=True)] == [other]
        assert [one.onboarding_id for one in await unit.expiries()] == [other]
        assert {one.id for one in await customers(unit.connection)} == {damaged, other}
        with pytest.raises(DamagedError, match=f"onboardings.started_at of {damaged}: not what was written"):
            await unit.snapshot(damaged)
    assert {found.onboarding_id for found in await verify(store)} == {damaged}
    claims = await taken(Outbox(store, pace=AT_ONCE))
    assert {claim.onboarding_id for claim in claims} == {damaged, other}
