"""The HTTP server: at which addresses it listens, and its connections, which nobody can hold open for long."""

import asyncio
import contextlib
import resource
import socket
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Route
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from bot.config.settings import Settings

GRACE_SECONDS = 4
"""For requests that are being answered when the process is told to end. Slack waits for 3 seconds."""
RECEIVE_SECONDS = 10.0
"""For a whole request, headers and body, and for reading on where answers have piled up. Slack does both at once."""
IDLE_SECONDS = 75
"""For the next request on a connection. What stands in front keeps one for a minute, as AWS's load balancers and nginx do: if the bot
closed it sooner, a request that was just on its way would be lost, and with it a press."""
MAX_HEAD = 16 * 1024
"""Bytes of a request line with its headers."""
MAX_CONNECTIONS = 10_000


def most_connections() -> int:
    """More are closed at once: files and the database need the other half of what the process may open (`ulimit -n`)."""
    may_open, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MAX_CONNECTIONS if may_open == resource.RLIM_INFINITY else min(MAX_CONNECTIONS, may_open // 2)


_REQUEST, _READER = "request", "reader"
"""What a connection waits for."""


@dataclass(frozen=True)
class Binding:
    """An address where Slack's requests (``slack``), or health and metrics (``ops``), or both are served. ``variables``: the two
    that set it."""

    host: str
    port: str
    slack: bool
    ops: bool
    variables: tuple[str, str] = ("HOST", "PORT")


def bindings(settings: Settings) -> list[Binding]:
    """One, or two where OPS_PORT is set; Socket Mode needs none for Slack."""
    slack = not settings.socket_mode
    if not settings.ops_port:
        return [Binding(settings.host, settings.port, slack=slack, ops=True)]
    front = Binding(settings.host, settings.port, slack=True, ops=False)
    ops = Binding(settings.ops_host, settings.ops_port, slack=False, ops=True, variables=("OPS_HOST", "OPS_PORT"))
    return [front, ops] if slack else [ops]


def listener(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one. Raises OSError."""
    listening = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET, backlog=512)
    # Connections inherit it. Without it, a response's body waits 40 ms for the acknowledgement of its headers.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening


HEADERS = {"x-content-type-options": "nosniff", "cache-control": "no-store"}
"""Of every answer: none is for browsers, nor to be kept on the way."""


class _Server(uvicorn.Server):
    """Leaves signals to whoever runs it: a bot has more to stop than its server."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class Connection(HttpToolsProtocol):
    """Closed when a request is slow or endless, when nobody reads the answers, or when there are too many connections: uvicorn itself
    waits however long it takes, and keeps however much it is."""

    receive_seconds = RECEIVE_SECONDS
    max_connections = most_connections()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._deadlines: dict[str, asyncio.TimerHandle] = {}
        # Only what is read before the headers end counts as head; the parser doesn't say where in a read that was.
        self._in_body, self._only_head, self._head = False, True, 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > self.max_connections:
            transport.abort()
            return
        self._expect(_REQUEST)

    def data_received(self, data: bytes) -> None:
        self._expect(_REQUEST)
        self._only_head = not self._in_body
        super().data_received(data)
        if self._only_head and not self.transport.is_closing():
            self._head += len(data)
            if self._head > MAX_HEAD:
                self.send_400_response("Too many headers.")

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._expect(_REQUEST)

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        self._in_body, self._only_head, self._head = True, False, 0

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._in_body = False
        self._came(_REQUEST)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._expect(_READER)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._came(_READER)

    def connection_lost(self, exc: Exception | None) -> None:
        self._came(_REQUEST)
        self._came(_READER)
        super().connection_lost(exc)

    def _expect(self, what: str) -> None:
        """It has to come in time."""
        if what not in self._deadlines:
            self._deadlines[what] = self.loop.call_later(self.receive_seconds, self.transport.abort)

    def _came(self, what: str) -> None:
        if what in self._deadlines:
            self._deadlines.pop(what).cancel()


def server(routes: Sequence[Route], connection: type[Connection] = Connection) -> uvicorn.Server:
    """Not yet running: ``await server.serve(sockets=[listening])``."""
    app = Starlette(routes=routes)
    app.router.redirect_slashes = False  # to where, a request's Host would decide
    config = uvicorn.Config(
        app,
        http=connection,
        ws="none",
        log_config=None,
        access_log=False,
        lifespan="off",
        server_header=False,
        headers=list(HEADERS.items()),
        timeout_keep_alive=IDLE_SECONDS,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    return _Server(config)
