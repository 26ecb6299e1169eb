"""Who sees what: people of other companies, and Slack's own refusals."""

from playwright.async_api import expect

from playground.office import Office
from tests.e2e.conftest import Looking
from tests.e2e.scenes import planned


async def test_an_outsider_sees_nothing_of_acme(office: Office, look: Looking) -> None:
    await planned(office)
    visit = await look()
    olga = visit.customer
    await olga.become("Olga")
    await expect(olga.place("blue_pismo")).to_be_visible()
    await expect(olga.place("acme_pismo")).to_have_count(0)
    await olga.go("blue_pismo")
    await olga.go("App Home")
    await expect(olga.here).to_contain_text("No onboarding is open to you here")
    await expect(olga.here).not_to_contain_text("Example Bank")
    await visit.photograph("home")


async def test_a_command_of_another_company_is_none(look: Looking) -> None:
    ana = (await look()).customer
    await ana.become("Ana")
    await ana.go("acme_pismo")
    await ana.say("/onboarding status")
    await ana.sees("/onboarding is not a valid command")
    await ana.sees("Only visible to you")
