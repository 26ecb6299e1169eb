"""The bot in the test's own loop, for all tests beside this file."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.bot.workplace import Workplace


@pytest.fixture
async def place() -> AsyncIterator[Workplace]:
    """The bot runs and nothing has begun."""
    async with Workplace() as workplace:
        yield workplace


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def office() -> AsyncIterator[Workplace]:
    """One for all tests of a module."""
    async with Workplace() as workplace:
        yield workplace


@pytest_asyncio.fixture(loop_scope="module")
async def onboarding(office: Workplace) -> AsyncIterator[str]:
    """Of a customer of its own, in a channel of its own, which is Acme's for the time of the test."""
    office.new_channel()
    yield await office.begin()
    await office.tidy()
