"""Looks after the bot's process: starts it again if it exits by itself, and restarts it on request."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Literal

from playground.office import Office
from playground.slack import UnmetError

State = Literal["running", "starting", "down"]
LOOK = 0.3
"""Seconds between checks of the process."""
MAX_PAUSE = 30.0


class Keeper:
    """``tell`` gets a sentence for everything that happens to the bot. `watch` runs alongside everything else."""

    def __init__(self, office: Office, tell: Callable[[str], None]) -> None:
        self.office, self._tell = office, tell
        self._turn = asyncio.Lock()
        self._ready = True
        self._failures = 0

    @property
    def state(self) -> State:
        process = self.office.process
        if process is None or process.returncode is not None:
            return "down"
        return "running" if self._ready else "starting"

    async def restart(self, meanwhile: Callable[[], Awaitable[None]] | None = None) -> None:
        """As in an upgrade: asked to stop, it finishes what it began. ``meanwhile``: what needs the database to itself."""
        async with self._turn:
            self._tell("The bot is restarted.")
            await self.office.stop_bot()
            try:
                if meanwhile is not None:
                    await meanwhile()
            finally:
                await self._start()
            with contextlib.suppress(UnmetError, RuntimeError):  # without Slack it stays unready; it may exit at once
                await self.office.slack.until(self.office.is_ready, timeout=MAX_PAUSE)
            await self._look()

    async def kill(self) -> None:
        """As in a crash; `watch` starts it again."""
        process = self.office.process
        if process is not None and process.returncode is None:
            self._tell("The bot is killed.")
            with contextlib.suppress(ProcessLookupError):
                process.kill()

    async def watch(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(LOOK)
            async with self._turn:
                await self._look()

    async def _look(self) -> None:
        process = self.office.process
        if process is not None and process.returncode is not None:
            self._failures += 1
            self._ready = False
            self.office.slack.changed()
            self._tell(f"The bot has ended ({_how(process.returncode)}). It is started again.")
            await asyncio.sleep(min(MAX_PAUSE, 2.0 ** (self._failures - 1) - 1))
            await self._start()
        elif process is not None and not self._ready:
            with contextlib.suppress(RuntimeError):  # it exited: the next look sees that
                if await self.office.is_ready():
                    self._ready, self._failures = True, 0
                    self._tell("The bot runs again.")
                    self.office.slack.changed()

    async def _start(self) -> None:
        self._ready = False
        self.office.slack.changed()
        await self.office.spawn_bot()


def _how(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"
