"""What waits for support, as one statement: a SELECT for each kind of row that does. `storage.desk` reads it."""

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Date, Select, and_, bindparam, case, exists, func, not_, or_, select, type_coerce, union_all
from sqlalchemy.types import NullType

from flows.desk import Need, Only
from flows.state import ENDED, StepState
from storage import tables
from storage.literals import Before, flag_of, is_one_of, number_of, text_of

INVITATION_HOURS = 4
"""So long before an invitation expires it waits for support: about when the invited are nudged (`flows.rules.Rules.nudge_hours`). Codes
are good for 24 hours, so that a day before would be at once."""
CERTIFICATE_DAYS = 30
"""So long before it expires, what must be renewed waits for support."""
OVER = (Need.RENEWAL, Need.FAILED, Need.CERTIFICATE)
"""What still waits once an onboarding is closed."""
IN_CHANNEL = (Need.STUCK, Need.SILENT, Need.COMPANY, Need.INVITATION, Need.CERTIFICATE)
"""What nobody can do anything about while the channel is not shared."""

whole, step = tables.onboardings.c, tables.steps.c

GO_LIVE_IS_PAST = and_(whole.closed_at.is_(None), whole.go_live < bindparam("today", type_=Date))
GO_LIVE_IS_NEAR = and_(whole.closed_at.is_(None), whole.go_live <= bindparam("go_live", type_=Date))


def _of_step(onboarding_id: Any, step_id: Any) -> ColumnElement[bool]:
    """By `flows.model.StepRecord.id`."""
    wanted: ColumnElement[bool] = step.id == onboarding_id + text_of(":") + step_id
    return wanted


def _row(need: Any, onboarding_id: Any, since: Any, **others: Any) -> Sequence[ColumnElement[Any]]:
    values = {
        "need": text_of(need) if isinstance(need, str) else need,
        "onboarding_id": onboarding_id,
        "since": type_coerce(since, NullType),
        "step_id": text_of(""),
        "item": text_of(""),
        "user_id": text_of(""),
        "claimer_id": text_of(""),
        "late": number_of(0),
        "things": number_of(1),
        "rank": number_of(0 if need is Need.STUCK else 1),
    } | others
    return [value.label(name) for name, value in values.items()]


_ENDED = is_one_of(step.state, *sorted(ENDED))
_NEED = case(
    (_ENDED, text_of(Need.RENEWAL)), (is_one_of(step.state, StepState.SUBMITTED), text_of(Need.REVIEW)), else_=text_of(Need.TASK)
)
_CLAIMER = func.coalesce(step.claimer_id, text_of(""))
_WISH = tables.decisions.alias("wish")
_KIND = tables.calls.c.kind


def _asks(decision: Any) -> ColumnElement[bool]:
    """Whether a decision asks to skip the step as it stands now: `flows.cases.skips.asked`."""
    return and_(
        decision.onboarding_id == step.onboarding_id,
        decision.subject == step.step_id + text_of(".skip"),
        decision.revision == step.revision,
        decision.verdict == text_of("skip"),
        not_(_ENDED),
    )


def _turns() -> Select[Any]:
    others = {"step_id": step.step_id, "claimer_id": step.claimer_id, "late": flag_of(step.reminded > number_of(0))}
    return select(*_row(_NEED, step.onboarding_id, step.turn_since, **others)).where(
        tables.SUPPORTS, not_(exists().where(_asks(_WISH.c)).correlate(tables.steps))
    )


def _skips() -> Select[Any]:
    decision, earlier = tables.decisions.c, _WISH.c
    others = {"step_id": step.step_id, "user_id": decision.user_id, "claimer_id": step.claimer_id}
    first = not_(
        exists()
        .where(_asks(earlier), or_(earlier.at < decision.at, and_(earlier.at == decision.at, earlier.id < decision.id)))
        .correlate(tables.steps, tables.decisions)
    )
    of_step = _of_step(
        decision.onboarding_id,
        func.substr(decision.subject, number_of(1), func.length(decision.subject) - number_of(len(".skip"))),
    )
    row = _row(Need.SKIP, step.onboarding_id, decision.at, **others)
    return select(*row).join_from(tables.decisions, tables.steps, of_step).where(_asks(decision), first)


def _calls(need: Need, wanted: ColumnElement[bool]) -> Select[Any]:
    call = tables.calls.c
    claimer = func.coalesce(func.nullif(call.claimer_id, text_of("")), _CLAIMER)  # who answers, else who has the step
    others = {"step_id": call.step_id, "item": call.id, "user_id": call.user_id, "claimer_id": claimer}
    query = select(*_row(need, call.onboarding_id, call.at, **others)).where(tables.UNANSWERED, wanted)
    return query.join_from(tables.calls, tables.steps, _of_step(call.onboarding_id, call.step_id), isouter=True)


def _failed() -> Select[Any]:
    effect = tables.effects.c
    return select(*_row(Need.FAILED, effect.onboarding_id, effect.created_at, item=effect.id)).where(
        effect.state == text_of("failed"), effect.onboarding_id != text_of("")
    )


def _companies() -> Select[Any]:
    company = tables.third_companies.c
    return select(*_row(Need.COMPANY, company.onboarding_id, company.at, item=company.team_id)).where(tables.UNACCEPTED)


def _invitations() -> Select[Any]:
    grant = tables.grants.c
    expired = is_one_of(grant.state, "expired")
    since = func.min(case((expired, grant.at), else_=Before(grant.expires_at, number_of(INVITATION_HOURS))))
    late = func.max(flag_of(expired))
    others = {"step_id": grant.step_id, "claimer_id": func.max(_CLAIMER), "late": late, "things": func.count()}
    wanted = or_(
        expired, and_(is_one_of(grant.state, "invited"), grant.expires_at <= bindparam("soon", type_=grant.expires_at.type))
    )
    query = select(*_row(Need.INVITATION, grant.onboarding_id, since, **others)).where(
        wanted, not_(is_one_of(step.state, StepState.SKIPPED))
    )
    query = query.join_from(tables.grants, tables.steps, _of_step(grant.onboarding_id, grant.step_id))
    return query.group_by(grant.onboarding_id, grant.step_id)


def _certificates() -> Select[Any]:
    expiry = tables.expiries.c
    late = flag_of(expiry.last_day < bindparam("today", type_=Date))
    others = {"step_id": expiry.step_id, "item": expiry.task_id, "claimer_id": _CLAIMER, "late": late}
    query = select(
        *_row(Need.CERTIFICATE, expiry.onboarding_id, Before(expiry.last_day, number_of(24 * CERTIFICATE_DAYS)), **others)
    )
    # One whose renewal was asked for waits as that.
    query = query.join_from(tables.expiries, tables.steps, _of_step(expiry.onboarding_id, expiry.step_id), isouter=True)
    return query.where(
        expiry.last_day <= bindparam("by", type_=Date), or_(step.id.is_(None), not_(and_(_ENDED, tables.SUPPORTS)))
    )


def _stuck() -> Select[Any]:
    return _calls(Need.STUCK, text_of("stuck") == _KIND)


def _others() -> Sequence[Select[Any]]:
    return [
        _stuck(),
        _skips(),
        _calls(Need.QUESTION, text_of("question") == _KIND),
        _calls(Need.SILENT, text_of("silent") == _KIND),
        _calls(Need.LEFT, not_(is_one_of(_KIND, "stuck", "question", "silent"))),
        _failed(),
        _companies(),
        _invitations(),
        _certificates(),
    ]


def _narrowed(only: Only, found: Any) -> ColumnElement[bool] | None:
    match only:
        case Only.MINE:
            owned = and_(found.claimer_id == text_of(""), _of_those(found, whole.owner_id == bindparam("user_id")))
            return or_(found.claimer_id == bindparam("user_id"), owned)
        case Only.UNCLAIMED:
            unclaimed: ColumnElement[bool] = found.claimer_id == text_of("")
            return unclaimed
        case Only.OVERDUE:
            return or_(found.late == number_of(1), _of_those(found, GO_LIVE_IS_PAST))
        case Only.GO_LIVE:
            return _of_those(found, GO_LIVE_IS_NEAR)
        case _:  # of those that are stuck, there is nothing else among them
            return None


def _of_those(found: Any, wanted: ColumnElement[bool]) -> ColumnElement[bool]:
    """A list that is made once is quicker than looking up the onboarding of each row."""
    there: ColumnElement[bool] = found.onboarding_id.in_(select(whole.id).where(wanted))
    return there


def _alive(need: Any) -> ColumnElement[bool]:
    """Whether somebody can do something about it."""
    return and_(
        whole.erased_at.is_(None),
        or_(whole.closed_at.is_(None), is_one_of(need, *OVER)),
        or_(whole.severed_at.is_(None), not_(is_one_of(need, *IN_CHANNEL))),
    )


def _wanted(only: Only, *, by_step: bool) -> Iterator[Select[Any]]:
    """Of each kind of row those that are wanted."""
    turns = _turns()
    for rows in [turns, *_others()] if only is not Only.STUCK else [_stuck()]:
        found = rows.subquery()
        query = select(*found.c)
        if rows is not turns:  # whose onboardings aren't erased, and in closed ones nothing but renewals is anybody's turn
            query = query.join_from(found, tables.onboardings, whole.id == found.c.onboarding_id).where(_alive(found.c.need))
        if (narrowed := _narrowed(only, found.c)) is not None:
            query = query.where(narrowed)
        yield query.where(found.c.step_id == bindparam("step_id")) if by_step else query


@cache
def waiting(only: Only, *, by_step: bool) -> tuple[Select[Any], Select[Any]]:
    """A page's rows, and how many there are in all. Of each kind no more are read than could be on the page: ``most``."""
    kinds = list(_wanted(only, by_step=by_step))
    firsts = [query.order_by(*_order(query.selected_columns)[1:]).limit(bindparam("most")).subquery() for query in kinds]
    found = union_all(*(select(first) for first in firsts)).subquery()
    counts = union_all(*(select(func.count().label("count")).select_from(query.subquery()) for query in kinds)).subquery()
    return paged(select(found), *_order(found.c)), select(func.sum(counts.c.count))


def _order(found: Any) -> Sequence[ColumnElement[Any]]:
    return [found.rank, found.since, found.onboarding_id, found.step_id, found.item]


def paged(query: Select[Any], *order: ColumnElement[Any]) -> Select[Any]:
    return query.order_by(*order).limit(bindparam("limit")).offset(bindparam("first"))
