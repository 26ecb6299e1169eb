"""The long lists that people search: currencies, countries, and time zones, named in the person's language.

They are found by what people call them in any of our languages (`other_names`), by large cities, and though one letter is wrong. Names
come from CLDR. The index for each list and language is built on first use and cached (`catalog_entries`).
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from flows.checks import cities, other_names
from flows.checks.catalog_entries import LEAST_RESPELT, CatalogEntry, CatalogIndex, index_of, places_of
from flows.checks.cities import City
from flows.checks.iso_codes import Catalog, alpha2, cldr, countries
from flows.checks.spelling import words

_HOURS = r"\s*([+±-])\s*(\d{1,2})(?:[:.h]?(\d\d))?(?!\w)\s*"
_OFFSET = re.compile(rf"[\s(]*(?:(etc/)?(?:utc|gmt)(?:/(?:utc|gmt))?|z)?{_HOURS}", re.IGNORECASE)
_OFFSET_BEHIND = re.compile(rf"\b(etc/)?(?:utc|gmt){_HOURS}", re.IGNORECASE)
_PARTS = re.compile(r"[,;()|·]|\s[-/]\s")
_MAX_PARTS = 4
_DASHES = re.compile("[\u2010-\u2015\u2212\ufe58\ufe63\uff0d]")
_IN_BRACKETS = re.compile(r"\([^()]*\)")
_FILLING = frozenset(
    {
        *("the", "of", "a", "o", "os", "as", "de", "da", "do", "das", "dos", "del", "la", "el", "los", "las", "s"),
        *("republic", "republica", "republique", "kingdom", "reino", "federal", "federation", "commonwealth", "pais"),
        *(
            "people",
            "peoples",
            "currency",
            "moeda",
            "moneda",
            "time",
            "zone",
            "zona",
            "hora",
            "horario",
            "horaria",
            "fuso",
            "huso",
        ),
        *("tiempo", "tempo", "standard", "estandar", "padrao", "summer", "daylight", "verao", "verano", "official", "oficial"),
        *("legal", "local", "continental"),
    }
)
"""Words that don't tell one from the other, where nothing is found with them."""
_NONE = 9
_MAX_QUERY = 100
_MAX_LABEL = 75  # Slack's limit for an option's text


@dataclass(frozen=True)
class Choice:
    """``value``: at most 150 characters. ``label``: at most 75."""

    value: str
    label: str


def search(kind: Catalog, query: str, language: str, limit: int = 100) -> list[Choice]:
    """The entries in which every word of ``query`` starts a word: codes and signs first, then names, then what else they are called.
    Time zones are found by their current offset too, ``-3``, ``UTC+05:30``, by large cities, and by states, whatever fillers stand there
    ("hora oficial de"). A part behind a comma or in brackets narrows: "Córdoba, Spain". Where nothing is found, without fillers and with
    one letter changed; then by stems, and currencies and time zones by their country.

    ``language``: a CLDR locale such as ``en`` or ``pt_BR``; a hyphen works too. An empty query lists the usual entries first.
    """
    text = _DASHES.sub("-", unicodedata.normalize("NFKC", query[:_MAX_QUERY])).strip()
    tag = _tag(language)
    return [Choice(entry.value, _shown(kind, entry)) for entry in _found(kind, text, tag)[:limit]]


def _found(kind: Catalog, text: str, language: str) -> list[CatalogEntry]:
    index = index_of(kind, language)
    offset = (_OFFSET.match(text) or _OFFSET_BEHIND.search(text)) if kind == "timezone" else None
    if offset is None:
        return _matching(kind, index, text, language) if text else list(index.entries.values())
    rest = text[: offset.start()] + text[offset.end() :]
    found = _matching(kind, index, rest, language) if words(rest) else list(index.entries.values())
    minutes = _minutes(*offset.groups())
    today = [entry for entry in found if _offset(entry.value, datetime.now(UTC)) == minutes]
    return today + [entry for entry in found if entry not in today and _standard_offset(entry.value) == minutes]


def _minutes(posix: str | None, sign: str, hours: str, minutes: str | None) -> int:
    """POSIX has the signs the other way round: ``Etc/GMT+3`` is west of Greenwich."""
    return (int(hours) * 60 + int(minutes or 0)) * (-1 if (sign == "-") is not bool(posix) else 1)


def _offset(zone: str, at: datetime) -> int:
    """In minutes."""
    return int((at.astimezone(ZoneInfo(zone)).utcoffset() or timedelta()).total_seconds() // 60)


@cache
def _standard_offset(zone: str) -> int:
    """Outside daylight saving time, as people know their zone."""
    year = datetime.now(UTC).year
    return min(_offset(zone, datetime(year, month, 1, tzinfo=UTC)) for month in (1, 7))


def _matching(kind: Catalog, index: CatalogIndex, text: str, language: str) -> list[CatalogEntry]:
    """Those that fit each part of the text, as in "Córdoba, Spain", and those that fit all of it; else those of any part."""
    parts = [part for part in _PARTS.split(text, _MAX_PARTS) if words(part)]
    if len(parts) < 2:
        return _of_part(kind, index, text, language)
    found = [_of_part(kind, index, part, language) for part in parts]
    common = [entry for entry in found[0] if all(entry in those for those in found)]
    return _each_once(common, _of_part(kind, index, text, language)) or _each_once(*found)


def _each_once(*those: Sequence[CatalogEntry]) -> list[CatalogEntry]:
    return list({entry.value: entry for entries in those for entry in entries}.values())


def _of_part(kind: Catalog, index: CatalogIndex, text: str, language: str) -> list[CatalogEntry]:
    """By the first way that finds anything."""
    asked = words(text)
    sign = "".join(text.casefold().split())
    signed = [entry for entry in index.entries.values() if sign in entry.signs]
    if signed or not asked:
        return _each_once(signed, _best(kind, index, asked, language))
    telling = tuple(word for word in words(_IN_BRACKETS.sub(" ", text)) if word not in _FILLING) or asked
    ways = (asked, telling) if kind == "timezone" else (asked,)
    return (
        _best_of(kind, index, ways, language)
        or (_with_city(index, cities.named(asked, whole=True)) if kind == "country" else [])
        or _near(kind, index, asked, language)
        or (_best(kind, index, telling, language) or _near(kind, index, telling, language) if telling != asked else [])
        or _near(kind, index, telling, language, known=True)
        or _best(kind, index, index.stems(telling), language)
        or _around(kind, index, asked, text, language)
    )


def _best(kind: Catalog, index: CatalogIndex, asked: tuple[str, ...], language: str) -> list[CatalogEntry]:
    return _best_of(kind, index, (asked,), language)


def _best_of(kind: Catalog, index: CatalogIndex, ways: Iterable[tuple[str, ...]], language: str) -> list[CatalogEntry]:
    """Each by the way of asking that fits it best."""
    scores: dict[str, tuple[int, int]] = {}
    for asked in ways:
        for value, score in _scores(kind, index, asked, language).items():
            scores[value] = min(score, scores.get(value, score))
    return [index.entries[value] for value in sorted(scores, key=lambda value: (scores[value], index.places[value]))]


def _scores(kind: Catalog, index: CatalogIndex, asked: tuple[str, ...], language: str) -> dict[str, tuple[int, int]]:
    scores = _elsewhere(kind, index, asked, language)
    called = index.called(asked)
    for value in index.candidates(asked):
        scores[value] = min((_score(index.entries[value], asked, called=value in called), 0), scores.get(value, (_NONE, 0)))
    return scores


def _elsewhere(kind: Catalog, index: CatalogIndex, asked: tuple[str, ...], language: str) -> dict[str, tuple[int, int]]:
    """Scores of time zones of large cities of that name, the largest first, and of those and currencies of a country of that name."""
    found: dict[str, tuple[int, int]] = {}
    if kind == "country" or not asked:
        return found
    of_name = {alpha2(value) for value in index_of("country", language).called(asked)}
    if kind == "timezone":
        named = cities.named(asked, whole=bool(of_name))
        misspelt = cities.misspelt(asked) if not named and len("".join(asked)) >= LEAST_RESPELT else []
        for score, those in ((1, named), (4, cities.beginning(asked)), (4, misspelt)):
            for city in those:
                found[city.zone] = min(found.get(city.zone, (_NONE, 0)), (score, -city.people))
    for entry in index.entries.values() if of_name else ():
        if not of_name.isdisjoint(places_of(kind, entry)):
            found[entry.value] = min(found.get(entry.value, (_NONE, 0)), (2, 0))
    return found


def _near(
    kind: Catalog, index: CatalogIndex, asked: tuple[str, ...], language: str, *, known: bool = False
) -> list[CatalogEntry]:
    """With one letter changed in a word. ``known``: also in one that begins something."""
    return _each_once(*(_best(kind, index, respelt, language) for respelt in index.respelt(asked, known=known)))


def _around(kind: Catalog, index: CatalogIndex, asked: tuple[str, ...], text: str, language: str) -> list[CatalogEntry]:
    """Countries by a large city or a part of theirs; currencies and time zones of the countries that are found by it."""
    if kind == "country":
        named = other_names.parts_of_countries()
        with_part = [two for two, parts in named.items() if any(_begin(asked, part.split()) for part in parts)]
        found = _with_city(index, cities.named(asked))
        return found + [entry for entry in _of(index, with_part) if entry not in found]
    places = {alpha2(entry.value): rank for rank, entry in enumerate(_found("country", text, language)[:5])}
    ranks = {
        entry.value: min((places[two] for two in places_of(kind, entry) if two in places), default=_NONE)
        for entry in index.entries.values()
    }
    return [index.entries[value] for value in sorted(ranks, key=ranks.__getitem__) if ranks[value] < _NONE]


def _with_city(index: CatalogIndex, found: Sequence[City]) -> list[CatalogEntry]:
    """The countries of these cities."""
    return _of(index, [cldr("zone_territories").get(city.zone, "") for city in found])


def _of(index: CatalogIndex, codes: Sequence[str]) -> list[CatalogEntry]:
    """The countries with these alpha-2 codes, each once."""
    return [index.entries[countries()[two]] for two in dict.fromkeys(codes) if two in countries()]


def _begin(asked: Sequence[str], those: Sequence[str]) -> bool:
    """Whether each word that was asked begins one of those."""
    return all(any(word.startswith(begun) for word in those) for begun in asked)


def label(kind: Catalog, value: str, language: str) -> str:
    """How a value is shown; one that isn't in the list is shown unchanged."""
    entry = index_of(kind, _tag(language)).entries.get(value)
    return _shown(kind, entry) if entry else value


def _score(entry: CatalogEntry, asked: tuple[str, ...], *, called: bool) -> int:
    """Lower is better, of one in which each word that was asked begins one."""
    text = " ".join(asked)
    if "".join(asked) in entry.codes or entry.name == text:
        return 0
    if called:
        return 1
    if f"{entry.name} ".startswith(f"{text} "):
        return 2
    if set(asked) <= {*entry.words, *entry.others}:
        return 3
    if entry.name.startswith(text):
        return 4
    return 5 if _begin(asked, entry.words) else 6


def _shown(kind: Catalog, entry: CatalogEntry) -> str:
    text = entry.label
    if kind == "timezone":  # with today's offset
        offset = datetime.now(UTC).astimezone(ZoneInfo(entry.value)).strftime("%z")
        text = f"UTC{offset[0].replace('-', '−')}{offset[1:3]}:{offset[3:5]} · {text}"
    return text if len(text) <= _MAX_LABEL else text[: _MAX_LABEL - 1] + "…"


def _tag(language: str) -> str:
    return language.replace("-", "_")
