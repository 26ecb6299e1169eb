"""How payloads reach the app: signed HTTP with Slack's retries, or Socket Mode envelopes."""

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import aiohttp

from playground.slack.block_kit import Json
from playground.slack.core import Core
from playground.slack.records import PAYLOADS_KEPT, Answer, Delivery, Sent
from playground.slack.sockets import Sockets

FORM = "application/x-www-form-urlencoded"
_REASONS = {"operation_timeout": "http_timeout", "dispatch_failed": "connection_failed", "http_error": "http_error"}


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """Slack's v0 signature of a raw body."""
    return "v0=" + hmac.new(secret.encode(), f"v0:{timestamp}:".encode() + body, hashlib.sha256).hexdigest()


class Courier:
    def __init__(self, core: Core) -> None:
        self.core = core
        self.by: Delivery | None = None
        self.sockets = Sockets(core)
        self.session: aiohttp.ClientSession | None = None
        self.tasks: set[asyncio.Task[None]] = set()

    async def close(self) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        if self.session:
            await self.session.close()
            self.session = None

    async def interact(self, payload: Json) -> Answer:
        """block_actions, view_submission, view_closed, block_suggestion."""
        kind, accepts = payload["type"], payload["type"] in {"view_submission", "block_suggestion"}
        if self.by is None:
            return Answer(error="dispatch_failed")
        if self.by.url:
            answer = await self._post(urlencode({"payload": json.dumps(payload)}).encode(), FORM)
        else:
            answer = await self.sockets.send("interactive", payload, accepts=accepts, twice=self._doubled())
        self._note(kind, str(payload.get("trigger_id", "")), 0, answer, payload)
        return answer

    async def command(self, payload: Json) -> Answer:
        if self.by is None:
            return Answer(error="dispatch_failed")
        if self.by.url:
            answer = await self._post(urlencode(payload).encode(), FORM)
        else:
            answer = await self.sockets.send("slash_commands", payload, accepts=True, twice=self._doubled())
        self._note("slash_command", payload["trigger_id"], 0, answer, payload)
        return answer

    def event(self, envelope: Json) -> None:
        """Starts delivering an event; it is retried until it is acknowledged or the retries run out."""
        if self.by is None:
            return
        copies = 2 if self.by.url and self._doubled() else 1
        for _ in range(copies):
            self.begin(self._try_event(envelope))

    def begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def _try_event(self, envelope: Json) -> None:
        reason = ""
        for attempt in range(len(self.core.retry_delays) + 1):
            if attempt:
                await asyncio.sleep(self.core.retry_delays[attempt - 1])
            answer = await self._send_event(envelope, attempt, reason)
            self._note(envelope["event"]["type"], envelope["event_id"], attempt, answer, envelope)
            if answer.ok or answer.no_retry:
                return
            reason = _REASONS.get(answer.error or "", "unknown_error")

    async def _send_event(self, envelope: Json, attempt: int, reason: str) -> Answer:
        if self.by is None or not self.by.url:
            why = "timeout" if reason == "http_timeout" else reason
            return await self.sockets.send("events_api", envelope, attempt=attempt, reason=why, twice=self._doubled())
        headers = {"X-Slack-Retry-Num": str(attempt), "X-Slack-Retry-Reason": reason} if attempt else {}
        return await self._post(json.dumps(envelope).encode(), "application/json", headers)

    async def _post(self, body: bytes, content_type: str, headers: dict[str, str] | None = None) -> Answer:
        if self.session is None:
            self.session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        timestamp = str(int(time.time()))
        signed = {
            "Content-Type": content_type,
            "X-Slack-Request-Timestamp": timestamp,
            "X-Slack-Signature": signature(self.core.signing_secret, timestamp, body),
            **(headers or {}),
        }
        answer, began = Answer(), time.perf_counter()
        try:
            async with (
                asyncio.timeout(self.core.ack_seconds),
                self.session.post(str(self.by and self.by.url), data=body, headers=signed, allow_redirects=False) as response,
            ):
                answer.status, text = response.status, await response.text()
                answer.no_retry = response.headers.get("X-Slack-No-Retry") == "1"
                if not response.ok or response.status >= 300:
                    answer.error = "http_error"
                answer.body = _body(text)
        except TimeoutError:
            answer.error = "operation_timeout"
        except aiohttp.ClientError:
            answer.error = "dispatch_failed"
        answer.ms = (time.perf_counter() - began) * 1000
        return answer

    def _doubled(self) -> bool:
        doubled = self.core.world.chance.random() < float(self.core.faults.duplicate_deliveries)
        self.core.faults.duplicated += doubled
        return doubled

    def _note(self, kind: str, name: str, attempt: int, answer: Answer, payload: Json) -> None:
        known = self.core.deliveries
        known.append(Sent(kind, name, attempt, time.time(), answer.ms, answer.status, answer.error, payload))
        if len(known) > PAYLOADS_KEPT:
            known[-PAYLOADS_KEPT - 1] = replace(known[-PAYLOADS_KEPT - 1], payload={})
        self.core.wire.note(kind, answer.body)
        self.core.changed()


def _body(text: str) -> Any:
    if not text:
        return None
    try:
        return json.loads(text)
    except ValueError:
        return text
