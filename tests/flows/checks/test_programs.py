"""The rules of the call that creates a program: what is refused at which field, and what is read as it was meant."""

from dataclasses import replace

import pytest

from flows.checks.guard import find_secrets
from flows.checks.programs import ACCOUNT_TYPES, CARD_TYPES, MERCHANT, ProgramTemplate, days, digits, faults, time_of_day

CARDS = ProgramTemplate(
    "Example Credit",
    "CREDITO",
    "BRL",
    "BRA",
    "America/Sao_Paulo",
    brand="VISA",
    bin="456789",
    range_start="000000000",
    range_end="999999999",
    due_dates=(5, 15),
)
ACCOUNTS = ProgramTemplate("Example Accounts", "CURRENT ACCOUNTS", "BRL", "BRA", "America/Sao_Paulo")


def refused(program: ProgramTemplate) -> set[tuple[str, str]]:
    return {(one.field, one.key) for one in faults(program)}


def test_what_is_whole_passes() -> None:
    for program in (CARDS, ACCOUNTS, replace(CARDS, bin="12345678", range_start="0", range_end="9999999")):
        assert refused(program) == set()
    for kind in CARD_TYPES[1:]:
        assert refused(replace(CARDS, type=kind, due_dates=())) == set()
    for kind in (*ACCOUNT_TYPES, MERCHANT):
        assert refused(replace(ACCOUNTS, type=kind)) == set()


@pytest.mark.parametrize(
    ("program", "field", "key"),
    [
        (replace(CARDS, bin="1234567"), "bin", "bin_length"),
        (replace(CARDS, bin="12345a"), "bin", "bin_not_digits"),
        (replace(CARDS, bin="١٢٣٤٥٦"), "bin", "bin_not_digits"),
        (replace(CARDS, range_end="9999999999"), "range_end", "bin_range_length"),
        (replace(CARDS, bin="12345678", range_start="0"), "range_end", "bin_range_length"),
        (replace(CARDS, range_start="9", range_end="8"), "range_end", "bin_range_order"),
        (replace(CARDS, range_start="x"), "range_start", "bin_range_not_digits"),
        (replace(CARDS, due_dates=(5, 31)), "due_dates", "due_date_beyond"),
        (replace(CARDS, due_dates=(0,)), "due_dates", "due_date_beyond"),
        (replace(CARDS, due_dates=()), "due_dates", "due_date_missing"),
        (replace(CARDS, brand=""), "brand", "program_brand_missing"),
        (replace(CARDS, brand="AMEX"), "brand", "program_brand_unknown"),
        (replace(CARDS, type="LENDING"), "type", "program_type_unknown"),
        (replace(CARDS, name="x" * 51), "name", "program_name_length"),
        (replace(ACCOUNTS, brand="VISA"), "brand", "program_no_card_details"),
        (replace(ACCOUNTS, bin="456789"), "bin", "program_no_card_details"),
        (replace(ACCOUNTS, type=MERCHANT, due_dates=(5,)), "due_dates", "program_no_card_details"),
    ],
)
def test_each_rule_is_told_at_its_field(program: ProgramTemplate, field: str, key: str) -> None:
    assert refused(program) == {(field, key)}


def test_what_is_typed_is_read_as_it_was_meant() -> None:
    assert [digits(text) for text in ("4567 89", "4567-89", " 4567.8901 ", "no BIN")] == [
        "456789",
        "456789",
        "45678901",
        "no BIN",
    ]
    assert [days(text) for text in ("5, 15 and 25", "25;5;5", "dias 1 e 10", "5/15")] == [(5, 15, 25), (5, 25), (1, 10), (5, 15)]
    assert [days(text) for text in ("1, 5; 10 e 15", "1º, 5º", "1st and 5th")] == [(1, 5, 10, 15), (1, 5), (1, 5)]
    assert [days(text) for text in ("the 5th", "five", "5-10", "5 to 10")] == [None] * 4
    times = [time_of_day(text) for text in ("23:59", "23:59:59", "9:05", "23h59", "23.59", "23h")]
    assert times == ["23:59:00", "23:59:59", "09:05:00", "23:59:00", "23:59:00", "23:00:00"]
    assert [time_of_day(text) for text in ("24:00", "23:60", "noon", "2359")] == [None] * 4


def test_only_what_is_given_is_sent() -> None:
    assert ACCOUNTS.body() == {
        "name": "Example Accounts",
        "type": "CURRENT ACCOUNTS",
        "timezone": "America/Sao_Paulo",
        "currency_numeric_code": "986",
        "country_code": "BRA",
    }
    assert CARDS.body()["bin"] == {"value": "456789", "start_range": "000000000", "end_range": "999999999"}
    assert CARDS.body()["due_dates"] == [{"day": 5, "active": True}, {"day": 15, "active": True}]


@pytest.mark.parametrize("prefix", ["4", "51", "4567 89", "411111", "3782 82", "62"])
def test_a_bin_and_its_range_are_no_card_number_and_no_secret(prefix: str) -> None:
    number = (digits(prefix) + "1" * 8)[:8]
    for text in (
        prefix,
        number,
        number[:6],
        "000000000",
        "999999999",
        f"{number[:6]} 000000000",
        f"BIN {number}: 0000000-9999999",
    ):
        assert list(find_secrets(text)) == []
