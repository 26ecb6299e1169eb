"""What the catalogs search: each currency, country and time zone with all it is called, and which of them has a word.

Names come from CLDR, in the reader's language; `flows.checks.other_names` and `zone_names` have those that people use besides.
"""

import sys
import unicodedata
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from itertools import islice, product
from typing import TYPE_CHECKING

from flows.checks import cities, other_names, zone_names
from flows.checks.iso_codes import CURRENCIES, Catalog, cldr, countries, country_numbers, zones
from flows.checks.spelling import near, undoubled, words

if TYPE_CHECKING:
    from babel import Locale

# First in an empty search, and first among equal matches: where Pismo's customers are.
_USUAL: Mapping[Catalog, tuple[str, ...]] = {
    "currency": (
        "BRL",
        "USD",
        "EUR",
        "GBP",
        "MXN",
        "COP",
        "CLP",
        "ARS",
        "PEN",
        "UYU",
        "INR",
        "AUD",
        "CAD",
        "CNY",
        "JPY",
        "CHF",
        "SEK",
        "NOK",
        "DKK",
    ),
    "country": ("BRA", "USA", "MEX", "COL", "CHL", "ARG", "PER", "URY", "GBR", "IND", "AUS", "CAN", "PRT", "ESP"),
    "timezone": (
        *("America/Sao_Paulo", "America/New_York", "America/Mexico_City", "America/Bogota", "America/Santiago"),
        *(
            "America/Argentina/Buenos_Aires",
            "America/Lima",
            "America/Los_Angeles",
            "America/Chicago",
            "America/Denver",
            "Europe/London",
        ),
        *("Europe/Lisbon", "Europe/Madrid", "Europe/Paris", "Europe/Berlin", "Asia/Kolkata", "Australia/Sydney", "Etc/UTC"),
    ),
}
_STEM, _SHORT_STEM, _ENDING = 5, 4, 4
LEAST_RESPELT = 4
_MAX_RESPELT = 10


@dataclass(frozen=True, slots=True)
class CatalogEntry:
    """``codes`` and all names are folded (`spelling.words`). ``name``: in the reader's language. ``names``: what it is called besides.
    ``words``: those of the codes and the name; ``others``: of all that has to do with it. ``signs``: without spaces, in small letters."""

    value: str
    label: str
    codes: tuple[str, ...]
    name: str
    words: tuple[str, ...]
    names: tuple[str, ...]
    others: tuple[str, ...]
    signs: frozenset[str] = frozenset()


class CatalogIndex:
    """Entries by value, the usual ones first, and which of them have a word, a code, a name or a sign."""

    def __init__(self, entries: Iterable[CatalogEntry]) -> None:
        self.entries = {entry.value: entry for entry in entries}
        self.places = {value: place for place, value in enumerate(self.entries)}
        self._having: dict[str, tuple[str, ...]] = {}
        self._whole: dict[str, tuple[str, ...]] = {}
        for entry in self.entries.values():
            alone = (entry.value,)  # one for the thousands of words that only it has
            for word in {*entry.words, *entry.others}:
                self._having[word] = self._having[word] + alone if word in self._having else alone
            for whole in {*entry.codes, entry.name, *entry.names}:
                self._whole[whole] = self._whole[whole] + alone if whole in self._whole else alone
        self._words = sorted(self._having)
        self._doubled: dict[str, tuple[str, ...]] = {}
        for word in self._words:
            if (single := undoubled(word)) != word:
                self._doubled[single] = (*self._doubled.get(single, ()), word)

    def candidates(self, asked: Sequence[str]) -> set[str]:
        """Values of those in which each word that was asked begins one, and of those that are called just so."""
        if not asked:
            return set()
        begun = [set[str]().union(*(self._having[word] for word in self._beginning(one))) for one in asked]
        return set.intersection(*begun) | self.called(asked)

    def called(self, asked: Sequence[str]) -> set[str]:
        return {*self._whole.get(" ".join(asked), ()), *self._whole.get("".join(asked), ())}

    def _beginning(self, begun: str) -> Sequence[str]:
        return self._words[bisect_left(self._words, begun) : bisect_left(self._words, begun + "\U0010ffff")]

    def respelt(self, asked: Sequence[str], *, known: bool = False) -> Iterator[tuple[str, ...]]:
        """The query with other words in place of those that begin none, each with one letter changed. ``known``: of the others, too."""
        ways = [
            self._alike(word) if not self._beginning(word) else (word, *(self._alike(word) if known else ())) for word in asked
        ]
        return islice(product(*ways), _MAX_RESPELT)

    def _alike(self, word: str) -> Sequence[str]:
        if len(word) < LEAST_RESPELT:
            return ()
        single = undoubled(word)
        return sorted(near(word) & self._having.keys()) or [*self._doubled.get(single, ()), *({single} & self._having.keys())]

    def stems(self, asked: Sequence[str]) -> tuple[str, ...]:
        """The query with the stem of each word that begins none, an adjective or another form: "Argentinian", "hora peruana". Without the
        words that have none."""
        return tuple(filter(None, (word if self._beginning(word) else self._stem(word) for word in asked)))

    def _stem(self, word: str) -> str:
        begun = word[: max(_STEM, len(word) - _ENDING)]
        if len(begun) >= _STEM and self._beginning(begun):
            return begun
        return next((word[:size] for size in range(len(word) - 1, _SHORT_STEM - 1, -1) if word[:size] in self._having), "")


@cache
def index_of(kind: Catalog, language: str) -> CatalogIndex:
    from babel import Locale  # noqa: PLC0415  not needed at startup

    locale = Locale.parse(language)
    every = [locale, *(Locale.parse(one) for one in other_names.LANGUAGES)]
    build = {"currency": _currencies, "country": _countries, "timezone": _zones}[kind]
    usual, people = {value: rank for rank, value in enumerate(_USUAL[kind])}, cities.largest() if kind == "timezone" else {}
    return CatalogIndex(
        sorted(
            build(locale, every),
            key=lambda entry: (usual.get(entry.value, len(usual)), -people.get(entry.value, 0), entry.name, entry.value),
        )
    )


@cache
def _tender() -> Mapping[str, tuple[str, ...]]:
    """Currency -> the countries whose money it is."""
    used: dict[str, list[str]] = {}
    for country, currencies in cldr("territory_currencies").items():
        for code, _, until, tender in currencies:
            if tender and until is None and country in countries():
                used.setdefault(code, []).append(country)
    return {code: tuple(those) for code, those in used.items()}


def places_of(kind: Catalog, entry: CatalogEntry) -> tuple[str, ...]:
    return _tender().get(entry.value, ()) if kind == "currency" else (cldr("zone_territories").get(entry.value, ""),)


def _currencies(locale: "Locale", every: "Sequence[Locale]") -> Iterator[CatalogEntry]:
    for code, number in CURRENCIES.items():
        name = locale.currencies.get(code) or every[1].currencies.get(code, code)
        symbol = locale.currency_symbols.get(code, code)
        text = f"{code} · {name}" if symbol == code else f"{code} · {name} ({symbol})"
        signs = [symbol, *other_names.signs_of(code)]
        places = [names.territories[country] for country in _tender().get(code, ()) for names in every]
        yield _entry(code, text, (code, number), name, (*other_names.of_currency(code), *signs), places, signs)


def _countries(locale: "Locale", _every: "Sequence[Locale]") -> Iterator[CatalogEntry]:
    monies = {those[0]: code for code, those in _tender().items() if len(those) == 1}
    for two, three in countries().items():
        name = locale.territories[two]
        called = other_names.of_countries()[two]
        money = other_names.of_currency(monies[two]) if two in monies else ()
        yield _entry(three, f"{name} ({three})", (three, two, *country_numbers(two)), name, called, money)


def _zones(locale: "Locale", every: "Sequence[Locale]") -> Iterator[CatalogEntry]:
    from babel.dates import get_timezone_name  # noqa: PLC0415  not needed at startup

    year = datetime.now(UTC).year
    for zone in zones():
        country = cldr("zone_territories").get(zone, "")
        own = zone.rpartition("/")[2].replace("_", " ")
        city = locale.time_zones.get(zone, {}).get("city", own)
        ids = (zone, *zone_names.former_zones().get(zone, ()))
        called = [
            *ids,
            *(one.rpartition("/")[2] for one in ids),
            *(names.time_zones.get(zone, {}).get("city", own) for names in every),
            *zone_names.of_zone(zone),
        ]
        around = [
            *(names.territories.get(country, "") for names in every),
            *(get_timezone_name(zone, locale=names, zone_variant=kind) for names in every for kind in ("generic", "standard")),
            *zone_names.states_of_zones().get(zone, ()),
            *(abbreviations := zone_names.abbreviations(zone, year)),
        ]
        place = locale.territories.get(country, "")
        text = f"{city}, {place} ({zone})" if country in countries() else zone
        yield _entry(zone, text, (country, countries().get(country, ""), *ids), city, called, around, abbreviations)


def _entry(
    value: str, text: str, codes: Iterable[str], name: str, names: Iterable[str], others: Iterable[str], signs: Iterable[str] = ()
) -> CatalogEntry:
    folded, own, called = tuple("".join(words(code)) for code in codes if code), words(name), [words(one) for one in names]
    around = dict.fromkeys(sys.intern(word) for one in (*called, *map(words, others)) for word in one)
    whole = dict.fromkeys(sys.intern(joint.join(one)) for one in called if one for joint in (" ", ""))
    small = frozenset("".join(unicodedata.normalize("NFKC", sign).casefold().split()) for sign in signs if sign)
    return CatalogEntry(value, text, folded, " ".join(own), folded + own, tuple(whole), tuple(around), small)
