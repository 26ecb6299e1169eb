"""What the stand-in was asked, the correlation ID on every answer, and the cookie of the gateway in front of it."""

from dataclasses import dataclass
from uuid import uuid4

from aiohttp import web
from aiohttp.typedefs import Handler

NEVER_HANDLED = web.RequestKey("never_handled", bool)
REFUSAL = web.RequestKey("refusal", str)
COOKIE = "__cf_bm"


@dataclass
class SeenRequest:
    """A call without its headers and body. ``status`` is what the handler made of it, None if it never got there.

    ``refusal`` says why a customer's own JWT was refused, which Pismo's answer does not; ``cookie`` whether the caller sent
    back the cookie it was given.
    """

    method: str
    path: str
    x_cid: str
    status: int | None = None
    refusal: str = ""
    cookie: bool = False


class Traffic:
    def __init__(self) -> None:
        self.calls: list[SeenRequest] = []

    async def note(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        seen = SeenRequest(request.method, request.path, request.headers.get("x-cid") or str(uuid4()))
        seen.cookie = COOKIE in request.cookies
        self.calls.append(seen)
        try:
            response = await handler(request)
        except web.HTTPException as error:  # a path or method that Pismo does not have
            seen.status = error.status
            error.headers["x-cid"] = seen.x_cid
            raise
        seen.status = None if NEVER_HANDLED in request else response.status
        seen.refusal = request.get(REFUSAL, "")
        response.headers["x-cid"] = seen.x_cid
        response.set_cookie(COOKIE, "of-the-gateway", httponly=True, secure=request.secure)
        return response
