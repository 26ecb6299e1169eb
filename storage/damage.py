"""Finds, in what the log does not cover, values that this program can't have written, or that nobody can open: who needs them can't go on.

What the log covers is compared with it (`storage.verify`).
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from sqlalchemy import Column, Table, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import keys
from storage.columns import Sealed, unread
from storage.covered import UNCOVERED
from storage.mapping import TABLES
from storage.reading import DamagedError, read_value
from storage.sealing import Place, SealError, UnknownKey, current, printable
from storage.tables import audit_events, audit_heads, id_column, metadata

BATCH = 500
"""Rows in memory at once."""

_COVERED: Mapping[Table, AbstractSet[str]] = {TABLES[kind]: columns for kind, columns in UNCOVERED.items()}


async def damage(connection: AsyncConnection) -> Sequence[str]:
    """Where each such value is, and on SQLite what somebody left there that acts or hides. What needs a key that is listed and lacking is
    left out."""
    found, listed = await _left_there(connection), await keys.listed(connection)
    for table in metadata.sorted_tables:
        columns = [column for column in table.c if column.name in _COVERED.get(table, table.c.keys())]
        if columns and table not in (audit_events, audit_heads):
            async for row in _rows(connection, table):
                found += [wrong for column in columns if (wrong := _wrong(column, row, row[id_column(table).name], listed))]
    return found


async def _left_there(connection: AsyncConnection) -> list[str]:
    """PostgreSQL is another's to administer: triggers for copies of it, for instance, are no sign of anything."""
    if connection.dialect.name != "sqlite":
        return []
    found = await connection.exec_driver_sql(
        "SELECT type, name FROM sqlite_master WHERE type IN ('trigger', 'view') ORDER BY name"
    )
    return [f"a {one.type} that the bot never makes: {printable(one.name)}" for one in found]


async def _rows(connection: AsyncConnection, table: Table) -> AsyncIterator[Mapping[Any, Any]]:
    read, query = 0, select(*unread(table)).order_by(*table.primary_key)
    while True:
        found = (await connection.execute(query.limit(BATCH).offset(read))).mappings().all()
        for row in found:
            yield row
        read += len(found)
        if len(found) < BATCH:
            return


def _wrong(column: Column[Any], row: Mapping[Any, Any], row_id: Any, listed: AbstractSet[str]) -> str:
    try:
        value = read_value(column, row[column.name], row_id)
        if isinstance(column.type, Sealed):
            current().open(value, Place(column.table.name, column.name, row_id))
    except UnknownKey as error:
        return str(keys.unlisted(keys.where(error), error.key_ids[0])) if listed.isdisjoint(error.key_ids) else ""
    except (DamagedError, SealError) as error:
        return str(error)
    return ""
