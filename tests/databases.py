"""A database of each kind for a bot that runs as a process of its own, with what an operator can do to it."""

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import NullPool, create_engine, make_url

from tests.storage.postgres import Server, own_server, server

SQLITE, POSTGRESQL = "sqlite", "postgresql"

SOON = """
poll = "0.5 s"
lease = "2 s"
"""
"""Behind an office's policies, whose last table is the engine's: others notice soon what a process committed or left."""


def copy_sqlite(source: Path, to: Path) -> None:
    """As docs/operations.md says, over what is there."""
    with contextlib.closing(sqlite3.connect(source)) as old, contextlib.closing(sqlite3.connect(to)) as new:
        old.backup(new)


def copy_postgresql(url: str, to: str) -> str:
    """A copy under another name; nobody may be connected. Returns its URL."""
    there = make_url(url).set(drivername="postgresql+psycopg")
    engine = create_engine(there.set(database="postgres"), isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {to} TEMPLATE {there.database}")
    return there.set(database=to).render_as_string(hide_password=False)


@contextlib.contextmanager
def any_server() -> Iterator[str]:
    """The URL of a PostgreSQL server; the test is skipped if there is none."""
    with server() as url:
        if url is None:
            pytest.skip("no PostgreSQL: set TEST_POSTGRES_URL, or install its server")
        yield url


@contextlib.contextmanager
def mortal_server() -> Iterator[Server]:
    """A PostgreSQL server that a test may stop and start; the test is skipped if there is none."""
    if os.environ.get("TEST_POSTGRES_URL"):
        pytest.skip("the server of TEST_POSTGRES_URL is not the tests' to restart")
    with own_server() as made:
        if made is None:
            pytest.skip("no PostgreSQL: install its server")
        yield made
