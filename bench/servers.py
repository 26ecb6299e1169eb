"""The baselines for measuring acknowledgements, each a process of its own.

    python -m bench.servers starlette|bolt PORT

They take SLACK_SIGNING_SECRET, SLACK_BOT_TOKEN and SLACK_API_URL from the environment, as the bot does.
"""

import hashlib
import hmac
import os
import sys
import time

import uvicorn
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

SECRET = os.environ.get("SLACK_SIGNING_SECRET", "")


async def checked(request: Request) -> Response:
    """Only what every endpoint for Slack must do: read the body, check its age and signature, answer."""
    body = await request.body()
    stamp = request.headers["x-slack-request-timestamp"]
    digest = hmac.new(SECRET.encode(), b"v0:" + stamp.encode() + b":" + body, hashlib.sha256).hexdigest()
    fresh = abs(time.time() - int(stamp)) < 300
    good = fresh and hmac.compare_digest(f"v0={digest}", request.headers["x-slack-signature"])
    return Response(status_code=200 if good else 401)


def bare_starlette(port: int) -> None:
    app = Starlette(routes=[Route("/slack/events", checked, methods=["POST"])])
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning", access_log=False)


def bare_bolt(port: int) -> None:
    """Bolt as its documentation shows it: its own server, its defaults, listeners that only acknowledge."""
    token = os.environ["SLACK_BOT_TOKEN"]
    app = AsyncApp(token=token, signing_secret=SECRET, client=AsyncWebClient(token, os.environ["SLACK_API_URL"]))

    @app.action("open_form")
    async def _open(ack: AsyncAck) -> None:
        await ack()

    @app.view("form")
    async def _view(ack: AsyncAck) -> None:
        await ack()

    app.start(port=port, host="127.0.0.1")


if __name__ == "__main__":
    {"starlette": bare_starlette, "bolt": bare_bolt}[sys.argv[1]](int(sys.argv[2]))
