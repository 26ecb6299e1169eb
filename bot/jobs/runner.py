"""Doing what commits asked for, in order: each effect at least once, only once where it can be looked up; given up visibly."""

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
"""Batches that do something at a time; those that wait don't count. A click's write waits behind theirs on SQLite."""
LEFT = ("pending", "running")
"""States of an effect that is still to be done."""
STRANDED_AFTER = timedelta(seconds=90)
LOST_JOB = "a batch had lost its job and was enqueued again"
"""In the log: the engine let a job go before its effects were done."""


def backoff(attempt: int) -> float:
    """Seconds before the next attempt: 1, 2, 4, … up to 300, a fifth more or less so that not all come at once."""
    return float(min(2.0 ** max(0, attempt - 1), MAX_WAIT) * random.uniform(0.8, 1.2))  # noqa: S311  spread, not a secret


@dataclass(frozen=True)
class Patience:
    """How often an effect is attempted, and the seconds before each next attempt. The default: for about an hour."""

    most_attempts: int = 20
    wait: Callable[[int], float] = backoff

    def ends(self, attempts: int, error: EffectError) -> bool:
        """Being told to wait is no failure of the other side, so it is borne for longer."""
        return attempts >= self.most_attempts * (3 if isinstance(error, RetryLater) else 1)

    def pause(self, attempts: int, error: EffectError) -> float:
        return error.seconds + self.wait(0) if isinstance(error, RetryLater) else self.wait(attempts)


OnFailed = Callable[[Unit, EffectRecord, EffectError], Awaitable[None]]
"""What follows from giving an effect up, in the transaction that writes it down."""


class Runner:
    """``on_failed``: what follows from giving an effect up: the first of these that can be written."""

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
        self._turn = asyncio.Lock()  # one begins at a time, so that a click's write never finds a queue of theirs before it

    async def run_batch(self, batch_id: str) -> float | None:
        """Do what is left of a batch, in order. None: nothing is left; else the seconds after which to come again.

        An effect that waits keeps those behind it waiting; one that failed for good doesn't.
        """
        async with self._slots:
            try:
                async with self._store.read() as unit:
                    records = await unit.effects_of(batch_id)
                for record in records:
                    wait = await self._run(record.id) if record.state in LEFT else None
                    if wait is not None:
                        return wait
            except (Conflict, Unavailable) as error:  # what was done but couldn't be written down is looked up the next time
                log.warning("effects wait for the database", extra={"batch": batch_id, "error": str(error)})
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
            except Exception as error:  # noqa: BLE001  every failure is either tried again or shown to support
                return await self._failed(record, error, began)
            self._count(record, "done")
            log.info("effect", extra={"outcome": "done", "ms": _ms(began)})
        return None

    async def _begin(self, effect_id: str) -> EffectRecord | None:
        """Written down before it is tried, so that after a crash it is known that it may have happened."""

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
        """With what follows from it; where that can't be written, at least by itself."""
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
                log.error("what follows from giving up failed", extra={"error_id": number}, exc_info=failure)  # noqa: TRY400
            else:
                return

    async def _to_end(self, unit: Unit, record: EffectRecord) -> EffectRecord | None:
        """None where its onboarding was erased in the meantime."""
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
        """Enqueue batches again that have had effects to do for so long, but no job. Returns how many: none, usually."""
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
                    return False  # its job ended in the meantime since all was done
                await engine.enqueue(unit.session, waiting[batch], f"{batch}:{time.time_ns()}")
                return True

            if await self._store.transact(work):
                again += 1
                metrics.STRANDED.inc()
                log.warning(LOST_JOB, extra={"batch": batch})
        return again


def _ms(began: float) -> int:
    return round((time.perf_counter() - began) * 1000)
