"""Doing what commits asked for, in order: each effect at least once, only once where it can be looked up; given up visibly."""

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from bot.config.clock import Clock
from bot.jobs.engine import Engine
from bot.slack.errors import SlackError
from bot.telemetry import metrics
from bot.telemetry.acks import crowd
from bot.telemetry.logs import context, error_id
from flows.model import EffectRecord
from flows.problems import Refused
from storage.errors import Conflict, Unavailable
from storage.store import Store
from storage.unit import Unit, queue_of

log = logging.getLogger("bot.jobs.runner")

Executor = Callable[[EffectRecord, bool], Awaitable[dict[str, Any] | None]]
"""Does an effect; the flag: a former attempt may have happened, so look before repeating. Returns ids to keep as its result."""

MOST_ATTEMPTS = 20
"""With the waits below: about an hour."""
LONGEST_WAIT = 300.0
AT_ONCE = 12
"""Batches that do something at a time; those that wait do not count. A click's write waits behind theirs on SQLite."""
LEFT = ("pending", "running")
"""States of an effect that is still to be done."""
STRANDED_AFTER = timedelta(seconds=90)


class EffectError(Exception):
    """Why an effect was not done. ``key``: looked up as ``why.<key>``, never a text from outside."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


class RetryLater(EffectError):  # noqa: N818  said by the other side, not a failure
    """Not now: in so many seconds."""

    def __init__(self, seconds: float, key: str = "ratelimited") -> None:
        super().__init__(key)
        self.seconds = seconds


class Unreachable(EffectError):  # noqa: N818  as above
    """No answer, or one that says nothing: it may have happened or not. Tried again, ever more slowly."""


class Impossible(EffectError):  # noqa: N818  as above
    """It will never work as it is: the channel is gone, the bot is not in it. Given up at once."""


def backoff(attempt: int) -> float:
    """Seconds before the next attempt: 1, 2, 4, … up to 300, a fifth more or less so that not all come at once."""
    return float(min(2.0 ** max(0, attempt - 1), LONGEST_WAIT) * random.uniform(0.8, 1.2))  # noqa: S311  spread, not a secret


def meaning(error: Exception) -> EffectError | None:
    """What an executor's exception says about trying again; None for a fault of ours."""
    found: EffectError | None = None
    match error:
        case EffectError():
            found = error
        case SlackError(retry_after=float(seconds)):
            found = RetryLater(seconds)
        case SlackError():
            found = Unreachable(error.error) if error.transient else Impossible(error.error)
        case Conflict() | Unavailable():
            found = Unreachable("database")
        case TimeoutError() | ConnectionError():
            found = Unreachable("unreachable")
        case Refused():
            found = Impossible(error.key)
    return found


class Effects:
    """``on_failed`` is told of each effect that was given up, once it is written down as failed."""

    def __init__(
        self,
        store: Store,
        executors: Mapping[str, Executor],
        *,
        on_failed: Callable[[EffectRecord], Awaitable[None]] | None = None,
        most_attempts: int = MOST_ATTEMPTS,
        wait: Callable[[int], float] = backoff,
        clock: Callable[[], datetime] | None = None,
    ) -> None:
        self._store, self._executors, self._on_failed = store, executors, on_failed
        self._most_attempts, self._wait = most_attempts, wait
        self._clock = clock or Clock()
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._turn = asyncio.Lock()  # one begins at a time: a click's write finds no queue of theirs before it

    async def run_batch(self, batch_id: str) -> float | None:
        """Do what is left of a batch, in order. None: nothing is left; else the seconds after which to come again.

        What waits keeps those behind it waiting; what failed for good does not.
        """
        async with self._slots:
            try:
                async with self._store.read() as unit:
                    effects = await unit.effects_of(batch_id)
                for effect in effects:
                    wait = await self._run(effect.id) if effect.state in LEFT else None
                    if wait is not None:
                        return wait
            except (Conflict, Unavailable) as error:  # what was done and could not be written down is looked up the next time
                log.warning("effects wait for the database", extra={"batch": batch_id, "error": str(error)})
                return self._wait(3)
        return None

    async def _run(self, effect_id: str) -> float | None:
        async with self._turn:
            await crowd.passed()
            effect = await self._begin(effect_id)
        if effect is None:
            return None
        began = time.perf_counter()
        with context(kind=effect.kind, onboarding=effect.onboarding_id, effect=effect.id, attempt=effect.attempts):
            try:
                executor = self._executors.get(effect.kind)
                if executor is None:
                    raise Impossible("unknown_kind")  # noqa: TRY301  as if its executor had said so
                result = await executor(effect, effect.attempts > 1)
            except Exception as error:  # noqa: BLE001  every failure is either tried again or shown to support
                return await self._failed(effect, error, began)
            await self._end(effect, "done", result=result or {})
            self._count(effect, "done")
            log.info("effect", extra={"outcome": "done", "ms": _ms(began)})
        return None

    async def _begin(self, effect_id: str) -> EffectRecord | None:
        """Written down before it is tried, so that after a crash it is known that it may have happened."""

        async def work(unit: Unit) -> EffectRecord | None:
            effect = await unit.get(EffectRecord, effect_id)
            if effect is None or effect.state not in LEFT:
                return None
            effect.state = "running"
            effect.attempts += 1
            return effect

        return await self._store.transact(work)

    async def _end(
        self, effect: EffectRecord, state: str, *, result: dict[str, Any] | None = None, error: str = "", number: str = ""
    ) -> None:
        async def work(unit: Unit) -> None:
            row = await unit.get(EffectRecord, effect.id)
            if row is None or row.state not in LEFT:  # its onboarding was erased in the meantime
                return
            row.state, row.error, row.error_id = state, error, number
            if result is not None:
                row.result, row.done_at = result, unit.now

        await self._store.transact(work)
        effect.state, effect.error, effect.error_id = state, error, number

    async def _failed(self, effect: EffectRecord, error: Exception, began: float) -> float | None:
        trouble = meaning(error)
        detail = {"detail": list(error.detail)} if isinstance(error, SlackError) and error.detail else {}
        limited = isinstance(trouble, RetryLater)
        # Being told to wait is no failure of the other side: it is borne for longer.
        last = effect.attempts >= self._most_attempts * (3 if limited else 1)
        if isinstance(trouble, RetryLater | Unreachable) and not last:
            wait = trouble.seconds + self._wait(0) if isinstance(trouble, RetryLater) else self._wait(effect.attempts)
            self._count(effect, "limited" if limited else "retried")
            extra = {"outcome": "waits", "error": trouble.key, "seconds": round(wait, 1), "ms": _ms(began)}
            log.warning("effect", extra={**extra, **detail})
            return wait
        number = error_id()
        key = trouble.key if trouble else "internal"
        await self._end(effect, "failed", error=key, number=number)
        self._count(effect, "failed")
        extra = {"outcome": "failed", "error": key, "error_id": number, "ms": _ms(began)}
        log.error("effect", extra={**extra, **detail}, exc_info=None if trouble else error)
        if self._on_failed is not None:
            try:
                await self._on_failed(effect)
            except Exception as failure:
                log.error("a failed effect could not be told", extra={"error_id": number}, exc_info=failure)  # noqa: TRY400
        return None

    def _count(self, effect: EffectRecord, outcome: str) -> None:
        metrics.EFFECTS.labels(effect.kind, outcome).inc()
        if outcome == "done" and effect.created_at is not None:
            metrics.EFFECT_SECONDS.labels(effect.kind).observe(max(0.0, (self._clock() - effect.created_at).total_seconds()))

    async def retry(self, effect_id: str, engine: Engine) -> bool:
        """Try a failed effect again under its own id, so that what may stand in Slack is found. False: it did not fail."""

        async def work(unit: Unit) -> bool:
            effect = await unit.get(EffectRecord, effect_id)
            if effect is None or effect.state != "failed":
                return False
            # One attempt counts as made: it may have happened.
            effect.state, effect.error, effect.error_id, effect.attempts = "pending", "", "", 1
            await engine.enqueue(unit.session, _queue(effect), f"{effect.batch}:{time.time_ns()}")
            return True

        return await self._store.transact(work)

    async def requeue_stranded(self, engine: Engine) -> int:
        """Put batches to the engine again that have long had effects to do, but no job. Returns how many: none, usually."""
        async with self._store.read() as unit:
            stale = await unit.stale_effects(unit.now - STRANDED_AFTER)
            ages = [(unit.now - effect.created_at).total_seconds() for effect in stale if effect.created_at]
        metrics.QUEUE_AGE.set(max(ages, default=0))
        waiting = {effect.batch: _queue(effect) for effect in stale}
        stranded = await engine.lost(list(waiting)) if waiting else []
        for batch in stranded:

            async def work(unit: Unit, batch: str = batch) -> None:
                await engine.enqueue(unit.session, waiting[batch], f"{batch}:{time.time_ns()}")

            await self._store.transact(work)
            metrics.STRANDED.inc()
            log.warning("a batch without a job was put to the engine again", extra={"batch": batch})
        return len(stranded)


def _queue(effect: EffectRecord) -> str:
    return queue_of(effect.onboarding_id, effect.arguments.get("lane", ""))


def _ms(began: float) -> int:
    return round((time.perf_counter() - began) * 1000)
