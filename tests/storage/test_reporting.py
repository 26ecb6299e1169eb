"""What the report adds up by SQL is what a plain reckoning over the same rows gives."""

import random
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from random import Random
from statistics import mean, median

from flows.model import Onboarding, StepRecord, Turn, new_id
from flows.report import MOST, Figures, Ratings, WaitingNow
from flows.state import ENDED, StepState
from storage.erase import erase
from storage.export import export
from storage.sealing import using
from storage.step_times import add_up_a_day
from storage.store import Store
from tests.storage.example import KEYRING, NOW, onboarding, raw

STEPS = ("planning", "organization", "environments")
SIDES = ("customer", "support", "")
SINCE = NOW - timedelta(days=30)
TODAY = NOW.date()
READY = {("1", step): TODAY + timedelta(days=days) for step, days in zip(STEPS, (20, 10, 0), strict=True)} | {
    ("2", "planning"): TODAY
}


def crowd(chance: Random) -> tuple[list[Onboarding], list[StepRecord], list[Turn]]:
    whole, steps, turns = list[Onboarding](), list[StepRecord](), list[Turn]()
    for number in range(25):
        one = onboarding(
            started_at=NOW - timedelta(days=chance.randrange(60)),
            closed_at=chance.choice((None, None, NOW - timedelta(days=chance.randrange(60)))),
            go_live=chance.choice((None, TODAY + timedelta(days=chance.randrange(-20, 40)))),
            journey=chance.choice("12"),
            customer=f"Bank {number}",
        )
        if chance.random() < 0.5:
            one.rating, one.rated_at = chance.randint(1, 5), NOW - timedelta(days=chance.randrange(60))
        whole.append(one)
        for position, step in enumerate(STEPS):
            state, side = chance.choice(tuple(StepState)), chance.choice(("customer:open:0", "support:submitted:1", ""))
            if one.closed_at is not None and state not in ENDED:
                side = ""  # nobody's turn any more
            record = StepRecord(id=f"{one.id}:{step}", onboarding_id=one.id, step_id=step, position=position, state=state)
            record.turn, record.turn_since = side, NOW - timedelta(days=chance.randrange(90))
            steps.append(record)
            for _ in range(chance.randrange(4)):
                ended = NOW - timedelta(days=chance.randrange(60), seconds=chance.randrange(1000), microseconds=len(turns))
                turns.append(
                    Turn(
                        id=new_id("turn"),
                        onboarding_id=one.id,
                        step_id=step,
                        side=chance.choice((*SIDES, "support")),
                        state=chance.choice(("open", "submitted", "submitted")),
                        next_state=chance.choice(("submitted", "approved", "done", "done")),
                        began_at=ended - timedelta(days=9),
                        ended_at=ended,
                        seconds=chance.randrange(10**6),
                    )
                )
    return whole, steps, turns


def within(at: datetime | None) -> bool:
    return at is not None and at >= SINCE


def reckoned(whole: list[Onboarding], steps: list[StepRecord], turns: list[Turn]) -> Figures:
    """Without reviews, which the test compares by itself."""
    still = {one.id for one in whole if one.closed_at is None}
    rated = [one.rating for one in whole if within(one.rated_at) and one.rating]
    waiting = dict[str, WaitingNow]()
    found = Figures(
        started=sum(within(one.started_at) for one in whole),
        closed=sum(within(one.closed_at) for one in whole),
        open=len(still),
        waiting=waiting,
        ratings=Ratings(len(rated), mean(rated) if rated else 0.0),
    )
    for side in ("customer", "support"):
        since = [one.turn_since for one in steps if one.state not in ENDED and one.turn.startswith(f"{side}:")]
        if since:
            waiting[side] = WaitingNow(len(since), min(filter(None, since)))
    return found


def summed(turns: Iterable[Turn]) -> dict[tuple[str, str], tuple[int, int]]:
    ids, seconds = defaultdict[tuple[str, str], set[str]](set), Counter[tuple[str, str]]()
    for turn in turns:
        ids[turn.step_id, turn.side].add(turn.onboarding_id)
        seconds[turn.step_id, turn.side] += turn.seconds
    return {which: (len(ids[which]), seconds[which]) for which in ids}


def of_steps_done(turns: Iterable[Turn]) -> dict[tuple[str, str], tuple[int, int]]:
    """What led to each step's being done on the day of `SINCE` or later."""
    before, counts, seconds = defaultdict[str, list[Turn]](list), Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for turn in sorted(turns, key=lambda turn: turn.ended_at):
        led = before[f"{turn.onboarding_id}:{turn.step_id}"]
        led.append(turn)
        if turn.next_state == "done":
            if turn.ended_at.date() >= SINCE.date():
                counts.update((turn.step_id, side) for side in {one.side for one in led})
                seconds.update({(turn.step_id, side): sum(one.seconds for one in led if one.side == side) for side in SIDES})
            led.clear()
    return {which: (counts[which], seconds[which]) for which in counts}


async def test_sums_and_counts_are_those_of_a_plain_reckoning(store: Store) -> None:
    chance = Random(random.random())
    whole, steps, turns = crowd(chance)
    async with store.write() as unit:
        for row in (*whole, *steps, *turns):
            unit.add(row)
    for _ in range(chance.choice((0, 20, 70))):  # the last days aren't, or all that are over
        async with store.write() as unit:
            await add_up_a_day(unit.connection, NOW)
    one = whole[0]
    for only in ("", one.id):
        theirs = [turn for turn in turns if only in ("", turn.onboarding_id)]
        expected = reckoned(
            [row for row in whole if only in ("", row.id)], [row for row in steps if only in ("", row.onboarding_id)], theirs
        )
        async with store.read() as unit:
            found = await unit.figures(SINCE, only)
            risky, total = await unit.at_risk(TODAY, READY, only)
            began = await unit.began_before(min(row.started_at for row in whole))
        assert (found.started, found.closed, found.open) == (expected.started, expected.closed, expected.open)
        assert found.ratings == expected.ratings
        assert found.waiting == expected.waiting
        recent = [turn for turn in theirs if within(turn.ended_at)]
        times = {(t.step_id, t.side): (t.onboardings, t.seconds) for t in found.times}
        assert times == (summed(recent) if only else of_steps_done(turns))
        reviews = [t for t in recent if (t.side, t.state) == ("support", "submitted") and t.next_state != "submitted"]
        assert (found.reviews is None) == (not reviews)
        if found.reviews is not None:
            slowest = max(turn.seconds for turn in reviews)
            names = {row.customer for row in whole for turn in reviews if (turn.onboarding_id, turn.seconds) == (row.id, slowest)}
            assert (found.reviews.count, found.reviews.slowest) == (len(reviews), slowest)
            assert found.reviews.median == median(turn.seconds for turn in reviews)
            assert found.reviews.customer in names
        expected_risky = [row for row in whole if only in ("", row.id) and late(row, steps)]
        assert total == len(expected_risky)
        soonest = sorted(expected_risky, key=lambda row: (row.go_live or TODAY, row.id))[:MOST]
        assert [(row.customer, row.go_live, row.left) for row in risky] == [
            (row.customer, row.go_live, len(left_of(row, steps))) for row in soonest
        ]
        assert not began


def left_of(row: Onboarding, steps: list[StepRecord]) -> list[StepRecord]:
    return [
        one for one in steps if one.onboarding_id == row.id and one.state not in ENDED and (row.journey, one.step_id) in READY
    ]


def late(row: Onboarding, steps: list[StepRecord]) -> bool:
    left = left_of(row, steps)
    if row.closed_at is not None or row.go_live is None or not left:
        return False
    return row.go_live < TODAY or any(row.go_live < READY[row.journey, one.step_id] for one in left)


async def test_refused_fields_are_counted_by_day_and_go_with_what_is_erased(store: Store) -> None:
    one, other = onboarding(), onboarding()
    async with store.write() as unit:
        unit.add(one)
        unit.add(other)
    for times, row in ((3, one), (1, other)):
        for _ in range(times):
            async with store.write() as unit:
                await unit.count_refused(row.id, "organization", [("postal_code", "postal_code"), ("state", "missing")])
    async with store.write() as unit:
        await unit.count_refused(other.id, "organization", [("state", "missing")])
    async with store.read() as unit:
        everybody, theirs = await unit.figures(None), await unit.figures(None, one.id)
        assert (await unit.figures(unit.now + timedelta(days=1))).refused == []
    assert [(r.field, r.reason, r.times, r.onboardings) for r in everybody.refused] == [
        ("state", "missing", 5, 2),
        ("postal_code", "postal_code", 4, 2),
    ]
    assert [r.times for r in theirs.refused] == [3, 3]
    assert "refused_fields" in (await export(store, one.id)).csv
    assert (await erase(store, one.id))["refused_fields"] == 2
    assert raw(store._url, "SELECT count(*) FROM refused_fields") == [(2,)]


async def test_what_was_damaged_keeps_nobody_from_the_rest(sqlite_url: str) -> None:
    with using(KEYRING):
        store = Store(sqlite_url, KEYRING)
        whole, steps, turns = crowd(Random(random.random()))
        async with store.write() as unit:
            for row in (*whole, *steps, *turns):
                unit.add(row)
        async with store.write() as unit:
            before = await unit.figures(None)
            while await add_up_a_day(unit.connection, NOW):
                pass
        raw(sqlite_url, "UPDATE turns SET seconds = 'x' WHERE onboarding_id = :one", one=whole[0].id)
        raw(sqlite_url, "UPDATE step_days SET seconds = 'x' WHERE day = (SELECT min(day) FROM step_days WHERE side <> '-')")
        raw(sqlite_url, "UPDATE steps SET turn_since = '', state = 'x' WHERE onboarding_id = :one", one=whole[0].id)
        raw(
            sqlite_url,
            "UPDATE onboardings SET go_live = '', closed_at = NULL, customer = 'x', rating = 'x' WHERE id = :one",
            one=whole[0].id,
        )
        async with store.read() as unit:
            after, (risky, total) = await unit.figures(None), await unit.at_risk(TODAY, READY)
        raw(sqlite_url, "UPDATE step_days SET day = 'x' || day")
        async with store.write() as unit:
            unread = await unit.figures(None)
            while await add_up_a_day(unit.connection, NOW):  # begun anew
                pass
            anew = await unit.figures(None)
        await store.close()
    assert len(after.times) == len(before.times)
    assert anew.times == unread.times
    assert len(risky) == min(total, MOST) - 1  # the damaged one is counted, and has no day to be named with
