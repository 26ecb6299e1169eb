"""The database itself: its schema, and what is said when it is locked, full, unavailable, older or newer."""

import asyncio
import contextlib
import sqlite3
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import make_url, text

import storage
from storage import migrate, turns
from storage.engine import UrlError, is_sqlite, parse, sync_engine
from storage.schema import SchemaState
from storage.store import Store, Unavailable
from storage.tables import REVISION, metadata
from storage.unit import Unit
from tests.storage.example import KEYRING, onboarding, raw, whole


def test_an_empty_database_gets_the_schema_of_the_code(empty_url: str) -> None:
    assert migrate.state(empty_url) == SchemaState("empty", "")
    raw(empty_url, "CREATE TABLE workflow_status (id TEXT)")  # another program's
    current = SchemaState("current", REVISION)
    assert migrate.upgrade(empty_url) == (SchemaState("empty", ""), current)
    assert migrate.upgrade(empty_url) == (current, current)
    of_code = sync_engine(empty_url)
    ours = {"include_name": lambda name, kind, _: kind != "table" or name in metadata.tables}
    with of_code.connect() as connection:
        context = MigrationContext.configure(connection, opts=ours)
        assert [one for one in compare_metadata(context, metadata) if "_type" not in str(one[0])] == []
    of_code.dispose()


def test_the_code_names_its_newest_revision() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(str(storage.__file__)).parent / "migrations"))
    assert ScriptDirectory.from_config(config).get_current_head() == REVISION


async def test_of_two_migrations_at_once_one_waits_and_finds_it_done(empty_url: str) -> None:
    if is_sqlite(empty_url):
        pytest.skip("its transactions wait for each other by themselves")
    other = sync_engine(empty_url)
    with other.connect() as first:
        first.execute(text("SELECT pg_advisory_lock(:turn)"), {"turn": migrate.TURN})
        second = asyncio.create_task(asyncio.to_thread(migrate.upgrade, empty_url))
        waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND objid = :turn"
        while not raw(empty_url, waiting, turn=migrate.TURN)[0][0]:
            assert not second.done()
            await asyncio.sleep(0)
        raw(empty_url, "CREATE TABLE alembic_version (version_num TEXT)")  # all that `state_of` asks for
        raw(empty_url, "INSERT INTO alembic_version VALUES (:r)", r=REVISION)
    other.dispose()
    current = SchemaState("current", REVISION)
    assert await second == (current, current)


def test_looking_does_not_make_a_file(tmp_path: Path) -> None:
    assert migrate.state(f"sqlite:///{tmp_path / 'none.db'}").kind == "empty"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("revision", "kind", "said"), [("0000", "older", "too_old"), ("9999", "newer", "too_new")])
async def test_a_database_of_another_version_is_named(store: Store, revision: str, kind: str, said: str) -> None:
    await store.check()
    raw(store._url, "UPDATE alembic_version SET version_num = :r", r=revision)
    assert migrate.state(store._url) == SchemaState(kind, revision, REVISION)  # type: ignore[arg-type]
    with pytest.raises(Unavailable) as caught:
        await store.check()
    assert caught.value.kind == said


def test_a_newer_database_is_left_alone(url: str) -> None:
    raw(url, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(Unavailable, match="too_new"):
        migrate.upgrade(url)


async def test_a_database_without_tables_is_too_old(empty_url: str) -> None:
    store = Store(empty_url, KEYRING)
    with pytest.raises(Unavailable, match="too_old"):
        await store.check()
    with pytest.raises(Unavailable, match="too_old"):
        await whole(store)
    await store.close()


async def test_a_locked_file_is_named_and_taken_when_free(sqlite_url: str) -> None:
    store = Store(sqlite_url, KEYRING, busy_ms=5)
    other = sqlite3.connect(parse(sqlite_url).database or "", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(Unavailable, match=r"^locked$"):
        await whole(store)
    with pytest.raises(Unavailable, match=r"^locked$"):
        await store.check()
    async with store.read() as unit:  # readers do not mind
        assert await unit.onboardings() == []
    other.execute("ROLLBACK")
    await whole(store)
    other.close()
    await store.close()


async def test_the_writer_and_another_process_s_lock_are_waited_for_within_one_limit(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "WRITER_TIMEOUT", 0.2)
    store = Store(sqlite_url, KEYRING, busy_ms=3_600_000)
    with contextlib.closing(sqlite3.connect(parse(sqlite_url).database or "", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        ended = await asyncio.gather(*(whole(store) for _ in range(5)), return_exceptions=True)
        assert [str(error) for error in ended] == ["locked"] * 5
        other.execute("ROLLBACK")
    await store.check()
    await whole(store)
    await store.close()


async def test_a_full_file_keeps_what_it_has(sqlite_url: str) -> None:
    store = Store(sqlite_url, KEYRING)
    kept = await whole(store)
    async with store.write() as unit:
        connection = await unit.session.connection()
        pages = (await connection.exec_driver_sql("PRAGMA page_count")).scalar_one()
        await connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")

    async def fill(unit: Unit) -> None:
        for number in range(200):
            unit.add(onboarding(id=f"onb_{number}", customer="x" * 500))

    with pytest.raises(Unavailable, match=r"^full$"):
        await store.transact(fill)
    async with store.read() as unit:
        assert [row.id for row in await unit.onboardings()] == [kept]
    await store.close()


async def test_connections_that_the_server_ended_are_noticed_by_nobody(url: str) -> None:
    """As after a restart; on SQLite there is no server."""
    store = Store(url, KEYRING)
    await whole(store)
    async with store.read() as unit, store.read() as other:  # so that more than one is idle
        assert await unit.onboardings()
        assert await other.onboardings()
    end_connections(url)
    async with store.read() as unit, store.read() as other:
        assert await unit.onboardings()
        assert await other.onboardings()
    end_connections(url)
    async with store.write() as unit:  # the first try: `transact` would hide it
        assert await unit.once("click")
    await store.check()
    await store.close()


def end_connections(url: str) -> None:
    if is_sqlite(url):
        return
    others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    raw(url, f"SELECT pg_terminate_backend(pid, 10000) {others}")  # and waits until they are gone


async def test_a_read_only_file_is_named(sqlite_url: str) -> None:
    store = Store(sqlite_url, KEYRING)
    async with store.write() as unit:
        await (await unit.session.connection()).exec_driver_sql("PRAGMA query_only=ON")
    with pytest.raises(Unavailable, match=r"^read_only$"):
        await whole(store)
    await store.close()


@pytest.mark.postgres
async def test_of_several_servers_the_one_that_takes_writes_is_used(postgres_migrated: str) -> None:
    there = make_url(postgres_migrated)
    port = f":{there.port}" if there.port else ""
    hosts = f"/nowhere{port}", f"{there.query.get('host', there.host)}{port}"
    several = there.set(host=None, port=None, query={"host": hosts, "target_session_attrs": "read-write"})
    store = Store(several.render_as_string(hide_password=False), KEYRING)
    async with store.write() as unit:
        assert await unit.once("one of several")
    await store.close()


@pytest.mark.postgres
def test_a_role_that_may_not_read_the_tables_is_named(postgres_migrated: str) -> None:
    url = make_url(postgres_migrated).update_query_dict({"options": "-c role=pg_monitor"})
    with pytest.raises(Unavailable, match=r"^read_only$"):
        migrate.state(url.render_as_string(hide_password=False))


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("sqlite:////nowhere/at/all.db", "unable to open database file"),
        ("postgresql://u:hunter2@127.0.0.1:1/none", "Connection refused"),
        ("postgresql://u:hunter2@/none?host=/nowhere/hunter2", "No such file or directory"),
    ],
)
async def test_a_database_that_is_away_is_named_without_its_password(url: str, why: str) -> None:
    store = Store(url, KEYRING)
    with pytest.raises(Unavailable, match=r"^unreachable$") as caught:
        await store.check()
    assert caught.value.__suppress_context__
    assert caught.value.why == why
    await store.close()


def test_a_server_that_refuses_is_quoted(postgres_server: str) -> None:
    there = make_url(postgres_server)
    other = there.set(database="none_of_this_name"), there.set(username="nobody_of_this_name")
    for url, why in zip(other, ('database "none_of_this_name" does not exist', '"nobody_of_this_name"'), strict=True):
        with pytest.raises(Unavailable, match=r"^unreachable$") as caught:
            migrate.state(url.render_as_string(hide_password=False))
        assert why in caught.value.why
        assert str(there.query.get("host", there.host)) not in caught.value.why
    assert migrate.state(postgres_server).kind == "empty"


@pytest.mark.parametrize("url", ["", "mysql://u:hunter2@h/d", "sqlite://", "sqlite:///:memory:", "hunter2"])
def test_other_urls_are_refused_without_their_password(url: str) -> None:
    with pytest.raises(UrlError) as caught:
        parse(url)
    assert "hunter2" not in str(caught.value)


async def test_a_reader_cannot_write(sqlite_url: str) -> None:
    store = Store(sqlite_url, KEYRING)
    with pytest.raises(Unavailable, match=r"^read_only$"):
        async with store.read() as unit:
            await unit.once("click")
    await store.close()
