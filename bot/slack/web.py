"""The HTTP front: Slack's requests, and those of a supervisor and a monitor."""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager

from slack_bolt.adapter.starlette.async_handler import to_async_bolt_request, to_starlette_response
from slack_bolt.async_app import AsyncApp
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from bot.slack.payloads import MalformedPayload, check_shape, reading
from bot.slack.refused_requests import RefusedRequests
from bot.slack.signature import fault, is_right
from bot.telemetry import metrics
from bot.telemetry.acks import kind_of, timed

log = logging.getLogger("bot.slack.web")

MAX_BYTES = 1024 * 1024
"""A view has 250 KB at most and comes back with what was typed into it."""
MAX_HELD = 64 * MAX_BYTES
"""Of all bodies together: a signature can be checked only once its body is there, so anybody can have one kept until then."""
RETRY_AFTER = {"retry-after": "1"}

Health = Callable[[], Awaitable[Mapping[str, str]]]
"""Why the bot is not ready, by part; empty when it is."""


def slack_routes(app: AsyncApp, signing_secret: str, *, max_held: int = MAX_HELD) -> list[Route]:
    """``POST /slack/events``, for what is signed with the secret. ``max_held``: bytes of bodies held at once; one beyond that gets 503."""
    return [Route("/slack/events", _slack(app, signing_secret, _Bodies(max_held)), methods=["POST"])]


def ops_routes(health: Health, notices: Callable[[], Mapping[str, str]] = dict) -> list[Route]:
    """For those who look after the bot: they change nothing and tell nothing of a customer. ``health``: why it is not ready, by part;
    ``notices``: what must be looked at though it is. Both are among the metrics too, asked for anew each time."""

    async def healthz(_: Request) -> Response:
        return PlainTextResponse("alive\n")

    reasons_now = _Reasons(health)

    async def readyz(_: Request) -> Response:
        reasons = await reasons_now()
        told = {"ready": not reasons, "reasons": reasons, "notices": dict(notices())}
        return JSONResponse(told, status_code=503 if reasons else 200)

    async def metrics_text(_: Request) -> Response:
        metrics.show_health(await reasons_now(), notices())
        text, content_type = metrics.text()
        return Response(text, media_type=content_type)

    return [Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", metrics_text)]


class _Reasons:
    """Those of `Health`, always: what it raises is one too, and the log has it, once until it changes."""

    def __init__(self, health: Health) -> None:
        self._health, self._failure = health, ""

    async def __call__(self) -> dict[str, str]:
        before, self._failure = self._failure, ""
        try:
            return dict(await self._health())
        except Exception as error:
            self._failure = type(error).__name__
            if self._failure != before:
                log.exception("whether the bot is ready cannot be found out", extra={"error": self._failure})
            return {"health": f"cannot be found out ({self._failure}): the log says more"}


class _Overloaded(Exception):  # noqa: N818  reads as what it is
    """The bodies held are as many bytes as may be."""


class _Bodies:
    """Counts the bytes of bodies that came, not those that were announced: else announcing them would be enough to keep others out."""

    def __init__(self, most: int) -> None:
        self._most, self._held = most, 0

    @asynccontextmanager
    async def read(self, request: Request) -> AsyncIterator[bytes]:
        """A request's whole body, held until the block ends. Raises _Overloaded, or ClientDisconnect if it ends early."""
        chunks, size = list[bytes](), 0
        try:
            async for chunk in request.stream():
                if self._held + len(chunk) > self._most:
                    raise _Overloaded
                self._held += len(chunk)
                size += len(chunk)
                chunks.append(chunk)
            yield b"".join(chunks)
        finally:
            self._held -= size


def _slack(app: AsyncApp, secret: str, bodies: _Bodies) -> Callable[[Request], Awaitable[Response]]:
    """Nothing is read of a request that can't be Slack's, and nothing parsed before its signature is known to be right."""
    refused = RefusedRequests()

    async def events(request: Request) -> Response:
        if wrong := fault(request.headers):
            refused.add(wrong)
            return _not_signed()
        if (answer := _unfit_length(request.headers.get("content-length", ""))) is not None:
            refused.add("malformed")
            return answer
        try:
            async with bodies.read(request) as body:
                return await answered(request, body)
        except _Overloaded:
            refused.add("overloaded")
            return PlainTextResponse("overloaded\n", status_code=503, headers=RETRY_AFTER)
        except ClientDisconnect:
            return PlainTextResponse("incomplete\n", status_code=400)  # nobody reads it

    async def answered(request: Request, body: bytes) -> Response:
        if not is_right(request.headers, body, secret):
            refused.add("signature")
            return _not_signed()
        async with timed(kind_of(request.headers.get("content-type", ""), body)) as ack:
            response = await _dispatched(app, request, body)
            if response.status_code >= 400:
                ack.outcome = "refused" if response.status_code < 500 else "failed"
            return response

    return events


def _not_signed() -> Response:
    return PlainTextResponse("not signed by Slack\n", status_code=401)


def _unfit_length(length: str) -> Response | None:
    """``length``: as the header gives it."""
    if not (length.isascii() and length.isdecimal()):  # Slack always sends it; without it, the size is known too late
        return PlainTextResponse("length required\n", status_code=411)
    if len(length) > len(str(MAX_BYTES)) or int(length) > MAX_BYTES:
        return PlainTextResponse("too large\n", status_code=413)
    return None


async def _dispatched(app: AsyncApp, request: Request, body: bytes) -> Response:
    try:
        with reading():  # Bolt reads a payload's parts before its own handling of errors begins
            asked = to_async_bolt_request(request, body)
            check_shape(asked.body)
        return to_starlette_response(await app.async_dispatch(asked))
    except MalformedPayload as error:
        log.warning("a signed request makes no sense", exc_info=error)
        return PlainTextResponse("no payload of Slack's\n", status_code=400)
