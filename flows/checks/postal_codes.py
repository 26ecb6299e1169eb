"""Postal codes by country, where their form is fixed: kept in its normal form, or asked again."""

import re
import unicodedata
from dataclasses import dataclass
from functools import cache

from flows.checks.iso_codes import alpha2, alpha3

# Country -> one postal code for each form it has, as its post office writes it. A digit stands for any digit, a capital for any letter, a
# small letter for either; what else is in it is put there if it was left out. "LT+": all begin with these letters.
# Sources: the post offices' addressing guides, as the Universal Postal Union gives them, and CLDR's former postal code data.
_CODES: dict[str, tuple[str, ...]] = {
    "AR": ("C1425CKB", "1425", "C1425"),
    "AT": ("1010",),
    "AU": ("2000",),
    "BD": ("1340",),
    "BE": ("1000",),
    "BG": ("1000",),
    "BR": ("01310-100",),
    "CA": ("K1A 0B1",),
    "CH": ("3030",),
    "CL": ("8340457",),
    "CN": ("100000",),
    "CO": ("110111",),
    "CR": ("10101",),
    "CU": ("10700",),
    "CY": ("1010",),
    "CZ": ("110 00",),
    "DE": ("10115",),
    "DK": ("1050",),
    "DO": ("10101",),
    "DZ": ("16000",),
    "EC": ("170150",),
    "EE": ("10111",),
    "EG": ("11511",),
    "ES": ("28013",),
    "FI": ("00100",),
    "FR": ("75001",),
    "GB": ("SW1A 1AA", "EC1A 1BB", "W1A 0AX", "M1 1AE", "B33 8TH", "CR2 6XH", "DN55 1PT", "GIR 0AA"),
    "GR": ("105 57",),
    "GT": ("01001",),
    "HN": ("11101",),
    "HR": ("10000",),
    "HU": ("1051",),
    "ID": ("10110",),
    "IE": ("A65 F4E2", "D6w xyzt"),
    "IL": ("9614303",),
    "IN": ("110001",),
    "IS": ("101",),
    "IT": ("00144",),
    "JP": ("100-0001",),
    "KE": ("00100",),
    "KR": ("03051",),
    "LT": ("LT+-01103",),
    "LU": ("1009",),
    "LV": ("LV+-1050",),
    "MA": ("10000",),
    "MT": ("VLT 1117",),
    "MX": ("06000",),
    "MY": ("50050",),
    "NG": ("900001",),
    "NI": ("11001",),
    "NL": ("1012 JS",),
    "NO": ("0150",),
    "NZ": ("6011",),
    "PE": ("15001",),
    "PH": ("1000",),
    "PK": ("44000",),
    "PL": ("00-950",),
    "PR": ("00901", "009011234"),
    "PT": ("1000-205",),
    "PY": ("001001", "1209"),
    "RO": ("010011",),
    "RS": ("11000",),
    "RU": ("101000",),
    "SA": ("11564", "115641234"),
    "SE": ("111 22",),
    "SG": ("018956",),
    "SI": ("1000",),
    "SK": ("811 01",),
    "SV": ("1101",),
    "TH": ("10200",),
    "TN": ("1000",),
    "TR": ("06101",),
    "TW": ("100", "10058", "100001"),
    "UA": ("01001",),
    "US": ("90210", "902101234"),  # ZIP+4 without its hyphen: with it, it is longer than Pismo takes
    "UY": ("11000",),
    "VE": ("1010", "1010-A"),
    "VN": ("100000", "10000"),
    "ZA": ("0001",),
}
_SEPARATORS = re.compile(r"""[\s.,:;/_()\[\]"'“”\-\u00ad\u200b-\u200f\u2010-\u2015\u2060\u2212\u30fc\ufe58\ufe63\ufeff\uff0d]""")
_LABELS = (
    "(?:CEP|COD(?:IGO)?POSTAL|CP|CPA|CAP|ZIP(?:CODE)?|PLZ|POSTLEITZAHL|POST(?:AL)?(?:CODE|NUMMER)|CODEPOSTAL|PIN(?:CODE)?"
    "|EIRCODE|PSC|TK|〒|邮编)(?:NO?)?"
)
_BEFORE = {two: two[0] for two in ("AT", "BE", "DE", "FR", "HU", "IT", "LU", "NO", "PT", "SE")} | {
    "AU": "[A-Z]{2,3}",
    "CA": "CDN|[A-Z]{2}",
    "ES": "E",
    "FI": "FIN|SF|F",
    "GB": "UK",
    "PE": "LIMA",
    "SG": "S|SINGAPORE",
    "US": "[A-Z]{2}",
}
"""What people still write before codes of these countries: letters of former years, or the state."""
_PLACE_BEHIND = "(?:[A-Z]{2,20})?"
"""A city or country behind digits."""
_ORDINAL = re.compile("[º°]")
_MAX_CHARS = 40
_ANY = "*"


@dataclass(frozen=True)
class PostalCode:
    """``value``: in its normal form, or as given where the country has no fixed one; None if it doesn't have that form.
    ``like``: a code in the country's usual form; empty if it has no fixed one."""

    value: str | None
    like: str


def read_postal_code(text: str, country: str) -> PostalCode:
    """``country``: ISO 3166-1 alpha-2 or alpha-3. Separators may be missing or be others, and the country's code or "CEP", "ZIP" may stand
    before it; behind digits, the city. Never raises."""
    forms = _forms(alpha2(country) or "")
    if not forms:
        return PostalCode(text, "")
    plain = unicodedata.normalize("NFKD", _ORDINAL.sub("", text[: _MAX_CHARS + 1]))
    compact = _SEPARATORS.sub("", "".join(sign for sign in plain if not unicodedata.combining(sign))).upper()
    for form in forms:
        if len(text) <= _MAX_CHARS and (found := form.pattern.fullmatch(compact)):
            signs = iter(found[1])
            return PostalCode("".join(next(signs) if sign == _ANY else sign for sign in form.written), forms[0].like)
    return PostalCode(None, forms[0].like)


@dataclass(frozen=True)
class _Form:
    """``written``: as ``like``, with a mark for each sign that differs from code to code."""

    like: str
    written: str
    pattern: re.Pattern[str]


@cache
def _forms(country: str) -> tuple[_Form, ...]:
    return tuple(_form(country, *text.rpartition("+")) for text in _CODES.get(country, ()))


def _form(country: str, always: str, _plus: str, text: str) -> _Form:
    kinds = ("[0-9]" if sign.isdigit() else "[A-Z]" if sign.isupper() else "[A-Z0-9]" for sign in text if sign.isalnum())
    written = "".join(_ANY if sign.isalnum() else sign for sign in text)
    before = "|".join(filter(None, (country, alpha3(country), _BEFORE.get(country), _LABELS)))
    behind = "" if any(sign.isalpha() for sign in text) else _PLACE_BEHIND
    return _Form(always + text.upper(), always + written, re.compile(f"(?:{before}){{,2}}({''.join(kinds)}){behind}"))
