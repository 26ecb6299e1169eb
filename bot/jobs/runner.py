"""Takes effects from the outbox and has them carried out: so many at a time, woken by each commit. It keeps no truth of its own."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable
from typing import cast

from bot.telemetry.acks import in_flight
from bot.telemetry.logs import named
from storage.outbox import Claim, Outbox
from storage.store import Conflict, Unavailable
from storage.turns import in_background

log = logging.getLogger("bot.jobs.runner")

AT_ONCE = 12
"""Effects in hand at the same time; those that wait aren't among them. On SQLite, a click's write waits behind one of theirs."""
POLL = 5.0
"""Seconds after which is noticed, at the latest, what other processes committed or left."""
GRACE = 5.0
"""Seconds after the database was away in which nobody is held for dead: first everybody may write down what was done meanwhile."""
PAUSE = 1.0
"""Seconds before the database is asked again that was away."""
LOOKING = 2.0
"""Seconds that a look at the outbox may still take when the process is told to end."""
FINISHING = 6.0
"""Seconds that effects in hand may take when the process is told to end."""
CROWDED = 0.1
"""Seconds before the next look when others had locked, or were first at, everything that was found."""
IN_A_ROW = 10
"""Effects of one queue carried out one after the other before older ones elsewhere have their turn."""
SILENT = 60.0
"""Seconds without an answer of the database after which the runner says so."""


Attempt = Callable[[Claim, Callable[[], bool]], Awaitable[Claim | None]]
"""See `bot.jobs.executor.Executor.attempt`."""


class Runner:
    """``wake()`` after each commit that asked for effects. ``poll``: seconds after which it looks for what others asked for.

    ``attempt``: carries out one effect and writes down how it ended; returns the next of its queue, taken with it. What it raises is
    a bug.
    """

    def __init__(self, outbox: Outbox, attempt: Attempt, *, at_once: int = AT_ONCE, poll: float = POLL) -> None:
        self._outbox, self._attempt, self._at_once = outbox, attempt, at_once
        self._poll = poll
        self._busy: dict[asyncio.Task[None], str] = {}
        self._woken, self._stopping, self._begun = asyncio.Event(), False, False
        self._away_since: float | None = None
        self._asked_at: float | None = None
        self._answered = self._steady = 0.0
        self._loop: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """The database need not be there yet."""
        self._stopping = self._begun = False
        with contextlib.suppress(Conflict, Unavailable):  # the first round tries it again
            await self._begin()
        self._loop = asyncio.create_task(self._run())

    def wake(self) -> None:
        self._woken.set()

    async def stop(self, within: float = FINISHING) -> None:
        """Nothing new begins; what is in hand may finish, for up to ``within`` seconds; the rest is free for others at once."""
        self._stopping = True
        self.wake()
        if self._loop is not None:
            _, waits = await asyncio.wait([self._loop], timeout=LOOKING)
            for loop in waits:  # for a database that is away
                loop.cancel()
            await asyncio.gather(self._loop, return_exceptions=True)
        if tasks := list(self._busy):
            _, late = await asyncio.wait(tasks, timeout=within)
            for task in late:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        if self._loop is not None:
            with contextlib.suppress(Conflict, Unavailable, TimeoutError):  # then its lease runs out
                async with asyncio.timeout(LOOKING):
                    await self._outbox.give_back_all()
        self._loop = None

    def trouble(self) -> str:
        """Why effects aren't carried out; empty if they are."""
        if self._loop is None or self._loop.done():
            return "not running"
        since = [moment for moment in (self._away_since, self._asked_at) if moment is not None]
        away = time.monotonic() - min(since, default=time.monotonic())
        return f"the database has not answered for {away:.0f} s" if away > SILENT else ""

    async def _run(self) -> None:
        in_background.set(True)
        while not self._stopping:
            self._woken.clear()
            self._asked_at = time.monotonic()
            try:
                if self._outbox.has_lost:
                    await self._outbox.give_back()
                pause = await self._round()
                self._away_since, self._answered = None, time.monotonic()
            except Exception as error:  # whatever it is, the next round tries again
                if self._away_since is None:
                    unknown = not isinstance(error, Conflict | Unavailable)
                    log.warning("no effects can be taken", extra={"error": named(error)}, exc_info=error if unknown else None)
                self._away_since = self._away_since or time.monotonic()
                self._steady, pause = time.monotonic() + GRACE, PAUSE
            self._asked_at = None
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), pause)

    async def _round(self) -> float | None:
        """Take what may run. Returns seconds after which to look again if nobody wakes us; None: it is told to stop."""
        await self._begin()
        most = self._at_once - len(self._busy)
        if not most:  # the end of any of them wakes us
            if (
                time.monotonic() - self._answered > POLL
            ):  # all may wait for the database: then nobody else notices that it is away
                await self._outbox.oldest()
            return POLL
        await in_flight.passed()
        taken = await self._outbox.claim(most, self._busy.values(), take_over=time.monotonic() >= self._steady)
        if self._stopping:  # told so meanwhile: `stop` gives them back
            return None
        for claim in taken.claims:
            self._busy[asyncio.create_task(self._one(claim))] = claim.id
        if taken.more:
            return 0.0 if taken.claims else CROWDED
        return self._poll if taken.due is None else min(self._poll, taken.due)

    async def _begin(self) -> None:
        if not self._begun:
            await self._outbox.begin()
            self._begun = True

    async def _one(self, claim: Claim) -> None:
        """And what comes after it in its queue, as long as that may run at once."""
        task = cast(asyncio.Task[None], asyncio.current_task())
        current, left = claim, IN_A_ROW

        def goes_on() -> bool:
            return left > 1 and not self._stopping and not in_flight.busy

        following: Claim | None = claim
        try:
            while following is not None:
                current, following = following, None
                self._busy[task] = current.id
                following = await self._attempt(current, goes_on)
                left -= 1
        except Exception as error:  # its end isn't written down, so it is given back and tried again
            log.error("an attempt broke off", extra={"effect": current.id, "kind": current.kind}, exc_info=error)  # noqa: TRY400
            await asyncio.sleep(PAUSE)
            self._outbox.lose(current)
        finally:
            del self._busy[task]
            self.wake()
