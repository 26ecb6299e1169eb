"""How onboardings stand, in the order of need, as one statement. `storage.desk` reads it."""

from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, TextClause, and_, bindparam, case, func, or_, select

from flows.desk import Only
from storage import tables
from storage.literals import flag_of, number_of, text_of
from storage.needs import GO_LIVE_IS_NEAR, GO_LIVE_IS_PAST, paged, step, whole

_STUCK = (
    select(tables.calls.c.onboarding_id, func.min(tables.calls.c.at).label("at"))
    .where(tables.UNANSWERED, tables.calls.c.kind == text_of("stuck"))
    .group_by(tables.calls.c.onboarding_id)
    .subquery("stuck")
)
_WAITS = (
    select(step.onboarding_id, func.min(step.turn_since).label("since"))
    .where(tables.SUPPORTS)
    .group_by(step.onboarding_id)
    .subquery("waits")
)
_IS_STUCK = and_(_STUCK.c.at.is_not(None), whole.closed_at.is_(None), whole.severed_at.is_(None))


def _with_step(*wanted: ColumnElement[bool] | TextClause) -> ColumnElement[bool]:
    return whole.id.in_(select(step.onboarding_id).where(*wanted))


def _only(only: Only) -> ColumnElement[bool] | None:
    """An onboarding is someone's if they own it or claimed something that waits in it."""
    match only:
        case Only.MINE:
            user_id: ColumnElement[str] = bindparam("user_id")
            return or_(whole.owner_id == user_id, _with_step(tables.SUPPORTS, step.claimer_id == user_id))
        case Only.UNCLAIMED:
            return _with_step(tables.SUPPORTS, step.claimer_id == text_of(""))
        case Only.OVERDUE:
            return or_(GO_LIVE_IS_PAST, and_(whole.closed_at.is_(None), _with_step(tables.REMINDED)))
        case Only.STUCK:
            return and_(whole.closed_at.is_(None), whole.severed_at.is_(None), whole.id.in_(select(_STUCK.c.onboarding_id)))
        case Only.GO_LIVE:
            return GO_LIVE_IS_NEAR
        case _:
            return None


@cache
def standings(only: Only, *, by_step: bool, closed: bool, words: int | None = None) -> tuple[Select[Any], Select[Any]]:
    """A page's rows, and how many there are in all. ``words``: of a name, as ``word0`` … with ``name``; None if any will do."""
    wanted: list[ColumnElement[bool]] = [whole.erased_at.is_(None)]
    order = _order()
    if not closed:
        wanted.append(whole.closed_at.is_(None))
    if (narrowed := _only(only)) is not None:
        wanted.append(narrowed)
    if by_step:
        wanted.append(_with_step(tables.TURN, step.step_id == bindparam("step_id")))
    if words is not None:
        exact = _marked("name")
        begun = [_marked(f"word{number}") for number in range(words)]
        wanted.append(or_(exact, and_(*begun)) if begun else exact)
        order = [case((exact, number_of(0)), else_=number_of(1)), *order]
    joined = tables.onboardings.outerjoin(_STUCK, _STUCK.c.onboarding_id == whole.id)
    joined = joined.outerjoin(_WAITS, _WAITS.c.onboarding_id == whole.id)
    rows = select(whole.id, flag_of(_IS_STUCK).label("stuck")).select_from(joined).where(*wanted)
    return paged(rows, *order), select(func.count()).select_from(tables.onboardings).where(*wanted)


def _order() -> list[ColumnElement[Any]]:
    """Stuck first, then what waits longest for support, then by go-live and age, at last what is closed."""
    waits, is_open = _WAITS.c.since.is_not(None), whole.closed_at.is_(None)
    return [
        case((_IS_STUCK, number_of(0)), (waits, number_of(1)), (is_open, number_of(2)), else_=number_of(3)),
        case((_IS_STUCK, _STUCK.c.at), (waits, _WAITS.c.since)),
        case((is_open, number_of(0)), else_=number_of(1)),
        whole.closed_at.desc(),
        case((whole.go_live.is_(None), number_of(1)), else_=number_of(0)),
        whole.go_live,
        whole.started_at,
        whole.id,
    ]


def _marked(name: str) -> ColumnElement[bool]:
    marks = tables.name_marks.c
    return whole.id.in_(select(marks.onboarding_id).where(marks.mark.in_(bindparam(name, expanding=True))))
