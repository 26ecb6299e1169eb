"""Backups of SQLite: by its backup interface, which sees one moment of the database (https://sqlite.org/backup.html)."""

import glob
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from storage.backup_error import BackupError
from storage.engine import checkpoint, parse
from storage.files import BESIDE, PRIVATE, keep_names
from storage.lock import AlreadyRunningError, only_one
from storage.owner import irreplaceable
from storage.schema import NEEDED

BEGINS = b"SQLite format 3\0"
BUSY_SECONDS = 30.0
"""How long another process's lock is waited for."""
LOCK_SECONDS = 1.0
"""How long the end of other connections to the database is waited for: a command may just be ending."""
IN_USE = "the database is locked: another process is connected to it - end every bot, command and shell on it first"


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
        found = self._there.exists()
        with _alone(self._there) as connection, _keeping(self._there, kept, connection):
            self._file.replace(self._there)
        keep_names(self._there.parent)
        return str(kept) if found else ""


@contextmanager
def _alone(file: Path) -> Iterator[sqlite3.Connection | None]:
    """During the block no other connection to the database can do anything, whatever process it is of: SQLite leaves the write-ahead log
    only where it is the only one (https://sqlite.org/wal.html#persistence_of_wal_mode), and then locks the file itself. A connection that
    was opened before and asks for its first row afterwards may read the former database, but SQLite refuses to write to it
    (SQLITE_READONLY_DBMOVED).

    None where there is no database, or one that is too damaged to be locked. Raises BackupError where another connection is there."""
    if not file.exists():
        yield None
        return
    with closing(sqlite3.connect(file, timeout=LOCK_SECONDS, isolation_level=None)) as connection:
        try:
            for statement in ("PRAGMA journal_mode=DELETE", "PRAGMA locking_mode=EXCLUSIVE", "BEGIN EXCLUSIVE", "COMMIT"):
                connection.execute(statement).fetchall()
            again = connection.execute("PRAGMA journal_mode").fetchone()[0] != "delete"  # somebody came in between
            found: sqlite3.Connection | None = connection
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY:
                raise BackupError(IN_USE) from None
            raise BackupError(f"the database cannot be locked ({error}) - mend that, or move its files elsewhere first") from None
        except sqlite3.DatabaseError:
            connection.close()  # else it would empty, in the end, the log that stands beside the name by then
            found, again = None, False
        if again:
            raise BackupError(IN_USE)
        yield found


@contextmanager
def _keeping(file: Path, kept: Path, connection: sqlite3.Connection | None) -> Iterator[None]:
    """The database has a second name before the block begins, and keeps the first until another file takes it. ``connection``: as
    `_alone` gives it; without one, the logs of what is damaged go along, or they would be taken for the new file's."""
    moved, before = list[tuple[Path, Path]](), _number(file)
    try:
        if file.exists():
            _link(file, kept, connection)
        for suffix in ("-wal", "-journal") if connection is None else ():
            log, aside = (one.with_name(one.name + suffix) for one in (file, kept))
            if log.exists():
                moved.append((log, log.rename(aside)))
        if connection is None:
            file.with_name(f"{file.name}-shm").unlink(missing_ok=True)
        yield
    except BaseException:
        if _number(file) == before:  # no other took its place
            for log, aside in moved:
                aside.rename(log)
            if before:
                kept.unlink(missing_ok=True)
        raise


def _number(file: Path) -> int:
    """Of its inode; 0 if there is no such file."""
    return file.stat().st_ino if file.exists() else 0


def _link(file: Path, kept: Path, connection: sqlite3.Connection | None) -> None:
    """Where the file system has no links, a copy. By the same connection: once a process closes any other on a file, its locks are gone."""
    try:
        os.link(file, kept)
    except FileExistsError:
        raise
    except OSError:
        os.close(os.open(kept, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE))
        if connection is None:
            shutil.copyfile(file, kept)
            return
        try:
            with closing(sqlite3.connect(kept)) as copied:
                connection.backup(copied)
        except sqlite3.Error as error:
            raise BackupError(f"the former database cannot be kept ({error}) - make room if it is that") from None


def _remove_left(there: Path, backup: Path) -> None:
    """What a restore that was killed left behind, unless it is what is to be restored. No other is under way: the lock is held."""
    for left in there.parent.glob(f".{glob.escape(there.name)}.restored-*"):
        if left.is_file() and not left.name.startswith(backup.resolve().name):
            left.unlink()


@contextmanager
def restoring(url: str, file: Path, stamp: str) -> Iterator[_Beside]:
    """As `storage.backup.restoring`. No bot starts during the block; whatever else uses the database is noticed at its begin and when its
    place is taken."""
    there = Path(str(parse(url).database)).resolve()
    if foreign := irreplaceable(there):
        raise BackupError(f"{foreign.path} belongs to the user {foreign.owner}, and this one is {foreign.this} - {foreign.how}")
    # The log beside a file that was copied with the bot stopped belongs to it; without one, nothing is written beside the backup.
    how = "mode=ro" if file.with_name(f"{file.name}-wal").exists() else "immutable=1"
    try:
        with only_one(url):
            with _alone(there):
                pass  # said at once, not after the copy
            _remove_left(there, file)
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
