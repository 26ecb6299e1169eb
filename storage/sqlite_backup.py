"""Backups of SQLite: by its backup interface, which sees one moment of the database (https://sqlite.org/backup.html)."""

import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from storage.backup_error import BackupError
from storage.engine import checkpoint, parse
from storage.files import BESIDE
from storage.lock import AlreadyRunningError, only_one

BEGINS = b"SQLite format 3\0"
BUSY_SECONDS = 30.0
"""How long another process's lock is waited for."""
NEEDED = {"alembic_version", "onboardings"}
"""Tables that are in every database of the bot."""


def copy(url: str, to: Path) -> None:
    """``to``: an empty file. Raises BackupError."""
    file = Path(str(parse(url).database))
    if not file.exists():
        raise BackupError(f"there is no database {file} - check DATABASE_URL")
    _copy(f"{file.resolve().as_uri()}?mode=rw", to)


def _copy(source: str, to: Path) -> None:
    """In one step: in a write-ahead log a reader keeps no writer waiting, while a copy in several steps begins anew with each commit of
    others. Without a log of its own, so that the copy is one file."""
    try:
        with (
            closing(sqlite3.connect(source, uri=True, timeout=BUSY_SECONDS)) as old,
            closing(sqlite3.connect(to)) as new,
        ):
            old.backup(new)
            new.execute("PRAGMA journal_mode=DELETE")
            found = new.execute("PRAGMA integrity_check(1)").fetchone()[0]
            tables = {name for (name,) in new.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    except sqlite3.Error as error:
        raise BackupError(f"it cannot be copied ({error}) - make room if it is that, else take another backup") from None
    if found != "ok":
        raise BackupError("SQLite's integrity_check finds it damaged - keep its files as they are, and restore an older backup")
    if not tables >= NEEDED:
        raise BackupError("the tables of the bot are not in it - check that it is the database you mean")


class _Beside:
    def __init__(self, file: Path, there: Path, stamp: str) -> None:
        self._file, self._there, self._stamp = file, there, stamp
        self.url = f"sqlite+aiosqlite:///{file}"

    def take_place(self) -> str:
        if not checkpoint(self.url):
            raise BackupError("another process reads the copy - end it, and try again")
        kept = self._there.with_name(f"{self._there.name}.before-{self._stamp}")
        moved = list[tuple[Path, Path]]()
        try:
            for suffix in ("", "-wal", "-journal"):  # the newest commits are in the log: it goes along
                former, aside = (one.with_name(one.name + suffix) for one in (self._there, kept))
                if former.exists():
                    moved.append((former, former.rename(aside)))
            self._there.with_name(f"{self._there.name}-shm").unlink(missing_ok=True)
            self._file.rename(self._there)
        except OSError:
            for former, aside in moved:
                aside.rename(former)
            raise
        return str(kept) if kept.exists() else ""


@contextmanager
def restoring(url: str, file: Path, stamp: str) -> Iterator[_Beside]:
    """As `storage.backup.restoring`. No bot starts during the block."""
    there = Path(str(parse(url).database)).resolve()
    # The log beside a file that was copied with the bot stopped belongs to it; without one, nothing is written beside the backup.
    how = "mode=ro" if file.with_name(f"{file.name}-wal").exists() else "immutable=1"
    try:
        with only_one(url):
            held, name = tempfile.mkstemp(dir=there.parent, prefix=f".{there.name}.restored-")
            os.close(held)
            made = Path(name)
            try:
                _copy(f"{file.resolve().as_uri()}?{how}", made)
                yield _Beside(made, there, stamp)
            finally:
                for suffix in BESIDE:
                    made.with_name(made.name + suffix).unlink(missing_ok=True)
    except AlreadyRunningError as error:
        raise BackupError(f"a bot runs on {error.file} - end it first") from None
