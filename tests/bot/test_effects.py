"""Effects on the real engine over a real SQLite file: in order, once, again after trouble, given up visibly."""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy.ext.asyncio import AsyncSession

from bot.effects import Effects, Impossible, RetryLater, Unreachable
from bot.engine import Engine
from bot.slack_errors import SlackError
from flows.model import Effect, new_id
from storage.migrate import upgrade
from storage.sealing import Keyring, new_key
from storage.store import Store

pytestmark = pytest.mark.asyncio(loop_scope="module")


class Works:
    """A store, an engine and effects of one kind, ``do``, whose argument ``n`` is written down when it is done."""

    def __init__(self, url: str, keyring: Keyring) -> None:
        self.url, self.keyring = url, keyring
        self.changed = asyncio.Condition()
        self.most_attempts = 4
        self.begin_anew()
        self.store = Store(self.url, self.keyring, self._enqueue)
        self.engine = Engine(self.url, self._run_batch, poll_seconds=0.02)
        self.effects = Effects(
            self.store,
            {"do": self._do},
            on_failed=self._on_failed,
            most_attempts=self.most_attempts,
            wait=lambda attempt: 0.01 * attempt,
        )

    def begin_anew(self) -> None:
        """With other onboardings: what a former test left waiting does not matter."""
        self.onboarding, self.other = new_id("onb"), new_id("onb")
        self.mine = {self.onboarding, self.other}
        self.done: list[int] = []
        self.tries: list[tuple[int, bool]] = []
        self.failed: list[Effect] = []
        self.trouble: dict[int, list[Exception]] = {}

    async def _enqueue(self, session: AsyncSession, onboarding_id: str, batch: str) -> None:
        await self.engine.enqueue(session, onboarding_id, batch)

    async def _run_batch(self, batch: str) -> float | None:
        try:
            return await self.effects.run_batch(batch)
        finally:
            await self._tell()

    async def _do(self, effect: Effect, again: bool) -> dict[str, Any] | None:
        number = effect.arguments["n"]
        if effect.onboarding_id not in self.mine:  # of a former test
            return None
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

    async def ask(self, *numbers: int, onboarding: str = "") -> list[str]:
        async with self.store.write() as unit:
            return [unit.effect(onboarding or self.onboarding, "do", n=number) for number in numbers]

    async def effect(self, effect_id: str) -> Effect:
        async with self.store.read() as unit:
            found = await unit.get(Effect, effect_id)
        assert found is not None
        return found

    async def state_becomes(self, effect_id: str, state: str) -> Effect:
        async with asyncio.timeout(10), self.changed:
            while (effect := await self.effect(effect_id)).state != state:
                await self.changed.wait()
        return effect


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def whole(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Works]:
    """One engine for all tests: starting and ending it takes a second or two."""
    url = f"sqlite+aiosqlite:///{tmp_path_factory.mktemp('effects')}/bot.db"
    await asyncio.to_thread(upgrade, url)
    works = Works(url, Keyring.parse(new_key()))
    await works.engine.start()
    yield works
    await works.engine.stop()
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
            unit.effect(works.onboarding, "do", n=1)
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
    await works.ask(2, onboarding=works.other)
    await works.until(lambda: bool(works.done))
    assert works.done == [2]


async def test_what_waits_in_a_lane_of_its_own_keeps_nothing_else_waiting(works: Works) -> None:
    works.trouble[1] = [RetryLater(3600)]
    async with works.store.write() as unit:
        unit.effect(works.onboarding, "do", n=1, lane="desk")
        unit.effect(works.onboarding, "do", n=2, lane="desk")
        unit.effect(works.onboarding, "do", n=3)
    await works.ask(4)
    await works.until(lambda: len(works.done) == 2)
    assert works.done == [3, 4]


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
        one = unit.effect(works.onboarding, "no such kind")
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
    with monkeypatch.context() as broken:
        broken.setattr(works.store, "on_effects", None)  # a commit whose job got lost
        await works.ask(1)
    assert await works.effects.requeue_stranded(works.engine) == 0  # it may only just have been written
    monkeypatch.setattr("bot.effects.STRANDED_AFTER", timedelta(seconds=-1))
    assert await works.effects.requeue_stranded(works.engine) == 1
    await works.until(lambda: works.done == [1])


async def test_the_engine_can_be_stopped_and_started_with_work_waiting(works: Works) -> None:
    works.trouble[1] = [RetryLater(3600)]
    await works.ask(1)
    await works.until(lambda: bool(works.tries))
    await works.engine.stop()
    await works.engine.start()
    await works.ask(2, onboarding=works.other)
    await works.until(lambda: works.done == [2])


CRASHING = """
import asyncio, os, sys
from bot.effects import Effects
from bot.engine import Engine
from storage.sealing import Keyring
from storage.store import Store

url, key, mode = sys.argv[1:]

async def do(effect, again):
    print("does", effect.arguments["n"], again, flush=True)
    if mode == "hang" and effect.arguments["n"] == 2:
        await asyncio.Event().wait()
    return {}

async def main():
    store = Store(url, Keyring.parse(key), lambda *a: engine.enqueue(*a))
    effects = Effects(store, {"do": do})
    engine = Engine(url, effects.run_batch, poll_seconds=0.02)
    await engine.start()
    if mode == "hang":
        async with store.write() as unit:
            for n in (1, 2, 3):
                unit.effect("onb_1", "do", n=n)
    await asyncio.Event().wait()

asyncio.run(main())
"""


@pytest.mark.process
async def test_a_killed_process_does_the_rest_after_its_restart_and_looks_for_what_was_under_way(tmp_path: Path) -> None:
    url, key = f"sqlite+aiosqlite:///{tmp_path}/bot.db", new_key()
    await asyncio.to_thread(upgrade, url)
    seen: list[str] = []
    for mode, last in (("hang", "does 2 False"), ("go", "does 3 False")):
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", CRASHING, url, key, mode), stdout=asyncio.subprocess.PIPE
        )
        assert process.stdout is not None
        try:
            while not seen or seen[-1] != last:
                line = await process.stdout.readline()
                if not line:
                    pytest.fail(f"it ended after {seen}: see what it wrote to standard error")
                seen.append(line.decode().strip())
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.communicate()
    assert seen == ["does 1 False", "does 2 False", "does 2 True", "does 3 False"]
