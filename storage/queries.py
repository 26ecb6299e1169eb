"""What a unit reads: one method per question of the use cases."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, and_, bindparam, func, literal_column, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from flows.model import (
    LEFT,
    Decision,
    Draft,
    EffectRecord,
    Expiry,
    Grant,
    Member,
    Onboarding,
    Person,
    Posted,
    Received,
    Snapshot,
    StepRecord,
    Submission,
    TaskRecord,
)
from flows.people import Who
from storage import tables
from storage.mapping import TABLES

T = TypeVar("T")

PARTS: tuple[tuple[type, tuple[str, ...]], ...] = (
    (StepRecord, ("position",)),
    (Submission, ("step_id", "revision")),
    (TaskRecord, ("at", "id")),
    (Decision, ("at", "id")),
    (Grant, ("step_id", "id")),
    (Member, ("role", "id")),
)
"""The rows in a snapshot, each kind with its order."""


def _part(kind: type, order: Sequence[str]) -> Select[Any]:
    columns = TABLES[kind].c
    return select(kind).where(columns.onboarding_id == bindparam("onboarding_id")).order_by(*(columns[name] for name in order))


# Built once: every click reads a snapshot.
_PARTS = [_part(kind, order) for kind, order in PARTS]
_WHOLE = select(Onboarding).where(tables.onboardings.c.id == bindparam("onboarding_id"))


class Queries:
    """Rows belong to the session: the same row is the same object, and added rows are found."""

    def __init__(self, session: AsyncSession, now: datetime, *, locks: bool) -> None:
        self.session, self.now, self._locks = session, now, locks
        self._whole: dict[str, list[object]] = {}
        """By onboarding: its snapshot's rows, kept up to date as rows are added and deleted."""

    async def get(self, kind: type[T], row_id: str) -> T | None:
        """A row by id."""
        return await self.session.get(kind, row_id)

    async def snapshot(self, onboarding_id: str) -> Snapshot | None:
        """One whole onboarding; in a write, its other writers wait from here on."""
        if onboarding_id not in self._whole:
            onboarding = await self._locked(onboarding_id)
            if onboarding is None:
                return None
            rows: list[object] = [onboarding]
            for query in _PARTS:
                rows += await self._all(self._fresh(query), {"onboarding_id": onboarding_id})
            lead = await self.person(Who(onboarding.team_id, onboarding.lead_id))
            self._whole[onboarding_id] = [*rows, *([lead] if lead is not None else [])]
        return _snapshot(self._whole[onboarding_id])

    async def _locked(self, onboarding_id: str) -> Onboarding | None:
        query = self._fresh(_WHOLE.with_for_update() if self._locks else _WHOLE)
        return await self._one(query, {"onboarding_id": onboarding_id})

    def _fresh(self, query: Select[T]) -> Select[T]:
        # Rows read before the lock was taken may be outdated by now.
        return query.execution_options(populate_existing=True) if self._locks else query

    async def by_channel(self, channel_id: str) -> Onboarding | None:
        """The channel's open onboarding, else its last closed one."""
        columns = tables.onboardings.c
        query = select(Onboarding).where(columns.channel_id == channel_id, columns.erased_at.is_(None))
        return await self._one(query.order_by(columns.closed_at.is_not(None), columns.closed_at.desc()).limit(1))

    async def onboardings(self, *, team_id: str = "", user_id: str = "", closed: bool = False) -> Sequence[Onboarding]:
        """All that aren't erased, or those a person is a member of; oldest first. ``closed``: the closed ones too."""
        columns, member = tables.onboardings.c, tables.members.c
        query = select(Onboarding).where(columns.erased_at.is_(None)).order_by(columns.started_at, columns.id)
        if not closed:
            query = query.where(columns.closed_at.is_(None))
        if user_id:
            theirs = select(member.onboarding_id).where(member.team_id == team_id, member.user_id == user_id, member.role != LEFT)
            query = query.where(columns.id.in_(theirs))
        return await self._all(query)

    async def journeys(self) -> Mapping[str, Sequence[str]]:
        """By version of the journey, the ids of all onboardings on it that aren't erased, oldest first. Opens nothing sealed."""
        columns = tables.onboardings.c
        query = select(columns.journey, columns.id).where(columns.erased_at.is_(None))
        found: dict[str, list[str]] = {}
        for version, onboarding_id in await self.session.execute(query.order_by(columns.started_at, columns.id)):
            found.setdefault(version, []).append(onboarding_id)
        return found

    async def due(self, at: datetime) -> Sequence[str]:
        """Ids of open onboardings with a due reminder, longest overdue first. Opens nothing sealed."""
        columns = tables.steps.c
        return await self._of_open(columns.onboarding_id, columns.remind_at <= at, columns.remind_at)

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
        return await self._all(query.group_by(onboarding_id).order_by(func.min(first), onboarding_id))

    async def expiries(self, by: date | None = None, onboarding_id: str = "") -> Sequence[Expiry]:
        """What must be renewed, in onboardings that aren't erased (or in one), soonest first. ``by``: only what ends by that day
        and wasn't reported as expired."""
        columns, whole = tables.expiries.c, tables.onboardings.c
        query = select(Expiry).join(tables.onboardings, whole.id == columns.onboarding_id).where(whole.erased_at.is_(None))
        if onboarding_id:
            query = query.where(columns.onboarding_id == onboarding_id)
        if by is not None:
            query = query.where(columns.last_day <= by, or_(columns.warned.is_(None), columns.warned > 0))
        return await self._all(query.order_by(columns.last_day, columns.id))

    async def tasks(self, step_id: str, task_id: str) -> Sequence[TaskRecord]:
        """All records of one task in open onboardings, oldest first."""
        columns, whole = tables.tasks.c, tables.onboardings.c
        query = select(TaskRecord).join(tables.onboardings, whole.id == columns.onboarding_id)
        query = query.where(columns.step_id == step_id, columns.task_id == task_id)
        query = query.where(whole.closed_at.is_(None), whole.erased_at.is_(None))
        return await self._all(query.order_by(columns.at, columns.id))

    async def posted(self, onboarding_id: str, kind: str, subject: str = "") -> Posted | None:
        return await self.get(Posted, f"{onboarding_id}:{kind}:{subject}")

    async def posted_at(self, channel_id: str, ts: str) -> Posted | None:
        columns = tables.posted.c
        return await self._one(select(Posted).where(columns.channel_id == channel_id, columns.ts == ts))

    async def posted_elsewhere(self, kind: str, channel_id: str) -> Mapping[str, Sequence[str]]:
        """By open onboarding, the subjects of its messages of this kind that aren't in this channel."""
        columns, whole = tables.posted.c, tables.onboardings.c
        query = select(columns.onboarding_id, columns.subject).join(tables.onboardings, whole.id == columns.onboarding_id)
        query = query.where(columns.kind == kind, columns.channel_id != channel_id)
        query = query.where(whole.closed_at.is_(None), whole.erased_at.is_(None))
        found: dict[str, list[str]] = {}
        for onboarding_id, subject in await self.session.execute(query.order_by(columns.onboarding_id, columns.id)):
            found.setdefault(onboarding_id, []).append(subject)
        return found

    async def drafts(self, onboarding_id: str) -> Sequence[Draft]:
        columns = tables.drafts.c
        return await self._all(select(Draft).where(columns.onboarding_id == onboarding_id).order_by(columns.id))

    async def person(self, who: Who) -> Person | None:
        return await self.get(Person, str(who))

    async def support_people(self) -> Sequence[Person]:
        columns = tables.people.c
        return await self._all(select(Person).where(columns.support.is_(True)).order_by(columns.id))

    async def failed_effects(self, onboarding_id: str) -> Sequence[EffectRecord]:
        """An onboarding's effects that were given up, oldest first."""
        columns = tables.effects.c
        return await self._effects(and_(columns.onboarding_id == onboarding_id, columns.state == "failed"))

    async def refused_effects(self, errors: Collection[str]) -> Sequence[EffectRecord]:
        """All that were given up with one of these errors, oldest first."""
        columns = tables.effects.c
        return await self._effects(and_(columns.state == "failed", columns.error.in_(errors)))

    async def open_effects(self, limit: int = 200) -> Sequence[EffectRecord]:
        """Effects that are neither done nor given up, oldest first."""
        return await self._effects(tables.OPEN, limit)

    async def _effects(self, wanted: Any, limit: int | None = None) -> Sequence[EffectRecord]:
        oldest = tables.effects.c.seq + literal_column("0")  # else PostgreSQL may read all that is done, by the primary key
        return await self._all(select(EffectRecord).where(wanted).order_by(oldest).limit(limit))

    async def unhandled(self, limit: int = 200) -> Sequence[Received]:
        columns = tables.received.c
        return await self._all(select(Received).where(columns.handled_at.is_(None)).order_by(columns.at, columns.id).limit(limit))

    async def _one(self, query: Select[T], parameters: dict[str, str] | None = None) -> T | None:
        return (await self.session.scalars(query, parameters)).one_or_none()

    async def _all(self, query: Select[T], parameters: dict[str, str] | None = None) -> Sequence[T]:
        return (await self.session.scalars(query, parameters)).all()


def _snapshot(rows: list[Any]) -> Snapshot:
    def of(kind: type[T]) -> list[T]:
        return [row for row in rows if isinstance(row, kind)]

    submissions: dict[str, list[Submission]] = {}
    for submission in of(Submission):
        submissions.setdefault(submission.step_id, []).append(submission)
    return Snapshot(
        onboarding=of(Onboarding)[0],
        steps={step.step_id: step for step in of(StepRecord)},
        submissions=submissions,
        tasks=of(TaskRecord),
        decisions=of(Decision),
        grants=of(Grant),
        members=of(Member),
        lead_timezone=next((person.timezone for person in of(Person)), ""),
    )
