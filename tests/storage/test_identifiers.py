"""An answer that no two customers have is found in all onboardings, without the database telling it."""

from storage.erase import erase
from storage.rotate import rotate
from storage.sealing import Keyring, new_key, using
from storage.store import Store
from tests.storage.example import dump, whole

KIND, ORG_ID = "organization.record_org_id", "TN-34778262-f4f0-464d-b4c6-a14e2dc6f4be"


async def keep(store: Store, onboarding_id: str, value: str) -> None:
    await store.transact(lambda unit: unit.identify(onboarding_id, KIND, value))


async def found(store: Store, value: str = ORG_ID) -> list[str]:
    async with store.read() as unit:
        return list(await unit.identified(KIND, value))


async def test_it_is_found_in_any_case_until_it_is_another_and_until_it_is_erased(store: Store) -> None:
    one, other = await whole(store), await whole(store)
    await keep(store, one, ORG_ID)
    await keep(store, other, ORG_ID)
    assert set(await found(store)) == set(await found(store, ORG_ID.upper())) == {one, other}
    assert await found(store, "TN_1234") == []
    assert ORG_ID[3:] not in dump(store._url)
    await keep(store, other, "TN_1234")
    assert (await found(store), await found(store, "tn_1234")) == ([one], [other])
    await erase(store, one)
    assert await found(store) == []


async def test_it_is_found_while_and_after_keys_are_rotated(store: Store) -> None:
    old, new = new_key(), new_key()
    with using(Keyring.parse(old)):
        ids = [await whole(store) for _ in range(3)]
        for one in ids:
            await keep(store, one, ORG_ID)
    with using(Keyring.parse(f"{new},{old}")):
        assert set(await found(store)) == set(ids)
        await rotate(store, batch=2)
    with using(Keyring.parse(new)):
        assert set(await found(store)) == set(ids)
    assert f".{old.partition(':')[0]}." not in dump(store._url)  # as what is sealed or marked by it begins
