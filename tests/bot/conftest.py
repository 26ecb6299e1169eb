"""The bot in the test's own event loop, for all tests in this folder."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.bot.workplace import Workplace


@pytest.fixture
async def place() -> AsyncIterator[Workplace]:
    """The bot is running; nothing has started."""
    async with Workplace() as workplace:
        yield workplace


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def office() -> AsyncIterator[Workplace]:
    """One workplace for a whole module."""
    async with Workplace() as workplace:
        yield workplace


@pytest_asyncio.fixture(loop_scope="module")
async def onboarding(office: Workplace) -> AsyncIterator[str]:
    """Has its own customer in its own channel, which is Acme's for the duration of the test."""
    office.new_channel()
    yield await office.begin()
    await office.tidy()
