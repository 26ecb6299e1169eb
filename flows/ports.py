"""What the use cases need from the store. `storage` fulfils it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import date, datetime
from typing import Any, Protocol, TypeVar

from flows.model import Draft, EffectRecord, Expiry, Onboarding, Person, Posted, Received, Snapshot, TaskRecord
from flows.outbox import Effect
from flows.people import Who

T = TypeVar("T")


class Unit(Protocol):
    """One transaction. What is added or changed is committed together with the audit events and the effects, or not at all."""

    now: datetime

    def add(self, row: object) -> None:
        """Write a new row; an existing row of the same id makes the commit fail."""

    async def get(self, kind: type[T], row_id: str) -> T | None:
        """A row by id; changes to it are written at commit."""

    async def delete(self, row: object) -> None: ...

    async def snapshot(self, onboarding_id: str) -> Snapshot | None:
        """One onboarding whole. In a write the rows can be changed."""

    async def by_channel(self, channel_id: str) -> Onboarding | None:
        """The onboarding bound to a channel that is not closed, else the last closed one."""

    async def onboardings(self, *, team_id: str = "", user_id: str = "", closed: bool = False) -> Sequence[Onboarding]:
        """All that are not erased, or those of which a person is a member; oldest first; with ``closed`` the closed ones too."""

    async def due(self, at: datetime) -> Sequence[str]:
        """Ids of open onboardings with a step whose reminder is due, the longest due first. Nothing sealed is opened."""

    async def expiring(self, at: datetime) -> Sequence[str]:
        """Ids of open onboardings with invited grants that expired by now, or expire by ``at`` and were not nudged; soonest first.
        Nothing sealed is opened."""

    async def expiries(self, by: date | None = None, onboarding_id: str = "") -> Sequence[Expiry]:
        """What must be renewed, of onboardings that are not erased (or of one), soonest first; with ``by`` what ends by that day and
        wasn't told to be over."""

    async def tasks(self, step_id: str, task_id: str) -> Sequence[TaskRecord]:
        """All records of one task, of open onboardings; oldest first."""

    async def posted(self, onboarding_id: str, kind: str, subject: str = "") -> Posted | None: ...

    async def drafts(self, onboarding_id: str) -> Sequence[Draft]: ...

    async def person(self, who: Who) -> Person | None: ...

    async def support_people(self) -> Sequence[Person]: ...

    async def failed_effects(self, onboarding_id: str) -> Sequence[EffectRecord]:
        """Those of an onboarding that were given up, oldest first."""

    async def unhandled(self, limit: int = 200) -> Sequence[Received]: ...

    async def once(self, key: str) -> bool:
        """True the first time; False when the key was seen. In the transaction: what fails may come again."""

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

    def ask(self, onboarding_id: str, effect: Effect) -> str:
        """Do this after the commit, after the effects of the same onboarding and lane that came before. Returns its id."""

    def retry(self, record: EffectRecord) -> None:
        """Try an effect that was given up again after the commit, under its own id, so that what may stand in Slack is found."""


class Store(Protocol):
    """Where units come from."""

    def write(self) -> AbstractAsyncContextManager[Unit]:
        """``async with store.write() as unit``: commits at the end, rolls back on an exception. See also `transact`."""

    def read(self) -> AbstractAsyncContextManager[Unit]:
        """A consistent reading; nothing is written."""

    async def transact(self, work: Callable[[Unit], Awaitable[T]]) -> T:
        """Carry out ``work`` in a write, anew in a fresh unit when another writer was first: it may run several times."""
