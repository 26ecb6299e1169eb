"""The file that ENCRYPTION_KEYS_FILE names: keys alone, newest first, one a line."""

import errno
import os
from pathlib import Path

from bot.ops.private_files import create, one_at_a_time, rewrite
from storage.sealing import Keyring, KeyringError


class NoKeyFileError(Exception):
    """It is no file, or holds something else than keys. The text says which."""


def put_first(key: str, file: Path) -> int:
    """Make the file, or put the key before those that it holds. Returns how many those are. Raises NoKeyFileError, OSError."""
    file = file.resolve() if file.exists() else file  # a link stays one
    with one_at_a_time(file.parent):
        try:
            create(file, f"{key}\n")
        except FileExistsError:
            return _before_others(key, file)
    return 0


def _before_others(key: str, file: Path) -> int:
    if not file.is_file():
        raise NoKeyFileError("isn't a file")
    if file.stat().st_uid != os.geteuid():  # it is written anew, and its owner could read it no more
        raise PermissionError(errno.EPERM, "it belongs to another user")
    text = file.read_text("utf-8-sig", "replace").strip()
    others = _count(text)
    rewrite(file, f"{key}\n{text}\n")
    return others


def _count(text: str) -> int:
    try:
        return len(Keyring.parse(text).ids) if text else 0
    except KeyringError:
        raise NoKeyFileError("holds something other than keys") from None
