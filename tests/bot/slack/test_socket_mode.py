"""Socket Mode: it tries to connect for as long as it takes, reconnects by itself, and says when to give up."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.socket_mode import SocketMode
from playground.slack import Delivery, SlackPerson, UnmetError
from playground.slack import SlackStandIn as Playground

PING = 0.1


@dataclass
class Place:
    world: Playground
    app: AsyncApp
    joana: SlackPerson
    begun: asyncio.Event
    may_go_on: asyncio.Event

    def sockets(self, give_up_after: float = 30.0) -> SocketMode:
        return SocketMode(self.app, self.world.app_token, give_up_after=give_up_after, ping_seconds=PING)


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    async with Playground("unused") as world:
        world.sockets.ping_seconds = PING
        team = world.add_team("Pismo")
        joana = world.add_person("Joana", team)
        world.add_channel("support", team, [joana])
        world.deliver_by(Delivery.socket())

        async def authorize(**_: Any) -> AuthorizeResult:
            return AuthorizeResult(enterprise_id=None, team_id=team.id, bot_token="xoxb-1", bot_id="B1", bot_user_id="U1")

        client = AsyncWebClient(token=world.bot_token, base_url=world.api_url, retry_handlers=[])
        app = AsyncApp(client=client, authorize=authorize, request_verification_enabled=False, process_before_response=True)

        begun, may_go_on = asyncio.Event(), asyncio.Event()
        may_go_on.set()

        @app.command("/onboarding")
        async def _(ack: AsyncAck) -> None:
            begun.set()
            await may_go_on.wait()
            await ack(text="hello")

        yield Place(world, app, joana, begun, may_go_on)


async def test_a_command_is_answered_over_the_socket(place: Place) -> None:
    sockets = place.sockets()
    assert sockets.trouble() == "not connected yet"
    await sockets.start()
    await place.world.until(lambda: not sockets.trouble())
    assert (await place.joana.command("/onboarding")).text == "hello"
    await sockets.stop()


@pytest.mark.parametrize(
    ("kind", "payload"),
    [
        ("interactive", {"type": "block_actions"}),
        ("interactive", {"type": "block_actions", "actions": None}),
        ("interactive", [7]),
        ("events_api", {"type": "event_callback", "event": "x"}),
        ("slash_commands", None),
        ("unheard_of", {"enterprise": 7}),
    ],
)
async def test_an_envelope_that_makes_no_sense_does_not_stop_it(place: Place, kind: str, payload: Any) -> None:
    sockets = place.sockets()
    await sockets.start()
    await place.world.until(lambda: not sockets.trouble())
    sending = asyncio.create_task(place.world.sockets.send(kind, payload))
    assert (await place.joana.command("/onboarding")).text == "hello"
    sending.cancel()
    await sockets.stop()


async def test_what_was_received_is_answered_before_it_stops_and_nothing_more_is_received(place: Place) -> None:
    sockets = place.sockets()
    await sockets.start()
    await place.world.until(lambda: not sockets.trouble())
    place.may_go_on.clear()
    received = asyncio.create_task(place.joana.command("/onboarding"))
    await place.begun.wait()
    stopping = asyncio.create_task(sockets.stop())
    with contextlib.suppress(UnmetError):  # it waits for the answer
        await place.world.until(lambda: stopping.done() or not place.world.sockets.connections, timeout=0.3)
    place.begun.clear()
    late = asyncio.create_task(place.joana.command("/onboarding"))
    await asyncio.sleep(0)
    place.may_go_on.set()
    assert (await received).text == "hello"
    await stopping
    assert not place.begun.is_set()
    assert not (await late).ok


async def test_a_dropped_connection_comes_back(place: Place) -> None:
    sockets = place.sockets()
    await sockets.start()
    await place.world.until(lambda: not sockets.trouble())
    before = place.world.sockets.connections[0]
    place.world.drop_sockets()
    await place.world.until(lambda: bool(place.world.sockets.connections) and before not in place.world.sockets.connections)
    assert (await place.joana.command("/onboarding")).text == "hello"
    await sockets.stop()


async def test_a_connection_that_went_dead_is_given_up(place: Place) -> None:
    sockets = place.sockets(give_up_after=2.0)
    await sockets.start()
    await place.world.until(lambda: not sockets.trouble())
    lost = asyncio.create_task(sockets.lost())
    await asyncio.sleep(0)
    assert not lost.done()
    place.world.faults.add("apps.connections.open", "5xx", times=None)
    place.world.stop_pings()
    async with asyncio.timeout(10):
        await lost
    assert "silent" in sockets.trouble()
    await sockets.stop()


async def test_slack_that_cannot_be_reached_at_the_start_is_waited_for(place: Place) -> None:
    place.world.faults.add("apps.connections.open", "5xx", times=None)
    sockets = place.sockets(give_up_after=0.2)
    await sockets.start()
    lost = asyncio.create_task(sockets.lost())
    await place.world.until(lambda: sum(call.method == "apps.connections.open" for call in place.world.calls) > 3)
    assert not lost.done()
    place.world.faults.clear()
    await place.world.until(lambda: not sockets.trouble())
    lost.cancel()
    await sockets.stop()


async def test_why_slack_gives_no_connection_is_said_in_the_log_once_and_as_the_reason(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    def asked() -> int:
        return sum(call.method == "apps.connections.open" for call in place.world.calls)

    place.world.faults.add("apps.connections.open", "5xx", times=2)
    sockets = SocketMode(place.app, "xapp-1-not-this-one", ping_seconds=PING)
    await sockets.start()
    await place.world.until(lambda: asked() > 4)
    assert sockets.trouble().startswith("not connected yet: Slack gives no connection (invalid_auth); set SLACK_APP_TOKEN")
    await sockets.stop()
    told = [(record.name, record.__dict__["error"]) for record in caplog.records if record.levelname in ("WARNING", "ERROR")]
    assert told == [("bot.slack.socket_mode", "http_503"), ("bot.slack.socket_mode", "invalid_auth")]
    assert "not-this-one" not in caplog.text
    again = place.sockets()
    await again.start()
    await place.world.until(lambda: not again.trouble())
    await again.stop()
