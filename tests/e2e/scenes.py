"""Points of an onboarding from which a test begins, reached without the page."""

from playground.acts import Acts
from playground.journey import Journey
from playground.office import Office


async def planned(office: Office) -> Journey:
    """Planning is done; organization and Service Desk wait for the customer."""
    journey = Journey(office)
    acts = Acts(journey)
    await acts.start()
    await acts.planning()
    return journey
