"""Let go of what was kept only so that nothing is done twice: marks of clicks, events that were handled, effects that were done."""

from datetime import timedelta

from sqlalchemy import ColumnElement, Table, delete, select

from storage.store import Store
from storage.tables import effects, received, seen
from storage.unit import Unit

BATCH = 500
"""Rows a transaction: a click's write waits behind it on SQLite."""


async def purge(store: Store, older_than: timedelta) -> dict[str, int]:
    """Delete what ended so long ago, a batch a transaction; how many rows of each table.

    What still waits, an event that was not handled and an effect that failed (support can retry it) stay, whatever their age.
    """
    async with store.read() as unit:
        before = unit.now - older_than
    ended: tuple[tuple[Table, ColumnElement[bool]], ...] = (
        (seen, seen.c.at < before),
        (received, received.c.handled_at < before),
        (effects, effects.c.state.in_(("done", "dropped")) & (effects.c.created_at < before)),
    )
    return {table.name: await _purge(store, table, wanted) for table, wanted in ended}


async def _purge(store: Store, table: Table, wanted: ColumnElement[bool]) -> int:
    some = select(table.c.id).where(wanted).limit(BATCH)

    async def work(unit: Unit) -> int:
        gone = delete(table).where(table.c.id.in_(some)).returning(table.c.id)
        return len((await unit.session.execute(gone)).all())

    deleted = 0
    while batch := await store.transact(work):
        deleted += batch
    return deleted
