"""What runs while something is measured, each a process of its own: the stand-in for Slack, the baselines, Node's Bolt, and the bot,
or replicas of it, on a database with customers in it."""

import json
import math
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Engine, create_engine, func, select, text

from bench.customers import Example, fill_in
from bench.example import example
from bench.slack import SUPPORT, SlackCall, seen
from playground import postgres
from playground.office import ROOT, free_port
from storage import sealing
from storage.engine import is_sqlite, parse
from storage.migrate import upgrade
from storage.sealing import Keyring, new_key
from storage.tables import effects

SECRET = "thesecretofthebenchmark"
NODE = Path(__file__).parent / "node"
PACED, UNPACED = "", "[engine]\nchannel_gap = 0\n"
"""Policies: a channel gets a message a second, as Slack wants it; or as many as the bot can draw, to see how many that is."""
START_SECONDS = 60.0
LOOK, RESTING = 0.5, 0.1
"""A bot rests that took less than this share of a core for so many seconds."""
LEFT = "SELECT count(*) FROM effects WHERE state IN ('waiting', 'running')"


# -- processes


def children(pid: int) -> list[int]:
    """Processes that a process has started (Linux): the bot's look into what people send."""
    return [int(child) for task in Path(f"/proc/{pid}/task").glob("*/children") for child in task.read_text().split()]


def cpu_seconds(pid: int) -> float:
    """User and system time of a process and its children with all their threads (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK") + sum(map(cpu_seconds, children(pid)))


def memory_mb(pid: int) -> float:
    """Resident, in MB of a million bytes (Linux)."""
    status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return int(status["VmRSS"].split()[0]) * 1024 / 1e6


@contextmanager
def listening(command: Sequence[str], environment: Mapping[str, str], port: int, log: Path) -> Iterator[int]:
    """The pid of a process that listens at the port. It is told to end with the block."""
    with log.open("ab") as output:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output)  # noqa: S603
    try:
        began = time.monotonic()
        while not _is_open(port):
            if process.poll() is not None or time.monotonic() - began > START_SECONDS:
                raise RuntimeError(f"{command} did not start:\n{log.read_text()[-3000:]}")
            time.sleep(0.02)
        yield process.pid
    finally:
        process.terminate()
        process.wait()


def _is_open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


# -- the bot


@dataclass
class Replicas:
    """``urls``: of its replicas, to which Slack's requests go. Each customer sends its form once: `fresh` says whose is left."""

    urls: Sequence[str]
    pids: Sequence[int]
    engine: Engine
    left: Iterator[int]

    def fresh(self, count: int) -> list[int]:
        return [next(self.left) for _ in range(count)]

    def cpu(self) -> float:
        return sum(map(cpu_seconds, self.pids))

    def settle(self) -> None:
        """Wait until all effects are done."""
        while self._effects():
            time.sleep(0.05)

    def given_up(self, onboardings: Sequence[str]) -> int:
        """Effects of these that were given up."""
        wanted = select(func.count()).where(effects.c.state == "failed", effects.c.onboarding_id.in_(onboardings))
        with self.engine.connect() as connection:
            return int(connection.execute(wanted).scalar_one())

    def rest(self) -> None:
        """Wait until it does next to nothing: what is left waits for a channel's turn."""
        before = -math.inf
        while self.cpu() - before > RESTING * LOOK:
            before = self.cpu()
            time.sleep(LOOK)

    def _effects(self) -> int:
        with self.engine.connect() as connection:
            return int(connection.execute(text(LEFT)).scalar_one())


@dataclass
class Testbed:
    """``folder``: for all files. ``slack``: the stand-in's address. ``server``: PostgreSQL's URL; None for SQLite."""

    folder: Path
    slack: str
    keys: str
    example: Example
    server: str | None
    replicas: int
    _stack: ExitStack = field(default_factory=ExitStack)

    @property
    def environment(self) -> dict[str, str]:
        keep = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL", "TMPDIR") if name in os.environ}
        return keep | {
            "HOME": str(self.folder),
            "ENV_FILE": os.devnull,
            "PYTHONPATH": str(ROOT),
            "SLACK_BOT_TOKEN": "xoxb-bench",
            "SLACK_SIGNING_SECRET": SECRET,
            "SLACK_API_URL": f"{self.slack}/api/",
            "SUPPORT_CHANNEL": SUPPORT,
            "ENCRYPTION_KEYS": self.keys,
        }

    def seen(self) -> list[SlackCall]:
        """What Slack was asked since this was last called."""
        return seen(self.slack)

    @contextmanager
    def database(self, customers: int) -> Iterator[str]:
        """The URL of a new database with so many customers."""
        with ExitStack() as stack:
            if self.server is None:
                folder = stack.enter_context(tempfile.TemporaryDirectory(dir=self.folder))
                url = f"sqlite+aiosqlite:///{folder}/onboarding.db"
            else:
                url = stack.enter_context(postgres.database(self.server))
            upgrade(url)
            fill_in(url, self.example, range(1, customers + 1))
            yield url

    @contextmanager
    def bot(self, customers: int, policies: str) -> Iterator[Replicas]:
        """As many processes as there are replicas, on a new database."""
        file = self.folder / f"policies{len(policies)}.toml"
        file.write_text(policies)
        with ExitStack() as stack:
            url = stack.enter_context(self.database(customers))
            urls, pids = [], []
            for _ in range(self.replicas):
                port = free_port()
                environment = self.environment | {"DATABASE_URL": url, "PORT": str(port), "CONFIG_FILE": str(file)}
                pids.append(stack.enter_context(self._python(["bot", "run"], environment, port)))
                urls.append(f"http://127.0.0.1:{port}/slack/events")
            engine = create_engine(parse(url).set(drivername="sqlite") if is_sqlite(url) else parse(url))
            stack.callback(engine.dispose)
            yield Replicas(urls, pids, engine, iter(range(1, customers + 1)))

    @contextmanager
    def starlette(self, customers: int) -> Iterator[str]:
        """The address of the baselines: see `bench.servers`."""
        with self.database(customers) as url:
            port = free_port()
            with self._python(["bench.servers", str(port)], self.environment | {"DATABASE_URL": url}, port):
                yield f"http://127.0.0.1:{port}"

    @contextmanager
    def node(self) -> Iterator[str]:
        """The address of Bolt on Node; empty, with a word on the terminal, if it can't be had."""
        if missing := install_bolt():
            print(f"Node's Bolt is left out: {missing}", file=sys.stderr)
            yield ""
            return
        port, view = free_port(), self.folder / "view.json"
        view.write_text(json.dumps(self.example.view))
        command = ["node", str(NODE / "app.js"), str(port), str(view)]
        with listening(command, self.environment | {"NODE_ENV": "production"}, port, self.folder / "node.log"):
            yield f"http://127.0.0.1:{port}/slack/events"

    def _python(self, words: Sequence[str], environment: Mapping[str, str], port: int) -> AbstractContextManager[int]:
        return listening([sys.executable, "-m", *words], environment, port, self.folder / f"{words[0]}-{port}.log")


@contextmanager
def testbed(*, on_postgresql: bool, replicas: int) -> Iterator[Testbed]:
    """RuntimeError if there is no PostgreSQL."""
    with tempfile.TemporaryDirectory(prefix="bench") as name, ExitStack() as stack:
        folder, keys, port = Path(name), new_key(), free_port()
        server = stack.enter_context(postgres.own_server(durable=True)) if on_postgresql else None
        if on_postgresql and server is None:
            raise RuntimeError("there is no PostgreSQL on this machine")
        sealing.use(Keyring.parse(keys))
        found = Testbed(folder, f"http://127.0.0.1:{port}", keys, example(), server.url if server else None, replicas)
        stack.enter_context(listening([sys.executable, "-m", "bench.slack", str(port)], os.environ, port, folder / "slack.log"))
        yield found


def install_bolt() -> str:
    """Bolt for Node, from npm, if it isn't there yet. Returns why it can't be had; empty if it is there."""
    if not (shutil.which("node") and shutil.which("npm")):
        return "Node or npm is missing"
    if not (NODE / "node_modules" / "@slack" / "bolt").exists():
        command = ["npm", "install", "--no-package-lock", "--no-audit", "--no-fund", "--silent"]
        if subprocess.run(command, cwd=NODE, check=False).returncode:  # noqa: S603
            return "npm could not install it"
    return ""
