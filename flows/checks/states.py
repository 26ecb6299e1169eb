"""The state of an address as people type it: its code (ISO 3166-2, the part after the hyphen), or its name.

Pismo's `OrgDetails` takes two characters. Sources: ISO 3166-2, as pycountry has it; where it has no such code, any two letters or digits
are taken as given, since countries have other abbreviations of two letters.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from flows.checks.iso_codes import alpha2, iso_3166
from flows.checks.spelling import near, words

MAX_CODE = 2
"""Characters."""
_NO_OTHERS = frozenset({"BR", "CA", "US"})
"""Countries whose states have no abbreviations of two letters but those of ISO 3166-2."""
_LEAST_LETTERS = 4
_FILLING = frozenset(
    {
        *("the", "of", "de", "do", "da", "del", "la"),
        *("estado", "state", "provincia", "province", "departamento", "region", "regiao"),
    }
)


@dataclass(frozen=True)
class State:
    """``code``: empty if none is known for what was typed. ``name``: as ISO 3166-2 has it; empty for an abbreviation that it hasn't."""

    code: str
    name: str = ""

    @property
    def fits(self) -> bool:
        return 0 < len(self.code) <= MAX_CODE


def read_state(typed: str, country: str) -> State:
    """``country``: ISO 3166-1 alpha-2 or alpha-3, in any case. ``S.P.``, ``br-sp`` and ``Estado de São Paulo`` are all
    ``SP``. Never raises."""
    two = alpha2(country) or ""
    asked = words(typed)
    codes, names = _states(two)
    code = re.sub(r"[^A-Z0-9]", "", unicodedata.normalize("NFKC", typed).upper())
    for one in (code, code.removeprefix(two)):
        if one in codes:
            return State(one, codes[one])
    telling = " ".join(word for word in asked if word not in _FILLING)
    text = " ".join(asked)
    for name in (text, telling):
        if name in names:
            return State(names[name], codes[names[name]])
    for those in (_begun(telling, names), {names[name] for name in near(text) & names.keys()}):
        if len(those) == 1 and len(text) >= _LEAST_LETTERS:
            return State(found := those.pop(), codes[found])
    return State(code if two not in _NO_OTHERS and re.fullmatch("[A-Z0-9]{2}", code) else "")


def _begun(telling: str, names: Mapping[str, str]) -> set[str]:
    """Codes of those in whose name each word begins a word."""
    return {
        code
        for name, code in names.items()
        if all(any(word.startswith(begun) for word in name.split()) for begun in telling.split())
    }


@cache
def _states(two: str) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """Of a country: names by code; and codes by folded name, with and without words such as "state of". Of several with one name, that
    whose code has two characters."""
    codes: dict[str, str] = {}
    names: dict[str, str] = {}
    for part in iso_3166("2") if two else ():
        country, _, code = part["code"].partition("-")
        if country == two:
            codes[code] = part["name"]
    for code in sorted(codes, key=lambda one: (len(one) > MAX_CODE, -len(one), one)):
        for name in (codes[code], *re.split(r"[][,/]", codes[code])):  # "Catalunya [Cataluña]", "Madrid, Comunidad de"
            whole = words(name)
            for one in (" ".join(whole), " ".join(word for word in whole if word not in _FILLING)):
                names.setdefault(one, code)
    names.pop("", None)
    return codes, names
