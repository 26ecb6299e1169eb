"""A backup was restored: what the store says is older than what was done outside."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, and_, delete, func, literal_column, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from flows.outbox import Draw, Redraw
from storage.tables import audit_events, effects, onboardings, seen
from storage.unit import Unit

_OPEN = effects.c.state.in_([literal_column("'waiting'"), literal_column("'running'")])
_OF_OPEN = effects.c.onboarding_id.in_(
    select(onboardings.c.id).where(onboardings.c.closed_at.is_(None), onboardings.c.erased_at.is_(None))
)


async def newest_entry(connection: AsyncConnection) -> datetime | None:
    """When the newest entry of the audit log was written; None if there is none."""
    newest: datetime | None = (await connection.execute(select(func.max(audit_events.c.at)))).scalar()
    return newest


def erased(connection: Connection, *, gone: bool = True) -> Collection[str]:
    """The ids of onboardings that were erased; or of all others."""
    columns = onboardings.c
    found = columns.erased_at.is_not(None) if gone else columns.erased_at.is_(None)
    return set(connection.execute(select(columns.id).where(found)).scalars())


async def doubt(unit: Unit, marks: str) -> None:
    """Every effect that isn't done may have been done after the backup: it is looked for before it is done, as after a crash.

    Drawings of open onboardings that wait are dropped, since they would hide what Slack still shows of the lost time: ask for all of
    them anew. ``marks``: what begins so is new again for `Unit.once`.
    """
    of_messages = and_(effects.c.kind.in_((Draw.kind, Redraw.kind)), _OF_OPEN)
    await unit.session.execute(update(effects).where(_OPEN, of_messages).values(state="dropped", holder=""))
    await unit.session.execute(update(effects).where(_OPEN, effects.c.attempts == 0).values(attempts=1))
    await unit.session.execute(delete(seen).where(seen.c.id.startswith(marks)))
