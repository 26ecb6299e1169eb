"""Whole onboardings for what shows many customers: one that is damaged is left out, and keeps nobody from seeing the others."""

import logging
from collections.abc import Sequence

from flows.model import Onboarding, Snapshot
from flows.ports import Unit
from storage.sealing import SealError

log = logging.getLogger("bot.listeners.overviews")


async def snapshots(unit: Unit, onboardings: Sequence[Onboarding]) -> list[Snapshot]:
    """Those that can be read and have a readable name, in the same order; of the others, the log says where."""
    found = []
    for onboarding in onboardings:
        try:
            snapshot = await unit.snapshot(onboarding.id)
            if snapshot is not None and snapshot.onboarding.customer:
                found.append(snapshot)
        except SealError as error:
            left_out(error)
    return found


def left_out(error: SealError) -> None:
    log.error("a damaged onboarding was left out: run verify-log", extra={"where": str(error)})
