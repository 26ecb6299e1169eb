"""Whether Slack refuses tables in this workspace: asked again after a day, since they are new and reach workspaces one after the other."""

from contextlib import suppress
from datetime import timedelta
from typing import Protocol

from flows.model import RefusedBlocks
from flows.ports import Unit
from storage.sealing import SealError
from storage.store import Conflict, Store, Unavailable

ASKED_AGAIN = timedelta(days=1)
TABLES = "tables"


class NoTables(Protocol):
    """As `bot.slack.client.Slack` needs it. Raises nothing: without an answer, Slack is asked."""

    async def known(self) -> bool:
        """Whether Slack refused them lately."""

    async def learnt(self) -> None:
        """Slack refuses them."""


class NoTablesHere:
    """In memory, for a client that has no store: commands, measurements."""

    def __init__(self) -> None:
        self._refused = False

    async def known(self) -> bool:
        return self._refused

    async def learnt(self) -> None:
        self._refused = True


class NoTablesKept:
    """In the store, for all processes and over restarts."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def known(self) -> bool:
        try:
            async with self._store.read() as unit:
                row = await unit.get(RefusedBlocks, TABLES)
                return row is not None and unit.now - row.at < ASKED_AGAIN
        except (SealError, Unavailable):
            return False

    async def learnt(self) -> None:
        with suppress(Conflict, SealError, Unavailable):  # learnt again by the next table
            await self._store.transact(_keep)


async def _keep(unit: Unit) -> None:
    row = await unit.get(RefusedBlocks, TABLES)
    if row is None:
        unit.add(RefusedBlocks(id=TABLES, at=unit.now))
    else:
        row.at = unit.now
