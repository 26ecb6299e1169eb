"""Files that nobody but this user can read, from their first byte on, and that are there in full or not at all."""

import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

PRIVATE = 0o600


def create(path: Path, text: str) -> None:
    """Raises FileExistsError, also for a link that leads nowhere, and OSError."""
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, PRIVATE)
    try:
        _fill(file, text)
    except OSError:
        path.unlink()
        raise
    _keep(path.parent)


def write(path: Path, text: str) -> None:
    """As `write_all`."""
    write_all(path.parent, {path.name: text})


def write_all(folder: Path, files: Mapping[str, str]) -> Sequence[Path]:
    """By name, in the place of what was there. Makes the folder, for this user alone. Raises OSError;
    until all are written in full, none takes its place."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    written: dict[Path, Path] = {}
    try:
        for name, text in files.items():
            file, made = tempfile.mkstemp(dir=folder, prefix=f".{name}.")  # its mode is 600
            written[Path(made)] = folder / name
            _fill(file, text)
        for temporary, path in written.items():
            temporary.replace(path)
    finally:
        for temporary in written:
            temporary.unlink(missing_ok=True)
    _keep(folder)
    return list(written.values())


def _fill(file: int, text: str) -> None:
    with os.fdopen(file, "w", encoding="utf-8", newline="") as opened:
        opened.write(text)
        opened.flush()
        os.fsync(opened.fileno())


def _keep(folder: Path) -> None:
    """That the names outlast a loss of power."""
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
