"""The database has no room, is locked, takes no more connections, or is restarted and away: people read why, the bot goes on by itself,
and nothing that was acknowledged is lost or done twice."""

import asyncio
import contextlib
import shutil
import signal
import sqlite3
import subprocess
from collections.abc import AsyncIterator, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Literal, Self

import aiohttp
import psycopg
import pytest
from sqlalchemy import make_url

from bot.messages.buttons import Act
from flows.forms.fields import Answers
from playground.acts import Acts, example
from playground.drill import SOON, doubled
from playground.office import CALM, BotProcess, Office, free_port
from playground.postgres import Server, database
from playground.slack import SeenMessage
from playground.slack.screen import tells
from playground.walkthrough import Walkthrough, action_id, said
from storage.engine import is_sqlite
from tests.databases import DATABASES, all_done, mortal_server, office_on, rows

pytestmark = pytest.mark.process


class Scene:
    """A customer's planning is under review. People press and are told; what was pressed can be counted."""

    def __init__(self, office: Office) -> None:
        self.office, self.slack = office, office.slack
        self.journey = Walkthrough(office)
        self.acts = Acts(self.journey)
        self.pressed = 0
        self.refused = 0
        self.pasted = 0

    async def begin(self) -> Self:
        self.slack.retry_delays = (0.2, *[1.0] * 60)
        await self.acts.start()
        await self.journey.send_step(self.acts.lead, "planning", planning(1))
        await all_done(self.office)
        return self

    def told(self) -> list[str]:
        """All that the bot said to Sam alone."""
        channels = self.slack.world.channels.values()
        return [SeenMessage.of(m).said for channel in channels for m in channel.messages if m.ephemeral_to == self.acts.sam.id]

    async def goes_on(self) -> None:
        """Until the customer has sent something more."""
        sent = self.journey.sent_revision("planning")
        await self.slack.until(lambda: self.journey.sent_revision("planning") > sent, timeout=60)

    async def claim(self) -> str:
        """Sam claims planning, or gives it back. Returns what he was told instead, if he was."""
        before, events = len(self.told()), self.pressed - self.refused
        review = self.journey.lasting("review", "planning")
        outcome = await self.acts.sam.click(review, action_id=action_id(review.blocks, Act.CLAIM))
        assert outcome.ok, (outcome.error, self.office.log.read_text()[-3000:])
        self.pressed += 1
        await self.slack.until(lambda: len(self.told()) > before or self.claims() > events, timeout=30)
        new = self.told()[before:]
        self.refused += len(new)
        return "\n".join(new)

    async def paste(self) -> None:
        """The customer posts a password in the channel: Slack tells of it until it is acknowledged."""
        self.pasted += 1
        await self.acts.lead.say(self.office.acme, "password: hunter2hunter2")

    def warnings(self) -> int:
        """How often support was told of passwords."""
        return sum(tells(message.text, said("say.secret_in_channel")) for message in self.office.support.messages)

    def claims(self) -> int:
        """How many presses were carried out; -1 while the database does not say."""
        try:
            found = rows(self.office.database_url, "SELECT count(*) FROM audit_events WHERE tag LIKE 'step:planning:%claim'")
        except (psycopg.OperationalError, sqlite3.DatabaseError):
            return -1
        return int(found[0][0])

    async def holds(self) -> None:
        """Each press was carried out once, or refused; so was each event that Slack told of."""
        await self.slack.until(lambda: self.warnings() == self.pasted, timeout=60)
        await all_done(self.office)
        assert self.warnings() == self.pasted
        assert self.claims() == self.pressed - self.refused
        assert doubled(self.office) == []


def planning(revision: int) -> Answers:
    return {**example("planning"), "challenges": f"As of revision {revision}."}


async def reasons(url: str) -> str:
    """What /readyz answers; empty if all is well."""
    async with aiohttp.ClientSession() as web, web.get(f"{url}/readyz") as answer:
        return await answer.text() if answer.status != 200 else ""


async def in_hand(scene: Scene) -> None:
    """An effect is being carried out, and its end will have to be written down."""
    scene.slack.faults.add("chat.update", "slow", times=1, seconds=1.0)
    assert not await scene.claim()
    running = "SELECT count(*) FROM effects WHERE state = 'running'"
    await scene.slack.until(lambda: rows(scene.office.database_url, running)[0][0])


# -- no room


class SmallDisk(Office):
    """Its database is on a small file system, which only the bot's process sees."""

    def __init__(self) -> None:
        super().__init__(socket_mode=False, policies=CALM)
        self.folder_inside = self.path / "disk"
        self.folder_inside.mkdir()
        mounted = 'cp "$0/onboarding.db" "$0.db" && mount -t tmpfs -o size=16m none "$0" && cp "$0.db" "$0/onboarding.db"'
        self.wrapper = (*MOUNTS, f'{mounted} && exec "$@"', str(self.folder_inside))

    @property
    def disk(self) -> Path:
        """As the bot's process sees it."""
        assert self.process is not None
        return Path(f"/proc/{self.process.pid}/root{self.folder_inside}")

    @property
    def database_url(self) -> str:
        """What the bot is told; once it runs, of a copy: SQLite resolves links, and would look outside."""
        folder = self.folder_inside
        if self.process is not None:
            folder = self.path
            for name in ("onboarding.db", "onboarding.db-wal"):
                shutil.copy(self.disk / name, folder)
        return f"sqlite+aiosqlite:///{folder}/onboarding.db"

    @database_url.setter
    def database_url(self, url: str) -> None: ...


MOUNTS = ("unshare", "--mount", "--map-root-user", "sh", "-c")


@pytest.fixture
def small_disk() -> SmallDisk:
    mounts = [*MOUNTS, "mount -t tmpfs none /mnt"]
    if shutil.which("unshare") is None or subprocess.run(mounts, check=False, capture_output=True).returncode:  # noqa: S603  ours
        pytest.skip("no file system can be mounted here")
    return SmallDisk()


def fill(file: Path) -> None:
    """Until nothing more fits beside it."""
    with file.open("wb", buffering=0) as filler, contextlib.suppress(OSError):
        while True:
            filler.write(bytes(4096))


async def test_a_full_disk_is_named_and_the_bot_goes_on_once_there_is_room(small_disk: SmallDisk) -> None:
    async with small_disk as office:
        disk = office.disk
        scene = await Scene(office).begin()
        await in_hand(scene)
        fill(disk / "filler")

        async def refused() -> bool:
            return tells(await scene.claim(), said("refused.store_full"))

        await office.slack.until(refused, timeout=60)
        await scene.paste()
        assert "full" in await reasons(office.url)
        await office.slack.until(lambda: "waits for the database" in office.log.read_text(), timeout=30)

        (disk / "filler").unlink()
        assert not await scene.claim()
        assert not await reasons(office.url)
        await scene.holds()


# -- locked


@pytest.fixture(params=DATABASES)
def office(request: pytest.FixtureRequest) -> Iterator[Office]:
    with office_on(request.param, CALM) as place:
        yield place


@contextlib.contextmanager
def locked(url: str) -> Iterator[None]:
    """By another process, as a shell with an open transaction would."""
    if is_sqlite(url):
        with contextlib.closing(sqlite3.connect(make_url(url).database or "", isolation_level=None, timeout=30)) as other:
            other.execute("BEGIN IMMEDIATE")
            yield
        return
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        connection.execute("LOCK TABLE effects IN ACCESS EXCLUSIVE MODE")
        yield


async def test_a_locked_database_is_named_and_the_bot_goes_on_once_it_is_free(office: Office) -> None:
    async with office:
        scene = await Scene(office).begin()
        await in_hand(scene)
        with locked(office.database_url):
            await scene.paste()
            for _ in range(2):  # each waits as long as one may
                assert "is busy" in await scene.claim()
            await office.slack.until(lambda: "waits for the database" in office.log.read_text(), timeout=30)
        assert not await scene.claim()
        await scene.holds()


# -- no connections


@pytest.fixture(scope="module")
def own() -> Iterator[Server]:
    with mortal_server() as made:
        yield made


@contextlib.contextmanager
def all_taken(url: str) -> Iterator[None]:
    """Others hold every connection; the bot's are ended."""
    with contextlib.ExitStack() as held:
        first = held.enter_context(psycopg.connect(url.replace("+psycopg", ""), autocommit=True))
        ours = "FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() AND application_name = ''"
        while first.execute(f"SELECT pg_terminate_backend(pid, 10000) {ours}").fetchall():
            with contextlib.suppress(psycopg.OperationalError):
                while True:
                    held.enter_context(psycopg.connect(url.replace("+psycopg", ""), application_name="another"))
        yield


@contextlib.asynccontextmanager
async def aside(block: contextlib.AbstractContextManager[None]) -> AsyncIterator[None]:
    """Entered and left in a thread: people and Slack go on meanwhile."""
    await asyncio.to_thread(block.__enter__)
    try:
        yield
    finally:
        await asyncio.to_thread(block.__exit__, None, None, None)


async def test_where_there_is_no_connection_left_people_read_so_and_the_bot_goes_on(own: Server) -> None:
    office = Office(socket_mode=False, policies=CALM + SOON)
    with database(own.url) as office.database_url:
        async with office:
            scene = await Scene(office).begin()
            await in_hand(scene)
            async with aside(all_taken(office.database_url)):
                await scene.paste()
                for _ in range(2):
                    assert "is overloaded" in await scene.claim()
                assert "overloaded" in await reasons(office.url)
            assert not await scene.claim()
            await office.slack.until(partial(is_ready, office.url), timeout=30)
            await scene.holds()


async def is_ready(url: str) -> bool:
    return not await reasons(url)


# -- restarted, and away


class Replicas(Office):
    """Several processes of the bot on one database, each with its Socket Mode connection; Slack takes them in turn."""

    def __init__(self, count: int) -> None:
        super().__init__(policies=CALM + SOON)
        self.ports = [free_port() for _ in range(count)]
        self.bots: list[BotProcess] = []

    @property
    def urls(self) -> list[str]:
        return [f"http://127.0.0.1:{port}" for port in self.ports]

    async def start_bot(self) -> None:
        for port in self.ports:
            self.port = port
            await self.spawn_bot()
            assert self.process is not None
            self.bots.append(self.process)
        await self.slack.until(self.all_ready, timeout=60)

    async def all_ready(self) -> bool:
        try:
            return not any([await reasons(url) for url in self.urls])
        except aiohttp.ClientError:
            return False

    async def stop_bot(self, how: signal.Signals = signal.SIGTERM) -> int:
        codes = []
        for bot in self.bots:
            self.process = bot
            codes.append(await super().stop_bot(how))
        self.bots.clear()
        return max(codes, default=0)


async def sends_on(scene: Scene, over: asyncio.Event) -> int:
    """The customer sends one revision after the other, and insists. Returns the last."""
    revision = 1
    while not over.is_set():
        revision += 1
        await scene.journey.send_step(scene.acts.lead, "planning", planning(revision), revision)
    return revision


@pytest.mark.parametrize(("count", "ways"), [(2, ("fast", "immediate")), (3, ("immediate", "away"))])
async def test_replicas_outlive_a_restarted_database_and_the_first_presses_work(
    own: Server, count: int, ways: Sequence[Literal["fast", "immediate", "away"]]
) -> None:
    """Restarted in an orderly way, as after a crash, and away until everybody noticed."""
    office = Replicas(count)
    with database(own.url) as office.database_url:
        async with office:
            scene, over = await Scene(office).begin(), asyncio.Event()
            sending = asyncio.create_task(sends_on(scene, over))
            try:
                for way in ways:
                    await scene.goes_on()
                    if way == "away":
                        await away(scene, own)
                    else:
                        await asyncio.to_thread(own.restart, way)
                    for _ in range(2 * count):  # each replica has connections that ended
                        assert not await scene.claim()
                over.set()
                last = await sending
            finally:
                sending.cancel()
            await office.slack.until(office.all_ready, timeout=60)
            await scene.holds()
            query = "SELECT revision FROM submissions WHERE step_id = 'planning' ORDER BY revision"
            assert [revision for (revision,) in rows(office.database_url, query)] == list(range(1, last + 1))
            assert [bot.returncode for bot in office.bots] == [None] * count
            assert await office.stop_bot() == 0


async def away(scene: Scene, own: Server) -> None:
    office = scene.office
    assert isinstance(office, Replicas)
    await asyncio.to_thread(own.stop, "fast")
    try:
        for url in office.urls:
            assert "unreachable" in await reasons(url)
        for _ in office.urls:
            assert tells(await scene.claim(), said("refused.store_away"))
        await scene.paste()
    finally:
        await asyncio.to_thread(own.start)
