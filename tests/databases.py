"""A database of each kind for a bot that runs as a process of its own: what can happen to it, and what must hold afterwards."""

import contextlib
import json
import os
import sqlite3
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from sqlalchemy import make_url

from playground.drill import SOON
from playground.office import Office
from playground.postgres import Server, database, own_server, server
from storage.engine import is_sqlite

DATABASES = "sqlite", "postgresql"


@contextlib.contextmanager
def office_on(kind: str, policies: str) -> Iterator[Office]:
    """Not yet open. ``kind``: one of `DATABASES`; the test is skipped without a PostgreSQL server. ``policies``: as `SOON` says."""
    office = Office(socket_mode=False, policies=policies + SOON)
    with contextlib.ExitStack() as stack:
        if kind == "postgresql":
            if (url := stack.enter_context(server())) is None:
                pytest.skip("no PostgreSQL: set TEST_POSTGRES_URL, or install its server")
            office.database_url = stack.enter_context(database(url))
        yield office


@contextlib.contextmanager
def mortal_server() -> Iterator[Server]:
    """A PostgreSQL server that a test may stop and start; the test is skipped if there is none."""
    if os.environ.get("TEST_POSTGRES_URL"):
        pytest.skip("the server of TEST_POSTGRES_URL is not the tests' to restart")
    with own_server() as made:
        if made is None:
            pytest.skip("no PostgreSQL: install its server")
        yield made


# -- what must hold in the end


def complaints(office: Office) -> list[str]:
    """Lines of the bot's log that are more than information, and what was printed besides. Not that its clock is the office's."""
    found = []
    for line in office.log.read_text().splitlines():
        entry = json.loads(line) if line.startswith("{") else {"level": "", "event": line}
        if entry["level"] != "info" and "CLOCK_FILE is set" not in entry["event"]:
            found.append(line)
    return found


def rows(url: str, query: str) -> list[tuple[Any, ...]]:
    """It takes no lock. Raises what the driver raises if the database is away."""
    if is_sqlite(url):
        with contextlib.closing(sqlite3.connect(f"file:{make_url(url).database}?mode=ro", uri=True)) as connection:
            return connection.execute(query).fetchall()
    with psycopg.connect(url.replace("+psycopg", ""), connect_timeout=5) as connected:
        return connected.execute(query.encode()).fetchall()


def left(office: Office) -> int:
    return int(rows(office.database_url, "SELECT count(*) FROM effects WHERE state IN ('waiting', 'running')")[0][0])


async def all_done(office: Office) -> None:
    await office.slack.until(lambda: not left(office), timeout=60)
    assert rows(office.database_url, "SELECT kind, error FROM effects WHERE state = 'failed'") == []
