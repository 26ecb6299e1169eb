"""What the use cases need from the store. `storage` implements it."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import date, datetime
from typing import Any, Protocol, TypeVar

from flows.desk import PAGE, Page, Standing, Waiting, Wanted
from flows.model import (
    Departure,
    Draft,
    EffectRecord,
    Expiry,
    Member,
    Onboarding,
    Person,
    Posted,
    Received,
    Snapshot,
    TaskRecord,
)
from flows.outbox import Effect
from flows.people import Who
from flows.report import Figures, GoLiveAtRisk, TimeSpent

T = TypeVar("T")


class Unit(Protocol):
    """One transaction. What is added or changed is committed together with the audit events and effects, or not at all."""

    now: datetime
    today: date
    """Support's."""

    def add(self, row: object) -> None:
        """Write a new row; an existing row with the same id makes the commit fail."""

    async def get(self, kind: type[T], row_id: str) -> T | None:
        """A row by id; changes to it are written at commit."""

    async def delete(self, row: object) -> None: ...

    async def snapshot(self, onboarding_id: str) -> Snapshot | None:
        """One whole onboarding. In a write, its rows can be changed."""

    async def by_channel(self, channel_id: str) -> Onboarding | None:
        """The channel's open onboarding, else its last closed one."""

    async def onboardings(
        self, *, team_id: str = "", user_id: str = "", channel_id: str = "", company: str = "", closed: bool = False
    ) -> Sequence[Onboarding]:
        """All that aren't erased, those a person is a member of, those of a channel, or those of a company by its team id; oldest first.
        ``closed``: the closed ones too. What may be many is a page of `standings`."""

    async def waiting(self, wanted: Wanted, *, first: int = 0, limit: int = PAGE) -> Page[Waiting]:
        """What waits for support in all onboardings: who is stuck on top, then what waits longest."""

    async def standings(self, wanted: Wanted, *, closed: bool = False, first: int = 0, limit: int = PAGE) -> Page[Standing]:
        """How all onboardings stand that aren't closed: those where somebody is stuck on top, then those that wait longest for support,
        then by go-live and age. ``closed``: the closed ones too, last."""

    async def named(self, text: str, *, closed: bool = True, first: int = 0, limit: int = PAGE) -> Page[Standing]:
        """Those with this name, or with a word in it that begins like each word of the text; all if it is empty. Exact names come first,
        then as `standings`."""

    async def members_elsewhere(self, user_ids: Collection[str], channel_id: str) -> Sequence[Member]:
        """Which of these people are the customer's in open onboardings of other channels, ordered by id."""

    async def language_of(self, who: Who, about: str = "", *, colleagues: bool) -> str:
        """The language of the onboarding that someone is in as one of the customer's people, an open one and the latest first; empty if
        there is none. ``about``: before all others, that of this id or in this channel. ``colleagues``: or one of others from their
        company, for whoever isn't known yet."""

    async def open_onboardings(self, *, severed: bool = False) -> Sequence[str]:
        """The ids of those that are open and can be reached, oldest first. ``severed``: those that can't be reached too. Opens nothing
        sealed."""

    async def counting_down(self) -> Sequence[str]:
        """The ids of those that are open, can be reached, and have a target go-live date, soonest first. Opens nothing sealed."""

    async def owners_and_claimers(self) -> Collection[str]:
        """The user ids of all of support who own an onboarding, or claimed one of its steps or a call for help, in which something is left
        to do: it is open, or something in it must be renewed. Opens nothing sealed."""

    async def held_by(self, user_ids: Collection[str]) -> Collection[tuple[str, str]]:
        """The onboardings that these people of support own or claimed something of, as (onboarding id, user id), of those above. Opens
        nothing sealed."""

    async def unanswered(self, kinds: Collection[str]) -> Collection[tuple[str, str]]:
        """By whom support is called and in which onboarding, as (onboarding id, user id), for calls of these kinds that nobody has
        answered. Opens nothing sealed."""

    async def due(self, at: datetime) -> Sequence[str]:
        """Ids of onboardings with a due reminder or escalation, longest overdue first. Opens nothing sealed."""

    async def unheard(self, before: datetime) -> Sequence[str]:
        """Ids of open onboardings that can be reached and began by ``before``, in which nobody of the customer has pressed anything, and of
        which support was not told; oldest first. Opens nothing sealed."""

    async def expiring(self, at: datetime) -> Sequence[str]:
        """Ids of open onboardings with invited grants that have expired, or that expire by ``at`` and weren't nudged; soonest
        first. Opens nothing sealed."""

    async def expiries(self, by: date | None = None, onboarding_id: str = "") -> Sequence[Expiry]:
        """What must be renewed, in onboardings that aren't erased (or in one), soonest first. ``by``: only what ends by that day
        and wasn't reported as expired."""

    async def tasks(self, step_id: str, task_id: str) -> Sequence[TaskRecord]:
        """All records of one task in open onboardings, oldest first."""

    async def identify(self, onboarding_id: str, kind: str, value: str) -> None:
        """Keep an answer by which a customer is told from all others."""

    async def identified(self, kind: str, value: str) -> Mapping[str, str]:
        """All that aren't erased and have this answer, open or closed, in any case of letters; oldest first. By id, the customer's name,
        or the id again where the name can't be read."""

    async def posted(self, onboarding_id: str, kind: str, subject: str = "") -> Posted | None: ...

    async def place(self, posted: Posted) -> None:
        """Write where a lasting message is, whether it was posted before or not."""

    async def posted_at(self, channel_id: str, ts: str) -> Posted | None: ...

    async def posted_elsewhere(self, kind: str, channel_id: str) -> Mapping[str, Sequence[str]]:
        """By open onboarding, the subjects of its messages of this kind that aren't in this channel."""

    async def drafts(self, onboarding_id: str) -> Sequence[Draft]: ...

    async def person(self, who: Who) -> Person | None: ...

    async def support_people(self) -> Sequence[Person]: ...

    async def people_of(self, team_id: str, user_ids: Collection[str]) -> Sequence[Person]:
        """Those of these people of a team who are known."""

    async def departures(self) -> Sequence[Departure]: ...

    async def failed_effects(self, onboarding_id: str) -> Sequence[EffectRecord]:
        """An onboarding's effects that were given up, oldest first."""

    async def refused_effects(self, errors: Collection[str]) -> Sequence[EffectRecord]:
        """All that were given up with one of these errors, oldest first."""

    async def unhandled(self, limit: int = 200) -> Sequence[Received]:
        """Events, those first whose last attempt was longest ago."""

    async def times(self, onboarding_id: str, tags: Collection[str], who: Who, since: datetime) -> Sequence[datetime]:
        """When a person did what the log has under one of these tags, after ``since``; oldest first."""

    async def count_refused(self, onboarding_id: str, form: str, reasons: Collection[tuple[str, str]]) -> None:
        """Note for the report that fields of a form were refused: pairs of a field's name and a problem's key."""

    async def figures(self, since: datetime | None, onboarding_id: str = "") -> Figures:
        """What the report adds up, since a moment; of one onboarding, if given."""

    async def step_times(self, since: datetime | None, onboarding_id: str = "") -> Sequence[TimeSpent]:
        """Of the steps that were done on the day of ``since`` (in UTC) or later. Of one onboarding all turns that ended since then, also
        on steps that aren't done."""

    async def at_risk(
        self, today: date, ready: Mapping[tuple[str, str], date], onboarding_id: str = ""
    ) -> tuple[Sequence[GoLiveAtRisk], int]:
        """Open onboardings whose go-live is past, or is before the day by which a step that is left would be ready; soonest first, the
        first `flows.report.MOST` of them, and how many there are. ``ready``: by version of the journey and step; others don't count."""

    async def began_before(self, at: datetime) -> bool:
        """Whether any onboarding that isn't erased was started before."""

    async def once(self, key: str) -> bool:
        """True the first time; False if the key was seen. Part of the transaction: if that fails, the key is new again."""

    async def was_seen(self, key: str) -> bool:
        """Whether `once` was asked before."""

    def record(
        self,
        onboarding_id: str,
        tag: str,
        actor: Who,
        *,
        facts: Mapping[str, Any] | None = None,
        changes: Mapping[str, Any] | None = None,
    ) -> None:
        """Append to the onboarding's audit chain. ``changes`` may hold personal data and is erasable; ``facts`` must not."""

    def ask(self, onboarding_id: str, effect: Effect) -> None:
        """Run this after the commit, after earlier effects of the same onboarding and lane."""

    def effect_of(self, record: EffectRecord) -> Effect | None:
        """The effect as stored; None if it can't be read."""

    def retry(self, record: EffectRecord) -> None:
        """Retry an effect that was given up, after the commit and under its own id, so that what it may have posted is found."""


class Store(Protocol):
    """Where units come from."""

    def write(self) -> AbstractAsyncContextManager[Unit]:
        """``async with store.write() as unit``: commits at the end, rolls back on an exception. See also `transact`."""

    def read(self) -> AbstractAsyncContextManager[Unit]:
        """A consistent read; nothing is written."""

    async def transact(self, work: Callable[[Unit], Awaitable[T]]) -> T:
        """Run ``work`` in a write, and again in a fresh unit if another writer was first: it may run several times."""
