"""One transaction: what is added and changed, what goes in the audit log, and what is to run outside."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import and_, bindparam, insert, literal_column, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from flows.model import EffectRecord, Onboarding, new_id
from flows.outbox import Effect, UnreadableEffectError, dump, load
from flows.people import Who
from storage import audit
from storage.columns import canonical
from storage.queries import PARTS, Queries
from storage.sealing import Place, Plain, SealError
from storage.tables import effects, seen

T = TypeVar("T")

SUPPORT = "support"
"""The lane and the pace of what goes into support's channel."""


def queue_of(onboarding_id: str, effect: Effect) -> str:
    """Effects in one queue wait for each other. An onboarding has one for the customer's channel, one for support's, so that a crowd
    there delays nobody's messages, and one for each outside system that may not answer."""
    lane = effect.lane or (SUPPORT if effect.side == SUPPORT else "")
    return f"{onboarding_id}/{lane}" if lane else onboarding_id


def pace_of(onboarding_id: str, effect: Effect) -> str:
    """What is called at a limited pace: support's channel, the customer's (by its onboarding, since a channel's id may change)."""
    return {"support": SUPPORT, "customer": onboarding_id, "": ""}[effect.side]


_waiting = and_(effects.c.state == literal_column("'waiting'"))  # as the partial index has it
# Counts as one attempt made, since it may have gone through, and as asked for now, since it is given up by its age. If someone was
# first, it isn't a failed one any more.
_AGAIN = (
    update(effects)
    .where(effects.c.id.in_(bindparam("again", expanding=True)), effects.c.state == "failed")
    .values(
        state="waiting",
        error="",
        error_id="",
        attempts=1,
        due=0.0,
        created_at=bindparam("moment", type_=effects.c.created_at.type),
    )
    .execution_options(synchronize_session=False)
)
_SNAPSHOT_KINDS = (Onboarding, *(kind for kind, _ in PARTS))


@dataclass
class _Pending:
    """What is written for one onboarding at commit."""

    entries: list[audit.Entry] = field(default_factory=list)
    effects: list[dict[str, Any]] = field(default_factory=list)  # their rows
    divided: list[str] = field(default_factory=list)  # queues with one that divides


class Unit(Queries):
    """Implements `flows.ports.Unit`. ``session`` is for this package's modules."""

    def __init__(self, session: AsyncSession, now: datetime, *, locks: bool = False) -> None:
        super().__init__(session, now, locks=locks)
        self._added: dict[tuple[type, str], object] = {}
        self._deleted: set[tuple[type, str]] = set()
        self._pending: dict[str, _Pending] = {}
        self._again: list[str] = []
        self.asked = False
        """Whether an effect waits for the commit."""

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

    def ask(self, onboarding_id: str, effect: Effect) -> None:
        """Run this after the commit, after earlier effects of the same onboarding and lane."""
        pending, effect_id = self._of(onboarding_id), new_id("eff")
        # Those of no onboarding wait for nothing but their channel, and where one will do for several, for each other.
        queue = queue_of(onboarding_id, effect) if onboarding_id else effect.same or effect_id
        if effect.divides:
            pending.divided.append(queue)
            for row in pending.effects:
                row["same"] = ""
        if effect.same and any((row["queue"], row["same"]) == (queue, effect.same) for row in pending.effects):
            return
        self.asked = True
        pending.effects.append(
            {
                "id": effect_id,
                "onboarding_id": onboarding_id,
                "queue": queue,
                "pace": pace_of(onboarding_id, effect),
                "same": effect.same,
                "kind": effect.kind,
                "arguments": Plain(canonical(dump(effect)), Place(effects.name, "arguments", effect_id)),
                "state": "waiting",
                "attempts": 0,
                "due": 0.0,
                "holder": "",
                "error": "",
                "error_id": "",
                "result": {},
                "created_at": self.now,
            }
        )

    def effect_of(self, record: EffectRecord) -> Effect | None:
        """The effect as stored; None if it can't be read."""
        try:
            return load(record.kind, record.arguments)
        except (UnreadableEffectError, SealError):
            return None

    def retry(self, record: EffectRecord) -> None:
        """Retry an effect that was given up, after the commit and under its own id, so that what it may have posted is found."""
        self._again.append(record.id)
        self.asked = True

    def _of(self, onboarding_id: str) -> _Pending:
        return self._pending.setdefault(onboarding_id, _Pending())

    async def commit(self) -> None:
        """Write everything and commit."""
        await self.session.flush()
        # In id order, so that two units with several onboardings can't deadlock; the register last.
        for onboarding_id, pending in sorted(self._pending.items(), key=lambda item: (item[0] == audit.REGISTER, item[0])):
            await self._write(onboarding_id, pending)
        if self._again:
            await self.session.execute(_AGAIN, {"again": self._again, "moment": self.now})
        await self.session.commit()

    async def _write(self, onboarding_id: str, pending: _Pending) -> None:
        if onboarding_id or pending.entries:
            await audit.append(self.session, onboarding_id, pending.entries, self.now)
        if pending.divided:
            apart = update(effects).where(effects.c.queue.in_(pending.divided), _waiting).values(same="")
            await self.session.execute(apart)
        if new := await self._without_merged(pending.effects):
            await self.session.execute(insert(effects), new)

    async def _without_merged(self, rows: Sequence[dict[str, Any]]) -> Sequence[dict[str, Any]]:
        """Without those for which one that waits will do.

        That row is locked until the commit, so that it runs after it. One that was taken may have seen the state before, and is
        no longer found.
        """
        wanted = {(row["queue"], row["same"]) for row in rows if row["same"]}
        if not wanted:
            return rows
        columns, queues, names = effects.c, {queue for queue, _ in wanted}, {name for _, name in wanted}
        waits = and_(columns.queue.in_(sorted(queues)), columns.same.in_(sorted(names)), _waiting)
        # It is as old as what was asked for last: by its age it is given up.
        held = update(effects).where(waits).values(created_at=self.now).returning(columns.queue, columns.same)
        merged = {(queue, name) for queue, name in await self.session.execute(held)}
        return [row for row in rows if (row["queue"], row["same"]) not in merged]


def _onboarding_of(row: Any) -> str:
    return str(row.id if isinstance(row, Onboarding) else row.onboarding_id)
