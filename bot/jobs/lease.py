"""While an effect is worked on: its lease is renewed, and before each call it is asked whether it is still this process's."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar

from storage.outbox import Claim, Outbox, ticks
from storage.store import Conflict, Unavailable

_held: ContextVar[Claim | None] = ContextVar("held", default=None)


class LostError(Exception):
    """The process slept, or the database was away, for so long that another may have the effect. Nothing more is done for it here."""


def check() -> None:
    """Raises LostError. Outside effects there is nothing to lose."""
    claim = _held.get()
    if claim is not None and not claim.is_ours:
        raise LostError


def is_held() -> bool:
    """Whether what is done now is done for an effect: if it fails, it is tried again."""
    return _held.get() is not None


@asynccontextmanager
async def held(outbox: Outbox, claim: Claim) -> AsyncIterator[None]:
    """What is called in the block is called for this effect. The block is cut off when the lease runs out; raises LostError."""
    token = _held.set(claim)
    try:
        if outbox.alone:
            yield
            return
        async with asyncio.timeout(claim.deadline - ticks()) as limit:
            keeper = asyncio.create_task(_keep(outbox, claim, limit))
            try:
                yield
            finally:
                keeper.cancel()
    except TimeoutError:
        if not outbox.alone and limit.expired():
            raise LostError from None
        raise
    finally:
        _held.reset(token)


async def _keep(outbox: Outbox, claim: Claim, limit: asyncio.Timeout) -> None:
    loop = asyncio.get_running_loop()
    while True:
        await asyncio.sleep(outbox.lease / 3)
        began = loop.time()
        with contextlib.suppress(Conflict, Unavailable):  # then it runs out
            kept = await outbox.renew(claim)
            limit.reschedule(began + outbox.lease if kept else began)
