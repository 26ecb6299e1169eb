"""Postal codes by country: kept in their normal form, or asked again with the form that is expected."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.checks import postal_codes
from flows.checks.iso_codes import countries
from flows.checks.postal_codes import read_postal_code

MAX_ZIPCODE = 9
"""Of Pismo's OrgDetails."""

KEPT = [
    ("BRA", "01310-100", "01310-100"),
    ("BRA", "01310100", "01310-100"),
    ("BRA", "01.310-100", "01310-100"),
    ("BRA", "01310\u2011100", "01310-100"),
    ("BRA", " 01310 \u2013 100 ", "01310-100"),
    ("BRA", "\uff10\uff11310-100", "01310-100"),
    ("BRA", "CEP: 01310-100", "01310-100"),
    ("BRA", "CEP nº 01310-100 - São Paulo", "01310-100"),
    ("BRA", "(01310/100)", "01310-100"),
    ("USA", "NY, 10001-1234", "100011234"),
    ("CAN", "ON K1A 0B1", "K1A 0B1"),
    ("AUS", "NSW 2000", "2000"),
    ("ESP", "28013 Madrid", "28013"),
    ("PRT", "P-1000-205 Lisboa", "1000-205"),
    ("IND", "Pin code: 110001", "110001"),
    ("IRL", "Eircode D02 AF30", "D02 AF30"),
    ("CZE", "PSČ 110 00", "110 00"),
    ("SGP", "Singapore 018956", "018956"),
    ("MEX", "cód. postal 06000", "06000"),
    ("MEX", "C.P. 06000", "06000"),
    ("JPN", "〒100ー0001", "100-0001"),
    ("DEU", "D-10115", "10115"),
    ("ESP", "E-28013", "28013"),
    ("SWE", "S-111 22", "111 22"),
    ("GBR", "gir0aa", "GIR 0AA"),
    ("USA", "10001", "10001"),
    ("USA", "10001-1234", "100011234"),
    ("CAN", "k1a0b1", "K1A 0B1"),
    ("GBR", "ec1a1bb", "EC1A 1BB"),
    ("GBR", "M1 1AE", "M1 1AE"),
    ("IRL", "D6W XY27", "D6W XY27"),
    ("IRL", "a65f4e2", "A65 F4E2"),
    ("PRT", "1000205", "1000-205"),
    ("NLD", "1012js", "1012 JS"),
    ("SWE", "11122", "111 22"),
    ("CHE", "CH-8001", "8001"),
    ("LVA", "1050", "LV-1050"),
    ("LTU", "LT-01103", "LT-01103"),
    ("ARG", "c1425ckb", "C1425CKB"),
    ("ARG", "1425", "1425"),
    ("ARG", "C1425", "C1425"),
    ("VEN", "1010-a", "1010-A"),
    ("MEX", "06000", "06000"),
    ("CHL", "834-0457", "8340457"),
    ("IND", "110 001", "110001"),
    ("JPN", "1000001", "100-0001"),
    ("ARE", "anything", "anything"),
]


@pytest.mark.parametrize(("country", "typed", "kept"), KEPT)
def test_a_code_is_kept_in_its_normal_form(country: str, typed: str, kept: str) -> None:
    assert read_postal_code(typed, country).value == kept


@pytest.mark.parametrize(
    ("country", "typed", "like"),
    [
        ("BRA", "ABC", "01310-100"),
        ("BRA", "1310100", "01310-100"),
        ("BRA", "01310-10\u0660", "01310-100"),
        ("BRA", "01310#100", "01310-100"),
        ("USA", "9021", "90210"),
        ("MEX", "6000", "06000"),
        ("GBR", "1010", "SW1A 1AA"),
        ("CAN", "K1A", "K1A 0B1"),
        ("CAN", "K1A 0B1 2", "K1A 0B1"),
        ("PRT", "1000", "1000-205"),
        ("BRA", "0" * 10_000, "01310-100"),
    ],
)
def test_another_form_is_asked_again(country: str, typed: str, like: str) -> None:
    assert read_postal_code(typed, country) == postal_codes.PostalCode(None, like)


def test_the_examples_of_all_countries_are_codes_of_theirs_within_the_platforms_limit() -> None:
    assert set(postal_codes._CODES) <= set(countries())
    for country in postal_codes._CODES:
        for form in postal_codes._forms(country):
            assert read_postal_code(form.like, country).value == form.like
            assert len(form.like) <= MAX_ZIPCODE


@given(st.text(max_size=60), st.sampled_from(sorted(postal_codes._CODES)))
def test_what_is_kept_is_kept_again_as_it_is(typed: str, country: str) -> None:
    kept = read_postal_code(typed, country).value
    assert kept is None or read_postal_code(kept, country).value == kept


@given(st.data(), st.sampled_from(sorted(postal_codes._CODES)))
def test_every_code_of_a_form_is_kept_and_then_stays_the_same(data: st.DataObject, country: str) -> None:
    form = data.draw(st.sampled_from(postal_codes._forms(country)))
    typed = data.draw(st.from_regex(form.pattern, fullmatch=True))
    kept = read_postal_code(typed.lower(), country).value
    assert kept is not None
    assert len(kept) <= MAX_ZIPCODE
    assert read_postal_code(kept, country).value == kept
