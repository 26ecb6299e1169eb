"""A customer's log that is put back to an earlier state, together with its rows and its head, holds by itself: others know better."""

import contextlib
import sqlite3
from pathlib import Path

import pytest

from storage.accept import accept
from storage.anchors import Anchors
from storage.audit import Altered
from storage.chain import REGISTER, Flaw
from storage.heads_file import HeadsFileError, dump, load, read_heads
from storage.rotate import rotate
from storage.sealing import Keyring, new_key, using
from storage.store import Store
from storage.tables import metadata
from storage.verify import Finding, verify
from tests.storage.example import KEYRING, LEAD, whole

ONLY_SQLITE = pytest.mark.parametrize("url", ["sqlite"], indirect=True)


def file_of(store: Store) -> Path:
    return Path(store._url.partition("///")[2])


def copy(store: Store, to: Path) -> Path:
    with contextlib.closing(sqlite3.connect(file_of(store))) as there, contextlib.closing(sqlite3.connect(to)) as here:
        there.backup(here)
    return to


def put_back(store: Store, older: Path, onboarding_id: str = "") -> None:
    """All rows of a customer; of everybody if none is named."""
    with contextlib.closing(sqlite3.connect(file_of(store))) as connection, connection:
        connection.execute("ATTACH ? AS older", (str(older),))
        for name, table in metadata.tables.items():
            column = "onboarding_id" if "onboarding_id" in table.c else "id"
            if onboarding_id and not (column == "onboarding_id" or name == "onboardings"):
                continue
            of = f"WHERE {column} = '{onboarding_id}'" if onboarding_id else ""
            connection.execute(f"DELETE FROM main.{name} {of}")  # noqa: S608  our own names
            connection.execute(f"INSERT INTO main.{name} SELECT * FROM older.{name} {of}")  # noqa: S608  our own names


def put_back_register(store: Store, older: Path) -> None:
    with contextlib.closing(sqlite3.connect(file_of(store))) as connection, connection:
        connection.execute("ATTACH ? AS older", (str(older),))
        for name in ("audit_events", "audit_heads"):
            connection.execute(f"DELETE FROM main.{name} WHERE onboarding_id = ''")  # noqa: S608  our own names
            connection.execute(f"INSERT INTO main.{name} SELECT * FROM older.{name} WHERE onboarding_id = ''")  # noqa: S608  as above


async def goes_on(store: Store, onboarding_id: str) -> None:
    async with store.write() as unit:
        unit.record(onboarding_id, "step:planning:claim", LEAD)


@ONLY_SQLITE
async def test_a_customer_put_back_is_noticed_while_the_bot_runs(store: Store, tmp_path: Path) -> None:
    told: list[Altered] = []
    store.on_altered = told.append
    one, other = await whole(store), await whole(store)
    anchors = Anchors(store)
    older = copy(store, tmp_path / "older.db")
    await goes_on(store, one)
    assert await anchors.round() is not None
    newer = copy(store, tmp_path / "newer.db")

    put_back(store, older, one)
    for _ in range(2):
        assert await anchors.round() is None
    assert [(error.onboarding_id, error.flaw) for error in told] == [(one, Flaw.PUT_BACK)] * 2
    assert store.altered.keys() == {one}
    with pytest.raises(Altered, match="put_back"):
        await goes_on(store, one)
    await goes_on(store, other)
    assert Finding(one, Flaw.PUT_BACK, 4) in await verify(store)

    put_back(store, newer, one)
    assert await anchors.round() is not None
    assert store.altered == {}
    await goes_on(store, one)
    assert await verify(store) == []


@ONLY_SQLITE
async def test_a_customer_put_back_before_the_register_named_it_is_known_to_whoever_wrote_next(
    store: Store, tmp_path: Path
) -> None:
    one, other = await whole(store), await whole(store)
    older = copy(store, tmp_path / "older.db")
    await goes_on(store, one)
    await goes_on(store, other)
    put_back(store, older, one)
    assert await verify(store) == [Finding(one, Flaw.PUT_BACK, 4)]


@ONLY_SQLITE
async def test_a_register_put_back_takes_no_new_onboarding(store: Store, tmp_path: Path) -> None:
    await whole(store)
    older = copy(store, tmp_path / "older.db")
    two = await whole(store)
    anchors = Anchors(store)
    assert await anchors.round() is None
    newer = copy(store, tmp_path / "newer.db")
    put_back_register(store, older)
    with pytest.raises(Altered, match="the register is not what was written: put_back"):
        await anchors.round()
    with pytest.raises(Altered, match="the register is not what was written: put_back"):
        await whole(store)
    await goes_on(store, two)  # which says nothing to the register
    put_back_register(store, newer)
    await anchors.round()
    await whole(store)
    assert await verify(store) == []


@ONLY_SQLITE
async def test_what_a_process_named_itself_it_knows_at_once(store: Store, tmp_path: Path) -> None:
    one = await whole(store)
    anchors = Anchors(store)
    older = copy(store, tmp_path / "older.db")
    await goes_on(store, one)
    assert await anchors.round() is not None
    put_back(store, older)
    with pytest.raises(Altered, match="the register is not what was written: put_back"):
        await anchors.round()
    assert store.altered.keys() == {REGISTER, one}


@ONLY_SQLITE
async def test_a_register_that_was_accepted_is_no_longer_refused(store: Store, tmp_path: Path) -> None:
    one = await whole(store)
    older = copy(store, tmp_path / "older.db")
    two = await whole(store)
    anchors = Anchors(store)
    assert await anchors.round() is None
    await goes_on(store, two)
    await goes_on(store, one)  # names where the register is
    put_back_register(store, older)
    with pytest.raises(Altered, match="put_back"):
        await anchors.round()
    command = Store(store._url, KEYRING)
    assert await accept(command, REGISTER)
    await command.close()
    await anchors.round()
    assert store.altered == {}
    await whole(store)
    assert await verify(store) == []


async def test_the_register_names_all_that_moved_in_one_entry(store: Store) -> None:
    ids = [await whole(store) for _ in range(3)]
    anchors = Anchors(store)
    assert await anchors.round() is None  # it named them when they began
    for onboarding_id in ids:
        await goes_on(store, onboarding_id)
    head = await anchors.round()
    assert head is not None
    assert head.count == 3 + 1
    assert await anchors.round() is None
    assert await Anchors(store).round() is None  # another process reads what was named
    assert await verify(store) == []


@ONLY_SQLITE
async def test_a_database_put_back_as_a_whole_is_found_by_what_was_kept_outside(store: Store, tmp_path: Path) -> None:
    one = await whole(store)
    older = copy(store, tmp_path / "older.db")
    await goes_on(store, one)
    await Anchors(store).round()
    kept = dump(await read_heads(store))
    assert await verify(store, load(kept)) == []
    put_back(store, older)
    assert await verify(store) == []
    assert await verify(store, load(kept)) == [Finding(REGISTER, Flaw.PUT_BACK, 2), Finding(one, Flaw.PUT_BACK, 4)]


async def test_a_file_of_heads_outlives_a_rotation_of_the_keys_and_no_forgery(store: Store) -> None:
    one = await whole(store)
    kept = dump(await read_heads(store))
    with pytest.raises(HeadsFileError, match="not as it was written"):
        load(kept.replace("3,", "2,", 1))
    with pytest.raises(HeadsFileError, match="--save"):
        load("{}")
    key = KEYRING._newest
    with using(Keyring.parse(new_key())), pytest.raises(HeadsFileError, match="that the bot lacks"):
        load(kept)
    heads = load(kept)
    fresh = Keyring([Keyring.parse(new_key())._newest, key])
    with using(fresh):
        await rotate(store)
        await goes_on(store, one)
        assert await verify(store, heads) == []
