"""A collector of traces and a Sentry, as far as the bot talks with them: what arrives is kept."""

import asyncio
import gzip
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


class Collector(ThreadingHTTPServer):
    """``url``: where it listens, on threads of its own, since whoever sends may wait for it. ``goes_on``: unset, nothing is answered.
    ``at``: a socket that has its address and doesn't listen yet."""

    daemon_threads = True

    def __init__(self, at: socket.socket | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler, bind_and_activate=at is None)
        if at is not None:
            self.socket.close()
            self.socket, self.server_port = at, at.getsockname()[1]
            self.server_activate()
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.dsn = f"http://0123456789abcdef0123456789abcdef@127.0.0.1:{self.server_port}/42"
        self.bodies: list[tuple[str, bytes]] = []
        self.goes_on = threading.Event()
        self.goes_on.set()
        self.came = threading.Condition()

    @property
    def batches(self) -> list[ExportTraceServiceRequest]:
        return [ExportTraceServiceRequest.FromString(body) for path, body in self.bodies if path == "/v1/traces"]

    @property
    def span_names(self) -> list[str]:
        spans = (scope.spans for batch in self.batches for one in batch.resource_spans for scope in one.scope_spans)
        return [span.name for some in spans for span in some]

    @property
    def events(self) -> list[dict[str, Any]]:
        """Of Sentry: the last line of an envelope of one item."""
        return [json.loads(body.splitlines()[2]) for path, body in self.bodies if path == "/api/42/envelope/"]

    async def event(self) -> dict[str, Any]:
        """The first event of Sentry's, once it is there."""

        def wait() -> None:
            with self.came:
                assert self.came.wait_for(lambda: self.events, timeout=60)

        await asyncio.to_thread(wait)
        return self.events[0]


class _Handler(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        if self.headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        with self.server.came:
            self.server.bodies.append((self.path, body))
            self.server.came.notify_all()
        self.server.goes_on.wait()
        self.send_response(200)
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


@contextmanager
def collecting(at: socket.socket | None = None) -> Iterator[Collector]:
    with Collector(at) as collector:
        thread = threading.Thread(target=collector.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield collector
        finally:
            collector.goes_on.set()
            collector.shutdown()
            thread.join()
