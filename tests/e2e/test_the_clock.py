"""The page can move the clock: what would come in a day comes now, and once."""

from collections.abc import AsyncIterator

import pytest_asyncio

from playground.browser import open_pane
from playground.office import LIFELIKE, Office
from playground.seed import morning
from tests.e2e.conftest import Looking
from tests.e2e.scenes import planned


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def office() -> AsyncIterator[Office]:
    async with Office(policies=LIFELIKE) as office:
        morning(office)
        yield office


async def test_a_business_day_later_one_reminder_comes(office: Office, look: Looking) -> None:
    journey = await planned(office)
    visit = await look()
    ana = visit.customer
    await ana.become("Ana")
    await ana.go("acme_pismo")
    await ana.sees("2. Organization")
    await (await open_pane(visit.page, "Demo")).get_by_role("button", name="Move the clock: +1 business day").click()
    reminded = lambda: [m for m in journey.thread("step", "organization") if "[Snooze]" in m.text]  # noqa: E731
    await office.slack.until(reminded, timeout=20)
    await ana.open_thread("2. Organization")
    await ana.sees("it's your company's turn on")
    await visit.photograph("reminder")
    await office.slack.until(lambda: office.slack.quiet)
    assert len([message for message in office.acme.messages if "[Snooze]" in message.text]) == 1
