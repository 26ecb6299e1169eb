"""A log that was altered goes on once somebody accepts what stands; what is altered afterwards is found as before."""

import pytest

from storage.accept import accept
from storage.audit import Altered
from storage.chain import REGISTER, Flaw
from storage.erase import erase
from storage.store import Store
from storage.verify import verify
from tests.storage.example import LEAD, raw, whole

TAMPERINGS = [
    "UPDATE audit_events SET tag = 'step:planning:skip' WHERE id = :e",
    "DELETE FROM audit_events WHERE onboarding_id = :o",
    "UPDATE submissions SET answers = salt WHERE onboarding_id = :o",
    "DELETE FROM decisions WHERE onboarding_id = :o",
    "UPDATE audit_heads SET mac = 'x' WHERE onboarding_id = ''",
    "DELETE FROM audit_events WHERE onboarding_id = ''",
]


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
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
