"""One transaction: what is added and changed, what goes in the audit log, and what is to run outside."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import Any, TypeVar

from sqlalchemy import and_, bindparam, insert, literal_column, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from flows.model import EffectRecord, Identifier, Onboarding, Posted, RefusedField, new_id
from flows.outbox import Effect, UnreadableEffectError, load
from flows.people import Who
from storage import audit
from storage.arguments import arguments_text, require_bound
from storage.chain import REGISTER
from storage.covered import Key, Written, written
from storage.customers import readable_name
from storage.identifiers import mark_of
from storage.names import mark_name
from storage.queries import Queries
from storage.sealing import Place, Plain, SealError
from storage.tables import OPEN, effects, refused_fields, seen
from storage.tables import posted as posted_table
from storage.traced import UNTRACED, Traced
from storage.whole import KINDS

T = TypeVar("T")

SUPPORT = "support"
"""The lane and the pace of what goes into support's channel."""


def queue_of(onboarding_id: str, effect: Effect) -> str:
    """Effects in one queue wait for each other. An onboarding has one for the customer's channel, one for support's, so that a crowd
    there delays nobody's messages, one for each message that is edited, and one for each outside system that may not answer."""
    lane = effect.lane or (effect.same if effect.edits else SUPPORT if effect.side == SUPPORT else "")
    return f"{onboarding_id}/{lane}" if lane else onboarding_id


def pace_of(onboarding_id: str, effect: Effect) -> str:
    """What is called at a limited pace: support's channel, the customer's (by its onboarding, since a channel's id may change)."""
    return effect.pace or ("" if effect.edits else {"support": SUPPORT, "customer": onboarding_id, "": ""}[effect.side])


# Built once: SQLAlchemy takes longer to build a statement than the database to run it.
_waiting = and_(effects.c.state == literal_column("'waiting'"))  # as the partial index has it
_in_queues = effects.c.queue.in_(bindparam("queues", expanding=True))
# For what it returns, SQLAlchemy sends all rows in one statement; else psycopg sends a pipeline (see `storage.outbox`).
_EFFECTS = insert(effects).returning(effects.c.seq)
_APART = update(effects).where(_in_queues, _waiting).values(same="")
# It is as old as what was asked for last: by its age it is given up.
_HOLD = (
    update(effects)
    .where(_in_queues, effects.c.same.in_(bindparam("names", expanding=True)), _waiting)
    .values(created_at=bindparam("moment", type_=effects.c.created_at.type))
    .returning(effects.c.queue, effects.c.same, effects.c.traceparent)
)
# Counts as one attempt made, since it may have gone through, and as asked for now, since it is given up by its age. If someone was
# first, it isn't a failed one any more. It goes on in the trace of whoever wants it again.
_AGAIN = (
    update(effects)
    .where(effects.c.id.in_(bindparam("again", expanding=True)), effects.c.state == "failed")
    .values(
        state="waiting",
        error="",
        error_id="",
        traceparent=bindparam("place"),
        attempts=1,
        due=0.0,
        created_at=bindparam("moment", type_=effects.c.created_at.type),
    )
)


_ONCE = {
    dialect: insert(seen).on_conflict_do_nothing().returning(seen.c.id)
    for dialect, insert in (("sqlite", sqlite.insert), ("postgresql", postgresql.insert))
}
_PLACED = [column.name for column in posted_table.c]


def _placing(insertion: Any) -> Any:
    moved = {name: insertion.excluded[name] for name in ("channel_id", "ts", "thread_ts", "digest")}
    return insertion.on_conflict_do_update(index_elements=[posted_table.c.id], set_=moved)


def _counting(insertion: Any) -> Any:
    return insertion.on_conflict_do_update(index_elements=[refused_fields.c.id], set_={"times": refused_fields.c.times + 1})


_COUNT_REFUSED = {
    "sqlite": _counting(sqlite.insert(refused_fields)),
    "postgresql": _counting(postgresql.insert(refused_fields)),
}
_PLACE = {"sqlite": _placing(sqlite.insert(posted_table)), "postgresql": _placing(postgresql.insert(posted_table))}


@dataclass
class _Pending:
    """What is written for one onboarding at commit."""

    entries: list[audit.Entry] = field(default_factory=list)
    rows: dict[Key, Written] = field(default_factory=dict)  # the covered ones
    effects: list[dict[str, Any]] = field(default_factory=list)  # their rows
    divided: list[str] = field(default_factory=list)  # queues with one that divides


class Unit(Queries):
    """Implements `flows.ports.Unit`. ``session`` is for this package's modules."""

    def __init__(
        self, connection: AsyncConnection, now: datetime, *, changes: bool = False, locks: bool = False, zone: tzinfo = UTC
    ) -> None:
        super().__init__(connection, now, changes=changes, locks=locks, zone=zone)
        self._added: dict[tuple[type, str], object] = {}
        self._deleted: set[tuple[type, str]] = set()
        self._pending: dict[str, _Pending] = {}
        self._again: list[str] = []
        self.before: tuple[str, audit.Head] | None = None
        """The chain of the log that this process wrote to before, and where it was then."""
        self.may_append: Callable[[str], None] = lambda _: None
        """Raises Altered for a chain of the log that nothing is to be appended to though it holds by itself; asked of the register too."""
        self.appended: dict[str, audit.Head] = {}
        """Chains of the log that the commit appended to, and where they are now."""
        self.asked = False
        """Whether an effect waits for the commit."""
        self.traced: Traced = UNTRACED
        """Where this write stands in a trace."""
        self.at_last: Callable[[], Awaitable[None]] | None = None
        """What to do right before the commit, when all else is written and locked."""

    def add(self, row: Any) -> None:
        """Write a new row; an existing row with the same id makes the commit fail with Conflict."""
        self.session.add(row)
        key = (type(row), row.id)
        self._added[key] = row
        self._deleted.discard(key)
        if isinstance(row, KINDS) and (whole := self._whole.get(_onboarding_of(row))):
            whole[key] = row

    async def get(self, kind: type[T], row_id: str) -> T | None:
        """A row by id; changes to it are written at commit."""
        key = (kind, row_id)
        if key in self._deleted:
            return None
        added = self._added.get(key)
        return added if isinstance(added, kind) else await super().get(kind, row_id)

    async def delete(self, row: Any) -> None:
        if row in self.session.new:
            self.session.expunge(row)
        else:
            await self.session.delete(row)
        key = (type(row), row.id)
        self._added.pop(key, None)
        self._deleted.add(key)
        for whole in self._whole.values():
            whole.pop(key, None)

    async def once(self, key: str) -> bool:
        """True the first time; False if the key was seen. Part of the transaction: if that fails, the key is new again."""
        insertion = _ONCE[self.connection.dialect.name]
        return (await self.connection.execute(insertion, {"id": key, "at": self.now})).first() is not None

    async def place(self, posted: Posted) -> None:
        """Write where a lasting message is, whether it was posted before or not."""
        await self.connection.execute(_PLACE[self.connection.dialect.name], {name: getattr(posted, name) for name in _PLACED})
        if whole := self._whole.get(posted.onboarding_id):
            whole[Posted, posted.id] = posted

    async def count_refused(self, onboarding_id: str, form: str, reasons: Collection[tuple[str, str]]) -> None:
        """Note for the report that fields of a form were refused: pairs of a field's name and a problem's key."""
        day = self.now.date()
        for name, reason in sorted(set(reasons)):
            row = RefusedField(
                id=f"{onboarding_id}:{day}:{form}.{name}:{reason}",
                onboarding_id=onboarding_id,
                form=form,
                field=name,
                reason=reason,
                day=day,
            )
            await self.connection.execute(
                _COUNT_REFUSED[self.connection.dialect.name],
                {column.name: getattr(row, column.name) for column in refused_fields.c},
            )

    async def identify(self, onboarding_id: str, kind: str, value: str) -> None:
        """Keep an answer by which a customer is told from all others."""
        row_id, mark = f"{onboarding_id}:{kind}", mark_of(kind, value)
        row = await self.get(Identifier, row_id)
        if row is None:
            self.add(Identifier(id=row_id, onboarding_id=onboarding_id, kind=kind, value=value, mark=mark))
        else:
            row.value, row.mark = value, mark

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

    def restate(self, rows: Mapping[Key, Written]) -> None:
        """Have the log state how these covered rows are, whether they are changed or not."""
        for key, one in rows.items():
            self._of(one.onboarding_id).rows[key] = one

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
        self.asked, pace = True, pace_of(onboarding_id, effect)
        pending.effects.append(
            {
                "id": effect_id,
                "onboarding_id": onboarding_id,
                "queue": queue,
                "pace": pace,
                "same": effect.same,
                "kind": effect.kind,
                "arguments": Plain(arguments_text(effect, onboarding_id, pace), Place(effects.name, "arguments", effect_id)),
                "state": "waiting",
                "attempts": 0,
                "due": 0.0,
                "holder": "",
                "error": "",
                "error_id": "",
                "traceparent": self.traced.traceparent,
                "result": {},
                "created_at": self.now,
            }
        )

    async def waits(self, onboarding_id: str, effect: Effect) -> bool:
        """Whether one of its kind waits in its queue, or runs there."""
        its_kind = and_(effects.c.queue == queue_of(onboarding_id, effect), effects.c.kind == effect.kind)
        return await self.connection.scalar(select(effects.c.id).where(its_kind, OPEN).limit(1)) is not None

    def effect_of(self, record: EffectRecord) -> Effect | None:
        """The effect as stored; None if it can't be read."""
        try:
            arguments = record.arguments
            require_bound(arguments, record.id, record.onboarding_id, record.kind, record.pace)
            return load(record.kind, arguments)
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
        await self._flush()
        if self._session is not None:
            rows = written(self._session.sync_session)
            self.restate(rows)
            for kind, row_id in rows:
                if kind is Onboarding:
                    await self._mark_name(row_id)
        # In id order, so that two units with several onboardings can't deadlock; the register last.
        for onboarding_id in sorted(self._pending):
            if onboarding_id != REGISTER:
                await self._write(onboarding_id, self._pending[onboarding_id])
        if REGISTER in self._pending:
            await self._write(REGISTER, self._pending[REGISTER])
        if self._again:
            await self.connection.execute(_AGAIN, {"again": self._again, "moment": self.now, "place": self.traced.traceparent})
        if self.at_last is not None:
            await self.at_last()
        await self.connection.commit()

    async def _mark_name(self, onboarding_id: str) -> None:
        row = await self.get(Onboarding, onboarding_id)
        if row is not None and (name := readable_name(row)):
            await mark_name(self.connection, onboarding_id, name)

    async def _write(self, onboarding_id: str, pending: _Pending) -> None:
        if pending.entries or pending.rows:
            self.may_append(onboarding_id)
            begins = (Onboarding, onboarding_id) in self._added
            appended = await audit.append(
                self.connection, onboarding_id, pending.entries, self.now, rows=pending.rows, begins=begins, before=self.before
            )
            self.appended[onboarding_id] = appended.head
            if appended.registers is not None:
                self._of(REGISTER).entries.append(appended.registers)
        elif onboarding_id:
            await audit.wait_for(self.connection, onboarding_id)
        if pending.divided:
            await self.connection.execute(_APART, {"queues": pending.divided})
        if new := await self._without_merged(pending.effects):
            await self.connection.execute(_EFFECTS, new)

    async def _without_merged(self, rows: Sequence[dict[str, Any]]) -> Sequence[dict[str, Any]]:
        """Without those for which one that waits will do.

        That row is locked until the commit, so that it runs after it. One that was taken may have seen the state before, and is
        no longer found.
        """
        wanted = {(row["queue"], row["same"]) for row in rows if row["same"]}
        if not wanted:
            return rows
        values = {
            "queues": sorted({queue for queue, _ in wanted}),
            "names": sorted({name for _, name in wanted}),
            "moment": self.now,
        }
        merged = {(queue, name): place for queue, name, place in await self.connection.execute(_HOLD, values)}
        for key in wanted & merged.keys():
            self.traced.joins(merged[key])
        return [row for row in rows if (row["queue"], row["same"]) not in merged]


def _onboarding_of(row: Any) -> str:
    return str(getattr(row, "onboarding_id", row.id))
