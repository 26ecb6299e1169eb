"""The search for secrets finds one wherever it is put."""

import logging

import pytest

from flows.model import Draft
from tests.bot.workplace import Workplace

SECRET = "c2VjcmV0LW9mLXRoaXMtdGVzdC1hbG9uZQ"


@pytest.mark.bot
async def test_a_secret_is_found_wherever_it_is() -> None:
    async with Workplace() as place:
        onboarding = await place.begin()
        place.secrets.append(SECRET)
        assert await place.leaks() == []

        logging.getLogger("bot").debug("said", extra={"what": SECRET})
        await place.bot.adapters.slack.direct(place.ana.id, SECRET, [])
        async with place.bot.store.write() as unit:
            unit.add(Draft(id="one", onboarding_id=onboarding, form="planning", item="", answers={"goals": SECRET}))

        found = {leak.partition(":")[0] for leak in await place.leaks()}
        assert found >= {"log", "Slack", "drafts.answers", "an export"}
        place.secrets.clear()
