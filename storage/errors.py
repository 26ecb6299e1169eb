"""What can go wrong with a database, as this project's errors. They never contain SQL, parameters, or rows."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm.exc import StaleDataError

Kind = Literal["locked", "full", "read_only", "unreachable", "too_old", "too_new"]


class Conflict(Exception):  # noqa: N818  reads as what happened
    """Another writer was first: the same row, the same id, or a second open onboarding in a channel. Can be retried."""


class Unavailable(Exception):  # noqa: N818  reads as what happened
    """The database can't be read or written now. ``kind`` says why; ``too_old`` and ``too_new`` are about its schema."""

    def __init__(self, kind: Kind) -> None:
        super().__init__(kind)
        self.kind: Kind = kind


_SQLITE: dict[str, Kind] = {
    "SQLITE_BUSY": "locked",
    "SQLITE_LOCKED": "locked",
    "SQLITE_FULL": "full",
    "SQLITE_READONLY": "read_only",
    "SQLITE_CANTOPEN": "unreachable",
    "SQLITE_IOERR": "unreachable",
    "SQLITE_NOTADB": "unreachable",
    "SQLITE_CORRUPT": "unreachable",
}

_POSTGRESQL: dict[str, Kind] = {  # SQLSTATE, or its two-character class
    "55P03": "locked",
    "57014": "locked",  # statement_timeout, lock_timeout
    "53": "full",
    "25006": "read_only",
    "08": "unreachable",
    "57": "unreachable",
    "42P01": "too_old",
    "42703": "too_old",
}

_RETRIED = ("40001", "40P01", "23")
"""Serialization failure, deadlock, integrity."""


def translated(error: BaseException) -> Exception | None:
    """The project's error for a SQLAlchemy or driver error; None for any other."""
    if isinstance(error, StaleDataError | IntegrityError):
        return Conflict("another writer was first")
    if isinstance(error, PoolTimeoutError):
        return Unavailable("locked")
    if isinstance(error, DBAPIError):
        return _of_driver(error.orig, invalidated=error.connection_invalidated)
    return None


def _of_driver(error: BaseException | None, *, invalidated: bool) -> Exception | None:
    if isinstance(error, sqlite3.Error):
        if "no such table" in str(error) or "no such column" in str(error) or "has no column" in str(error):
            return Unavailable("too_old")
        # Extended codes append the reason to the code: SQLITE_BUSY_SNAPSHOT.
        name = getattr(error, "sqlite_errorname", None) or ""
        kind = _SQLITE.get("_".join(name.split("_")[:2]))
        return Unavailable(kind) if kind else None
    state = getattr(error, "sqlstate", None) or ""
    if state.startswith(_RETRIED):
        return Conflict("another writer was first")
    kind = _POSTGRESQL.get(state) or _POSTGRESQL.get(state[:2])
    if kind is None and (invalidated or not state):
        kind = "unreachable"
    return Unavailable(kind) if kind else None


@contextmanager
def translating() -> Iterator[None]:
    """Raise the project's errors instead of the database's, whose texts may contain SQL and rows."""
    try:
        yield
    except Exception as error:
        known = translated(error)
        if known is None:
            raise
        raise known from None
