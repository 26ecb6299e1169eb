"""Counting acknowledgements: how many of which kind, how they went, how long they took."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot import metrics


class Ack:
    """Set ``outcome`` to other than ``ok`` where the request was refused."""

    outcome = "ok"


@asynccontextmanager
async def timed(kind: str) -> AsyncIterator[Ack]:
    """``kind``: ``interactive``, ``slash_commands`` or ``events_api``, as Socket Mode names them."""
    ack, began = Ack(), time.perf_counter()
    try:
        yield ack
    except BaseException:
        ack.outcome = "failed"
        raise
    finally:
        metrics.ACKS.labels(kind, ack.outcome).inc()
        metrics.ACK_SECONDS.labels(kind).observe(time.perf_counter() - began)


def kind_of(content_type: str, body: bytes) -> str:
    """Of an HTTP request, told without parsing it."""
    if content_type.startswith("application/json"):
        return "events_api"
    return "interactive" if body.startswith(b"payload=") else "slash_commands"
