"""One attempt at an effect, and how it ended: done, to be tried again, or given up where support sees it.

It is given up by its age, or because it can never work; never by a count of attempts, since an outage may be long.
"""

import asyncio
import contextlib
import logging
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.config.clock import Clock
from bot.jobs import lease
from bot.jobs.errors import EffectError, Impossible, Pending, RetryLater, Unreachable, Withheld, meaning
from bot.jobs.registry import Finished
from bot.slack.errors import SlackError
from bot.telemetry import metrics, traces
from bot.telemetry.logs import context, error_id, named
from bot.telemetry.traces import Span
from flows.model import EffectRecord
from flows.outbox import KINDS
from storage.outbox import MAX_WAIT, Claim, Ended, Ending, Outbox
from storage.reading import DamagedError
from storage.store import Conflict, Store, Unavailable
from storage.unit import Unit

log = logging.getLogger("bot.jobs.executor")

LASTS = timedelta(days=3)
"""The age at which an effect is given up, unless its kind says otherwise: longer than a weekend's outage."""
OUTAGE = 10.0
"""Seconds without a single success after which the next one means that the other side is back."""
CONFLICTS = 3
"""Conflicts, each after `Store.transact`'s own tries, after which what follows an effect is taken for what can't be written."""
LOOK_AGAIN = 10.0
"""Seconds after which the store is asked again whether what is withheld may be posted. Mostly the mending is told before. Edits, which
don't rest together, ask seldom."""
OUTCOMES = ("done", "pending", "retried", "limited", "failed", "late")
"""Of attempts, as they are counted. ``pending``: looked at again soon, in the ordinary course. ``retried``: the other side did not
answer. ``limited``: it was told to wait, or is withheld.
``failed``: given up. ``late``: another process had taken it over."""
WRITE_AGAIN = 1.0
"""Seconds between two tries to write down how an effect ended."""


def backoff(attempt: int) -> float:
    """Seconds before the next attempt: 1, 2, 4, … up to 300, or up to a third less so that they don't all come at once."""
    return float(min(2.0 ** max(0, min(attempt - 1, 20)), MAX_WAIT) * random.uniform(2 / 3, 1))  # noqa: S311  jitter, not a secret


@dataclass(frozen=True)
class Patience:
    """How long an effect is attempted, and the wait before each next attempt."""

    lasts: timedelta = LASTS
    wait: Callable[[int], float] = backoff

    def ends(self, claim: Claim, age: timedelta) -> bool:
        kind = KINDS.get(claim.kind)
        return age >= (kind.lasts if kind is not None and kind.lasts is not None else self.lasts)

    def rest(self, why: RetryLater) -> float:
        """Seconds until what is told to wait is tried again."""
        return why.seconds + self.wait(0)


Do = Callable[[Claim], Awaitable[Finished | None]]
"""Carries out an effect. Raises what `bot.jobs.errors.meaning` understands; anything else is a bug."""
OnFailed = Callable[[Unit, EffectRecord, EffectError], Awaitable[None]]
"""What to do when an effect is given up, in the transaction that records it."""
Follows = Callable[[Unit], Awaitable[None]]


class Executor:
    """``on_failed``: what to do when an effect is given up: the first of these that can be committed."""

    def __init__(
        self,
        store: Store,
        outbox: Outbox,
        do: Do,
        *,
        patience: Patience | None = None,
        on_failed: Sequence[OnFailed] = (),
        clock: Callable[[], datetime] | None = None,
    ) -> None:
        self._store, self._outbox, self._do, self._on_failed = store, outbox, do, on_failed
        self._patience, self._clock = patience or Patience(), clock or Clock()
        self._no_answer_since: dict[str, float] = {}  # by the system that did not answer
        metrics.begin(metrics.EFFECTS, KINDS, OUTCOMES)

    async def attempt(self, claim: Claim, goes_on: Callable[[], bool] = lambda: False) -> Claim | None:
        """Returns once the end is written down, however long the database is away. ``goes_on``: asked then; what the queue has
        next is taken in the same transaction, and returned."""
        began = time.perf_counter()
        with (
            context(kind=claim.kind, onboarding=claim.onboarding_id, effect=claim.id, attempt=claim.attempts),
            traces.effect(claim.kind, claim.traceparent, claim.attempts) as span,
        ):
            try:
                async with lease.held(self._outbox, claim):
                    finished = await self._do(claim) or Finished()
                return await self._done(claim, finished, began, goes_on, span)
            except lease.LostError:
                return self._late(claim, began, span)
            except Exception as error:  # noqa: BLE001  every failure is either retried or shown to support
                return await self._failed(claim, error, began, goes_on, span)

    async def _done(
        self, claim: Claim, finished: Finished, began: float, goes_on: Callable[[], bool], span: Span
    ) -> Claim | None:
        """Raises what the handler's addition to the transaction raises, but for the database's trouble."""
        ending = Ending("done", result=finished.result, used_turn=finished.called)
        ended = await self._write_down(claim, ending, finished.also, goes_on)
        if not ended.mine:
            return self._late(claim, began, span)
        self._count(claim, "done", span)
        log.info("effect", extra={"outcome": "done", "ms": _ms(began)})
        if finished.called:
            await self._answered(_waits_for(claim.kind))
        return ended.next

    async def _answered(self, system: str) -> None:
        since = self._no_answer_since.pop(system, None)
        if since is not None and time.monotonic() - since > OUTAGE:
            with contextlib.suppress(Conflict, Unavailable):  # else each is tried when its own pause is over
                await self._outbox.hasten([kind for kind in KINDS if _waits_for(kind) == system])

    async def _failed(
        self, claim: Claim, error: Exception, began: float, goes_on: Callable[[], bool], span: Span
    ) -> Claim | None:
        known = meaning(error)
        detail = {"detail": list(error.detail)} if isinstance(error, SlackError) and error.detail else {}
        may_wait = isinstance(known, RetryLater | Unreachable) and not self._patience.ends(claim, self._age(claim))
        if known is not None and (may_wait or isinstance(known, Withheld)):
            ending = self._later(claim, known)
            if known.kept:
                ending = replace(ending, result={**claim.result, **known.kept})
            await self._write_down(claim, ending)
            self._count(claim, _waiting(known), span)
            extra = {"outcome": "waits", "error": known.key, "seconds": round(ending.wait or ending.rest, 1), "ms": _ms(began)}
            usual = isinstance(known, Pending | Withheld)
            log.log(logging.INFO if usual else logging.WARNING, "effect", extra={**extra, **detail})
            return None
        why, number = known or Impossible("internal"), error_id()
        ended = await self._give_up(claim, why, number, goes_on)
        if not ended.mine:
            return self._late(claim, began, span)
        self._count(claim, "failed", span)
        span.note(error_id=number)
        span.fail(why.key)
        extra = {"outcome": "failed", "error": why.key, "error_id": number, "ms": _ms(began)}
        log.error("effect", extra={**extra, **detail}, exc_info=None if known else error)
        return ended.next

    def _later(self, claim: Claim, why: EffectError) -> Ending:
        if isinstance(why, Withheld):
            return Ending("waiting", rest=LOOK_AGAIN if claim.pace else MAX_WAIT, counts=False, error=why.key)
        if isinstance(why, RetryLater):
            seconds = self._patience.rest(why)
            if why.of_channel:
                return Ending("waiting", rest=seconds, counts=why.partly)
            return Ending("waiting", wait=seconds, counts=why.partly, used_turn=why.partly)
        self._no_answer_since.setdefault(_waits_for(claim.kind), time.monotonic())
        return Ending("waiting", wait=self._patience.wait(claim.attempts), error=why.key)

    async def _give_up(self, claim: Claim, why: EffectError, number: str, goes_on: Callable[[], bool]) -> Ended:
        """Together with its follow-up; if none can be committed, at least on its own."""
        ending = Ending("failed", error=why.key, error_id=number)
        for follows in self._on_failed:

            async def follow(unit: Unit, follows: OnFailed = follows) -> None:
                record = await _record(unit, claim, number)
                if record is not None:
                    await follows(unit, record, why)

            try:
                return await self._write_down(claim, ending, follow, goes_on)
            except Exception as failure:
                log.error("a follow-up to giving up failed", extra={"error_id": number}, exc_info=failure)  # noqa: TRY400
        return await self._write_down(claim, ending, goes_on=goes_on)

    async def _write_down(
        self, claim: Claim, ending: Ending, follows: Follows | None = None, goes_on: Callable[[], bool] = lambda: False
    ) -> Ended:
        """What happened isn't forgotten because the database is away.

        Raises what ``follows`` raises, and Conflict if others are first again and again.
        """
        tries = conflicts = 0
        while True:
            try:
                return await self._outbox.end(claim, ending, follows, goes_on=goes_on())
            except (Conflict, Unavailable) as error:
                tries, conflicts = tries + 1, conflicts + isinstance(error, Conflict)
                if conflicts >= CONFLICTS:
                    raise
                if tries == 1:
                    log.warning("an effect's end waits for the database", extra={"error": named(error)})
            await asyncio.sleep(WRITE_AGAIN)

    def _late(self, claim: Claim, began: float, span: Span) -> Claim | None:
        """It is another process's by now, or was erased: what happened here counts for nothing."""
        self._count(claim, "late", span)
        log.warning("effect", extra={"outcome": "late", "ms": _ms(began)})
        return None

    def _age(self, claim: Claim) -> timedelta:
        return self._clock() - claim.created_at

    def _count(self, claim: Claim, outcome: str, span: Span) -> None:
        span.note(outcome=outcome)
        metrics.EFFECTS.labels(claim.kind, outcome).inc()
        if outcome == "done":
            metrics.EFFECT_SECONDS.labels(claim.kind).observe(max(0.0, self._age(claim).total_seconds()))


async def _record(unit: Unit, claim: Claim, number: str) -> EffectRecord | None:
    """Of a damaged one, what the claim knows. None if it was erased. ``number``: its id in the log."""
    try:
        return await unit.get(EffectRecord, claim.id)
    except DamagedError:
        return EffectRecord(
            id=claim.id, onboarding_id=claim.onboarding_id, queue=claim.queue, kind=claim.kind, arguments={}, error_id=number
        )


def _waiting(why: EffectError) -> str:
    """The outcome of an attempt after which it waits."""
    match why:
        case Unreachable():
            return "retried"
        case Pending():
            return "pending"
    return "limited"


def _waits_for(kind: str) -> str:
    return KINDS[kind].waits_for if kind in KINDS else ""


def _ms(began: float) -> int:
    return round((time.perf_counter() - began) * 1000)
