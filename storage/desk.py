"""Support's lists, page by page: what `flows.desk` says. `storage.needs` and `storage.standings` find and order the rows; of the page's
customers alone a name is opened. What was damaged is passed over, and a customer whose name was is called by the id.
"""

import logging
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import Row, Select, bindparam, select, type_coerce
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import NullType

from flows.desk import GO_LIVE_DAYS, Need, Only, Page, Place, Standing, Waiting, Wanted
from flows.model import Onboarding, Posted, StepRecord
from flows.people import Side
from flows.state import StepState
from storage import tables
from storage.columns import moment, unread
from storage.customers import readable_name
from storage.mapping import TABLES
from storage.names import marks_of_whole, marks_of_words
from storage.needs import CERTIFICATE_DAYS, INVITATION_HOURS, waiting
from storage.reading import DamagedError, plain_row, read_value, values_of
from storage.standings import standings

log = logging.getLogger("storage.desk")
T = TypeVar("T")
Queried = tuple[Select[Any], Select[Any]]
"""A page's rows, and how many there are in all."""


def _those(kind: type, column: str) -> Select[Any]:
    table = TABLES[kind]
    return select(*unread(table)).where(table.c[column].in_(bindparam("ids", expanding=True)))


_ONBOARDINGS, _POSTED = _those(Onboarding, "id"), _those(Posted, "id")
_STEP = tables.steps.c
_OF_STEPS = (
    *(_STEP.onboarding_id, _STEP.step_id, _STEP.position, _STEP.state),
    *(_STEP.turn, _STEP.turn_since, _STEP.reminded, _STEP.claimer_id),
)
_STEPS = select(*(type_coerce(column, NullType) for column in _OF_STEPS)).where(
    _STEP.onboarding_id.in_(bindparam("ids", expanding=True))
)


class Lists:
    """At one moment, by one connection. ``today``: support's day, by which a go-live is past and a certificate has ended."""

    def __init__(self, connection: AsyncConnection, now: datetime, today: date) -> None:
        self._connection, self._now, self._today = connection, now, today

    async def waiting(self, wanted: Wanted, first: int, limit: int) -> Page[Waiting]:
        queries = waiting(wanted.only, by_step=bool(wanted.step_id))
        found, total = await self._page(queries, self._days() | _of_person(wanted), first, limit)
        known = await self._onboardings(row.onboarding_id for row in found)
        places = await self._places([(row.onboarding_id, kind) for row in found for kind in _leads_to(row)])
        rows = (self._read(row, known.get(row.onboarding_id), places) for row in found)
        return Page([row for row in rows if row is not None], first, total)

    def _read(self, row: Row[Any], of: Onboarding | None, places: Mapping[str, Place]) -> Waiting | None:
        if of is None:
            return None
        try:
            since = moment(row.since)
        except (TypeError, ValueError):
            _leave_out(f"{row.onboarding_id}:{row.step_id}")
            return None
        return Waiting(
            need=Need(row.need),
            onboarding_id=of.id,
            journey=of.journey,
            customer=readable_name(of) or of.id,
            channel_id=of.channel_id,
            owner_id=of.owner_id,
            step_id=row.step_id,
            item=row.item,
            user_id=row.user_id,
            claimer_id=row.claimer_id,
            since=since,
            things=row.things,
            overdue=bool(row.late) or self._is_late(of),
            place=next((places[name] for kind in _leads_to(row) if (name := f"{of.id}:{kind}") in places), None),
        )

    async def standings(self, wanted: Wanted, closed: bool, first: int, limit: int) -> Page[Standing]:
        queries = standings(wanted.only, by_step=bool(wanted.step_id), closed=closed)
        return await self._standings(queries, self._days() | _of_person(wanted), first, limit)

    async def named(self, text: str, closed: bool, first: int, limit: int) -> Page[Standing]:
        if not text.strip():
            return await self.standings(Wanted(), closed, first, limit)
        words = marks_of_words(text)
        marks = {"name": marks_of_whole(text)} | {f"word{number}": marks for number, marks in enumerate(words)}
        queries = standings(Only.ALL, by_step=False, closed=closed, words=len(words))
        return await self._standings(queries, marks, first, limit)

    async def _standings(self, queries: Queried, values: Mapping[str, Any], first: int, limit: int) -> Page[Standing]:
        found, total = await self._page(queries, values, first, limit)
        known = await self._onboardings(row.id for row in found)
        steps = await self._steps(known)
        places = await self._places([(one, "card:") for one in known])
        rows = [(known[row.id], bool(row.stuck)) for row in found if row.id in known]
        return Page([self._standing(of, steps.get(of.id, []), places, stuck) for of, stuck in rows], first, total)

    def _standing(self, of: Onboarding, steps: Sequence[StepRecord], places: Mapping[str, Place], stuck: bool) -> Standing:
        turns = [one for one in steps if _side_of(one) and one.turn_since]
        longest = min(turns, key=lambda one: (one.turn_since, one.position), default=None)
        return Standing(
            onboarding_id=of.id,
            journey=of.journey,
            customer=readable_name(of) or of.id,
            channel_id=of.channel_id,
            lead_id=of.lead_id,
            owner_id=of.owner_id,
            go_live=of.go_live,
            closed_at=of.closed_at,
            done=sum(one.state is StepState.DONE for one in steps),
            skipped=sum(one.state is StepState.SKIPPED for one in steps),
            steps=len(steps),
            side=_side_of(longest) if longest else "",
            step_id=longest.step_id if longest else "",
            since=longest.turn_since if longest else None,
            claimer_id=longest.claimer_id if longest else "",
            overdue=self._is_late(of) or (of.closed_at is None and any(one.reminded for one in steps)),
            stuck=stuck,
            place=places.get(f"{of.id}:card:"),
        )

    def _is_late(self, of: Onboarding) -> bool:
        return of.closed_at is None and of.go_live is not None and of.go_live < self._today

    def _days(self) -> dict[str, Any]:
        return {
            "today": self._today,
            "go_live": self._today + timedelta(days=GO_LIVE_DAYS),
            "by": self._today + timedelta(days=CERTIFICATE_DAYS),
            "soon": self._now + timedelta(hours=INVITATION_HOURS),
        }

    # -- reading

    async def _page(self, queries: Queried, values: Mapping[str, Any], first: int, limit: int) -> tuple[Sequence[Row[Any]], int]:
        """The rows, and how many there are in all."""
        rows, count = queries
        paging = {"first": first, "limit": limit, "most": first + limit}
        found = (await self._connection.execute(rows, {**values, **paging})).all()
        if not first and len(found) < limit:
            return found, len(found)
        return found, int(await self._connection.scalar(count, dict(values)) or 0)

    async def _onboardings(self, ids: Iterable[str]) -> Mapping[str, Onboarding]:
        found = {one for one in ids if isinstance(one, str)}  # SQLite takes bytes for an id
        return {one.id: one for one in await self._rows(Onboarding, _ONBOARDINGS, found)}

    async def _steps(self, ids: Collection[str]) -> Mapping[str, Sequence[StepRecord]]:
        """Of each, as far as these lists say how it stands: of a hundred onboardings they are fifteen hundred."""
        steps: dict[str, list[StepRecord]] = {}
        for found in await self._connection.execute(_STEPS, {"ids": sorted(ids)}) if ids else ():
            try:
                values = {column.name: read_value(column, value) for column, value in zip(_OF_STEPS, found, strict=True)}
            except DamagedError as error:
                _leave_out(error)
            else:
                steps.setdefault(str(found[0]), []).append(plain_row(StepRecord, values))
        return steps

    async def _places(self, named: Iterable[tuple[str, str]]) -> Mapping[str, Place]:
        ids = {f"{onboarding_id}:{kind}" for onboarding_id, kind in named}
        return {one.id: Place(one.channel_id, one.ts, one.thread_ts) for one in await self._rows(Posted, _POSTED, ids) if one.ts}

    async def _rows(self, kind: type[T], query: Select[Any], ids: Collection[str]) -> Sequence[T]:
        rows: list[T] = []
        for found in await self._connection.execute(query, {"ids": sorted(ids)}) if ids else ():
            try:
                rows.append(plain_row(kind, values_of(kind, found)))
            except DamagedError as error:
                _leave_out(error)
        return rows


def _leave_out(where: object) -> None:
    log.error("a damaged row was left out: run verify-log", extra={"where": str(where)})


def _leads_to(row: Row[Any]) -> Iterator[str]:
    """The messages in which something can be done about it, the best first, as `Posted.id` names them behind the onboarding."""
    match row.need:
        case Need.STUCK:
            yield f"call:{str(row.item).rpartition(':')[2]}"
        case Need.QUESTION:
            yield f"question:{str(row.item).partition(':')[2]}"
        case Need.LEFT:
            with suppress(TypeError, ValueError):
                yield f"departure:{row.user_id}:{int(moment(row.since).timestamp())}"
        case Need.FAILED:
            yield f"alert:{row.item}"
        case Need.COMPANY:
            yield f"company:{row.item}"
    if row.step_id:
        yield from (f"review:{row.step_id}", f"step:{row.step_id}")
    yield "card:"


def _of_person(wanted: Wanted) -> dict[str, Any]:
    return {"user_id": wanted.user_id, "step_id": wanted.step_id}


def _side_of(record: StepRecord) -> str:
    """Whose turn it is on a step, as stored."""
    side = record.turn.partition(":")[0]
    return side if side in tuple(Side) else ""
