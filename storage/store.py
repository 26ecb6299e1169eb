"""The store: where units of work come from, and what it raises when the database refuses. Implements `flows.ports.Store`."""

import asyncio
import contextlib
import math
import random
import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, tzinfo
from typing import Literal, TypeVar

from sqlalchemy.exc import DBAPIError, IntegrityError, InvalidRequestError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.orm.exc import StaleDataError

from flows.model import new_id
from storage import keys, sealing
from storage.audit import Altered, Head
from storage.chain import OF_ROWS, REGISTER
from storage.engine import BUSY_MS, checkpoint, is_sqlite, limit_wait, read_engine, write_engine
from storage.refusal import reason
from storage.schema import state_of
from storage.sealing import Keyring
from storage.traced import Tracing, untraced
from storage.turns import NoTurnError, Turns
from storage.unit import Unit

T = TypeVar("T")

ATTEMPTS = 5
"""How often `Store.transact` tries: about a third of a second with its pauses, well within an acknowledgement's three."""

LOCK_PATIENCE = 0.5
"""Seconds after which a locked database isn't retried: each try may itself have waited for the lock."""

UnavailableKind = Literal["locked", "full", "read_only", "unreachable", "overloaded", "too_old", "too_new"]


class Conflict(Exception):  # noqa: N818  reads as what happened
    """Another writer was first: the same row, the same id, or a second open onboarding in a channel. Can be retried."""


class StillReadError(Exception):
    """Another process reads the database as it was some time ago, so that the file still holds what was replaced since."""


class Unavailable(Exception):  # noqa: N818  reads as what happened
    """The database can't be read or written now. ``kind`` says why: ``overloaded`` is one that takes no more connections or lacks
    memory; ``too_old`` and ``too_new`` are about its schema. ``why``: what it said itself, if that helps, for whoever set it up."""

    def __init__(self, kind: UnavailableKind, why: str = "") -> None:
        super().__init__(kind)
        self.kind: UnavailableKind = kind
        self.why = why


def _now() -> datetime:
    return datetime.now(UTC)


class Store:
    """One database. ``zone``: support's, whose date `Unit.today` is. ``on_effects``: called after each commit that asked for effects;
    ``tracing``: entered around each write; ``on_altered``: when a chain of the audit log is found that isn't what this program wrote.

    Whatever the database refuses is raised as Conflict or Unavailable, without SQL or data. What isn't appended to an altered chain is
    raised as `storage.audit.Altered`.
    """

    def __init__(
        self,
        url: str,
        keyring: Keyring,
        clock: Callable[[], datetime] = _now,
        *,
        busy_ms: int = BUSY_MS,
        zone: tzinfo = UTC,
    ) -> None:
        sealing.use(keyring)
        self.on_effects: Callable[[], None] = lambda: None
        self.on_altered: Callable[[Altered], None] = lambda _: None
        self.tracing: Tracing = untraced
        self.altered: dict[str, Altered] = {}
        """By chain of the audit log: what was refused, until it is appended to again, and whose rows are not what was written, until
        `storage.anchors` finds that they are."""
        self._clock, self._zone = clock, zone
        self._writing, self._reading = write_engine(url, busy_ms=busy_ms), read_engine(url)
        self._url, self._locks = url, not is_sqlite(url)
        self._turns = Turns()
        self._ending: set[asyncio.Future[None]] = set()
        self._takes_nothing = False
        self._listed: set[str] = set()
        self._written_before: tuple[str, Head] | None = None

    @property
    def one_writer(self) -> bool:
        """Whether a lock is on the whole database, not on one onboarding's rows."""
        return not self._locks

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Unit]:
        """``async with store.write() as unit``: commits at the end, rolls back on an exception. `transact` also retries.

        Raises UnknownKey as `storage.keys.register` and `storage.audit.append` do.
        """
        try:
            with self.tracing() as traced, translating():
                async with self._writer() as connection:
                    await connection.begin()  # SQLite waits for others' locks here, so that ``now`` follows commit order
                    sealing_key = sealing.current().newest
                    stays_listed = sealing_key in self._listed or await keys.register(connection)
                    async with Unit(connection, self._clock(), changes=True, locks=self._locks, zone=self._zone) as unit:
                        unit.may_append, unit.traced = self._refuse_found, traced
                        yield unit
                        unit.before = self._written_before
                        await unit.commit()
                    if stays_listed:
                        self._listed.add(sealing_key)
        except Unavailable as error:
            self._takes_nothing = error.kind in ("full", "read_only")
            raise
        except Altered as error:
            self.refuse(error)
            raise
        self._takes_nothing = False
        for onboarding_id, head in unit.appended.items():
            if (known := self.altered.get(onboarding_id)) is not None and known.flaw not in OF_ROWS:
                del self.altered[onboarding_id]
            if onboarding_id != REGISTER:
                self._written_before = onboarding_id, head
        if unit.asked:
            self.on_effects()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Unit]:
        """A consistent snapshot; nothing is written. What was read stays usable afterward."""
        with translating():
            async with (
                self._connection(self._reading) as connection,
                Unit(connection, self._clock(), zone=self._zone) as unit,
            ):
                yield unit

    def _refuse_found(self, onboarding_id: str) -> None:
        """A chain that holds at its end, so that appending to it would not notice."""
        known = self.altered.get(onboarding_id)
        if known is not None and not known.at_end and known.flaw not in OF_ROWS:
            raise Altered(onboarding_id, known.flaw, at_end=False)

    def refuse(self, error: Altered) -> None:
        """Note a chain that isn't what was written. `on_altered` is called each time, since what it did the last time may have failed."""
        self.altered[error.onboarding_id] = error
        self.on_altered(error)

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
        """Raises Unavailable if the database can't be reached or written, or if its schema isn't the code's; UnknownKey if another
        process seals with a key that this one lacks."""
        with translating():
            async with self._writer() as connection:
                state = await connection.run_sync(state_of)
                if state.kind != "current":
                    raise Unavailable("too_new" if state.kind == "newer" else "too_old")
                await keys.require_listed(connection)
        if self._takes_nothing:  # only writing shows whether that is over
            await self.transact(lambda unit: unit.once(new_id("check")))

    async def truncate_log(self) -> None:
        """SQLite: overwrite in the file what was replaced, and empty the write-ahead log, which still contains it.

        Raises StillReadError.
        """
        if not self._locks and not await asyncio.to_thread(checkpoint, self._url):
            raise StillReadError

    @asynccontextmanager
    async def _writer(self) -> AsyncIterator[AsyncConnection]:
        """SQLite's only one when it is one's turn."""
        turn = self._turns.next() if self.one_writer else contextlib.nullcontext(math.inf)
        async with turn as left, self._connection(self._writing) as connection:
            limit_wait(connection, left)
            yield connection

    @asynccontextmanager
    async def _connection(self, engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
        """It goes back even if who uses it is cancelled; `close` waits for that."""
        try:
            connection = await engine.connect()
        except InvalidRequestError:  # each of the pool's connections had been ended by the server
            raise Unavailable("unreachable") from None
        try:
            yield connection
        finally:
            ending = asyncio.ensure_future(connection.close())
            self._ending.add(ending)
            ending.add_done_callback(self._ending.discard)
            await asyncio.shield(ending)

    async def close(self) -> None:
        await asyncio.gather(*self._ending, return_exceptions=True)
        await self._reading.dispose()
        await self._writing.dispose()


# -- what can go wrong with a database, as this project's errors: they never contain SQL, parameters, or rows

_SQLITE: dict[str, UnavailableKind] = {
    "SQLITE_BUSY": "locked",
    "SQLITE_LOCKED": "locked",
    "SQLITE_FULL": "full",
    "SQLITE_READONLY": "read_only",
    "SQLITE_CANTOPEN": "unreachable",
    "SQLITE_IOERR": "unreachable",
    "SQLITE_NOTADB": "unreachable",
    "SQLITE_CORRUPT": "unreachable",
}

_POSTGRESQL: dict[str, UnavailableKind] = {  # SQLSTATE, or its two-character class
    "55P03": "locked",
    "57014": "locked",  # statement_timeout, lock_timeout
    "53": "overloaded",
    "53100": "full",
    "25006": "read_only",  # on a standby
    "42501": "read_only",  # the role may not
    "08": "unreachable",
    "57": "unreachable",
    "42P01": "too_old",
    "42703": "too_old",
}

_CROWDED = ("too many clients", "connection slots are reserved", "too many connections")
"""What PostgreSQL says to who may not connect, in English: psycopg gives no SQLSTATE then. In another language it is unreachable."""

_RETRIED = ("40001", "40P01", "23")
"""Serialization failure, deadlock, integrity."""


def translated(error: BaseException) -> Exception | None:
    """The project's error for a SQLAlchemy or driver error; None for any other."""
    if isinstance(error, StaleDataError | IntegrityError):
        return Conflict("another writer was first")
    if isinstance(error, NoTurnError | PoolTimeoutError):
        return Unavailable("locked")
    if isinstance(error, DBAPIError):
        return _of_driver(error.orig, invalidated=error.connection_invalidated)
    if isinstance(error, sqlite3.Error):  # at the beginning of a transaction
        return _of_driver(error, invalidated=False)
    return None


def _of_driver(error: BaseException | None, *, invalidated: bool) -> Exception | None:
    if isinstance(error, sqlite3.Error):
        if "no such table" in str(error) or "no such column" in str(error) or "has no column" in str(error):
            return Unavailable("too_old")
        # Extended codes append the reason to the code: SQLITE_BUSY_SNAPSHOT.
        name = getattr(error, "sqlite_errorname", None) or ""
        kind = _SQLITE.get("_".join(name.split("_")[:2]))
        return Unavailable(kind, reason(error)) if kind else None
    state = getattr(error, "sqlstate", None) or ""
    if state.startswith(_RETRIED):
        return Conflict("another writer was first")
    kind = _POSTGRESQL.get(state) or _POSTGRESQL.get(state[:2])
    if kind is None and (invalidated or not state):
        kind = "overloaded" if any(words in str(error) for words in _CROWDED) else "unreachable"
    return Unavailable(kind, reason(error)) if kind else None


@contextmanager
def translating() -> Iterator[None]:
    """Raise the project's errors instead of the database's, whose texts may contain SQL and rows."""
    try:
        yield
    except Exception as error:
        known = translated(error)
        if known is None:
            raise
        raise known from None
