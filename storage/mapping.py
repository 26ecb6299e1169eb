"""Maps `flows.model` to its tables, imperatively: the dataclasses know nothing of it. Importing this module does it.

A sealed column is mapped under another name (``answers``: ``_answers_sealed``), with a `SealedField` in front of it.
"""

from typing import Any

from sqlalchemy import Table
from sqlalchemy.orm import registry

from flows import model
from storage import tables
from storage.columns import SealedField

TABLES: dict[type, Table] = {
    model.Onboarding: tables.onboardings,
    model.StepRecord: tables.steps,
    model.Submission: tables.submissions,
    model.Draft: tables.drafts,
    model.Decision: tables.decisions,
    model.TaskRecord: tables.tasks,
    model.Grant: tables.grants,
    model.Expiry: tables.expiries,
    model.Identifier: tables.identifiers,
    model.Posted: tables.posted,
    model.Reminder: tables.reminders,
    model.EffectRecord: tables.effects,
    model.AuditEvent: tables.audit_events,
    model.Person: tables.people,
    model.Member: tables.members,
    model.Departure: tables.departures,
    model.WatchedChannel: tables.watched_channels,
    model.RefusedBlocks: tables.refused_blocks,
    model.ThirdCompany: tables.third_companies,
    model.Call: tables.calls,
    model.Note: tables.notes,
    model.Turn: tables.turns,
    model.RefusedField: tables.refused_fields,
    model.Received: tables.received,
    model.Seen: tables.seen,
}

_TEXTS = {"customer", "reason", "email", "name", "salt", "value", "words", "answer"}
"""Sealed columns that hold text; the others hold JSON."""


def _shown(row: Any) -> str:
    # A dataclass would show every field, including sealed ones, in a log or an exception's text.
    return f"{type(row).__name__}(id={row.id!r})"


def _map() -> None:
    mappers = registry()
    for kind, table in TABLES.items():
        fields = [SealedField(table.name, column.name, is_text=column.name in _TEXTS) for column in tables.sealed_columns(table)]
        properties = {one.attribute: table.c[one._column] for one in fields}  # noqa: SLF001  its own module
        mappers.map_imperatively(
            kind,
            table,
            properties=properties,
            primary_key=[table.c.id],  # an effect is found by its id, too
            version_id_col=table.c.get("version"),
            eager_defaults=False,
        )
        for one in fields:
            setattr(kind, one._column, one)  # noqa: SLF001  its own module
        kind.__repr__ = _shown  # type: ignore[method-assign, assignment]
    mappers.configure()  # rows that no session knows can be read before any query was made


_map()
