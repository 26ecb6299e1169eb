"""Maps `flows.model` to its tables, imperatively: the dataclasses know nothing of it. Importing this module does it.

A sealed field is a descriptor in front of a mapped attribute (``answers``: ``_answers_sealed``) that holds the sealed text.
Reading opens it; assigning replaces it, and it is sealed with the row's id when written. A change inside a sealed dict
is NOT detected, since each read returns a fresh one: assign a new dict.
"""

import json
from typing import Any

from sqlalchemy import Table
from sqlalchemy.orm import registry

from flows import model
from storage import tables
from storage.columns import canonical
from storage.sealing import Place, Plain, current


class SealedField:
    """A field that is plain in code and sealed at rest."""

    def __init__(self, table: str, column: str, *, is_text: bool) -> None:
        self._table, self._column, self._is_text = table, column, is_text
        self.attribute = f"_{column}_sealed"
        self._opened = f"_{column}_opened"

    def __get__(self, row: Any, kind: type | None = None) -> Any:
        if row is None:
            return self
        text = self._text(row)
        return text if self._is_text else json.loads(text)

    def __set__(self, row: Any, value: Any) -> None:
        text = value if self._is_text else canonical(value)
        if row.__dict__.get(self.attribute) is None or self._text(row) != text:
            setattr(row, self.attribute, Plain(text, self._place(row)))

    def _place(self, row: Any) -> Place:
        return Place(self._table, self._column, row.id)

    def _text(self, row: Any) -> str:
        held = getattr(row, self.attribute)
        if isinstance(held, Plain):
            return held.text
        # Opened once: the opened text is kept with the sealed text it came from.
        sealed, text = row.__dict__.get(self._opened, (None, ""))
        if sealed != held:
            text = current().open(held, self._place(row))
            row.__dict__[self._opened] = (held, text)
        return str(text)


TABLES: dict[type, Table] = {
    model.Onboarding: tables.onboardings,
    model.StepRecord: tables.steps,
    model.Submission: tables.submissions,
    model.Draft: tables.drafts,
    model.Decision: tables.decisions,
    model.TaskRecord: tables.tasks,
    model.Grant: tables.grants,
    model.Expiry: tables.expiries,
    model.Posted: tables.posted,
    model.EffectRecord: tables.effects,
    model.AuditEvent: tables.audit_events,
    model.Person: tables.people,
    model.Member: tables.members,
    model.Received: tables.received,
    model.Seen: tables.seen,
}

_TEXTS = {"customer", "reason", "email", "name", "salt"}
"""Sealed columns that hold text; the others hold JSON."""


def _shown(row: Any) -> str:
    # A dataclass would show every field, including sealed ones, in a log or an exception's text.
    return f"{type(row).__name__}(id={row.id!r})"


def _map() -> None:
    mappers = registry()
    for kind, table in TABLES.items():
        fields = [SealedField(table.name, column.name, is_text=column.name in _TEXTS) for column in tables.sealed_columns(table)]
        properties = {one.attribute: table.c[one._column] for one in fields}  # noqa: SLF001  its own module
        mappers.map_imperatively(kind, table, properties=properties, version_id_col=table.c.get("version"), eager_defaults=False)
        for one in fields:
            setattr(kind, one._column, one)  # noqa: SLF001  its own module
        kind.__repr__ = _shown  # type: ignore[method-assign, assignment]


_map()
