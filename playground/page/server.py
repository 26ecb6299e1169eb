"""The page over HTTP, in the stand-ins' event loop."""

import asyncio
import contextlib
import mimetypes
import socket
from collections.abc import AsyncIterator, Iterator
from functools import cache
from typing import Any, Protocol

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import Response
from nicegui import ui
from starlette.middleware.trustedhost import TrustedHostMiddleware

from playground.slack import SlackStandIn

TITLE = "Pismo onboarding, playground"
RECONNECT_SECONDS = 120.0
"""How long a page that lost its connection may come back to what was typed in it; a ping may go unanswered for two fifths of it.
It is long because on a busy machine either side may stall for many seconds. A closed tab is noticed at once."""


class ServedPage(Protocol):
    """What is served. ``draw`` draws it for the browser that just arrived; the files are those of ``slack``."""

    @property
    def slack(self) -> SlackStandIn: ...
    def draw(self) -> None: ...


class _PageServer(uvicorn.Server):
    """Leaves signals to whoever serves the page: more than one server has to end."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@cache
def _front() -> FastAPI:
    """NiceGUI can be mounted only once per process; ``state.page`` says which page it shows."""
    front = FastAPI(openapi_url=None)

    @front.get("/files/{file_id}")
    async def download(file_id: str, request: Request) -> Response:
        file = request.app.state.page.slack.world.files.get(file_id)
        if file is None:
            return Response("This file is gone.", status_code=404, media_type="text/plain")
        kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        name = file.name.encode("ascii", "replace").decode().replace('"', "'")
        headers = {
            "Content-Disposition": f'attachment; filename="{name}"',
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "no-store",
        }
        return Response(file.content, media_type=kind, headers=headers)

    def draw() -> None:
        front.state.page.draw()

    ui.run_with(
        front,
        root=draw,
        title=TITLE,
        dark=None,
        language="en-US",
        favicon=FAVICON,
        show_welcome_message=False,
        reconnect_timeout=RECONNECT_SECONDS,
        binding_refresh_interval=0.5,
    )
    return front


FAVICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="#4a154b"/>'
    '<path d="M9 16.5l5 5L23.5 11" fill="none" stroke="#fff" stroke-width="3.6" stroke-linecap="round" stroke-linejoin="round"/></svg>'
)


@contextlib.asynccontextmanager
async def serve(page: ServedPage, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[str]:
    """Serve the page until the block ends; gives its address. Port 0 takes a free one.

    Only requests that name this address (or localhost) are answered, so that no other website can reach it under its own name;
    a host other than 127.0.0.1 lifts this.

    Raises:
        OSError: the port is in use.

    """
    listening = socket.create_server((host, port))
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    front = _front()
    front.state.page = page
    allowed = ["127.0.0.1", "localhost"] if host == "127.0.0.1" else ["*"]
    app: Any = TrustedHostMiddleware(front, allowed_hosts=allowed)
    server = _PageServer(uvicorn.Config(app, log_config=None, access_log=False, lifespan="on", timeout_graceful_shutdown=1))
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        while not server.started:
            if serving.done():
                await serving
                raise OSError("the page's server ended at its start")
            await asyncio.sleep(0.01)
        yield f"http://{host}:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        await serving
        listening.close()
