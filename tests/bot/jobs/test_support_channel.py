"""SUPPORT_CHANNEL is set to another channel, and back: review cards stand where support reads, once."""

import pytest

from bot.messages.buttons import Act
from playground.slack import Channel, Message
from playground.walkthrough import action_id, effect_id
from tests.bot.workplace import Workplace

pytestmark = pytest.mark.bot


def cards(channel: Channel, step: str) -> list[Message]:
    return [message for message in channel.messages if (effect_id(message) or "").endswith(f":review:{step}")]


async def move(office: Workplace, channel: Channel) -> None:
    office.support = channel
    await office.restart()
    await office.slack.until(lambda: bool(cards(channel, "planning")))
    await office.settled()


async def test_review_cards_follow_support_to_another_channel_and_back() -> None:
    async with Workplace() as office:
        onboarding = await office.begin()
        await office.send(onboarding, "planning")
        old = office.support
        new = office.slack.add_channel("new-support", office.slack.world.teams[0], [office.sam, office.kim], private=True)
        before = len(old.messages)
        await move(office, new)
        (card,) = cards(new, "planning")
        assert (await office.sam.click(card, action_id=action_id(card.blocks, Act.APPROVE))).ok
        await office.settled()
        said = [message.text for message in new.messages if message.thread_ts == card.ts]
        assert any("approved version 1" in text for text in said)
        assert len(old.messages) == before
        await move(office, old)
        await office.slack.until(lambda: "Approved" in str(cards(old, "planning")[0].blocks))
        assert len(cards(old, "planning")) == len(cards(new, "planning")) == 1
