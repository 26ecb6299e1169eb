"""The bot's clock: the machine's, or for demonstrations one that can be moved ahead through a file."""

import math
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

MAX_SECONDS = 10 * 366 * 86_400.0


class ClockError(ValueError):
    """The file holds something other than a number of seconds."""


def read_ahead(path: Path) -> float:
    """The seconds in the file; 0 if there is none. Raises ClockError."""
    try:
        text = path.read_text(encoding="ascii")
        seconds = float(text)
    except FileNotFoundError:
        return 0.0
    except (OSError, ValueError):
        raise ClockError("does not hold a number of seconds") from None
    if not math.isfinite(seconds) or not 0 <= seconds <= MAX_SECONDS:
        raise ClockError("is not within ten years ahead")
    return seconds


class Clock:
    """Call it for the current time, in UTC. ``path``: a file with the seconds it is ahead; empty for the machine's clock.

    Each call checks the file and rereads it if it changed. Unreadable content leaves the clock as it was; no file means 0.
    """

    def __init__(self, path: str = "") -> None:
        self._path = Path(path) if path else None
        self._read: tuple[int, int] | None = None
        self._ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    @property
    def ahead(self) -> timedelta:
        if self._path is not None:
            self._follow(self._path)
        return self._ahead

    def _follow(self, path: Path) -> None:
        try:
            status = path.stat()
            found = status.st_mtime_ns, status.st_ino  # the inode too: a file may be replaced within one tick of mtime
        except OSError:
            self._read, self._ahead = None, timedelta()
            return
        if found != self._read:
            self._read = found
            with suppress(ClockError):
                self._ahead = timedelta(seconds=read_ahead(path))
