import zoneinfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.checks.catalog import label, search
from flows.checks.iso_codes import (
    CURRENCIES,
    Catalog,
    alpha2,
    alpha3,
    canonical_zone,
    cldr,
    countries,
    known,
    numeric_code,
    zones,
)

KINDS: list[Catalog] = ["currency", "country", "timezone"]
LANGUAGES = ["en", "pt_BR", "es"]


def values(kind: Catalog, query: str, language: str = "pt_BR") -> list[str]:
    return [choice.value for choice in search(kind, query, language)]


@pytest.mark.parametrize(
    ("kind", "query", "first"),
    [
        ("currency", "REAL", "BRL"),
        ("currency", "986", "BRL"),
        ("currency", "brl", "BRL"),
        ("currency", "dolar", "USD"),
        ("currency", "mexico", "MXN"),
        ("country", "brazil", "BRA"),
        ("country", "br", "BRA"),
        ("country", "estados un", "USA"),
        ("country", "uk", "GBR"),
        ("country", "mexico", "MEX"),
        ("country", "united k", "GBR"),
        ("timezone", "sao paulo", "America/Sao_Paulo"),
        ("timezone", "SÃO", "America/Sao_Paulo"),
        ("timezone", "america/sao_p", "America/Sao_Paulo"),
        ("timezone", "brasília", "America/Sao_Paulo"),
        ("timezone", "nova york", "America/New_York"),
        ("timezone", "new york", "America/New_York"),
        ("timezone", "india", "Asia/Kolkata"),
        ("timezone", "UTC+05:30", "Asia/Kolkata"),
        ("timezone", "gmt-3", "America/Sao_Paulo"),
        ("timezone", "utc", "Etc/UTC"),
    ],
)
def test_people_find_it_however_they_type_it(kind: Catalog, query: str, first: str) -> None:
    assert values(kind, query)[0] == first


FOUND: dict[Catalog, dict[str, str]] = {
    "country": {
        "BRA": "Brasil|BR|076|🇧🇷|República Federativa do Brasil|Brasill|Brazilian",
        "CHE": "Schweiz|Suisse|Swiss",
        "CHN": "PRC|中国|People's Republic of China|Peoples Republic of China",
        "CIV": "Ivory Coast|Cote d'Ivoire|Côte d’Ivoire|Cote dIvoire|Costa de Marfil",
        "COD": "DRC|Zaire|Democratic Republic of the Congo",
        "COL": "Columbia",
        "CPV": "Cabo Verde|Cape Verde",
        "CZE": "Czech Republic|Česko|República Tcheca",
        "DEU": "Deutschland|Germny|Alemania|Federal Republic of Germany|Bayern",
        "ESP": "España|Espana|Espanha|Catalunya",
        "ARE": "UAE|U.A.E.|EAU|Emirates|Dubai",
        "GBR": "UK|U.K.|England, UK|Great Britain|Scotland|Inglaterra|Escocia|Northern Ireland|Untied Kingdom",
        "FRA": "Paris|Francia|França",
        "IRL": "Éire|Republic of Ireland",
        "JPN": "日本|Nippon|392",
        "KOR": "Korea, Republic of|ROK|Republic of Korea|Korea|대한민국",
        "MMR": "Burma|Birmânia",
        "NLD": "Holland|Holanda|Nederland|The Netherlands",
        "PHL": "Phillipines",
        "RUS": "Россия|Russian Federation",
        "SWZ": "Swaziland",
        "TUR": "Turkey|Turkiye|Turquía",
        "UKR": "The Ukraine",
        "USA": "United States of America|America|EUA|EE. UU.|the united states",
    },
    "timezone": {
        "Asia/Kolkata": "IST (India)|Mumbai|Bombay|Bengaluru|Hyderabad|Mumbai, India|Asia/Calcutta|IST|GMT+5:30|+0530",
        "Asia/Shanghai": "Beijing|Pequim|Shenzhen|China",
        "Asia/Tokyo": "Osaka|JST|UTC+9",
        "America/Argentina/Buenos_Aires": "ART|America/Buenos_Aires|Bs. As.|CABA|horário da Argentina",
        "America/Los_Angeles": "San Francisco|San Fransisco|PST|US/Pacific|California, USA|costa oeste|PST/PDT",
        "America/Lima": "hora peruana",
        "America/Monterrey": "Monterrey",
        "America/Mexico_City": "Guadalajara|CDMX|D.F.|hora de la ciudad de mexico|hora del centro de México|Jalisco|mejico",
        "America/New_York": "EST|NYC|Nueva York|Eastern|hora del este|EST/EDT|USA Eastern|Newyork|(GMT-05:00) Eastern Time (US & Canada)",
        "America/Recife": "Recife",
        "America/Cuiaba": "Mato Grosso",
        "America/Sao_Paulo": "Rio|Rio de Janeiro|Curitiba|Brasília|Brazil/East|BRT|UTC-3|-03:00|utc−3|UTC –3|S. Paulo|Sao Paolo"
        "|UTC−03:00 · São Paulo, Brazil (America/Sao_Paulo)|Brazil|UTC-3 Brasil|Etc/GMT+3"
        "|E. South America Standard Time|(UTC-03:00) Brasilia|BRT (UTC-3)|fuso horário de Brasília|hora oficial do Brasil",
        "Asia/Ho_Chi_Minh": "Hanoi",
        "Europe/Amsterdam": "Holland",
        "Europe/Berlin": "Frankfurt|Fraknfurt|CET|Deutschland",
        "Europe/Lisbon": "Porto",
        "Europe/London": "UK|Edinburgh",
        "Europe/Madrid": "Barcelona|Córdoba, Spain|CET Madrid",
        "Europe/Moscow": "St. Petersburg",
        "Etc/UTC": "UTC|GMT|UTC+0",
    },
    "currency": {
        "ARS": "Argentinian peso",
        "AUD": "A$",
        "BRL": "R$|R $|reais|reales|Brasil",
        "DKK": "croa dinamarquesa",
        "CNY": "RMB|¥|元|China",
        "EUR": "€|Deutschland|euros|zona do euro",
        "GBP": "£|libras",
        "INR": "₹|rupees",
        "JPY": "¥|￥",
        "MXN": "MX$|pesos mexicanos|pesos",
        "PEN": "S/|soles",
        "USD": "US$|$|U$S|dólares|dollars",
    },
}
"""Value -> what people type for it."""


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_whatever_people_call_it_is_among_the_first_three_and_nothing_is_offered_twice(kind: Catalog, language: str) -> None:
    found = {(value, one): values(kind, one, language) for value, several in FOUND[kind].items() for one in several.split("|")}
    assert [(value, one) for (value, one), those in found.items() if value not in those[:3]] == []
    assert [one for (_, one), those in found.items() if len(those) != len(set(those))] == []


def test_what_is_called_nothing_of_the_kind_finds_nothing() -> None:
    assert [values(kind, typed) for kind in KINDS for typed in ("☃", "xqzw", "qqqq " * 200, "%&/")] == [[]] * 12


def test_names_are_in_the_language_asked() -> None:
    assert label("country", "DEU", "pt-BR") == "Alemanha (DEU)"
    assert label("country", "DEU", "en") == "Germany (DEU)"
    assert label("currency", "BRL", "pt_BR").startswith("BRL · Real brasileiro")
    assert label("timezone", "Asia/Kolkata", "en").startswith("UTC+05:30 · Kolkata")


def test_a_value_that_is_not_listed_is_shown_as_it_is() -> None:
    assert label("country", "Atlantis", "en") == "Atlantis"
    assert not known("country", "Atlantis")
    assert search("country", "atlantis", "en") == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_every_value_has_a_label_within_the_limits_and_is_found_by_itself(kind: Catalog, language: str) -> None:
    listed = {"currency": set(CURRENCIES), "country": set(countries().values()), "timezone": set(zones())}[kind]
    assert {choice.value for choice in search(kind, "", language, limit=1000)} == listed
    for value in listed:
        shown = label(kind, value, language)
        assert 0 < len(shown) <= 75
        assert len(value) <= 150
        assert search(kind, value, language)[0].value == value
    assert len({label(kind, value, language) for value in listed}) == len(listed)


def test_an_empty_query_gives_the_usual_ones_first_and_stays_within_the_limit() -> None:
    assert values("currency", "")[:3] == ["BRL", "USD", "EUR"]
    assert values("timezone", " ")[0] == "America/Sao_Paulo"
    assert len(search("timezone", "", "en")) == 100


def test_codes_are_those_of_the_standards() -> None:
    assert len(countries()) == 249
    assert (alpha2("bra"), alpha2("BR"), alpha2("XX"), alpha2("")) == ("BR", "BR", None, None)
    assert (alpha3("br"), alpha3("GBR"), alpha3("ZZZ")) == ("BRA", "GBR", None)
    assert len(set(countries().values())) == 249
    assert [alpha3(code) for code in ("CD", "DE", "FR", "MM", "TL", "YE")] == ["COD", "DEU", "FRA", "MMR", "TLS", "YEM"]
    assert (numeric_code("BRL"), numeric_code("all"), numeric_code("XAU")) == ("986", "008", None)
    assert all(len(code) == 3 and len(number) == 3 and number.isdigit() for code, number in CURRENCIES.items())
    assert len(set(CURRENCIES.values())) == len(CURRENCIES)


def test_every_currency_that_is_tender_has_its_code() -> None:
    entries = (entry for country in cldr("territory_currencies").values() for entry in country)
    tender = {code for code, _, until, is_tender in entries if is_tender and until is None}
    assert tender - {"BGN"} == set(CURRENCIES)  # CLDR 47 is older than Bulgaria's euro


def test_every_zone_is_known_to_the_clock_and_aliases_lead_to_it() -> None:
    assert zones() <= zoneinfo.available_timezones()
    assert canonical_zone("America/Buenos_Aires") == "America/Argentina/Buenos_Aires"
    assert canonical_zone("Asia/Calcutta") == "Asia/Kolkata"
    assert canonical_zone("Europe/Lisbon") == "Europe/Lisbon"
    assert canonical_zone("Mars/Olympus") is None


@given(st.text(max_size=40), st.sampled_from(KINDS))
def test_no_query_breaks_the_search(query: str, kind: Catalog) -> None:
    assert len(search(kind, query, "pt_BR")) <= 100
