"""What the use cases rely on, on both databases."""

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy.orm.attributes import set_committed_value

from flows import ports
from flows.model import Draft, Grant, Member, Onboarding, Person, Posted, Received, StepRecord, Submission
from flows.outbox import Draw, Say, load
from flows.people import Who
from flows.state import StepState
from storage.store import Conflict, Store, Unavailable
from storage.unit import Unit
from tests.storage.example import EMAIL, KEYRING, LEAD, NOW, OWNER, SECRET, add_whole, onboarding, raw, submission, whole


async def test_everything_comes_back_as_it_was_written(store: Store) -> None:
    onboarding_id = await whole(store)
    async with store.read() as unit:
        snapshot = await unit.snapshot(onboarding_id)
        draft = await unit.get(Draft, f"{onboarding_id}:planning:")
    assert snapshot is not None
    assert draft is not None
    assert snapshot.onboarding.customer == SECRET
    assert snapshot.onboarding.started_at == NOW
    assert snapshot.onboarding.started_at.tzinfo is UTC
    assert list(snapshot.steps) == ["planning", "organization"]
    assert snapshot.steps["planning"].state is StepState.OPEN
    assert snapshot.last("organization") is snapshot.submissions["organization"][0]
    assert snapshot.submissions["organization"][0].answers == {"legal_name": SECRET, "contact": EMAIL}
    assert snapshot.decisions[0].reason == SECRET
    assert snapshot.tasks[0].answers == {"n": SECRET}
    assert snapshot.grants[0].email == EMAIL
    assert snapshot.members[0].role == "lead"
    assert draft.answers == {"goals": SECRET}


async def test_moments_are_one_moment_in_every_zone_and_never_naive(store: Store) -> None:
    local = NOW.astimezone(timezone(timedelta(hours=-3)))
    async with store.write() as unit:
        unit.add(Received(id="Ev1", type="message", payload={}, at=local))
    async with store.read() as unit:
        row = await unit.get(Received, "Ev1")
    assert row is not None
    assert (row.at, row.at.utcoffset()) == (NOW, timedelta(0))
    with pytest.raises(Exception, match="without a time zone"):
        async with store.write() as unit:
            unit.add(Received(id="Ev2", type="message", payload={}, at=datetime(2026, 1, 1)))  # noqa: DTZ001  the point


async def test_changes_are_written_and_a_sealed_dict_is_assigned_anew(store: Store) -> None:
    onboarding_id = await whole(store)
    async with store.write() as unit:
        snapshot = await unit.snapshot(onboarding_id)
        assert snapshot is not None
        snapshot.steps["planning"].state = StepState.SUBMITTED
        sent = snapshot.submissions["organization"][0]
        sent.answers["legal_name"] = "a change inside a reading is lost"
        draft = await unit.get(Draft, f"{onboarding_id}:planning:")
        assert draft is not None
        draft.answers = {**draft.answers, "more": [1, "ü"]}
    async with store.read() as unit:
        step = await unit.get(StepRecord, f"{onboarding_id}:planning")
        again = await unit.get(Submission, sent.id)
        resumed = await unit.get(Draft, draft.id)
    assert step is not None
    assert again is not None
    assert resumed is not None
    assert step.state is StepState.SUBMITTED
    assert again.answers["legal_name"] == SECRET
    assert resumed.answers == {"goals": SECRET, "more": [1, "ü"]}


async def test_when_a_person_did_something_is_read_from_the_log(store: Store) -> None:
    onboarding_id = await whole(store)
    async with store.write() as unit:
        unit.record(onboarding_id, "step:planning:stuck", LEAD)
        unit.record(onboarding_id, "step:planning:stuck", Who("T9", LEAD.user_id))
        unit.record(onboarding_id, "step:planning:snooze", LEAD)
        at = unit.now
    async with store.read() as unit:
        assert await unit.times(onboarding_id, ["step:planning:stuck"], LEAD, at - timedelta(seconds=1)) == [at]
        assert await unit.times(onboarding_id, ["step:planning:stuck"], LEAD, at) == []
        assert await unit.times("another", ["step:planning:stuck"], LEAD, at - timedelta(seconds=1)) == []


async def test_a_unit_sees_what_it_added_and_deleted(store: Store) -> None:
    onboarding_id = await whole(store)
    async with store.write() as unit:
        before = await unit.snapshot(onboarding_id)
        assert before is not None
        draft_id = f"{onboarding_id}:planning:"
        draft = await unit.get(Draft, draft_id)
        await unit.delete(draft)
        assert await unit.get(Draft, draft_id) is None
        anew = Draft(id=draft_id, onboarding_id=onboarding_id, form="planning", answers={"anew": 1})
        unit.add(anew)
        assert await unit.get(Draft, draft_id) is anew
        passing = Draft(id="passing", onboarding_id=onboarding_id, form="x")
        unit.add(passing)
        await unit.delete(passing)
        added = submission(onboarding_id, 2, legal_name="new")
        unit.add(added)
        after = await unit.snapshot(onboarding_id)
        assert after is not None
        assert after.last("organization") is added
        assert before.last("organization") is not added
    async with store.read() as unit:
        assert [d.answers for d in await unit.drafts(onboarding_id)] == [{"anew": 1}]


async def test_effects_are_stored_in_the_order_they_were_asked_for_and_told_of_after_the_commit(store: Store) -> None:
    onboarding_id = await whole(store)
    told: list[str] = []
    store.on_effects = lambda: told.append("committed")
    hello = Say(where="customer", step="planning", key="hello", params={})
    with contextlib.suppress(ZeroDivisionError):
        async with store.write() as unit:
            unit.ask(onboarding_id, hello)
            raise ZeroDivisionError
    async with store.write() as unit:
        unit.ask(onboarding_id, hello)
        unit.ask(onboarding_id, Draw(what="card"))
        unit.ask("", hello)
        assert told == []
    async with store.write() as unit:
        await unit.snapshot(onboarding_id)
    assert told == ["committed"]
    async with store.read() as unit:
        _, *effects = await unit.open_effects()
    assert [load(effect.kind, effect.arguments) for effect in effects] == [hello, Draw(what="card"), hello]
    assert [effect.onboarding_id for effect in effects] == [onboarding_id, onboarding_id, ""]
    assert {effect.state for effect in effects} == {"waiting"}


async def test_of_two_writers_of_one_row_the_second_is_told(store: Store) -> None:
    onboarding_id = await whole(store)
    async with store.write() as unit:
        fresh = await unit.get(Onboarding, onboarding_id)
        assert fresh is not None
        fresh.language = "pt"

    async def late(unit: Unit) -> None:
        stale = await unit.get(Onboarding, onboarding_id)
        assert stale is not None
        set_committed_value(stale, "version", stale.version - 1)  # as if it had been read before
        stale.language = "es"

    with pytest.raises(Conflict):
        await store.transact(late)
    async with store.read() as unit:
        row = await unit.get(Onboarding, onboarding_id)
    assert row is not None
    assert row.language == "pt"


async def test_concurrent_writers_of_one_onboarding_lose_nothing(store: Store) -> None:
    onboarding_id = await whole(store)

    async def submit(unit: Unit) -> None:
        snapshot = await unit.snapshot(onboarding_id)
        assert snapshot is not None
        step = snapshot.steps["organization"]
        step.revision += 1
        unit.add(submission(onboarding_id, step.revision + 1, number=step.revision))
        unit.record(onboarding_id, "step:organization:submit", LEAD, facts={"revision": step.revision})
        unit.ask(onboarding_id, Say(where="customer", step="organization", key="x", params={"revision": step.revision}))

    async def insist() -> None:
        """Whoever waits too long at the end of the queue is refused, and tries again."""
        while True:
            with contextlib.suppress(Unavailable):
                await store.transact(submit)
                return

    await asyncio.gather(*(insist() for _ in range(12)))
    async with store.read() as unit:
        snapshot = await unit.snapshot(onboarding_id)
    assert snapshot is not None
    assert snapshot.steps["organization"].revision == 12
    assert len(snapshot.submissions["organization"]) == 13
    async with store.read() as unit:
        said = [effect.arguments["params"] for effect in await unit.open_effects() if effect.kind == Say.kind]
    assert said[1:] == [{"revision": number} for number in range(1, 13)]  # in the order of the commits


async def test_a_second_open_onboarding_in_a_channel_is_refused(store: Store) -> None:
    first = await whole(store, channel_id="CSHARED")
    with pytest.raises(Conflict):
        await whole(store, channel_id="CSHARED")
    async with store.write() as unit:
        row = await unit.get(Onboarding, first)
        assert row is not None
        row.closed_at = NOW
    second = await whole(store, channel_id="CSHARED", started_at=NOW + timedelta(days=1))
    async with store.read() as unit:
        bound = await unit.by_channel("CSHARED")
    assert bound is not None
    assert bound.id == second


async def test_an_existing_id_is_a_conflict_without_sql_or_data(store: Store) -> None:
    onboarding_id = await whole(store)
    with pytest.raises(Conflict) as caught:
        async with store.write() as unit:
            unit.add(submission(onboarding_id, 1, legal_name=SECRET))
    assert str(caught.value) == "another writer was first"
    assert caught.value.__suppress_context__


async def test_an_onboarding_that_is_held_for_long_is_locked(store: Store) -> None:
    onboarding_id = await whole(store)
    other = Store(store._url, KEYRING, busy_ms=20)

    async def work(unit: Unit) -> None:
        await unit.snapshot(onboarding_id)

    async with store.write() as holder:
        await holder.snapshot(onboarding_id)
        with pytest.raises(Unavailable, match=r"^locked$"):
            await other.transact(work)
    await other.transact(work)
    await other.close()


async def test_a_writer_that_is_cancelled_holds_nobody_up(store: Store) -> None:
    async with store.write() as holder:
        waiting = [asyncio.create_task(whole(store)) for _ in range(3)]
        await holder.onboardings()
        waiting[0].cancel()
        await asyncio.wait(waiting[:1])
    await asyncio.gather(*waiting[1:])
    busy = asyncio.create_task(whole(store))
    await asyncio.wait([busy], timeout=0.001)  # somewhere in the middle
    busy.cancel()
    await asyncio.wait([busy])
    assert await whole(store)


async def test_the_store_is_what_the_use_cases_ask_for(store: Store) -> None:
    port: ports.Store = store
    async with port.read() as unit:
        assert await unit.snapshot("onb_none") is None


async def test_a_key_is_new_once_and_again_when_its_transaction_failed(store: Store) -> None:
    async def press(*, fails: bool = False) -> bool:
        async with store.write() as unit:
            first = await unit.once("click:1")
            if fails:
                raise LookupError
        return first

    with pytest.raises(LookupError):
        await press(fails=True)
    assert sorted(await asyncio.gather(press(), press(), press())) == [False, False, True]


async def test_what_was_tried_longest_ago_is_tried_next(store: Store) -> None:
    async with store.write() as unit:
        for name, at, attempted_at in (("old", 0, 9), ("new", 5, 5), ("never", 7, None)):
            tried = None if attempted_at is None else NOW + timedelta(minutes=attempted_at)
            unit.add(Received(id=name, type="message", payload={}, at=NOW + timedelta(minutes=at), attempted_at=tried))
    async with store.read() as unit:
        assert [row.id for row in await unit.unhandled(limit=2)] == ["new", "never"]


async def test_a_lost_race_is_run_again(store: Store) -> None:
    runs = 0

    async def work(unit: Unit) -> int:
        nonlocal runs
        runs += 1
        if runs < 3:
            raise Conflict
        unit.add(onboarding(id="onb_again"))
        return runs

    assert await store.transact(work) == 3
    runs = -100
    with pytest.raises(Conflict):
        await store.transact(work)
    assert runs == -95


async def test_who_has_what(store: Store) -> None:
    first = await whole(store)
    second = await whole(store, started_at=NOW + timedelta(hours=1))
    closed = await whole(store, started_at=NOW - timedelta(hours=1), closed_at=NOW)
    async with store.write() as unit:
        unit.add(Member(id=f"{second}:T/U", onboarding_id=second, team_id="T", user_id="U"))
        unit.add(Person(id="THOME/US", team_id="THOME", user_id="US", support=True, name="Ford"))
        taken = await unit.get(StepRecord, f"{second}:planning")
        assert taken is not None
        taken.claimer_id = "US"
    async with store.read() as unit:
        assert [row.id for row in await unit.onboardings()] == [first, second]
        assert [row.id for row in await unit.onboardings(closed=True)] == [closed, first, second]
        assert [row.id for row in await unit.onboardings(team_id="T", user_id="U")] == [second]
        assert [person.name for person in await unit.support_people()] == ["Ford"]
        assert await unit.open_onboardings() == [first, second]
        assert await unit.owners_and_claimers() == {OWNER.user_id, "US"}
        assert await unit.held_by(["US", "nobody"]) == {(second, "US")}
        assert await unit.held_by([OWNER.user_id]) == {(one, OWNER.user_id) for one in (first, second, closed)}  # to renew
        assert await unit.unanswered(["stuck"]) == {(one, LEAD.user_id) for one in (first, second, closed)}
        assert await unit.unanswered(["lead_left"]) == set()
        person = await unit.person(LEAD)
        assert person is not None
        assert person.name == SECRET
        assert await unit.person(Who("T", "nobody")) is None
        card = await unit.posted(first, "card")
        assert isinstance(card, Posted)
        assert len(await unit.unhandled()) == 3


async def test_what_is_due_comes_oldest_first_and_not_for_erased_onboardings(store: Store) -> None:
    first, second, erased = await whole(store), await whole(store), await whole(store, erased_at=NOW)
    due = {first: (-1, -2), second: (-3, 5), erased: (-9, -9)}
    async with store.write() as unit:
        for onboarding_id, minutes in due.items():
            for step_id, minute in zip(("planning", "organization"), minutes, strict=True):
                step = await unit.get(StepRecord, f"{onboarding_id}:{step_id}")
                assert step is not None
                step.remind_at = NOW + timedelta(minutes=minute)
    async with store.read() as unit:
        assert await unit.due(NOW) == [second, first]
        assert await unit.due(NOW - timedelta(seconds=90)) == [second, first]
        assert await unit.due(NOW - timedelta(seconds=150)) == [second]


async def test_what_is_due_is_found_whoever_writes_it_at_the_moment(store: Store) -> None:
    if not store._locks:
        pytest.skip("SQLite has one writer")
    busy, free = await whole(store), await whole(store)
    async with store.write() as unit:
        for onboarding_id in (busy, free):
            step = await unit.get(StepRecord, f"{onboarding_id}:planning")
            assert step is not None
            step.remind_at = NOW
    async with store.write() as holder:
        await holder.snapshot(busy)
        async with store.read() as sweep:
            assert set(await sweep.due(NOW)) == {busy, free}


async def test_invitations_that_expire(url: str) -> None:
    store = Store(url, KEYRING, clock=lambda: NOW)
    onboarding_id = await whole(store)
    hours: Callable[[float], datetime] = lambda n: NOW + timedelta(hours=n)  # noqa: E731  a unit, not a function
    cases: dict[str, dict[str, Any]] = {
        "over": {"expires_at": hours(-1), "nudged_at": hours(-3)},
        "soon": {"expires_at": hours(2)},
        "nudged": {"expires_at": hours(2), "nudged_at": hours(-1)},
        "later": {"expires_at": hours(20)},
        "granted": {"expires_at": hours(-1), "state": "granted"},
    }
    async with store.write() as unit:
        for name, fields in cases.items():
            defaults = {
                "id": name,
                "onboarding_id": onboarding_id,
                "step_id": "s",
                "resource": "r",
                "email": EMAIL,
                "state": "invited",
            }
            unit.add(Grant(**defaults | fields))
    for name in cases:
        await _only(store, onboarding_id, name, cases)
    await store.close()


async def _only(store: Store, onboarding_id: str, name: str, cases: Mapping[str, Any]) -> None:
    """Whether an onboarding is found by this grant alone."""
    for other in cases:
        raw(
            store._url,
            "UPDATE grants SET onboarding_id = :o WHERE id = :g",
            o=onboarding_id if other == name else "another",
            g=other,
        )
    async with store.read() as unit:
        assert await unit.expiring(NOW + timedelta(hours=4)) == ([onboarding_id] if name in ("over", "soon") else [])


async def test_effects_that_failed_or_were_forgotten(store: Store) -> None:
    onboarding_id = await whole(store)
    async with store.write() as unit:
        unit.ask(onboarding_id, Draw(what="card"))
    async with store.write() as unit:
        first, second = await unit.open_effects()
        first.state, first.error = "failed", "channel_not_found"
        second.state = "done"
    async with store.read() as unit:
        assert [effect.id for effect in await unit.failed_effects(onboarding_id)] == [first.id]
        assert await unit.open_effects() == []


async def test_a_read_sees_a_single_moment(store: Store) -> None:
    onboarding_id = await whole(store)
    async with store.read() as reader:
        before = await reader.snapshot(onboarding_id)
        async with store.write() as unit:
            unit.add(submission(onboarding_id, 2, legal_name="later"))
        reader._whole.clear()
        again = await reader.snapshot(onboarding_id)
    assert before is not None
    assert again is not None
    assert len(again.submissions["organization"]) == len(before.submissions["organization"]) == 1


async def test_a_row_shows_only_its_id(store: Store) -> None:
    async with store.write() as unit:
        onboarding_id = add_whole(unit)
        snapshot = await unit.snapshot(onboarding_id)
    assert SECRET not in repr(snapshot)
    assert EMAIL not in repr(snapshot)
    assert onboarding_id in repr(snapshot)
