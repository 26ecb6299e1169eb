"""SQLite under asyncio with few thread switches.

aiosqlite passes each step of a statement (cursor, execution, rows, close) to its thread, 0.1 ms each: sixty per submission.
Here only what may take long goes there. Of a writer that is COMMIT, which waits for the disk; for its lock it asks again and again, and the
statements between wait for nothing and take microseconds. Of a reader it is the statements, each in one step with its rows, except those
that read a few rows by an index (`QUICK`).
"""

import asyncio
import math
import sqlite3
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, Self, TypeVar

import aiosqlite

T = TypeVar("T")


QUICK = "quick"
"""The execution option of a statement that takes less than the way to the thread."""
ASK_AGAIN = 0.005
"""Seconds between two questions for another process's lock."""


_text = partial(str, encoding="utf-8", errors="replace")
"""Text that is none, since somebody else wrote it, must not keep the rows beside it from being read."""


class SqliteConnection(aiosqlite.Connection):
    """``writes``: each transaction takes the write lock at its start, for which it waits ``busy`` seconds at most. ``time_left``: the
    seconds that the transaction to come may wait at most; ``quick``: of the statement to come."""

    time_left = math.inf
    quick = False

    def __init__(self, path: str, *, writes: bool, busy: float = 0.0) -> None:
        # Both threads use it, never at the same time; SQLAlchemy begins transactions.
        connect = partial(sqlite3.connect, path, isolation_level=None, check_same_thread=False)
        super().__init__(connect, iter_chunk_size=64)
        self._thread.daemon = True
        self._writes, self._busy, self._cut_off = writes, busy, False

    async def open(self) -> Self:
        try:
            await self
        except BaseException:
            self._thread.join()  # it was told to stop; without this it could still answer a loop that is closed by then
            raise
        self._conn.text_factory = _text
        return self

    def cursor(self) -> "Cursor":  # type: ignore[override]  # it needs no await
        return Cursor(self, self._conn.cursor())

    async def begin(self) -> None:
        """Raises sqlite3.OperationalError."""
        until, self.time_left = time.monotonic() + min(self._busy, self.time_left), math.inf
        while True:
            try:
                self._conn.execute("BEGIN IMMEDIATE" if self._writes else "BEGIN")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                    raise
            else:
                return
            await asyncio.sleep(ASK_AGAIN)

    async def commit(self) -> None:
        if self._conn.in_transaction:
            await self._in_thread(self._conn.commit)

    async def rollback(self) -> None:
        if self._cut_off or (self._writes and self._conn.in_transaction):
            await self._in_thread(self._conn.rollback)
            self._cut_off = False
        elif self._conn.in_transaction:  # the pool rolls back once more, whatever was done
            self._conn.rollback()

    async def run(self, work: Callable[[], T]) -> T:
        if self._writes:
            return work()
        if not self.quick:
            return await self._in_thread(work)
        await asyncio.sleep(0)  # else many in a row would keep everybody waiting
        return work()

    async def _in_thread(self, work: Callable[[], T]) -> T:
        try:
            result: T = await self._execute(work)  # type: ignore[no-untyped-call]  # untyped in aiosqlite
        except asyncio.CancelledError:
            self._cut_off = True  # the thread may be at it, or have it before it
            raise
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
        self._rows = await self._connection.run(lambda: self._raw.execute(statement, parameters).fetchall())
        return self

    async def executemany(self, statement: str, parameters: Iterable[Sequence[Any]]) -> "Cursor":
        await self._connection.run(lambda: self._raw.executemany(statement, parameters))
        return self

    async def fetchall(self) -> list[Any]:
        rows, self._rows = self._rows, []
        return rows

    async def close(self) -> None:
        self._raw.close()
