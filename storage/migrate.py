"""Bring a database to the code's schema. Alembic is imported only where it is used."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, text

from storage.engine import is_sqlite, parse, sync_engine
from storage.schema import SchemaState, state_of
from storage.store import Unavailable, translating

TURN = 5_020_130
"""Of the lock that a migration on PostgreSQL holds; any number that nothing else in the database takes."""


def state(url: str) -> SchemaState:
    """Which schema the database has. Raises Unavailable, UrlError. A missing SQLite file counts as empty and isn't created."""
    path = parse(url).database
    if is_sqlite(url) and not (path and Path(path).exists()):
        return SchemaState("empty", "")
    with reading(url) as connection:
        return state_of(connection)


@contextmanager
def reading(url: str) -> Iterator[Connection]:
    """A connection that opens nothing sealed. Raises Unavailable, UrlError."""
    engine = sync_engine(url)
    try:
        with translating(), engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def upgrade(url: str) -> tuple[SchemaState, SchemaState]:
    """Run the missing migrations, all or none, and return the states before and after; of a schema that was altered, none. Several may do
    so at once: one migrates, the others wait for it and find nothing to do. Raises Unavailable("too_new") and others."""
    from alembic import command  # noqa: PLC0415  0.4 s that only a migration needs
    from alembic.config import Config  # noqa: PLC0415

    before = state(url)
    if not _behind(before):
        return before, before
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    engine = sync_engine(url)
    try:
        with translating(), engine.begin() as connection:
            if connection.dialect.name == "postgresql":  # on SQLite the transaction has its turn by now
                connection.execute(text("SELECT pg_advisory_xact_lock(:turn)"), {"turn": TURN})
            if not _behind(before := state_of(connection)):
                return before, before
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            return before, state_of(connection)
    finally:
        engine.dispose()


def _behind(found: SchemaState) -> bool:
    """Whether migrations are missing. Raises Unavailable("too_new")."""
    if found.kind == "newer":
        raise Unavailable("too_new")
    return found.kind in ("empty", "older")
