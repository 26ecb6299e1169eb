"""The HTTP front: Slack's requests, and those of a supervisor and a monitor."""

from collections.abc import Awaitable, Callable, Mapping

from slack_bolt.adapter.starlette.async_handler import AsyncSlackRequestHandler
from slack_bolt.async_app import AsyncApp
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from bot.telemetry import metrics
from bot.telemetry.acks import kind_of, timed

MAX_BYTES = 1024 * 1024
"""A view has 250 KB at most and comes back with what was typed into it."""

Health = Callable[[], Awaitable[Mapping[str, str]]]
"""Why the bot is not ready, by part; empty when it is."""


def web_app(app: AsyncApp | None, health: Health) -> Starlette:
    """``app`` None: Slack's requests come over Socket Mode, and ``/slack/events`` does not exist."""

    async def healthz(_: Request) -> Response:
        return PlainTextResponse("alive\n")

    async def readyz(_: Request) -> Response:
        reasons = dict(await health())
        return JSONResponse({"ready": not reasons, "reasons": reasons}, status_code=503 if reasons else 200)

    async def metrics_text(_: Request) -> Response:
        text, content_type = metrics.text()
        return Response(text, media_type=content_type)

    routes = [Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", metrics_text)]
    if app is not None:
        routes.append(Route("/slack/events", _slack(AsyncSlackRequestHandler(app)), methods=["POST"]))
    return Starlette(routes=routes)


def _slack(handler: AsyncSlackRequestHandler) -> Callable[[Request], Awaitable[Response]]:
    async def events(request: Request) -> Response:
        length = request.headers.get("content-length", "")
        if not length.isdecimal():  # Slack always sends it; without it, the size is known too late
            return PlainTextResponse("length required\n", status_code=411)
        if int(length) > MAX_BYTES:
            return PlainTextResponse("too large\n", status_code=413)
        body = await request.body()
        async with timed(kind_of(request.headers.get("content-type", ""), body)) as ack:
            try:
                response = await handler.handle(request)
            except UnicodeDecodeError:
                response = PlainTextResponse("not UTF-8\n", status_code=400)
            if response.status_code >= 400:
                ack.outcome = "refused" if response.status_code < 500 else "failed"
            return response

    return events
