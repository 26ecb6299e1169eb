"""The outbox: what commits asked to be done outside. One table knows all about it, by the same statements on both databases.

A process takes effects by one UPDATE (a claim) and writes down how each ended by another, which only the claim's holder can make.
Of each queue the first runs, and none beside it: a unique index says so. What waits, for another try or for its channel's next turn,
waits in the table and holds up only its own queue. docs/decisions/0001 says why there is no library for it.
"""

import contextlib
import json
import os
import secrets
import socket
import time
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import (
    ColumnElement,
    Double,
    FromClause,
    Row,
    Select,
    Update,
    and_,
    bindparam,
    case,
    cast,
    delete,
    exists,
    func,
    literal_column,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import NullType

from flows.outbox import EFFECTS
from storage.arguments import require_bound
from storage.columns import Json, unread
from storage.reading import DamagedError, read_value
from storage.sealing import Place, current
from storage.store import Store
from storage.tables import effects, paces
from storage.unit import Unit

LEASE = 30.0
"""Seconds until others take over what a process that was killed had in hand. One that is told to stop gives it back at once."""
FOR_EVER = 1e12
"""The lease where only one process runs effects."""
MAX_WAIT = 300.0
"""Seconds between two attempts, at most."""
_DAY = 86_400.0
_EDITS = [effect.kind for effect in EFFECTS if effect.edits]


@dataclass(frozen=True)
class Pace:
    """How quickly effects go into one channel: one each ``gap`` seconds (0: as they come), after a rest ``burst`` at once.

    Slack takes about one message a second in a channel, and short bursts above it.
    """

    gap: float = 1.0
    burst: int = 3

    @property
    def ahead(self) -> float:
        """Seconds that a channel's next turn may lie in the future without its effects having to wait."""
        return (self.burst - 1) * self.gap


@dataclass(eq=False)
class Claim:
    """An effect in hand. ``attempts``: with this one; ``deadline``: afterwards another may have it, by `ticks`; ``traceparent``: of the
    commit that asked for it."""

    id: str
    onboarding_id: str
    queue: str
    pace: str
    kind: str
    attempts: int
    created_at: datetime
    result: Mapping[str, Any]
    holder: str
    deadline: float
    traceparent: str
    _sealed: str
    _damage: DamagedError | None = None

    @property
    def arguments(self) -> Mapping[str, Any]:
        """Raises SealError, also for an effect that was altered."""
        if self._damage:
            raise self._damage
        opened = current().open(self._sealed, Place(effects.name, "arguments", self.id))
        arguments: Mapping[str, Any] = json.loads(opened)
        require_bound(arguments, self.id, self.onboarding_id, self.kind, self.pace)
        return arguments

    @property
    def is_ours(self) -> bool:
        """To be asked right before what can't be undone: a process that slept may have lost it."""
        return ticks() <= self.deadline


@dataclass(frozen=True)
class Taken:
    """``more``: whether there is more to take. ``due``: seconds until more becomes free by time alone; None: nothing will."""

    claims: Sequence[Claim]
    more: bool
    due: float | None


@dataclass(frozen=True)
class Ending:
    """How an attempt ended.

    ``wait``: seconds until the next one. ``rest``: the same because the other side asked for it, so everything that goes into that
    channel waits. ``counts``: False if it is certain that nothing was done. ``used_turn``: False if its channel wasn't called.
    ``result``: what to keep; None: what was kept before.
    """

    state: Literal["done", "failed", "waiting"]
    wait: float = 0.0
    rest: float = 0.0
    counts: bool = True
    used_turn: bool = True
    error: str = ""
    error_id: str = ""
    result: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Ended:
    """``mine``: False if another has it by now, or it was erased; then nothing was written. ``next``: taken in the same transaction."""

    mine: bool
    next: Claim | None


@dataclass(eq=False)
class _Lost:
    """``holders``: claims of which nobody knows whether they were written. ``ids``: effects whose attempt broke off."""

    holders: set[str] = field(default_factory=set)
    ids: set[str] = field(default_factory=set)


class Outbox:
    """``lease``: for PostgreSQL. ``wall``: SQLite's clock, read once: set back or forth afterwards, it changes nothing.

    Every method raises Conflict or Unavailable if the database refuses.
    """

    def __init__(
        self, store: Store, *, pace: Pace | None = None, lease: float = LEASE, wall: Callable[[], float] = time.time
    ) -> None:
        self._store, self._pace = store, pace or Pace()
        self.alone = store.one_writer
        """Whether this process is the only one to run effects."""
        self.lease = FOR_EVER if self.alone else lease
        self._name, self._claims = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}", 0
        self._lost = _Lost()
        self._began, self._ticked = wall(), ticks()
        self._sql = _Statements(self._pace, self.lease, of_process=self.alone)

    def _at(self, **values: Any) -> dict[str, Any]:
        """A statement's values; where the database's clock isn't asked, with the moment."""
        return {**values, "moment": self._began + ticks() - self._ticked} if self.alone else values

    async def claim(self, most: int, besides: Collection[str], *, take_over: bool = True) -> Taken:
        """Take up to ``most`` effects that may run now: of each queue the first, of each channel one, the oldest first.

        ``besides``: ids in hand already. ``take_over``: also what another held until its lease ran out.
        """
        besides, sql, moment = list(besides), self._sql, self._at()
        async with self._store.read() as unit:
            # It locks nothing, so that no other process is pushed back in a channel's turn.
            look = sql.look if take_over else sql.look_at_free
            found = (await unit.connection.execute(look, {**moment, "besides": besides, "most": most})).all()
            # By the same moment: what becomes due between two looks would be in neither.
            times = (await unit.connection.execute(sql.next_due, moment)).one()
        due = min((max(0.0, seconds) for seconds in times if seconds is not None), default=None)
        chosen = _in_turn(found) if self._pace.gap else [row.id for row in found]
        if not chosen:
            return Taken([], more=False, due=due)
        began = ticks()
        with self._deciding() as name:

            async def take(unit: Unit) -> Sequence[Row[Any]]:
                # Everything is asked again, since others look at the same time.
                wanted = self._at(besides=besides, chosen=chosen, claim=name)
                return await self._take(unit, sql.take if take_over else sql.take_free, wanted)

            rows = await self._store.transact(take)
        claims = [_claim(row, began + self.lease) for row in sorted(rows, key=lambda row: row.seq)]
        return Taken(claims, more=len(found) == most or len(found) > len(rows), due=due)

    async def end(
        self, claim: Claim, ending: Ending, follows: Callable[[Unit], Awaitable[None]] | None = None, *, goes_on: bool = False
    ) -> Ended:
        """Write down how it ended, together with ``follows``. ``goes_on``: and take what its queue has next, if that may run now.

        Raises what ``follows`` raises.
        """
        began = ticks()
        # In a channel that several queues share, the oldest is next, whosever it is.
        alone = not self._pace.gap or claim.pace in ("", claim.onboarding_id)
        with self._deciding() as name:

            async def work(unit: Unit) -> tuple[bool, list[Row[Any]]]:
                mine, rows = await self.settle(unit, claim, ending), list[Row[Any]]()

                async def take() -> None:
                    wanted = self._at(besides=[], its_queue=claim.queue, claim=name)
                    rows.extend(await self._take(unit, self._sql.take_next, wanted))

                if mine and follows is not None:
                    await follows(unit)
                if mine and goes_on and alone and ending.state != "waiting":
                    unit.at_last = take  # a click, too, locks the head of the log before it locks effects that wait
                return mine, rows

            mine, rows = await self._store.transact(work)
        return Ended(mine, next((_claim(row, began + self.lease) for row in rows), None))

    @contextmanager
    def _deciding(self) -> Iterator[str]:
        """The name of a new claim. If its transaction breaks off, nobody knows whether it took anything."""
        self._claims += 1
        name = f"{self._name}:{self._claims}"
        try:
            yield name
        except BaseException:
            self._lost.holders.add(name)
            raise

    async def _take(self, unit: Unit, statement: Any, wanted: Mapping[str, Any]) -> Sequence[Row[Any]]:
        rows = (await unit.connection.execute(statement, wanted)).all()
        paces = {row.pace for row in rows if isinstance(row.pace, str)} - {""}
        turns = sorted(paces) if self._pace.gap else []
        await self._move(unit.connection, turns, 0.0, self._pace.gap)
        return rows

    async def settle(self, unit: Unit, claim: Claim, ending: Ending) -> bool:
        """Write down how it ended, together with what else ``unit`` writes. False: another has it by now, or it was erased."""
        sql = self._sql
        values = {
            "its_id": claim.id,
            "claim": claim.holder,
            "becomes": ending.state,
            "later": ending.wait if claim.pace else max(ending.wait, ending.rest),
            "uncounted": 0 if ending.counts else 1,
            "why": ending.error,
            "number": ending.error_id,
        }
        statement = sql.settle
        if ending.state == "done" or ending.result is not None:
            values["learnt"] = dict(ending.result if ending.result is not None else claim.result)
            statement = sql.learnt
        if ending.state == "done":
            values["moment_done"], statement = unit.now, sql.done
        mine = (await unit.connection.execute(statement, self._at(**values))).first() is not None
        if claim.pace and ending.rest:
            await self._move(unit.connection, [claim.pace], ending.rest + self._pace.ahead, 0.0)
        elif claim.pace and self._pace.gap and mine and not ending.used_turn:
            await unit.connection.execute(sql.free_turn, {"its_pace": claim.pace})
        return mine

    async def renew(self, claim: Claim) -> bool:
        """For what takes long. False: another has it by now."""
        began = ticks()

        async def work(unit: Unit) -> bool:
            wanted = self._at(its_id=claim.id, claim=claim.holder)
            return (await unit.connection.execute(self._sql.renew, wanted)).first() is not None

        kept = await self._store.transact(work)
        if kept:
            claim.deadline = began + self.lease
        return kept

    def lose(self, claim: Claim) -> None:
        """Its end isn't written down, and nobody is at it any more."""
        self._lost.ids.add(claim.id)

    @property
    def has_lost(self) -> bool:
        """Whether something may be held that nobody is at, until `give_back`."""
        return bool(self._lost.holders or self._lost.ids)

    async def give_back(self) -> None:
        """What was lost may be taken. Nothing else: what is taken meanwhile has other names."""
        holders, ids = set(self._lost.holders), set(self._lost.ids)
        wanted = {"ours": f"{self._name}:%", "holders": list(holders), "ids": list(ids)}
        await self._store.transact(lambda unit: unit.connection.execute(self._sql.free, wanted))
        self._lost.holders -= holders
        self._lost.ids -= ids

    async def give_back_all(self) -> None:
        """At the end of a process: whatever it holds may be taken."""
        wanted = {"ours": f"{self._name}:%"}
        await self._store.transact(lambda unit: unit.connection.execute(self._sql.free_all, wanted))

    async def begin(self) -> None:
        """At the start of a process: what got no answer is tried now, since the start may have mended it.

        Where it is the only process, what was in hand may be taken, and what is left is looked for before it is done: the database may
        be a restored one. No clock that was set forth meanwhile keeps anything waiting.
        """

        async def work(unit: Unit) -> None:
            for statement in (self._sql.hasten_all, *(self._sql.begin if self.alone else ())):
                await unit.connection.execute(statement, self._at())

        await self._store.transact(work)

    async def hasten(self, kinds: Collection[str]) -> None:
        """Try everything of these kinds again now that got no answer: the other side is back."""
        wanted = self._at(kinds=list(kinds))
        await self._store.transact(lambda unit: unit.connection.execute(self._sql.hasten, wanted))

    async def resume(self, pace: str) -> None:
        """A channel that was closed is open: its rest is over, and edits, which take no turn there, are tried now. What waited counts as
        asked for now, since it is given up by its age."""

        async def work(unit: Unit) -> None:
            await unit.connection.execute(self._sql.renew_age, {"its_pace": pace, "edits": _EDITS, "at": unit.now})
            await unit.connection.execute(self._sql.end_rest, {"its_pace": pace})
            await unit.connection.execute(self._sql.hasten, self._at(kinds=_EDITS))
            unit.asked = True

        await self._store.transact(work)

    async def oldest(self) -> datetime | None:
        """When the oldest effect was asked for that is neither done nor given up. None if nobody knows."""
        async with self._store.read() as unit:
            found = await unit.connection.scalar(self._sql.oldest)
        with contextlib.suppress(DamagedError):
            oldest: datetime | None = read_value(effects.c.created_at, found)
            return oldest
        return None

    async def forget(self) -> None:
        """Delete what says nothing any more: the turns of channels into which nothing went for a day."""
        await self._store.transact(lambda unit: unit.connection.execute(self._sql.forget, self._at()))

    async def _move(self, connection: AsyncConnection, names: Sequence[str], at_least: float, seconds: float) -> None:
        """Move channels' next turns: not before ``at_least`` from now, then so many seconds on. ``names`` in one order, so that no two
        processes wait for each other."""
        # Not as one list: psycopg sends that as a pipeline, and in the middle of one PostgreSQL lets a transaction fall silent for ever.
        for name in names:
            await connection.execute(self._sql.move, self._at(its_pace=name, at_least=at_least, more=seconds))


class _Statements:
    """Built once: SQLAlchemy takes longer to build than the database to run them. ``of_process``: ``moment`` is given with each."""

    def __init__(self, pace: Pace, lease: float, *, of_process: bool) -> None:
        # The transaction's: the same for all its statements, and stable, so that an index can be used.
        seconds = func.extract("epoch", func.transaction_timestamp())
        now: ColumnElement[float] = bindparam("moment", type_=Double) if of_process else cast(seconds, Double)
        dialect = sqlite if of_process else postgresql
        columns, turn = effects.c, paces.c.next - pace.ahead
        is_open, waits = _in_state(effects, "waiting", "running"), _in_state(effects, "waiting")
        ours = and_(columns.id == bindparam("its_id"), columns.holder == bindparam("claim"), _in_state(effects, "running"))

        self.look = _look(now, pace.ahead, free_only=False)
        self.look_at_free = _look(now, pace.ahead, free_only=True)
        self.take = _take(now, pace.ahead, lease, free_only=False)
        self.take_free = _take(now, pace.ahead, lease, free_only=True)
        self.take_next = _take_next(now, pace.ahead, lease)

        later = bindparam("later", type_=Double)
        ended = {
            "state": bindparam("becomes"),
            "holder": "",
            "due": case((later > 0, now + later), else_=0.0),
            "attempts": columns.attempts - bindparam("uncounted"),
            "error": bindparam("why"),
            "error_id": bindparam("number"),
        }
        self.settle = update(effects).where(ours).values(ended).returning(columns.id)
        learnt = ended | {"result": bindparam("learnt", type_=Json)}
        self.learnt = update(effects).where(ours).values(learnt).returning(columns.id)
        done = learnt | {"done_at": bindparam("moment_done", type_=columns.done_at.type)}
        self.done = update(effects).where(ours).values(done).returning(columns.id)
        self.renew = update(effects).where(ours).values(due=now + lease).returning(columns.id)

        held = and_(_in_state(effects, "running"), columns.holder.like(bindparam("ours")))
        lost = or_(columns.holder.in_(bindparam("holders", expanding=True)), columns.id.in_(bindparam("ids", expanding=True)))
        self.free, self.free_all = (update(effects).where(which).values(due=0.0) for which in (and_(held, lost), held))
        self.hasten_all = update(effects).where(waits, columns.due > now, columns.error != "").values(due=0.0)
        self.hasten = self.hasten_all.where(columns.kind.in_(bindparam("kinds", expanding=True)))
        self.begin: Sequence[Update] = (
            update(effects).where(_in_state(effects, "running")).values(due=0.0),
            update(effects).where(waits, columns.attempts == 0).values(attempts=1),
            update(effects).where(waits, columns.due > now + MAX_WAIT).values(due=now + MAX_WAIT),
            update(paces).where(paces.c.next > now + MAX_WAIT).values(next=now + MAX_WAIT),
        )

        # A running one's lease counts too: when it runs out, another may take it.
        soonest = select(func.min(columns.due)).where(is_open, columns.due > now, columns.due < FOR_EVER)
        waited_for = paces.c.name.in_(select(columns.pace).where(waits))
        next_turn = select(func.min(turn)).where(paces.c.next > now + pace.ahead, paces.c.next < FOR_EVER, waited_for)
        self.next_due = select(soonest.scalar_subquery() - now, next_turn.scalar_subquery() - now)
        self.oldest = select(func.min(columns.created_at, type_=NullType())).where(is_open)

        name: ColumnElement[str] = bindparam("its_pace")
        at_least, more = bindparam("at_least", type_=Double), bindparam("more", type_=Double)
        soon = now + at_least
        insert = dialect.insert(paces).values(name=name, next=soon + more)
        moved = case((paces.c.next > soon, paces.c.next), else_=soon) + more
        self.move = insert.on_conflict_do_update(index_elements=[paces.c.name], set_={"next": moved})
        self.free_turn = update(paces).where(paces.c.name == name).values(next=paces.c.next - pace.gap)
        self.end_rest = update(paces).where(paces.c.name == name).values(next=0.0)
        renewed = {"created_at": bindparam("at", type_=columns.created_at.type)}
        edits = and_(columns.kind.in_(bindparam("edits", expanding=True)), columns.error != "")
        self.renew_age = update(effects).where(or_(columns.pace == name, edits), waits).values(renewed)
        self.forget = delete(paces).where(paces.c.next < now - _DAY)


def _in_state(table: FromClause, *states: str) -> ColumnElement[bool]:
    """The state is written into the statement: with a bound value, no database uses a partial index."""
    return table.c.state.in_([literal_column(f"'{state}'") for state in states])


def _may_run(e: FromClause, now: ColumnElement[float], ahead: float, *, free_only: bool) -> ColumnElement[bool]:
    """It waits and its moment has come, or its holder's lease ran out; nothing of its queue is before it or runs; its channel has a
    turn."""
    other = effects.alias("other")
    in_queue = and_(other.c.queue == e.c.queue, _in_state(other, "waiting", "running"))
    before = exists().where(in_queue, other.c.seq < e.c.seq)
    beside = exists().where(in_queue, other.c.seq > e.c.seq, _in_state(other, "running"))  # if this one was tried again by people
    resting = select(paces.c.name).where(paces.c.next > now + ahead)
    free = or_(_in_state(e, "waiting"), e.c.due == 0.0) if free_only else e.c.due <= now
    return and_(
        _in_state(e, "waiting", "running"),
        e.c.due <= now,
        free,
        # One whose holder is gone goes on, even if people meanwhile tried an earlier one again: neither could run beside the other.
        or_(_in_state(e, "running"), ~before),
        ~beside,
        e.c.pace.not_in(resting),
        e.c.id.not_in(bindparam("besides", expanding=True)),
    )


def _look(now: ColumnElement[float], ahead: float, *, free_only: bool) -> Select[Any]:
    e = effects.alias("e")
    may = _may_run(e, now, ahead, free_only=free_only)
    oldest = e.c.seq + literal_column("0")  # else PostgreSQL may read by the primary key, and all that is done with it
    return select(e.c.id, e.c.pace).where(may).order_by(oldest).limit(bindparam("most"))


def _take(now: ColumnElement[float], ahead: float, lease: float, *, free_only: bool) -> Any:
    e = effects.alias("e")
    may = and_(_may_run(e, now, ahead, free_only=free_only), e.c.id.in_(bindparam("chosen", expanding=True)))
    return _taking(select(e.c.id).where(may), e, now + lease)


def _take_next(now: ColumnElement[float], ahead: float, lease: float) -> Any:
    """Of one queue, what is next."""
    e = effects.alias("e")
    may = and_(_may_run(e, now, ahead, free_only=True), e.c.queue == bindparam("its_queue"))
    return _taking(select(e.c.id).where(may).order_by(e.c.seq).limit(1), e, now + lease)


def _taking(wanted: Select[Any], e: FromClause, until: ColumnElement[float]) -> Any:
    # In a CTE, else PostgreSQL may evaluate it again. What another takes at this moment is passed over.
    pick = wanted.with_for_update(of=e, skip_locked=True).cte("pick")
    taken = {"state": "running", "attempts": effects.c.attempts + 1, "holder": bindparam("claim"), "due": until}
    return update(effects).where(effects.c.id.in_(select(pick.c.id))).values(taken).returning(*unread(effects))


def _in_turn(found: Sequence[Row[Any]]) -> list[str]:
    """One of each channel, the oldest; all that go into none."""
    first: dict[str, str] = {}
    return [row.id for row in found if not row.pace or first.setdefault(row.pace, row.id) == row.id]


def _claim(row: Row[Any], deadline: float) -> Claim:
    """Also of a row that was damaged, so that it is given up and holds up nothing."""
    known: dict[str, Any] = {"onboarding_id": "", "queue": "", "pace": "", "kind": ""}
    known |= {"attempts": 1, "created_at": datetime.now(UTC), "result": {}}
    damage: DamagedError | None = None
    for name, instead in known.items():
        try:
            known[name] = _value(row, name, type(instead))
        except DamagedError as error:
            damage = error
    return Claim(
        id=row.id,
        holder=row.holder,
        deadline=deadline,
        traceparent=row.traceparent if isinstance(row.traceparent, str) else "",
        _sealed=row.arguments,
        _damage=damage,
        **known,
    )


def _value(row: Row[Any], name: str, kind: type) -> Any:
    """Raises DamagedError."""
    found = read_value(effects.c[name], row._mapping[name], row.id)  # noqa: SLF001  SQLAlchemy's public name for it
    if not isinstance(found, kind):
        raise DamagedError(f"{Place(effects.name, name, row.id)}: not what was written")
    return found


def ticks() -> float:
    """Seconds since some moment: they pass whatever the clock is set to, and while the machine sleeps."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))
