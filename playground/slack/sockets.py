"""Socket Mode: the open websocket connections of the app and the envelopes that go over them."""

import asyncio
import itertools
import json
import time
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

from playground.slack.block_kit import Json
from playground.slack.core import Core
from playground.slack.records import Answer


@dataclass(eq=False)
class SocketConnection:
    ws: web.WebSocketResponse
    waiting: dict[str, asyncio.Future[Any]] = field(default_factory=dict)

    def lost(self) -> None:
        for future in self.waiting.values():
            if not future.done():
                future.set_exception(ConnectionResetError())


class Sockets:
    """`ping_seconds`: between Slack's own pings."""

    def __init__(self, core: Core) -> None:
        self.core = core
        self.ping_seconds = 5.0
        self.pinging = True
        self.connections: list[SocketConnection] = []
        self.tickets: set[str] = set()
        self._turn = itertools.count()

    def new_url(self) -> str:
        """A websocket address that serves one connection."""
        ticket = self.core.world.new_id("k")
        self.tickets.add(ticket)
        return f"{self.core.url.replace('http', 'ws', 1)}/socket?ticket={ticket}"

    async def serve(self, request: web.Request) -> web.StreamResponse:
        ticket = request.query.get("ticket", "")
        if ticket not in self.tickets:
            return web.Response(status=401)
        self.tickets.discard(ticket)
        ws = web.WebSocketResponse(autoping=False)
        await ws.prepare(request)
        connection = SocketConnection(ws)
        self.connections.append(connection)
        await ws.send_json(
            {
                "type": "hello",
                "num_connections": len(self.connections),
                "debug_info": {
                    "host": "stand-in",
                    "started": "2026-01-01 00:00:00.000",
                    "build_number": 1,
                    "approximate_connection_time": 18060,
                },
                "connection_info": {"app_id": self.core.app_id},
            }
        )
        self.core.changed()
        pings = asyncio.create_task(self._ping(ws))
        try:
            async for frame in ws:
                if frame.type == WSMsgType.PING and self.pinging:
                    await ws.pong(frame.data)
                elif frame.type == WSMsgType.TEXT:
                    self._acknowledged(connection, frame.data)
        finally:
            pings.cancel()
            self.connections.remove(connection)
            connection.lost()
            self.core.changed()
        return ws

    async def _ping(self, ws: web.WebSocketResponse) -> None:
        while not ws.closed:
            if self.pinging:
                await ws.ping(b"Ping from stand-in")
            await asyncio.sleep(self.ping_seconds)

    @staticmethod
    def _acknowledged(connection: SocketConnection, data: str) -> None:
        answer = json.loads(data)
        future = connection.waiting.get(answer.get("envelope_id", ""))
        if future and not future.done():
            future.set_result(answer.get("payload"))

    async def send(
        self, kind: str, payload: Json, *, attempt: int = 0, reason: str = "", accepts: bool = False, twice: bool = False
    ) -> Answer:
        """Sends one envelope to any connection, or to the next if that breaks; `twice`: sends it again, as can happen."""
        began, envelope_id = time.perf_counter(), self.core.world.new_id("e")
        envelope = {"envelope_id": envelope_id, "type": kind, "payload": payload, "accepts_response_payload": accepts}
        if kind == "events_api":
            envelope |= {"retry_attempt": attempt, "retry_reason": reason}
        answer = Answer()
        try:
            async with asyncio.timeout(self.core.ack_seconds):
                if not self.connections:
                    answer.error = "dispatch_failed"
                    return answer
                answer.body = await self._exchange(envelope, copies=2 if twice else 1)
                answer.status = 200
        except TimeoutError:
            answer.error = "operation_timeout"
        finally:
            answer.ms = (time.perf_counter() - began) * 1000
        return answer

    async def _exchange(self, envelope: Json, copies: int) -> Any:
        while True:
            live = await self.core.until(lambda: [c for c in self.connections if not c.ws.closed], self.core.ack_seconds)
            connection: SocketConnection = live[next(self._turn) % len(live)]
            future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
            connection.waiting[envelope["envelope_id"]] = future
            try:
                for _ in range(copies):
                    await connection.ws.send_json(envelope)
                return await future
            except ConnectionError:
                await asyncio.sleep(0.01)  # the loop must see the connection end before the next try
            finally:
                connection.waiting.pop(envelope["envelope_id"], None)

    async def disconnect(self, reason: str = "refresh_requested") -> None:
        """Asks the client on each connection to reconnect, as Slack does, and closes it."""
        for connection in list(self.connections):
            await connection.ws.send_json({"type": "disconnect", "reason": reason, "debug_info": {"host": "stand-in"}})
            await connection.ws.close()

    def drop(self) -> None:
        """Cuts all connections without warning."""
        for connection in list(self.connections):
            transport = connection.ws._req.transport if connection.ws._req else None  # noqa: SLF001 - aiohttp has no public way to cut
            if transport:
                transport.abort()
