"""An installation without a Service Desk: support gets each request ready to paste."""

import pytest

from playground.slack import SeenMessage
from playground.slack.screen import tells
from playground.walkthrough import said as wording
from tests.bot.workplace import Workplace

pytestmark = pytest.mark.bot

STEP = "service_desk"


async def test_without_a_service_desk_support_gets_the_text_for_all_of_it() -> None:
    async with Workplace() as place:
        onboarding = await place.begin()
        await place.send(onboarding, STEP, users="ana@bank.example", resources=["status_page"])
        await place.approve(onboarding, STEP)
        said = "\n".join(message.text for message in place.journey.thread("review", STEP))
        assert {grant.state for grant in (await place.snapshot(onboarding)).grants} == {"asked"}
        await place.send(onboarding, "integration")
        await place.approve(onboarding, "integration")
        texts = [message for message in place.journey.thread("review", "integration") if "ready to paste" in message.text]
        await place.do(onboarding, "integration", "file_request", {"request": "webhooks", "ticket": "SD-7"})
        await place.do(onboarding, "integration", "set_up", {"requests": ["webhooks", "event_delivery"]})
        assert await place.state(onboarding, "integration") == "done"
    assert "ready to paste into Service Desk: https://pismolabs.atlassian.net/servicedesk/" in said
    assert "Access request &gt; Service Desk Portal / Status Page" in said
    assert not tells(said, wording("say.desk_not_filed"))
    assert len(texts) == 2
    shown = "\n".join(SeenMessage.of(message).shown for message in texts)
    assert "Address for test: https://hooks-test.bank.example/pismo" in shown
    assert "SNS topic: arn:aws:sns:sa-east-1:123456789012:pismo-events" in shown
    assert not any(tells(message.text, wording("say.desk_not_filed")) for message in texts)
