"""Every kind of step by clicking what a person clicks, in Portuguese."""

from playground.acts import Acts
from playground.office import Office
from tests.e2e.acts import ActsByHand, play_by_hand
from tests.e2e.by_hand import ByHand
from tests.e2e.conftest import Looking


async def test_bruno_goes_all_the_way(office: Office, look: Looking) -> None:
    visit = await look()
    await play_by_hand(
        ActsByHand(ByHand(office, visit), lead=office.bruno, colleague=office.ana, language="pt_BR"), until=Acts.environments
    )
    await visit.customer.sees("4 de 12 etapas concluídas")
    await visit.inspector_tells("0 refused")
