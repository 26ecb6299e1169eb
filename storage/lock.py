"""One bot on one SQLite file: two would carry out each effect twice, since neither asks whether another is at it."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from storage.engine import is_sqlite, parse


class AlreadyRunningError(Exception):
    """Another bot runs on the same SQLite file. ``file``: which."""

    def __init__(self, file: str) -> None:
        super().__init__(file)
        self.file = file


@contextlib.contextmanager
def only_one(url: str) -> Iterator[None]:
    """During the block no other process gets into such a block with the same SQLite file; PostgreSQL is for many and isn't locked.

    The lock is on ``<file>.lock``, which stays: were it deleted, two could each lock a file of that name. The system lets go of it
    when the process ends, however that ends. Not for network file systems, where a lock may count on one machine only. Raises
    AlreadyRunningError, and OSError if the file can't be opened or locked at all.
    """
    if not is_sqlite(url):
        yield
        return
    file = Path(str(parse(url).database)).resolve()  # it may have several names
    held = os.open(f"{file}.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunningError(str(file)) from None
        yield
    finally:
        os.close(held)
