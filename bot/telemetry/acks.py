"""Acknowledgements: how many of each kind, their outcome and duration; and letting them go first."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.telemetry import metrics, traces

PATIENCE = 2.0
"""Seconds that background work gives way to acknowledgements, at most: under a steady stream of them, it is done in between."""


class InFlight:
    """How many requests are being answered right now."""

    def __init__(self) -> None:
        self._inside = 0
        self._empty: asyncio.Event | None = None  # made in the loop that uses it

    def __enter__(self) -> None:
        self._inside += 1

    def __exit__(self, *_: object) -> None:
        self._inside -= 1
        if not self._inside and self._empty is not None:
            self._empty.set()
            self._empty = None

    @property
    def busy(self) -> bool:
        return self._inside > 0

    async def passed(self, patience: float = PATIENCE) -> None:
        """Wait until no request is being answered, at most so many seconds."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience):
                while self._inside:
                    self._empty = self._empty or asyncio.Event()
                    await self._empty.wait()


KINDS = ("events_api", "interactive", "slash_commands")
"""As Socket Mode names them."""
OUTCOMES = ("ok", "refused", "failed")
"""``refused``: it made no sense. ``failed``: Slack sends an event again, and shows a person an error."""

metrics.begin(metrics.ACKS, KINDS, OUTCOMES)
metrics.begin(metrics.ACK_SECONDS, KINDS)

in_flight = InFlight()
"""The process's. Effects and App Homes begin once nothing is in flight: they would take the processor's time from who waits."""


class Ack:
    """Set ``outcome`` to another of `OUTCOMES` if the request was refused."""

    outcome = "ok"


@asynccontextmanager
async def timed(kind: str) -> AsyncIterator[Ack]:
    """``kind``: one of `KINDS`."""
    ack, began = Ack(), time.perf_counter()
    with traces.request(kind) as span:
        try:
            with in_flight:
                yield ack
        except BaseException:
            ack.outcome = "failed"
            raise
        finally:
            metrics.ACKS.labels(kind, ack.outcome).inc()
            metrics.ACK_SECONDS.labels(kind).observe(time.perf_counter() - began)
            span.note(outcome=ack.outcome)
            span.mark("acknowledged")


def kind_of(content_type: str, body: bytes) -> str:
    """The kind of an HTTP request, without parsing it."""
    if content_type.startswith("application/json"):
        return "events_api"
    return "interactive" if body.startswith(b"payload=") else "slash_commands"
