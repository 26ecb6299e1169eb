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
    def how(self) -> str:
        """Either to become its owner, or to own it, with the files beside it if it is a database."""
        give = self.give("" if self.path.is_dir() else "*")
        return f"run it as that user: sudo -u {shlex.quote(self.owner)} …; or, if the bot itself runs as {self.this}: {give}"

    def give(self, more: str = "") -> str:
        """The command that makes it this user's. ``more``: what else, as an ending that the shell completes."""
        sudo = "" if os.geteuid() == ROOT else "sudo "  # a container has none
        return f"{sudo}chown {self.this.removeprefix('#')} {shlex.quote(str(self.path))}{more}"


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
    """What keeps this user from putting another in its place: for root, that it is another user's, or where there is none the folder, whose
    owner could not read it; for others, a folder that they may not write."""
    database = database.resolve()
    if os.geteuid() == ROOT:
        return _foreign(database if database.exists() else database.parent)
    if os.access(database.parent, os.W_OK | os.X_OK, effective_ids=_EFFECTIVE):
        return unusable(database)
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
