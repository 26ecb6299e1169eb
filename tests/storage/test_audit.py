"""Tampering with the log behind the program's back is found, and told apart from an erasure."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

import pytest

from flows.model import AuditEvent, Expiry
from storage.chain import Flaw, hash_fits
from storage.erase import erase
from storage.sealing import current
from storage.store import Store
from storage.verify import Finding, verify
from storage.verify_chain import IN_A_ROW, TRIES, verify_chain
from tests.storage.example import LEAD, OWNER, raw, whole


async def test_an_untouched_log_is_whole_and_readable(store: Store) -> None:
    onboarding_id = await whole(store)
    await whole(store)
    async with store.write() as unit:
        unit.record(onboarding_id, "step:planning:approve", LEAD, facts={2: "two", 10: "ten"}, changes={"a": (1, 2)})  # type: ignore[dict-item]
    assert await verify(store) == []
    async with store.read() as unit:
        first = await unit.get(AuditEvent, f"{onboarding_id}:1")
        last = await unit.get(AuditEvent, f"{onboarding_id}:4")
    assert first is not None
    assert last is not None
    assert (first.tag, first.facts, first.previous) == ("onboarding:start", {"revision": 1, "list": ["b", "a"]}, "")
    assert (last.user_id, last.changes) == (LEAD.user_id, {"a": [1, 2]})


TAMPERINGS = [
    ("UPDATE audit_events SET tag = 'step:planning:skip' WHERE id = :e2", {(Flaw.CHANGED, 2)}),
    ("UPDATE audit_events SET user_id = 'UOTHER' WHERE id = :e3", {(Flaw.CHANGED, 3)}),
    ("UPDATE audit_events SET at = '2020-01-01 00:00:00.000000' WHERE id = :e1", {(Flaw.CHANGED, 1)}),
    ("UPDATE audit_events SET facts = '{\"revision\": 2}' WHERE id = :e1", {(Flaw.CHANGED, 1)}),
    ("UPDATE audit_events SET changes_digest = 'x' WHERE id = :e3", {(Flaw.CHANGED, 3)}),
    (
        "UPDATE audit_events SET changes = (SELECT changes FROM audit_events WHERE id = :e1) WHERE id = :e3",
        {(Flaw.CHANGES_CHANGED, 3)},
    ),
    ("DELETE FROM audit_events WHERE id = :e1", {(Flaw.GAP, 1)}),
    ("DELETE FROM audit_events WHERE id = :e2", {(Flaw.GAP, 2)}),
    ("DELETE FROM audit_events WHERE id = :e3", {(Flaw.CUT, 3)}),
    ("DELETE FROM audit_events WHERE onboarding_id = :o", {(Flaw.CUT, 1)}),
    ("UPDATE audit_heads SET events = 2 WHERE onboarding_id = :o", {(Flaw.HEAD_CHANGED, 0)}),
    ("DELETE FROM audit_heads WHERE onboarding_id = :o", {(Flaw.HEAD_MISSING, 0)}),
    ("DELETE FROM onboardings WHERE id = :o", {(Flaw.ONBOARDING_MISSING, 0)}),
]


@pytest.mark.parametrize(("statement", "flaws"), TAMPERINGS)
async def test_each_tampering_is_named(store: Store, statement: str, flaws: set[tuple[Flaw, int]]) -> None:
    onboarding_id = await whole(store)
    await whole(store)
    raw(store._url, statement, o=onboarding_id, **{f"e{seq}": f"{onboarding_id}:{seq}" for seq in (1, 2, 3)})
    assert {(f.flaw, f.seq) for f in await verify(store)} == flaws
    assert {f.onboarding_id for f in await verify(store)} == {onboarding_id}


async def test_swapped_events_are_named(store: Store) -> None:
    onboarding_id = await whole(store)
    swap = "UPDATE audit_events SET seq = :seq, id = :to WHERE id = :was"
    for seq, was in ((9, 2), (2, 3), (3, 9)):
        raw(store._url, swap, seq=seq, to=f"{onboarding_id}:{seq}", was=f"{onboarding_id}:{was}")
    assert [str(f) for f in await verify(store)] == [f"{onboarding_id}: swapped at event {seq}" for seq in (2, 3)]


async def test_many_altered_events_cost_little_and_let_others_have_their_turn(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise who alters some hundred, every few minutes keeps all customers waiting for seconds."""
    onboarding_id = await whole(store)
    async with store.write() as unit:
        for _ in range(60):
            unit.record(onboarding_id, "step:planning:claim", OWNER)
    passes, tried = 0, Counter[int]()

    async def others() -> None:
        nonlocal passes
        while True:
            passes += 1
            await asyncio.sleep(0)

    def fits(entry: Mapping[str, Any], *, seq: int | None = None) -> bool:
        tried[passes] += 1
        return hash_fits(entry, seq=seq)

    monkeypatch.setattr("storage.verify_chain.hash_fits", fits)
    turns = asyncio.create_task(others())
    async with store.read() as unit:
        assert (await verify_chain(unit.connection, onboarding_id, frozenset())).flaws == []
    assert (tried.total(), max(tried.values())) == (63, IN_A_ROW)
    raw(store._url, "UPDATE audit_events SET tag = 'x' WHERE onboarding_id = :o", o=onboarding_id)
    async with store.read() as unit:
        assert len((await verify_chain(unit.connection, onboarding_id, frozenset())).flaws) == 63
    assert tried.total() <= 63 + 63 + TRIES
    turns.cancel()


async def test_an_onboarding_removed_with_everything_is_missed(store: Store) -> None:
    onboarding_id = await whole(store)
    for table, column in (("onboardings", "id"), ("audit_events", "onboarding_id"), ("audit_heads", "onboarding_id")):
        raw(store._url, f"DELETE FROM {table} WHERE {column} = :o", o=onboarding_id)  # noqa: S608  fixed names
    assert await verify(store) == [Finding(onboarding_id, Flaw.REMOVED)]


async def test_a_removed_register_is_missed(store: Store) -> None:
    await whole(store)
    raw(store._url, "DELETE FROM audit_heads WHERE onboarding_id = ''")
    raw(store._url, "DELETE FROM audit_events WHERE onboarding_id = ''")
    assert await verify(store) == [Finding("", Flaw.HEAD_MISSING)]


async def test_a_head_forged_without_the_key_is_found(store: Store) -> None:
    """A truncated log with a head that fits it, except for the MAC."""
    onboarding_id = await whole(store)
    raw(store._url, "DELETE FROM audit_events WHERE id = :e", e=f"{onboarding_id}:3")
    forge = "UPDATE audit_heads SET events = 2, hash = (SELECT hash FROM audit_events WHERE id = :e) WHERE onboarding_id = :o"
    raw(store._url, forge, o=onboarding_id, e=f"{onboarding_id}:2")
    assert await verify(store) == [Finding(onboarding_id, Flaw.HEAD_CHANGED)]


async def test_emptied_changes_pass_for_an_erasure_only_when_the_program_erased_them(store: Store) -> None:
    onboarding_id = await whole(store)
    other = await whole(store)
    await erase(store, onboarding_id)
    assert await verify(store) == []
    copy = "UPDATE audit_events SET {0} = (SELECT {0} FROM audit_events WHERE id = :e) WHERE id = :f"
    for column in ("changes", "salt"):
        raw(store._url, copy.format(column), e=f"{onboarding_id}:1", f=f"{other}:1")
    assert await verify(store) == [Finding(other, Flaw.CHANGES_CHANGED, 1)]


async def test_the_log_says_when_and_is_bound_to_the_key(store: Store) -> None:
    before = datetime.now(UTC)
    onboarding_id = await whole(store)
    (mac,) = raw(store._url, "SELECT mac FROM audit_heads WHERE onboarding_id = :o", o=onboarding_id)[0]
    assert mac.startswith(current().prefix)
    async with store.read() as unit:
        event = await unit.get(AuditEvent, f"{onboarding_id}:1")
    assert event is not None
    assert before <= event.at <= datetime.now(UTC)


async def test_a_row_deleted_and_added_again_at_once_is_neither_gone_nor_new(store: Store) -> None:
    one = await whole(store)
    row_id = f"{one}:planning.session"
    async with store.write() as unit:
        row = await unit.get(Expiry, row_id)
        assert row is not None
        await unit.delete(row)
        unit.add(Expiry(id=row_id, onboarding_id=one, step_id="planning", task_id="session", last_day=date(2027, 1, 2)))
    assert await verify(store) == []
    raw(store._url, "UPDATE expiries SET last_day = '2028-01-01' WHERE id = :i", i=row_id)
    assert await verify(store) == [Finding(one, Flaw.ROW_CHANGED, row=f"expiries/{row_id}")]
