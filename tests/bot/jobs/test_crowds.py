"""Many customers at once, while many channels refuse what is posted and support's takes one message a second: who has nothing to do
with it is served first, nothing that can be done is given up, and each place keeps its order."""

from collections.abc import AsyncIterator

import pytest

from bot.config.policies import Policies
from flows.cases import fill
from flows.cases.case import Case
from flows.cases.start import StartRequest, start
from flows.forms.pages import collect
from playground.slack import Channel, WebApiCall
from playground.walkthrough import effect_id
from tests.bot.workplace import Workplace, who

REFUSING, SENDING = 7, 20
"""Of the customers' channels: those that refuse everything, and all."""


class Crowd(Workplace):
    """``channels``: the customers' channels, by onboarding. Support's takes a message a second, and a few after a rest."""

    def __init__(self) -> None:
        super().__init__(Policies(sweep_seconds=3600, channel_seconds=1.0))
        self.channels: dict[str, Channel] = {}

    async def arrive(self) -> str:
        """A customer whose onboarding begins; what follows is not waited for."""
        channel = self.new_channel()
        asked = StartRequest(
            customer=channel.id, channel_id=channel.id, lead=who(self.ana), owner_id=self.sam.id, language="en", go_live=None
        )
        onboarding = await self.bot.store.transact(lambda unit: start(unit, self.rules.rules, asked, who(self.sam)))
        self.channels[onboarding] = channel
        return onboarding

    async def send_planning(self, onboarding: str) -> None:
        def submit(case: Case) -> None:
            form = case.step("planning").form
            clean, _ = collect(form, dict(form.example), case.situation)
            fill.submit(case, "planning", clean)

        await self.act(onboarding, submit, self.ana)

    def calls(self, channel: Channel, method: str) -> list[WebApiCall]:
        return [call for call in self.slack.calls if call.args.get("channel") == channel.id and call.method == method]

    def shows(self, onboarding: str) -> bool:
        """Whether the customer reads in both their messages that what they sent is under review."""
        return sum("under review" in message.text for message in self.channels[onboarding].messages) == 2

    async def waits_for_support(self) -> int:
        async with self.bot.store.read() as unit:
            return sum(record.pace == "support" for record in await unit.open_effects())


@pytest.fixture
async def crowd() -> AsyncIterator[Crowd]:
    async with Crowd() as crowd:
        yield crowd


async def test_whoever_has_nothing_to_do_with_a_crowd_is_served_before_it(crowd: Crowd) -> None:
    customers = [await crowd.arrive() for _ in range(SENDING)]
    await crowd.slack.until(lambda: all(len(crowd.channels[one].messages) >= 2 for one in customers), timeout=60)
    refusing, healthy = customers[:REFUSING], customers[REFUSING:]
    for one in refusing:
        for method in ("chat.postMessage", "chat.update"):
            crowd.slack.faults.add(method, "restricted_action", times=None, channel=crowd.channels[one].id)
    known = len(crowd.support.messages)
    for one in customers:
        await crowd.send_planning(one)
    newcomer = await crowd.arrive()
    await crowd.slack.until(lambda: all(crowd.shows(one) for one in healthy), timeout=60)
    await crowd.slack.until(lambda: len(crowd.channels[newcomer].messages) >= 2, timeout=60)
    assert await crowd.waits_for_support() > SENDING  # their turns are a second apart

    async with crowd.bot.store.read() as unit:
        given_up = [record for one in (*healthy, newcomer) for record in await unit.failed_effects(one)]
    assert given_up == []
    for one in healthy:
        assert len(crowd.calls(crowd.channels[one], "chat.update")) == 2  # the card and the step, once each

    await crowd.slack.until(lambda: len(crowd.support.messages) >= known + 4, timeout=60)
    cards = [effect_id(message).partition(":")[0] for message in crowd.support.messages[known:]]
    cards = [one for one in cards if one in crowd.channels]
    assert cards == customers[: len(cards)]
