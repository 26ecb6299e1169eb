"""Which schema a database has, without Alembic, whose import would slow down startup."""

import re
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Connection, inspect, text

from storage.tables import REVISION, onboardings

NEEDED = frozenset({"alembic_version", onboardings.name})
"""Tables that are in every database of the bot."""


@dataclass(frozen=True)
class SchemaState:
    """``database`` and ``code``: revisions; an empty database's is empty. ``altered``: what stands there is no revision, or
    there are tables, but none stands there."""

    kind: Literal["current", "older", "newer", "empty", "altered"]
    database: str
    code: str = REVISION


def state_of(connection: Connection) -> SchemaState:
    """Revisions are ascending four-digit numbers, so they compare as text."""
    there = inspect(connection)
    known = there.has_table("alembic_version")
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalars().all() if known else ()
    if not found:
        return SchemaState("altered" if there.has_table(onboardings.name) else "empty", "")
    database = str(found[0])
    if len(found) > 1 or not re.fullmatch("[0-9]{4}", database):
        return SchemaState("altered", "")
    if database == REVISION:
        return SchemaState("current", database)
    return SchemaState("older" if database < REVISION else "newer", database)
