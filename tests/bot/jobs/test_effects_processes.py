"""Processes that are killed, sleep, are told to end, or lose their database for a while: nothing that was acknowledged is lost, what
was under way is looked for before it is repeated, and each customer's effects stay in order."""

import asyncio
import json
import logging
import os
import random
import signal
import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from itertools import count, islice
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_args

import pytest

from playground.postgres import Server, database, own_server, server
from storage.engine import is_sqlite
from storage.migrate import upgrade
from storage.sealing import new_key
from tests.bot.jobs.effects_worker import Options, What
from tests.storage.example import raw
from tests.warm import Warm

log = logging.getLogger(__name__)

ROOT = Path(__file__).parents[3]
KILLS = int(os.environ.get("EFFECTS_KILLS") or 3)
"""On each database; `make soak` kills more often."""
SEED = int(os.environ.get("EFFECTS_SEED") or 1)
PATIENCE = 90.0
"""Seconds until something must have come true, however busy the machine is."""
LEASE = 3.0
"""Seconds: a process that is killed or sleeps keeps its effects for so long."""
AWAY = 5.0
"""Seconds without a database: longer than a lease."""
FOR_EVER = 10**9
"""So many effects are more than anybody asks for."""

pytestmark = [pytest.mark.process, pytest.mark.timeout(300 + KILLS * 30)]


@dataclass(frozen=True)
class Line:
    """Of the record. ``moment``: in nanoseconds, by a clock that all processes share."""

    what: What
    queue: str
    number: int
    attempt: int
    who: str
    moment: int

    @property
    def effect(self) -> tuple[str, int]:
        return self.queue, self.number


@dataclass(frozen=True)
class Trouble:
    """Of one process: it was killed, slept, or lost its database. What it was at may have to be repeated."""

    who: str
    since: int
    until: float = float("inf")

    def explains(self, first: Line, again: Line) -> bool:
        return first.who == self.who and first.moment <= self.until and again.moment >= self.since


class Row(NamedTuple):
    """Of the table."""

    queue: str
    seq: int
    state: str
    attempts: int
    holder: str
    done_at: Any


class Worker:
    """A process of `tests.bot.jobs.effects_worker`, with its code read: that takes longer than most of what it does here."""

    def __init__(self, folder: Path) -> None:
        self.name = ""
        self._said, self._errors = folder / "said", folder / "errors"
        folder.mkdir()
        self._said.touch()
        self._errors.touch()
        module = "tests.bot.jobs.effects_worker"
        self._process = Warm(module, folder=ROOT, environment=os.environ, out=self._said, errors=self._errors, strict=True)

    def begin(self, options: Options) -> None:
        self.name = options.name
        self._tell(json.dumps(asdict(options)))

    def let(self, effects: int) -> None:
        """Its customers may ask for so many each."""
        self._tell(str(effects))

    def _tell(self, line: str) -> None:
        self._process.write(line)

    @property
    def said(self) -> list[str]:
        """Whole lines of what it printed."""
        return self._said.read_text().split("\n")[:-1]

    @property
    def errors(self) -> str:
        return self._errors.read_text()

    @property
    def acknowledged(self) -> dict[str, int]:
        """Of each queue the number of its last effect that is known to be in the store."""
        lines = (line.split() for line in self.said if line.startswith("acknowledged"))
        return {queue: int(number) for _, queue, number in lines}

    @property
    def code(self) -> int | None:
        """Its exit code; None as long as it lives."""
        return self._process.returncode

    def signal(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def kill(self) -> None:
        self._process.end()


class Spare:
    """The next processes, which get ready while tests wait for something else."""

    def __init__(self, folder: Path) -> None:
        self._folders = (folder / str(number) for number in count())
        self._ready = deque(self._one() for _ in range(2))

    def take(self) -> Worker:
        self._ready.append(self._one())
        return self._ready.popleft()

    def close(self) -> None:
        for worker in self._ready:
            worker.kill()

    def _one(self) -> Worker:
        return Worker(next(self._folders))


@dataclass
class Place:
    """One database, and the processes that work on it."""

    url: str
    folder: Path
    spare: Spare
    keys: str = field(default_factory=new_key)
    workers: dict[str, Worker] = field(default_factory=dict)
    troubles: list[Trouble] = field(default_factory=list)
    record: list[Line] = field(default_factory=list)
    _read: int = 0

    @property
    def _record(self) -> Path:
        return self.folder / "record"

    @property
    def is_sqlite(self) -> bool:
        return is_sqlite(self.url)

    async def start(self, name: str, *, asks: int = 0, **options: Any) -> Worker:
        """A process that says it starts. ``asks``: how many effects each of its customers may ask for."""
        self._record.touch()
        worker = self.workers[name] = self.spare.take()
        worker.begin(
            Options(**{"name": name, "url": self.url, "keys": self.keys, "record": str(self._record), "seed": SEED, **options})
        )
        worker.let(asks)
        await self.until(lambda: "starts" in worker.said)
        return worker

    async def start_all(self, *names: str, **options: Any) -> list[Worker]:
        return list(await asyncio.gather(*(self.start(name, asks=FOR_EVER, **options) for name in names)))

    def kill(self, worker: Worker) -> None:
        self.troubles.append(Trouble(worker.name, now()))
        worker.kill()

    async def some_moment(self, chance: random.Random) -> None:
        """Some more or fewer lines of the record from now."""
        lines = self.read() + chance.choice([0, chance.randrange(30), chance.randrange(200)])
        await self.until(lambda: self.read() >= lines)
        await asyncio.sleep(chance.uniform(0, 0.05))  # a random moment is what this is about

    async def until(self, condition: Callable[[], Any], *, every: float = 0.01, ends: Worker | None = None) -> None:
        """Fails if a process ends that nobody ended, but for the one that is told to."""
        alive = [worker for worker in self.workers.values() if worker.code is None and worker is not ends]
        try:
            async with asyncio.timeout(PATIENCE):
                while not condition():
                    for worker in alive:
                        assert worker.code is None, f"{worker.name} ended: {worker.errors}"
                    await asyncio.sleep(every)
        except TimeoutError:
            told = {name: (worker.said[-3:], worker.errors[-2000:]) for name, worker in self.workers.items()}
            pytest.fail(f"it never came true; {self.left()}; {self.lines()[-10:]}; {told}")

    def read(self) -> int:
        """Read on in the record; how many lines it has by now."""
        with self._record.open("rb") as record:
            record.seek(self._read)
            whole, _, _ = record.read().rpartition(b"\n")
        if whole:
            self._read += len(whole) + 1
            self.record += map(_line, whole.decode().split("\n"))
        return len(self.record)

    def lines(self, *what: What, who: str = "", since: int = 0) -> list[Line]:
        """Of the record, as it is by now."""
        self.read()
        wanted = what or get_args(What)
        return [one for one in self.record if one.what in wanted and who in ("", one.who) and one.moment >= since]

    def rows(self, condition: str) -> list[Row]:
        query = f"SELECT {', '.join(Row._fields)} FROM effects WHERE {condition} ORDER BY seq"  # noqa: S608  our own words
        return [Row(*row) for row in raw(self.url, query)]

    def left(self) -> list[Row]:
        return self.rows("state <> 'done'")

    def done(self) -> dict[str, int]:
        """How many, by queue."""
        return Counter(row.queue for row in self.rows("state = 'done'"))

    def acknowledged(self) -> dict[str, int]:
        return {queue: number for worker in self.workers.values() for queue, number in worker.acknowledged.items()}

    async def goes_on(self, *names: str, since: int) -> None:
        """Until each of these processes did something more."""
        await self.until(lambda: all(len(self.lines("done", who=name, since=since)) > 5 for name in names))

    async def does_all_of(self, sleeper: Worker, since: int) -> None:
        """Until others did what a process had acknowledged, and a lease is over."""
        wanted = sleeper.acknowledged

        def did() -> bool:
            if now() < since + LEASE * 1e9:
                return False
            done = self.done()
            return all(done.get(queue, 0) >= number for queue, number in wanted.items())

        await self.until(did, every=0.2)

    async def finish(self, *living: Worker) -> None:
        """Nobody asks for more, everything is done, and the processes end as they are told."""
        for worker in living:
            worker.let(0)
        await self.until(lambda: all(worker.said[-1] == "quiet 0" for worker in living))
        await self.until(lambda: not self.left(), every=0.2)
        for worker in living:
            await self.end(worker)
        assert not self.left()

    async def end(self, worker: Worker) -> None:
        worker.signal(signal.SIGTERM)
        await self.until(lambda: worker.code is not None, ends=worker)
        assert worker.code == 0, worker.errors


def _line(line: str) -> Line:
    what, queue, number, attempt, who, moment = line.split()
    return Line(what, queue, int(number), int(attempt), who, int(moment))  # type: ignore[arg-type]


@contextmanager
def place_at(url: str, folder: Path, spare: Spare) -> Iterator[Place]:
    upgrade(url)
    place = Place(url, folder, spare)
    try:
        yield place
    finally:
        for worker in place.workers.values():
            worker.kill()


def holds(place: Place) -> None:
    """What must be so in the end, whatever happened."""
    rows = place.done()
    story = sorted(place.lines(), key=lambda line: line.moment)
    lost = {queue: n for queue, n in place.acknowledged().items() if n > rows.get(queue, 0)}
    assert lost == {}, "acknowledged and not in the store"
    ended = {line.effect for line in story if line.what == "end"}
    assert ended == {(queue, number) for queue in rows for number in range(1, rows[queue] + 1)}
    assert [line for line in story if line.what in ("waits", "failed")] == []
    queues = defaultdict[str, list[Line]](list)
    for line in story:
        queues[line.queue].append(line)
    for lines in queues.values():
        in_order(lines, place.troubles)
    assert [worker.errors for worker in place.workers.values() if "Traceback" in worker.errors] == []
    begun = [line for line in story if line.what == "begin"]
    again = len(begun) - len({line.effect for line in begun})
    late = sum(line.what == "late" for line in story)
    told = "seed %s: %s acknowledged, %s done in %s queues, %s begun again, %s late"
    log.info(told, SEED, sum(place.acknowledged().values()), len(ended), len(rows), again, late)


def in_order(lines: Collection[Line], troubles: Collection[Trouble]) -> None:
    """In one queue an effect begins when the one before it has ended. It is begun again only if its process had trouble, and flagged;
    what was written down as done never is."""
    last: Line | None = None
    begun, ended, done = dict[int, Line](), {0}, set[int]()
    for line in lines:
        number, before = line.number, begun.get(line.number)
        match line.what:
            case "begin" if before is not None:
                assert last is not None
                assert number == last.number, f"{line} comes after {last}"
                assert number not in done, f"{line} comes although it was done: {before}"
                assert any(one.explains(before, line) for one in troubles), f"{line} comes although nothing happened to {before}"
                assert line.attempt > before.attempt, f"{line} does not know of {before}"
            case "begin":
                assert number - 1 in ended, f"{line} comes before its turn; the last was {last}"
                assert last is None or number == last.number + 1, f"{line} comes after {last}"
            case "end":
                assert before is not None
                assert (before.who, before.attempt) == (line.who, line.attempt), f"{line} comes late: {before} had it"
                ended.add(number)
            case "done":
                assert before is not None
                assert (before.who, before.attempt) == (line.who, line.attempt), f"{line} comes late: {before} had it"
                done.add(number)
        if line.what == "begin":
            begun[number] = last = line


def now() -> int:
    return time.monotonic_ns()


# -- the databases


@pytest.fixture(scope="module")
def own() -> Iterator[Server | None]:
    """A PostgreSQL that can be stopped and started, unless the tests are told to use another."""
    if os.environ.get("TEST_POSTGRES_URL"):
        yield None
        return
    with own_server() as made:
        yield made


@pytest.fixture(scope="module")
def postgres(own: Server | None) -> Iterator[str]:
    if own is not None:
        yield own.url
        return
    with server() as url:
        if url is None:
            pytest.skip("no PostgreSQL: set TEST_POSTGRES_URL, or install its server")
        yield url


@pytest.fixture(scope="module")
def spare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Spare]:
    made = Spare(tmp_path_factory.mktemp("workers"))
    yield made
    made.close()


@pytest.fixture
def place(request: pytest.FixtureRequest, spare: Spare, tmp_path: Path) -> Iterator[Place]:
    if request.param == "sqlite":
        with place_at(f"sqlite+aiosqlite:///{tmp_path}/bot.db", tmp_path, spare) as made:
            yield made
        return
    with database(request.getfixturevalue("postgres")) as url, place_at(url, tmp_path, spare) as made:
        yield made


on_both = pytest.mark.parametrize("place", ["sqlite", "postgresql"], indirect=True)
on_postgresql = pytest.mark.parametrize("place", ["postgresql"], indirect=True)


# -- what happens to processes


@pytest.mark.chance
@on_both
async def test_processes_killed_at_any_moment_lose_nothing_and_repeat_only_what_they_were_at(place: Place) -> None:
    chance, names = random.Random(SEED), (f"w{n}" for n in count(1))
    living = await place.start_all(*islice(names, 1 if place.is_sqlite else 2))
    for _ in range(KILLS):
        victim = living.pop(chance.randrange(len(living)))
        await place.some_moment(chance)
        place.kill(victim)
        living.append(await place.start(next(names), asks=FOR_EVER))
    await place.finish(*living)
    holds(place)


@on_both
async def test_a_process_told_to_end_in_a_burst_leaves_what_it_was_at_to_the_next_at_once(place: Place) -> None:
    first = await place.start("first", asks=FOR_EVER, customers=6, slow=2, lease=3600, within=0.2)
    slow = {"first-0", "first-1/support"}
    await place.until(lambda: {one.queue for one in place.lines("begin")} >= slow and len(place.lines("end")) >= 30)
    place.troubles.append(Trouble("first", now()))
    await place.end(first)
    left = place.left()
    assert slow <= {row.queue for row in left if row.state == "running"}
    assert place.rows("due <> 0") == []
    second = await place.start("second", customers=0, lease=3600)
    await place.finish(second)
    cut_off = [one for one in place.lines("begin", who="second") if one.queue in slow and one.number == 1]
    assert {one.queue: one.attempt for one in cut_off} == dict.fromkeys(slow, 2)
    holds(place)


@on_postgresql
async def test_a_process_that_slept_finds_its_effects_done_by_another_and_changes_nothing(place: Place) -> None:
    """It has one in hand at each of the `POINTS`, and two more wait behind each."""
    began = now()
    sleeper = await place.start("sleeper", asks=3, each=3, customers=4, sleeps=True)
    await place.until(lambda: "sleeps" in sleeper.said)
    theirs = set(sleeper.acknowledged)
    assert set(sleeper.acknowledged.values()) == {3}

    awake = await place.start("awake", waits=True)
    await place.until(lambda: len(place.lines("begin", who="awake")) == 4)
    taken_over = place.lines("begin", who="awake")
    assert {(one.queue, one.number, one.attempt) for one in taken_over} == {(queue, 1, 2) for queue in theirs}
    assert min(one.moment for one in taken_over) > began + LEASE * 1e9
    held = place.rows("1 = 1")
    claims = [int(row.holder.rpartition(":")[2]) for row in held if row.state == "running"]
    assert max(claims) < 60, "it asked over and over for what the sleeper had locked"

    place.troubles.append(Trouble("sleeper", began, now()))
    sleeper.signal(signal.SIGCONT)
    await place.until(lambda: len(place.lines("late", who="sleeper")) == 4)
    assert place.rows("1 = 1") == held
    assert len(place.lines("begin", who="awake")) == 4
    assert [one for one in place.lines(who="sleeper", since=taken_over[0].moment) if one.what != "late"] == []

    awake.let(6)
    await place.goes_on("awake", since=now())
    await place.finish(awake)
    sleeper.let(6)
    await place.until(lambda: sum(one.queue in theirs and one.number > 3 for one in place.lines("done", who="sleeper")) == 12)
    await place.finish(sleeper)
    holds(place)


@pytest.mark.chance
@on_postgresql
async def test_a_process_that_falls_asleep_at_any_moment_holds_nobody_up(place: Place) -> None:
    chance = random.Random(SEED)
    workers = await place.start_all("a", "b")
    for _ in range(max(1, KILLS // 4)):
        sleeper = chance.choice(workers)
        await place.some_moment(chance)
        slept = now()
        sleeper.signal(signal.SIGSTOP)
        await place.does_all_of(sleeper, since=now())
        awake = now()
        sleeper.signal(signal.SIGCONT)
        place.troubles.append(Trouble(sleeper.name, slept, awake))
        await place.goes_on(sleeper.name, since=awake)
    await place.finish(*workers)
    holds(place)


@pytest.mark.chance
@on_postgresql
async def test_a_database_that_was_gone_costs_no_effect_and_every_process_goes_on(place: Place, own: Server | None) -> None:
    """Restarted in an orderly way, restarted as after a crash, and away for a while. Only a crash may have effects done twice."""
    if own is None:
        pytest.skip("the server of TEST_POSTGRES_URL is not the tests' to restart")
    workers = await place.start_all("a", "b", customers=6, takes=(0.1, 0.3))  # so that much is in hand
    ways: list[Literal["fast", "immediate", "away"]] = ["fast", "immediate", "away"] * max(1, KILLS // 10)
    random.Random(SEED).shuffle(ways)
    await place.goes_on("a", "b", since=now())
    for way in ways:
        log.info("%s: %s", place.read(), way)
        gone = now()
        if way == "away":
            await asyncio.to_thread(own.stop, "fast")
            try:
                await asyncio.sleep(AWAY)  # what this is about
            finally:
                await asyncio.to_thread(own.start)
        else:
            await asyncio.to_thread(own.restart, way)
        if way == "immediate":
            place.troubles += [Trouble(name, gone, now()) for name in place.workers]
        await place.goes_on("a", "b", since=now())
    await place.finish(*workers)
    holds(place)
