"""The stand-ins' servers on this machine: on free ports, with a control path for other processes."""

import ssl
from collections.abc import Callable, Mapping
from typing import Any

from aiohttp import web


class Servers:
    """The servers of one stand-in, which stop together."""

    def __init__(self) -> None:
        self._runners: list[web.AppRunner] = []

    async def serve(self, app: web.Application, host: str = "127.0.0.1", port: int = 0, tls: ssl.SSLContext | None = None) -> str:
        """The address; ``port`` 0 finds a free one."""
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        self._runners.append(runner)
        await web.TCPSite(runner, host, port, ssl_context=tls).start()
        return f"{'https' if tls else 'http'}://{host}:{runner.addresses[0][1]}"

    async def stop(self) -> None:
        while self._runners:
            await self._runners.pop().cleanup()


def control(controls: Mapping[str, Callable[..., Any]]) -> web.Application:
    """Methods of a stand-in over HTTP, to be served on a separate port: the real service has no such calls.

    `POST /_control/<name>` with a JSON object of the arguments answers `{"result": ...}`, or 400 `{"error": ...}`.
    """
    app = web.Application()
    app.add_routes([web.post(f"/_control/{name}", _handler(method)) for name, method in controls.items()])
    return app


def _handler(method: Callable[..., Any]) -> Callable[[web.Request], Any]:
    async def handle(request: web.Request) -> web.Response:
        try:
            arguments = await request.json() if request.body_exists else {}
            return web.json_response({"result": method(**arguments)})
        except (TypeError, ValueError, KeyError) as error:
            return web.json_response({"error": f"{type(error).__name__}: {error}"}, status=400)

    return handle
