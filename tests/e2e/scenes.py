"""Points of an onboarding where tests begin, reached without the page."""

from playground.acts import Acts
from playground.office import Office
from playground.walkthrough import Walkthrough


async def planned(office: Office) -> Walkthrough:
    """Planning is done; organization and Service Desk wait for the customer."""
    journey = Walkthrough(office)
    acts = Acts(journey)
    await acts.start()
    await acts.planning()
    return journey
