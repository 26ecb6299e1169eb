"""What the report asks of the database: sums and counts by SQL, so that ten thousand onboardings cost no more memory than ten.

Of what is sealed, only the names of the customers that a report names are opened. On SQLite the statements run in the reader's thread:
none is `QUICK`.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    case,
    distinct,
    func,
    literal,
    or_,
    select,
    type_coerce,
)
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import NullType

from flows.model import Onboarding
from flows.people import Side
from flows.report import MOST, Figures, GoLiveAtRisk, Ratings, RefusedOften, ReviewTimes, TimeSpent, WaitingNow
from storage import step_times
from storage.columns import unread
from storage.customers import readable_name
from storage.literals import is_one_of, number_of, text_of
from storage.reading import DamagedError, read_value, readable_part
from storage.tables import LEFT, REVIEWED, TURN, onboardings, refused_fields, steps, turns

_WHOLE = onboardings.c
LONGEST = 2_000_000_000
"""Seconds. What somebody else wrote in their place, which SQLite takes, is not less than any number."""


async def figures(connection: AsyncConnection, since: datetime | None, onboarding_id: str) -> Figures:
    """As `flows.ports.Unit`."""
    started, closed, now_open = (await connection.execute(_counts(since, onboarding_id))).one()
    return Figures(
        started=started or 0,
        closed=closed or 0,
        open=now_open or 0,
        times=await times(connection, since, onboarding_id),
        waiting=await _waiting(connection, onboarding_id),
        reviews=await _reviews(connection, since, onboarding_id),
        refused=await _refused(connection, since, onboarding_id),
        ratings=await _ratings(connection, since, onboarding_id),
    )


async def times(connection: AsyncConnection, since: datetime | None, onboarding_id: str = "") -> Sequence[TimeSpent]:
    """As `flows.ports.Unit`."""
    if onboarding_id:
        return await step_times.of_turns(connection, since, onboarding_id)
    return await step_times.of_steps_done(connection, since)


async def at_risk(
    connection: AsyncConnection, today: date, ready: Mapping[tuple[str, str], date], onboarding_id: str
) -> tuple[Sequence[GoLiveAtRisk], int]:
    """As `flows.ports.Unit`."""
    if not ready:
        return [], 0
    days = sorted(set(ready.values()))
    of_day = {day: [f"{journey}:{step}" for (journey, step), its in ready.items() if its == day] for day in days}
    named = _WHOLE.journey + text_of(":") + steps.c.step_id
    place = case(*((is_one_of(named, *of_day[day]), number_of(number)) for number, day in enumerate(days)))  # of its day
    last = func.max(place)
    is_late = or_(_WHOLE.go_live < today, *(and_(last == number_of(n), _WHOLE.go_live < day) for n, day in enumerate(days)))
    left = (
        select(_WHOLE.id, func.count(place).label("left"), last.label("ready"))
        .select_from(onboardings.join(steps, _WHOLE.id == steps.c.onboarding_id))
        .where(_is_open(onboarding_id), _WHOLE.go_live < max(today, days[-1]), LEFT)  # any other go-live is late enough
        .group_by(_WHOLE.id, _WHOLE.go_live)
        .having(last.is_not(None), is_late)
        .subquery()
    )
    total = func.count().over().label("total")
    firsts = (
        select(left, total).join(onboardings, _WHOLE.id == left.c.id).order_by(_WHOLE.go_live, _WHOLE.id).limit(MOST).subquery()
    )
    query = select(firsts.c.left, firsts.c.ready, firsts.c.total, *unread(onboardings)).join(firsts, firsts.c.id == _WHOLE.id)
    found = (await connection.execute(query.order_by(_WHOLE.go_live, _WHOLE.id))).mappings().all()
    return [one for row in found if (one := _go_live(row, days)) is not None], found[0]["total"] if found else 0


def _go_live(row: Mapping[Any, Any], days: Sequence[date]) -> GoLiveAtRisk | None:
    """None if its day was damaged."""
    onboarding, _ = readable_part(Onboarding, row)
    if (day := onboarding.go_live) is None:
        return None
    return GoLiveAtRisk(
        onboarding_id=onboarding.id,
        customer=readable_name(onboarding),
        channel_id=onboarding.channel_id,
        go_live=day,
        left=row["left"],
        ready=days[row["ready"]],
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


async def _waiting(connection: AsyncConnection, onboarding_id: str) -> Mapping[str, WaitingNow]:
    """Once an onboarding is closed, nothing but renewals is anybody's turn, and these are of steps that ended."""
    found = {}
    for side in Side:
        longest = type_coerce(func.min(steps.c.turn_since), NullType())
        query = select(func.count(), longest).where(TURN, LEFT, steps.c.turn.between(f"{side.value}:", f"{side.value};"))
        query = query.where(steps.c.onboarding_id == onboarding_id) if onboarding_id else query
        count, since = (await connection.execute(query)).one()
        with suppress(DamagedError):
            if count and (began := read_value(steps.c.turn_since, since)) is not None:
                found[side.value] = WaitingNow(count, began)
    return found


async def _reviews(connection: AsyncConnection, since: datetime | None, onboarding_id: str) -> ReviewTimes | None:
    """The median is found by its place: the databases have no function for it in common. Walking an index that is in the order of their
    length is quicker than to sort those of the period."""
    took = turns.c.seconds
    wanted = and_(REVIEWED, _narrowed(turns.c.ended_at, since, turns.c.onboarding_id, onboarding_id))
    count = await connection.scalar(select(func.count()).select_from(turns).where(wanted)) or 0
    if not count:
        return None
    ordered = select(took).where(wanted).order_by(took)
    found = await connection.scalars(ordered.offset((count - 1) // 2).limit(2 - count % 2))
    middle = [one for one in found if isinstance(one, int)]
    if not middle:
        return None
    longest = select(turns.c.id).where(wanted, took < LONGEST).order_by(took.desc(), turns.c.id).limit(1).scalar_subquery()
    slowest = select(took, turns.c.step_id.label("of_step"), *unread(onboardings))
    slowest = slowest.join(onboardings, _WHOLE.id == turns.c.onboarding_id, isouter=True).where(turns.c.id == longest)
    row = (await connection.execute(slowest)).mappings().one()
    onboarding = readable_part(Onboarding, row)[0] if row["id"] is not None else None
    journey = onboarding.journey if onboarding is not None else ""
    return ReviewTimes(count, sum(middle) / len(middle), row["seconds"], readable_name(onboarding), journey or "", row["of_step"])


async def _refused(connection: AsyncConnection, since: datetime | None, onboarding_id: str) -> Sequence[RefusedOften]:
    """In how many onboardings is counted for those alone that were refused most often."""
    columns, often = refused_fields.c, func.sum(refused_fields.c.times).label("often")
    which = (columns.form, columns.field, columns.reason)
    wanted = _narrowed(columns.day, since.date() if since is not None else None, columns.onboarding_id, onboarding_id)
    # SQLite reads all there is if an index has it in this order: of a period it is to read those days, so that none may have.
    named = [(one + text_of("") if since is not None else one).label(f"its_{one.name}") for one in which]
    most = select(*named, often).where(wanted).group_by(*named).order_by(often.desc(), *named).limit(MOST).subquery()
    theirs = [most.c[one.name] for one in named]
    same = and_(*(one == its for one, its in zip(which, theirs, strict=True)))
    customers = select(func.count(distinct(columns.onboarding_id))).where(wanted, same).scalar_subquery()
    query: Select[Any] = select(*theirs, most.c.often, customers).order_by(most.c.often.desc(), *theirs)
    return [RefusedOften(form, field, reason, int(n), many) for form, field, reason, n, many in await connection.execute(query)]


async def _ratings(connection: AsyncConnection, since: datetime | None, onboarding_id: str) -> Ratings:
    wanted = _narrowed(_WHOLE.rated_at, since, _WHOLE.id, onboarding_id)
    query = select(func.count(_WHOLE.rating), func.avg(_WHOLE.rating)).where(wanted, _WHOLE.erased_at.is_(None))
    count, average = (await connection.execute(query)).one()
    return Ratings(count, float(average or 0))
