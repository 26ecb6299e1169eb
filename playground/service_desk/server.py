"""The stand-in as a server on this machine, with faults on demand, and its control path on a separate port."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Literal, Self, cast, get_args

from aiohttp import web

from playground.random_faults import RandomFaults
from playground.servers import Servers, control
from playground.service_desk.api import ServiceDeskApi, refusal
from playground.service_desk.world import ServiceDeskWorld, Ticket
from playground.wire import Wire

FaultKind = Literal["400", "403", "429", "503", "500", "gateway", "drop_before", "drop_after"]


@dataclass
class StandInFault:
    """``method`` and the beginning of ``path`` say which calls it affects; ``times``: how many calls it has left.

    ``seconds``: the Retry-After of 429 and 503, if set.
    """

    kind: FaultKind
    method: str = "*"
    path: str = ""
    times: int = 1
    seconds: float | None = None


@dataclass(frozen=True)
class ServiceDeskCall:
    """A call without its headers and body."""

    method: str
    path: str
    status: int | None


class ServiceDeskStandIn:
    """``async with ServiceDeskStandIn() as desk`` serves at ``desk.url``; ``desk.control_url`` is for other processes."""

    def __init__(self) -> None:
        self.url = self.control_url = ""
        self.user, self.token = "onboarding.bot@pismo.example", "an-api-token-of-the-playground"
        self.world = ServiceDeskWorld()
        self.api = ServiceDeskApi(self.world, self.user, self.token)
        self.calls: list[ServiceDeskCall] = []
        self.faults: list[StandInFault] = []
        self.at_random: RandomFaults | None = None
        self.wire = Wire()
        self._servers = Servers()

    @property
    def settings(self) -> dict[str, str]:
        """The bot's settings for this desk, by their names."""
        return {"SERVICE_DESK_URL": self.url, "SERVICE_DESK_USER": self.user, "SERVICE_DESK_TOKEN": self.token}

    async def start(self) -> Self:
        desk = web.Application(middlewares=[self.wire.middleware, self._met, self.api.guard])
        desk.add_routes(self.api.routes())
        self.url = await self._servers.serve(desk)
        self.control_url = await self._servers.serve(control(self._controls()))
        return self

    async def stop(self) -> None:
        await self._servers.stop()

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(self, *error: object) -> None:
        await self.stop()

    # -- what people do at the desk, and what happens to it

    @property
    def tickets(self) -> list[Ticket]:
        """In the order they were filed."""
        return list(self.world.tickets.values())

    def move(self, key: str, status: str, ago: float = 0.0) -> None:
        """``ago``: seconds."""
        self.world.move(key, status, ago)

    def write(self, key: str, body: str, author: str = "Dora of the desk", *, public: bool = True) -> None:
        """Someone at the desk comments on a ticket; internally, so that no customer sees it, unless ``public``."""
        self.world.write(key, body, author, public=public)

    def renew_token(self, token: str) -> None:
        """From now on this is the API token; the previous one is no longer accepted."""
        self.token = self.api.token = token

    def fail(self, kind: FaultKind, method: str = "*", path: str = "", times: int = 1, seconds: float | None = None) -> None:
        """The next matching calls meet this fault. `drop_after`: the call is carried out, but the answer is lost."""
        if kind not in get_args(FaultKind):
            raise ValueError(f"no such fault; there are {', '.join(get_args(FaultKind))}")
        self.faults.append(StandInFault(kind, method, path, times, seconds))

    def lag(self, searches: int) -> None:
        """The first ``searches`` searches do not find what is filed from now on."""
        self.world.lag = searches

    def _controls(self) -> dict[str, Callable[..., Any]]:
        return {
            "move": self.move,
            "write": self.write,
            "renew_token": self.renew_token,
            "fail": self.fail,
            "lag": self.lag,
            "tickets": lambda: [
                {
                    "key": t.key,
                    "summary": t.summary,
                    "values": t.values,
                    "status": t.history[-1][0],
                    "comments": [{"author": said.author, "body": said.body, "public": said.public} for said in t.comments],
                }
                for t in self.tickets
            ],
            "calls": lambda: [asdict(call) for call in self.calls],
        }

    # -- each call

    @web.middleware
    async def _met(self, request: web.Request, handler: Any) -> web.StreamResponse:
        fault = self._next(request)
        answer: web.StreamResponse
        if fault is None or fault.kind == "drop_after":
            try:
                answer = await handler(request)
            except web.HTTPException as error:  # a path or method that Jira does not have
                self.calls.append(ServiceDeskCall(request.method, request.path, error.status))
                raise
        elif fault.kind in ("429", "503"):
            answer = refusal(int(fault.kind), "Come back later.")
            if fault.seconds is not None:
                answer.headers["Retry-After"] = f"{fault.seconds:g}"
        elif fault.kind == "403":
            answer = refusal(403, "You do not have permission.")
        elif fault.kind == "400":
            answer = refusal(400, "This request cannot be shown.")
        elif fault.kind == "gateway":
            answer = web.Response(status=502, text="<html>502 Bad Gateway</html>", content_type="text/html")
        else:
            answer = refusal(500, "Internal server error")
        dropped = fault is not None and fault.kind in ("drop_before", "drop_after")
        self.calls.append(ServiceDeskCall(request.method, request.path, None if dropped else answer.status))
        if dropped and request.transport is not None:
            request.transport.abort()
        return answer

    def _next(self, request: web.Request) -> StandInFault | None:
        for fault in self.faults:
            if fault.method in ("*", request.method) and request.path.startswith(fault.path):
                fault.times -= 1
                if fault.times <= 0:
                    self.faults.remove(fault)
                return fault
        if self.at_random is not None and (kind := self.at_random.draw()) is not None:
            return StandInFault(cast(FaultKind, kind))
        return None
