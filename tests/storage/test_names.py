"""A customer is found by how the words of the name begin, and the database doesn't tell the name."""

import re
from collections.abc import Sequence

import pytest

from flows.model import Onboarding
from storage.erase import erase
from storage.names import marks_of
from storage.rotate import rotate
from storage.sealing import Keyring, new_key, using
from storage.store import Store
from tests.storage.example import KEYRING, NOW, raw, whole

MARK = re.compile(r"v1\.k[0-9a-f]{8}\.[0-9a-f]{64}")


async def found(store: Store, text: str, *, closed: bool = True) -> Sequence[str]:
    async with store.read() as unit:
        page = await unit.named(text, closed=closed)
    assert page.total == len(page.rows)
    return [row.customer for row in page.rows]


async def rename(store: Store, onboarding_id: str, name: str) -> None:
    async with store.write() as unit:
        row = await unit.get(Onboarding, onboarding_id)
        assert row is not None
        row.customer = name


async def test_names_are_found_by_the_beginnings_of_their_words_the_exact_one_first(store: Store) -> None:
    names = ("Banco São João", "Acme Bank Argentina", "Acme Bank", "O’Neill & Söhne", "X", "+++")
    ids = {name: await whole(store, customer=name, closed_at=NOW if name == "Acme Bank" else None) for name in names}
    assert await found(store, "acme bank") == ["Acme Bank", "Acme Bank Argentina"]
    assert await found(store, "Acme  BANK", closed=False) == ["Acme Bank Argentina"]
    assert await found(store, "ba ac") == ["Acme Bank Argentina", "Acme Bank"]
    assert await found(store, "sao banco") == ["Banco São João"]
    assert await found(store, "ONeill") == await found(store, "o'neill, soh") == ["O’Neill & Söhne"]
    assert await found(store, "neill") == await found(store, "O Neill and Söhne") == ["O’Neill & Söhne"]
    assert (await found(store, "x"), await found(store, "+++")) == (["X"], ["+++"])
    assert (await found(store, "cme"), await found(store, "acme banks"), await found(store, "?")) == ([], [], [])
    assert len(await found(store, " ")) == len(names)
    assert all(MARK.fullmatch(mark) for (mark,) in raw(store._url, "SELECT mark FROM name_marks"))

    await rename(store, ids["Acme Bank"], "Zenith")
    assert await found(store, "acme") == ["Acme Bank Argentina"]
    assert await found(store, "zen") == ["Zenith"]
    await erase(store, ids["Acme Bank"])
    assert await found(store, "zenith") == []
    assert raw(store._url, "SELECT * FROM name_marks WHERE onboarding_id = :id", id=ids["Acme Bank"]) == []


async def test_a_name_that_was_damaged_hides_no_other_and_stands_as_the_id(store: Store) -> None:
    damaged, other = await whole(store, customer="Acme One"), await whole(store, customer="Acme Two")
    raw(store._url, "UPDATE onboardings SET customer = 'v1.k0.changed' WHERE id = :id", id=damaged)
    assert sorted(await found(store, "acme")) == sorted([damaged, "Acme Two"])
    raw(store._url, "UPDATE onboardings SET language = 'en', version = version + 1 WHERE id = :id", id=other)
    assert await found(store, "acme two") == ["Acme Two"]


async def test_names_are_found_while_and_after_keys_are_rotated(store: Store) -> None:
    old, new = new_key(), new_key()
    with using(Keyring.parse(old)):
        for number in range(3):
            await whole(store, customer=f"Acme {number}")
    with using(Keyring.parse(f"{new},{old}")):
        assert len(await found(store, "acme")) == 3
        await whole(store, customer="Acme 3")
        await rotate(store, batch=2)
    with using(Keyring.parse(new)):
        assert len(await found(store, "acme")) == 4
        assert await found(store, "acme 2") == ["Acme 2"]


@pytest.mark.parametrize(("name", "count"), [("Acme", 4), ("Acme Acme", 4), ("a b", 3), ("w" * 40, 20)])
def test_a_name_has_a_mark_for_each_beginning_and_one_for_the_whole(name: str, count: int) -> None:
    with using(KEYRING):
        assert len(marks_of(name)) == count
