"""Processes that run effects over one database, and what they did."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Any, NamedTuple, Self, TypeVar

from sqlalchemy import ColumnExpressionArgument, Row, Update, func, select

from bot.jobs.errors import RetryLater
from bot.jobs.executor import Do, Executor, OnFailed, Patience
from bot.jobs.registry import Finished
from bot.jobs.runner import Runner
from flows.outbox import DeleteFile, Draw, Effect, Room, Say
from storage.outbox import LEASE, Claim, Ending, Outbox, Pace, Taken
from storage.store import Store, Unavailable
from storage.tables import OPEN, effects, paces
from storage.unit import Unit
from tests.storage.example import KEYRING, raw

NEVER = 3600.0
"""Seconds that no test lasts."""
CARD = Draw(what="card")
AS_THEY_COME = Pace(0)
AT_ONCE_AGAIN = Patience(wait=lambda _attempt: 0.0)


@dataclass(frozen=True)
class Restless(Patience):
    """What is told to wait is tried again soon."""

    def rest(self, why: RetryLater) -> float:  # noqa: ARG002  whatever it is
        return 0.01


class Began(NamedTuple):
    onboarding: str
    what: str
    attempts: int


def file(what: str) -> Effect:
    """It goes into no channel."""
    return DeleteFile(file=what)


def post(what: str, where: Room = "support_channel") -> Effect:
    return Say(where=where, key=what, params={})


def name(claim: Claim) -> str:
    """What the test called it, or else its kind."""
    return str(claim.arguments.get("file") or claim.arguments.get("key") or claim.kind)


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(30):
        while True:
            found = condition()
            if await found if isinstance(found, Awaitable) else found:
                return
            await asyncio.sleep(0.005)


T = TypeVar("T")


class Deaf(Store):
    """``deaf``: the answer to the next commit with which effects were taken gets lost."""

    deaf = False

    async def transact(self, work: Callable[[Unit], Awaitable[T]]) -> T:
        result = await super().transact(work)
        taken = result[1] if isinstance(result, tuple) else result
        if self.deaf and isinstance(taken, list) and taken:
            self.deaf = False
            raise Unavailable("unreachable")
        return result


class Watched(Outbox):
    """``away``: no answer comes. ``breaks``: what the next ends to be written down raise.

    ``looks``, ``renewals``, ``refused``: how many there were.
    """

    away = False
    breaks: Sequence[Exception] = ()
    looks = renewals = refused = 0

    def _ask(self) -> None:
        if self.away:
            self.refused += 1
            raise Unavailable("unreachable")

    async def claim(self, most: int, besides: Collection[str], *, take_over: bool = True) -> Taken:
        self._ask()
        taken = await super().claim(most, besides, take_over=take_over)
        self.looks += 1
        return taken

    async def settle(self, unit: Unit, claim: Claim, ending: Ending) -> bool:
        self._ask()
        if self.breaks:
            (error, *self.breaks) = self.breaks
            raise error
        return await super().settle(unit, claim, ending)

    async def renew(self, claim: Claim) -> bool:
        self._ask()
        self.renewals += 1
        return await super().renew(claim)

    async def give_back(self) -> None:
        self._ask()
        await super().give_back()

    async def oldest(self) -> datetime | None:
        self._ask()
        return await super().oldest()

    async def begin(self) -> None:
        self._ask()
        await super().begin()


@dataclass(frozen=True)
class Process:
    store: Deaf
    outbox: Watched
    attempts: Executor
    runner: Runner

    async def ask(self, *asked: tuple[str, Effect]) -> None:
        """In one commit."""
        async with self.store.write() as unit:
            for onboarding, effect in asked:
                unit.ask(onboarding, effect)

    async def take(self, most: int = 20) -> Sequence[Claim]:
        return (await self.outbox.claim(most, [])).claims

    async def settle(self, claim: Claim, ending: Ending) -> bool:
        return await self.store.transact(lambda unit: self.outbox.settle(unit, claim, ending))

    @property
    def asleep(self) -> bool:
        """Whether the runner has done all it can for now."""
        return bool(self.runner._woken._waiters) and not self.runner._woken.is_set()

    async def look(self) -> None:
        """Have the runner look for what may run now; back when it has taken it."""
        self.runner.wake()
        await until(lambda: self.asleep)


class Place:
    """``raises``: what effects raise, one an attempt, by the test's name for them; ``finishes``: what they return.

    ``began``, ``ended``: what was done, by all processes. ``beside``: queues of which two ran at the same time.
    """

    def __init__(self, url: str) -> None:
        self.url, self.store = url, Store(url, KEYRING)
        self.raises: dict[str, list[Exception]] = {}
        self.finishes: dict[str, Finished] = {}
        self.began: list[Began] = []
        self.ended: list[tuple[str, str]] = []
        self.beside: list[str] = []
        self.most_at_once = 0
        self._inside: list[str] = []
        self._gates: dict[str, asyncio.Event] = {}
        self._processes: list[Process] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for process in self._processes:
            await process.runner.stop(0)
            await process.store.close()
        await self.store.close()

    def process(
        self,
        *,
        do: Do | None = None,
        at_once: int = 12,
        poll: float = NEVER,
        lease: float = LEASE,
        pace: Pace = AS_THEY_COME,
        patience: Patience = AT_ONCE_AGAIN,
        on_failed: Sequence[OnFailed] = (),
        wall: Callable[[], float] = time.time,
    ) -> Process:
        """On SQLite, only one may run at a time."""
        store = Deaf(self.url, KEYRING)
        outbox = Watched(store, pace=pace, lease=lease, wall=wall)
        attempts = Executor(store, outbox, do or self.do, patience=patience, on_failed=on_failed)
        runner = Runner(outbox, attempts.attempt, at_once=at_once, poll=poll)
        store.on_effects = runner.wake
        process = Process(store, outbox, attempts, runner)
        self._processes.append(process)
        return process

    async def start(self, **options: Any) -> Process:
        process = self.process(**options)
        await process.runner.start()
        return process

    # -- what is done

    def hold(self, what: str) -> asyncio.Event:
        """It ends only when this is set."""
        return self._gates.setdefault(what, asyncio.Event())

    async def do(self, claim: Claim) -> Finished | None:
        what = name(claim)
        self.began.append(Began(claim.onboarding_id, what, claim.attempts))
        if claim.queue in self._inside:
            self.beside.append(claim.queue)
        self._inside.append(claim.queue)
        self.most_at_once = max(self.most_at_once, len(self._inside))
        try:
            if gate := self._gates.get(what):
                await gate.wait()
            if self.raises.get(what):
                raise self.raises[what].pop(0)
            self.ended.append((claim.onboarding_id, what))
        finally:
            self._inside.remove(claim.queue)
        return self.finishes.get(what)

    # -- what is stored

    async def rows(self) -> Sequence[Row[Any]]:
        """All effects, in the order of their commits."""
        async with self.store.read() as unit:
            return (await unit.session.execute(select(effects).order_by(effects.c.seq))).all()

    async def states(self) -> list[str]:
        return [row.state for row in await self.rows()]

    async def turns(self) -> Mapping[str, float]:
        """When each channel has its next one."""
        async with self.store.read() as unit:
            return {row.name: row.next for row in await unit.session.execute(select(paces))}

    async def change(self, statement: Update) -> None:
        await self.store.transact(lambda unit: unit.session.execute(statement))

    def multiply(self, times: int) -> None:
        """So many more of each effect, in queues of their own."""
        copied = ", ".join(column.name for column in effects.c if column.name not in ("seq", "id", "queue"))
        raw(
            self.url,
            "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < :times) "  # noqa: S608  our names
            f"INSERT INTO effects (id, queue, {copied}) "
            f"SELECT id || '-' || CAST(n AS VARCHAR), queue || '-' || CAST(n AS VARCHAR), {copied} FROM effects, numbers",
            times=times,
        )

    async def settled(self) -> None:
        """Nothing is left to do."""
        await until(self._nothing_left)

    async def _nothing_left(self) -> bool:
        return not await self._count(OPEN)

    async def put_off(self, count: int = 1) -> None:
        """So many wait for their moment."""
        await until(lambda: self._are_put_off(count))

    async def _are_put_off(self, count: int) -> bool:
        return await self._count(effects.c.state == "waiting", effects.c.due > 0) == count

    async def _count(self, *conditions: ColumnExpressionArgument[bool]) -> int:
        async with self.store.read() as unit:
            return await unit.session.scalar(select(func.count()).select_from(effects).where(*conditions)) or 0
