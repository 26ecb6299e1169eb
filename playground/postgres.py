"""A PostgreSQL for drill, benchmarks and tests: at TEST_POSTGRES_URL, or a throw-away server from the binaries on this machine."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal
from uuid import uuid4

from storage.engine import parse, sync_engine

UNPRIVILEGED = ("postgres", "nobody")

Mode = Literal["fast", "immediate"]
"""How it stops: connections are closed in an orderly way, or cut off as by a crash."""


def binaries() -> Path | None:
    """The directory of ``initdb`` and ``pg_ctl``."""
    places = [Path("/usr/local/bin"), *sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)]
    if on_path := shutil.which("initdb"):
        places.append(Path(on_path).parent)
    return next((place for place in places if (place / "initdb").exists() and (place / "pg_ctl").exists()), None)


class Server:
    """A throw-away server. It may be stopped and started; what was committed stays. Each call blocks until it is so.

    ``durable``: whether a commit waits for the disk.
    """

    def __init__(self, found: Path, home: Path, *, durable: bool = False) -> None:
        self._found, self._home, self._durable = found, home, durable
        self.url = f"postgresql://test@/postgres?host={home}"

    def create(self) -> None:
        self._do("initdb", "-D", self._home / "data", "-U", "test", "-A", "trust", "--no-sync", "-E", "UTF8")

    def start(self) -> None:
        settings = f"-k {self._home} -c listen_addresses='' -c fsync={'on' if self._durable else 'off'} -c max_connections=60"
        self._control("start", "-l", self._home / "log", "-o", settings)

    def stop(self, mode: Mode) -> None:
        self._control("stop", "-m", mode)

    def restart(self, mode: Mode) -> None:
        self._control("restart", "-m", mode, "-l", self._home / "log")

    def _control(self, *words: object) -> None:
        self._do("pg_ctl", "-D", self._home / "data", "-w", *words)

    def _do(self, program: str, *words: object) -> None:
        """The server refuses to run as root."""
        user = next(filter(_exists, UNPRIVILEGED), None) if os.geteuid() == 0 else None
        environment = {**os.environ, "LC_ALL": "C", "HOME": str(self._home)}
        command = [str(self._found / program), *map(str, words)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, user=user, env=environment, cwd=self._home)  # noqa: S603


@contextmanager
def own_server(*, durable: bool = False) -> Iterator[Server | None]:
    """A server that a test may stop and start, None if there are no binaries. It stops with the block."""
    found = binaries()
    if found is None:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="pg") as name:  # a short path: a socket's has at most 107 bytes
        home = Path(name)
        home.chmod(0o777)
        made = Server(found, home, durable=durable)
        made.create()
        made.start()
        try:
            yield made
        finally:
            made.stop("immediate")


@contextmanager
def server() -> Iterator[str | None]:
    """The URL of a server for tests, None if there is none. It stops with the block."""
    if url := os.environ.get("TEST_POSTGRES_URL"):
        yield url
        return
    with own_server() as made:
        yield made.url if made is not None else None


@contextmanager
def database(server_url: str) -> Iterator[str]:
    """The URL of a fresh, empty database on a server."""
    name = f"t{uuid4().hex[:12]}"
    _run(server_url, f"CREATE DATABASE {name}")
    made = parse(server_url).set(database=name).render_as_string(hide_password=False)
    yield made
    drop(made)


def drop(url: str) -> None:
    """Do away with a database, whoever uses it."""
    there = parse(url)
    _run(there.set(database="postgres").render_as_string(hide_password=False), f"DROP DATABASE {there.database} WITH (FORCE)")


def _run(url: str, statement: str) -> None:
    """In no transaction, and leaving no connection: the server may be restarted afterwards."""
    engine = sync_engine(url)
    try:
        with engine.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql(statement)
    finally:
        engine.dispose()


def _exists(user: str) -> bool:
    try:
        pwd.getpwnam(user)
    except KeyError:
        return False
    return True
