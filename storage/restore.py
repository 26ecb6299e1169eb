"""A backup was restored: what the store says is older than what was done outside."""

from sqlalchemy import and_, delete, literal_column, select, update

from flows.outbox import Draw, Redraw
from storage.tables import effects, onboardings, seen
from storage.unit import Unit

_OPEN = effects.c.state.in_([literal_column("'waiting'"), literal_column("'running'")])
_OF_OPEN = effects.c.onboarding_id.in_(
    select(onboardings.c.id).where(onboardings.c.closed_at.is_(None), onboardings.c.erased_at.is_(None))
)


async def doubt(unit: Unit, marks: str) -> None:
    """Every effect that isn't done may have been done after the backup: it is looked for before it is done, as after a crash.

    Drawings of open onboardings that wait are dropped, since they would hide what Slack still shows of the lost time: ask for all of
    them anew. ``marks``: what begins so is new again for `Unit.once`.
    """
    of_messages = and_(effects.c.kind.in_((Draw.kind, Redraw.kind)), _OF_OPEN)
    await unit.session.execute(update(effects).where(_OPEN, of_messages).values(state="dropped", holder=""))
    await unit.session.execute(update(effects).where(_OPEN, effects.c.attempts == 0).values(attempts=1))
    await unit.session.execute(delete(seen).where(seen.c.id.startswith(marks)))
