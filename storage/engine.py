"""Engines for both databases, from the configured URL: asynchronous for the store, synchronous for migrations.

SQLite: one connection writes, in turns (`storage.turns`; its own wait is unfair and starves writers for seconds), others read.
"""

import contextlib
import select
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from psycopg import DataError
from psycopg.abc import AdaptContext, Buffer
from psycopg.adapt import Loader
from psycopg.pq import Format
from sqlalchemy import URL, AdaptedConnection, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from storage.files import keep_private
from storage.sqlite import QUICK, SqliteConnection

POOL_TIMEOUT = 10.0
"""Seconds a transaction waits for its turn before the store counts as locked."""

BUSY_MS = 1200
"""Milliseconds to wait for a lock that somebody else holds."""

READERS_SECONDS = 5.0
"""How long to wait for the end of other processes' transactions before the write-ahead log is emptied."""

CONNECT_SECONDS = 5

ASLEEP_MS = 5000
"""Milliseconds after which PostgreSQL ends a transaction that says nothing: a process that sleeps in the middle of one, or was cut off
from the database, would keep what it locked from all the others for as long."""


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


def sqlite_file(url: str) -> Path | None:
    """None for PostgreSQL."""
    return Path(str(parse(url).database)) if is_sqlite(url) else None


def write_engine(url: str, *, busy_ms: int = BUSY_MS) -> AsyncEngine:
    """Each transaction holds the write lock from its start (SQLite), or only what it locks (PostgreSQL).

    ``busy_ms``: how long it waits for another writer's lock.
    """
    parsed = parse(url)
    if not is_sqlite(url):
        options = f"-c lock_timeout={busy_ms} -c idle_in_transaction_session_timeout={ASLEEP_MS}"
        return _postgresql_engine(parsed, "READ COMMITTED", options)
    engine = _async_engine(parsed, 1, async_creator=_creator(parsed, writes=True, busy=busy_ms / 1000))
    # Erased and replaced values are overwritten in the file, not just unlinked. A lock is waited for in `SqliteConnection.begin`.
    _prepare(engine.sync_engine, busy_ms=busy_ms, pragmas=("secure_delete=ON", "busy_timeout=0"))
    return engine


def limit_wait(connection: AsyncConnection, left: float) -> None:
    """SQLite: the transaction to come waits so many seconds for another process's lock, at most."""
    pooled = connection.sync_connection
    driver = pooled.connection.driver_connection if pooled is not None else None
    if isinstance(driver, SqliteConnection):
        driver.time_left = left


def read_engine(url: str) -> AsyncEngine:
    """Each transaction reads a consistent snapshot and changes nothing."""
    parsed = parse(url)
    if not is_sqlite(url):
        return _postgresql_engine(parsed, "REPEATABLE READ", f"-c lock_timeout={BUSY_MS}")
    engine = _async_engine(parsed, 4, async_creator=_creator(parsed, writes=False))
    _prepare(engine.sync_engine, busy_ms=BUSY_MS, pragmas=("query_only=ON",))

    @event.listens_for(engine.sync_engine, "before_cursor_execute")
    def _(connection: Connection, _cursor: Any, _statement: str, _values: Any, context: Any, _many: bool) -> None:
        driver: Any = connection.connection.driver_connection
        driver.quick = context.execution_options.get(QUICK, False)

    return engine


def _patience(url: URL, options: str) -> dict[str, Any]:
    """For PostgreSQL; options in the URL take precedence, but for its hosts, of which there may be several: SQLAlchemy joins those. A
    network that swallows packets counts as away after some ten seconds."""
    given = {name: value for name, value in url.query.items() if name not in ("host", "port")}
    network = {"tcp_user_timeout": 10_000, "keepalives_idle": 5, "keepalives_interval": 2, "keepalives_count": 3}
    return {"connect_timeout": CONNECT_SECONDS, "options": options} | network | given


def _postgresql_engine(url: URL, isolation_level: str, options: str) -> AsyncEngine:
    """A connection that the server ended while nobody used it, at a restart for instance, is replaced before anybody gets it."""
    engine = _async_engine(url, 10, isolation_level=isolation_level, connect_args=_patience(url, options))

    @event.listens_for(engine.sync_engine, "connect")
    def _(connection: Any, _record: ConnectionPoolEntry) -> None:
        adapters = connection.driver_connection.adapters
        for name in ("date", "timestamptz"):
            adapters.register_loader(name, _or_text(adapters.get_loader(adapters.types[name].oid, Format.TEXT)))

    @event.listens_for(engine.sync_engine, "checkout")
    def _(connection: Any, _record: ConnectionPoolEntry, _proxy: Any) -> None:
        # Unasked, a server says only that it ends the connection. Looking costs microseconds; asking it would cost each transaction a
        # round trip (`pool_pre_ping`).
        looking = select.poll()
        looking.register(connection.driver_connection.fileno(), select.POLLIN)
        if looking.poll(0):
            raise DisconnectionError

    return engine


def _or_text(known: type[Loader]) -> type[Loader]:
    """PostgreSQL has dates and moments that Python has not, ``infinity`` for instance. They come as text, so that `storage.reading` refuses
    the one row that has one; psycopg's error would end the statement, for all rows."""

    class OrText(Loader):
        def __init__(self, oid: int, context: AdaptContext | None = None) -> None:
            super().__init__(oid, context)
            self._load = known(oid, context).load

        def load(self, data: Buffer) -> Any:
            try:
                return self._load(data)
            except DataError:
                return bytes(data).decode()

    return OrText


def _creator(url: URL, *, writes: bool, busy: float = 0.0) -> Callable[[], Awaitable[SqliteConnection]]:
    async def connect() -> SqliteConnection:
        keep_private(Path(str(url.database)))
        return await SqliteConnection(str(url.database), writes=writes, busy=busy).open()

    return connect


def _async_engine(url: URL, connections: int, **more: Any) -> AsyncEngine:
    sized = {"pool_size": connections, "max_overflow": 0, "pool_timeout": POOL_TIMEOUT}
    return create_async_engine(url, hide_parameters=True, **sized, **more)


def sync_engine(url: str) -> Engine:
    """For what isn't asynchronous, above all the migrations. On SQLite, a transaction takes the write lock at its start."""
    parsed = parse(url)
    if not is_sqlite(url):
        return create_engine(parsed, hide_parameters=True)
    engine = create_engine(parsed.set(drivername="sqlite"), hide_parameters=True)
    _prepare(engine, busy_ms=30_000)
    event.listen(engine, "do_connect", lambda *_: keep_private(Path(str(parsed.database))))  # returns None: it still connects
    return engine


def checkpoint(url: str) -> bool:
    """Move SQLite's write-ahead log into the file and empty it. False if somebody reads the database as it was before, and went on
    for `READERS_SECONDS`."""
    with contextlib.closing(sqlite3.connect(str(parse(url).database), timeout=READERS_SECONDS)) as connection:
        busy, *_ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return not busy


def _prepare(engine: Engine, *, busy_ms: int, pragmas: tuple[str, ...] = ()) -> None:
    @event.listens_for(engine, "connect")
    def _(connection: Any, _: ConnectionPoolEntry) -> None:
        if isinstance(connection, sqlite3.Connection):
            connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in (f"busy_timeout={busy_ms}", "journal_mode=WAL", "synchronous=FULL", *pragmas):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _(connection: Connection) -> None:
        raw = connection.connection.dbapi_connection
        if isinstance(raw, AdaptedConnection):
            raw.run_async(SqliteConnection.begin)  # as a statement it would take three times as long
        else:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
