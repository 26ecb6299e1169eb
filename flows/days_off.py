"""Days on which nobody works: a country's weekends, its public holidays and those of its state; for a bank, the days on which banks are
closed too.

All come from the package holidays; a country or state that it doesn't know falls back to what is known.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from itertools import chain
from typing import Any

from flows.checks.iso_codes import parts_of

_WEEKEND = (5, 6)
_USUAL_PART = {"GB": "ENG"}
"""Where no holiday is the whole country's: England and Wales have most banks."""
STATES_OF_ZONES = {
    "Australia/Adelaide": "SA",
    "Australia/Brisbane": "QLD",
    "Australia/Darwin": "NT",
    "Australia/Hobart": "TAS",
    "Australia/Melbourne": "VIC",
    "Australia/Perth": "WA",
    "Australia/Sydney": "NSW",
}
"""Where most holidays are the states', if the address has none that is known."""
_BANKS_ALSO = {
    "BR": ("optional", re.compile("Carnaval|Corpus Christi")),
    "CA": ("government", None),
    "DK": ("optional", re.compile("Grundlovsdag|Juleaften|Nytårsaften")),
    "PT": ("optional", re.compile("Carnaval")),
}
"""Category of the package, and what its days must be called, for days on which banks are closed though others work: resolution 4,880 of
Brazil's CMN (on its other "optional" days banks open, if later), the Canada Labour Code, those of Finans Danmark's closing days that the
package has (it lacks the Friday after Ascension), and the banks' collective agreement of Portugal."""
_CALENDARS = {"MX": "XMEX", "US": "XFED"}
"""Financial calendars that have the days of all banks: Mexico's CNBV, the Federal Reserve."""


@dataclass(frozen=True)
class DaysOff:
    """``kinds``: sets of dates that load each year on demand, each with what its days must be called to count."""

    kinds: tuple[tuple[Any, re.Pattern[str] | None], ...] = ()

    def __contains__(self, day: date) -> bool:
        weekend = self.kinds[0][0].is_weekend(day) if self.kinds else day.weekday() in _WEEKEND
        return weekend or bool(self.name(day))

    def name(self, day: date) -> str:
        """What a holiday is called in the country's language; empty if it is none."""
        return next(self._names(day), "")

    def _names(self, day: date) -> Iterator[str]:
        for known, only in self.kinds:
            if (name := str(known.get(day) or "")) and (only is None or only.search(name)):
                yield name


@cache
def days_off(country: str, subdivision: str = "", otherwise: str = "", *, banks: bool = True) -> DaysOff:
    """``country``: ISO 3166-1 alpha-2 or alpha-3, in any case; ``subdivision``: the part of ISO 3166-2 after the hyphen. One
    without known holidays has those of what it is a part of, as Edinburgh Scotland's, else those of the subdivision ``otherwise``.
    ``banks``: with the days on which banks are closed. Never raises."""
    from holidays import financial_holidays  # noqa: PLC0415  saves 0.2 s at startup

    whole = _known(country.upper())
    if whole is None:
        return DaysOff()
    two = whole.country
    kinds: list[tuple[Any, re.Pattern[str] | None]] = [(whole, None)]
    tried = chain(_with_parent(two, subdivision.upper()), (otherwise, _USUAL_PART.get(two)))
    part = next((found for one in tried if one and (found := _known(two, one)) is not None), None)
    kinds += [(part, None)] if part is not None else []
    if not banks:
        return DaysOff(tuple(kinds))
    if "bank" in whole.supported_categories:
        kinds.append((_known(two, part.subdiv if part is not None else None, "bank"), None))
    if two in _BANKS_ALSO:
        category, called = _BANKS_ALSO[two]
        kinds.append((_known(two, None, category), called))
    if two in _CALENDARS:
        language = financial_holidays(_CALENDARS[two]).default_language  # else the machine's
        kinds.append((financial_holidays(_CALENDARS[two], language=language), None))
    return DaysOff(tuple(kinds))


def _with_parent(two: str, subdivision: str) -> Iterator[str]:
    yield subdivision
    for one in parts_of(two) if subdivision else ():
        if one["code"] == f"{two}-{subdivision}":
            yield one.get("parent", "").partition("-")[2]


def _known(country: str, subdivision: str | None = None, category: str = "public") -> Any:
    """None where nothing is known."""
    from holidays import country_holidays  # noqa: PLC0415  saves 0.2 s at startup

    try:
        known = country_holidays(country, subdiv=subdivision, categories=category)
        # Else they are named as the machine's locale has it.
        return country_holidays(country, subdiv=subdivision, categories=category, language=known.default_language)
    except (NotImplementedError, ValueError):  # of a country, a state, or a category
        return None
