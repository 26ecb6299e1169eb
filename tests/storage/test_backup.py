"""A backup of either database: of one moment while others write, for its owner alone, and in the database's place in full or not at all."""

import contextlib
import errno
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import make_url

from playground.postgres import database, drop
from storage import migrate, postgresql_backup, postgresql_server
from storage.backup import back_up, restoring, stamp, stopped
from storage.backup_error import BackupError
from storage.engine import is_sqlite
from storage.lock import only_one
from tests.storage.example import raw

ADD = "INSERT INTO seen (id, at) VALUES (:id, '2026-12-01 12:00:00')"


@pytest.fixture
def url(empty_url: str) -> str:
    """A database with tables, of each kind, that may be renamed."""
    if not is_sqlite(empty_url) and shutil.which("pg_dump") is None:
        pytest.skip("PostgreSQL's client programs are not installed")
    migrate.upgrade(empty_url)
    return empty_url


def seen(url: str) -> list[str]:
    return [row[0] for row in raw(url, "SELECT id FROM seen ORDER BY id")]


def left_behind(url: str) -> Callable[[], bool]:
    """By a restore that was killed. Returns whether it is still there."""
    database = str(make_url(url).database)
    if is_sqlite(url):
        file = Path(database).with_name(f".{Path(database).name}.restored-x1")
        file.touch()
        return file.exists
    name = f"{database}_restored_20261201t120000z"
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connected:
        connected.execute(f"CREATE DATABASE {name}".encode())
    return lambda: bool(raw(url, "SELECT 1 FROM pg_database WHERE datname = :name", name=name))


@contextlib.contextmanager
def in_use(url: str) -> Iterator[None]:
    """As by a bot that runs, in the middle of a transaction that has written."""
    if is_sqlite(url):
        with only_one(url), contextlib.closing(sqlite3.connect(str(make_url(url).database))) as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("INSERT INTO seen (id, at) VALUES ('half', '2026-12-01 12:00:00')")
            yield
        return
    with psycopg.connect(url.replace("+psycopg", "")) as connected:
        connected.execute("INSERT INTO seen (id, at) VALUES ('half', now())")
        yield
        connected.rollback()


def test_what_was_backed_up_takes_the_databases_place_once_nobody_uses_it(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw(url, ADD, id="before")
    file, before = tmp_path / "backup", os.umask(0)
    try:
        with in_use(url):
            assert back_up(url, file) == file.stat().st_size > 0
    finally:
        os.umask(before)
    assert file.stat().st_mode & 0o777 == 0o600
    raw(url, ADD, id="later")
    with in_use(url), monkeypatch.context() as at_once:
        at_once.setattr(postgresql_server, "ENDING_SECONDS", 0.0)
        with pytest.raises(BackupError, match="first"), restoring(url, file):
            pass
        with pytest.raises(BackupError, match="first"), stopped(url):
            pass
    with stopped(url):
        pass
    is_there = left_behind(url)
    assert is_there()
    with restoring(url, file) as beside:
        assert not is_there()
        with pytest.raises(BackupError), restoring(url, file):  # one at a time
            pass
        assert seen(beside.url) == ["before"]
    assert seen(url) == ["before", "later"]  # it did not take its place

    with restoring(url, file) as beside:
        raw(beside.url, ADD, id="prepared")
        kept = beside.take_place()
    assert seen(url) == ["before", "prepared"]
    former = f"sqlite:///{kept}" if is_sqlite(url) else make_url(url).set(database=kept).render_as_string(hide_password=False)
    assert seen(former) == ["before", "later"]
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


@pytest.mark.process
def test_sessions_that_outlast_their_machine_are_ended_as_the_refusal_says(
    postgres_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with database(postgres_server) as url, psycopg.connect(url.replace("+psycopg", "")) as idle:
        with monkeypatch.context() as at_once:
            at_once.setattr(postgresql_server, "ENDING_SECONDS", 0.0)
            with pytest.raises(BackupError) as refused, stopped(url):
                pass
        ending = str(refused.value).partition("gone: ")[2].partition(";")[0]
        with psycopg.connect(url.replace("+psycopg", ""), dbname="postgres") as other:
            assert (True,) in other.execute(ending.encode()).fetchall()
        with stopped(url):
            pass
        with pytest.raises(psycopg.OperationalError):
            idle.execute("SELECT 1")


@pytest.mark.process
def test_tables_in_a_schema_of_their_own_are_found_again(postgres_server: str, tmp_path: Path) -> None:
    if shutil.which("pg_dump") is None:
        pytest.skip("PostgreSQL's client programs are not installed")
    with database(postgres_server) as url:
        raw(url, 'CREATE SCHEMA "the bot\'s"')
        raw(url, f'ALTER DATABASE {make_url(url).database} SET search_path TO "the bot\'s"')
        migrate.upgrade(url)
        raw(url, ADD, id="before")
        back_up(url, tmp_path / "backup")
        with restoring(url, tmp_path / "backup") as beside:
            kept = beside.take_place()
        assert seen(url) == ["before"]
        drop(make_url(url).set(database=kept).render_as_string(hide_password=False))


@pytest.mark.process
def test_a_role_that_may_not_do_it_all_is_told_so_before_the_work(postgres_server: str, tmp_path: Path) -> None:
    if shutil.which("pg_dump") is None:
        pytest.skip("PostgreSQL's client programs are not installed")
    with database(postgres_server) as url:
        role = f"role-{make_url(url).database}"
        migrate.upgrade(url)
        back_up(url, tmp_path / "backup")
        raw(url, f'CREATE ROLE "{role}" LOGIN')
        own = make_url(url).set(username=role).render_as_string(hide_password=False)
        for lacking in (f'ALTER ROLE "{role}" CREATEDB', f'ALTER DATABASE "{make_url(url).database}" OWNER TO "{role}"'):
            with pytest.raises(BackupError) as refused, restoring(own, tmp_path / "backup"):
                pass
            assert lacking in str(refused.value)
            raw(url, lacking)
        with restoring(own, tmp_path / "backup") as beside:
            kept = beside.take_place()
        assert migrate.state(own).kind == "current"
        drop(make_url(url).set(database=kept).render_as_string(hide_password=False))
        raw(url, f'ALTER DATABASE "{make_url(url).database}" OWNER TO CURRENT_USER')
        raw(url, f'REASSIGN OWNED BY "{role}" TO CURRENT_USER; DROP ROLE "{role}"')


def test_a_file_that_is_none_of_its_backups_is_refused_and_the_next_one_taken(url: str, tmp_path: Path) -> None:
    whole, broken, other = tmp_path / "whole", tmp_path / "broken", tmp_path / "other"
    back_up(url, whole)
    for content in (b"", b"PK\3\4", whole.read_bytes()[: whole.stat().st_size // 2]):
        broken.write_bytes(content)
        with pytest.raises(BackupError), restoring(url, broken):
            pass
    other.write_bytes(b"PGDMP" if is_sqlite(url) else b"SQLite format 3\0")
    with pytest.raises(BackupError, match="DATABASE_URL names"), restoring(url, other):
        pass
    with restoring(url, whole) as beside:
        beside.take_place()
    assert migrate.state(url).kind == "current"


@pytest.mark.parametrize("links", [True, False], ids=["links", "none"])
def test_what_others_commit_meanwhile_is_in_the_database_or_in_the_one_that_is_kept(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, links: bool
) -> None:
    """Others are whoever takes no lock of the bot's: a command, a shell."""
    url, name, file = sqlite_url, str(make_url(sqlite_url).database), tmp_path / "backup"
    if not links:
        monkeypatch.setattr(os, "link", refuse)
    raw(url, ADD, id="before")
    back_up(url, file)
    with contextlib.closing(sqlite3.connect(name)) as writer:
        writer.execute("INSERT INTO seen (id, at) VALUES ('later', '2026-12-01 12:00:00')")
        with pytest.raises(BackupError, match="locked"), restoring(url, file):
            pass
        writer.commit()
        with pytest.raises(BackupError, match="locked"), restoring(url, file):  # connected, in no transaction
            pass
    with restoring(url, file) as beside, contextlib.closing(sqlite3.connect(name)) as late:
        for statement in ("PRAGMA journal_mode=WAL", "SELECT id FROM seen"):  # as a command of the bot's
            late.execute(statement).fetchall()
        with pytest.raises(BackupError, match="locked"):  # it came after the first look
            beside.take_place()
    assert seen(url) == ["before", "later"]
    assert list(tmp_path.glob("*.before-*")) == []

    with contextlib.closing(sqlite3.connect(name)) as opened:  # and has asked for nothing yet
        with restoring(url, file) as beside:
            kept = beside.take_place()
        with pytest.raises(sqlite3.OperationalError):
            opened.execute("INSERT INTO seen (id, at) VALUES ('lost', '2026-12-01 12:00:00')")
    assert seen(url) == ["before"]
    assert seen(f"sqlite:///{kept}") == ["before", "later"]
    assert Path(kept).stat().st_mode & 0o077 == 0


def refuse(*_: object) -> None:
    raise PermissionError(errno.EPERM, "no links here")


def test_at_no_moment_is_there_no_database_under_the_name(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What does not come to its end leaves all as it was. A database that can't be read is kept, and a log that was left behind, too."""
    url, name, file = sqlite_url, Path(str(make_url(sqlite_url).database)), tmp_path / "backup"
    back_up(url, file)
    replace = Path.replace

    def killed(path: Path, to: Path) -> Path:
        assert (name.exists(), len(list(tmp_path.glob("*.before-*")))) == (True, 1)
        raise KeyboardInterrupt

    raw(url, ADD, id="later")
    monkeypatch.setattr(Path, "replace", killed)
    with pytest.raises(KeyboardInterrupt), restoring(url, file) as beside:
        beside.take_place()
    assert (seen(url), list(tmp_path.glob("*.before-*"))) == (["later"], [])

    monkeypatch.setattr(Path, "replace", replace)
    name.write_bytes(b"broken" * 1000)
    with restoring(url, file) as beside:
        kept = beside.take_place()
    assert (seen(url), Path(kept).read_bytes()[:6]) == ([], b"broken")
    name.unlink()
    name.with_name(f"{name.name}-wal").write_bytes(b"its log")
    with restoring(url, file) as beside:
        assert beside.take_place() == ""
    assert seen(url) == []
    assert [path.read_bytes() for path in tmp_path.glob("*.before-*-wal")] == [b"its log"]


def test_a_backup_keeps_no_file_that_is_not_whole(url: str, tmp_path: Path) -> None:
    raw(url, "DROP TABLE onboardings")
    with pytest.raises(BackupError, match="are not in it"):
        back_up(url, tmp_path / "backup")
    assert [path for path in tmp_path.iterdir() if "backup" in path.name] == []


@pytest.mark.process
def test_a_plain_role_restores_a_database_that_has_an_extension_of_a_superuser(postgres_server: str, tmp_path: Path) -> None:
    if shutil.which("pg_dump") is None:
        pytest.skip("PostgreSQL's client programs are not installed")
    file, role = tmp_path / "backup", f"bot{uuid4().hex[:8]}"
    with database(postgres_server) as given:
        there = make_url(given)
        with psycopg.connect(given.replace("+psycopg", ""), autocommit=True) as root:
            if not root.execute("SELECT 1 FROM pg_available_extensions WHERE name = 'pg_stat_statements'").fetchone():
                pytest.skip("PostgreSQL's own extensions are not installed")
            root.execute(sql.SQL(f"CREATE ROLE {role} LOGIN CREATEDB PASSWORD 'thepassword'"))
            root.execute(sql.SQL(f"ALTER DATABASE {there.database} OWNER TO {role}"))
            root.execute("CREATE EXTENSION pg_stat_statements")
        url = there.set(username=role, password="thepassword").render_as_string(hide_password=False)
        migrate.upgrade(url)
        raw(url, ADD, id="before")
        back_up(url, file)
        raw(url, ADD, id="later")
        with restoring(url, file) as beside:
            kept = beside.take_place()
        assert seen(url) == ["before"]
        drop(there.set(database=kept).render_as_string(hide_password=False))
        for statement in ("REASSIGN OWNED BY {0} TO CURRENT_USER", "DROP OWNED BY {0}", "DROP ROLE {0}"):
            raw(given, statement.format(role))


def test_a_long_name_leaves_room_for_what_is_put_behind_it() -> None:
    for name in ("onboarding" * 6, "é" * 31, "a" + "é" * 31):
        assert len(postgresql_backup._beside(name, f"_restored_{stamp()}").encode()) <= 63  # PostgreSQL cuts the rest


@pytest.mark.process
def test_what_is_secret_is_on_no_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`pg_dump` is one that says how it was called."""
    url, told = "postgresql://ana:thepassword@127.0.0.1:1/bot?sslmode=require", tmp_path / "pg_dump"
    monkeypatch.setenv("PATH", f"{tmp_path}")
    with pytest.raises(BackupError, match="pg_dump is not installed here"):
        back_up(url, tmp_path / "backup")
    told.write_text('#!/bin/sh\nwhile read -r line; do service="$service $line"; done <"${PGSERVICEFILE:-/dev/null}"\n')
    with told.open("a") as script:
        script.write('echo "pg_dump: error: $*; $PGPASSWORD; $PGSERVICE:$service" >&2\nexit 1\n')
    told.chmod(0o700)
    by_query = "postgresql://ana@127.0.0.1:1/bot?sslmode=require&password=thepassword&sslpassword=the+key's"
    for given, service in ((url, ":"), (by_query, "backup: [backup] sslpassword=the key's")):
        with pytest.raises(BackupError) as refused:
            back_up(given, tmp_path / "backup")
        command, password, told_by_file = str(refused.value).rpartition(" - ")[0].split("; ")
        assert ("user=ana" in command, "sslmode=require" in command, "thepassword" in command) == (True, True, False)
        assert "sslpassword" not in command
        assert (password, told_by_file) == ("thepassword", service)  # this one says it, no other
