"""What a unit reads: one method per question of the use cases."""

import contextlib
import logging
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, tzinfo
from typing import Any, Self, TypeVar

from sqlalchemy import ColumnElement, Select, and_, bindparam, func, literal_column, or_, select, type_coerce
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from sqlalchemy.orm import Session
from sqlalchemy.types import NullType

from flows.desk import PAGE, Page, Standing, Waiting, Wanted
from flows.model import (
    LEFT,
    Call,
    Decision,
    Departure,
    Draft,
    EffectRecord,
    Expiry,
    Grant,
    Member,
    Note,
    Onboarding,
    Person,
    Posted,
    Received,
    Reminder,
    Snapshot,
    StepRecord,
    Submission,
    TaskRecord,
    ThirdCompany,
)
from flows.people import Who
from flows.report import Figures, GoLiveAtRisk, TimeSpent
from flows.state import ENDED
from storage import reporting, tables
from storage.columns import unread
from storage.covered import WatchfulSession
from storage.customers import readable_name
from storage.desk import Lists
from storage.identifiers import marks_of
from storage.mapping import TABLES
from storage.reading import DamagedError, plain_row, read_value, values_of
from storage.sqlite import QUICK
from storage.whole import KINDS, Whole, read_whole, tracked_row

T = TypeVar("T")

log = logging.getLogger("storage.queries")


_COLUMNS = {kind: tuple(unread(table)) for kind, table in TABLES.items()}


def _rows_of(kind: type) -> Select[Any]:
    return select(*_COLUMNS[kind]).select_from(TABLES[kind])


def _by_id(kind: type) -> Select[Any]:
    return _rows_of(kind).where(TABLES[kind].c.id == bindparam("row_id")).execution_options(**{QUICK: True})


# Built once: SQLAlchemy takes longer to build a statement than the database to run it.
_BY_ID = {kind: _by_id(kind) for kind in TABLES}
_OLDEST = tables.effects.c.seq + literal_column("0")  # else PostgreSQL may read all that is done, by the primary key
_FAILED = (
    _rows_of(EffectRecord)
    .where(tables.effects.c.onboarding_id == bindparam("onboarding_id"), tables.effects.c.state == "failed")
    .order_by(_OLDEST)
    .execution_options(**{QUICK: True})
)
_SEEN = select(tables.seen.c.id).where(tables.seen.c.id == bindparam("key")).execution_options(**{QUICK: True})
_OF_WHOLE = frozenset(KINDS) - {Person}


def _held(user_ids: Sequence[str] | None) -> Iterator[Select[Any]]:
    """Who of support has something where something is left to do: the user ids, or of some of them, each with the onboarding's."""
    columns, step, call = tables.onboardings.c, tables.steps.c, tables.calls.c
    renewing = select(tables.expiries.c.onboarding_id)
    left = and_(columns.erased_at.is_(None), or_(columns.closed_at.is_(None), columns.id.in_(renewing)))
    for user_id in (columns.owner_id, step.claimer_id, call.claimer_id):
        shown = select(user_id).distinct() if user_ids is None else select(columns.id, user_id).where(user_id.in_(user_ids))
        query = shown.where(left, user_id != "")
        if user_id is step.claimer_id:
            waits = or_(step.turn != "", and_(columns.closed_at.is_(None), step.state.not_in(ENDED)))
            query = query.join(tables.steps, columns.id == step.onboarding_id).where(waits)
        elif user_id is call.claimer_id:
            query = query.join(tables.calls, columns.id == call.onboarding_id).where(tables.UNANSWERED)
        yield query


class Queries:
    """One transaction. ``changes``: rows belong to the session, the same row is the same object, and added rows are found; otherwise
    they are for reading only. ``locks``: see `read_whole`. ``zone``: support's, of ``today``."""

    def __init__(
        self, connection: AsyncConnection, now: datetime, *, changes: bool = False, locks: bool = False, zone: tzinfo = UTC
    ) -> None:
        self.connection, self.now, self._changes, self._locks = connection, now, changes, locks
        self.today = now.astimezone(zone).date()
        self._session: AsyncSession | None = None
        self._whole: dict[str, Whole] = {}
        """By onboarding: its rows, kept up to date as rows are added and deleted."""

    @property
    def session(self) -> AsyncSession:
        """For statements that load rows; the others need only the connection, and are twice as fast without a session."""
        if self._session is None:
            kind = WatchfulSession if self._changes else Session
            self._session = AsyncSession(
                self.connection, sync_session_class=kind, expire_on_commit=False, autoflush=self._changes
            )
        return self._session

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._session is not None:
            self._session.sync_session.expunge_all()

    async def get(self, kind: type[T], row_id: str) -> T | None:
        """A row by id."""
        # The ids of an onboarding's rows begin with its own.
        whole = self._whole.get(row_id.partition(":")[0]) if kind in _OF_WHOLE else None
        if whole is not None:
            found: T | None = whole.get((kind, row_id))
            return found
        return await self._one(kind, _BY_ID[kind], {"row_id": row_id})

    async def snapshot(self, onboarding_id: str) -> Snapshot | None:
        """One whole onboarding; in a write, its other writers wait from here on."""
        if onboarding_id not in self._whole:
            await self._flush()
            session = self.session if self._changes else None
            whole = await read_whole(self.connection, onboarding_id, session, locks=self._locks)
            if whole is None:
                return None
            self._whole[onboarding_id] = whole
        return _snapshot(self._whole[onboarding_id])

    async def by_channel(self, channel_id: str) -> Onboarding | None:
        """The channel's open onboarding, else its last closed one."""
        columns = tables.onboardings.c
        query = _rows_of(Onboarding).where(columns.channel_id == channel_id, columns.erased_at.is_(None))
        return await self._one(Onboarding, query.order_by(columns.closed_at.is_not(None), columns.closed_at.desc()).limit(1))

    async def onboardings(
        self, *, team_id: str = "", user_id: str = "", channel_id: str = "", company: str = "", closed: bool = False
    ) -> Sequence[Onboarding]:
        """All that aren't erased, those a person is a member of, those of a channel, or those of a company by its team id; oldest first.
        ``closed``: the closed ones too. What may be many is a page of `standings`."""
        columns, member = tables.onboardings.c, tables.members.c
        query = _rows_of(Onboarding).where(columns.erased_at.is_(None)).order_by(columns.started_at, columns.id)
        if not closed:
            query = query.where(columns.closed_at.is_(None))
        if user_id:
            theirs = select(member.onboarding_id).where(member.team_id == team_id, member.user_id == user_id, member.role != LEFT)
            query = query.where(columns.id.in_(theirs))
        if channel_id:
            query = query.where(columns.channel_id == channel_id)
        if company:
            query = query.where(columns.team_id == company)
        return await self._all(Onboarding, query)

    async def waiting(self, wanted: Wanted, *, first: int = 0, limit: int = PAGE) -> Page[Waiting]:
        """What waits for support in all onboardings: who is stuck on top, then what waits longest."""
        await self._flush()
        return await Lists(self.connection, self.now, self.today).waiting(wanted, first, limit)

    async def standings(self, wanted: Wanted, *, closed: bool = False, first: int = 0, limit: int = PAGE) -> Page[Standing]:
        """How all onboardings stand that aren't closed: those where somebody is stuck on top, then those that wait longest for support,
        then by go-live and age. ``closed``: the closed ones too, last."""
        await self._flush()
        return await Lists(self.connection, self.now, self.today).standings(wanted, closed, first, limit)

    async def named(self, text: str, *, closed: bool = True, first: int = 0, limit: int = PAGE) -> Page[Standing]:
        """Those with this name, or with a word in it that begins like each word of the text; all if it is empty. Exact names come first,
        then as `standings`."""
        await self._flush()
        return await Lists(self.connection, self.now, self.today).named(text, closed, first, limit)

    async def members_elsewhere(self, user_ids: Collection[str], channel_id: str) -> Sequence[Member]:
        """Which of these people are the customer's in open onboardings of other channels, ordered by id."""
        columns, member = tables.onboardings.c, tables.members.c
        query = _rows_of(Member).join(tables.onboardings, columns.id == member.onboarding_id).where(member.role != LEFT)
        query = query.where(columns.channel_id != channel_id, columns.closed_at.is_(None), columns.erased_at.is_(None))
        return await self._all(Member, query.where(member.user_id.in_(list(user_ids))).order_by(member.id))

    async def language_of(self, who: Who, about: str = "", *, colleagues: bool) -> str:
        """The language of the onboarding that someone is in as one of the customer's people, an open one and the latest first; empty if
        there is none. ``about``: before all others, that of this id or in this channel. ``colleagues``: or one of others from their
        company, for whoever isn't known yet."""
        columns, member = tables.onboardings.c, tables.members.c
        query = (
            select(columns.language).join(tables.members, member.onboarding_id == columns.id).where(member.team_id == who.team_id)
        )
        own, meant = member.user_id == who.user_id, or_(columns.id == about, columns.channel_id == about)
        query = query.where(columns.erased_at.is_(None), *(() if colleagues else (own,)))
        first = (meant.desc(), own.desc(), columns.closed_at.is_(None).desc(), columns.started_at.desc())
        return str(await self.connection.scalar(query.order_by(*first).limit(1)) or "")

    async def journeys(self) -> Mapping[str, Sequence[str]]:
        """By version of the journey, the ids of all onboardings on it that aren't erased, oldest first. Opens nothing sealed."""
        columns = tables.onboardings.c
        query = select(columns.journey, columns.id).where(columns.erased_at.is_(None))
        found: dict[str, list[str]] = {}
        for version, onboarding_id in await self.connection.execute(query.order_by(columns.started_at, columns.id)):
            found.setdefault(str(version), []).append(onboarding_id)
        return found

    async def open_onboardings(self, *, severed: bool = False) -> Sequence[str]:
        """Ids of those that are open and can be reached, oldest first. ``severed``: those that can't be reached too. Opens nothing
        sealed."""
        columns = tables.onboardings.c
        query = select(columns.id).where(columns.closed_at.is_(None), columns.erased_at.is_(None))
        if not severed:
            query = query.where(columns.severed_at.is_(None))
        return await self._ids(query.order_by(columns.started_at, columns.id))

    async def counting_down(self) -> Sequence[str]:
        """Ids of those that are open, can be reached, and have a target go-live date, soonest first. Opens nothing sealed."""
        columns = tables.onboardings.c
        still_open = and_(columns.closed_at.is_(None), columns.erased_at.is_(None), columns.severed_at.is_(None))
        query = select(columns.id).where(still_open, columns.go_live.is_not(None))
        return await self._ids(query.order_by(columns.go_live, columns.id))

    async def owners_and_claimers(self) -> Collection[str]:
        """The user ids of all of support who have something where something is left to do: in open onboardings, and in closed ones of
        which something must be renewed. Opens nothing sealed."""
        return {user_id for query in _held(None) for user_id in await self._ids(query)}

    async def held_by(self, user_ids: Collection[str]) -> Collection[tuple[str, str]]:
        """The onboardings of these people, as (onboarding id, user id), of those above. Opens nothing sealed."""
        await self._flush()
        found = [await self.connection.execute(query) for query in _held(list(user_ids))]
        return {(str(onboarding_id), str(user_id)) for rows in found for onboarding_id, user_id in rows}

    async def unanswered(self, kinds: Collection[str]) -> Collection[tuple[str, str]]:
        """Calls of these kinds that nobody answered, as (onboarding id, user id); of erased onboardings none. Opens nothing sealed."""
        columns, whole = tables.calls.c, tables.onboardings.c
        query = select(columns.onboarding_id, columns.user_id).join(tables.onboardings, whole.id == columns.onboarding_id)
        query = query.where(columns.answered_at.is_(None), columns.kind.in_(list(kinds)), whole.erased_at.is_(None))
        await self._flush()
        return {(str(onboarding_id), str(user_id)) for onboarding_id, user_id in await self.connection.execute(query)}

    async def due(self, at: datetime) -> Sequence[str]:
        """Ids of onboardings with a due reminder or escalation, longest overdue first. Opens nothing sealed."""
        columns, whole = tables.steps.c, tables.onboardings.c
        query = select(columns.onboarding_id).join(tables.onboardings, whole.id == columns.onboarding_id)
        query = query.where(or_(columns.remind_at <= at, columns.escalate_at <= at), whole.erased_at.is_(None))
        first = func.min(func.coalesce(columns.remind_at, columns.escalate_at))
        return await self._ids(query.group_by(columns.onboarding_id).order_by(first, columns.onboarding_id))

    async def unheard(self, before: datetime) -> Sequence[str]:
        """Ids of open onboardings that can be reached and began by ``before``, in which nobody of the customer has pressed anything, and of
        which support was not told; oldest first. Opens nothing sealed."""
        columns, call = tables.onboardings.c, tables.calls.c
        query = select(columns.id).where(columns.started_at <= before, tables.UNHEARD, columns.severed_at.is_(None))
        told = select(call.onboarding_id).where(call.onboarding_id == columns.id, call.kind == "silent")
        query = query.where(columns.erased_at.is_(None), ~told.exists())
        return await self._ids(query.order_by(columns.started_at, columns.id))

    async def expiring(self, at: datetime) -> Sequence[str]:
        """Ids of open onboardings with invited grants that have expired, or that expire by ``at`` and weren't nudged; soonest
        first. Opens nothing sealed."""
        columns = tables.grants.c
        wanted = or_(columns.expires_at <= self.now, and_(columns.expires_at <= at, columns.nudged_at.is_(None)))
        return await self._of_open(columns.onboarding_id, and_(columns.state == "invited", wanted), columns.expires_at)

    async def _of_open(self, onboarding_id: Any, wanted: ColumnElement[bool], first: Any) -> Sequence[str]:
        """Ids of open onboardings with a wanted row, ordered by the first of those rows."""
        columns = tables.onboardings.c
        query = select(onboarding_id).join(tables.onboardings, columns.id == onboarding_id)
        query = query.where(wanted, columns.closed_at.is_(None), columns.erased_at.is_(None))
        return await self._ids(query.group_by(onboarding_id).order_by(func.min(first), onboarding_id))

    async def expiries(self, by: date | None = None, onboarding_id: str = "") -> Sequence[Expiry]:
        """What must be renewed, in onboardings that aren't erased (or in one), soonest first. ``by``: only what ends by that day
        and wasn't reported as expired."""
        columns, whole = tables.expiries.c, tables.onboardings.c
        query = _rows_of(Expiry).join(tables.onboardings, whole.id == columns.onboarding_id).where(whole.erased_at.is_(None))
        if onboarding_id:
            query = query.where(columns.onboarding_id == onboarding_id)
        if by is not None:
            query = query.where(columns.last_day <= by, or_(columns.warned.is_(None), columns.warned > 0))
        return await self._all(Expiry, query.order_by(columns.last_day, columns.id))

    async def tasks(self, step_id: str, task_id: str) -> Sequence[TaskRecord]:
        """All records of one task in open onboardings, oldest first."""
        columns, whole = tables.tasks.c, tables.onboardings.c
        query = _rows_of(TaskRecord).join(tables.onboardings, whole.id == columns.onboarding_id)
        query = query.where(columns.step_id == step_id, columns.task_id == task_id)
        query = query.where(whole.closed_at.is_(None), whole.erased_at.is_(None))
        return await self._all(TaskRecord, query.order_by(columns.at, columns.id))

    async def identified(self, kind: str, value: str) -> Mapping[str, str]:
        """All that aren't erased and have this answer, open or closed, in any case of letters; oldest first. By id, the customer's name,
        or the id again where the name can't be read."""
        columns, one = tables.onboardings.c, tables.identifiers.c
        marks = select(one.onboarding_id).where(one.mark.in_(marks_of(kind, value)))
        query = _rows_of(Onboarding).where(columns.id.in_(marks), columns.erased_at.is_(None))
        found = await self._all(Onboarding, query.order_by(columns.started_at, columns.id))
        return {onboarding.id: readable_name(onboarding) or onboarding.id for onboarding in found}

    async def posted(self, onboarding_id: str, kind: str, subject: str = "") -> Posted | None:
        return await self.get(Posted, f"{onboarding_id}:{kind}:{subject}")

    async def posted_at(self, channel_id: str, ts: str) -> Posted | None:
        columns = tables.posted.c
        return await self._one(Posted, _rows_of(Posted).where(columns.channel_id == channel_id, columns.ts == ts))

    async def posted_elsewhere(self, kind: str, channel_id: str) -> Mapping[str, Sequence[str]]:
        """By open onboarding, the subjects of its messages of this kind that aren't in this channel."""
        columns, whole = tables.posted.c, tables.onboardings.c
        query = select(columns.onboarding_id, columns.subject).join(tables.onboardings, whole.id == columns.onboarding_id)
        query = query.where(columns.kind == kind, columns.channel_id != channel_id)
        query = query.where(whole.closed_at.is_(None), whole.erased_at.is_(None))
        found: dict[str, list[str]] = {}
        for onboarding_id, subject in await self.connection.execute(query.order_by(columns.onboarding_id, columns.id)):
            found.setdefault(onboarding_id, []).append(subject)
        return found

    async def drafts(self, onboarding_id: str) -> Sequence[Draft]:
        columns = tables.drafts.c
        return await self._all(Draft, _rows_of(Draft).where(columns.onboarding_id == onboarding_id).order_by(columns.id))

    async def person(self, who: Who) -> Person | None:
        known = (whole.get((Person, str(who))) for whole in self._whole.values())  # a lead's was read with the onboarding
        return next((person for person in known if person is not None), None) or await self.get(Person, str(who))

    async def times(self, onboarding_id: str, tags: Collection[str], who: Who, since: datetime) -> Sequence[datetime]:
        """When a person did what the log has under one of these tags, after ``since``; oldest first."""
        columns = tables.audit_events.c
        done = select(type_coerce(columns.at, NullType())).where(
            columns.onboarding_id == onboarding_id, columns.tag.in_(tags), columns.at > since
        )
        done = done.where(columns.team_id == who.team_id, columns.user_id == who.user_id).order_by(columns.at)
        found = []
        for one in await self.connection.scalars(done):
            with contextlib.suppress(DamagedError):
                found.append(read_value(columns.at, one))
        return found

    async def figures(self, since: datetime | None, onboarding_id: str = "") -> Figures:
        """What the report adds up, since a moment; of one onboarding, if given."""
        return await reporting.figures(self.connection, since, onboarding_id)

    async def step_times(self, since: datetime | None, onboarding_id: str = "") -> Sequence[TimeSpent]:
        """Of the steps that were done on the day of ``since`` or later. Of one onboarding, all turns that ended since then."""
        return await reporting.times(self.connection, since, onboarding_id)

    async def at_risk(
        self, today: date, ready: Mapping[tuple[str, str], date], onboarding_id: str = ""
    ) -> tuple[Sequence[GoLiveAtRisk], int]:
        """Open onboardings whose go-live is past, or is before the day by which a step that is left would be ready; soonest first, the
        first `flows.report.MOST` of them, and how many there are. ``ready``: by version of the journey and step."""
        return await reporting.at_risk(self.connection, today, ready, onboarding_id)

    async def began_before(self, at: datetime) -> bool:
        """Whether any onboarding that isn't erased was started before."""
        return await reporting.began_before(self.connection, at)

    async def was_seen(self, key: str) -> bool:
        """Whether `once` was asked before."""
        return (await self.connection.execute(_SEEN, {"key": key})).first() is not None

    async def support_people(self) -> Sequence[Person]:
        columns = tables.people.c
        return await self._all(Person, _rows_of(Person).where(columns.support.is_(True)).order_by(columns.id))

    async def people_of(self, team_id: str, user_ids: Collection[str]) -> Sequence[Person]:
        """Those of these people of a team who are known."""
        columns = tables.people.c
        query = _rows_of(Person).where(columns.team_id == team_id, columns.user_id.in_(list(user_ids)))
        return await self._all(Person, query.order_by(columns.id))

    async def departures(self) -> Sequence[Departure]:
        return await self._all(Departure, _rows_of(Departure).order_by(tables.departures.c.id))

    async def failed_effects(self, onboarding_id: str) -> Sequence[EffectRecord]:
        """An onboarding's effects that were given up, oldest first."""
        return await self._all(EffectRecord, _FAILED, {"onboarding_id": onboarding_id})

    async def refused_effects(self, errors: Collection[str]) -> Sequence[EffectRecord]:
        """All that were given up with one of these errors, oldest first."""
        columns = tables.effects.c
        return await self._effects(and_(columns.state == "failed", columns.error.in_(errors)))

    async def open_effects(self, limit: int = 200) -> Sequence[EffectRecord]:
        """Effects that are neither done nor given up, oldest first."""
        return await self._effects(tables.OPEN, limit)

    async def _effects(self, wanted: Any, limit: int | None = None) -> Sequence[EffectRecord]:
        return await self._all(EffectRecord, _rows_of(EffectRecord).where(wanted).order_by(_OLDEST).limit(limit))

    async def unhandled(self, limit: int = 200) -> Sequence[Received]:
        columns = tables.received.c
        longest_left = func.coalesce(columns.attempted_at, columns.at)
        return await self._all(
            Received, _rows_of(Received).where(columns.handled_at.is_(None)).order_by(longest_left, columns.id).limit(limit)
        )

    async def _flush(self) -> None:
        """Write what is added and changed."""
        if self._session is not None and self._changes:
            await self._session.flush()

    async def _one(self, kind: type[T], query: Select[Any], parameters: dict[str, str] | None = None) -> T | None:
        """Raises DamagedError."""
        await self._flush()
        found = (await self.connection.execute(query, parameters)).first()
        return None if found is None else self._row(kind, values_of(kind, found))

    async def _all(self, kind: type[T], query: Select[Any], parameters: dict[str, str] | None = None) -> Sequence[T]:
        """Without rows that can't be read: one customer's are no reason to serve nobody."""
        await self._flush()
        rows: list[T] = []
        for found in await self.connection.execute(query, parameters):
            try:
                values = values_of(kind, found)
            except DamagedError as error:
                log.error("a damaged row was left out: run verify-log", extra={"where": str(error)})  # noqa: TRY400  says it all
            else:
                rows.append(self._row(kind, values))
        return rows

    def _row(self, kind: type[T], values: Mapping[str, Any]) -> T:
        row: T = tracked_row(self.session, kind, values) if self._changes else plain_row(kind, values)
        return row

    async def _ids(self, query: Select[Any]) -> Sequence[str]:
        await self._flush()
        return (await self.connection.scalars(query)).all()


def _snapshot(whole: Whole) -> Snapshot:
    kinds: dict[type, list[Any]] = {kind: [] for kind in KINDS}
    for (kind, _), row in whole.items():
        kinds[kind].append(row)
    submissions: dict[str, list[Submission]] = {}
    for submission in kinds[Submission]:
        submissions.setdefault(submission.step_id, []).append(submission)
    return Snapshot(
        onboarding=kinds[Onboarding][0],
        steps={step.step_id: step for step in kinds[StepRecord]},
        submissions=submissions,
        tasks=kinds[TaskRecord],
        decisions=kinds[Decision],
        grants=kinds[Grant],
        members=kinds[Member],
        companies=kinds[ThirdCompany],
        calls=kinds[Call],
        notes=kinds[Note],
        reminders=kinds[Reminder],
        lead_timezone=next((person.timezone for person in kinds[Person]), ""),
    )
