"""The organization as Pismo's API takes it, and its comparison with what the platform has."""

import pytest

from flows.forms.pages import collect
from flows.steps.org_details import compare, to_org_details
from flows.steps.organization import STEP
from tests.flows.steps.filled_forms import a_situation, example, sent

CLEAN = sent(STEP.form, example(STEP.form))

# Maximum lengths of OrgDetails, from Pismo's OpenAPI file for the Organizations API.
MAX_LENGTH = {
    "official_name": 100,
    "org_name": 80,
    "document_number": 20,
    "address": 80,
    "complementary_address": 50,
    "neighborhood": 50,
    "zipcode": 9,
    "city": 60,
    "state": 2,
    "country": 30,
    "country_code": 3,
    "legal_proxy_name": 50,
    "legal_proxy_document": 20,
    "responsible": 255,
    "currency_numeric_code": 3,
    "timezone": 60,
}


def test_codes_are_those_of_the_platform() -> None:
    details = to_org_details(CLEAN)
    assert details["currency_numeric_code"] == "986"
    assert (details["country"], details["country_code"]) == ("Brazil", "BRA")
    assert details["number"] == 1000
    assert "complementary_address" not in details


def test_the_preferred_name_is_the_legal_name_unless_given() -> None:
    assert to_org_details({**CLEAN, "org_name": None})["org_name"] == CLEAN["official_name"]


def test_a_state_whose_code_is_too_long_is_kept_and_not_sent() -> None:
    clean = sent(
        STEP.form, {**example(STEP.form), "country": "MEX", "document_reason": "x", "zipcode": "06000", "state": "Jalisco"}
    )
    assert (clean["state"], "state" in to_org_details(clean)) == ("JAL", False)
    assert STEP.business_place(clean).subdivision == "JAL"
    for theirs in ("", "JA", "JAL"):
        assert compare(clean, {**to_org_details(clean), "state": theirs}) == []


def test_a_long_country_name_gives_way_to_its_code() -> None:
    assert to_org_details({**CLEAN, "country": "SGS"})["country"] == "SGS"


@pytest.mark.parametrize("name", [name for name in MAX_LENGTH if name in example(STEP.form)])
def test_nothing_is_taken_that_the_platform_would_refuse(name: str) -> None:
    too_long = {**example(STEP.form), "document_reason": "x", name: "x" * (MAX_LENGTH[name] + 1)}
    assert name in {problem.field for _, problem in collect(STEP.form, too_long, a_situation())[1]}
    assert len(str(to_org_details(CLEAN)[name])) <= MAX_LENGTH[name]


def test_the_same_organization_does_not_differ() -> None:
    assert compare(CLEAN, to_org_details(CLEAN)) == []


@pytest.mark.parametrize(
    ("name", "theirs"),
    [
        ("official_name", "EXAMPLE  BANK S.A."),
        ("document_number", "11222333000181"),
        ("number", "1000"),
        ("number", "1000.0"),
        ("zipcode", "01310100"),
        ("state", "BR-SP"),
        ("country_code", "BR"),
        ("country", "Brasil"),
        ("currency_numeric_code", "BRL"),
        ("timezone", "America/Sao Paulo"),
        ("timezone", "Brazil/East"),
        ("language", "pt_BR"),
        ("complementary_address", ""),
        ("holiday_calendar_id", "7"),
    ],
)
def test_another_form_of_the_same_value_is_no_difference(name: str, theirs: str) -> None:
    assert compare(CLEAN, {**to_org_details(CLEAN), name: theirs}) == []


@pytest.mark.parametrize(
    ("name", "theirs", "difference"),
    [
        ("address", "Rua Augusta", ("address", "Avenida Paulista", "Rua Augusta")),
        ("number", None, ("number", "1000", "")),
        ("neighborhood", None, ("neighborhood", "Bela Vista", "")),
        ("complementary_address", "Suite 9", ("complementary_address", "", "Suite 9")),
        ("currency_numeric_code", "840", ("currency_numeric_code", "986", "840")),
        ("timezone", "America/New_York", ("timezone", "America/Sao_Paulo", "America/New_York")),
    ],
)
def test_a_difference_names_both_sides(name: str, theirs: str | None, difference: tuple[str, str, str]) -> None:
    assert compare(CLEAN, {**to_org_details(CLEAN), name: theirs}) == [difference]
