"""Work that goes on after a request is acknowledged."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

from bot.telemetry.logs import error_id, named

log = logging.getLogger("bot.slack.background")


class Background:
    """``later(work())`` starts it; ``await drain()`` waits for all of it."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()  # the loop itself keeps only weak references

    @property
    def busy(self) -> bool:
        return bool(self._tasks)

    def later(self, work: Coroutine[Any, Any, Any]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("background work failed", extra={"error_id": error_id(), "error": named(error)}, exc_info=error)

    async def drain(self) -> None:
        """Wait until nothing is left, including what was started in the meantime."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)
