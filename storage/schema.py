"""Which schema a database has, told without Alembic, whose import would slow the start down."""

from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Connection, inspect, text

from storage.tables import REVISION


@dataclass(frozen=True)
class SchemaState:
    """``database`` and ``code`` are revisions; that of an empty database is empty."""

    kind: Literal["current", "older", "newer", "empty"]
    database: str
    code: str = REVISION


def state_of(connection: Connection) -> SchemaState:
    """Revisions are numbered upwards in four digits, so that they compare as text."""
    if not inspect(connection).has_table("alembic_version"):
        return SchemaState("empty", "")
    database = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
    if database is None:
        return SchemaState("empty", "")
    if database == REVISION:
        return SchemaState("current", database)
    return SchemaState("older" if database < REVISION else "newer", database)
