"""Effects on the real engine over a real SQLite file: in order, once, again after trouble, given up visibly."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from bot.effects import Effects, Impossible, RetryLater, Unreachable
from bot.engine import Engine
from bot.slack_errors import SlackError
from flows.model import Effect
from storage.migrate import upgrade
from storage.sealing import Keyring, new_key
from storage.store import Store

Act = Callable[[Effect, bool], Awaitable[dict[str, Any] | None]]


class Works:
    """A store, an engine and effects of one kind, ``do``, whose argument ``n`` is written down when it is done."""

    def __init__(self, url: str, keyring: Keyring) -> None:
        self.url, self.keyring = url, keyring
        self.done: list[int] = []
        self.tries: list[tuple[int, bool]] = []
        self.failed: list[Effect] = []
        self.trouble: dict[int, list[Exception]] = {}
        self.changed = asyncio.Condition()
        self.most_attempts = 4
        self._build()

    def _build(self) -> None:
        self.store = Store(self.url, self.keyring, self._enqueue)
        self.engine = Engine(self.url, lambda batch: self.effects.run_batch(batch), poll_seconds=0.02)
        self.effects = Effects(
            self.store,
            {"do": self._do},
            on_failed=self._on_failed,
            most_attempts=self.most_attempts,
            wait=lambda attempt: 0.01 * attempt,
        )

    async def _enqueue(self, session: AsyncSession, onboarding_id: str, batch: str) -> None:
        await self.engine.enqueue(session, onboarding_id, batch)

    async def _do(self, effect: Effect, again: bool) -> dict[str, Any] | None:
        number = effect.arguments["n"]
        self.tries.append((number, again))
        await self._tell()
        if self.trouble.get(number):
            raise self.trouble[number].pop(0)
        self.done.append(number)
        await self._tell()
        return {"ts": str(number)}

    async def _on_failed(self, effect: Effect) -> None:
        self.failed.append(effect)
        await self._tell()

    async def _tell(self) -> None:
        async with self.changed:
            self.changed.notify_all()

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(10), self.changed:
            await self.changed.wait_for(condition)

    async def ask(self, *numbers: int, onboarding: str = "onb_1") -> list[str]:
        async with self.store.write() as unit:
            return [unit.effect(onboarding, "do", n=number) for number in numbers]

    async def effect(self, effect_id: str) -> Effect:
        async with self.store.read() as unit:
            found = await unit.get(Effect, effect_id)
        assert found is not None
        return found

    async def state_becomes(self, effect_id: str, state: str) -> Effect:
        async with asyncio.timeout(10):
            while (effect := await self.effect(effect_id)).state != state:
                await asyncio.sleep(0.01)
        return effect


@pytest.fixture
async def works(tmp_path: Path) -> AsyncIterator[Works]:
    url = f"sqlite+aiosqlite:///{tmp_path}/bot.db"
    await asyncio.to_thread(upgrade, url)
    works = Works(url, Keyring.parse(new_key()))
    await works.engine.start()
    yield works
    await works.engine.stop()
    await works.store.close()


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
            unit.effect("onb_1", "do", n=1)
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
    assert works.tries == [(1, False), (1, True), (1, True), (2, False), (3, False)]


async def test_another_onboarding_does_not_wait(works: Works) -> None:
    works.trouble[1] = [RetryLater(3600)]
    await works.ask(1)
    await works.ask(2, onboarding="onb_2")
    await works.until(lambda: bool(works.done))
    assert works.done == [2]


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
    assert (effect.state, effect.error, effect.attempts) == ("failed", "timeout", works.most_attempts)
    assert [failed.id for failed in works.failed] == [one]
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
    await works.until(lambda: bool(works.failed))
    effect = await works.effect(one)
    assert (effect.state, effect.error, effect.attempts) == ("failed", key, 1)


async def test_an_unknown_kind_fails_visibly(works: Works) -> None:
    async with works.store.write() as unit:
        one = unit.effect("onb_1", "no such kind")
    await works.until(lambda: bool(works.failed))
    assert (await works.effect(one)).error == "unknown_kind"


async def test_a_failed_effect_can_be_tried_again_under_its_own_id(works: Works) -> None:
    works.trouble[1] = [Impossible("not_in_channel")]
    (one,) = await works.ask(1)
    await works.state_becomes(one, "failed")
    assert await works.effects.retry(one, works.engine)
    await works.state_becomes(one, "done")
    assert works.tries == [(1, False), (1, True)]
    assert not await works.effects.retry(one, works.engine)


async def test_a_batch_without_a_job_is_found(works: Works, monkeypatch: pytest.MonkeyPatch) -> None:
    works.store.on_effects = None  # a commit whose job got lost
    await works.ask(1)
    assert await works.effects.requeue_stranded(works.engine) == 0  # it may only just have been written
    monkeypatch.setattr("bot.effects.STRANDED_AFTER", -1 * __import__("datetime").timedelta(seconds=1))
    assert await works.effects.requeue_stranded(works.engine) == 1
    await works.until(lambda: works.done == [1])


async def test_stopping_lets_an_effect_finish_and_a_new_start_does_what_is_left(works: Works) -> None:
    works.trouble[1] = [RetryLater(3600)]
    await works.ask(1)
    await works.until(lambda: bool(works.tries))
    await works.ask(2, onboarding="onb_2")
    await works.until(lambda: works.done == [2])
    await works.engine.stop()
    await works.engine.start()
    assert works.done == [2]
