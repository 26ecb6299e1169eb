"""Faults on demand: what the network and the platform do to a caller on a bad day."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Literal, cast, get_args

from aiohttp import web
from aiohttp.typedefs import Handler

from playground.pismo import replies
from playground.pismo.traffic import NEVER_HANDLED
from playground.random_faults import RandomFaults

PismoFaultKind = Literal["429", "5xx", "gateway", "slow", "drop_before", "drop_after"]
TOKEN = "token"  # noqa: S105  the end of a path
"""So end the calls that customers make from their own machines."""


@dataclass
class PismoFault:
    """``path`` is the beginning of the paths it affects, or `*`; ``times`` how many calls it has left.

    ``seconds`` is how long `slow` waits before answering as usual, or the Retry-After of `429`. ``met``: a call has met it.
    """

    path: str
    kind: PismoFaultKind
    times: int = 1
    seconds: float | None = None
    met: asyncio.Event = field(default_factory=asyncio.Event, compare=False, repr=False)


class PismoFaults:
    """The first fault that matches a call applies to it. ``at_random``: of these kinds, for calls of the bot."""

    def __init__(self) -> None:
        self.waiting: list[PismoFault] = []
        self.at_random: RandomFaults | None = None
        self._closing = asyncio.Event()

    def add(self, path: str, kind: PismoFaultKind, times: int = 1, seconds: float | None = None) -> PismoFault:
        if kind not in get_args(PismoFaultKind):
            raise ValueError(f"no such fault; there are {', '.join(get_args(PismoFaultKind))}")
        fault = PismoFault(path, kind, times, seconds)
        self.waiting.append(fault)
        return fault

    def clear(self) -> None:
        self.waiting.clear()
        self.at_random = None

    def open(self) -> None:
        """After a close, let slow calls wait again."""
        self._closing.clear()

    def close(self) -> None:
        """Release every slow call, so that the server can stop."""
        self._closing.set()

    async def meet(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answer in place of the handler, or after it, as the next fault says."""
        fault = self._next(request.path)
        if fault is None:
            return await handler(request)
        match fault.kind:
            case "429":
                return replies.too_many(fault.seconds)
            case "5xx":
                return replies.broken(replies.service_of(request.path))
            case "gateway":
                return replies.gateway_error()
            case "slow":
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._closing.wait(), fault.seconds or 0)
                return await handler(request)
            case "drop_before":
                request[NEVER_HANDLED] = True
                return _drop(request, web.Response(status=500))
            case "drop_after":
                return _drop(request, await handler(request))

    def _next(self, path: str) -> PismoFault | None:
        for fault in self.waiting:
            if fault.path == "*" or path.startswith(fault.path):
                fault.met.set()
                fault.times -= 1
                if fault.times <= 0:
                    self.waiting.remove(fault)
                return fault
        if self.at_random is not None and not path.endswith(TOKEN) and (kind := self.at_random.draw()) is not None:
            return PismoFault(path, cast(PismoFaultKind, kind))
        return None


def _drop(request: web.Request, response: web.StreamResponse) -> web.StreamResponse:
    if request.transport is not None:
        request.transport.abort()
    return response
