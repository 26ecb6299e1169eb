"""Which schema a database has, without Alembic, whose import would slow down startup."""

from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Connection, inspect, text

from storage.tables import REVISION


@dataclass(frozen=True)
class SchemaState:
    """``database`` and ``code``: revisions; an empty database's is empty."""

    kind: Literal["current", "older", "newer", "empty"]
    database: str
    code: str = REVISION


def state_of(connection: Connection) -> SchemaState:
    """Revisions are ascending four-digit numbers, so they compare as text."""
    if not inspect(connection).has_table("alembic_version"):
        return SchemaState("empty", "")
    database = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
    if database is None:
        return SchemaState("empty", "")
    if database == REVISION:
        return SchemaState("current", database)
    return SchemaState("older" if database < REVISION else "newer", database)
