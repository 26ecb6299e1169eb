"""A bot whose keys are not those that the database needs is told so before it writes anything."""

import asyncio

import pytest

from storage import keys
from storage.rotate import rotate
from storage.sealing import Keyring, Place, Plain, UnknownKey, new_key, using
from storage.store import Store
from tests.storage.example import raw, whole

OLD, NEW = new_key(), new_key()
OLD_ID, NEW_ID = OLD.partition(":")[0], NEW.partition(":")[0]
BOTH = f"{NEW},{OLD}"


async def required(store: Store, text: str) -> bool:
    with using(Keyring.parse(text)):
        async with store.read() as unit:
            return await keys.require(unit)


async def claim(store: Store, text: str) -> None:
    with using(Keyring.parse(text)):
        await store.transact(keys.claim)


async def fill(store: Store, text: str) -> None:
    with using(Keyring.parse(text)):
        await whole(store)


def listed(store: Store) -> set[str]:
    return {key for (key,) in raw(store._url, "SELECT id FROM sealing_keys")}


async def test_an_empty_database_takes_any_key_and_needs_it_from_then_on(store: Store) -> None:
    assert not await required(store, NEW)
    await claim(store, OLD)
    assert await required(store, OLD)
    with pytest.raises(UnknownKey, match=f"the key {OLD_ID}; ENCRYPTION_KEYS lacks the key {OLD_ID}"):
        await required(store, NEW)
    with pytest.raises(UnknownKey):
        await claim(store, NEW)
    assert listed(store) == {OLD_ID}
    await claim(store, BOTH)
    assert await required(store, BOTH)


@pytest.mark.parametrize(("given", "missing"), [(OLD, NEW_ID), (NEW, OLD_ID)], ids=("older", "newer"))
async def test_with_one_of_the_two_keys_that_sealed_both_are_named(store: Store, given: str, missing: str) -> None:
    await fill(store, OLD)
    await fill(store, OLD)
    await fill(store, BOTH)
    with pytest.raises(UnknownKey) as refused:
        await required(store, given)
    assert refused.value.key_ids == (missing,)
    assert all(key in str(refused.value) for key in (OLD_ID, NEW_ID, f"lacks the key {missing}"))
    assert given.partition(":")[2] not in str(refused.value)
    assert await required(store, BOTH)


async def test_a_process_learns_that_another_one_seals_with_a_key_it_lacks(store: Store) -> None:
    await fill(store, OLD)
    await fill(store, BOTH)
    with using(Keyring.parse(OLD)), pytest.raises(UnknownKey, match=f"lacks the key {NEW_ID}"):
        await store.check()
    with using(Keyring.parse(BOTH)):
        await store.check()
        await rotate(store)
    with using(Keyring.parse(NEW)):
        await store.check()


async def test_another_key_under_the_same_id_is_noticed_before_it_seals(store: Store) -> None:
    await fill(store, OLD)
    forged = f"{OLD_ID}:{NEW.partition(':')[2]}"
    for given in (forged, f"{NEW},{forged}"):
        with pytest.raises(UnknownKey, match=f"has another key under the id {OLD_ID}"):
            await required(store, given)
    other = Store(store._url, Keyring.parse(forged))
    with pytest.raises(UnknownKey):
        await whole(other)
    await other.close()
    assert await required(store, OLD)


async def test_a_rotated_key_is_needed_until_nothing_is_sealed_with_it(store: Store) -> None:
    await fill(store, OLD)
    with using(Keyring.parse(BOTH)):
        await rotate(store)
    with pytest.raises(UnknownKey, match=f"sealed with the key {NEW_ID}; ENCRYPTION_KEYS lacks the key {NEW_ID}"):
        await required(store, OLD)
    await fill(store, OLD)  # by a bot that was not restarted
    with pytest.raises(UnknownKey, match=f"lacks the key {OLD_ID}"):
        await claim(store, NEW)
    with using(Keyring.parse(BOTH)):
        await rotate(store)
    assert not await required(store, NEW)
    await claim(store, NEW)
    assert listed(store) == {NEW_ID}
    assert await required(store, NEW)


async def test_a_key_that_is_taken_up_again_is_needed_again(store: Store) -> None:
    await fill(store, OLD)
    with using(Keyring.parse(BOTH)):
        await rotate(store)
    second = Store(store._url, Keyring.parse(f"{OLD},{NEW}"))
    await second.transact(keys.claim)
    await second.close()
    with pytest.raises(UnknownKey, match=f"lacks the key {OLD_ID}"):
        await required(store, NEW)


async def test_a_value_whose_key_is_on_no_list_is_noticed(store: Store) -> None:
    onboarding_id = await whole(store)
    sealed = Keyring.parse(OLD).seal(Plain("x", Place("onboardings", "customer", onboarding_id)))
    raw(store._url, "UPDATE onboardings SET customer = :c", c=sealed)
    async with store.read() as unit:
        with pytest.raises(UnknownKey, match=f"lacks the key {OLD_ID}"):
            await keys.require(unit)


async def test_of_two_that_begin_at_once_with_different_keys_one_is_refused(url: str) -> None:
    with using(Keyring.parse(OLD)):
        first = Store(url, Keyring.parse(OLD))
        async with first.write() as unit:
            await keys.claim(unit)
            second = Store(url, Keyring.parse(NEW))  # its keyring is in use from here on
            waiting = asyncio.create_task(second.transact(keys.claim))
            await asyncio.wait([waiting], timeout=0)
        with pytest.raises(UnknownKey, match=f"lacks the key {OLD_ID}"):
            await waiting
        await first.close()
        await second.close()
    assert {key for (key,) in raw(url, "SELECT id FROM sealing_keys")} == {OLD_ID}
