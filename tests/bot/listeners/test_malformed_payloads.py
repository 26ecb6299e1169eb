"""Payloads that are signed, or come over the socket, and are none of Slack's: refused or answered, and the bot goes on."""

import copy
import json
import random
import time
from typing import Any
from urllib.parse import urlencode

import aiohttp
import httpx
import pytest
from slack_sdk.web.async_client import AsyncWebClient
from starlette.applications import Starlette

from bot.listeners.bolt import Listeners
from bot.slack.payloads import Search
from bot.slack.web import slack_routes
from flows.people import Who
from playground.slack.delivery import signature
from tests.bot.workplace import Workplace

pytestmark = pytest.mark.asyncio(loop_scope="module")

FORM = "application/x-www-form-urlencoded"
ODD: tuple[Any, ...] = (None, 7, -1.5, True, "", "x", "\ud800", "\0", [], [7], {}, {"id": 7}, [[]], [{"id": []}], "9" * 3000)

VIEW = {"id": "V1", "hash": "1.a", "type": "modal", "private_metadata": '{"form": "skip"}', "state": {"values": {"a": {"b": {}}}}}
USER = {"id": "U1", "team_id": "T1"}
EVENT = {"type": "message", "channel": "C1", "user": "U1", "ts": "1.2", "text": "a", "files": [{"id": "F1", "size": 1}]}


def shapes(office: Workplace) -> list[dict[str, Any]]:
    channel, user = {"id": office.acme.id}, {"id": office.ana.id, "team_id": office.ana.user.team.id}
    action = {"action_id": "open_form:a", "block_id": "b", "value": "{}", "action_ts": "1.2", "type": "button"}
    return [
        {"type": "block_actions", "user": user, "channel": channel, "actions": [action], "trigger_id": "1", "container": {}},
        {"type": "block_actions", "user": user, "view": VIEW, "actions": [action | {"selected_option": {"value": "{}"}}]},
        {"type": "view_submission", "user": user, "view": VIEW, "trigger_id": "1"},
        {"type": "block_suggestion", "user": user, "view": VIEW, "block_id": "b", "action_id": "a", "value": "x"},
        {
            "type": "event_callback",
            "event_id": "E1",
            "event": EVENT | {"channel": office.acme.id},
            "authorizations": [{"team_id": "T1"}],
        },
        {"type": "event_callback", "event_id": "E2", "event": EVENT | {"subtype": "message_changed", "message": EVENT}},
        {"type": "event_callback", "event_id": "E3", "event": {"type": "tokens_revoked", "tokens": {"bot": ["U1"]}}},
        {"type": "url_verification", "challenge": "x"},
        {"type": "shortcut", "user": user, "callback_id": "x"},
    ]


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a payload."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, one in inner for place in places(one, (*path, key)))]


def damaged(payload: dict[str, Any], path: tuple[Any, ...], odd: Any) -> Any:
    """``odd`` in a place of it; `...` takes the place away."""
    if not path:
        return odd
    copied = copy.deepcopy(payload)
    inner: Any = copied
    for key in path[:-1]:
        inner = inner[key]
    if odd is ...:
        del inner[path[-1]]
    else:
        inner[path[-1]] = odd
    return copied


async def sent(office: Workplace, web: aiohttp.ClientSession, payload: Any) -> int:
    """The status of the answer to a signed payload."""
    is_event = isinstance(payload, dict) and payload.get("type") in ("event_callback", "url_verification")
    text = json.dumps(payload)
    body = text.encode() if is_event else urlencode({"payload": text}).encode()
    stamp = str(int(time.time()))
    headers = {
        "X-Slack-Request-Timestamp": stamp,
        "X-Slack-Signature": signature(office.slack.signing_secret, stamp, body),
        "Content-Type": "application/json" if is_event else FORM,
    }
    async with web.post(f"{office.url}/slack/events", data=body, headers=headers) as answer:
        return answer.status


def damages(office: Workplace, number: int) -> list[Any]:
    found = [
        damaged(payload, path, odd)
        for payload in shapes(office)
        for path in places(payload)
        for odd in (..., *ODD)
        if path or odd is not ...
    ]
    return random.sample(found, number)


async def test_no_payload_makes_it_fail(office: Workplace, onboarding: str) -> None:
    async with aiohttp.ClientSession() as web:
        for payload in damages(office, 80):
            assert await sent(office, web, payload) in (200, 400), payload
    await office.send(onboarding, "planning")
    assert await office.state(onboarding, "planning") == "submitted"


class Parts:
    """All that stands behind the listeners; one part has a defect."""

    bot_user_id = "U9"

    def __init__(self, broken: str) -> None:
        self.broken = broken

    def _runs(self, part: str) -> None:
        if part == self.broken:
            raise KeyError(part)

    async def received(self, _: Any) -> None:
        self._runs("events")

    async def home_team(self, _: str, team_id: str) -> str:
        self._runs("people")
        return team_id

    async def verify(self, _: Who) -> None:
        self._runs("support")

    async def suggest(self, _: Search) -> list[Any]:
        self._runs("options")
        return []


@pytest.mark.parametrize("broken", ["events", "people", "support", "options"])
async def test_a_defect_of_the_bots_own_is_not_put_down_to_slack(broken: str, caplog: pytest.LogCaptureFixture) -> None:
    parts: Any = Parts(broken)
    bolt = Listeners(*[parts] * 11).bolt(AsyncWebClient(token="xoxb-1"))
    secret, told = "0" * 32, []
    transport = httpx.ASGITransport(Starlette(routes=slack_routes(bolt, secret)))
    async with httpx.AsyncClient(transport=transport, base_url="http://bot") as client:
        for parts.broken in (broken, ""):
            for payload in (
                {"type": "event_callback", "event_id": "E1", "event": EVENT},
                {"type": "block_suggestion", "user": {**USER}, "view": VIEW, "block_id": "b", "action_id": "a", "value": "x"},
            ):
                body = json.dumps(payload).encode()
                stamp = str(int(time.time()))
                signed = {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": signature(secret, stamp, body)}
                headers = {**signed, "Content-Type": "application/json"}
                told.append((await client.post("/slack/events", content=body, headers=headers)).status_code)
    assert told == ([500, 200] if broken == "events" else [200, 500]) + [200, 200]
    assert "a request failed" in caplog.text
    assert "makes no sense" not in caplog.text


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"type": "event_callback", "event": []},
        {"type": "event_callback", "event_id": "\ud800", "event": EVENT},
        {"type": "view_submission"},
        {"user": 7},
        [],
        7,
    ],
)
async def test_what_makes_no_sense_is_refused_and_logged(
    office: Workplace, payload: Any, caplog: pytest.LogCaptureFixture
) -> None:
    async with aiohttp.ClientSession() as web:
        assert await sent(office, web, payload) == 400
    assert "makes no sense" in caplog.text
