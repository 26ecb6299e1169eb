"""Runs what commits asked for, in order: each effect at least once, only once if it can be looked up, never given up silently."""

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.config.clock import Clock
from bot.jobs.engine import Engine
from bot.jobs.errors import EffectError, Impossible, RetryLater, Unreachable, meaning
from bot.jobs.registry import Finished, Handlers, Run
from bot.slack.errors import SlackError
from bot.telemetry import metrics
from bot.telemetry.acks import in_flight
from bot.telemetry.logs import context, error_id
from flows.model import EffectRecord
from flows.outbox import UnreadableEffectError, lane_of, load
from storage.store import Conflict, Store, Unavailable
from storage.unit import Unit, queue_of

log = logging.getLogger("bot.jobs.runner")

MAX_WAIT = 300.0
AT_ONCE = 12
"""Batches working at the same time; waiting ones don't count. On SQLite, a click's write waits behind theirs."""
LEFT = ("pending", "running")
"""States of an effect that still has to be done."""
STRANDED_AFTER = timedelta(seconds=90)
LOST_JOB = "a batch lost its job and was enqueued again"
"""Logged when the engine dropped a job before its effects were done."""


def backoff(attempt: int) -> float:
    """Seconds before the next attempt: 1, 2, 4, … up to 300, give or take a fifth so that they don't all come at once."""
    return float(min(2.0 ** max(0, attempt - 1), MAX_WAIT) * random.uniform(0.8, 1.2))  # noqa: S311  jitter, not a secret


@dataclass(frozen=True)
class Patience:
    """How often an effect is attempted, and the wait before each next attempt. The default: for about an hour."""

    most_attempts: int = 20
    wait: Callable[[int], float] = backoff

    def ends(self, attempts: int, error: EffectError) -> bool:
        """Being asked to wait isn't a failure of the other side, so it gets more attempts."""
        return attempts >= self.most_attempts * (3 if isinstance(error, RetryLater) else 1)

    def pause(self, attempts: int, error: EffectError) -> float:
        return error.seconds + self.wait(0) if isinstance(error, RetryLater) else self.wait(attempts)


OnFailed = Callable[[Unit, EffectRecord, EffectError], Awaitable[None]]
"""What to do when an effect is given up, in the transaction that records it."""


class Runner:
    """``on_failed``: what to do when an effect is given up: the first of these that can be committed."""

    def __init__(
        self,
        store: Store,
        handlers: Handlers,
        *,
        patience: Patience | None = None,
        on_failed: Sequence[OnFailed] = (),
        clock: Callable[[], datetime] | None = None,
    ) -> None:
        self._store, self._handlers, self._on_failed = store, handlers, on_failed
        self._patience, self._clock = patience or Patience(), clock or Clock()
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._turn = asyncio.Lock()  # one begins at a time, so that a click's write never waits behind a queue of them

    async def run_batch(self, batch_id: str) -> float | None:
        """Run what is left of a batch, in order. Returns None if nothing is left, else the seconds until the next call.

        An effect that has to wait holds up those behind it; one that failed for good doesn't.
        """
        async with self._slots:
            try:
                async with self._store.read() as unit:
                    records = await unit.effects_of(batch_id)
                for record in records:
                    wait = await self._run(record.id) if record.state in LEFT else None
                    if wait is not None:
                        return wait
            except (Conflict, Unavailable) as error:  # what was done but couldn't be recorded is looked up next time
                log.warning("effects are waiting for the database", extra={"batch": batch_id, "error": str(error)})
                return self._patience.wait(3)
        return None

    async def _run(self, effect_id: str) -> float | None:
        async with self._turn:
            await in_flight.passed()
            record = await self._begin(effect_id)
        if record is None:
            return None
        began = time.perf_counter()
        with context(kind=record.kind, onboarding=record.onboarding_id, effect=record.id, attempt=record.attempts):
            try:
                await self._done(record, await self._handle(record) or Finished())
            except Exception as error:  # noqa: BLE001  every failure is either retried or shown to support
                return await self._failed(record, error, began)
            self._count(record, "done")
            log.info("effect", extra={"outcome": "done", "ms": _ms(began)})
        return None

    async def _begin(self, effect_id: str) -> EffectRecord | None:
        """Record the attempt before making it, so that after a crash we know that it may have happened."""

        async def work(unit: Unit) -> EffectRecord | None:
            record = await unit.get(EffectRecord, effect_id)
            if record is None or record.state not in LEFT:
                return None
            record.state = "running"
            record.attempts += 1
            return record

        return await self._store.transact(work)

    async def _handle(self, record: EffectRecord) -> Finished | None:
        try:
            effect = load(record.kind, record.arguments)
        except UnreadableEffectError:
            raise Impossible("unknown_kind") from None
        does = self._handlers.of(effect)
        if does is None:
            raise Impossible("unknown_kind")
        return await does(Run(record.id, record.onboarding_id, effect, again=record.attempts > 1, result=record.result))

    async def _done(self, record: EffectRecord, finished: Finished) -> None:
        async def work(unit: Unit) -> None:
            row = await self._to_end(unit, record)
            if row is not None:
                row.state, row.error, row.error_id = "done", "", ""
                row.result, row.done_at = dict(finished.result), unit.now
                if finished.also is not None:
                    await finished.also(unit)

        await self._store.transact(work)

    async def _give_up(self, record: EffectRecord, why: EffectError, number: str) -> None:
        """Together with its follow-up; if none can be committed, at least on its own."""
        for follows in (*self._on_failed, None):

            async def work(unit: Unit, follows: OnFailed | None = follows) -> None:
                row = await self._to_end(unit, record)
                if row is not None:
                    row.state, row.error, row.error_id = "failed", why.key, number
                    if follows is not None:
                        await follows(unit, row, why)

            try:
                await self._store.transact(work)
            except (Conflict, Unavailable):
                raise
            except Exception as failure:
                log.error("a follow-up to giving up failed", extra={"error_id": number}, exc_info=failure)  # noqa: TRY400
            else:
                return

    async def _to_end(self, unit: Unit, record: EffectRecord) -> EffectRecord | None:
        """The effect's row; None if its onboarding was erased in the meantime."""
        row = await unit.get(EffectRecord, record.id)
        return row if row is not None and row.state in LEFT else None

    async def _failed(self, record: EffectRecord, error: Exception, began: float) -> float | None:
        known = meaning(error)
        detail = {"detail": list(error.detail)} if isinstance(error, SlackError) and error.detail else {}
        if isinstance(known, RetryLater | Unreachable) and not self._patience.ends(record.attempts, known):
            wait = self._patience.pause(record.attempts, known)
            self._count(record, "limited" if isinstance(known, RetryLater) else "retried")
            extra = {"outcome": "waits", "error": known.key, "seconds": round(wait, 1), "ms": _ms(began)}
            log.warning("effect", extra={**extra, **detail})
            return wait
        why, number = known or Impossible("internal"), error_id()
        await self._give_up(record, why, number)
        self._count(record, "failed")
        extra = {"outcome": "failed", "error": why.key, "error_id": number, "ms": _ms(began)}
        log.error("effect", extra={**extra, **detail}, exc_info=None if known else error)
        return None

    def _count(self, record: EffectRecord, outcome: str) -> None:
        metrics.EFFECTS.labels(record.kind, outcome).inc()
        if outcome == "done" and record.created_at is not None:
            metrics.EFFECT_SECONDS.labels(record.kind).observe(max(0.0, (self._clock() - record.created_at).total_seconds()))

    async def requeue_stranded(self, engine: Engine, *, after: timedelta = STRANDED_AFTER) -> int:
        """Enqueue batches again whose effects have been waiting this long without a job. Returns how many; usually none."""
        async with self._store.read() as unit:
            stale = await unit.stale_effects(unit.now - after)
            ages = [(unit.now - record.created_at).total_seconds() for record in stale if record.created_at]
        metrics.QUEUE_AGE.set(max(ages, default=0))
        waiting = {record.batch: queue_of(record.onboarding_id, lane_of(record.kind)) for record in stale}
        stranded = await engine.lost(list(waiting)) if waiting else []
        again = 0
        for batch in stranded:

            async def work(unit: Unit, batch: str = batch) -> bool:
                if not any(record.state in LEFT for record in await unit.effects_of(batch)):
                    return False  # in the meantime everything was done and its job ended
                await engine.enqueue(unit.session, waiting[batch], f"{batch}:{time.time_ns()}")
                return True

            if await self._store.transact(work):
                again += 1
                metrics.STRANDED.inc()
                log.warning(LOST_JOB, extra={"batch": batch})
        return again


def _ms(began: float) -> int:
    return round((time.perf_counter() - began) * 1000)
