"""What is relied on when effects are carried out: the same on both databases, and what each adds."""

import asyncio
import re
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import event, insert, select, update

from bot.jobs import lease, pasted_tokens
from bot.jobs.errors import EffectError, Impossible, RetryLater, Unreachable, Withheld
from bot.jobs.executor import Patience, backoff
from bot.jobs.pasted_tokens import leave_to_holder, token_here
from bot.jobs.registry import Finished, Run
from bot.slack.errors import SlackError
from flows.model import EffectRecord, Posted
from flows.outbox import KINDS, Draw, FileRequest, MoveMessages, Redraw
from storage.outbox import MAX_WAIT, Claim, Ending, Pace
from storage.sealing import UnknownKey, using
from storage.store import Unavailable
from storage.tables import effects, paces
from storage.unit import SUPPORT, Unit
from tests.bot.jobs.engine_place import CARD, NEVER, Began, Place, Process, Restless, file, name, post, until
from tests.storage.example import KEYRING, raw

on_sqlite = pytest.mark.parametrize("url", ["sqlite"], indirect=True)
on_postgresql = pytest.mark.parametrize("url", ["postgresql"], indirect=True)

LATE = Patience(wait=lambda _attempt: NEVER)
"""What gets no answer isn't tried again by itself in a test's time."""


@pytest.fixture
async def place(url: str) -> AsyncIterator[Place]:
    with using(KEYRING):
        async with Place(url) as place:
            yield place
            assert place.beside == []


# -- from a commit to its effects


async def test_a_commit_that_fails_asks_for_nothing(place: Place) -> None:
    async def fail(unit: Unit) -> None:
        unit.ask("a", file("1"))
        raise KeyError

    process = await place.start()
    with pytest.raises(KeyError):
        await process.store.transact(fail)
    await process.ask(("a", file("2")))
    await place.settled()
    assert place.ended == [("a", "2")]
    assert len(await place.rows()) == 1


async def test_a_commit_wakes_a_bot_that_would_not_look_for_an_hour(place: Place) -> None:
    process = await place.start(poll=NEVER)
    await until(lambda: process.asleep)
    await process.ask(("a", file("1")))
    await until(lambda: place.ended)


@on_postgresql
async def test_what_another_process_committed_is_noticed(place: Place) -> None:
    process = await place.start(poll=0.05)
    await until(lambda: process.asleep)
    await place.process().ask(("a", file("1")))
    await until(lambda: place.ended)


@on_sqlite
async def test_an_idle_bot_asks_the_database_nothing(place: Place) -> None:
    place.raises["1"] = [Unreachable("timeout")]
    process = await place.start(poll=NEVER, patience=LATE)
    await process.ask(("a", file("1")))
    await place.put_off()
    await process.look()
    asked: list[str] = []
    for engine in (process.store._reading, process.store._writing):
        event.listen(engine.sync_engine, "before_cursor_execute", lambda *seen: asked.append(seen[2]))
    await asyncio.sleep(0.3)
    assert asked == []


async def test_what_follows_is_written_with_the_end(place: Place) -> None:
    async def follow(unit: Unit) -> None:
        unit.ask("b", file("2"))

    place.finishes["1"] = Finished({"ts": "1.2"}, follow)
    process = await place.start()
    await process.ask(("a", file("1")))
    await place.settled()
    first, _ = await place.rows()
    assert (first.state, first.result, first.done_at is None) == ("done", {"ts": "1.2"}, False)
    assert place.ended == [("a", "1"), ("b", "2")]


# -- queues


async def test_each_queue_keeps_its_order_and_none_waits_for_another(place: Place) -> None:
    together = asyncio.Barrier(3)

    async def do(claim: Claim) -> None:
        if name(claim) == "0":
            await together.wait()  # none gets past it alone
        await place.do(claim)

    process = await place.start(do=do)
    await process.ask(*((queue, file(str(n))) for n in range(5) for queue in "abc"))
    await place.settled()
    for queue in "abc":
        assert [what for onboarding, what in place.ended if onboarding == queue] == list("01234")


async def test_effects_of_no_onboarding_wait_for_no_other(place: Place) -> None:
    process = await place.start()
    gate = place.hold("1")
    await process.ask(("", file("1")), ("", file("2")))
    await until(lambda: place.ended == [("", "2")])
    gate.set()
    await place.settled()


async def test_sixty_four_that_wait_hold_up_their_own_queues_and_take_no_place(place: Place) -> None:
    queues = [f"q{n}" for n in range(64)]
    place.raises["head"] = [Unreachable("timeout") for _ in queues]
    process = await place.start(at_once=8, patience=LATE)
    await process.ask(*((queue, file(what)) for queue in queues for what in ("head", "next")))
    await place.put_off(64)
    await process.ask(("another", file("only")))
    await until(lambda: place.ended)
    assert place.ended == [("another", "only")]
    assert [began.what for began in place.began] == ["head"] * 64 + ["only"]
    await process.outbox.hasten(KINDS)
    process.runner.wake()
    await place.settled()
    for queue in queues:
        assert [what for onboarding, what in place.ended if onboarding == queue] == ["head", "next"]


async def test_no_more_than_so_many_are_in_hand_at_a_time(place: Place) -> None:
    process = await place.start(at_once=3)
    gate = place.hold("1")
    await process.ask(*((f"q{n}", file("1")) for n in range(9)))
    await until(lambda: len(place.began) == 3)
    await process.look()
    assert len(place.began) == 3
    gate.set()
    await place.settled()
    assert (place.most_at_once, len(place.ended)) == (3, 9)


async def test_no_two_processes_take_the_same(place: Place) -> None:
    processes = [place.process() for _ in range(4)]
    await processes[0].ask(*((f"q{n}", file("1")) for n in range(20)))
    taken = [claim for claims in await asyncio.gather(*(one.take(8) for one in processes)) for claim in claims]
    while claims := await processes[0].take():
        taken += claims
    assert sorted(claim.queue for claim in taken) == sorted(f"q{n}/secrets" for n in range(20))
    assert {claim.attempts for claim in taken} == {1}


@on_postgresql
async def test_what_a_commit_holds_for_a_while_keeps_no_other_queue_waiting(place: Place) -> None:
    process = place.process()
    await process.ask(("a", CARD), ("b", CARD))
    async with process.store.write() as unit:
        await unit.session.execute(update(effects).where(effects.c.onboarding_id == "a").values(same="card:"))
        assert [claim.onboarding_id for claim in await process.take()] == ["b"]
    assert [claim.onboarding_id for claim in await process.take()] == ["a"]


# -- going on within a queue


async def test_with_an_end_the_next_of_its_queue_is_taken(place: Place) -> None:
    process = place.process()
    await process.ask(("a", file("1")), ("a", file("2")), ("b", file("3")))
    first, other = await process.take()
    assert (name(first), name(other)) == ("1", "3")
    ended = await process.outbox.end(first, Ending("done"), goes_on=True)
    assert ended.next is not None
    assert (name(ended.next), ended.next.attempts, ended.next.is_ours) == ("2", 1, True)
    assert await process.take() == []
    last = await process.outbox.end(ended.next, Ending("done"), goes_on=True)
    assert (last.mine, last.next) == (True, None)


async def test_what_follows_waits_for_its_channel_s_turn(place: Place) -> None:
    process = place.process(pace=Pace(60.0, burst=2))
    await process.ask(*[("a", post(number, "customer")) for number in "123"])
    [first] = await process.take()
    second = (await process.outbox.end(first, Ending("done"), goes_on=True)).next
    assert second is not None
    assert (await process.outbox.end(second, Ending("done"), goes_on=True)).next is None
    assert await process.take() == []
    assert await place.states() == ["done", "done", "waiting"]


async def test_in_a_channel_that_many_share_the_oldest_is_next_whosever_it_is(place: Place) -> None:
    process = place.process(pace=Pace(0.001, burst=1_000_000))
    for onboarding in ("a", "b", "a"):
        await process.ask((onboarding, post("1")))
    [first] = await process.take()
    assert (await process.outbox.end(first, Ending("done"), goes_on=True)).next is None
    assert [claim.onboarding_id for claim in await process.take()] == ["b"]


async def test_what_has_to_be_tried_again_holds_up_what_follows(place: Place) -> None:
    process = place.process()
    await process.ask(("a", file("1")), ("a", file("2")))
    [first] = await process.take()
    assert (await process.outbox.end(first, Ending("waiting", wait=NEVER, error="timeout"), goes_on=True)).next is None


async def test_what_was_taken_with_an_end_whose_answer_was_lost_is_done_too_and_looked_for_first(place: Place) -> None:
    gate = place.hold("1")
    process = await place.start(poll=NEVER, lease=NEVER)
    await process.ask(("a", file("1")), ("a", file("2")))
    await until(lambda: place.began)
    process.store.deaf = True
    gate.set()
    await place.settled()
    assert place.began == [Began("a", "1", 1), Began("a", "2", 2)]


# -- told to wait


async def test_told_to_wait_its_channel_rests_and_it_keeps_its_place_and_its_attempt(place: Place) -> None:
    place.raises["first"] = [RetryLater(NEVER)]
    process = await place.start(pace=Pace(0.01, burst=3))
    await process.ask(("a", post("first")))
    await until(lambda: _rests(place))
    await process.ask(("b", post("second")))
    await process.ask(("c", post("third")))
    await process.ask(("a", post("own", "customer")), ("d", file("no channel")))
    await until(lambda: len(place.ended) == 2)
    await process.look()
    assert sorted(place.ended) == [("a", "own"), ("d", "no channel")]
    first, *_ = await place.rows()
    assert (first.state, first.attempts, first.due, first.error) == ("waiting", 0, 0.0, "")

    await place.change(update(paces).values(next=0.0))
    process.runner.wake()
    await place.settled()
    assert [what for _, what in place.ended[2:]] == ["first", "second", "third"]
    assert [began.attempts for began in place.began if began.what == "first"] == [1, 1]


async def test_what_is_withheld_waits_however_old_it_gets_and_goes_on_once_its_channel_is_open(place: Place) -> None:
    place.raises["first"] = [Withheld("channel_shared"), Withheld("channel_shared")]
    process = await place.start(patience=Patience(timedelta(days=3), lambda _: NEVER))
    await process.ask(("a", post("first")), ("a", post("second")))
    for tries in (1, 2):
        await until(lambda tries=tries: len(place.began) == tries)  # type: ignore[misc]  # its default is known
        await until(lambda: _waits(place))
        await place.change(update(effects).values(created_at=datetime.now(UTC) - timedelta(days=4)))
        if tries == 1:
            await place.change(update(paces).values(next=0.0))
            process.runner.wake()
    await process.outbox.resume(SUPPORT)
    await place.settled()
    assert place.ended == [("a", "first"), ("a", "second")]
    assert [began.attempts for began in place.began] == [1, 1, 1, 1]
    assert min(row.created_at for row in await place.rows()) > datetime.now(UTC) - timedelta(days=1)


async def test_an_edit_that_was_withheld_is_as_young_as_a_post_when_their_channel_opens(place: Place) -> None:
    process = place.process()
    await process.ask(("a", Redraw(what="review", step="planning")), ("a", file("no channel")))
    for claim in await process.take():
        await process.settle(claim, Ending("waiting", rest=NEVER, counts=False, error="channel_shared"))
    old = datetime.now(UTC) - timedelta(days=4)
    await place.change(update(effects).values(created_at=old))
    await process.outbox.resume(SUPPORT)
    edit, other = await place.rows()
    assert (edit.due, edit.created_at > old, other.created_at) == (0.0, True, old)
    assert [claim.kind for claim in await process.take()] == ["redraw"]


async def _waits(place: Place) -> bool:
    return await place.states() == ["waiting", "waiting"] and (await place.turns()).get(SUPPORT, 0.0) > time.time()


async def test_where_a_method_is_limited_only_what_called_it_waits(place: Place) -> None:
    place.raises["first"] = [SlackError("chat.update", "ratelimited", retry_after=NEVER)]
    process = await place.start(pace=Pace(0.01, burst=3))
    await process.ask(("a", post("first")), ("a", post("behind it")))
    await place.put_off()
    await process.ask(("b", post("second")))
    await until(lambda: place.ended)
    await process.look()
    assert place.ended == [("b", "second")]
    first, *_ = await place.rows()
    assert (first.state, first.attempts, first.error) == ("waiting", 0, "")
    assert not await _rests(place)

    await place.change(update(effects).values(due=0.0))
    process.runner.wake()
    await place.settled()
    assert [what for _, what in place.ended] == ["second", "first", "behind it"]


async def _rests(place: Place) -> bool:
    return (await place.turns()).get(SUPPORT, 0.0) > time.time() + NEVER / 2


async def test_told_to_wait_without_a_channel_only_its_own_queue_waits(place: Place) -> None:
    place.raises["1"] = [RetryLater(NEVER)]
    process = await place.start()
    await process.ask(("a", file("1")), ("a", file("2")))
    await place.put_off()
    await process.ask(("b", file("3")))
    await until(lambda: place.ended)
    await process.look()
    assert place.ended == [("b", "3")]
    first, second, _ = await place.rows()
    assert first.due > time.time() + NEVER / 2
    assert (first.attempts, second.attempts) == (0, 0)
    assert await place.turns() == {}
    assert not (await process.outbox.claim(12, [], take_over=False)).claims  # as after an outage


@pytest.mark.parametrize("effect", [post("1"), file("1")], ids=["channel", "none"])
@pytest.mark.parametrize(("partly", "attempts"), [(False, [1, 1]), (True, [1, 2])], ids=["nothing done", "partly done"])
async def test_when_the_wait_is_over_it_goes_on_by_itself(place: Place, effect: Any, partly: bool, attempts: list[int]) -> None:
    place.raises["1"] = [RetryLater(0.3, partly=partly)]
    process = await place.start(poll=NEVER, pace=Pace(0.2, burst=3))  # a burst does not shorten the wait
    asked = time.monotonic()
    await process.ask(("a", effect))
    await place.settled()
    assert time.monotonic() - asked >= 0.29
    assert [began.attempts for began in place.began] == attempts


async def test_what_an_attempt_learnt_the_next_one_knows(place: Place) -> None:
    later, away = RetryLater(0.01), Unreachable("timeout")
    later.kept, away.kept = {"a": 1, "b": 1}, {"b": 2}
    place.raises["1"] = [later, away, Unreachable("timeout")]
    known: list[Any] = []

    async def do(claim: Claim) -> None:
        known.append(claim.result)
        await place.do(claim)

    process = await place.start(do=do)
    await process.ask(("a", file("1")))
    await place.settled()
    assert known == [{}, {"a": 1, "b": 1}, {"a": 1, "b": 2}, {"a": 1, "b": 2}]


async def test_short_waits_one_after_the_other_each_end_by_themselves(place: Place) -> None:
    tries = 60
    place.raises["1"] = [Unreachable("timeout") for _ in range(tries)]
    process = await place.start(poll=NEVER, patience=Patience(wait=lambda attempt: 0.001 * (attempt % 12)))
    await process.ask(("a", file("1")))
    await place.settled()
    assert [began.attempts for began in place.began] == list(range(1, tries + 2))


# -- the pace of a channel


async def test_a_channel_gets_one_after_the_other_in_the_order_of_asking(place: Place) -> None:
    process = place.process(pace=Pace(0.2, burst=1), poll=NEVER)
    for queue in "dcba":
        await process.ask((queue, post("1")))
    started, moment = time.monotonic(), time.time()
    await process.runner.start()
    await place.settled()
    assert [onboarding for onboarding, _ in place.ended] == list("dcba")
    assert time.monotonic() - started >= 0.59
    assert (await place.turns())[SUPPORT] >= moment + 0.79


async def test_after_a_rest_a_few_go_at_once_whichever_process_takes_them(place: Place) -> None:
    one, other = (place.process(pace=Pace(NEVER, burst=3)) for _ in range(2))
    for queue in "abcde":
        await one.ask((queue, post("1")))
    taken = [await process.take() for process in (one, other, one, other, one)]
    assert [[claim.onboarding_id for claim in claims] for claims in taken] == [["a"], ["b"], ["c"], [], []]


async def test_a_turn_that_was_not_used_is_free_for_the_next(place: Place) -> None:
    place.finishes["nothing to do"] = Finished(called=False)
    process = place.process(pace=Pace(NEVER, burst=1))
    for what in ("nothing to do", "posted", "waits"):
        await process.ask((what, post(what)))
    await process.runner.start()
    await until(lambda: len(place.ended) == 2)
    await process.look()
    assert [what for _, what in place.ended] == ["nothing to do", "posted"]


async def test_turns_long_past_are_forgotten(place: Place) -> None:
    now = time.time()
    turns = [{"name": "long past", "next": now - 2 * 86_400}, {"name": "just past", "next": now - 60}]
    await place.store.transact(lambda unit: unit.session.execute(insert(paces), turns))
    await place.process().outbox.forget()
    assert list(await place.turns()) == ["just past"]


# -- what doesn't work


async def test_what_gets_no_answer_is_tried_again_ever_more_slowly(place: Place) -> None:
    place.raises["1"] = [Unreachable("timeout") for _ in range(3)]
    process = await place.start(patience=Patience(wait=lambda attempt: NEVER * attempt))
    await process.ask(("a", file("1")))
    due = []
    for attempts in (1, 2, 3):
        await place.put_off()
        [row] = await place.rows()
        assert (row.attempts, row.error) == (attempts, "timeout")
        due.append(row.due)
        await place.change(update(effects).values(due=0.0))
        process.runner.wake()
    await place.settled()
    [row] = await place.rows()
    assert (row.state, row.attempts, row.error) == ("done", 4, "")
    assert due[1] - due[0] >= NEVER - 1
    assert due[2] - due[1] >= NEVER - 1


def test_pauses_double_up_to_five_minutes() -> None:
    for attempts, seconds in ((1, 1), (2, 2), (5, 16), (9, 256), (10, 300), (10_000, 300)):
        assert 0.66 * seconds <= backoff(attempts) <= seconds


@pytest.mark.parametrize(
    ("error", "key"),
    [(Unreachable("timeout"), "timeout"), (RetryLater(NEVER, "timeout"), "timeout"), (UnknownKey("…"), "key_unknown")],
    ids=["no answer", "told to wait", "a key that others have already"],
)
async def test_it_is_given_up_by_its_age_not_by_a_count_of_attempts(place: Place, error: Exception, key: str) -> None:
    told: list[str] = []

    async def tell(_unit: Unit, record: EffectRecord, why: EffectError) -> None:
        told.append(f"{record.state}: {why.key}")

    place.raises["1"] = [error] * 3
    process = await place.start(patience=Patience(timedelta(days=3), lambda _: NEVER), on_failed=[tell])
    await process.ask(("a", file("1")), ("a", file("2")))
    for tries in (1, 2):
        await until(lambda tries=tries: len(place.began) == tries)  # type: ignore[misc]  # its default is known
        await place.put_off()
        await place.change(update(effects).where(effects.c.due > 0).values(due=0.0, attempts=500))
        if tries == 2:
            await place.change(update(effects).values(created_at=datetime.now(UTC) - timedelta(days=4)))
        process.runner.wake()
    await place.settled()
    first, second = await place.rows()
    assert (first.state, first.error, bool(first.error_id), second.state) == ("failed", key, True, "done")
    assert told == [f"failed: {key}"]


@pytest.mark.parametrize(
    ("error", "key"), [(ZeroDivisionError(), "internal"), (Impossible("is_archived"), "is_archived")], ids=["bug", "impossible"]
)
async def test_what_can_never_work_fails_at_once_and_the_next_goes_on(place: Place, error: Exception, key: str) -> None:
    told: list[str] = []

    async def tell(_unit: Unit, _record: EffectRecord, why: EffectError) -> None:
        told.append(why.key)

    place.raises["1"] = [error]
    process = await place.start(on_failed=[tell])
    await process.ask(("a", file("1")), ("a", file("2")))
    await place.settled()
    first, second = await place.rows()
    assert (first.state, first.error, first.attempts, bool(first.error_id)) == ("failed", key, 1, True)
    assert second.state == "done"
    assert told == [key]


async def test_if_support_cannot_be_told_in_one_way_another_is_tried(place: Place) -> None:
    async def break_down(unit: Unit, _record: EffectRecord, _why: EffectError) -> None:
        unit.ask("b", file("not committed"))
        raise KeyError

    async def tell(unit: Unit, _record: EffectRecord, _why: EffectError) -> None:
        unit.ask("b", file("told"))

    place.raises["1"] = [Impossible("is_archived"), Impossible("is_archived")]
    process = await place.start(on_failed=[break_down, tell])
    await process.ask(("a", file("1")))
    await place.settled()
    assert place.ended == [("b", "told")]
    await process.runner.stop()
    process = await place.start(on_failed=[break_down])
    await process.ask(("c", file("1")))
    await place.settled()
    assert await place.states() == ["failed", "done", "failed"]


async def _try_again(unit: Unit) -> None:
    [record] = await unit.failed_effects("a")
    unit.retry(record)


async def test_tried_again_by_people_while_a_later_one_is_in_hand_and_its_process_dies_both_are_done(place: Place) -> None:
    crashed = place.process(lease=0.5)
    await crashed.ask(("a", file("1")), ("a", file("2")))
    [first] = await crashed.take()
    assert await crashed.settle(first, Ending("failed", error="not_in_channel"))
    await crashed.take()
    await crashed.store.transact(_try_again)
    await place.start(poll=0.05)
    await place.settled()
    assert place.ended == [("a", "2"), ("a", "1")]


async def test_tried_again_by_two_people_at_once_it_is_tried_once(place: Place) -> None:
    place.raises["1"] = [Impossible("not_in_channel")]
    process = await place.start()
    await process.ask(("a", file("1")))
    await place.settled()
    async with process.store.read() as unit:
        [record] = await unit.failed_effects("a")
    for _ in range(2):
        async with process.store.write() as unit:
            unit.retry(record)
        await place.settled()
    assert place.began == [Began("a", "1", 1), Began("a", "1", 2)]


async def test_an_attempt_that_breaks_off_is_made_again(place: Place) -> None:
    process = await place.start()
    process.outbox.breaks = (RuntimeError("the end"), RuntimeError("giving up"))
    await process.ask(("a", file("1")), ("a", file("2")))
    await place.settled()
    assert place.began == [Began("a", "1", 1), Began("a", "1", 2), Began("a", "2", 1)]
    assert await place.states() == ["done", "done"]


async def test_an_attempt_that_breaks_off_is_made_again_whatever_else_ends_meanwhile(place: Place) -> None:
    gate = place.hold("2")
    process = await place.start(lease=NEVER, poll=NEVER)
    await process.ask(("a", file("1")), ("b", file("2")))
    await until(lambda: place.ended == [("a", "1")])
    process.outbox.breaks = (RuntimeError("the end"), RuntimeError("giving up"))
    await process.ask(("a", file("3")))
    await until(lambda: not process.outbox.breaks)
    gate.set()  # wakes the runner while the broken one still has its place
    await place.settled()
    assert place.began == [Began("a", "1", 1), Began("b", "2", 1), Began("a", "3", 1), Began("a", "3", 2)]


@on_postgresql
async def test_what_is_taken_while_something_lost_is_given_back_stays_in_hand(place: Place) -> None:
    process, other = place.process(), place.process()
    await process.ask(("a", file("1")), ("b", file("2")), ("b", file("3")))
    process.store.deaf = True
    with pytest.raises(Unavailable):
        await process.take(1)
    [first] = await process.take()
    assert first.onboarding_id == "b"
    async with place.store.write() as unit:  # holds up the giving back
        await unit.connection.execute(select(effects.c.id).where(effects.c.onboarding_id == "a").with_for_update())
        giving_back = asyncio.create_task(process.outbox.give_back())
        following = (await process.outbox.end(first, Ending("done"), goes_on=True)).next
    await giving_back
    assert following is not None
    assert name(following) == "3"
    assert [name(claim) for claim in await other.take()] == ["1"]


async def test_what_is_next_is_locked_last_as_a_click_does_too(place: Place) -> None:
    process = place.process()
    await process.ask(("a", file("1")), ("a", file("2")))
    [first] = await process.take()
    locked: list[str] = []

    @event.listens_for(process.store._writing.sync_engine, "before_cursor_execute")
    def _(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        locked.extend(name for name in ("audit_heads", "WITH pick") if name in statement)

    async def ask(unit: Unit) -> None:
        unit.ask("a", CARD)

    await process.outbox.end(first, Ending("failed"), ask, goes_on=True)
    assert locked == ["audit_heads", "WITH pick"]


async def test_tried_again_by_people_it_does_not_run_beside_a_later_one(place: Place) -> None:
    place.raises["1"] = [Impossible("not_in_channel")]
    gate = place.hold("2")
    process = await place.start()
    await process.ask(("a", file("1")), ("a", file("2")))
    await until(lambda: len(place.began) == 2)
    await process.store.transact(_try_again)
    await process.ask(("b", file("3")))
    await until(lambda: place.ended)
    assert place.ended == [("b", "3")]  # it isn't held up either
    gate.set()
    await place.settled()
    assert [one for one in place.began if one.onboarding == "a"] == [Began("a", "1", 1), Began("a", "2", 1), Began("a", "1", 2)]


async def test_when_the_other_side_is_back_all_that_got_no_answer_is_tried_at_once(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.jobs.executor.OUTAGE", 0.0)
    place.raises = {"1": [Unreachable("timeout")], "2": [Unreachable("timeout")], "told": [RetryLater(NEVER)]}
    process = await place.start(patience=LATE)
    await process.ask(("a", file("1")), ("b", file("2")), ("c", file("told")))
    await place.put_off(3)
    await process.ask(("d", file("answered")))
    await until(lambda: len(place.ended) == 3)
    assert place.ended[0] == ("d", "answered")
    assert sorted(place.ended[1:]) == [("a", "1"), ("b", "2")]
    await until(lambda: _states_are(place, ["done", "done", "waiting", "done"]))


async def test_when_one_side_is_back_what_another_did_not_answer_waits_on(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.jobs.executor.OUTAGE", 0.0)
    place.raises = {"slack": [Unreachable("timeout")], FileRequest.kind: [Unreachable("timeout")]}
    process = await place.start(patience=LATE)
    await process.ask(("a", file("slack")), ("b", FileRequest(step="s", resource="r")))
    await place.put_off(2)
    await process.ask(("c", FileRequest(step="s", resource="r")))
    await until(lambda: len(place.ended) == 2)
    assert place.ended == [("c", FileRequest.kind), ("b", FileRequest.kind)]
    await until(lambda: _states_are(place, ["waiting", "done", "done"]))
    await process.ask(("d", file("answered")))
    await until(lambda: _states_are(place, ["done"] * 4))


async def _states_are(place: Place, states: list[str]) -> bool:
    return await place.states() == states


async def test_the_oldest_that_is_neither_done_nor_given_up_is_known(place: Place) -> None:
    place.raises = {"1": [Impossible("is_archived")], "3": [Unreachable("timeout")]}
    process = await place.start(patience=LATE)
    assert await process.outbox.oldest() is None
    await process.ask(("a", file("1")))
    await process.ask(("a", file("2")))
    await process.ask(("a", file("3")))
    await place.put_off()
    await process.ask(("a", file("4")))
    assert await process.outbox.oldest() == (await place.rows())[2].created_at


# -- drawings


async def test_while_a_drawing_waits_another_of_the_same_is_not_added(place: Place) -> None:
    process = place.process()
    step = Draw(what="step", step="planning")
    for _ in range(3):
        await process.ask(("a", CARD), ("a", CARD))
    await process.ask(("a", step), ("a", CARD))
    await process.ask(("b", CARD))
    assert [(row.onboarding_id, row.same) for row in await place.rows()] == [
        ("a", "card:"),
        ("a", "step:planning"),
        ("b", "card:"),
    ]


async def test_what_is_being_drawn_is_drawn_once_more_for_all_that_changes_meanwhile(place: Place) -> None:
    gate = place.hold("draw")
    process = await place.start()
    await process.ask(("a", CARD))
    await until(lambda: place.began)
    for _ in range(3):
        await process.ask(("a", CARD))
    gate.set()
    await place.settled()
    assert place.ended == [("a", "draw")] * 2


async def test_what_stands_is_edited_however_much_waits_to_be_said_in_its_channel(place: Place) -> None:
    gate, edit = place.hold("redraw"), Redraw(what="card")
    process = await place.start(pace=Pace(NEVER, burst=1))
    await process.ask(("a", post("1", "customer_channel")), ("a", post("2", "customer_channel")), ("a", CARD), ("a", edit))
    await until(lambda: Began("a", "redraw", 1) in place.began)
    await process.ask(("a", edit))
    await process.ask(("a", edit), ("a", Redraw(what="step", step="planning")))
    gate.set()
    await until(lambda: place.ended.count(("a", "redraw")) == 3)
    await until(lambda: _only_these_wait(place, [("say", ""), ("draw", "card:")]))


async def _only_these_wait(place: Place, wanted: list[tuple[str, str]]) -> bool:
    return [(row.kind, row.same) for row in await place.rows() if row.state != "done"] == wanted


async def test_a_drawing_that_waits_is_as_old_as_what_was_asked_for_last(place: Place) -> None:
    place.raises["draw"] = [Unreachable("timeout")] * 2
    process = await place.start(patience=Patience(timedelta(days=3), lambda _: NEVER))
    await process.ask(("a", CARD))
    await place.put_off()
    await place.change(update(effects).values(created_at=datetime.now(UTC) - timedelta(days=4)))
    await process.ask(("a", CARD))
    await process.outbox.hasten(KINDS)
    process.runner.wake()
    await until(lambda: len(place.began) == 2)
    await place.put_off()
    assert await place.states() == ["waiting"]


async def test_a_drawing_that_waits_for_another_try_does_for_a_later_one_too(place: Place) -> None:
    place.raises["draw"] = [Unreachable("timeout")]
    process = await place.start(patience=LATE)
    await process.ask(("a", CARD))
    await place.put_off()
    await process.ask(("a", CARD))
    assert len(await place.rows()) == 1


async def test_drawings_before_and_after_a_move_are_not_merged(place: Place) -> None:
    process = place.process()
    move = MoveMessages(old="C1", new="C2")
    for effect in (CARD, move, CARD, CARD):
        await process.ask(("a", effect))
    await process.ask(*(("b", effect) for effect in (CARD, move, CARD, CARD)))
    await process.ask(("b", move), ("b", CARD))
    kinds = [(row.onboarding_id, row.kind) for row in await place.rows()]
    assert [kind for onboarding, kind in kinds if onboarding == "a"] == ["draw", "move", "draw"]
    assert [kind for onboarding, kind in kinds if onboarding == "b"] == ["draw", "move", "draw", "move", "draw"]


async def test_after_eighty_clicks_what_is_drawn_is_the_last_state(place: Place) -> None:
    drawn: defaultdict[str, list[str]] = defaultdict(list)

    async def draw(claim: Claim) -> None:
        async with process.store.read() as unit:
            posted = await unit.get(Posted, claim.onboarding_id)
            drawn[claim.onboarding_id].append(posted.digest if posted else "")

    async def click(onboarding: str, n: int) -> None:
        async def work(unit: Unit) -> None:
            posted = await unit.get(Posted, onboarding)
            if posted is None:
                posted = Posted(id=onboarding, onboarding_id=onboarding, kind="card", subject="", channel_id="C1", ts="1.2")
                unit.add(posted)
            posted.digest = str(n)
            unit.ask(onboarding, CARD)

        await process.store.transact(work)

    async def click_often(onboarding: str) -> None:
        for n in range(20):
            await click(onboarding, n)
            await asyncio.sleep(0.002 * (n % 3))

    process = await place.start(do=draw, at_once=4)
    await asyncio.gather(*(click_often(onboarding) for onboarding in "abcd"))
    await place.settled()
    assert {onboarding: seen[-1] for onboarding, seen in drawn.items()} == dict.fromkeys("abcd", "19")
    assert all(seen == sorted(seen, key=int) for seen in drawn.values())


# -- processes that die, sleep, or lose the database


@on_postgresql
async def test_what_needs_a_token_is_left_to_the_process_that_has_it_while_that_one_takes_it(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pasted_tokens, "LOOKS", 2)
    lost: list[str] = []

    async def with_token(claim: Claim) -> None:
        with token_here(Run(claim.id, "a", file("1"), result=claim.result)):
            raise Unreachable("timeout")

    async def without(claim: Claim) -> None:
        leave_to_holder(other.store, Run(claim.id, "a", file("1"), result=claim.result))
        lost.append(claim.id)

    holder, other = (place.process(do=do, patience=Restless(wait=lambda _attempt: 0.0)) for do in (with_token, without))
    await holder.ask(("a", file("1")))
    for process in (other, other, holder, other, other, holder, holder, other, other):
        await until(partial(_attempted, process))
        assert lost == []
    await until(partial(_attempted, other))  # once more in a row
    assert len(lost) == 1
    assert await place.states() == ["done"]


async def _attempted(process: Process) -> bool:
    taken = await process.take()
    for claim in taken:
        await process.attempts.attempt(claim)
    return bool(taken)


async def test_after_a_crash_what_was_in_hand_is_done_again_and_looked_for_first(place: Place) -> None:
    crashed = place.process(lease=0.5)
    await crashed.ask(("a", file("1")), ("a", file("2")))
    [claim] = await crashed.take()
    assert name(claim) == "1"
    process = await place.start(poll=NEVER)
    await place.settled()
    # A start of the only process may be that of a restored database: what waits there may have been done since.
    assert place.began == [Began("a", "1", 2), Began("a", "2", 2 if process.outbox.alone else 1)]
    assert place.ended == [("a", "1"), ("a", "2")]


@on_postgresql
async def test_a_process_that_slept_for_too_long_changes_nothing_any_more(place: Place) -> None:
    slept, awake = place.process(lease=0.3), place.process(lease=NEVER)
    await slept.ask(("a", file("1")), ("a", file("2")))
    [old] = await slept.take()
    new = await _taken_over(awake)
    assert (new.id, new.attempts) == (old.id, 2)
    assert not old.is_ours
    assert not await slept.outbox.renew(old)
    assert not await slept.settle(old, Ending("done", result={"by": "the one that slept"}))
    with pytest.raises(lease.LostError):
        async with lease.held(slept.outbox, old):
            lease.check()
    first, second = await place.rows()
    assert (first.state, first.holder, first.result, second.state) == ("running", new.holder, {}, "waiting")
    assert await awake.settle(new, Ending("done"))
    [following] = await awake.take()
    assert name(following) == "2"


async def _taken_over(process: Process) -> Claim:
    taken: list[Claim] = []

    async def take() -> bool:
        taken.extend(await process.take())
        return bool(taken)

    await until(take)
    return taken[0]


@on_postgresql
async def test_what_is_begun_after_its_lease_ran_out_is_cut_off_by_the_process_s_own_clock(place: Place) -> None:
    async def do(_claim: Claim) -> None:
        began.append("waits")
        await asyncio.Event().wait()

    began: list[str] = []
    process = place.process(do=do, lease=0.3)
    await process.ask(("a", file("1")))
    [claim] = await process.take()
    await until(lambda: not claim.is_ours)
    await process.attempts.attempt(claim)
    assert began == ["waits"]
    assert process.outbox.renewals == 0
    assert await place.states() == ["running"]


@on_postgresql
async def test_a_handler_whose_lease_is_lost_is_cut_off_before_another_begins(place: Place) -> None:
    seen: list[str] = []

    async def hang(_claim: Claim) -> None:
        seen.append("begins")
        try:
            await asyncio.Event().wait()
        finally:
            seen.append("is cut off")

    async def do(_claim: Claim) -> Finished:
        seen.append("another begins")
        return Finished({"by": "another"})

    cut_off = await place.start(do=hang, lease=0.6)
    await cut_off.ask(("a", file("1")))
    await until(lambda: seen)
    cut_off.outbox.away = True
    await place.start(do=do, poll=0.05)
    await place.settled()
    assert seen == ["begins", "is cut off", "another begins"]
    [row] = await place.rows()
    assert (row.state, row.attempts, row.result) == ("done", 2, {"by": "another"})


@on_postgresql
async def test_long_work_stays_with_its_process_while_others_look(place: Place) -> None:
    gate = place.hold("1")
    process = await place.start(lease=1.0)
    await process.ask(("a", file("1")))
    await until(lambda: place.began)
    runs_out_again = time.monotonic() + 2.0
    other = await place.start(lease=1.0, poll=0.05)
    await until(lambda: time.monotonic() > runs_out_again)
    looks = other.outbox.looks
    await until(lambda: other.outbox.looks > looks)
    gate.set()
    await place.settled()
    assert place.began == [Began("a", "1", 1)]


async def test_what_was_taken_although_the_answer_was_lost_is_done_soon_and_nothing_in_hand_twice(place: Place) -> None:
    gate = place.hold("1")
    process = await place.start(lease=NEVER, poll=NEVER)
    await process.ask(("a", file("1")))
    await until(lambda: place.began)
    process.store.deaf = True
    await process.ask(("b", file("2")))
    await until(lambda: place.ended)
    first, _ = await place.rows()
    assert first.due > time.time()  # what is in hand isn't given away
    gate.set()
    await place.settled()
    assert place.began == [Began("a", "1", 1), Began("b", "2", 2)]


@pytest.mark.parametrize("at_once", [12, 1], ids=["more could be taken", "all places are taken"])
async def test_while_the_database_is_away_the_bot_lives_and_nothing_is_done_twice(
    place: Place, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    gate = place.hold("1")
    process = await place.start(at_once=at_once)
    await process.ask(("a", file("1")), ("a", file("2")))
    await until(lambda: place.began)
    process.outbox.away = True
    gate.set()
    await until(lambda: process.outbox.refused)
    process.runner.wake()
    await until(lambda: process.outbox.refused > 1)
    assert process.runner.trouble() == ""
    monkeypatch.setattr("bot.jobs.runner.SILENT", 0.0)
    await until(lambda: "database" in process.runner.trouble())
    process.outbox.away = False
    await place.settled()
    assert place.began == [Began("a", "1", 1), Began("a", "2", 1)]
    process.runner.wake()
    await until(lambda: not process.runner.trouble())


@on_postgresql
async def test_after_the_database_was_away_nobody_is_held_for_dead_before_he_can_say_what_he_did(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.jobs.runner.GRACE", NEVER)
    gate = place.hold("1")
    process = await place.start(lease=1.0)
    await process.ask(("a", file("1")))
    await until(lambda: place.began)
    other = await place.start()
    process.outbox.away = other.outbox.away = True
    gate.set()
    await until(lambda: place.ended)
    other.runner.wake()
    await until(lambda: other.outbox.refused)
    await until(lambda: _lease_is_over(place))
    other.outbox.away = False
    await other.look()
    assert await place.states() == ["running"]
    process.outbox.away = False
    await place.settled()
    assert place.began == [Began("a", "1", 1)]


async def _lease_is_over(place: Place) -> bool:
    [row] = await place.rows()
    return bool(row.due < time.time())


async def test_a_bot_that_starts_before_its_database_begins_when_it_is_there(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.jobs.runner.GRACE", 0.0)
    crashed = place.process(lease=0.3)
    await crashed.ask(("a", file("1")))
    await crashed.take()
    process = place.process(poll=0.05)
    process.outbox.away = True
    await process.runner.start()
    await until(lambda: process.outbox.refused > 1)
    process.outbox.away = False
    process.runner.wake()
    await place.settled()
    assert place.began == [Began("a", "1", 2)]


async def test_what_was_erased_meanwhile_has_no_end(place: Place) -> None:
    followed: list[str] = []

    async def follow(_unit: Unit) -> None:
        followed.append("1")

    async def erase(unit: Unit) -> None:
        record = await unit.get(EffectRecord, (await place.rows())[0].id)
        assert record is not None
        record.state, record.arguments = "dropped", {}

    gate = place.hold("1")
    place.finishes["1"] = Finished({"ts": "1.2"}, follow)
    process = await place.start()
    await process.ask(("a", file("1")), ("a", file("2")))
    await until(lambda: place.began)
    await process.store.transact(erase)
    gate.set()
    await place.settled()
    first, second = await place.rows()
    assert (first.state, first.result, second.state) == ("dropped", {}, "done")
    assert followed == []


# -- a stop


async def test_a_stop_lets_finish_what_is_in_hand_and_begins_nothing(place: Place) -> None:
    async def finish() -> None:
        gate.set()

    gate = place.hold("1")
    process = await place.start()
    assert process.runner.trouble() == ""
    await process.ask(("a", file("1")), ("a", file("2")))
    await until(lambda: place.began)
    await asyncio.gather(process.runner.stop(NEVER), finish())
    assert (place.began, place.ended) == ([Began("a", "1", 1)], [("a", "1")])
    first, second = await place.rows()
    assert first.state == "done"
    assert second.state == "waiting" or second.due == 0.0  # taken in this very moment, and given back
    assert process.runner.trouble() == "not running"


async def test_what_does_not_finish_in_time_is_cut_off_and_free_for_others_at_once(place: Place) -> None:
    gate = place.hold("1")
    process = await place.start(lease=NEVER)
    await process.ask(("a", file("1")))
    await until(lambda: place.began)
    await process.runner.stop(0.05)
    [row] = await place.rows()
    assert (row.state, row.due, place.ended) == ("running", 0.0, [])
    gate.set()
    await place.start(lease=NEVER, poll=NEVER)
    await place.settled()
    assert place.began == [Began("a", "1", 1), Began("a", "1", 2)]


# -- the clock and the indexes


@on_sqlite
@pytest.mark.parametrize("wrong", [864_000.0, -864_000.0], ids=["fast", "slow"])
async def test_a_clock_that_was_wrong_keeps_nothing_waiting_for_long(place: Place, wrong: float) -> None:
    place.raises = {"1": [Unreachable("timeout")], "2": [RetryLater(60.0)]}
    before = await place.start(patience=LATE, pace=Pace(1.0), wall=lambda: time.time() + wrong)
    await before.ask(("a", file("1")), ("b", post("2")))
    await place.put_off()
    await until(lambda: len(place.began) == 2)
    await before.runner.stop()
    after = place.process(pace=Pace(1.0))
    await after.outbox.begin()
    latest = time.time() + MAX_WAIT
    assert max(row.due for row in await place.rows()) <= latest
    assert max((await place.turns()).values()) <= latest
    if wrong < 0:
        await after.runner.start()
        await place.settled()


@on_sqlite
async def test_a_clock_that_is_set_while_the_bot_runs_changes_nothing(place: Place) -> None:
    place.raises["1"] = [Unreachable("timeout")]
    asked_once = iter([time.time()])
    process = await place.start(wall=asked_once.__next__, patience=Patience(wait=lambda _: 0.05))
    await process.ask(("a", file("1")))
    await place.settled()
    assert place.began == [Began("a", "1", 1), Began("a", "1", 2)]


async def test_a_look_reads_nothing_that_is_done(place: Place) -> None:
    asked: list[tuple[str, Any]] = []
    process = place.process()
    await process.ask(("done", file("1")))
    [claim] = await process.take()
    await process.settle(claim, Ending("done"))
    place.multiply(2000)
    await process.ask(*((queue, post(what)) for queue in "abcdefgh" for what in "123"))
    if not process.outbox.alone:
        raw(place.url, "ANALYZE effects")
    reading = process.store._reading
    event.listen(reading.sync_engine, "before_cursor_execute", lambda *seen: asked.append((seen[2], seen[3])))
    assert len(await process.take()) == 8
    looks = [one for one in asked if "FROM effects" in one[0]]
    assert len(looks) == 2
    async with reading.connect() as connection:
        if not process.outbox.alone:
            await connection.exec_driver_sql("SET enable_seqscan = off")
        explain = "EXPLAIN QUERY PLAN" if process.outbox.alone else "EXPLAIN"
        plans = ["\n".join(map(str, await connection.exec_driver_sql(f"{explain} {look}", values))) for look, values in looks]
    assert re.search(r"ix_effects_(open|due)", plans[0]), plans[0]
    for plan in plans:
        # Those of SQLite that begin with SCAN read a whole table.
        assert not re.search(r"SCAN (e|other|effects)\b|Seq Scan on effects", plan), plan
        used = set(re.findall(r"\b(?:ix|uq)_effects_\w+|\beffects_pkey\b", plan))
        assert used, plan
        # The last one begins with the state.
        assert used <= {"ix_effects_open", "ix_effects_due", "uq_effects_one_at_a_time", "ix_effects_state_created_at"}, plan
