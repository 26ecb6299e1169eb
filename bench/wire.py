"""HTTP for the load generator and for the stand-in: as little as serves, so that with two cores neither dominates."""

import asyncio
from collections.abc import Callable

import httptools

Reply = Callable[[bytes], None]
Handle = Callable[[str, bytes, Reply], None]
"""Takes a request's path with its query, and its body, and what is to be called with the answer's body, now or later."""


class Serving(asyncio.Protocol):
    """A server's end of a connection. Every answer is JSON with status 200."""

    def __init__(self, handle: Handle) -> None:
        self._handle, self._url, self._body = handle, b"", b""
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpRequestParser(self)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]  # a stream's

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_message_begin(self) -> None:
        self._url = self._body = b""

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        self._handle(self._url.decode(), self._body, self._reply)

    def _reply(self, answer: bytes) -> None:
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(answer)
        if self._transport is not None:
            self._transport.write(head + answer)


class Asking(asyncio.Protocol):
    """A client's end, for one request after the other."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._body = b""
        self._answer: asyncio.Future[tuple[int, bytes]] | None = None
        self._parser = httptools.HttpResponseParser(self)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]  # a stream's

    @property
    def is_open(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    async def ask(self, request: bytes) -> tuple[int, bytes]:
        """Status and body. Raises ConnectionError."""
        if self._transport is None:
            raise ConnectionError("not connected")
        self._answer, self._body = asyncio.get_running_loop().create_future(), b""
        self._transport.write(request)
        return await self._answer

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_result((self._parser.get_status_code(), self._body))

    def connection_lost(self, _: Exception | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(ConnectionError("the server hung up"))
