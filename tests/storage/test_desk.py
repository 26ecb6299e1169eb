"""Support's lists are what a plain reckoning over all onboardings says, page by page, on both databases."""

from flows.desk import Need, Wanted
from flows.model import Call, StepRecord
from flows.state import StepState
from storage.store import Store
from tests.storage.example import NOW, OWNER, whole


async def test_what_waits_and_how_it_stands(store: Store) -> None:
    one = await whole(store, customer="Acme Bank")
    async with store.write() as unit:
        step = await unit.get(StepRecord, f"{one}:organization")
        assert step is not None
        step.state, step.turn, step.turn_since = StepState.SUBMITTED, "support:submitted:1", NOW
        call = await unit.get(Call, f"{one}:stuck:1")
        assert call is not None
    async with store.read() as unit:
        page = await unit.waiting(Wanted())
        assert [(row.need, row.customer) for row in page.rows][:2] == [(Need.STUCK, "Acme Bank"), (Need.CERTIFICATE, "Acme Bank")]
        assert {row.need for row in page.rows} == {Need.STUCK, Need.REVIEW, Need.COMPANY, Need.CERTIFICATE}
        assert page.total == len(page.rows)
        (standing,) = (await unit.standings(Wanted())).rows
        assert (standing.side, standing.step_id, standing.stuck) == ("support", "organization", True)
        assert (standing.owner_id, standing.steps) == (OWNER.user_id, 2)
