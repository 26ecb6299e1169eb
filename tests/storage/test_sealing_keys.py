"""A bot whose keys are not those that the database needs is told so before it writes anything."""

import asyncio

import pytest

from flows.model import Draft, new_id
from storage import keys
from storage.accept import accept
from storage.anchors import Anchors
from storage.audit import Altered
from storage.rotate import rotate
from storage.sealing import Keyring, Place, Plain, SealError, UnknownKey, new_key, using
from storage.store import Store
from storage.unit import Unit
from storage.verify import Finding, Flaw, verify
from tests.storage.example import LEAD, raw, whole

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


async def log_something(unit: Unit) -> None:
    unit.record((await unit.onboardings())[0].id, "onboarding:look", LEAD)


async def save_draft(unit: Unit) -> None:
    """It has no entry in the log."""
    unit.add(Draft(id=new_id("draft"), onboarding_id="", form="planning", answers={"goals": "x"}, user_id="ULEAD", at=unit.now))


def listed(store: Store) -> set[str]:
    return {key for (key,) in raw(store._url, "SELECT id FROM sealing_keys")}


async def test_a_database_takes_any_key_until_something_is_sealed(store: Store) -> None:
    assert not await required(store, NEW)
    await claim(store, NEW)
    assert not await required(store, OLD)
    await claim(store, OLD)
    assert await required(store, OLD)
    assert listed(store) == {OLD_ID}
    await fill(store, OLD)
    with pytest.raises(UnknownKey, match=f"the key {OLD_ID}; the bot lacks the key {OLD_ID}"):
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
    with pytest.raises(UnknownKey, match=f"sealed with the key {NEW_ID}; the bot lacks the key {NEW_ID}"):
        await required(store, OLD)
    with using(Keyring.parse(OLD)):  # a bot that was not restarted
        with pytest.raises(UnknownKey, match=f"goes on under a key that the bot lacks, one of: {NEW_ID}"):
            await store.transact(log_something)
        assert store.altered == {}
        await store.transact(save_draft)
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


async def test_a_value_whose_key_is_on_no_list_is_an_alteration(store: Store) -> None:
    onboarding_id = await whole(store)
    sealed = Keyring.parse(OLD).seal(Plain("x", Place("onboardings", "customer", onboarding_id)))
    raw(store._url, "UPDATE onboardings SET customer = :c", c=sealed)
    async with store.read() as unit:
        assert await keys.require(unit)  # the key that is used is proved
    found = Finding(onboarding_id, Flaw.ROW_CHANGED, row=f"onboardings/{onboarding_id}")
    assert await verify(store) == [found]
    assert await accept(store, onboarding_id) == [found]
    assert await verify(store) == []
    raw(store._url, "DELETE FROM sealing_keys")
    with using(Keyring.parse(NEW)):
        async with store.read() as unit:
            with pytest.raises(SealError, match="which never sealed anything here") as refused:
                await keys.require(unit)
    assert not isinstance(refused.value, UnknownKey)


async def test_a_log_under_a_key_that_is_on_no_list_is_an_alteration(store: Store) -> None:
    onboarding_id = await whole(store)
    rename_key_of_head(store, onboarding_id, "kgone")
    assert await verify(store) == [Finding(onboarding_id, Flaw.HEAD_CHANGED)]
    with pytest.raises(Altered, match="head_changed"):
        await store.transact(log_something)
    await Anchors(store).round()
    assert store.altered.keys() == {onboarding_id}


async def test_what_needs_no_key_is_compared_though_the_key_is_lacking(store: Store) -> None:
    onboarding_id, cut = await whole(store), await whole(store)
    raw(store._url, "INSERT INTO sealing_keys (id, mac, retired) VALUES ('kgone', 'x', false)")
    for each in (onboarding_id, cut):
        rename_key_of_head(store, each, "kgone")
    raw(store._url, "DELETE FROM audit_events WHERE id = :e", e=f"{cut}:3")
    assert set(await verify(store)) == {Finding(onboarding_id, Flaw.UNKNOWN_KEY), Finding(cut, Flaw.CUT, 3)}
    raw(store._url, "UPDATE audit_heads SET hash = 'x' WHERE onboarding_id = :o", o=onboarding_id)
    assert Finding(onboarding_id, Flaw.HEAD_CHANGED) in await verify(store)


def rename_key_of_head(store: Store, onboarding_id: str, key: str) -> None:
    (mac,) = raw(store._url, "SELECT mac FROM audit_heads WHERE onboarding_id = :o", o=onboarding_id)[0]
    forged = f"v1.{key}.{mac.rpartition('.')[2]}"
    raw(store._url, "UPDATE audit_heads SET mac = :m WHERE onboarding_id = :o", m=forged, o=onboarding_id)


async def test_of_two_that_begin_at_once_with_different_keys_one_is_refused(url: str) -> None:
    with using(Keyring.parse(OLD)):
        first = Store(url, Keyring.parse(OLD))
        async with first.write() as unit:
            await keys.claim(unit)
            await save_draft(unit)
            await unit.session.flush()  # seals it
            second = Store(url, Keyring.parse(NEW))  # its keyring is in use from here on
            waiting = asyncio.create_task(second.transact(keys.claim))
            await asyncio.wait([waiting], timeout=0)
        with pytest.raises(UnknownKey, match=f"lacks the key {OLD_ID}"):
            await waiting
        await first.close()
        await second.close()
    assert {key for (key,) in raw(url, "SELECT id FROM sealing_keys")} == {OLD_ID}


async def test_of_two_that_run_before_anything_is_sealed_the_first_to_seal_has_the_database(store: Store) -> None:
    await claim(store, OLD)
    await claim(store, NEW)
    await fill(store, OLD)
    with pytest.raises(UnknownKey, match=f"lacks the key {OLD_ID}"):
        await fill(store, NEW)
    assert listed(store) == {OLD_ID}
    await fill(store, OLD)
