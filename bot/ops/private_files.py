"""Files that nobody but this user can read, from their first byte on, and that are there in full or not at all."""

import contextlib
import errno
import fcntl
import os
import stat
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from storage.files import PRIVATE, keep_names


def create(path: Path, text: str) -> None:
    """Raises FileExistsError, also for a link that leads nowhere, and OSError."""
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, PRIVATE)
    try:
        _fill(file, text)
    except OSError:
        path.unlink()
        raise
    keep_names(path.parent)


def write(path: Path, content: str | bytes) -> None:
    """As `write_all`."""
    write_all(path.parent, {path.name: content})


def rewrite(path: Path, text: str) -> None:
    """In the place of a file whose group could read it: the same group still can. Raises OSError; then the file is as it was."""
    was = path.stat()
    file, made = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        if was.st_mode & stat.S_IRGRP:
            _let_read(file, was.st_gid)
        _fill(file, text)
        Path(made).replace(path)
    finally:
        Path(made).unlink(missing_ok=True)
    keep_names(path.parent)


@contextlib.contextmanager
def one_at_a_time(folder: Path) -> Iterator[None]:
    """During the block nobody else gets into such a block with this folder; where a folder can't be locked, as on NFS, they do.

    Raises OSError if there is no such folder.
    """
    held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with contextlib.suppress(OSError):
            fcntl.flock(held, fcntl.LOCK_EX)
        yield
    finally:
        os.close(held)


def write_all(folder: Path, files: Mapping[str, str | bytes]) -> Sequence[Path]:
    """By name, in the place of what was there. Makes the folder, for this user alone. Raises OSError;
    until all are written in full, none takes its place, nor that of a folder, a device or a pipe."""
    for path in (folder / name for name in files):
        if path.exists() and not path.is_file():
            raise OSError(errno.EINVAL, "it is no file that could be replaced", str(path))
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    written: dict[Path, Path] = {}
    try:
        for name, content in files.items():
            file, made = tempfile.mkstemp(dir=folder, prefix=f".{name}.")  # its mode is 600
            written[Path(made)] = folder / name
            _fill(file, content)
        for temporary, path in written.items():
            temporary.replace(path)
    finally:
        for temporary in written:
            temporary.unlink(missing_ok=True)
    keep_names(folder)
    return list(written.values())


def _let_read(file: int, group: int) -> None:
    try:
        os.fchown(file, -1, group)
    except PermissionError:
        raise PermissionError(errno.EPERM, "its group can read it, and is none of this user's") from None
    os.fchmod(file, PRIVATE | stat.S_IRGRP)


def _fill(file: int, content: str | bytes) -> None:
    with os.fdopen(file, "wb") as opened:
        opened.write(content.encode() if isinstance(content, str) else content)
        opened.flush()
        os.fsync(opened.fileno())
