"""Large cities and their time zones, since people know those better than the zones' own names.

CLDR has a city for each zone and no more. ``cities.tsv`` has some 2,400 of GeoNames, made by ``.ci/cities``.
"""

import sys
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain, takewhile
from pathlib import Path

from flows.checks.spelling import near

_FILE = Path(__file__).with_name("cities.tsv")
_SHORT = {"st": "saint", "sto": "santo", "sta": "santa", "s": "sao", "ft": "fort", "mt": "mount"}
_INITIALS = {
    "nyc": "new york city",
    "ny": "new york city",
    "la": "los angeles",
    "sf": "san francisco",
    "dc": "washington",
    "sp": "sao paulo",
    "rj": "rio de janeiro",
    "bh": "belo horizonte",
    "poa": "porto alegre",
    "bsb": "brasilia",
    "cdmx": "mexico city",
    "df": "mexico city",
    "baires": "buenos aires",
    "bsas": "buenos aires",
    "caba": "buenos aires",
    "capitalfederal": "buenos aires",
}
_MAX_PREFIXED = 200


@dataclass(frozen=True, slots=True)
class City:
    zone: str
    people: int


def named(asked: Sequence[str], *, whole: bool = False) -> list[City]:
    """Those of that name, the largest first. ``asked``: folded words; unless it is the ``whole`` name, what follows it, like a country's,
    is skipped."""
    for last in range(len(asked), len(asked) - 1 if whole else 0, -1):
        if found := _ranked(_of_name(asked[:last])):
            return found
    return []


def beginning(asked: Sequence[str]) -> list[City]:
    """Those whose name begins so, the largest first."""
    return _ranked(_begun(" ".join(asked)))


def misspelt(asked: Sequence[str]) -> list[City]:
    """Those in whose name one letter differs, else in its first words, the largest first."""
    alike = near(" ".join(asked))
    whole = _ranked(chain.from_iterable(_cities().get(name, ()) for name in alike))
    return whole or _ranked(chain.from_iterable(_begun(f"{name} ") for name in alike))


def _begun(text: str) -> Iterator[City]:
    names = _sorted_names()
    first = bisect_left(names, text) if text.strip() else len(names)
    for name in takewhile(lambda name: name.startswith(text), names[first : first + _MAX_PREFIXED]):
        yield from _cities()[name]


@cache
def largest() -> Mapping[str, int]:
    """Zone -> inhabitants of its largest city."""
    return {city.zone: city.people for city in sorted(chain.from_iterable(_cities().values()), key=lambda city: city.people)}


def _of_name(asked: Sequence[str]) -> Iterator[City]:
    text = " ".join(asked)
    whole = " ".join((_SHORT.get(asked[0], asked[0]), *asked[1:]))
    for name in {text, whole, _INITIALS.get("".join(asked), text)}:
        yield from _cities().get(name, ())


def _ranked(cities: Iterable[City]) -> list[City]:
    return sorted(cities, key=lambda city: -city.people)


@cache
def _cities() -> Mapping[str, tuple[City, ...]]:
    """By folded name."""
    found: dict[str, tuple[City, ...]] = {}
    for line in _FILE.read_text("utf-8").splitlines():
        if not line.startswith("#"):
            zone, people, names = line.split("\t")
            alone = (City(sys.intern(zone), int(people)),)  # one for all names that only this city has
            for name in names.split("|"):
                found[name] = found[name] + alone if name in found else alone
    return found


@cache
def _sorted_names() -> Sequence[str]:
    return sorted(_cities())
