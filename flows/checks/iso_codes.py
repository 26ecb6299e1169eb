"""Codes of currencies (ISO 4217), countries (ISO 3166-1) and time zones (IANA)."""

import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Literal

# Currencies that are legal tender somewhere, with their numeric codes. Source: ISO 4217, list one (current currencies); CLDR has
# the names but no numbers. Funds, metals, and test codes are omitted; Bulgaria uses the euro.
_LIST_ONE = """
AED784 AFN971 ALL008 AMD051 AOA973 ARS032 AUD036 AWG533 AZN944 BAM977 BBD052 BDT050 BHD048 BIF108 BMD060 BND096 BOB068
BRL986 BSD044 BTN064 BWP072 BYN933 BZD084 CAD124 CDF976 CHF756 CLP152 CNY156 COP170 CRC188 CUP192 CVE132 CZK203 DJF262
DKK208 DOP214 DZD012 EGP818 ERN232 ETB230 EUR978 FJD242 FKP238 GBP826 GEL981 GHS936 GIP292 GMD270 GNF324 GTQ320 GYD328
HKD344 HNL340 HTG332 HUF348 IDR360 ILS376 INR356 IQD368 IRR364 ISK352 JMD388 JOD400 JPY392 KES404 KGS417 KHR116 KMF174
KPW408 KRW410 KWD414 KYD136 KZT398 LAK418 LBP422 LKR144 LRD430 LSL426 LYD434 MAD504 MDL498 MGA969 MKD807 MMK104 MNT496
MOP446 MRU929 MUR480 MVR462 MWK454 MXN484 MYR458 MZN943 NAD516 NGN566 NIO558 NOK578 NPR524 NZD554 OMR512 PAB590 PEN604
PGK598 PHP608 PKR586 PLN985 PYG600 QAR634 RON946 RSD941 RUB643 RWF646 SAR682 SBD090 SCR690 SDG938 SEK752 SGD702 SHP654
SLE925 SOS706 SRD968 SSP728 STN930 SYP760 SZL748 THB764 TJS972 TMT934 TND788 TOP776 TRY949 TTD780 TWD901 TZS834 UAH980
UGX800 USD840 UYU858 UZS860 VES928 VND704 VUV548 WST882 XAF950 XCD951 XCG532 XOF952 XPF953 YER886 ZAR710 ZMW967 ZWG924
"""
CURRENCIES: Mapping[str, str] = {entry[:3]: entry[3:] for entry in _LIST_ONE.split()}
"""Alphabetic code -> numeric code, three digits."""

_UNINHABITED = {"BV", "HM"}  # ISO 3166-1 countries without a time zone in CLDR
_NOT_COUNTRIES = {"001", "ZZ"}  # CLDR's "world" and "unknown"
_WITHDRAWN = {"BUR", "DDR", "FXX", "TMP", "YMD", "ZAR"}  # codes that CLDR still maps to a current country

Catalog = Literal["currency", "country", "timezone"]
Part = Literal[
    "territory_aliases", "territory_currencies", "territory_zones", "windows_zone_mapping", "zone_aliases", "zone_territories"
]


@cache
def cldr(part: Part) -> Mapping[str, Any]:
    """A part of CLDR that is the same in every language."""
    from babel.core import get_global  # noqa: PLC0415  not needed at startup

    return get_global(part)


def iso_3166(part: Literal["1", "2", "3"]) -> Sequence[Mapping[str, str]]:
    """The entries of ISO 3166: countries, their parts, countries that are no more. Not kept: pycountry's objects take megabytes."""
    entries: Sequence[Mapping[str, str]] = json.loads(_database(part))[f"3166-{part}"]
    return entries


def parts_of(country: str) -> Sequence[Mapping[str, str]]:
    """The entries of ISO 3166-2 of one country, read alone: all of them are 5,000. ``country``: alpha-2."""
    found = re.findall(rf'\{{\s*"code": "{country}-[^{{}}]*\}}', _database("2")) if country else ()
    entries: Sequence[Mapping[str, str]] = json.loads(f"[{','.join(found)}]")
    return entries


def _database(part: str) -> str:
    import pycountry  # noqa: PLC0415  not needed at startup

    return (Path(pycountry.DATABASE_DIR) / f"iso3166-{part}.json").read_text("utf-8")


@cache
def countries() -> Mapping[str, str]:
    """The 249 countries of ISO 3166-1: alpha-2 -> alpha-3."""
    listed = (cldr("territory_zones").keys() | _UNINHABITED) - _NOT_COUNTRIES
    pairs = {of[0]: alias for alias, of in cldr("territory_aliases").items() if len(of) == 1 and _is_alpha3(alias)}
    return {two: pairs[two] for two in sorted(listed)}


@cache
def zones() -> frozenset[str]:
    """Canonical ``Region/City`` zones, and ``Etc/UTC``."""
    return frozenset(zone for zone in cldr("zone_territories") if not zone.startswith("Etc/")) | {"Etc/UTC"}


def known(kind: Catalog, value: str) -> bool:
    """Whether it is a listed currency, country (alpha-3), or time zone."""
    if kind == "currency":
        return value in CURRENCIES
    return value in (_by_alpha3() if kind == "country" else zones())


def numeric_code(currency: str) -> str | None:
    """ISO 4217 numeric code, three digits."""
    return CURRENCIES.get(currency.upper())


def alpha2(country: str) -> str | None:
    """ISO 3166-1 alpha-2 of an alpha-2 or alpha-3 code, in any case."""
    code = country.strip().upper()
    return code if code in countries() else _by_alpha3().get(code)


def alpha3(country: str) -> str | None:
    """ISO 3166-1 alpha-3 of an alpha-2 or alpha-3 code, in any case."""
    two = alpha2(country)
    return countries()[two] if two else None


def country_numbers(two: str) -> tuple[str, ...]:
    """ISO 3166-1 numeric codes, three digits, of an alpha-2 code, with former ones."""
    return _numbers().get(two, ())


def canonical_zone(name: str) -> str | None:
    """The listed time zone for an IANA name: ``America/Buenos_Aires`` -> ``America/Argentina/Buenos_Aires``."""
    zone: str = cldr("zone_aliases").get(name, name)
    return zone if zone in zones() else None


@cache
def _numbers() -> Mapping[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for alias, of in cldr("territory_aliases").items():
        if len(of) == 1 and len(alias) == 3 and alias.isdigit():
            found[of[0]] = (*found.get(of[0], ()), alias)
    return found


@cache
def _by_alpha3() -> Mapping[str, str]:
    return {three: two for two, three in countries().items()}


def _is_alpha3(code: str) -> bool:
    return len(code) == 3 and code.isalpha() and code not in _WITHDRAWN
