"""An office kept in a folder: the next start carries on where it left off."""

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path

from playground.companies import hire_third_company
from playground.office import LIFELIKE, Office
from playground.saving import (
    VERSION,
    Kept,
    Saver,
    desk_from_json,
    desk_to_json,
    load,
    pismo_from_json,
    pismo_to_json,
    save,
    slack_from_json,
    slack_to_json,
)

KEYS, SLACK = "office.json", "slack.json"
PISMO, PRODUCTION, DESK = "pismo.json", "production.json", "desk.json"
NAMES = (KEYS, SLACK, PISMO, PRODUCTION, DESK, "clock", "policies.toml", "bot.log")


def clear(folder: Path) -> None:
    """Delete what an office kept in a folder; other files stay."""
    for path in [*(folder / name for name in NAMES), *folder.glob("onboarding.db*")]:
        path.unlink(missing_ok=True)


class LastingOffice(Office):
    """``fresh``: nothing was kept there. Opening raises SavedError if what was kept cannot be used."""

    def __init__(self, folder: Path, *, policies: str = LIFELIKE, held: Sequence[int] = (), bot: bool = True) -> None:
        super().__init__(policies=policies, folder=folder, held=held, bot=bot)
        self.fresh = True
        self._saver = Saver(
            self.slack,
            [
                Kept(self.path / SLACK, lambda: slack_to_json(self.slack)),
                Kept(self.path / PISMO, lambda: pismo_to_json(self.sandbox.test.world)),
                Kept(self.path / PRODUCTION, lambda: pismo_to_json(self.sandbox.production.world)),
                Kept(self.path / DESK, lambda: desk_to_json(self.service_desk.world)),
            ],
        )
        self._saving: asyncio.Task[None] | None = None

    def _hire(self) -> None:
        super()._hire()
        hire_third_company(self)

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
        kept = [load(self.path / name) for name in (KEYS, SLACK, PISMO, PRODUCTION, DESK)]
        if None in kept:
            clear(self.path)
            save(self.path / KEYS, json.dumps({"version": VERSION, "keys": self.keys}))
            return
        self.fresh = False
        known, slack, test, production, desk = (saved for saved in kept if saved is not None)
        self.keys = known["keys"]
        slack_from_json(self.slack, slack)
        pismo_from_json(self.sandbox.test.world, test)
        pismo_from_json(self.sandbox.production.world, production)
        desk_from_json(self.service_desk.world, desk)
        self.log.unlink(missing_ok=True)
