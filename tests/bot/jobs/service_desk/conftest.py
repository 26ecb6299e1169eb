"""The bot with a Service Desk, for all tests in this folder."""

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.bot.jobs.service_desk.desk_place import DeskPlace
from tests.bot.workplace import PROMPT


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def whole() -> AsyncIterator[DeskPlace]:
    place = DeskPlace()
    await place.service_desk.start()
    try:
        async with place:
            yield place
    finally:
        await place.service_desk.stop()


@pytest_asyncio.fixture(loop_scope="module")
async def office(whole: DeskPlace) -> AsyncIterator[DeskPlace]:
    yield whole
    whole.service_desk.faults.clear()
    whole.service_desk.lag(0)
    whole.service_desk.world.restore()
    whole.patience = PROMPT


@pytest_asyncio.fixture(loop_scope="module")
async def onboarding(office: DeskPlace) -> AsyncIterator[str]:
    """Started in Acme's channel, closed afterwards; its customer's name identifies its requests."""
    one = await office.begin(customer=f"Bank {len(office.support.messages)}")
    yield one
    if (await office.snapshot(one)).onboarding.closed_at is None:
        await office.close(one)
    await office.settled()
