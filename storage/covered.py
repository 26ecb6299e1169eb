"""Which rows the audit log answers for. Each commit that changes one of them appends, to its last entry, a keyed digest of the row.

The key is the entry's salt, 128 random bits, sealed: whoever reads the database can neither guess a row's content from its digest
nor make a digest for another content, and rotating the keys changes no digest.
"""

import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from functools import cache, partial
from operator import attrgetter
from typing import Any

from sqlalchemy import Column, event
from sqlalchemy import inspect as inspected
from sqlalchemy.orm import Session

from flows.model import Decision, Expiry, Grant, Member, Onboarding, StepRecord, Submission, TaskRecord
from storage.columns import Moment, Sealed, canonical, moment
from storage.mapping import TABLES
from storage.sealing import Place, SealError, UnknownKey, current
from storage.tables import sealed_columns

UNCOVERED: Mapping[type, frozenset[str]] = {
    Onboarding: frozenset({"version"}),
    StepRecord: frozenset(
        {"turn", "turn_since", "remind_at", "reminded", "reminded_on", "snoozed_until", "escalated_at", "version"}
    ),
    Submission: frozenset(),
    Decision: frozenset(),
    TaskRecord: frozenset(),
    Grant: frozenset({"nudged_at", "version"}),
    Expiry: frozenset({"warned"}),
    Member: frozenset(),
}
"""The kinds of rows that are covered, each with the columns that aren't: clocks of reminders, and counters of writes. What else is not
covered, and why, is in docs/privacy.md."""

GONE = "gone"
"""Stands for a deleted row's digest."""

Key = tuple[type, str]
"""A row's kind and id."""


def name_of(key: Key) -> str:
    """What the log calls a row: ``<table>/<id>``."""
    kind, row_id = key
    return f"{TABLES[kind].name}/{row_id}"


def digest_of_row(salt: str, name: str, content: str) -> str:
    """128 bits, 32 hex digits. ``content``: from `content_of` or `stored_content`."""
    return hmac.digest(salt.encode(), f"{name}\n{content}".encode(), "sha256").hex()[:32]


def content_of(row: Any) -> str:
    """The covered part of a row as it is being written. Raises SealError."""
    kind: type = type(row)
    return canonical([_plain(read(row)) for _, read in _covered(kind)])


def stored_content(kind: type, stored: Mapping[Any, Any]) -> str:
    """The same of a row as `storage.columns.unread` gives it, whatever it contains. Raises UnknownKey."""
    return canonical([_plain(_opened(column, stored)) for column, _ in _covered(kind)])


def _opened(column: Column[Any], stored: Mapping[Any, Any]) -> Any:
    """As it is stored if nobody could have written that: no content that was written is so."""
    value = stored[column.name]
    try:
        if isinstance(column.type, Sealed):
            return current().open(value, Place(column.table.name, column.name, stored["id"]))
        return moment(value) if value is not None and isinstance(column.type, Moment) else value
    except UnknownKey:
        raise
    except (SealError, AttributeError, TypeError, ValueError):
        return ["unreadable", value]


def _plain(value: Any) -> Any:
    match value:
        case datetime():
            return value.astimezone(UTC).isoformat(timespec="microseconds")
        case date():
            return value.isoformat()
        case StrEnum():
            return value.value
        case bytes():
            return ["bytes", value.hex()]
    return value


@cache
def _covered(kind: type) -> Sequence[tuple[Column[Any], Callable[[Any], Any]]]:
    """A kind's covered columns, and how to read each from a row that is being written."""
    table = TABLES[kind]
    fields = {column: getattr(kind, column.name).text for column in sealed_columns(table)}
    return [(column, fields.get(column) or attrgetter(column.name)) for column in table.c if column.name not in UNCOVERED[kind]]


# -- noticing what is written


@dataclass(frozen=True)
class Written:
    """A covered row that a transaction wrote. ``content``: reads the covered part, when all is written; None if it was deleted."""

    onboarding_id: str
    content: Callable[[], str] | None

    @classmethod
    def of(cls, row: Any) -> "Written":
        return cls(_chain_of(row), partial(content_of, row))


class WatchfulSession(Session):
    """Notices which covered rows are added, changed in what is covered, or deleted: `written`."""


def written(session: Session) -> dict[Key, Written]:
    found: dict[Key, Written] = session.info.setdefault("written", {})
    return found


@event.listens_for(WatchfulSession, "before_flush")
def _notice(session: Session, _context: object, _instances: object) -> None:
    found = written(session)
    for row in (*session.new, *session.dirty):
        if type(row) in UNCOVERED and (row in session.new or _is_changed(row)):
            found[type(row), row.id] = Written.of(row)
    for row in session.deleted:
        if type(row) in UNCOVERED:
            found[type(row), row.id] = Written(_chain_of(row), None)


def _chain_of(row: Any) -> str:
    return str(row.id if isinstance(row, Onboarding) else row.onboarding_id)


def _is_changed(row: Any) -> bool:
    state, uncovered = inspected(row), UNCOVERED[type(row)]
    return any(name not in uncovered and state.dict.get(name) != was for name, was in state.committed_state.items())
