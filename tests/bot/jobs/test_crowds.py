"""Many customers at once, while many channels refuse what is posted and Slack has support's rest: who has nothing to do with it is
served first, nothing that can be done is given up, and each place keeps its order."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import update

from bot.config.policies import Policies
from bot.messages.texts import Texts
from flows.cases import fill
from flows.cases.case import Case
from flows.cases.start import StartRequest, start
from flows.forms.pages import collect
from playground.slack import Channel, WebApiCall
from playground.walkthrough import effect_id
from storage.tables import paces
from storage.unit import SUPPORT
from tests.bot.workplace import Workplace, who

EN = Texts("en")

REFUSING, SENDING = 7, 20
"""Of the customers' channels: those that refuse everything, and all."""


class Crowd(Workplace):
    """``channels``: the customers' channels, by onboarding. Each takes a message at a time."""

    def __init__(self) -> None:
        super().__init__(Policies(sweep_seconds=3600, channel_seconds=0.1))
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
        return sum(EN("state.submitted") in message.text for message in self.channels[onboarding].messages) == 2

    def cards(self) -> list[str]:
        """The onboardings whose review cards stand in support's channel, in their order."""
        return [one for message in self.support.messages if (one := effect_id(message).partition(":")[0]) in self.channels]

    async def end_support_s_rest(self) -> None:
        statement = update(paces).where(paces.c.name == SUPPORT).values(next=0.0)
        await self.bot.store.transact(lambda unit: unit.connection.execute(statement))
        self.bot.runner.wake()

    async def waits_for_support(self) -> int:
        async with self.bot.store.read() as unit:
            return sum(record.pace == SUPPORT for record in await unit.open_effects())


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
    rests = crowd.slack.faults.add("chat.postMessage", "429", times=None, channel=crowd.support.id, retry_after=300)
    for one in customers:
        await crowd.send_planning(one)
    newcomer = await crowd.arrive()
    await crowd.slack.until(lambda: all(crowd.shows(one) for one in healthy), timeout=60)
    await crowd.slack.until(lambda: len(crowd.channels[newcomer].messages) >= 2, timeout=60)
    assert await crowd.waits_for_support() >= SENDING
    assert crowd.cards() == []

    async with crowd.bot.store.read() as unit:
        given_up = [record for one in (*healthy, newcomer) for record in await unit.failed_effects(one)]
    assert given_up == []
    for one in healthy:
        assert len(crowd.calls(crowd.channels[one], "chat.update")) == 2  # the card and the step, once each

    rests.times = 0
    await crowd.end_support_s_rest()
    await crowd.slack.until(lambda: len(crowd.cards()) >= 4, timeout=60)
    cards = crowd.cards()
    assert cards == customers[: len(cards)]
