"""One transaction: what is added and changed, what goes in the audit log, and what is to run outside."""

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import insert
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from flows.model import EffectRecord, Onboarding, new_id
from flows.outbox import Effect, UnreadableEffectError, dump, lane_of, load
from flows.people import Who
from storage import audit
from storage.columns import canonical
from storage.queries import PARTS, Queries
from storage.sealing import Place, Plain, SealError
from storage.tables import effects, seen

T = TypeVar("T")

OnEffects = Callable[[AsyncSession, str, str], Awaitable[None]]
"""Called for each batch of effects before the commit, in its transaction: session, queue, batch id."""


def queue_of(onboarding_id: str, lane: str = "") -> str:
    """Effects in one queue wait for each other. ``lane``: a separate queue for the onboarding, so that an outside system that
    doesn't answer delays no messages."""
    return f"{onboarding_id}/{lane}" if lane else onboarding_id


_SNAPSHOT_KINDS = (Onboarding, *(kind for kind, _ in PARTS))


@dataclass
class _Pending:
    """What is written for one onboarding at commit."""

    batches: dict[str, str] = field(default_factory=dict)  # by lane
    entries: list[audit.Entry] = field(default_factory=list)
    asked: list[tuple[Effect, str]] = field(default_factory=list)
    effects: list[dict[str, Any]] = field(default_factory=list)  # their rows


class Unit(Queries):
    """Implements `flows.ports.Unit`. ``session`` is for this package's modules and for the job engine."""

    def __init__(self, session: AsyncSession, now: datetime, *, locks: bool = False) -> None:
        super().__init__(session, now, locks=locks)
        self._added: dict[tuple[type, str], object] = {}
        self._deleted: set[tuple[type, str]] = set()
        self._pending: dict[str, _Pending] = {}
        self._again: list[EffectRecord] = []

    def add(self, row: Any) -> None:
        """Write a new row; an existing row with the same id makes the commit fail with Conflict."""
        self.session.add(row)
        key = (type(row), row.id)
        self._added[key] = row
        self._deleted.discard(key)
        if isinstance(row, _SNAPSHOT_KINDS) and (whole := self._whole.get(_onboarding_of(row))):
            whole.append(row)

    async def get(self, kind: type[T], row_id: str) -> T | None:
        """A row by id; changes to it are written at commit."""
        key = (kind, row_id)
        if key in self._deleted:
            return None
        added = self._added.get(key)
        return added if isinstance(added, kind) else await self.session.get(kind, row_id)

    async def delete(self, row: Any) -> None:
        if row in self.session.new:
            self.session.expunge(row)
        else:
            await self.session.delete(row)
        key = (type(row), row.id)
        self._added.pop(key, None)
        self._deleted.add(key)
        for whole in self._whole.values():
            whole[:] = [one for one in whole if one is not row]

    async def once(self, key: str) -> bool:
        """True the first time; False if the key was seen. Part of the transaction: if that fails, the key is new again."""
        dialect = postgresql if self.session.get_bind().dialect.name == "postgresql" else sqlite
        insertion = dialect.insert(seen).values(id=key, at=self.now).on_conflict_do_nothing()
        return (await self.session.execute(insertion.returning(seen.c.id))).first() is not None

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
        self._of(onboarding_id).entries.append(audit.Entry(tag, actor, facts or {}, changes or {}))

    def ask(self, onboarding_id: str, effect: Effect) -> str:
        """Run this after the commit, after earlier effects of the same onboarding and lane. Returns its id."""
        pending, effect_id = self._of(onboarding_id), new_id("eff")
        for asked, its_id in pending.asked:
            if effect.once and asked == effect:
                return its_id
        pending.asked.append((effect, effect_id))
        batch = pending.batches.setdefault(effect.lane, new_id("bat"))
        row = {
            "id": effect_id,
            "onboarding_id": onboarding_id,
            "batch": batch,
            "kind": effect.kind,
            "arguments": Plain(canonical(dump(effect)), Place(effects.name, "arguments", effect_id)),
            "state": "pending",
            "attempts": 0,
            "error": "",
            "error_id": "",
            "result": {},
            "created_at": self.now,
        }
        pending.effects.append(row)
        return effect_id

    def effect_of(self, record: EffectRecord) -> Effect | None:
        """The effect as stored; None if it can't be read."""
        try:
            return load(record.kind, record.arguments)
        except (UnreadableEffectError, SealError):
            return None

    def retry(self, record: EffectRecord) -> None:
        """Retry an effect that was given up, after the commit and under its own id, so that what it may have posted is found."""
        # Counts as one attempt made: it may have gone through.
        record.state, record.error, record.error_id, record.attempts = "pending", "", "", 1
        self._again.append(record)

    def _of(self, onboarding_id: str) -> _Pending:
        return self._pending.setdefault(onboarding_id, _Pending())

    async def commit(self, on_effects: OnEffects | None) -> None:
        """Write everything, announce the effects, and commit."""
        await self.session.flush()
        # In id order, so that two units with several onboardings can't deadlock; the register last.
        for onboarding_id, pending in sorted(self._pending.items(), key=lambda item: (item[0] == audit.REGISTER, item[0])):
            await self._write(onboarding_id, pending)
        for onboarding_id, pending in self._pending.items():
            if on_effects is not None:
                for lane, batch in pending.batches.items():
                    await on_effects(self.session, queue_of(onboarding_id, lane), batch)
        for record in self._again:
            if on_effects is not None:  # another job for a batch whose first job has ended
                queue = queue_of(record.onboarding_id, lane_of(record.kind))
                await on_effects(self.session, queue, f"{record.batch}:{time.time_ns()}")
        await self.session.commit()

    async def _write(self, onboarding_id: str, pending: _Pending) -> None:
        first = 1
        if onboarding_id or pending.entries:  # effects of no onboarding are ordered only within their batch
            first = await audit.append(self.session, onboarding_id, pending.entries, self.now, len(pending.effects))
        if pending.effects:
            await self.session.execute(insert(effects), [{**row, "seq": first + i} for i, row in enumerate(pending.effects)])


def _onboarding_of(row: Any) -> str:
    return str(row.id if isinstance(row, Onboarding) else row.onboarding_id)
