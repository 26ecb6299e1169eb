"""SQLite under asyncio with few thread switches.

aiosqlite passes each step of a statement (cursor, execution, rows, close) to its thread, 0.1 ms each: sixty per submission.
Here a statement and its rows take one such step. A writer goes further: BEGIN, which waits for the lock, and COMMIT, which
waits for the disk, run in the thread; the statements between, which wait for nothing and take microseconds, run directly.
"""

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, Self, TypeVar

import aiosqlite

T = TypeVar("T")


class SqliteConnection(aiosqlite.Connection):
    """``at_once``: statements don't go to the thread, except the one that begins a transaction."""

    def __init__(self, path: str, *, at_once: bool) -> None:
        # Both threads use it, never at the same time; SQLAlchemy begins transactions.
        connect = partial(sqlite3.connect, path, isolation_level=None, check_same_thread=False)
        super().__init__(connect, iter_chunk_size=64)
        self._thread.daemon = True
        self._at_once = at_once

    async def open(self) -> Self:
        try:
            await self
        except BaseException:
            self._thread.join()  # it was told to stop; without this it could still answer a loop that is closed by then
            raise
        return self

    def cursor(self) -> "Cursor":  # type: ignore[override]  # it needs no await
        return Cursor(self, self._conn.cursor())

    async def run(self, statement: str, work: Callable[[], T]) -> T:
        if self._at_once and not statement.startswith("BEGIN"):
            return work()
        result: T = await self._execute(work)  # type: ignore[no-untyped-call]  # untyped in aiosqlite
        return result


class Cursor:
    """What SQLAlchemy needs from a cursor. Rows are available once a statement is executed."""

    def __init__(self, connection: SqliteConnection, raw: sqlite3.Cursor) -> None:
        self._connection, self._raw = connection, raw
        self._rows: list[Any] = []

    async def __aenter__(self) -> Self:
        return self

    @property
    def description(self) -> Any:
        return self._raw.description

    @property
    def rowcount(self) -> int:
        return self._raw.rowcount

    @property
    def lastrowid(self) -> int | None:
        return self._raw.lastrowid

    async def execute(self, statement: str, parameters: Sequence[Any] = ()) -> "Cursor":
        self._rows = await self._connection.run(statement, lambda: self._raw.execute(statement, parameters).fetchall())
        return self

    async def executemany(self, statement: str, parameters: Iterable[Sequence[Any]]) -> "Cursor":
        await self._connection.run(statement, lambda: self._raw.executemany(statement, parameters))
        return self

    async def fetchall(self) -> list[Any]:
        rows, self._rows = self._rows, []
        return rows

    async def close(self) -> None:
        self._raw.close()
