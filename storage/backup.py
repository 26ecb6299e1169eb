"""The whole database in one file, and a database that is made of such a file beside the one in use before it takes its place.

What is SQLite's and what is PostgreSQL's own stands in `storage.sqlite_backup` and `storage.postgresql_backup`.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from storage import postgresql_backup, sqlite_backup
from storage.backup_error import BackupError
from storage.engine import is_sqlite
from storage.files import BESIDE, keep_names
from storage.lock import AlreadyRunningError, only_one

FORMATS = {sqlite_backup.BEGINS: "SQLite", postgresql_backup.BEGINS: "PostgreSQL"}
"""What a backup's file begins with."""


class Beside(Protocol):
    """A database that was made of a backup. ``url``: where it is until it takes its place."""

    url: str

    def take_place(self) -> str:
        """Where the configured database is, from now on. Returns under which name that one is kept, or nothing if there was none.
        Raises BackupError, OSError; then the configured one is as it was."""


def back_up(url: str, to: Path) -> int:
    """Copy the database, whether bots use it or not, into a file for this user alone; it is there in full or not at all, in the place
    of what was there. Returns its size in bytes. Raises BackupError, OSError."""
    if to.exists() and not to.is_file():
        raise BackupError(f"{to} is a folder, a device or a pipe - name a file")
    held, name = tempfile.mkstemp(dir=to.parent, prefix=f".{to.name}.")  # its mode is 600
    os.close(held)
    made = Path(name)
    try:
        (sqlite_backup if is_sqlite(url) else postgresql_backup).copy(url, made)
        with made.open("rb+") as written:
            os.fsync(written.fileno())
        made.replace(to)
    finally:
        for suffix in BESIDE:
            made.with_name(made.name + suffix).unlink(missing_ok=True)
    keep_names(to.parent)
    return to.stat().st_size


@contextmanager
def restoring(url: str, file: Path) -> Iterator[Beside]:
    """During the block a database made of a backup is beside the configured one; with its end it is gone, unless it took its place.

    Raises BackupError: it is no backup of such a database, or something uses the configured one. Raises OSError.
    """
    if not file.is_file():
        raise BackupError(f"{file} is no file - give one that `backup` or pg_dump --format=custom made")
    with file.open("rb") as opened:
        begins = opened.read(16)
    found = next((name for first, name in FORMATS.items() if begins.startswith(first)), "")
    wanted = "SQLite" if is_sqlite(url) else "PostgreSQL"
    if not found:
        raise BackupError(f"{file} is no backup of a database - give a file that `backup` or pg_dump --format=custom made")
    if found != wanted:
        raise BackupError(
            f"{file} is a backup of {found}, and DATABASE_URL names a database of {wanted} - set the one that it is of"
        )
    made: AbstractContextManager[Beside]
    made = (sqlite_backup if wanted == "SQLite" else postgresql_backup).restoring(url, file, stamp())
    with made as beside:
        yield beside


@contextmanager
def stopped(url: str) -> Iterator[None]:
    """During the block no bot starts on a SQLite database; on PostgreSQL none is connected when it begins. Raises BackupError, OSError."""
    try:
        with only_one(url):
            if not is_sqlite(url):
                postgresql_backup.refuse_bots(url)
            yield
    except AlreadyRunningError as error:
        raise BackupError(f"a bot runs on {error.file} - end it first") from None


def stamp() -> str:
    """The moment as part of a name, such as ``20261202t103000z``."""
    return f"{datetime.now(UTC):%Y%m%dt%H%M%Sz}"
