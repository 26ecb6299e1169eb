"""Backups of PostgreSQL, by its own pg_dump and pg_restore, which must be of the server's version or newer. Nothing secret is on their
command lines: the password goes by PGPASSWORD, what has no such variable by a service file, or it stands where libpq looks for it anyway
(https://www.postgresql.org/docs/current/libpq-envars.html)."""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg import errors, sql
from psycopg.conninfo import make_conninfo
from psycopg.pq import Conninfo

from storage.backup_error import BackupError
from storage.engine import CONNECT_SECONDS, parse, sync_engine
from storage.postgresql_server import OF_BOTS, drop_left, refuse_role, refuse_sessions, take_turn
from storage.schema import NEEDED

BEGINS = b"PGDMP"
MAINTENANCE = "postgres"
"""The database from which others are made and renamed."""
NAME = 36
"""Bytes of the database's name that stand in those beside it: PostgreSQL cuts names after 63."""
HOW = "install PostgreSQL's client programs, of the server's version or a newer one, or run {} where they are (docs/operations.md, Backup)"
SERVICE = "backup"
"""Our section in a service file of our own."""


def copy(url: str, to: Path) -> None:
    """Raises BackupError."""
    _run(url, "pg_dump", "--no-password", "--format=custom", f"--file={to}", f"--dbname={_conninfo(url)}")
    _run(url, "pg_restore", f"--file={os.devnull}", str(to))  # reads it to its end
    _schema(url, to)


def _schema(url: str, file: Path) -> str:
    """In which one of a backup the bot's tables are: by the role's search_path it may be any. Raises BackupError if they are in none."""
    listed = _run(url, "pg_restore", "--list", str(file))
    with_them: list[set[str]] = [
        set(re.findall(rf"^\d+; \d+ \d+ TABLE DATA (.+) {name} ", listed, re.MULTILINE)) for name in NEEDED
    ]
    found = sorted(set.intersection(*with_them))
    if not found:
        raise BackupError("the tables of the bot are not in it - check that it is the database you mean")
    return found[0]


def _make_schema(url: str, database: str, schema: str) -> None:
    """Also where a search_path that was set for the former database alone doesn't lead to it in a new one."""
    with _maintaining(url, database) as connection:
        connection.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(schema)))
        if connection.execute("SELECT current_schema()").fetchone() != (schema,):
            names = sql.Identifier(database), sql.Identifier(schema)
            connection.execute(sql.SQL("ALTER DATABASE {} SET search_path TO {}").format(*names))


class _Beside:
    def __init__(self, url: str, name: str, stamp: str) -> None:
        self._url, self._name, self._stamp, self.taken = url, name, stamp, False
        self.url = parse(url).set(database=name).render_as_string(hide_password=False)

    def take_place(self) -> str:
        there = _database(self._url)
        kept = _beside(there, f"_before_{self._stamp}")
        with _maintaining(self._url) as connection, connection.transaction():
            found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [there]).fetchone()
            for old, new in ((there, kept), (self._name, there))[0 if found else 1 :]:
                connection.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(old), sql.Identifier(new)))
        self.taken = True
        return kept if found else ""


@contextmanager
def restoring(url: str, file: Path, stamp: str) -> Iterator[_Beside]:
    """As `storage.backup.restoring`. No other restore of this database is under way during the block, so that what was left behind by one
    that was killed can be dropped."""
    with _maintaining(url) as connection:
        refuse_role(connection, _database(url))
        refuse_sessions(connection, _database(url))
        take_turn(connection, _beginning(url))
        drop_left(connection, _beginning(url))
        with _restoring(url, file, stamp) as beside:
            yield beside


@contextmanager
def _restoring(url: str, file: Path, stamp: str) -> Iterator[_Beside]:
    name, schema = f"{_beginning(url)}{stamp}", _schema(url, file)
    beside, begun = _Beside(url, name, stamp), False
    try:
        with _maintaining(url) as connection:
            begun = True
            connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'").format(sql.Identifier(name)))
        _make_schema(url, name, schema)
        # The bot's own tables are in it; extensions belong to superusers, and whoever needs one there has to make it anew.
        how = "--no-password", "--exit-on-error", "--no-owner", "--no-acl", f"--schema={schema}"
        _run(url, "pg_restore", *how, f"--dbname={_conninfo(url, name)}", str(file))
        yield beside
    finally:
        if begun and not beside.taken:
            with _maintaining(url) as connection:
                connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _beside(database: str, ending: str) -> str:
    return database.encode()[:NAME].decode(errors="ignore") + ending


def _beginning(url: str) -> str:
    """Of the names of databases that are made of a backup, before the moment."""
    return _beside(_database(url), "_restored_")


def refuse_bots(url: str) -> None:
    """Raises BackupError if a bot is connected: a session of the same role. Who watches the database has another one."""
    with _maintaining(url, _database(url)) as connection:
        refuse_sessions(connection, _database(url), OF_BOTS)


@contextmanager
def _maintaining(url: str, database: str = MAINTENANCE) -> Iterator[psycopg.Connection[Any]]:
    """Raises BackupError for whatever the server refuses."""
    options = {"connect_timeout": CONNECT_SECONDS, **_options(url), "dbname": database}
    try:
        with closing(psycopg.connect(make_conninfo(**options), autocommit=True)) as connection:
            yield connection
    except errors.InsufficientPrivilege:
        who = parse(url).username or "its role"
        raise BackupError(
            f"the server does not let {who} make or rename databases - let a superuser do that, and restore by hand"
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
    options = {name: value for name, value in _options(url).items() if name not in _secrets()}
    return make_conninfo(**{**options, **({"dbname": database} if database else {})})


def _secrets() -> Mapping[str, str]:
    """The parameters that libpq itself shows as stars, and the variable of each; none if it has none."""
    known = ((option.keyword.decode(), (option.envvar or b"").decode(), option.dispchar) for option in Conninfo.get_defaults())
    return {name: variable for name, variable, shown in known if shown == b"*" or name.startswith("scram_")}


@contextmanager
def _secretly(url: str) -> Iterator[Mapping[str, str]]:
    """Variables by which libpq learns what is secret in the URL, during the block. Raises BackupError."""
    given = {name: str(value) for name, value in _options(url).items() if name in _secrets()}
    variables = {variable: given.pop(name) for name, variable in _secrets().items() if variable and name in given}
    if not given:
        yield variables
        return
    if any(character in value for value in given.values() for character in "\n\r"):
        raise BackupError(f"{' or '.join(given)} in DATABASE_URL has a line break - write it without")
    with tempfile.NamedTemporaryFile("w", encoding="utf-8") as file:  # its mode is 600
        file.write("\n".join([f"[{SERVICE}]", *(f"{name}={value}" for name, value in given.items()), ""]))
        file.flush()
        yield {**variables, "PGSERVICEFILE": file.name, "PGSERVICE": SERVICE}


def _run(url: str, program: str, *words: str) -> str:
    """What it printed. Raises BackupError."""
    if shutil.which(program) is None:
        raise BackupError(f"{program} is not installed here - {HOW.format(program)}")
    with _secretly(url) as variables:
        done = subprocess.run(  # noqa: S603
            [program, *words],
            env={**os.environ, **variables, "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        why = next((line for line in done.stderr.splitlines() if "error:" in line), f"it ended with {done.returncode}")
        how = HOW.format("it") if "version" in done.stderr else "mend that, or take another backup"
        raise BackupError(f"{why.strip()} - {how}")
    return done.stdout
