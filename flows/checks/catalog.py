"""The long lists that people search: currencies, countries, and time zones, named in the person's language.

Names come from CLDR. The index for each list and language is built on first use and cached.
"""

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from flows.checks.iso_codes import (
    CURRENCIES,
    Catalog,
    alpha2,
    alpha3,
    canonical_zone,
    cldr,
    countries,
    numeric_code,
    subdivision_ok,
    zones,
)

if TYPE_CHECKING:
    from babel import Locale

__all__ = ["Catalog", "Choice", "alpha2", "alpha3", "canonical_zone", "label", "numeric_code", "search", "subdivision_ok"]


# First in an empty search, and first among equal matches: where Pismo's customers are.
_USUAL: Mapping[Catalog, tuple[str, ...]] = {
    "currency": ("BRL", "USD", "EUR", "GBP", "MXN", "COP", "CLP", "ARS", "PEN", "UYU", "INR", "AUD", "CAD"),
    "country": ("BRA", "USA", "MEX", "COL", "CHL", "ARG", "PER", "URY", "GBR", "IND", "AUS", "CAN", "PRT", "ESP"),
    "timezone": (
        *("America/Sao_Paulo", "America/New_York", "America/Mexico_City", "America/Bogota", "America/Santiago"),
        *("America/Argentina/Buenos_Aires", "America/Lima", "America/Los_Angeles", "America/Chicago", "Europe/London"),
        *("Europe/Lisbon", "Europe/Madrid", "Asia/Kolkata", "Australia/Sydney", "Etc/UTC"),
    ),
}
_ALSO_CALLED = {"AE": "UAE EAU", "GB": "UK England Inglaterra", "NL": "Holland Holanda", "US": "America EUA"}
_OFFSET = re.compile(r"\s*(?:utc|gmt)?\s*([+−-])\s*(\d{1,2})(?::?(\d\d))?\s*", re.IGNORECASE)
_MAX_LABEL = 75  # Slack's limit for an option's text


@dataclass(frozen=True)
class Choice:
    """``value``: at most 150 characters. ``label``: at most 75."""

    value: str
    label: str


@dataclass(frozen=True)
class _Entry:
    value: str
    label: str
    codes: tuple[str, ...]  # folded, as are all words below
    name: str
    words: tuple[str, ...]  # in the codes and the name
    others: tuple[str, ...]  # in its other names: in English, of its country or currency


def search(kind: Catalog, query: str, language: str, limit: int = 100) -> list[Choice]:
    """The entries in which every word of ``query`` starts a word: codes first, then starts of the name, then other names.
    Time zones are found by their current offset too: ``-3``, ``UTC+05:30``.

    ``language``: a CLDR locale such as ``en`` or ``pt_BR``; a hyphen works too. An empty query lists the usual entries first.
    """
    entries: Collection[_Entry] = _index(kind, _tag(language)).values()
    asked = _words(query)
    if kind == "timezone" and (offset := _OFFSET.fullmatch(query)):
        sign, hours, minutes = offset.groups()
        asked, shown = (), f"UTC{'+' if sign == '+' else '−'}{int(hours):02}:{minutes or '00'}"
        entries = [entry for entry in entries if _shown(kind, entry).startswith(shown)]
    scored = ((_score(entry, asked), position, entry) for position, entry in enumerate(entries))
    best = sorted((score, position, entry.value, entry) for score, position, entry in scored if score is not None)
    return [Choice(value, _shown(kind, entry)) for _, _, value, entry in best[:limit]]


def label(kind: Catalog, value: str, language: str) -> str:
    """How a value is shown; one that isn't in the list is shown unchanged."""
    entry = _index(kind, _tag(language)).get(value)
    return _shown(kind, entry) if entry else value


def _score(entry: _Entry, asked: tuple[str, ...]) -> int | None:
    """Lower is better; None: no match."""
    text, words = " ".join(asked), entry.words + entry.others
    if not asked or "".join(asked) in entry.codes or entry.name == text:
        return 0
    if f"{entry.name} ".startswith(f"{text} "):
        return 1
    if set(asked) <= set(words):
        return 2
    if entry.name.startswith(text):
        return 3
    if all(any(word.startswith(begun) for word in entry.words) for begun in asked):
        return 4
    return 5 if all(any(word.startswith(begun) for word in words) for begun in asked) else None


def _shown(kind: Catalog, entry: _Entry) -> str:
    text = entry.label
    if kind == "timezone":  # with today's offset
        offset = datetime.now(UTC).astimezone(ZoneInfo(entry.value)).strftime("%z")
        text = f"UTC{offset[0].replace('-', '−')}{offset[1:3]}:{offset[3:5]} · {text}"
    return text if len(text) <= _MAX_LABEL else text[: _MAX_LABEL - 1] + "…"


def _tag(language: str) -> str:
    return language.replace("-", "_")


@cache
def _index(kind: Catalog, language: str) -> Mapping[str, _Entry]:
    """Entries by value: the usual ones first, then by name."""
    from babel import Locale  # noqa: PLC0415  not needed at startup

    locale, english = Locale.parse(language), Locale.parse("en")
    build = {"currency": _currencies, "country": _countries, "timezone": _zones}[kind]
    usual = {value: rank for rank, value in enumerate(_USUAL[kind])}
    entries = sorted(build(locale, english), key=lambda entry: (usual.get(entry.value, len(usual)), entry.name, entry.value))
    return {entry.value: entry for entry in entries}


def _currencies(locale: "Locale", english: "Locale") -> Iterator[_Entry]:
    used_in: dict[str, list[str]] = {}
    for country, currencies in cldr("territory_currencies").items():
        for code, _, until, tender in currencies:
            if tender and until is None and country in countries():
                used_in.setdefault(code, []).append(country)
    for code, number in CURRENCIES.items():
        name = locale.currencies.get(code) or english.currencies.get(code, code)
        places = (names.territories[country] for country in used_in.get(code, ()) for names in (locale, english))
        symbol = locale.currency_symbols.get(code, code)
        text = f"{code} · {name}" if symbol == code else f"{code} · {name} ({symbol})"
        yield _entry(code, text, (code, number), name, [english.currencies.get(code, ""), *places])


def _countries(locale: "Locale", english: "Locale") -> Iterator[_Entry]:
    for two, three in countries().items():
        name = locale.territories[two]
        yield _entry(three, f"{name} ({three})", (three, two), name, [english.territories[two], _ALSO_CALLED.get(two, "")])


def _zones(locale: "Locale", english: "Locale") -> Iterator[_Entry]:
    from babel.dates import get_timezone_name  # noqa: PLC0415  not needed at startup

    for zone in zones():
        country = cldr("zone_territories").get(zone, "")
        own = zone.rpartition("/")[2].replace("_", " ")
        city = locale.time_zones.get(zone, {}).get("city", own)
        place = locale.territories.get(country, "")
        others = [
            zone,
            english.territories.get(country, ""),
            *(get_timezone_name(zone, locale=names) for names in (locale, english)),
        ]
        yield _entry(
            zone, f"{city}, {place} ({zone})" if country in countries() else zone, (country, zone), city, [place, *others]
        )


def _entry(value: str, text: str, codes: Iterable[str], name: str, others: Iterable[str]) -> _Entry:
    folded = tuple("".join(_words(code)) for code in codes if code)
    words = _words(name)
    return _Entry(
        value, text, folded, " ".join(words), folded + words, tuple(dict.fromkeys(w for o in others for w in _words(o)))
    )


def _words(text: str) -> tuple[str, ...]:
    """Words without case or accents: ``São_Paulo`` -> ``sao``, ``paulo``."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return tuple(re.findall(r"[^\W_]+", "".join(sign for sign in plain if not unicodedata.combining(sign))))
