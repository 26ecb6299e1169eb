"""A process for tests: its customers ask for effects, and it carries out whatever is in the outbox.

``python -m tests.bot.jobs.effects_worker``. The first line of standard input is its `Options` as JSON; each further line is how many
effects each customer may have asked for by now. When the input ends, so does the process. SIGTERM ends it as it ends the bot.

It prints ``acknowledged <queue> <number>`` for each commit that is known to be in the store, and ``quiet <how many>`` once every
customer has asked for so many. What it does outside the database is a line in the record, a file that all processes share.
"""

import asyncio
import contextlib
import json
import logging
import os
import random
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Literal

import uvloop
from sqlalchemy import func, select

from bot.jobs import lease
from bot.jobs.executor import Do, Executor, Follows
from bot.jobs.registry import Finished
from bot.jobs.runner import Runner
from flows.outbox import DeleteFile, Effect, Say, load
from storage.outbox import Claim, Ended, Ending, Outbox, Pace
from storage.sealing import Keyring
from storage.store import Conflict, Store, Unavailable
from storage.tables import effects
from storage.unit import queue_of

BEHIND = 5
"""Effects of a customer that may be open before it asks for more, more or less: what is left in the end is little."""

What = Literal["begin", "end", "done", "late", "waits", "failed"]
"""``end``: what is done outside is done; ``done``, ``late``, ``waits``, ``failed``: what the engine says of the attempt."""
POINTS = ("before", "within", "after", "writing")
"""Where in an effect a process may fall asleep: before anything is done outside, in the middle of it, after it, or while its end is
being written down, in an open transaction."""
LAST = "within"
"""Where it is when it falls asleep; at the others it waits until it is awake again."""


@dataclass(frozen=True)
class Options:
    """``each``: effects that a customer asks for in one commit. ``takes``: seconds that an effect takes, at least and at most.
    ``slow``: of so many of its customers, effects take for ever if this process does them. ``waits``: all take until its customers
    may ask for something. ``within``: seconds in which they may finish after SIGTERM. ``sleeps``: it falls asleep (SIGSTOP) as soon as
    the first effects of its four customers are one at each of the `POINTS`."""

    name: str
    url: str
    keys: str
    record: str
    seed: int
    customers: int = 3
    each: int = 2
    lease: float = 3.0
    poll: float = 0.5
    takes: tuple[float, float] = (0.005, 0.05)
    slow: int = 0
    waits: bool = False
    within: float = 8.0
    sleeps: bool = False


class Allowance:
    """How many effects each of the customers may have asked for."""

    def __init__(self, customers: int) -> None:
        self._customers, self._waiting, self._most = customers, 0, 0
        self._changed = asyncio.Condition()
        self.begun = asyncio.Event()
        """Set as soon as any are allowed."""

    async def follow(self) -> None:
        """What standard input says, until it ends."""
        lines = asyncio.StreamReader()
        pipe, _ = await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
        with contextlib.closing(pipe):
            async for line in lines:
                async with self._changed:
                    self._most = int(line)
                    self._changed.notify_all()
                    if self._most:
                        self.begun.set()
                    self._tell()

    async def wait(self, number: int) -> None:
        """Until ``number`` is allowed."""
        async with self._changed:
            self._waiting += 1
            self._tell()
            await self._changed.wait_for(lambda: number <= self._most)
            self._waiting -= 1

    def _tell(self) -> None:
        if self._waiting == self._customers:
            say("quiet", self._most)


class Customer:
    """Asks for effects of one queue, numbered from 1. The first goes into a channel of its own, the second into one that all share, the
    third into none."""

    def __init__(self, store: Store, name: str, index: int, each: int) -> None:
        self._store, self._id, self._kind, self._each = store, f"{name}-{index}", index % 3, each
        self.queue = queue_of(self._id, self.effect(1))

    def effect(self, number: int) -> Effect:
        if self._kind == 2:
            return DeleteFile(file=str(number))
        return Say(where="support" if self._kind else "customer", key="approved", params={"number": number})

    async def ask(self, allowance: Allowance) -> None:
        last = 0
        while True:
            numbers = range(last + 1, last + self._each + 1)
            last = numbers[-1]
            await allowance.wait(last)
            while await self._count("waiting", "running") > BEHIND:  # noqa: ASYNC110  other processes do them too
                await asyncio.sleep(0.05)
            while not await self._are_in(numbers):
                pass
            for number in numbers:
                say("acknowledged", self.queue, number)
            await asyncio.sleep(random.uniform(0, 0.03))

    async def _are_in(self, numbers: Sequence[int]) -> bool:
        """After a commit that failed, only the store knows whether it was made."""
        try:
            async with self._store.write() as unit:
                for number in numbers:
                    unit.ask(self._id, self.effect(number))
        except (Conflict, Unavailable):
            return await self._count("waiting", "running", "done", "failed") >= numbers[-1]
        return True

    async def _count(self, *states: str) -> int:
        """Its effects in these states, as soon as the database answers."""
        query = select(func.count()).select_from(effects).where(effects.c.queue == self.queue, effects.c.state.in_(states))
        while True:
            try:
                async with self._store.read() as unit:
                    return int(await unit.session.scalar(query) or 0)
            except (Conflict, Unavailable):
                await asyncio.sleep(0.1)


class Record:
    """Where everything that is done outside the database is done: a file, with the moment of each line."""

    def __init__(self, path: str, name: str) -> None:
        self._file, self._name = os.open(path, os.O_WRONLY | os.O_APPEND), name

    def note(self, what: What, claim: Claim) -> None:
        """Raises LostError if another process may have the effect. A process that falls asleep between that question and the line tells
        the moment at which it asked."""
        line = f"{what} {claim.queue} {number_of(claim)} {claim.attempts} {self._name} "
        moment = time.monotonic_ns()
        lease.check()
        os.write(self._file, f"{line}{moment}\n".encode())


class Outcome(logging.Handler):
    """What the engine says of the attempt at hand."""

    def __init__(self) -> None:
        super().__init__()
        self._said: ContextVar[What] = ContextVar("outcome")

    def emit(self, record: logging.LogRecord) -> None:
        if hasattr(record, "outcome"):
            self._said.set(record.outcome)

    async def of(self, attempt: Awaitable[Claim | None]) -> tuple[What, Claim | None]:
        following = await attempt
        return self._said.get(), following


class Sleep:
    """The first effect of each queue goes on to a point of its own. When all are there, the process falls asleep; once it is awake
    again, all go on at the same time."""

    def __init__(self, queues: Sequence[str]) -> None:
        self._awaited = dict(zip(queues, POINTS, strict=False))
        self._all_there, self._awake = asyncio.Event(), asyncio.Event()

    async def at(self, point: str, claim: Claim) -> None:
        if self._awaited.get(claim.queue) != point:
            return
        del self._awaited[claim.queue]
        if not self._awaited:
            self._all_there.set()
        if point != LAST:
            await self._awake.wait()
            return
        await self._all_there.wait()
        say("sleeps")
        os.kill(os.getpid(), signal.SIGSTOP)
        self._awake.set()


class SleepyExecutor(Executor):
    def __init__(self, store: Store, outbox: Outbox, do: Do, sleep: Sleep) -> None:
        super().__init__(store, outbox, do)
        self._sleep = sleep

    async def _write_down(
        self, claim: Claim, ending: Ending, follows: Follows | None = None, goes_on: Callable[[], bool] = lambda: False
    ) -> Ended:
        await self._sleep.at("after", claim)
        return await super()._write_down(claim, ending, follows, goes_on)


class Worker:
    def __init__(self, options: Options) -> None:
        self._options, self._record, self._outcome = options, Record(options.record, options.name), Outcome()
        logger = logging.getLogger("bot.jobs.executor")
        logger.setLevel(logging.INFO)
        logger.addHandler(self._outcome)
        self._store = Store(options.url, Keyring.parse(options.keys))
        outbox = Outbox(self._store, pace=Pace(0.02), lease=options.lease)
        self._customers = [Customer(self._store, options.name, index, options.each) for index in range(options.customers)]
        queues = [customer.queue for customer in self._customers]
        self._slow, self._sleep = queues[: options.slow], Sleep(queues if options.sleeps else [])
        self._attempts = SleepyExecutor(self._store, outbox, self._do, self._sleep)
        self._runner = Runner(outbox, self._attempt, poll=options.poll)
        self._store.on_effects = self._runner.wake
        self._allowance = Allowance(len(queues))

    async def run(self) -> None:
        told = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, told.set)
        say("starts")
        await self._runner.start()
        asking = [asyncio.create_task(customer.ask(self._allowance)) for customer in self._customers]
        following, waiting = asyncio.create_task(self._allowance.follow()), asyncio.create_task(told.wait())
        await asyncio.wait([*asking, following, waiting], return_when=asyncio.FIRST_COMPLETED)
        broken = [task.exception() for task in asking if task.done()]
        for task in (*asking, following, waiting):
            task.cancel()
        await asyncio.gather(*asking, following, waiting, return_exceptions=True)
        await self._runner.stop(self._options.within)
        await self._store.close()
        if broken:
            raise RuntimeError("a customer gave up") from broken[0]

    async def _attempt(self, claim: Claim, goes_on: Callable[[], bool]) -> Claim | None:
        outcome, following = await self._outcome.of(self._attempts.attempt(claim, goes_on))
        self._record.note(outcome, claim)
        return following

    async def _do(self, claim: Claim) -> Finished:
        await self._sleep.at("before", claim)
        self._record.note("begin", claim)
        if self._options.waits:
            await self._allowance.begun.wait()
        await asyncio.sleep(3600 if claim.queue in self._slow else random.uniform(*self._options.takes))
        await self._sleep.at("within", claim)
        self._record.note("end", claim)
        return Finished(also=lambda _: self._sleep.at("writing", claim))


def number_of(claim: Claim) -> int:
    effect = load(claim.kind, claim.arguments)
    return int(effect.params["number"] if isinstance(effect, Say) else effect.file if isinstance(effect, DeleteFile) else 0)


def say(*words: object) -> None:
    print(*words, flush=True)  # noqa: T201  to the test that started it


def main() -> None:
    with open(sys.stdin.fileno(), "rb", buffering=0, closefd=False) as unbuffered:  # the rest is for the event loop
        line = unbuffered.readline()
    if not line:
        return
    options = Options(**json.loads(line))
    random.seed(f"{options.seed} {options.name}")
    told = logging.StreamHandler()
    told.setLevel(logging.WARNING)
    told.setFormatter(logging.Formatter("%(asctime)s %(name)s %(message)s %(error)s", defaults={"error": ""}))
    logging.basicConfig(handlers=[told])
    uvloop.run(Worker(options).run())


if __name__ == "__main__":
    main()
