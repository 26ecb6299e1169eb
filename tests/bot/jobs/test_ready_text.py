"""An installation without a Service Desk: support gets the access request ready to paste."""

import pytest

from tests.bot.workplace import Workplace

pytestmark = pytest.mark.bot

STEP = "service_desk"


async def test_without_a_service_desk_support_gets_the_text_for_all_of_it() -> None:
    async with Workplace() as place:
        onboarding = await place.begin()
        await place.send(onboarding, STEP, users="ana@bank.example", resources=["service_desk", "status_page"])
        await place.approve(onboarding, STEP)
        said = "\n".join(message.text for message in place.journey.thread("review", STEP))
        assert {grant.state for grant in (await place.snapshot(onboarding)).grants} == {"asked"}
    assert "ready to paste into the Service Desk: https://pismolabs.atlassian.net/servicedesk/" in said
    assert "Access request &gt; Service Desk Portal / Status Page" in said
    assert "not filed" not in said
