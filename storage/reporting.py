"""What the report asks of the database: sums and counts by SQL, so that ten thousand onboardings cost no more memory than ten.

Of what is sealed, only the names of the customers that a report names are opened. On SQLite the statements run in the reader's thread:
none is `QUICK`.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, and_, case, cast, distinct, func, literal, select, tuple_, type_coerce
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import NullType

from flows.model import Onboarding
from flows.people import Side
from flows.report import MOST, Figures, GoLiveAtRisk, Ratings, RefusedOften, ReviewTimes, TimeSpent, WaitingNow
from flows.state import ENDED, StepState
from storage.columns import unread
from storage.customers import readable_name
from storage.reading import DamagedError, read_value, readable_part
from storage.tables import onboardings, refused_fields, steps, turns

_WHOLE = onboardings.c
_SECONDS = cast(turns.c.seconds, Integer)
"""Where somebody wrote something else, which SQLite takes, it counts as nothing."""
_REVIEWED = and_(
    turns.c.side == Side.SUPPORT.value,
    turns.c.state == StepState.SUBMITTED.value,
    turns.c.next_state != StepState.SUBMITTED.value,  # sent anew before anybody decided
)


async def figures(connection: AsyncConnection, since: datetime | None, onboarding_id: str) -> Figures:
    """As `flows.ports.Unit`."""
    of_turns = _narrowed(turns.c.ended_at, since, turns.c.onboarding_id, onboarding_id)
    started, closed, now_open = (await connection.execute(_counts(since, onboarding_id))).one()
    return Figures(
        started=started or 0,
        closed=closed or 0,
        open=now_open or 0,
        times=await _times(connection, of_turns),
        waiting=await _waiting(connection, onboarding_id),
        reviews=await _reviews(connection, of_turns),
        refused=await _refused(connection, since, onboarding_id),
        ratings=await _ratings(connection, since, onboarding_id),
    )


async def usual_seconds(connection: AsyncConnection, since: datetime) -> Mapping[str, float]:
    """As `flows.ports.Unit`."""
    which = (turns.c.onboarding_id, turns.c.step_id)
    each = select(*which, func.sum(_SECONDS).label("seconds")).where(turns.c.ended_at >= since).group_by(*which).subquery().c
    of_step = and_(steps.c.id == each.onboarding_id + ":" + each.step_id, steps.c.state == StepState.DONE)
    query = select(each.step_id, func.avg(each.seconds)).join(steps, of_step).group_by(each.step_id)
    return {step_id: float(seconds) for step_id, seconds in await connection.execute(query)}


async def at_risk(
    connection: AsyncConnection, today: date, ready: Mapping[tuple[str, str], date], onboarding_id: str
) -> tuple[Sequence[GoLiveAtRisk], int]:
    """As `flows.ports.Unit`."""
    whens = [
        (tuple_(_WHOLE.journey, steps.c.step_id).in_(sorted(which)), literal(day, _WHOLE.go_live.type))
        for day, which in _by_day(ready).items()
    ]
    by = case(*whens, else_=None) if whens else literal(None, _WHOLE.go_live.type)
    left = (
        select(_WHOLE.id, func.count().label("left"), func.max(by).label("ready"))
        .select_from(steps.join(onboardings, _WHOLE.id == steps.c.onboarding_id))
        .where(_is_open(onboarding_id), _WHOLE.go_live.is_not(None), steps.c.state.not_in(sorted(ENDED)))
        .where(tuple_(_WHOLE.journey, steps.c.step_id).in_(sorted(ready)))
        .group_by(_WHOLE.id, _WHOLE.go_live)
        .having(
            func.coalesce(func.max(case((_WHOLE.go_live < by, 1), else_=0)), 0) + case((_WHOLE.go_live < today, 1), else_=0) > 0
        )
        .subquery()
    )
    total = await connection.scalar(select(func.count()).select_from(left)) or 0
    query = select(left.c.left, left.c.ready, *unread(onboardings)).join(left, left.c.id == _WHOLE.id)
    found = (await connection.execute(query.order_by(_WHOLE.go_live, _WHOLE.id).limit(MOST))).mappings().all()
    return [one for row in found if (one := _go_live(row)) is not None], total


def _by_day(ready: Mapping[tuple[str, str], date]) -> Mapping[date, list[tuple[str, str]]]:
    found: dict[date, list[tuple[str, str]]] = {}
    for which, day in ready.items():
        found.setdefault(day, []).append(which)
    return found


def _go_live(row: Mapping[Any, Any]) -> GoLiveAtRisk | None:
    """None if its day was damaged."""
    onboarding, _ = readable_part(Onboarding, row)
    day, ready = onboarding.go_live, row["ready"]
    if day is None:
        return None
    return GoLiveAtRisk(
        onboarding_id=onboarding.id,
        customer=readable_name(onboarding),
        channel_id=onboarding.channel_id,
        go_live=day,
        left=row["left"],
        ready=date.fromisoformat(ready) if isinstance(ready, str) else ready,
    )


async def began_before(connection: AsyncConnection, at: datetime) -> bool:
    """As `flows.ports.Unit`."""
    query = select(_WHOLE.id).where(_WHOLE.started_at < at, _WHOLE.erased_at.is_(None)).limit(1)
    return (await connection.execute(query)).first() is not None


def _narrowed(at: Any, since: datetime | date | None, of: Any, onboarding_id: str) -> ColumnElement[bool]:
    wanted = [at >= since] if since is not None else []
    return and_(literal(value=True), *wanted, *([of == onboarding_id] if onboarding_id else []))


def _is_open(onboarding_id: str) -> ColumnElement[bool]:
    still = and_(_WHOLE.closed_at.is_(None), _WHOLE.erased_at.is_(None))
    return and_(still, _WHOLE.id == onboarding_id) if onboarding_id else still


def _counts(since: datetime | None, onboarding_id: str) -> Select[Any]:
    def within(at: Any) -> Any:
        return func.sum(case((at >= since if since is not None else at.is_not(None), 1), else_=0))

    still = func.sum(case((_WHOLE.closed_at.is_(None), 1), else_=0))
    query = select(within(_WHOLE.started_at), within(_WHOLE.closed_at), still).where(_WHOLE.erased_at.is_(None))
    return query.where(_WHOLE.id == onboarding_id) if onboarding_id else query


async def _times(connection: AsyncConnection, wanted: ColumnElement[bool]) -> Sequence[TimeSpent]:
    columns = turns.c
    query = select(columns.step_id, columns.side, func.count(distinct(columns.onboarding_id)), func.sum(_SECONDS))
    query = query.where(wanted).group_by(columns.step_id, columns.side).order_by(columns.step_id, columns.side)
    return [TimeSpent(step, side, count, int(total)) for step, side, count, total in await connection.execute(query)]


async def _waiting(connection: AsyncConnection, onboarding_id: str) -> Mapping[str, WaitingNow]:
    found = {}
    for side in Side:
        since = type_coerce(func.min(steps.c.turn_since), NullType())
        query = select(func.count(), since).join(onboardings, _WHOLE.id == steps.c.onboarding_id)
        query = query.where(_is_open(onboarding_id), steps.c.turn.startswith(f"{side.value}:"))
        count, longest = (await connection.execute(query)).one()
        with suppress(DamagedError):
            if count and (began := read_value(steps.c.turn_since, longest)) is not None:
                found[side.value] = WaitingNow(count, began)
    return found


async def _reviews(connection: AsyncConnection, wanted: ColumnElement[bool]) -> ReviewTimes | None:
    """The median is found by its place: the databases have no function for it in common."""
    count = await connection.scalar(select(func.count()).select_from(turns).where(wanted, _REVIEWED)) or 0
    if not count:
        return None
    ordered = select(_SECONDS).where(wanted, _REVIEWED).order_by(_SECONDS)
    middle = (await connection.scalars(ordered.offset((count - 1) // 2).limit(2 - count % 2))).all()
    slowest = select(_SECONDS.label("seconds"), turns.c.step_id.label("of_step"), *unread(onboardings))
    slowest = slowest.join(onboardings, _WHOLE.id == turns.c.onboarding_id, isouter=True).where(wanted, _REVIEWED)
    row = (await connection.execute(slowest.order_by(_SECONDS.desc(), turns.c.id).limit(1))).mappings().one()
    onboarding = readable_part(Onboarding, row)[0] if row["id"] is not None else None
    journey = onboarding.journey if onboarding is not None else ""
    return ReviewTimes(count, sum(middle) / len(middle), row["seconds"], readable_name(onboarding), journey or "", row["of_step"])


async def _refused(connection: AsyncConnection, since: datetime | None, onboarding_id: str) -> Sequence[RefusedOften]:
    columns = refused_fields.c
    which, times = (columns.form, columns.field, columns.reason), func.sum(columns.times)
    wanted = _narrowed(columns.day, since.date() if since is not None else None, columns.onboarding_id, onboarding_id)
    query = select(*which, times, func.count(distinct(columns.onboarding_id))).where(wanted).group_by(*which)
    rows = await connection.execute(query.order_by(times.desc(), *which).limit(MOST))
    return [RefusedOften(form, field, reason, int(n), customers) for form, field, reason, n, customers in rows]


async def _ratings(connection: AsyncConnection, since: datetime | None, onboarding_id: str) -> Ratings:
    wanted = _narrowed(_WHOLE.rated_at, since, _WHOLE.id, onboarding_id)
    query = select(func.count(_WHOLE.rating), func.avg(_WHOLE.rating)).where(wanted, _WHOLE.erased_at.is_(None))
    count, average = (await connection.execute(query)).one()
    return Ratings(count, float(average or 0))
