"""What support's lists show although the stored values of a customer were damaged: all the others."""

import logging
from collections.abc import Iterable

from flows.model import Onboarding, Snapshot
from flows.ports import Unit
from storage.sealing import SealError

log = logging.getLogger("bot.listeners.readable")


async def snapshots(unit: Unit, onboardings: Iterable[Onboarding]) -> list[Snapshot]:
    """Of each whose rows, and name, can be read. The log says who was left out, and where the damage is."""
    found = []
    for onboarding in onboardings:
        try:
            snapshot = await unit.snapshot(onboarding.id)
            if snapshot is not None and snapshot.onboarding.customer:
                found.append(snapshot)
        except SealError as error:
            about = {"onboarding": onboarding.id, "where": str(error)}
            log.error("a damaged customer was left out of a list: run verify-log", extra=about)  # noqa: TRY400  says it all
    return found
