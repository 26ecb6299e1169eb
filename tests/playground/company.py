"""A small real Bolt app, reached by signed HTTP or by Socket Mode, against the stand-in."""

import asyncio
import contextlib
import logging
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.adapter.starlette.async_handler import AsyncSlackRequestHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from playground.slack import Channel, Delivery, SlackPerson, SlackStandIn

SECRET = "a-signing-secret-of-a-test"


@dataclass
class Company:
    """Pismo's workspace, a customer's, and the two channels between them."""

    slack: SlackStandIn
    client: AsyncWebClient
    sam: SlackPerson
    rita: SlackPerson
    ana: SlackPerson
    gus: SlackPerson
    shared: Channel
    support: Channel
    app: AsyncApp
    seen: list[dict[str, Any]] = field(default_factory=list)


def plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


def button(text: str, action_id: str, **more: Any) -> dict[str, Any]:
    return {"type": "button", "action_id": action_id, "text": plain(text), **more}


def actions(*elements: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"type": "actions", "block_id": "actions", "elements": list(elements)}]


def field_of(block_id: str, label: str, kind: str = "plain_text_input", **more: Any) -> dict[str, Any]:
    block_parts: dict[str, Any] = {name: more.pop(name) for name in ("optional", "dispatch_action") if name in more}
    element = {"type": kind, "action_id": "value", **more}
    return {"type": "input", "block_id": block_id, "label": plain(label), "element": element, **block_parts}


def modal(*blocks: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "type": "modal",
        "callback_id": "form",
        "title": plain("Form"),
        "submit": plain("Send"),
        "blocks": list(blocks),
        **more,
    }


@contextlib.asynccontextmanager
async def http(app: AsyncApp) -> AsyncIterator[str]:
    """The app on a free port; yields its address."""
    handler = AsyncSlackRequestHandler(app)

    async def events(request: Request) -> Response:
        return await handler.handle(request)

    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    api = Starlette(routes=[Route("/slack/events", events, methods=["POST"])])
    server = uvicorn.Server(uvicorn.Config(api, log_level="error", lifespan="off", ws="none"))
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/slack/events"
    finally:
        server.should_exit = True
        await task
        listener.close()


@contextlib.asynccontextmanager
async def reached(company: Company, way: str) -> AsyncIterator[None]:
    logging.getLogger("slack_bolt").setLevel(logging.CRITICAL)
    if way == "http":
        async with http(company.app) as url:
            company.slack.deliver_by(Delivery.http(url))
            yield
        return
    company.slack.deliver_by(Delivery.socket())
    handler = AsyncSocketModeHandler(company.app, company.slack.app_token, ping_interval=0.2)
    await handler.connect_async()  # type: ignore[no-untyped-call, unused-ignore]
    await company.slack.until(lambda: company.slack.sockets.connections)
    try:
        yield
    finally:
        await handler.close_async()  # type: ignore[no-untyped-call, unused-ignore]
