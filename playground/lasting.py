"""An office kept in a folder: the next start carries on where it left off."""

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path

from playground.office import LIFELIKE, Office
from playground.saving import VERSION, Kept, Saver, load, pismo_from_json, pismo_to_json, save, slack_from_json, slack_to_json

KEYS, SLACK, PISMO = "office.json", "slack.json", "pismo.json"
NAMES = (KEYS, SLACK, PISMO, "clock", "policies.toml", "bot.log")


def clear(folder: Path) -> None:
    """Delete what an office kept in a folder; other files stay."""
    for path in [*(folder / name for name in NAMES), *folder.glob("onboarding.db*")]:
        path.unlink(missing_ok=True)


class LastingOffice(Office):
    """``fresh``: nothing was kept there. Opening raises SavedError if what was kept cannot be used."""

    def __init__(self, folder: Path, *, policies: str = LIFELIKE, held: Sequence[int] = ()) -> None:
        super().__init__(policies=policies, folder=folder, held=held)
        self.fresh = True
        self._saver = Saver(
            self.slack,
            [
                Kept(self.path / SLACK, lambda: slack_to_json(self.slack)),
                Kept(self.path / PISMO, lambda: pismo_to_json(self.pismo.world)),
            ],
        )
        self._saving: asyncio.Task[None] | None = None

    async def _open(self) -> None:
        self._go_on()
        await super()._open()
        self._saving = asyncio.create_task(self._saver.follow())
        self._saver.now()

    async def _close(self) -> None:
        try:
            await super()._close()
        finally:
            if self._saving is not None:
                self._saving.cancel()
                await asyncio.gather(self._saving, return_exceptions=True)
                self._saver.now()

    def _go_on(self) -> None:
        """With everything that was kept, or with nothing: half of it is useless."""
        self.path.mkdir(parents=True, exist_ok=True)
        known, slack, pismo = (load(self.path / name) for name in (KEYS, SLACK, PISMO))
        if known is None or slack is None or pismo is None:
            clear(self.path)
            save(self.path / KEYS, json.dumps({"version": VERSION, "keys": self.keys}))
            return
        self.fresh = False
        self.keys = known["keys"]
        slack_from_json(self.slack, slack)
        pismo_from_json(self.pismo.world, pismo)
        self.log.unlink(missing_ok=True)
