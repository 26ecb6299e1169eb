"""What was kept only to prevent repetition goes in time; what is waiting, and what people said, stays."""

from datetime import timedelta

from flows.model import SEARCHED, Draft, EffectRecord, Received, Seen, Submission
from flows.outbox import Say
from storage.retention import purge
from storage.store import Store
from storage.verify import verify
from tests.storage.example import whole

OLD, MONTH = timedelta(days=31), timedelta(days=30)


async def add_kept(store: Store, age: timedelta, name: str) -> dict[str, str]:
    """A mark, two events and an effect of each state of that age; the effects' ids by state."""
    states = ("waiting", "running", "done", "dropped", "failed")
    async with store.write() as unit:
        for _ in states:
            unit.ask("", Say(where="support", step="s", key="x", params={}))
    async with store.read() as unit:
        ids = dict(zip(states, [effect.id for effect in (await unit.open_effects())[-len(states) :]], strict=True))
    async with store.write() as unit:
        at = unit.now - age
        unit.add(Seen(id=f"seen-{name}", at=at))
        unit.add(Received(id=f"handled-{name}", type="message", payload={}, at=at, handled_at=at))
        unit.add(Received(id=f"waits-{name}", type="message", payload={}, at=at))
        unit.add(Draft(id=f":start:{name}", onboarding_id="", form="start", answers={"customer": "Acme"}, at=at))
        unit.add(Draft(id=f":find:{name}", onboarding_id="", form=SEARCHED, answers={"typed": "acme"}, at=at))
        for state, effect_id in ids.items():
            effect = await unit.get(EffectRecord, effect_id)
            assert effect is not None
            effect.state, effect.created_at = state, at
    return ids


async def test_what_ended_long_ago_goes_and_all_else_stays(store: Store) -> None:
    onboarding_id = await whole(store)
    old, fresh = await add_kept(store, OLD, "old"), await add_kept(store, timedelta(days=29), "fresh")
    assert await purge(store, MONTH) == {"seen": 1, "received": 1, "effects": 2, "drafts": 2}
    async with store.read() as unit:
        left = {state for state, effect_id in old.items() if await unit.get(EffectRecord, effect_id)}
        assert left == {"waiting", "running", "failed"}
        assert all([await unit.get(EffectRecord, effect_id) for effect_id in fresh.values()])
        assert await unit.get(Received, "handled-old") is None
        assert await unit.get(Received, "waits-old") is not None
        assert await unit.get(Received, "handled-fresh") is not None
        assert await unit.get(Submission, f"{onboarding_id}:organization:1") is not None
    assert await verify(store) == []
    assert await purge(store, MONTH) == {"seen": 0, "received": 0, "effects": 0, "drafts": 0}


async def test_a_mark_that_stays_still_stops_a_redelivery(store: Store) -> None:
    await add_kept(store, OLD, "old")
    async with store.write() as unit:
        assert await unit.once("fresh")
    await purge(store, MONTH)
    async with store.write() as unit:
        assert not await unit.once("fresh")
        assert await unit.once("seen-old")


async def test_many_rows_go_in_short_transactions(store: Store) -> None:
    async with store.write() as unit:
        for number in range(30):
            unit.add(Seen(id=f"s{number}", at=unit.now - OLD))
    assert (await purge(store, MONTH, batch=7))["seen"] == 30
