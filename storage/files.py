"""A SQLite database's files are for the user alone who runs the bot: mode 600.

SQLite gives its log and its shared memory the database's mode, so that it is enough to make the database itself before SQLite does,
and to mend what was made by other means: a copy, a backup that was put back.
"""

import contextlib
import os
import stat
from collections.abc import Sequence
from pathlib import Path

PRIVATE = 0o600
BESIDE = ("", "-wal", "-shm", "-journal", ".lock")
"""What is behind the database's name in the names of its files."""


def keep_private(database: Path) -> None:
    """Make the database's file if there is none, and take away what others may do with it and the files beside it.

    Those of another user stay as they are. Where the file can't be made, SQLite says why.
    """
    database = database.resolve()  # SQLite's other files are beside what a link leads to
    with contextlib.suppress(OSError):
        os.close(os.open(database, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, PRIVATE))
    for path in open_to_others(database):
        with contextlib.suppress(OSError):
            if path.stat().st_uid == os.geteuid():
                path.chmod(PRIVATE)


def open_to_others(database: Path) -> Sequence[Path]:
    """The files on which other users have rights."""
    database = database.resolve()
    return [path for name in BESIDE if _mode(path := database.with_name(database.name + name)) & 0o077]


def _mode(path: Path) -> int:
    """0 for what is no file: a folder of the database's name, or a device, is not the bot's to close."""
    try:
        found = path.stat().st_mode
    except OSError:
        return 0
    return stat.S_IMODE(found) if stat.S_ISREG(found) else 0


def keep_names(folder: Path) -> None:
    """That the names in it outlast a loss of power, where the file system can promise it."""
    with contextlib.suppress(OSError):
        opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)
