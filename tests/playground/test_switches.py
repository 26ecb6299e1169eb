"""A fault comes when its switch is on and goes when it is off; faults added by others stay."""

from collections.abc import AsyncIterator

import aiohttp
import pytest

from playground.channel_switches import CHANNEL_SWITCHES, ChannelSwitches
from playground.office import CALM, Office
from playground.pismo import PismoStandIn
from playground.slack import SlackStandIn
from playground.switches import FAULTS, FaultSwitches


@pytest.fixture
async def slack() -> AsyncIterator[SlackStandIn]:
    async with SlackStandIn("thesecretofthetest") as slack:
        slack.add_team("Pismo")
        yield slack


@pytest.fixture
async def pismo() -> AsyncIterator[PismoStandIn]:
    async with PismoStandIn() as pismo:
        yield pismo


async def slack_says(slack: SlackStandIn) -> int:
    """The status of a call; 0 if the connection was closed."""
    headers = {"Authorization": f"Bearer {slack.bot_token}"}
    async with aiohttp.ClientSession(headers=headers) as web:
        try:
            async with web.post(f"{slack.api_url}auth.test") as answer:
                return answer.status
        except aiohttp.ClientError:
            return 0


async def pismo_says(pismo: PismoStandIn) -> int:
    async with aiohttp.ClientSession() as web, web.post(f"{pismo.url}/passport/v2/token", json={}) as answer:
        return answer.status


async def test_slack_down_goes_before_a_limit_and_both_end(slack: SlackStandIn, pismo: PismoStandIn) -> None:
    switches = FaultSwitches(slack, pismo)
    mine = slack.faults.add("chat.postMessage", "429", times=None, retry_after=5)
    switches.set("slack_429", on=True)
    switches.set("slack_429", on=True)
    assert await slack_says(slack) == 429
    switches.set("slack_down", on=True)
    assert await slack_says(slack) == 0
    switches.set("slack_down", on=False)
    assert await slack_says(slack) == 429
    switches.set("slack_429", on=False)
    assert await slack_says(slack) == 200
    assert slack.faults.waiting == [mine]


async def test_pismo_fails_until_it_is_switched_off(slack: SlackStandIn, pismo: PismoStandIn) -> None:
    switches = FaultSwitches(slack, pismo)
    usual = await pismo_says(pismo)
    switches.set("pismo_500", on=True)
    assert await pismo_says(pismo) >= 500
    switches.set("pismo_500", on=False)
    assert await pismo_says(pismo) == usual < 500


async def test_each_switch_shows_itself_and_leaves_nothing_behind(slack: SlackStandIn, pismo: PismoStandIn) -> None:
    switches = FaultSwitches(slack, pismo)
    for name in FAULTS:
        switches.set(name, on=True)
        assert switches.on == [name]
        switches.set(name, on=False)
    assert switches.on == []
    assert (slack.faults.waiting, pismo.faults.waiting, slack.faults.duplicate_deliveries) == ([], [], False)
    with pytest.raises(KeyError):
        switches.set("weather", on=True)


@pytest.mark.process
async def test_a_bot_that_lost_slack_for_a_while_takes_the_next_click() -> None:
    async with Office(policies=CALM) as office:
        switches = FaultSwitches(office.slack, office.pismo)
        switches.set("slack_down", on=True)
        outcome = await office.sam.command("/onboarding help", channel=office.support)
        assert not outcome.ok
        switches.set("slack_down", on=False)
        await office.slack.until(lambda: office.slack.sockets.connections, timeout=30)
        assert (await office.sam.command("/onboarding help", channel=office.support)).ok


async def test_a_third_company_joins_and_leaves_and_the_channel_is_severed_and_shared_again(slack: SlackStandIn) -> None:
    acme = slack.add_team("Acme Bank")
    ana = slack.add_person("Ana", acme)
    channel = slack.add_channel("acme_pismo", slack.installing_team, [ana], shared_with=[acme])
    switches = ChannelSwitches(slack, channel, [ana])
    assert not any(switches.is_on(name) for name in CHANNEL_SWITCHES)
    switches.set("third_company", on=True)
    assert [team.name for team in channel.shared_with] == ["Acme Bank", "Red Fintech"]
    assert [slack.world.users[one].name for one in channel.members] == ["Ana", slack.bot_name, "Eve"]
    switches.set("third_company", on=False)
    assert [slack.world.users[one].name for one in channel.members] == ["Ana", slack.bot_name]
    switches.set("severed", on=True)
    assert (switches.is_on("severed"), channel.members) == (True, [slack.bot_user_id])
    switches.set("severed", on=False)
    assert (switches.is_on("severed"), ana.id in channel.members) == (False, True)
