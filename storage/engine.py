"""Engines for both databases, from the configured URL: asynchronous for the store, synchronous for jobs and migrations.

SQLite: one connection writes (its own wait is unfair and starves writers for seconds; the pool's queue is fair), others read.
"""

import sqlite3
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import URL, Engine, create_engine, event, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from storage.sqlite import SqliteConnection

POOL_TIMEOUT = 10.0
"""Seconds a transaction waits for its turn before the store counts as locked."""

WRITER_TIMEOUT = 1.5
"""The same for SQLite's single writer: with the wait for another process's lock, it must leave time to acknowledge and say so."""

BUSY_MS = 1200
"""Milliseconds to wait for another writer's lock: an acknowledgement must be sent within three seconds."""

CONNECT_SECONDS = 5


class UrlError(ValueError):
    """A database URL that names neither a SQLite file nor PostgreSQL. Never contains the URL, which may include a password."""


def parse(url: str) -> URL:
    """``sqlite+aiosqlite:///file``, ``sqlite:///file``, ``postgresql://…`` or ``postgresql+psycopg://…``; else UrlError."""
    try:
        parsed = make_url(url)
    except Exception:  # noqa: BLE001  any failure to parse; its text would contain the URL
        raise UrlError("not a database URL") from None
    backend = parsed.drivername.partition("+")[0]
    if backend == "sqlite":
        if not parsed.database or parsed.database == ":memory:":
            raise UrlError("SQLite needs a file: readers and the writer share it")
        return parsed.set(drivername="sqlite+aiosqlite")
    if backend in ("postgresql", "postgres"):
        return parsed.set(drivername="postgresql+psycopg")
    raise UrlError("neither SQLite nor PostgreSQL")


def is_sqlite(url: str) -> bool:
    return parse(url).drivername.startswith("sqlite")


def write_engine(url: str, *, busy_ms: int = BUSY_MS) -> AsyncEngine:
    """Each transaction holds the write lock from its start (SQLite), or only what it locks (PostgreSQL).

    ``busy_ms``: how long it waits for another writer's lock.
    """
    parsed = parse(url)
    if not is_sqlite(url):
        return _async_engine(parsed, 10, isolation_level="READ COMMITTED", connect_args=_patience(parsed, busy_ms))
    engine = _async_engine(parsed, 1, WRITER_TIMEOUT, async_creator=_creator(parsed, at_once=True))
    # Erased and replaced values are overwritten in the file, not just unlinked.
    _prepare(engine.sync_engine, begin="BEGIN IMMEDIATE", busy_ms=busy_ms, pragmas=("secure_delete=ON",))
    return engine


def read_engine(url: str) -> AsyncEngine:
    """Each transaction reads a consistent snapshot and changes nothing."""
    parsed = parse(url)
    if not is_sqlite(url):
        return _async_engine(parsed, 10, isolation_level="REPEATABLE READ", connect_args=_patience(parsed, BUSY_MS))
    engine = _async_engine(parsed, 4, async_creator=_creator(parsed, at_once=False))
    _prepare(engine.sync_engine, begin="BEGIN", busy_ms=BUSY_MS, pragmas=("query_only=ON",))
    return engine


def _patience(url: URL, busy_ms: int) -> dict[str, Any]:
    """For PostgreSQL; options in the URL take precedence."""
    return {"connect_timeout": CONNECT_SECONDS, "options": f"-c lock_timeout={busy_ms}"} | dict(url.query)


def _creator(url: URL, *, at_once: bool) -> Callable[[], Awaitable[SqliteConnection]]:
    async def connect() -> SqliteConnection:
        return await SqliteConnection(str(url.database), at_once=at_once).open()

    return connect


def _async_engine(url: URL, connections: int, patience: float = POOL_TIMEOUT, **more: Any) -> AsyncEngine:
    return create_async_engine(url, hide_parameters=True, pool_size=connections, max_overflow=0, pool_timeout=patience, **more)


def sync_engine(url: str, *, immediate: bool = False) -> Engine:
    """For libraries that aren't asynchronous: the job engine and, with ``immediate``, the migrations.

    On SQLite, a transaction takes the write lock at its first write or, with ``immediate``, at its start.
    """
    parsed = parse(url)
    if not is_sqlite(url):
        return create_engine(parsed, hide_parameters=True)
    engine = create_engine(parsed.set(drivername="sqlite"), hide_parameters=True)
    _prepare(engine, begin="BEGIN IMMEDIATE" if immediate else "", busy_ms=30_000)
    return engine


def checkpoint(url: str) -> None:
    """Move SQLite's write-ahead log into the file and empty it."""
    engine = sync_engine(url)
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()


def _prepare(engine: Engine, *, begin: str, busy_ms: int, pragmas: tuple[str, ...] = ()) -> None:
    """``begin``: the statement that starts each transaction; if empty, sqlite3 starts an IMMEDIATE one before the first write."""

    @event.listens_for(engine, "connect")
    def _(connection: Any, _: ConnectionPoolEntry) -> None:
        if isinstance(connection, sqlite3.Connection):
            connection.isolation_level = None if begin else "IMMEDIATE"
        if sqlite3.sqlite_version_info < (3, 42):
            # It doesn't know 'subsec' and returns NULL; the job engine uses it.
            connection.create_function("unixepoch", 1, _unixepoch)
        cursor = connection.cursor()
        for pragma in (f"busy_timeout={busy_ms}", "journal_mode=WAL", "synchronous=FULL", *pragmas):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    if begin:

        @event.listens_for(engine, "begin")
        def _(connection: Any) -> None:
            connection.exec_driver_sql(begin)


def _unixepoch(at: str) -> float:
    """SQLite's ``unixepoch(x)`` for a stored UTC time, 'now' or 'subsec' (now, to the microsecond): seconds."""
    if at == "subsec":
        return datetime.now(UTC).timestamp()
    moment = datetime.now(UTC) if at == "now" else datetime.fromisoformat(at).replace(tzinfo=UTC)
    return int(moment.timestamp())
