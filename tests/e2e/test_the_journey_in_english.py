"""From planning to the proof of access by clicking what a person clicks, in English. The rehearsal goes on to production."""

from playground.acts import Acts
from playground.office import Office
from tests.e2e.acts import ActsByHand, play_by_hand
from tests.e2e.by_hand import ByHand
from tests.e2e.conftest import Looking


async def test_ana_goes_all_the_way(office: Office, look: Looking) -> None:
    visit = await look()
    await play_by_hand(ActsByHand(ByHand(office, visit), lead=office.ana, colleague=office.bruno), until=Acts.authentication)
    await visit.customer.sees("7 of 12 steps done")
    assert office.slack.violations == []
    await visit.inspector_tells("0 refused")
