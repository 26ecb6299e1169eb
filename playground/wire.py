"""What the bot sent to a stand-in, word for word, so that it can be searched."""

from typing import Any
from urllib.parse import unquote_plus

from aiohttp import web
from aiohttp.typedefs import Handler

TOKENS = {"authorization"}
"""Headers that carry a token to the service it is for: not kept."""


class Wire:
    """``kept``: address, headers and body (also form-decoded) of each call since `keep` was called; None before that."""

    def __init__(self) -> None:
        self.kept: list[str] | None = None

    def keep(self) -> None:
        self.kept = []

    def note(self, *parts: Any) -> None:
        if self.kept is not None:
            self.kept.append("\n".join(str(part) for part in parts))

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if self.kept is not None:
            headers = {name: value for name, value in request.headers.items() if name.lower() not in TOKENS}
            is_file = request.content_type.startswith("multipart/")  # a stream that only its handler may read
            body = "" if is_file else (await request.read()).decode("utf-8", "replace")
            self.note(request.path_qs, headers, body, unquote_plus(body))
        return await handler(request)
