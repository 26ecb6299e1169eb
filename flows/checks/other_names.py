"""What people call countries and currencies besides their names in CLDR: in all our languages, officially, formerly, in the country's
own language, by a part of it, a sign, or letters.

Most are those of ISO 3166, with its translations (pycountry); the tables here hold what it lacks. Time zones: `zone_names`.
"""

import gettext
import pickle
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from flows.checks.iso_codes import cldr, countries, iso_3166
from flows.checks.spelling import words

if TYPE_CHECKING:
    from babel import Locale

LANGUAGES = ("en", "pt_BR", "es")
"""Each search finds the names in all of these, besides those in the reader's language."""

_COUNTRIES: Mapping[str, tuple[str, ...]] = {
    "AE": ("UAE", "EAU", "U.A.E."),
    "AU": ("Oz", "Aussie"),
    "BA": ("BiH",),
    "BF": ("Upper Volta",),
    "BN": ("Brunei",),
    "BO": ("Bolivia",),
    "BY": ("Belorussia", "Byelorussia"),
    "CD": ("DRC", "DR Congo", "RDC", "Zaire", "Congo-Kinshasa", "Democratic Republic of the Congo"),
    "CF": ("CAR",),
    "CG": ("Congo-Brazzaville", "Republic of the Congo"),
    "CI": ("Ivory Coast", "Costa de Marfil"),
    "CN": ("PRC", "People's Republic of China", "Mainland China"),
    "CV": ("Cape Verde",),
    "CZ": ("Czech Republic", "República Checa", "República Tcheca"),
    "DE": ("Bavaria", "Baviera", "West Germany", "BRD"),
    "DO": ("RD",),
    "EG": ("Misr",),
    "ES": ("Catalonia", "Catalunha", "Basque Country"),
    "FM": ("Micronesia",),
    "GB": ("UK", "U.K.", "Great Britain", "Britain", "British", "Grã-Bretanha", "Gran Bretaña", "RU", "England", "Inglaterra",
           "Scotland", "Escócia", "Escocia", "Wales", "Gales"),
    "GR": ("Hellas", "Ellada"),
    "IN": ("Bharat", "Hindustan"),
    "IR": ("Persia",),
    "JP": ("Nippon", "Nihon"),
    "KH": ("Kampuchea",),
    "KP": ("DPRK", "Democratic People's Republic of Korea"),
    "KR": ("ROK", "Republic of Korea", "Korea", "Coreia", "Corea", "República da Coreia", "한국"),
    "KY": ("Grand Cayman",),
    "LA": ("Laos",),
    "LK": ("Ceylon", "Ceilão", "Ceilán"),
    "MD": ("Moldova",),
    "MK": ("Macedonia", "Macedônia", "FYROM"),
    "MX": ("EUM",),
    "MM": ("Burma", "Birmânia", "Birmania"),
    "NL": ("Holland", "Holanda", "Dutch", "Holandês"),
    "NZ": ("Aotearoa",),
    "PG": ("PNG",),
    "PS": ("Palestine",),
    "PT": ("Azores", "Açores", "Madeira"),
    "RS": ("Yugoslavia", "Iugoslávia", "Kosovo"),
    "RU": ("Russia", "USSR", "URSS"),
    "SA": ("KSA",),
    "SZ": ("Swaziland", "Suazilândia", "Suazilandia"),
    "TH": ("Siam",),
    "TL": ("East Timor", "Timor Oriental"),
    "TR": ("Turkey",),
    "TW": ("Taiwan", "ROC", "Republic of China", "Formosa", "臺灣"),
    "US": ("USA", "U.S.A.", "U.S.", "America", "América", "EUA", "E.U.A.", "EEUU", "EE. UU.", "EE.UU.", "The States",
           "Estados Unidos de Norteamérica", "American", "Estadounidense"),
    "VA": ("Vatican", "Vaticano"),
    "VG": ("BVI",),
    "VI": ("USVI",),
    "VN": ("Vietnam",),
    "WS": ("Western Samoa",),
    "ZA": ("RSA",),
    "ZW": ("Rhodesia",),
}  # fmt: skip
"""Common, former and short names, and letters. Codes that were withdrawn with a name are in ISO 3166-3."""

_SIGNS: Mapping[str, tuple[str, ...]] = {
    "AED": ("د.إ", "Dh", "Dhs"),
    "AOA": ("Kz",),
    "ARS": ("AR$", "ARG$"),
    "AUD": ("AU$", "$A"),
    "BDT": ("৳",),
    "BOB": ("Bs", "Bs."),
    "BRL": ("R$",),
    "CAD": ("C$", "CAN$", "$CA", "CDN$"),
    "CHF": ("Fr", "Fr.", "SFr", "SFr."),
    "CLP": ("CL$", "CLP$", "CH$"),
    "CNY": ("¥", "元", "RMB", "renminbi", "yuan", "CNH"),
    "COP": ("CO$", "COL$", "COP$"),
    "CRC": ("₡",),
    "CZK": ("Kč",),
    "DKK": ("kr", "kr."),
    "DOP": ("RD$",),
    "EGP": ("E£", "£E"),
    "EUR": ("€", "euros", "EU"),
    "GBP": ("£", "UK£", "quid", "sterling", "esterlina"),
    "GHS": ("₵",),
    "GTQ": ("Q",),
    "HKD": ("HK$",),
    "HNL": ("L", "L."),
    "HUF": ("Ft",),
    "IDR": ("Rp",),
    "ILS": ("₪", "NIS"),
    "INR": ("₹", "Rs", "Rs.", "rupees"),
    "ISK": ("kr",),
    "JPY": ("¥", "円", "JP¥", "yens"),
    "KES": ("KSh", "KSh."),
    "KRW": ("₩",),
    "KZT": ("₸",),
    "MXN": ("MX$", "Mex$", "MEX$", "MXN$", "M.N."),
    "MYR": ("RM",),
    "MZN": ("MT", "MTn"),
    "NGN": ("₦",),
    "NIO": ("C$",),
    "NOK": ("kr", "kr."),
    "NZD": ("NZ$", "kiwi"),
    "PAB": ("B/.", "B/"),
    "PEN": ("S/", "S/.", "soles", "nuevo sol", "nuevos soles"),
    "PHP": ("₱",),
    "PLN": ("zł", "zl"),
    "PYG": ("₲", "Gs", "Gs.", "G"),
    "RON": ("lei",),
    "RUB": ("₽", "rubles"),
    "SAR": ("﷼", "SR"),
    "SEK": ("kr", "kr."),
    "SGD": ("S$", "SG$"),
    "THB": ("฿",),
    "TRY": ("₺", "TL"),
    "TWD": ("NT$", "NTD"),
    "UAH": ("₴",),
    "USD": ("$", "US$", "U$S", "U$", "USD$", "$US", "bucks", "greenback"),
    "UYU": ("$U", "UY$"),
    "VES": ("Bs", "Bs.", "Bs.S", "Bs.D"),
    "VND": ("₫",),
    "ZAR": ("R",),
}
"""Signs and short names beside CLDR's, which says e.g. PEN where Peru writes S/. Those of older ISO codes are `_FORMER_CURRENCIES`."""

_CURRENCIES: Mapping[str, tuple[str, ...]] = {
    "AUD": ("Aussie dollar",),
    "BOB": ("peso boliviano",),
    "CAD": ("loonie",),
    "CNY": ("人民币", "人民幣"),
    "DKK": ("Danish crown",),
    "EUR": ("Europe", "Europa", "European Union", "União Europeia", "Unión Europea", "eurozone", "zona do euro", "zona euro"),
    "GBP": ("English pound", "libra inglesa", "libra britânica"),
    "MXN": ("moneda nacional",),
    "NOK": ("Norwegian crown",),
    "SEK": ("Swedish crown",),
}
"""Names that are none in CLDR."""

_FORMER_CURRENCIES: Mapping[str, str] = {
    "BRL": "BRR",
    "EUR": "ATS BEF BGN CYP DEM EEK ESP FIM FRF GRD HRK IEP ITL LTL LUF LVL MTL NLG PTE SIT SKK",
    "MXN": "MXP",
    "PEN": "PES",
    "RON": "ROL",
    "SLE": "SLL",
    "TRY": "TRL",
    "VES": "VEB VEF",
    "ZWG": "ZWL",
}


def names_of(country: str) -> tuple[str, ...]:
    """What a country is called in each of our languages. ``country``: alpha-2."""
    from babel import Locale  # noqa: PLC0415  not needed at startup

    return tuple(Locale.parse(language).territories.get(country, "") for language in LANGUAGES)


@cache
def of_countries() -> Mapping[str, tuple[str, ...]]:
    """Alpha-2 -> other names, each in our languages and the country's own."""
    import pycountry  # noqa: PLC0415  not needed at startup
    from babel.languages import get_official_languages  # noqa: PLC0415  the same

    found = {two: dict.fromkeys(_COUNTRIES.get(two, ())) for two in countries()}
    by_language: dict[str, list[str]] = {}
    for two in found:
        for language in (*LANGUAGES, *get_official_languages(two, de_facto=True)):
            by_language.setdefault(language, []).append(two)
    official = {country["alpha_2"]: country for country in iso_3166("1")}
    for language, those in by_language.items():
        translated, names = _translations(pycountry.LOCALES_DIR, language), _territories(language)
        for two in those:
            said = (official[two].get(kind, "") for kind in ("name", "official_name", "common_name"))
            found[two] |= dict.fromkeys(filter(None, (names.get(two, ""), *(translated.gettext(name) for name in said if name))))
    for two, name in _withdrawn():
        found[two][name] = None
    return {two: tuple(names) for two, names in found.items()}


def _territories(language: str) -> Mapping[str, str]:
    """A language's names of countries alone: babel would keep all that it has of each language."""
    from babel import Locale  # noqa: PLC0415  not needed at startup
    from babel.localedata import resolve_locale_filename  # noqa: PLC0415  the same

    if language in LANGUAGES:
        return dict(Locale.parse(language).territories)
    with suppress(OSError), Path(resolve_locale_filename(language)).open("rb") as file:
        names: Mapping[str, str] = pickle.load(file).get("territories", {})  # noqa: S301  babel's own file
        return names
    return {}


def _translations(folder: str, language: str) -> gettext.NullTranslations:
    """Read without gettext's own cache, which would keep each language's."""
    with suppress(OSError), (Path(folder) / language / "LC_MESSAGES/iso3166-1.mo").open("rb") as file:
        return gettext.GNUTranslations(file)
    return gettext.NullTranslations()


def _withdrawn() -> Iterator[tuple[str, str]]:
    """Names with the country that took their place, if it is one."""
    for former in iso_3166("3"):
        now = cldr("territory_aliases").get(former.get("alpha_2", ""), [])
        if len(now) == 1 and now[0] in countries():
            yield now[0], former["name"]


@cache
def parts_of_countries() -> Mapping[str, Sequence[str]]:
    """Alpha-2 -> the names of its parts (ISO 3166-2), folded."""
    found: dict[str, list[str]] = {}
    for part in iso_3166("2"):
        found.setdefault(part["code"][:2], []).append(" ".join(words(part["name"])))
    return found


def of_currency(code: str) -> Iterator[str]:
    """Its plurals in all our languages, other names, and former codes."""
    from babel import Locale  # noqa: PLC0415  not needed at startup

    for language in LANGUAGES:
        yield from _plurals(code, Locale.parse(language))
    yield from _CURRENCIES.get(code, ())
    yield from _FORMER_CURRENCIES.get(code, "").split()


def _plurals(code: str, locale: "Locale") -> Iterator[str]:
    from babel.numbers import get_currency_name  # noqa: PLC0415  not needed at startup

    yield locale.currencies.get(code, "")
    for count in (1, 2):
        yield get_currency_name(code, count, locale)


def signs_of(code: str) -> Iterator[str]:
    """As they are written in any of our languages, or in the currency's country."""
    from babel import Locale  # noqa: PLC0415  not needed at startup

    yield from _SIGNS.get(code, ())
    yield from (Locale.parse(language).currency_symbols.get(code, "") for language in LANGUAGES)
