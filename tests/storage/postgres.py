"""A PostgreSQL for tests: the one at TEST_POSTGRES_URL, or a throw-away server from the binaries found on this machine."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from sqlalchemy import create_engine, make_url

UNPRIVILEGED = ("postgres", "nobody")


def binaries() -> Path | None:
    """The directory of ``initdb`` and ``pg_ctl``."""
    places = [Path("/usr/local/bin"), *sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)]
    if on_path := shutil.which("initdb"):
        places.append(Path(on_path).parent)
    return next((place for place in places if (place / "initdb").exists() and (place / "pg_ctl").exists()), None)


@contextmanager
def server() -> Iterator[str | None]:
    """The URL of a server for tests, None if there is none. It stops with the block."""
    if url := os.environ.get("TEST_POSTGRES_URL"):
        yield url
        return
    found = binaries()
    if found is None:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="pg") as name:  # a short path: a socket's has at most 107 bytes
        home = Path(name)
        home.chmod(0o777)
        data = home / "data"
        _run(home, found / "initdb", "-D", data, "-U", "test", "-A", "trust", "--no-sync", "-E", "UTF8")
        settings = f"-k {home} -c listen_addresses='' -c fsync=off -c max_connections=60"
        _run(home, found / "pg_ctl", "-D", data, "-w", "-l", home / "log", "-o", settings, "start")
        try:
            yield f"postgresql://test@/postgres?host={home}"
        finally:
            _run(home, found / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")


@contextmanager
def database(server_url: str) -> Iterator[str]:
    """The URL of a fresh, empty database on a server."""
    name = f"t{uuid4().hex[:12]}"
    url = make_url(server_url).set(drivername="postgresql+psycopg")
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {name}")
        yield url.set(database=name).render_as_string(hide_password=False)
        with engine.connect() as connection:
            connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
    finally:
        engine.dispose()


def _run(home: Path, *command: object) -> None:
    """The server refuses to run as root."""
    user = next(filter(_exists, UNPRIVILEGED), None) if os.geteuid() == 0 else None
    environment = {**os.environ, "LC_ALL": "C", "HOME": str(home)}
    subprocess.run(  # noqa: S603  fixed programs
        [str(part) for part in command], check=True, stdout=subprocess.DEVNULL, user=user, env=environment, cwd=home
    )


def _exists(user: str) -> bool:
    try:
        pwd.getpwnam(user)
    except KeyError:
        return False
    return True
