"""Reads one whole onboarding by one statement, each row as a JSON array: SQLAlchemy takes longer for a statement than the database.

In a write, the rows belong to the session, which notices and writes what is changed; otherwise they are for reading only:
setting a field raises AttributeError.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Select,
    Text,
    bindparam,
    cast,
    func,
    literal_column,
    select,
    union,
    union_all,
)
from sqlalchemy import inspect as inspected
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from sqlalchemy.orm import Mapper, make_transient_to_detached
from sqlalchemy.orm.attributes import set_committed_value

from flows.model import (
    Call,
    Decision,
    Draft,
    Grant,
    Member,
    Note,
    Onboarding,
    Person,
    Posted,
    Reminder,
    StepRecord,
    Submission,
    TaskRecord,
    ThirdCompany,
)
from storage.mapping import TABLES
from storage.reading import DamagedError, plain_row, values_of
from storage.sqlite import QUICK
from storage.tables import members, onboardings, people

_ORDER: Mapping[type, tuple[str, ...]] = {
    Onboarding: (),
    StepRecord: ("position",),
    Submission: ("step_id", "revision"),
    TaskRecord: ("at", "id"),
    Decision: ("at", "id"),
    Grant: ("step_id", "id"),
    Member: ("role", "id"),
    ThirdCompany: ("id",),
    Call: ("at", "id"),
    Note: ("at", "id"),
    Draft: ("id",),
    Posted: ("id",),
    Reminder: ("id",),
    Person: (),
}
"""The kinds of rows that make up an onboarding, each with its order. The only person is the lead."""

KINDS = tuple(_ORDER)
Whole = dict[tuple[type, str], Any]
"""An onboarding's rows by kind and id."""


def _statement(array: Callable[..., Any]) -> CompoundSelect[Any]:
    """``array``: the database's function for a JSON array."""
    wanted: ColumnElement[str] = bindparam("onboarding_id")
    parts: list[Select[*tuple[Any, ...]]] = []
    for number, kind in enumerate(KINDS):
        table = TABLES[kind]
        part: Select[*tuple[Any, ...]] = select(
            literal_column(str(number)).label("kind"), cast(array(*table.c), Text).label("row")
        )
        if kind is Person:
            theirs = select(onboardings.c.team_id + "/" + onboardings.c.lead_id).where(onboardings.c.id == wanted)
            ours = select(members.c.team_id + "/" + members.c.user_id).where(members.c.onboarding_id == wanted)
            ours = ours.join(onboardings, onboardings.c.id == members.c.onboarding_id)
            ours = ours.where(members.c.user_id == onboardings.c.lead_id)
            part = part.where(people.c.id.in_(union(theirs, ours)))
        else:
            part = part.where((table.c.id if kind is Onboarding else table.c.onboarding_id) == wanted)
        parts.append(part)
    return union_all(*parts).execution_options(**{QUICK: True})


_STATEMENTS = {"sqlite": _statement(func.json_array), "postgresql": _statement(func.json_build_array)}
_LOCK = select(onboardings.c.id).where(onboardings.c.id == bindparam("onboarding_id")).with_for_update()


async def read_whole(
    connection: AsyncConnection, onboarding_id: str, session: AsyncSession | None, *, locks: bool
) -> Whole | None:
    """All its rows in order; None if there are none. Raises DamagedError. ``session``: which they belong to; None if they are only read.
    ``locks``: its other writers wait from here on."""
    wanted = {"onboarding_id": onboarding_id}
    if locks and (await connection.execute(_LOCK, wanted)).first() is None:
        return None
    try:
        found = (await connection.execute(_STATEMENTS[connection.dialect.name], wanted)).all()
    except OperationalError as error:
        if "BLOB" not in str(error.orig):
            raise
        raise DamagedError(f"{onboarding_id}: a value is bytes, which the bot never writes") from None
    by_kind: dict[type, list[Any]] = {kind: [] for kind in KINDS}
    for number, text in found:
        kind = KINDS[number]
        values = values_of(kind, json.loads(text))
        by_kind[kind].append(plain_row(kind, values) if session is None else tracked_row(session, kind, values, outdated=locks))
    if not by_kind[Onboarding]:
        return None
    for kind, rows in by_kind.items():
        rows.sort(key=lambda row, names=_ORDER[kind]: [_sortable(getattr(row, name)) for name in names])  # type: ignore[misc]
    return {(kind, row.id): row for kind, rows in by_kind.items() for row in rows}


def _sortable(value: Any) -> tuple[bool, Any]:
    """None comes first."""
    return value is not None, value


def tracked_row(session: AsyncSession, kind: type, values: Mapping[str, Any], *, outdated: bool = False) -> Any:
    """The session's own, if it knows the row. ``outdated``: what it knows may have been read before others' changes were locked
    out."""
    mapper: Mapper[Any] = inspected(kind)
    known = session.identity_map.get(mapper.identity_key_from_primary_key((values["id"],)))
    if known is not None:
        for name, value in values.items() if outdated else ():
            set_committed_value(known, name, value)
        return known
    row = mapper.class_manager.new_instance()
    row.__dict__.update(values)
    make_transient_to_detached(row)
    session.add(row)
    return row
