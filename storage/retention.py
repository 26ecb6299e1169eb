"""Delete what was stored only so that nothing is done twice (records of clicks, handled events, finished effects), and searches."""

from datetime import timedelta

from sqlalchemy import ColumnElement, Table, delete, select

from flows.model import SEARCH_LASTS, SEARCHED
from storage.store import Store
from storage.tables import drafts, effects, received, seen
from storage.unit import Unit

BATCH = 500
"""Rows per transaction: on SQLite, a click's write waits behind it."""


async def purge(store: Store, older_than: timedelta, batch: int = BATCH) -> dict[str, int]:
    """Delete what ended longer ago than ``older_than``, ``batch`` rows per transaction; searches by their own age. Returns how many rows of
    each table.

    What still waits, unhandled events, and failed effects (support can retry them) stay, whatever their age.
    """
    async with store.read() as unit:
        before, searched = unit.now - older_than, unit.now - SEARCH_LASTS
    ended: tuple[tuple[Table, ColumnElement[bool]], ...] = (
        (seen, seen.c.at < before),
        (received, received.c.handled_at < before),
        (effects, effects.c.state.in_(("done", "dropped")) & (effects.c.created_at < before)),
        (drafts, (drafts.c.form == SEARCHED) & (drafts.c.onboarding_id == "") & (drafts.c.at < searched)),
    )
    return {table.name: await _purge(store, table, wanted, batch) for table, wanted in ended}


async def _purge(store: Store, table: Table, wanted: ColumnElement[bool], batch: int) -> int:
    some = select(table.c.id).where(wanted).limit(batch)

    async def work(unit: Unit) -> int:
        gone = delete(table).where(table.c.id.in_(some)).returning(table.c.id)
        return len((await unit.session.execute(gone)).all())

    deleted = 0
    while some_gone := await store.transact(work):
        deleted += some_gone
    return deleted
