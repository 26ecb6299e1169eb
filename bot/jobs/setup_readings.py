"""What of a product's set-up is there, item by item: one verdict for each thing that can be read at Pismo."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

from flows.forms.step import ProgramsRead, ReadingKind, SetupOutcome, WantedReading
from pismo.errors import PismoError
from pismo.models import Result
from pismo.readings import Hierarchy, SetupReadings

NAMED = 5
"""Of many, so many are named."""
MAX_HIERARCHIES = 20
"""Whose divisions are read."""


class SetupVerdict(Result):
    """``reason``: a key, with its ``params``; ``also``: more of them."""

    outcome: SetupOutcome
    reason: str
    params: Mapping[str, str | int] = {}
    also: Sequence[tuple[str, Mapping[str, str | int]]] = ()


class SetupReader:
    """For one check: a list that two items need is read once."""

    def __init__(self, readings: SetupReadings) -> None:
        self._readings = readings
        self._hierarchies: tuple[Result, list[Hierarchy]] | None = None
        self._kinds: Mapping[ReadingKind, Callable[[WantedReading], Awaitable[SetupVerdict]]] = {
            "programs": self._programs,
            "hierarchies": self._levels,
            "divisions": self._divisions,
            "holiday_calendars": self._holidays,
            "processing_codes": self._codes,
            "loan_products": self._loans,
            "marketplace": self._marketplace,
        }

    async def read(self, reading: WantedReading) -> SetupVerdict:
        """Raises PismoError."""
        return await self._kinds[reading.kind](reading)

    async def _programs(self, reading: WantedReading) -> SetupVerdict:
        page, found = await self._readings.programs()
        if reading.programs is None:
            raise ValueError(reading.item)
        judged = reading.programs(ProgramsRead([one.model_dump() for one in found], page.total_items))
        (reason, params), *also = [(f"setup_check.{key}", params) for key, params in judged.said]
        return SetupVerdict(outcome=judged.outcome, reason=reason, params=params, also=also, x_cid=page.x_cid, ms=page.ms)

    async def _known_hierarchies(self) -> tuple[Result, list[Hierarchy]]:
        if self._hierarchies is None:
            self._hierarchies = await self._readings.hierarchies()
        return self._hierarchies

    async def _levels(self, _reading: WantedReading) -> SetupVerdict:
        page, found = await self._known_hierarchies()
        if not found:
            return _verdict(page, "missing", "hierarchies_none")
        return _verdict(page, "done", "hierarchies_found", names=_named(one.name for one in found), count=len(found))

    async def _divisions(self, _reading: WantedReading) -> SetupVerdict:
        """Those of every hierarchy; what they lack is told by level."""
        page, hierarchies = await self._known_hierarchies()
        if not hierarchies:
            return _verdict(page, "missing", "divisions_no_hierarchy")
        count, empty = 0, list[str]()
        for hierarchy in hierarchies[:MAX_HIERARCHIES]:
            page, found = await self._readings.divisions(hierarchy.id)
            count += len(found)
            covered = {one.level_id for one in found}
            empty += [level.name for level in hierarchy.levels if found and level.id not in covered]
        if not count:
            return _verdict(page, "missing", "divisions_none", names=_named(one.name for one in hierarchies))
        if empty:
            return _verdict(page, "done", "divisions_some", count=count, levels=_named(empty))
        return _verdict(page, "done", "divisions_found", count=count)

    async def _holidays(self, _reading: WantedReading) -> SetupVerdict:
        page, count = await self._readings.holiday_calendars()
        return _verdict(page, "done", "holidays_found", count=count) if count else _verdict(page, "missing", "holidays_none")

    async def _codes(self, _reading: WantedReading) -> SetupVerdict:
        page, found = await self._readings.processing_codes()
        ready = [one for one in found if one.status == "SUCCESS"]
        own, pending = sum(not one.standard for one in ready), len(found) - len(ready)
        if not ready:
            return _verdict(page, "missing", "codes_pending" if found else "codes_none", count=pending)
        key = "codes_found_some" if pending else "codes_found"
        return _verdict(page, "done", key, count=len(ready), own=own, pending=pending)

    async def _loans(self, _reading: WantedReading) -> SetupVerdict:
        page, found = await self._readings.loan_products()
        active = sum(one.status == "ACTIVE" for one in found)
        if not active:
            return _verdict(page, "missing", "loans_inactive" if found else "loans_none", count=len(found))
        return _verdict(page, "done", "loans_found", count=active)

    async def _marketplace(self, reading: WantedReading) -> SetupVerdict:
        """Pismo publishes no answer for an ID that it does not know: 404, or 400 as its only answer for what a caller did wrong."""
        if not reading.which.isdecimal():
            return SetupVerdict(outcome="missing", reason="setup_check.marketplace_no_id")
        try:
            found = await self._readings.marketplace(int(reading.which))
        except PismoError as error:
            if error.status not in (400, 404):
                raise
            there = Result(x_cid=error.x_cid, ms=error.ms)
            return _verdict(there, "missing", "marketplace_unknown", number=reading.which)
        return _verdict(found, "done", "marketplace_found", number=reading.which)


def _verdict(of: Result, outcome: SetupOutcome, reason: str, **params: str | int) -> SetupVerdict:
    return SetupVerdict(outcome=outcome, reason=f"setup_check.{reason}", params=params, x_cid=of.x_cid, ms=of.ms)


def _named(names: Iterable[str]) -> str:
    all_of_them = list(names)
    return ", ".join(all_of_them[:NAMED]) + (", …" if len(all_of_them) > NAMED else "")
