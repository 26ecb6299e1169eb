"""A backup of either database: of one moment while others write, for its owner alone, and in the database's place in full or not at all."""

import contextlib
import os
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url

from storage import migrate
from storage.backup import back_up, restoring
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


def test_what_was_backed_up_takes_the_databases_place_once_nobody_uses_it(url: str, tmp_path: Path) -> None:
    raw(url, ADD, id="before")
    file, before = tmp_path / "backup", os.umask(0)
    try:
        with in_use(url):
            assert back_up(url, file) == file.stat().st_size > 0
    finally:
        os.umask(before)
    assert file.stat().st_mode & 0o777 == 0o600
    raw(url, ADD, id="later")
    with in_use(url), pytest.raises(BackupError, match="first"), restoring(url, file):
        pass
    with restoring(url, file) as beside:
        assert seen(beside.url) == ["before"]
    assert seen(url) == ["before", "later"]  # it did not take its place

    with restoring(url, file) as beside:
        raw(beside.url, ADD, id="prepared")
        kept = beside.take_place()
    assert seen(url) == ["before", "prepared"]
    former = f"sqlite:///{kept}" if is_sqlite(url) else make_url(url).set(database=kept).render_as_string(hide_password=False)
    assert seen(former) == ["before", "later"]
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


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


def test_a_backup_keeps_no_file_that_is_not_whole(url: str, tmp_path: Path) -> None:
    raw(url, "DROP TABLE onboardings")
    with pytest.raises(BackupError, match="are not in it"):
        back_up(url, tmp_path / "backup")
    assert [path for path in tmp_path.iterdir() if "backup" in path.name] == []


@pytest.mark.process
def test_the_password_is_on_no_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`pg_dump` is one that says how it was called."""
    url, told = "postgresql://ana:thepassword@127.0.0.1:1/bot?sslmode=require", tmp_path / "pg_dump"
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BackupError, match="pg_dump is not installed here"):
        back_up(url, tmp_path / "backup")
    told.write_text('#!/bin/sh\necho "pg_dump: error: $*; $PGPASSWORD" >&2\nexit 1\n')
    told.chmod(0o700)
    with pytest.raises(BackupError) as refused:
        back_up(url, tmp_path / "backup")
    command, _, environment = str(refused.value).partition("; ")
    assert "user=ana" in command
    assert "sslmode=require" in command
    assert "thepassword" not in command
    assert environment.startswith("thepassword")  # this one says it, no other
