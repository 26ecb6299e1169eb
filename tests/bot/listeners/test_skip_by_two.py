"""In Slack, two people of support skip a step that takes two: asked for by command or in App Home, decided on its review card."""

import pytest

from bot.messages.buttons import Act
from playground.slack import SlackPerson
from playground.slack.screen import tells
from playground.walkthrough import action_id, ready, said
from tests.bot.workplace import Workplace

pytestmark = pytest.mark.asyncio(loop_scope="module")

REASON = "They have this from an earlier project."


async def asks(office: Workplace, person: SlackPerson) -> None:
    await person.command("/onboarding skip", office.acme)
    await office.slack.until(lambda: ready(person.view))
    assert person.view is not None
    outcome = await office.journey.send_page(person, person.view, {"step": "authentication", "reason": REASON})
    assert outcome.closed, outcome.errors
    await office.settled()


async def presses(office: Workplace, person: SlackPerson, act: Act) -> None:
    card = office.journey.lasting("review", "authentication")
    name = action_id(card.blocks, act)
    assert name is not None, card.text
    assert (await person.click(card, action_id=name)).ok
    await office.settled()


async def test_what_one_asks_for_another_decides(office: Workplace, onboarding: str) -> None:
    await asks(office, office.sam)
    assert await office.state(onboarding, "authentication") == "locked"
    assert "1 of 2 people from support have agreed so far" in office.answers(office.sam)[-1]
    assert "asked to skip" not in str(office.acme.messages)  # the customer's channel is not where support talks
    assert REASON in office.journey.lasting("review", "authentication").text
    assert REASON not in str(office.acme.messages)
    outcome = await office.kim.command("/onboarding queue", office.support)
    await office.slack.until(lambda: f"pedido para pular: <@{office.sam.id}>" in outcome.text)

    await presses(office, office.sam, Act.AGREE_TO_SKIP)
    assert tells(office.answers(office.sam)[-1], said("refused.skip_asked_by_you"))
    await presses(office, office.kim, Act.WITHDRAW_SKIP)
    card = office.journey.lasting("review", "authentication")
    assert action_id(card.blocks, Act.AGREE_TO_SKIP) is None

    await asks(office, office.kim)
    await presses(office, office.sam, Act.AGREE_TO_SKIP)
    assert await office.state(onboarding, "authentication") == "skipped"
    assert office.told(office.sam)[-1].startswith(("Next:", "Nothing else is waiting"))
    card = office.journey.lasting("review", "authentication")
    assert f"Skipped by <@{office.kim.id}>, <@{office.sam.id}>" in card.text
    assert action_id(card.blocks, Act.AGREE_TO_SKIP) is None
