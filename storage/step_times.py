"""How long steps took, by the day in UTC on which they were done. A day that is over is added up once, so that the report reads a few sums
for each day instead of all turns (docs/decisions/0036); what was done since then is added to them as it is read.
"""

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from datetime import time as time_of_day
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    and_,
    bindparam,
    cast,
    delete,
    distinct,
    exists,
    func,
    insert,
    not_,
    select,
    type_coerce,
)
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import NullType

from flows.report import TimeSpent
from flows.state import StepState
from storage.literals import text_of
from storage.reading import DamagedError, read_value
from storage.tables import step_days, turns

LATE = timedelta(hours=1)
"""So long after its end a day is added up: until then, what happened on it has been committed."""
MARK = "-"
"""In place of a step and a side: the day was added up, also if nothing was done on it."""
BEGINNING, END = datetime(1970, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)
_DAY = timedelta(days=1)


async def of_steps_done(connection: AsyncConnection, since: datetime | None) -> Sequence[TimeSpent]:
    """Of steps that were done on the day of ``since`` or later; without it, of all."""
    first = since.date() if since is not None else None
    known = await _last_day(connection)
    columns = step_days.c
    sums = select(columns.step_id, columns.side, func.sum(columns.onboardings), func.sum(columns.seconds))
    sums = sums.where(columns.side != MARK).group_by(columns.step_id, columns.side)
    rows = list(await connection.execute(sums if first is None else sums.where(columns.day >= first))) if known else []
    fresh = max((day for day in (first, known and known + _DAY) if day), default=None)
    rows += await connection.execute(_DONE, {"since": _midnight(fresh) if fresh else BEGINNING, "until": END})
    onboardings, seconds = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for step, side, count, total in rows:
        onboardings[step, side] += int(count)
        seconds[step, side] += int(total)
    return [TimeSpent(*which, onboardings[which], seconds[which]) for which in sorted(onboardings)]


async def of_turns(connection: AsyncConnection, since: datetime | None, onboarding_id: str) -> Sequence[TimeSpent]:
    """Of one onboarding all turns that ended since then, also on steps that aren't done."""
    query = select(turns.c.step_id, turns.c.side, func.sum(cast(turns.c.seconds, Integer)))
    query = query.where(turns.c.onboarding_id == onboarding_id, *([turns.c.ended_at >= since] if since is not None else []))
    query = query.group_by(turns.c.step_id, turns.c.side).order_by(turns.c.step_id, turns.c.side)
    return [TimeSpent(step, side, 1, int(total)) for step, side, total in await connection.execute(query)]


async def add_up_a_day(connection: AsyncConnection, now: datetime) -> bool:
    """Add up the first day that is over and wasn't yet. False if there is none."""
    known = await _last_day(connection)
    if known is None:
        await connection.execute(delete(step_days))  # what is there, nobody could have written
        first = await connection.scalar(select(_as_stored(func.min(turns.c.ended_at))).where(_is_done(turns)))
        with suppress(DamagedError):
            if (began := read_value(turns.c.ended_at, first)) is not None:
                known = began.date() - _DAY
    if known is None or _midnight(known + 2 * _DAY) + LATE > now:
        return False
    day = known + _DAY
    within = {"since": _midnight(day), "until": _midnight(day + _DAY)}
    rows = [
        {"day": day, "step_id": step, "side": side, "onboardings": count, "seconds": int(seconds)}
        for step, side, count, seconds in await connection.execute(_DONE, within)
    ]
    mark = {"day": day, "step_id": MARK, "side": MARK, "onboardings": 0, "seconds": 0}
    await connection.execute(insert(step_days).values([*rows, mark]))  # in one statement: see `storage.outbox`
    return True


async def _last_day(connection: AsyncConnection) -> date | None:
    """The last day that was added up. None if there is none, also if that can't be read."""
    with suppress(DamagedError):
        last = select(_as_stored(func.max(step_days.c.day))).where(step_days.c.step_id == MARK, step_days.c.side == MARK)
        day: date | None = read_value(step_days.c.day, await connection.scalar(last))
        return day
    return None


def _done() -> Select[Any]:
    """By step and side, of steps that were done from ``since`` on and before ``until``: how many, and the seconds of the turns that led to
    it. Of a step that was done before and reopened, those since then."""
    last, before, turn = turns.alias("last"), turns.alias("before"), turns.alias("turn")
    earlier = exists().where(_is_same(before, last), _is_done(before), before.c.ended_at < last.c.ended_at)
    earlier = earlier.where(before.c.ended_at >= turn.c.ended_at)
    query = select(turn.c.step_id, turn.c.side, func.count(distinct(last.c.id)), func.sum(cast(turn.c.seconds, Integer)))
    query = query.join_from(last, turn, _is_same(turn, last))
    query = query.where(_is_done(last), turn.c.ended_at <= last.c.ended_at, not_(earlier.correlate(last, turn)))
    query = query.where(last.c.ended_at >= bindparam("since"), last.c.ended_at < bindparam("until"))
    return query.group_by(turn.c.step_id, turn.c.side)


def _is_same(one: Any, other: Any) -> ColumnElement[bool]:
    return and_(one.c.onboarding_id == other.c.onboarding_id, one.c.step_id == other.c.step_id)


def _is_done(turn: Any) -> ColumnElement[bool]:
    """In the words of the index."""
    done: ColumnElement[bool] = turn.c.next_state == text_of(StepState.DONE)
    return done


_DONE = _done()


def _as_stored(value: Any) -> Any:
    return type_coerce(value, NullType())


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time_of_day(), UTC)
