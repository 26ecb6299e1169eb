"""Whose a SQLite database is. Its files are for one user alone (`storage.files`): what another one, root above all, makes in their place or
beside them, that user's bot cannot use."""

import contextlib
import os
import pwd
import shlex
from dataclasses import dataclass
from pathlib import Path

from storage.files import BESIDE

ROOT = 0
_EFFECTIVE = os.access in os.supports_effective_ids


@dataclass(frozen=True)
class Foreign:
    """A file or folder of another user. ``owner`` and ``this``, the user of this process, are names as ``sudo -u`` takes them."""

    path: Path
    owner: str
    this: str

    @property
    def run_as_owner(self) -> str:
        return f"run it as that user: sudo -u {shlex.quote(self.owner)} …"

    def give(self, more: str = "") -> str:
        """The command that makes it this user's. ``more``: what else, as an ending that the shell completes."""
        return f"sudo chown {self.this.removeprefix('#')} {shlex.quote(str(self.path))}{more}"


def unusable(database: Path) -> Foreign | None:
    """Which of its files keeps this user from using it: for root, the database of another user; for others, one that they may not write."""
    database = database.resolve()
    if os.geteuid() == ROOT:
        return _foreign(database)
    for name in BESIDE:
        path = database.with_name(database.name + name)
        if (found := _foreign(path)) and not os.access(path, os.R_OK | os.W_OK, effective_ids=_EFFECTIVE):
            return found
    return None


def irreplaceable(database: Path) -> Foreign | None:
    """The database, if it is another user's. Where there is none, a folder in which root would make it and its owner could not read it."""
    database = database.resolve()
    if database.exists() or os.geteuid() != ROOT:
        return _foreign(database)
    return _foreign(database.parent)


def _foreign(path: Path) -> Foreign | None:
    with contextlib.suppress(OSError):
        owner, this = path.stat().st_uid, os.geteuid()
        if owner != this:
            return Foreign(path, _name(owner), _name(this))
    return None


def _name(user: int) -> str:
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return f"#{user}"
