"""Backups of PostgreSQL, by its own pg_dump and pg_restore, which must be of the server's version or newer. Nothing secret is on their
command lines: the password goes by PGPASSWORD, or stands where libpq looks for it (PGPASSFILE)."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg import errors, sql
from psycopg.conninfo import make_conninfo

from storage.backup_error import BackupError
from storage.engine import CONNECT_SECONDS, parse, sync_engine

BEGINS = b"PGDMP"
ENDING_SECONDS = 5.0
"""How long sessions may take to end: the server notices after a moment that a process was killed."""
MAINTENANCE = "postgres"
"""The database from which others are made and renamed."""
NAME = 40
"""Bytes of the database's name that stand in those beside it: PostgreSQL cuts names after 63."""
HOW = "install PostgreSQL's client programs, of the server's version or a newer one, or run {} where they are (docs/operations.md, Backup)"
SECRETS = "password", "sslpassword"


def copy(url: str, to: Path) -> None:
    """Raises BackupError."""
    _run(url, "pg_dump", "--no-password", "--format=custom", f"--file={to}", f"--dbname={_conninfo(url)}")
    _run(url, "pg_restore", f"--file={os.devnull}", str(to))  # reads it to its end
    listed = _run(url, "pg_restore", "--list", str(to))
    if not all(f"TABLE DATA public {name} " in listed for name in ("alembic_version", "onboardings")):
        raise BackupError("the tables of the bot are not in it - check that DATABASE_URL names the database you mean")


class _Beside:
    def __init__(self, url: str, name: str, stamp: str) -> None:
        self._url, self._name, self._stamp, self.taken = url, name, stamp, False
        self.url = parse(url).set(database=name).render_as_string(hide_password=False)

    def take_place(self) -> str:
        there = _database(self._url)
        kept = f"{there[:NAME]}_before_{self._stamp}"
        with _maintaining(self._url) as connection, connection.transaction():
            found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [there]).fetchone()
            for old, new in ((there, kept), (self._name, there))[0 if found else 1 :]:
                connection.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(old), sql.Identifier(new)))
        self.taken = True
        return kept if found else ""


@contextmanager
def restoring(url: str, file: Path, stamp: str) -> Iterator[_Beside]:
    """As `storage.backup.restoring`."""
    name = f"{_database(url)[:NAME]}_restored_{stamp}"
    with _maintaining(url) as connection:
        _refuse_sessions(connection, _database(url))
        connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'").format(sql.Identifier(name)))
    beside = _Beside(url, name, stamp)
    try:
        _run(
            url,
            "pg_restore",
            "--no-password",
            "--exit-on-error",
            "--no-owner",
            "--no-acl",
            f"--dbname={_conninfo(url, name)}",
            str(file),
        )
        yield beside
    finally:
        if not beside.taken:
            with _maintaining(url) as connection:
                connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def _refuse_sessions(connection: psycopg.Connection[Any], database: str) -> None:
    until = time.monotonic() + ENDING_SECONDS
    while (found := connection.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = %s", [database]).fetchone()) != (
        0,
    ):
        if time.monotonic() > until:
            count = found[0] if found else "some"
            raise BackupError(f"sessions use the database ({count}) - end every bot first, and what else is connected to it")
        time.sleep(0.1)


@contextmanager
def _maintaining(url: str) -> Iterator[psycopg.Connection[Any]]:
    """Raises BackupError for whatever the server refuses."""
    options = {"connect_timeout": CONNECT_SECONDS, **_options(url), "dbname": MAINTENANCE}
    try:
        with closing(psycopg.connect(make_conninfo(**options), autocommit=True)) as connection:
            yield connection
    except errors.InsufficientPrivilege:
        who = parse(url).username or "its role"
        raise BackupError(
            f"{who} may not make or rename databases - let a superuser run: ALTER ROLE {who} CREATEDB; or restore by hand"
        ) from None
    except errors.ObjectInUse:
        raise BackupError("a session uses the database - end every bot, and what else is connected to it, first") from None
    except psycopg.Error as error:
        what = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise BackupError(f"the server refused it ({what}) - check DATABASE_URL, and that the server is running") from None


def _database(url: str) -> str:
    parsed = parse(url)
    return parsed.database or parsed.username or MAINTENANCE


def _options(url: str) -> dict[str, Any]:
    """What libpq is given, by the names of its parameters."""
    _, options = sync_engine(url).dialect.create_connect_args(parse(url))
    return {name: value for name, value in options.items() if name != "context"}  # that is psycopg's


def _conninfo(url: str, database: str = "") -> str:
    options = {name: value for name, value in _options(url).items() if name not in SECRETS}
    return make_conninfo(**{**options, **({"dbname": database} if database else {})})


def _run(url: str, program: str, *words: str) -> str:
    """What it printed. Raises BackupError."""
    if shutil.which(program) is None:
        raise BackupError(f"{program} is not installed here - {HOW.format(program)}")
    password = parse(url).password
    known = {"PGPASSWORD": str(password)} if password else {}
    environment = {**os.environ, **known, "LC_ALL": "C"}
    command, nothing = [program, *words], subprocess.DEVNULL
    done = subprocess.run(command, env=environment, stdin=nothing, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        why = next((line for line in done.stderr.splitlines() if "error:" in line), f"it ended with {done.returncode}")
        how = HOW.format("it") if "version" in done.stderr else "mend that, or take another backup"
        raise BackupError(f"{why.strip()} - {how}")
    return done.stdout
