"""The HTTP front: what a supervisor, a monitor and Slack get to see."""

import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_bolt.authorization import AuthorizeResult

from bot.slack.web import MAX_BYTES, web_app
from playground.slack.delivery import signature

SECRET = "0123456789abcdef0123456789abcdef"
FORM = "application/x-www-form-urlencoded"


def bolt() -> AsyncApp:
    async def authorize(**_: Any) -> AuthorizeResult:
        return AuthorizeResult(enterprise_id=None, team_id="T1", bot_token="xoxb-1", bot_id="B1", bot_user_id="U1")

    app = AsyncApp(signing_secret=SECRET, authorize=authorize, process_before_response=True)

    @app.command("/onboarding")
    async def _(ack: AsyncAck) -> None:
        await ack(text="hello")

    return app


class Front:
    def __init__(self, client: httpx.AsyncClient, reasons: dict[str, str]) -> None:
        self.client, self.reasons = client, reasons

    async def slack(
        self, body: bytes, *, secret: str = SECRET, age: int = 0, headers: dict[str, str] | None = None
    ) -> httpx.Response:
        stamp = str(int(time.time()) - age)
        signed = {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": signature(secret, stamp, body), "Content-Type": FORM}
        return await self.client.post("/slack/events", content=body, headers={**signed, **(headers or {})})


@pytest.fixture
async def front() -> AsyncIterator[Front]:
    reasons: dict[str, str] = {}

    async def health() -> dict[str, str]:
        return reasons

    transport = httpx.ASGITransport(web_app(bolt(), health))
    async with httpx.AsyncClient(transport=transport, base_url="http://bot") as client:
        yield Front(client, reasons)


async def test_alive_and_ready(front: Front) -> None:
    assert (await front.client.get("/healthz")).status_code == 200
    ready = await front.client.get("/readyz")
    assert (ready.status_code, ready.json()) == (200, {"ready": True, "reasons": {}})


async def test_not_ready_says_why(front: Front) -> None:
    front.reasons["slack"] = "not reached since the start"
    answer = await front.client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["reasons"] == {"slack": "not reached since the start"}
    assert (await front.client.get("/healthz")).status_code == 200


async def test_a_signed_command_is_answered_and_counted(front: Front) -> None:
    answer = await front.slack(b"command=%2Fonboarding&text=help&user_id=U1&team_id=T1")
    assert (answer.status_code, answer.text) == (200, "hello")
    metrics = (await front.client.get("/metrics")).text
    assert 'onboarding_acks_total{kind="slash_commands",outcome="ok"}' in metrics


@pytest.mark.parametrize(
    ("how", "status"),
    [
        ({"secret": "f" * 32}, 401),
        ({"age": 301}, 401),
        ({"headers": {"X-Slack-Signature": ""}}, 401),
        ({"headers": {"Content-Length": str(MAX_BYTES + 1)}}, 413),
        ({"headers": {"Content-Length": "many"}}, 411),
    ],
)
async def test_what_is_not_from_slack_is_refused(front: Front, how: dict[str, Any], status: int) -> None:
    assert (await front.slack(b"command=%2Fonboarding", **how)).status_code == status


async def test_bytes_that_are_no_text_are_refused(front: Front) -> None:
    assert (await front.slack(b"\xff\xfe")).status_code == 400


async def test_only_posts_reach_the_events(front: Front) -> None:
    assert (await front.client.get("/slack/events")).status_code == 405


async def test_without_bolt_there_is_no_address_for_events() -> None:
    async def health() -> dict[str, str]:
        return {}

    async with httpx.AsyncClient(transport=httpx.ASGITransport(web_app(None, health)), base_url="http://bot") as client:
        assert (await client.post("/slack/events", content=b"")).status_code == 404
        assert (await client.get("/healthz")).status_code == 200
