"""Effects of the product on a SQLite file: in order, once, retried after trouble, given up visibly."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio
from prometheus_client import REGISTRY
from sqlalchemy import select

from bot.jobs.errors import EffectError, Impossible, Pending, RetryLater, Unreachable
from bot.jobs.executor import Executor, Patience
from bot.jobs.registry import Finished, Handlers, Run
from bot.jobs.runner import Runner
from bot.slack.errors import SlackError
from flows.model import EffectRecord, Seen, new_id
from flows.outbox import DeleteFile, Effect, FileRequest, Say
from flows.ports import Unit
from storage.migrate import upgrade
from storage.outbox import Claim, Outbox, Pace
from storage.sealing import Keyring, new_key
from storage.store import Store, Unavailable
from storage.tables import effects

pytestmark = pytest.mark.asyncio(loop_scope="module")

MAX_ATTEMPTS = 4


class Impatience(Patience):
    """Gives up after some attempts, since a test can't wait for an effect to grow old."""

    def ends(self, claim: Claim, age: timedelta) -> bool:
        return claim.attempts >= MAX_ATTEMPTS or super().ends(claim, age)


@dataclass(frozen=True, kw_only=True)
class OfALaterVersion(Effect):
    """Its kind is unknown to this version."""

    kind = "no such kind"


class Works:
    """A store and a runner for DeleteFile and FileRequest, which records their numbers once they are done."""

    def __init__(self, url: str, keyring: Keyring) -> None:
        self.url, self.keyring = url, keyring
        self.changed = asyncio.Condition()
        self.begin_anew()
        self.store = Store(self.url, self.keyring)
        handlers = Handlers()
        handlers.on(DeleteFile, self._delete)
        handlers.on(FileRequest, self._file)
        outbox = Outbox(self.store, pace=Pace(0.0))
        self.executor = Executor(
            self.store,
            outbox,
            handlers.do,
            patience=Impatience(wait=lambda attempt: 0.01 * attempt),
            on_failed=(self._on_failed, self._on_failed_again),
        )
        self.runner = Runner(outbox, self._attempt)
        self.store.on_effects = self.runner.wake

    def begin_anew(self) -> None:
        """With new onboardings: what an earlier test left waiting doesn't matter."""
        self.onboarding, self.other = new_id("onb"), new_id("onb")
        self.mine = {self.onboarding, self.other}
        self.done: list[int] = []
        self.tries: list[tuple[int, bool]] = []
        self.failed: list[tuple[str, str]] = []
        self.deaf = False
        self.trouble: dict[int, list[Exception]] = {}
        self.also: dict[int, Callable[[Unit], Awaitable[None]]] = {}

    async def start(self) -> None:
        await self.runner.start()

    async def _attempt(self, claim: Claim, goes_on: Callable[[], bool]) -> Claim | None:
        try:
            return await self.executor.attempt(claim, goes_on)
        finally:
            await self._tell()

    async def _delete(self, run: Run[DeleteFile]) -> Finished | None:
        return await self._do(run, int(run.effect.file))

    async def _file(self, run: Run[FileRequest]) -> Finished | None:
        return await self._do(run, int(run.effect.resource))

    async def _do(self, run: Run[Any], number: int) -> Finished | None:
        if run.onboarding_id not in self.mine:  # from an earlier test
            return None
        self.tries.append((number, run.again))
        await self._tell()
        if self.trouble.get(number):
            raise self.trouble[number].pop(0)
        self.done.append(number)
        await self._tell()
        return Finished({"ts": str(number)}, self.also.get(number))

    async def _on_failed(self, unit: Unit, record: EffectRecord, error: EffectError) -> None:
        unit.add(Seen(id=f"failed:{record.id}", at=unit.now))
        if self.deaf:
            raise KeyError("Acme Bank")
        self.failed.append((record.id, error.key))

    async def _on_failed_again(self, unit: Unit, record: EffectRecord, error: EffectError) -> None:
        unit.add(Seen(id=f"failed again:{record.id}", at=unit.now))
        self.failed.append((record.id, f"again: {error.key}"))

    async def _tell(self) -> None:
        async with self.changed:
            self.changed.notify_all()

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(10), self.changed:
            await self.changed.wait_for(condition)

    async def ask(self, *numbers: int, onboarding: str = "") -> list[str]:
        return await self.ask_for([DeleteFile(file=str(number)) for number in numbers], onboarding)

    async def ask_for(self, effects: Sequence[Effect], onboarding: str = "") -> list[str]:
        """Ids of what one commit asked for, in order."""
        async with self.store.write() as unit:
            for effect in effects:
                unit.ask(onboarding or self.onboarding, effect)
        return (await self.ids(onboarding))[-len(effects) :]

    async def ids(self, onboarding: str = "") -> list[str]:
        query = select(EffectRecord).where(effects.c.onboarding_id == (onboarding or self.onboarding)).order_by(effects.c.seq)
        async with self.store.read() as unit:
            return [record.id for record in await unit.session.scalars(query)]

    async def effect(self, effect_id: str) -> EffectRecord:
        async with self.store.read() as unit:
            found = await unit.get(EffectRecord, effect_id)
        assert found is not None
        return found

    async def state_becomes(self, effect_id: str, state: str) -> EffectRecord:
        async with asyncio.timeout(10), self.changed:
            while (effect := await self.effect(effect_id)).state != state:
                await self.changed.wait()
        return effect


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def whole(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Works]:
    """One for all tests."""
    url = f"sqlite+aiosqlite:///{tmp_path_factory.mktemp('effects')}/bot.db"
    await asyncio.to_thread(upgrade, url)
    works = Works(url, Keyring.parse(new_key()))
    await works.start()
    yield works
    await works.runner.stop()
    await works.store.close()


@pytest.fixture
def works(whole: Works) -> Works:
    whole.begin_anew()
    return whole


async def test_effects_of_one_onboarding_run_in_the_order_of_their_commits(works: Works) -> None:
    for first in range(0, 12, 3):
        await works.ask(first, first + 1, first + 2)
    await works.until(lambda: len(works.done) == 12)
    assert works.done == list(range(12))


async def test_what_is_done_is_written_down_with_its_ids(works: Works) -> None:
    (one,) = await works.ask(7)
    effect = await works.state_becomes(one, "done")
    assert (effect.result, effect.attempts) == ({"ts": "7"}, 1)
    assert effect.done_at is not None


async def test_nothing_runs_when_the_commit_fails(works: Works) -> None:
    with contextlib.suppress(ZeroDivisionError):
        async with works.store.write() as unit:
            unit.ask(works.onboarding, DeleteFile(file="1"))
            raise ZeroDivisionError
    await works.ask(2)
    await works.until(lambda: bool(works.done))
    assert works.done == [2]


async def test_a_limited_effect_waits_and_those_behind_it_wait_too(works: Works) -> None:
    works.trouble[1] = [RetryLater(0.05), SlackError("chat.postMessage", "ratelimited", retry_after=0.05)]
    await works.ask(1, 2)
    await works.ask(3)
    await works.until(lambda: len(works.done) == 3)
    assert works.done == [1, 2, 3]
    assert works.tries == [(1, False), (1, False), (1, False), (2, False), (3, False)]  # told to wait, so it didn't happen


@pytest.mark.parametrize(
    ("why", "outcome", "level"),
    [
        (Pending(0.01), "pending", logging.INFO),
        (RetryLater(0.01), "limited", logging.WARNING),
        (Unreachable("unreachable"), "retried", logging.WARNING),
    ],
)
async def test_only_what_is_not_in_the_ordinary_course_is_warned_of(
    works: Works, caplog: pytest.LogCaptureFixture, why: EffectError, outcome: str, level: int
) -> None:
    caplog.set_level(logging.INFO)
    labels = {"kind": DeleteFile.kind, "outcome": outcome}
    before = REGISTRY.get_sample_value("onboarding_effects_total", labels)
    why.key = f"{outcome} here"  # what an earlier test left may wait for the same
    works.trouble[1] = [why]
    await works.ask(1)
    await works.until(lambda: works.done == [1])
    told = [one for one in caplog.records if getattr(one, "outcome", "") == "waits" and getattr(one, "error", "") == why.key]
    assert [one.levelno for one in told] == [level]
    assert (REGISTRY.get_sample_value("onboarding_effects_total", labels) or 0.0) >= (before or 0.0) + 1


async def test_another_onboarding_does_not_wait(works: Works) -> None:
    works.trouble[1] = [RetryLater(3600)]
    await works.ask(1)
    await works.ask(2, onboarding=works.other)
    await works.until(lambda: bool(works.done))
    assert works.done == [2]


async def test_what_waits_in_a_lane_of_its_own_keeps_nothing_else_waiting(works: Works) -> None:
    works.trouble[1] = [RetryLater(3600)]
    requests = [FileRequest(step="service_desk", resource=number) for number in ("1", "2")]
    await works.ask_for([*requests, DeleteFile(file="3")])
    await works.ask(4)
    await works.until(lambda: len(works.done) == 2)
    assert works.done == [3, 4]


async def test_something_of_it_was_done_before_it_was_told_to_wait(works: Works) -> None:
    works.trouble[1] = [RetryLater(0.01, partly=True)]
    await works.ask(1)
    await works.until(lambda: works.done == [1])
    assert works.tries == [(1, False), (1, True)]


async def test_no_answer_is_tried_again_with_a_look_for_what_may_have_happened(works: Works) -> None:
    works.trouble[1] = [SlackError("chat.postMessage", "http_503"), SlackError("chat.postMessage", "unreachable")]
    (one,) = await works.ask(1)
    effect = await works.state_becomes(one, "done")
    assert works.tries == [(1, False), (1, True), (1, True)]
    assert effect.attempts == 3


async def test_given_up_after_its_attempts_and_the_next_one_goes_on(works: Works) -> None:
    works.trouble[1] = [Unreachable("timeout") for _ in range(9)]
    one, two = await works.ask(1, 2)
    await works.until(lambda: works.done == [2])
    effect = await works.effect(one)
    assert (effect.state, effect.error, effect.attempts) == ("failed", "timeout", MAX_ATTEMPTS)
    assert works.failed == [(one, "timeout")]
    assert len(effect.error_id) == 6
    await works.state_becomes(two, "done")


@pytest.mark.parametrize(
    ("error", "key"),
    [
        (Impossible("gone"), "gone"),
        (SlackError("chat.postMessage", "channel_not_found"), "channel_not_found"),
        (SlackError("chat.update", "invalid_blocks"), "invalid_blocks"),
        (KeyError("Acme Bank"), "internal"),
    ],
)
async def test_what_never_works_is_given_up_at_once(works: Works, error: Exception, key: str) -> None:
    works.trouble[1] = [error]
    (one,) = await works.ask(1)
    effect = await works.state_becomes(one, "failed")
    assert (effect.state, effect.error, effect.attempts) == ("failed", key, 1)


@pytest.mark.parametrize("effect", [OfALaterVersion(), Say(where="customer", key="approved", params={})])
async def test_what_nobody_can_do_fails_visibly(works: Works, effect: Effect) -> None:
    (one,) = await works.ask_for([effect])
    assert (await works.state_becomes(one, "failed")).error == "unknown_kind"


async def test_a_failed_effect_can_be_tried_again_under_its_own_id(works: Works) -> None:
    works.trouble[1] = [Impossible("not_in_channel")]
    (one,) = await works.ask(1)
    await works.state_becomes(one, "failed")
    async with works.store.write() as unit:
        record = await unit.get(EffectRecord, one)
        assert record is not None
        unit.retry(record)
    await works.state_becomes(one, "done")
    assert works.tries == [(1, False), (1, True)]


async def test_what_a_handler_adds_is_written_together_with_the_end(works: Works) -> None:
    async def also(unit: Unit) -> None:
        unit.add(Seen(id=f"seen:{works.onboarding}", at=unit.now))

    works.also[1] = also
    (one,) = await works.ask(1)
    await works.state_becomes(one, "done")
    async with works.store.read() as unit:
        assert await unit.get(Seen, f"seen:{works.onboarding}") is not None


async def test_an_end_that_could_not_be_written_is_written_later_and_nothing_is_done_again(works: Works) -> None:
    told = [Unavailable("full")]

    async def also(unit: Unit) -> None:
        unit.add(Seen(id=f"seen:{works.onboarding}", at=unit.now))
        if told:
            raise told.pop()

    works.also[1] = also
    (one,) = await works.ask(1)
    assert (await works.state_becomes(one, "done")).attempts == 1
    assert works.tries == [(1, False)]
    async with works.store.read() as unit:
        assert await unit.get(Seen, f"seen:{works.onboarding}") is not None


async def test_what_a_handler_adds_and_cannot_be_written_is_given_up_visibly(works: Works) -> None:
    async def also(unit: Unit) -> None:
        raise KeyError("Acme Bank")

    works.also[1] = also
    (one,) = await works.ask(1)
    assert (await works.state_becomes(one, "failed")).error == "internal"


@pytest.mark.parametrize(("deaf", "key"), [(False, "gone"), (True, "again: gone")])
async def test_what_follows_from_giving_up_is_written_with_it_or_else_its_fallback(works: Works, key: str, *, deaf: bool) -> None:
    works.trouble[1], works.deaf = [Impossible("gone")], deaf
    (one,) = await works.ask(1)
    await works.state_becomes(one, "failed")
    assert works.failed == [(one, key)]
    async with works.store.read() as unit:
        written = [await unit.get(Seen, f"{name}:{one}") is not None for name in ("failed", "failed again")]
    assert written == [not deaf, deaf]


async def test_the_runner_can_be_stopped_and_started_with_work_waiting(works: Works) -> None:
    works.trouble[1] = [RetryLater(3600)]
    await works.ask(1)
    await works.until(lambda: bool(works.tries))
    await works.runner.stop()
    await works.start()
    await works.ask(2, onboarding=works.other)
    await works.until(lambda: works.done == [2])
