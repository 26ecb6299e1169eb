"""Which rows the audit log answers for. Each commit that changes one of them appends, to its last entry, two keyed digests of the row: as
it found it, and as it left it. A row that was changed in between stays found, whatever is written to it afterwards.

The key is the salt of the chain's head, 128 random bits, sealed: whoever reads the database can neither guess a row's content from its
digest nor make a digest for another content, and rotating the keys changes no digest.
"""

import hmac
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import cache, partial
from typing import Any

from sqlalchemy import Column, Table, bindparam, event, select
from sqlalchemy import inspect as inspected
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import Session

from flows.model import Call, Decision, Expiry, Grant, Member, Note, Onboarding, StepRecord, Submission, TaskRecord, ThirdCompany
from storage.columns import Json, Moment, Sealed, canonical, moment, unread
from storage.mapping import TABLES
from storage.sealing import Place, Plain, SealError, UnknownKey, current
from storage.tables import sealed_columns

UNCOVERED: Mapping[type, frozenset[str]] = {
    Onboarding: frozenset({"pressed_at", "version"}),
    StepRecord: frozenset(
        {
            "turn",
            "turn_since",
            "remind_at",
            "reminded",
            "reminded_on",
            "customer_snoozed_until",
            "support_snoozed_until",
            "escalate_at",
            "escalated_at",
            "version",
        }
    ),
    Submission: frozenset(),
    Decision: frozenset(),
    TaskRecord: frozenset(),
    Grant: frozenset({"nudged_at", "version"}),
    Expiry: frozenset({"warned"}),
    Member: frozenset(),
    ThirdCompany: frozenset(),
    Call: frozenset(),
    Note: frozenset(),
}
"""The kinds of rows that are covered, each with the columns that aren't: clocks of reminders and of the first press, and counters of
writes. What else is not covered, and why, is in docs/privacy.md."""

NEW, GONE = "", "gone"
"""Stand for the digest of a row that wasn't there, and of one that was deleted."""

Key = tuple[type, str]
"""A row's kind and id."""


def name_of(key: Key) -> str:
    """What the log calls a row: ``<table>/<id>``."""
    kind, row_id = key
    return f"{TABLES[kind].name}/{row_id}"


def digest_of_row(salt: str, name: str, content: str) -> str:
    """128 bits, 32 hex digits. ``content``: from `content_of` or `stored_content`."""
    return hmac.digest(salt.encode(), f"{name}\n{content}".encode(), "sha256").hex()[:32]


def content_of(row: Any, before: Mapping[str, Any] | None = None) -> str:
    """The covered part of a row as it is being written. ``before``: attributes as they were. Raises UnknownKey."""
    kind: type = type(row)
    stored = {name: row.__dict__.get(name) for _, name in _covered(kind)} | {"id": row.id} | dict(before or {})
    return canonical([_plain(_opened(column, stored[name], row.id)) for column, name in _covered(kind)])


def stored_content(kind: type, stored: Mapping[Any, Any], listed: AbstractSet[str]) -> str:
    """The same of a row as `storage.columns.unread` gives it, whatever it contains. Raises UnknownKey for a key that is ``listed``."""
    return canonical([_plain(_opened(column, stored[column.name], stored["id"], listed)) for column, _ in _covered(kind)])


def _opened(column: Column[Any], value: Any, row_id: str, listed: AbstractSet[str] | None = None) -> Any:
    """As it is stored if nobody could have written that: no content that was written is so. ``listed``: ids of the keys that may have
    sealed it, by default any."""
    try:
        if isinstance(column.type, Sealed):
            place = Place(column.table.name, column.name, row_id)
            return value.text if isinstance(value, Plain) else current().open(value, place)
        if isinstance(column.type, Json):
            return value if isinstance(value, str) else canonical(value)  # lists and objects are kept as text
        return moment(value) if value is not None and isinstance(column.type, Moment) else value
    except (SealError, AttributeError, TypeError, ValueError) as error:
        if isinstance(error, UnknownKey) and (listed is None or not listed.isdisjoint(error.key_ids)):
            raise
        return ["unreadable", _plain(value)]


def _plain(value: Any) -> Any:
    match value:
        case bool():
            return int(value)  # as SQLite keeps it
        case datetime():
            return value.isoformat(timespec="microseconds")
        case date():
            return value.isoformat()
        case StrEnum():
            return value.value
        case bytes():
            return ["bytes", value.hex()]
        case float():
            return repr(value)
    return value


@cache
def _covered(kind: type) -> Sequence[tuple[Column[Any], str]]:
    """A kind's covered columns, each with the name of the mapped attribute."""
    table = TABLES[kind]
    sealed = {column.name: getattr(kind, column.name).attribute for column in sealed_columns(table)}
    return [(column, sealed.get(column.name, column.name)) for column in table.c if column.name not in UNCOVERED[kind]]


def chain_column(table: Table) -> Any:
    """The column of a covered table that names the onboarding."""
    return table.c.id if table is TABLES[Onboarding] else table.c.onboarding_id


_ROWS = {kind: select(*unread(TABLES[kind])).where(chain_column(TABLES[kind]) == bindparam("chain")) for kind in UNCOVERED}


async def rows_of(connection: AsyncConnection, chain_id: Any) -> Sequence[tuple[Key, Mapping[Any, Any]]]:
    """All covered rows of an onboarding, as `unread` gives them."""
    found = []
    for kind, rows in _ROWS.items():
        found += [((kind, row["id"]), row) for row in (await connection.execute(rows, {"chain": chain_id})).mappings()]
    return found


async def contents_of(connection: AsyncConnection, chain_id: str, listed: AbstractSet[str]) -> dict[Key, str]:
    """The covered parts of an onboarding's rows. ``listed``, and what is raised: as `stored_content`."""
    return {key: stored_content(key[0], row, listed) for key, row in await rows_of(connection, chain_id)}


# -- noticing what is written


@dataclass(frozen=True)
class Written:
    """A covered row that a transaction wrote. ``was``: its covered part as it was found; None if it is new. ``content``: reads it, when
    all is written; None if it was deleted."""

    onboarding_id: str
    was: str | None
    content: Callable[[], str] | None

    @classmethod
    def between(cls, onboarding_id: str, was: str | None, content: str | None) -> "Written":
        """Of a row that was written by statements of its own. None: it wasn't there, or isn't any more."""
        return cls(onboarding_id, was, None if content is None else lambda: content)


class WatchfulSession(Session):
    """Notices which covered rows are added, changed in what is covered, or deleted: `written`."""


def written(session: Session) -> dict[Key, Written]:
    found: dict[Key, Written] = session.info.setdefault("written", {})
    return found


@event.listens_for(WatchfulSession, "before_flush")
def _notice(session: Session, _context: object, _instances: object) -> None:
    found = written(session)
    for row in session.deleted:  # first: another may be added in its place
        if type(row) in UNCOVERED:
            _note(found, row, inspected(row).committed_state, None)
    for row in session.new:
        if type(row) in UNCOVERED:
            _note(found, row, None, partial(content_of, row))
    for row in session.dirty:
        if type(row) in UNCOVERED and (before := _changed(row)):
            _note(found, row, before, partial(content_of, row))


def _note(found: dict[Key, Written], row: Any, before: Mapping[str, Any] | None, content: Callable[[], str] | None) -> None:
    """It was found as it was before the first of several changes."""
    key: Key = type(row), row.id
    known = found.get(key)
    was = known.was if known is not None else None if before is None else content_of(row, before)
    found[key] = Written(_chain_of(row), was, content)


def _chain_of(row: Any) -> str:
    return str(row.id if isinstance(row, Onboarding) else row.onboarding_id)


def _changed(row: Any) -> Mapping[str, Any]:
    """The covered attributes that differ, as they were."""
    state, uncovered = inspected(row), UNCOVERED[type(row)]
    return {name: was for name, was in state.committed_state.items() if name not in uncovered and state.dict.get(name) != was}
