"""A log that was altered goes on once somebody accepts what stands; what is altered afterwards is found as before."""

import pytest

from storage.accept import FoundOtherwiseError, accept
from storage.audit import Altered
from storage.chain import REGISTER, Flaw
from storage.erase import erase
from storage.rotate import rotate
from storage.sealing import Keyring, new_key, using
from storage.store import Store
from storage.verify import Finding, verify
from tests.storage.example import KEYRING, LEAD, raw, whole

ONLY_SQLITE = pytest.mark.parametrize("url", ["sqlite"], indirect=True)
TAMPERINGS = [
    "UPDATE audit_events SET tag = 'step:planning:skip' WHERE id = :e",
    "DELETE FROM audit_events WHERE onboarding_id = :o",
    "UPDATE submissions SET answers = salt WHERE onboarding_id = :o",
    "DELETE FROM decisions WHERE onboarding_id = :o",
    "UPDATE audit_heads SET mac = 'x' WHERE onboarding_id = ''",
    "DELETE FROM audit_events WHERE onboarding_id = ''",
]


@ONLY_SQLITE
@pytest.mark.parametrize("tampering", TAMPERINGS)
async def test_it_goes_on_and_is_watched_again(store: Store, tampering: str) -> None:
    first, second = await whole(store), await whole(store)
    raw(store._url, tampering, o=first, e=f"{first}:3")
    altered = REGISTER if "''" in tampering else first
    found = await verify(store)
    assert {finding.onboarding_id for finding in found} == {altered}
    assert await accept(store, altered) == found
    assert await verify(store) == []
    for onboarding_id in (first, second):
        async with store.write() as unit:
            unit.record(onboarding_id, "step:planning:claim", LEAD)
    await whole(store)
    assert await verify(store) == []
    assert await accept(store, altered) == []

    raw(store._url, "UPDATE audit_events SET tag = 'x' WHERE tag = 'log:accept'")
    assert Flaw.CHANGED in {finding.flaw for finding in await verify(store)}


async def test_a_customer_whose_log_was_altered_can_be_erased_once_it_is_accepted(store: Store) -> None:
    onboarding_id = await whole(store)
    raw(store._url, "UPDATE audit_events SET tag = 'x' WHERE id = :e", e=f"{onboarding_id}:3")
    with pytest.raises(Altered, match=f"{onboarding_id} is not what was written: changed"):
        await erase(store, onboarding_id)
    await accept(store, onboarding_id)
    await erase(store, onboarding_id)
    assert await verify(store) == []


async def goes_on(store: Store, onboarding_id: str) -> None:
    async with store.write() as unit:
        unit.record(onboarding_id, "step:planning:claim", LEAD)


def number_of_acceptance(store: Store, onboarding_id: str) -> int:
    ((seq,),) = raw(store._url, "SELECT seq FROM audit_events WHERE tag = 'log:accept' AND onboarding_id = :o", o=onboarding_id)
    return int(seq)


@ONLY_SQLITE
async def test_what_stands_right_before_an_acceptance_cannot_be_deleted(store: Store) -> None:
    one = await whole(store)
    await goes_on(store, one)
    raw(store._url, "DELETE FROM audit_events WHERE id = :e", e=f"{one}:2")
    await accept(store, one)
    seq = number_of_acceptance(store, one)
    before = raw(store._url, "SELECT * FROM audit_events WHERE id = :e", e=f"{one}:{seq - 1}")
    assert before
    raw(store._url, "DELETE FROM audit_events WHERE id IN (:e, :f)", e=f"{one}:{seq - 1}", f=f"{one}:{seq - 2}")
    assert Finding(one, Flaw.GAP, 2) in await verify(store)


@ONLY_SQLITE
@pytest.mark.parametrize("deleted", ["> 2", "> 0"], ids=("the last entries", "all"))
async def test_no_number_is_used_twice_and_one_acceptance_is_enough(store: Store, deleted: str) -> None:
    one, other = await whole(store), await whole(store)
    for _ in range(3):
        await goes_on(store, one)
        await goes_on(store, other)  # names where the first is
    raw(store._url, f"DELETE FROM audit_events WHERE onboarding_id = :o AND seq {deleted}", o=one)  # noqa: S608  as above
    raw(store._url, "DELETE FROM audit_heads WHERE onboarding_id = :o", o=one)
    await accept(store, one)
    assert await verify(store) == []
    assert number_of_acceptance(store, one) > 6
    await goes_on(store, one)
    assert await verify(store) == []


@ONLY_SQLITE
@pytest.mark.parametrize("chain_id", [REGISTER, "onb_nobody"])
async def test_a_row_of_nobody_is_accepted_too(store: Store, chain_id: str) -> None:
    await whole(store)
    copied = "SELECT 'added', :c, team_id, user_id, role FROM members"
    raw(store._url, f"INSERT INTO members (id, onboarding_id, team_id, user_id, role) {copied}", c=chain_id)
    (found,) = await accept(store, chain_id)
    assert found == Finding(chain_id, Flaw.ROW_ADDED, row="members/added")
    assert await verify(store) == []
    raw(store._url, "UPDATE members SET role = 'x' WHERE id = 'added'")
    assert await verify(store) == [Finding(chain_id, Flaw.ROW_CHANGED, row="members/added")]


@ONLY_SQLITE
async def test_only_what_was_shown_is_accepted(store: Store) -> None:
    one = await whole(store)
    raw(store._url, "DELETE FROM decisions WHERE onboarding_id = :o", o=one)
    shown = await verify(store)
    raw(store._url, "DELETE FROM grants WHERE onboarding_id = :o", o=one)
    with pytest.raises(FoundOtherwiseError):
        await accept(store, one, shown)
    found = await verify(store)
    assert len(found) == 2
    assert await accept(store, one, found) == found
    assert await verify(store) == []


@ONLY_SQLITE
async def test_an_entry_that_was_accepted_is_not_altered_again_unseen_and_keeps_no_key_from_being_rotated(store: Store) -> None:
    one = await whole(store)
    raw(store._url, "UPDATE audit_events SET hash = 'x' WHERE id = :e", e=f"{one}:2")
    await accept(store, one)
    with using(Keyring([Keyring.parse(new_key())._newest, KEYRING._newest])):
        assert (await rotate(store)).refused == []
        assert await verify(store) == []
        raw(store._url, "UPDATE audit_events SET user_id = 'U9' WHERE id = :e", e=f"{one}:2")
        assert Finding(one, Flaw.CHANGED, 2) in await verify(store)
        await accept(store, one)
        assert await verify(store) == []
