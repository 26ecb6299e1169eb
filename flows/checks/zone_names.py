"""What people call time zones besides their names in CLDR: letters, former names, Windows' names, states, coasts."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from zoneinfo import ZoneInfo

from flows.checks.iso_codes import canonical_zone, cldr, parts_of

_ABBREVIATIONS: Mapping[str, tuple[str, ...]] = {
    "America/Argentina/Buenos_Aires": ("ART",),
    "America/Asuncion": ("PYT", "PYST"),
    "America/Bogota": ("COT",),
    "America/Caracas": ("VET",),
    "America/Chicago": ("CT",),
    "America/Denver": ("MT", "Navajo"),
    "America/Guayaquil": ("ECT",),
    "America/La_Paz": ("BOT",),
    "America/Lima": ("PET",),
    "America/Los_Angeles": ("PT",),
    "America/Manaus": ("AMT",),
    "America/Montevideo": ("UYT", "UYST"),
    "America/New_York": ("ET",),
    "America/Noronha": ("FNT",),
    "America/Rio_Branco": ("ACT",),
    "America/Santiago": ("CLT", "CLST"),
    "America/Sao_Paulo": ("BRT", "BRST"),
    "Asia/Bangkok": ("ICT",),
    "Asia/Dhaka": ("BDT",),
    "Asia/Dubai": ("GST",),
    "Asia/Ho_Chi_Minh": ("ICT",),
    "Asia/Kathmandu": ("NPT",),
    "Asia/Kuala_Lumpur": ("MYT",),
    "Asia/Manila": ("PHT",),
    "Asia/Riyadh": ("AST",),
    "Asia/Singapore": ("SGT",),
    "Asia/Tashkent": ("UZT",),
    "Asia/Tehran": ("IRST",),
    "Australia/Sydney": ("AET",),
    "Etc/UTC": ("GMT", "GMT0", "UTC0", "Etc/GMT", "Etc/GMT0", "Greenwich", "Z", "Zulu", "Coordinated Universal Time"),
    "Europe/Istanbul": ("TRT",),
}
"""Those that IANA's database no longer has, since their countries don't use them, and America's short ones."""

_ZONES: Mapping[str, tuple[str, ...]] = {
    "America/Cancun": ("Sureste", "Playa del Carmen"),
    "America/Chicago": ("Centro",),
    "America/Los_Angeles": ("West Coast", "Costa Oeste", "Silicon Valley", "Palo Alto", "Mountain View", "Cupertino"),
    "America/Mexico_City": ("Centro", "Centro de México"),
    "America/New_York": ("East Coast", "Costa Este", "Costa Leste", "Este", "Leste"),
    "America/Tijuana": ("Noroeste",),
    "America/Vancouver": ("BC",),
    "Asia/Kolkata": ("Indian",),
    "Atlantic/Azores": ("Ponta Delgada",),
    "Atlantic/Canary": ("Canary Islands", "Ilhas Canárias"),
    "Atlantic/Madeira": ("Funchal",),
    "Australia/Brisbane": ("QLD",),
    "Etc/UTC": ("Universal", "Tiempo Universal Coordinado", "Tempo Universal Coordenado"),
    "Europe/Madrid": ("Península", "Peninsular"),
}
"""What people say for the zones of large countries, without "time" or "hora de"."""

_STATES: Mapping[str, str] = {
    "America/Anchorage": "US AK",
    "America/Araguaina": "BR TO",
    "America/Bahia": "BR BA",
    "America/Belem": "BR AP PA",
    "America/Boa_Vista": "BR RR",
    "America/Boise": "US ID",
    "America/Campo_Grande": "BR MS",
    "America/Cancun": "MX ROO",
    "America/Chicago": "US AL AR IA IL KS LA MN MO MS ND NE OK SD TN TX WI",
    "America/Chihuahua": "MX CHH",
    "America/Cuiaba": "BR MT",
    "America/Denver": "US CO MT NM UT WY",
    "America/Detroit": "US MI",
    "America/Edmonton": "CA AB NT",
    "America/Fortaleza": "BR CE MA PB PI RN",
    "America/Halifax": "CA NS PE",
    "America/Hermosillo": "MX SON",
    "America/Indiana/Indianapolis": "US IN",
    "America/Los_Angeles": "US CA NV OR WA",
    "America/Maceio": "BR AL SE",
    "America/Manaus": "BR AM",
    "America/Mazatlan": "MX BCS NAY SIN",
    "America/Merida": "MX CAM YUC",
    "America/Mexico_City": "MX AGU CHP CMX COL GRO GUA HID JAL MEX MIC MOR OAX PUE QUE SLP TAB TLA VER ZAC",
    "America/Moncton": "CA NB",
    "America/Monterrey": "MX COA DUR NLE TAM",
    "America/New_York": "US CT DC DE FL GA KY MA MD ME NC NH NJ NY OH PA RI SC VA VT WV",
    "America/Phoenix": "US AZ",
    "America/Porto_Velho": "BR RO",
    "America/Recife": "BR PE",
    "America/Regina": "CA SK",
    "America/Rio_Branco": "BR AC",
    "America/Sao_Paulo": "BR DF ES GO MG PR RJ RS SC SP",
    "America/St_Johns": "CA NL",
    "America/Tijuana": "MX BCN",
    "America/Toronto": "CA ON QC",
    "America/Vancouver": "CA BC",
    "America/Winnipeg": "CA MB",
    "Atlantic/Canary": "ES CN",
    "Australia/Adelaide": "AU SA",
    "Australia/Brisbane": "AU QLD",
    "Australia/Darwin": "AU NT",
    "Australia/Hobart": "AU TAS",
    "Australia/Melbourne": "AU VIC",
    "Australia/Perth": "AU WA",
    "Australia/Sydney": "AU ACT NSW",
    "Pacific/Honolulu": "US HI",
}
"""Zone -> a country and its states (ISO 3166-2) most of whose people have it."""


@cache
def former_zones() -> Mapping[str, tuple[str, ...]]:
    """Zone -> the names that IANA's database had for it before, or has besides, and Windows'."""
    found: dict[str, list[str]] = {}
    for old in cldr("zone_aliases"):
        if (zone := canonical_zone(old)) is not None and ("/" in old or not old.isalpha()):
            found.setdefault(zone, []).append(old)
    for name, zone in cldr("windows_zone_mapping").items():  # "E. South America Standard Time"
        found.setdefault(canonical_zone(zone) or zone, []).append(name)
    return {zone: tuple(names) for zone, names in found.items()}


def of_zone(zone: str) -> tuple[str, ...]:
    return _ZONES.get(zone, ())


@cache
def states_of_zones() -> Mapping[str, tuple[str, ...]]:
    """Zone -> names of the states that have it, in countries with several zones."""
    listed = {zone: states.split() for zone, states in _STATES.items()}
    names = {one["code"]: one["name"] for two in {country for country, *_ in listed.values()} for one in parts_of(two)}
    return {zone: tuple(names[f"{two}-{state}"] for state in states) for zone, (two, *states) in listed.items()}


def abbreviations(zone: str, year: int) -> set[str]:
    """``EST``, ``EDT``: those in use in winter and in summer."""
    clock = ZoneInfo(zone)
    said = (datetime(year, month, 1, tzinfo=UTC).astimezone(clock).tzname() or "" for month in (1, 7))
    return {*(name for name in said if name.isalpha()), *_ABBREVIATIONS.get(zone, ())}
