"""Socket Mode with a watchdog: it notices a connection that is silent or can't be restored, so that the process can end."""

import asyncio
import contextlib
import logging
import time
from typing import Any

from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest

from bot.slack.errors import LOGGED_OUT, SlackError
from bot.slack.payloads import MalformedPayload, check_shape, reading
from bot.telemetry import metrics
from bot.telemetry.acks import in_flight, timed

log = logging.getLogger("bot.slack.socket_mode")

PING_SECONDS = 5.0
"""The SDK's client reconnects when four of its pings in a row get no answer."""
GIVE_UP_SECONDS = 120.0
ANSWERING = 3.0
"""Seconds that answers to what was received may take when the process is told to end: as long as Slack waits for them."""
CLOSING = 1.0
"""Seconds that Slack has to close its side too."""
SOON = 0.05
"""Seconds in which a task begins for each message that was received."""


HOW = "set SLACK_APP_TOKEN to one of the app's own, with the scope connections:write"

sdk = logging.getLogger("slack_sdk.socket_mode")
"""What the SDK says of its connection."""


class NoConnectionError(Exception):
    """Slack gives no address to connect to. Its text is Slack's code, ``http_503``, ``timeout`` or ``unreachable``."""


def _is_not_told(record: logging.LogRecord) -> bool:
    """The SDK says of each attempt what `_Client` says once."""
    error = record.exc_info[1] if record.exc_info else None
    return not (isinstance(error, NoConnectionError) or record.getMessage().startswith("Failed to retrieve WSS URL"))


sdk.addFilter(_is_not_told)


class _Client(SocketModeClient):
    """``refused``: why Slack gives no connection; empty once it does."""

    refused = ""

    async def issue_new_wss_url(self) -> str:
        before = self.refused
        try:
            address = await super().issue_new_wss_url()
        except NoConnectionError:  # it calls itself again after a while when Slack limits it
            raise
        except Exception as error:
            self.refused = _code(error)
            if self.refused != before:
                how = {"how": HOW} if self.refused in LOGGED_OUT else {}
                log.warning("Slack gives no connection for Socket Mode", extra={"error": self.refused, **how})
            raise NoConnectionError(self.refused) from error
        self.refused = ""
        return address


def _code(error: Exception) -> str:
    answered = error.__context__ if isinstance(error.__context__, SlackApiError) else error  # the SDK fails on what isn't JSON
    if isinstance(answered, SlackApiError):
        return SlackError.of("apps.connections.open", answered.response).error
    return "timeout" if isinstance(error, TimeoutError) else "unreachable"


class _Handler(AsyncSocketModeHandler):
    def __init__(self, app: AsyncApp, app_token: str, ping_interval: float) -> None:
        """The SDK's own would make a client of its own."""
        self.app, self.app_token = app, app_token
        self.client: _Client = _Client(app_token, logger=sdk, web_client=app.client, ping_interval=ping_interval)
        self.client.socket_mode_request_listeners.append(self.handle)

    async def handle(self, client: Any, req: SocketModeRequest) -> None:
        # What fails stays unacknowledged: Slack sends an event again, and shows a person that it failed.
        async with timed(req.type) as ack:
            try:
                with reading():
                    check_shape(req.payload)
                    await super().handle(client, req)
            except MalformedPayload as error:
                ack.outcome = "refused"
                log.warning("an envelope makes no sense", exc_info=error)


class SocketMode:
    """``await start()`` connects in the background, for as long as it takes; ``await lost()`` returns when it should be given up.

    ``give_up_after``: seconds without a sign of life (a payload, an answer to a ping), once connected. A new connection and its
    hello don't count: it may reconnect again and again and receive nothing. The SDK's client has been seen to hang while
    reconnecting; then only a new process helps.
    """

    def __init__(
        self, app: AsyncApp, app_token: str, *, give_up_after: float = GIVE_UP_SECONDS, ping_seconds: float = PING_SECONDS
    ) -> None:
        self._app, self._token = app, app_token
        self._give_up_after, self._ping_seconds = give_up_after, ping_seconds
        self._client: Any = None  # much of it has no types
        self._connecting: asyncio.Task[None] | None = None
        self._heard: float | None = None
        self._last_pong: float | None = None
        self._session: object = None

    async def start(self) -> None:
        client: Any = _Handler(self._app, self._token, self._ping_seconds).client
        client.on_message_listeners.append(self._on_message)
        self._client, self._connecting = client, asyncio.create_task(client.connect())

    async def stop(self) -> None:
        """Receive nothing more, answer what was received, then close: else people would read that what they did had failed."""
        if self._connecting is not None:
            self._connecting.cancel()
            await asyncio.gather(self._connecting, return_exceptions=True)
        client = self._client
        if client is None:
            return
        client.auto_reconnect_enabled = False
        if client.message_receiver is not None:
            client.message_receiver.cancel()
        await asyncio.sleep(SOON)
        await in_flight.passed(ANSWERING)
        with contextlib.suppress(TimeoutError):  # where Slack no longer answers, its side is not waited for
            async with asyncio.timeout(CLOSING):
                await client.close()

    async def _on_message(self, message: Any) -> None:
        if "envelope_id" in str(message.data):
            self._heard = time.monotonic()

    def _look(self) -> None:
        """Answers to pings, and new connections, are only noticed by polling."""
        client = self._client
        if client is None:
            return
        if client.current_session is not None and client.current_session is not self._session:
            self._session, self._last_pong = client.current_session, None
            self._heard = self._heard or time.monotonic()
            metrics.SOCKET_CONNECTS.inc()
        # On a new connection, the client may record its own first ping there, which is no answer.
        if client.last_ping_pong_time is not None and client.last_ping_pong_time != self._last_pong:
            if self._last_pong is not None:
                self._heard = time.monotonic()
            self._last_pong = client.last_ping_pong_time
        metrics.SOCKET_AGE.set(self.silence)

    @property
    def silence(self) -> float:
        """Seconds since Slack was last heard from; 0 before the first connection."""
        return 0.0 if self._heard is None else time.monotonic() - self._heard

    def trouble(self) -> str:
        """Why nothing can be received now; empty when all is well."""
        self._look()
        refused = self._client.refused if self._client is not None else ""
        why = f": Slack gives no connection ({refused})" if refused else ""
        how = f"; {HOW}" if refused in LOGGED_OUT else ""
        if self._heard is None:
            return f"not connected yet{why}{how}"
        if self.silence > 5 * self._ping_seconds:
            return f"silent for {round(self.silence)} s{why}{how}"
        return ""

    async def lost(self) -> None:
        """Returns once nothing was heard for ``give_up_after`` seconds. The first connection is tried forever."""
        while self._heard is None or self.silence < self._give_up_after:
            self._look()
            await asyncio.sleep(min(1.0, self._give_up_after / 4))
        log.error("Socket Mode is lost: the process ends and should be restarted", extra={"silent_seconds": round(self.silence)})
