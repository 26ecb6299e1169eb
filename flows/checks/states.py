"""The state of an address as people type it: its code (ISO 3166-2, the part after the hyphen), its name, or both.

Sources: ISO 3166-2, as pycountry has it; where it has no such code, any two letters or digits are taken as given, since countries have
other abbreviations of two letters.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from flows.checks.iso_codes import alpha2, alpha3, parts_of
from flows.checks.other_names import names_of
from flows.checks.spelling import near, words

MAX_CODE = 2
"""Characters of a state in Pismo's `OrgDetails`. Longer ones, such as NSW, aren't sent there."""
_NO_OTHERS = frozenset({"BR", "CA", "US"})
"""Countries whose states have no abbreviations of two letters but those of ISO 3166-2."""
_CITIES_UNLIKE_STATES = frozenset({"BR", "CA"})
"""Countries where hardly a city is called as a state that it isn't in: ``São Paulo RJ`` is a doubt, ``Washington PA`` none."""
_LEAST_BEGUN, _LEAST_RESPELT = 3, 4
_FILLING = frozenset(
    {
        *("the", "of", "de", "do", "da", "del", "la", "uf"),
        *("estado", "est", "edo", "state", "provincia", "pcia", "prov", "province", "departamento", "depto", "dpto"),
        *("region", "regiao", "distrito", "dtto", "district", "commonwealth"),
    }
)
_SAYING_NOTHING = {"BR": frozenset({"capital"})}
"""Country -> words such as that of ``SP Capital``, which elsewhere are a state's name."""
_SHORT = {
    "sta": "santa",
    "sto": "santo",
    "gde": "grande",
    "nvo": "nuevo",
    "nte": "norte",
    "cdad": "ciudad",
    "sgo": "santiago",
    "stgo": "santiago",
}
_OTHERS: Mapping[str, Mapping[str, str]] = {
    "AR": {
        "B": "bs as|bsas|pba",
        "C": "caba|capital federal|capital|ciudad de buenos aires",
        "M": "mza",
        "N": "mnes",
        "P": "fsa",
        "Q": "nqn",
        "W": "ctes",
        "X": "cba",
    },
    "BR": {"DF": "brasilia"},
    "CA": {
        "AB": "alta",
        "MB": "man",
        "NL": "nfld|nfld lab|nf",
        "NT": "nwt",
        "ON": "ont",
        "PE": "pei",
        "QC": "pq|que",
        "SK": "sask",
    },
    "CO": {"DC": "bogota|santafe de bogota"},
    "DE": {"BY": "bavaria|baviera", "NW": "nrw|north rhine westphalia"},
    "IN": {"DL": "new delhi", "OD": "orissa", "PY": "pondicherry", "UK": "uttaranchal"},
    "MX": {
        "CMX": "cdmx|df|mexico df|cd de mexico|mexico city|distrito federal|cidade do mexico",
        "AGU": "ags",
        "CAM": "camp",
        "CHH": "chih",
        "CHP": "chis",
        "COA": "coah",
        "DUR": "dgo",
        "GUA": "gto",
        "HID": "hgo",
        "MEX": "edomex",
        "MIC": "mich",
        "QUE": "qro",
        "ROO": "q roo",
        "TAM": "tamps",
        "TLA": "tlax",
    },
    "US": {
        "AL": "ala",
        "AR": "ark",
        "AZ": "ariz",
        "CA": "calif",
        "CO": "colo",
        "CT": "conn",
        "DC": "washington dc|washington d c",
        "DE": "del",
        "FL": "fla",
        "IL": "ill",
        "IN": "ind",
        "KS": "kan|kans",
        "MA": "mass",
        "MI": "mich",
        "MN": "minn",
        "MS": "miss",
        "MT": "mont",
        "ND": "n dak",
        "NE": "neb|nebr",
        "NV": "nev",
        "NY": "nyc|new york city",
        "OK": "okla",
        "OR": "ore|oreg",
        "PA": "penna",
        "SD": "s dak",
        "TN": "tenn",
        "TX": "tex",
        "WA": "wash",
        "WI": "wis|wisc",
        "WV": "w va",
        "WY": "wyo",
    },
}
"""Country -> code -> what people call that state besides, folded: abbreviations, a former name, its capital's."""
_IN_USE = {"MX": {"BC": "Baja California", "NL": "Nuevo León", "QR": "Quintana Roo"}}
"""Country -> abbreviation -> state: of two letters, which Pismo takes, though ISO 3166-2 has three."""
_PARTS = re.compile(r"[-\u2010-\u2015/,;:|()\[\]]")
_LONGEST_CODE, _LONGEST_ABBREVIATION = 4, 5


@dataclass(frozen=True)
class State:
    """``code``: empty if none is known for what was typed. ``name``: as ISO 3166-2 has it; empty for an abbreviation that it hasn't."""

    code: str
    name: str = ""


def read_state(typed: str, country: str) -> State:
    """``country``: ISO 3166-1 alpha-2 or alpha-3, in any case. ``S.P.``, ``br-sp``, ``Estado de São Paulo``, ``SP - São Paulo``,
    ``Campinas/SP`` and ``Campinas SP`` are all ``SP``. Never raises."""
    two = alpha2(country) or ""
    found = _read(typed, two)
    if found.code:
        return found
    parts = {part: state for part in _PARTS.split(typed) if (state := _read(part, two)).name}
    short = {state for part, state in parts.items() if len("".join(words(part))) <= _LONGEST_CODE}
    named = set(parts.values()) if two in _CITIES_UNLIKE_STATES else short or set(parts.values())
    return named.pop() if len(named) == 1 else State("")


def _read(typed: str, two: str) -> State:
    asked = [_SHORT.get(word, word) for word in words(typed)]
    codes, names = _states(two)
    bare = [word for word in asked if word not in _FILLING and not word.isdigit()]
    telling = " ".join(word for word in bare if word not in _words_for(two))
    text = " ".join(asked)
    code = re.sub(r"[^A-Z0-9]", "", unicodedata.normalize("NFKC", typed).upper())
    for one in (code, code.removeprefix(two), " ".join(bare).upper(), telling.upper()):
        if one in codes:
            return State(one, codes[one])
    for name in (text, "".join(asked), " ".join(bare), telling):
        if name in names:
            return State(names[name], codes[names[name]])
    last = _behind_a_city(typed, two)
    if last is None:
        return State("")
    if last:
        return State(last, codes[last])
    begun = _begun(telling, names) if len(telling.replace(" ", "")) >= _LEAST_BEGUN else set()
    respelt = {names[name] for name in near(text) & names.keys()} if len(text) >= _LEAST_RESPELT else set()
    for those in (begun, respelt):
        if len(those) == 1:
            return State(found := those.pop(), codes[found])
    return State(code if two not in _NO_OTHERS and re.fullmatch("[A-Z0-9]{2}", code) else "")


def _behind_a_city(typed: str, two: str) -> str | None:
    """The code, or what is short for it, that ends the text, perhaps in front of the country and a postal code. Whole names don't count:
    Mexico's Ciudad Guerrero isn't in Guerrero. Empty if nothing does; None if another state is all that stands before it."""
    codes, short = _states(two)[0], _short(two)
    several = [word for one in typed.split() if (word := "".join(words(one))).isalpha()]
    last = next((place for place in reversed(range(len(several))) if several[place] not in _words_for(two)), 0)
    ends = ((start, place) for place in (last, len(several) - 1) for start in sorted({_spaced(several, place), place}))
    for start, place in ends:
        word = "".join(several[start : place + 1])
        found = word.upper() if word.upper() in codes else short.get(word, "")
        if found and start > 0 and len(word) > 1:
            return found if _state_before(several[:start], two) in ("", found) else None
    return ""


def _spaced(several: Sequence[str], place: int) -> int:
    """Where the abbreviation that ends at a place begins: ``N. L.`` and ``Q. Roo`` are two words."""
    while place > 0 and len(several[place - 1]) == 1:
        place -= 1
    return place


def _state_before(several: Sequence[str], two: str) -> str:
    """The code of the state that all of these words are, if any; of a name only where it is no city's."""
    codes, names = _states(two)
    if (code := "".join(several).upper()) in codes:
        return code
    bare = (word for word in several if word not in _FILLING | _words_for(two))
    return names.get(" ".join(several)) or names.get(" ".join(bare), "") if two in _CITIES_UNLIKE_STATES else ""


def _begun(telling: str, names: Mapping[str, str]) -> set[str]:
    """Codes of those in whose name each word begins a word."""
    return {
        code
        for name, code in names.items()
        if all(any(word.startswith(begun) for word in name.split()) for begun in telling.split())
    }


@cache
def _words_for(two: str) -> frozenset[str]:
    """Words of what the country is called, which say nothing of the state."""
    return frozenset(words(" ".join((two, alpha3(two) or "", *names_of(two))))) | _SAYING_NOTHING.get(two, frozenset())


@cache
def _short(two: str) -> Mapping[str, str]:
    """Codes by what is short for a state, in one word; a whole name if it is as short as that."""
    others = ((name.replace(" ", ""), code) for code, several in _OTHERS.get(two, {}).items() for name in several.split("|"))
    whole = {name: code for name, code in _states(two)[1].items() if len(name) <= _LONGEST_CODE}
    return whole | {name: code for name, code in others if len(name) <= _LONGEST_ABBREVIATION}


@cache
def _states(two: str) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """Of a country: names by code; and codes by folded name, with and without words such as "state of". Of several with one name, that
    whose code has two characters."""
    codes = {part["code"].partition("-")[2]: part["name"] for part in parts_of(two)}
    names = {name: code for code, several in _OTHERS.get(two, {}).items() for name in several.split("|")}
    for code in sorted(codes, key=lambda one: (len(one) > MAX_CODE, -len(one), one)):
        for name in (codes[code], *re.split(r"[][,/]", codes[code])):  # "Catalunya [Cataluña]", "Madrid, Comunidad de"
            whole = words(name)
            for one in (" ".join(whole), " ".join(word for word in whole if word not in _FILLING)):
                names.setdefault(one, code)
    names.pop("", None)
    return codes | _IN_USE.get(two, {}), names
