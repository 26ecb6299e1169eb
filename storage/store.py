"""The store: where units of work come from. Implements `flows.ports.Store`."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from storage import sealing
from storage.engine import BUSY_MS, checkpoint, is_sqlite, read_engine, write_engine
from storage.errors import Conflict, Unavailable, translating
from storage.schema import state_of
from storage.sealing import Keyring
from storage.unit import OnEffects, Unit

__all__ = ["Conflict", "Store", "Unavailable"]

T = TypeVar("T")

ATTEMPTS = 5
"""How often `Store.transact` tries: about a third of a second with its pauses, well within an acknowledgment's three."""

LOCK_PATIENCE = 0.5
"""Seconds after which a locked database isn't retried: each try may itself have waited for the lock."""


def _now() -> datetime:
    return datetime.now(UTC)


class Store:
    """One database. ``on_effects`` is called for each batch of effects in the transaction that writes it.

    Whatever the database refuses is raised as Conflict or Unavailable, without SQL or data.
    """

    def __init__(
        self,
        url: str,
        keyring: Keyring,
        on_effects: OnEffects | None = None,
        clock: Callable[[], datetime] = _now,
        *,
        busy_ms: int = BUSY_MS,
    ) -> None:
        sealing.use(keyring)
        self.on_effects, self._clock = on_effects, clock
        self._writing, self._reading = write_engine(url, busy_ms=busy_ms), read_engine(url)
        self._url, self._locks = url, not is_sqlite(url)

    @property
    def one_writer(self) -> bool:
        """A lock is of the whole database, not of one onboarding's rows."""
        return not self._locks

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Unit]:
        """``async with store.write() as unit``: commits at the end, rolls back on an exception. `transact` also retries."""
        with translating():
            async with AsyncSession(self._writing, expire_on_commit=False) as session:
                await session.connection()  # SQLite waits for its turn here, so that ``now`` follows commit order
                unit = Unit(session, self._clock(), locks=self._locks)
                yield unit
                await unit.commit(self.on_effects)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Unit]:
        """The database at one moment; nothing is written. What was read stays usable afterward."""
        with translating():
            async with AsyncSession(self._reading, expire_on_commit=False, autoflush=False) as session:
                yield Unit(session, self._clock())

    async def transact(self, work: Callable[[Unit], Awaitable[T]]) -> T:
        """Run ``work`` in a write, and again in a fresh unit if another writer was first or the database was locked.

        ``work`` must change only the unit's rows, or undo anything else: it may run up to five times.
        """
        began = time.monotonic()
        for attempt in range(1, ATTEMPTS):
            try:
                return await self._once(work)
            except Conflict:
                pass
            except Unavailable as error:
                if error.kind != "locked" or time.monotonic() - began > LOCK_PATIENCE:
                    raise
            await asyncio.sleep(random.uniform(0.5, 1) * 0.01 * 2**attempt)  # noqa: S311  a pause, not a secret
        return await self._once(work)

    async def _once(self, work: Callable[[Unit], Awaitable[T]]) -> T:
        async with self.write() as unit:
            return await work(unit)

    async def check(self) -> None:
        """Raises Unavailable if the database can't be reached or written, or if its schema isn't the code's."""
        with translating():
            async with self._writing.connect() as connection:
                state = await connection.run_sync(state_of)
        if state.kind != "current":
            raise Unavailable("too_new" if state.kind == "newer" else "too_old")

    async def truncate_log(self) -> None:
        """SQLite: empty the write-ahead log, which still contains what was overwritten, as far as readers allow."""
        if not self._locks:
            await asyncio.to_thread(checkpoint, self._url)

    async def close(self) -> None:
        await self._reading.dispose()
        await self._writing.dispose()
