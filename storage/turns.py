"""SQLite has one writer: who has it next. First come, first served; and those for whom somebody waits before what goes on by itself."""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar

WRITER_TIMEOUT = 2.2
"""Seconds that somebody's turn, and then another process's lock, are waited for together: it leaves enough of the three seconds that
Slack allows to do the work, or to send the refusal."""
BACKGROUND_TIMEOUT = 10.0
"""The same where nobody waits."""
PASSED_BY = 2
"""Writers for whom somebody waits, at most, that pass by one in the background: under a steady stream of them it is done in between."""

in_background: ContextVar[bool] = ContextVar("in_background", default=False)
"""Set in a task whose writes, and whose tasks' writes, nobody waits for."""


class NoTurnError(Exception):
    """Others wrote for as long as may be waited."""


class Turns:
    """``async with turns.next() as left``: nobody else writes in the block.

    A pool of one connection isn't fair enough: once it is given back, whoever asks first has it, and that is who has just written and
    writes again, before those who wait are awake.
    """

    def __init__(self) -> None:
        self._is_taken = False
        self._people, self._background = deque[asyncio.Future[None]](), deque[asyncio.Future[None]]()
        self._passed_by = 0

    @asynccontextmanager
    async def next(self) -> AsyncIterator[float]:
        """Yields the seconds that are left to wait for another process's lock. Raises NoTurnError."""
        behind = in_background.get()
        until = time.monotonic() + (BACKGROUND_TIMEOUT if behind else WRITER_TIMEOUT)
        if self._is_taken:  # else nobody waits either
            await self._wait_in(self._background if behind else self._people, until)
        self._is_taken = True
        try:
            yield until - time.monotonic()
        finally:
            self._pass_on()

    async def _wait_in(self, line: deque[asyncio.Future[None]], until: float) -> None:
        turn = asyncio.get_running_loop().create_future()
        line.append(turn)
        try:
            async with asyncio.timeout(until - time.monotonic()):
                await turn
        except BaseException as error:
            if turn in line:
                line.remove(turn)
            elif not turn.cancelled():  # it came in this very moment
                self._pass_on()
            if isinstance(error, TimeoutError):
                raise NoTurnError from None
            raise

    def _pass_on(self) -> None:
        """It stays taken until nobody waits, so that nobody who comes now is before them."""
        while line := self._next_line():
            turn = line.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self._is_taken = False

    def _next_line(self) -> deque[asyncio.Future[None]] | None:
        """Whose turn it is now; None if nobody waits."""
        if self._people and (not self._background or self._passed_by < PASSED_BY):
            self._passed_by += bool(self._background)
            return self._people
        self._passed_by = 0
        return self._background or None
