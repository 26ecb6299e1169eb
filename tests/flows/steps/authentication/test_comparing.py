"""What a proof says of what it read: each program and each detail of the organization, and nothing of what wasn't read."""

from typing import Any

import pytest

from flows.forms.parity import PRODUCTION, TEST
from flows.forms.step import Comparison, Difference, ProgramsRead
from flows.steps.authentication import comparing
from flows.steps.authentication.comparing import MAX_AS_APPROVED, MAX_NAMES
from flows.steps.first_programs.recorded import RecordedProgram
from flows.steps.org_details import to_org_details
from flows.steps.organization import STEP as ORGANIZATION
from tests.flows.steps.filled_forms import a_situation

CARDS = RecordedProgram(
    "card_issuing",
    "Cards",
    "CREDITO",
    "BRL",
    "BRA",
    "America/Sao_Paulo",
    brand="VISA",
    bin="411111",
    id=7,
    recorded_type="CREDITO",
    status="ACTIVE",
)
ACCOUNTS = RecordedProgram("core_banking", "Accounts", "CURRENT ACCOUNTS", "BRL", "BRA", id=8, status="ACTIVE")
NETWORK = {"brand": "VISA", "bin": {"value": "411111", "start_range": "0", "end_range": "999"}}


def at_pismo(number: int = 7, name: str = "Cards", **changed: Any) -> dict[str, Any]:
    known = {"id": number, "name": name, "type": "CREDITO", "status": "ACTIVE"}
    return known | {"currency_numeric_code": "986", "country_code": "BRA"} | NETWORK | changed


def compared(
    *there: dict[str, Any],
    approved: tuple[RecordedProgram, ...] = (CARDS,),
    environment: str = TEST,
    total: int = 0,
    accepted: tuple[Difference, ...] = (),
) -> Comparison:
    return comparing.programs(approved, environment, ProgramsRead(there, total or len(there)), accepted)


def told(found: Comparison) -> list[tuple[str, str]]:
    return [(line.outcome, line.reason) for line in found.lines]


def test_as_approved() -> None:
    found = compared(at_pismo())
    assert told(found) == [("passed", "program_same")]
    assert list(found.differences) == []


@pytest.mark.parametrize(
    ("changed", "reason", "ours", "theirs"),
    [
        ({"type": "PRE-PAGO"}, "program_type", "CREDITO", "PRE-PAGO"),
        ({"name": "Gold"}, "program_name", "Cards", "Gold"),
        ({"currency_numeric_code": "840"}, "program_currency", "BRL", "USD"),
        ({"country_code": "USA"}, "program_country", "BRA", "USA"),
        ({"timezone": "America/Manaus"}, "program_timezone", "America/Sao_Paulo", "America/Manaus"),
        ({"id": 9}, "program_id", "7", "9"),
        ({"brand": "ELO"}, "program_brand", "VISA", "ELO"),
        ({"bin": {"value": "41111122"}}, "program_bin", "411111", "41111122"),
    ],
)
def test_what_differs_is_named_and_once_accepted_is_named_as_that(
    changed: dict[str, Any], reason: str, ours: str, theirs: str
) -> None:
    found = compared(at_pismo(**changed))
    assert told(found) == [("differs", reason)]
    assert (found.lines[0].params["ours"], found.lines[0].params["theirs"]) == (ours, theirs)
    assert told(compared(at_pismo(**changed), accepted=tuple(found.differences))) == [("accepted", reason)]


@pytest.mark.parametrize("lacks", ["type", "currency_numeric_code", "country_code", "brand", "bin"])
def test_of_what_pismo_does_not_say_nothing_is_said(lacks: str) -> None:
    assert told(compared(at_pismo() | {lacks: None})) == [("passed", "program_same")]


def test_the_same_in_other_words_does_not_differ() -> None:
    assert told(compared(at_pismo(name="  CARDS ", timezone="Brazil/East"))) == [("passed", "program_same")]


@pytest.mark.parametrize(
    ("status", "reason"), [("PENDING", "program_pending"), (None, "program_status"), ("X", "program_status")]
)
def test_one_that_is_not_active_yet_is_there(status: str | None, reason: str) -> None:
    found = compared(at_pismo(status=status))
    assert (told(found), list(found.differences)) == ([("note", reason)], [])


def test_missing_and_unapproved() -> None:
    found = compared(at_pismo(20, "Gold"))
    assert told(found) == [("differs", "program_missing"), ("note", "programs_unapproved")]
    assert found.lines[1].params["names"] == "Gold"
    assert told(compared(at_pismo(20, "Gold"), accepted=tuple(found.differences)))[0] == ("accepted", "program_missing")


def test_missing_is_said_only_where_all_were_read() -> None:
    found = compared(at_pismo(20, "Gold"), total=5000)
    assert told(found)[0] == ("skipped", "program_not_seen")
    assert list(found.differences) == []


def test_an_id_goes_before_a_name() -> None:
    """Another program has got the name of the one that is missing."""
    renamed = RecordedProgram("core_banking", "Accounts", "CREDITO", "BRL", "BRA", id=8)
    found = compared(at_pismo(8, "Cards"), approved=(CARDS, renamed))
    assert told(found) == [("differs", "program_missing"), ("differs", "program_name")]


def test_elsewhere_than_in_test_programs_have_other_ids() -> None:
    assert told(compared(at_pismo(99), environment=PRODUCTION)) == [("passed", "program_same")]
    assert told(compared(at_pismo(7, "Gold"), environment=PRODUCTION))[0] == ("differs", "program_missing")


def test_a_type_that_support_confirmed_is_the_approved_one() -> None:
    other = RecordedProgram("card_issuing", "Cards", "CREDITO", "BRL", "BRA", id=7, recorded_type="PRE-PAGO")
    assert told(compared(at_pismo(type="PRE-PAGO"), approved=(other,))) == [("passed", "program_same")]


def test_where_none_was_approved_nothing_is_said() -> None:
    assert told(compared(at_pismo(), approved=())) == []


def test_very_many_are_counted() -> None:
    many = tuple(RecordedProgram("card_issuing", f"P{n}", "CREDITO", "BRL", "BRA", id=n) for n in range(30))
    found = compared(*(at_pismo(n, f"P{n}") for n in range(50)), approved=many)
    assert told(found).count(("passed", "program_same")) == MAX_AS_APPROVED
    more, others = found.lines[-2:]
    assert (more.reason, more.params["count"]) == ("programs_same", 10)
    assert (others.reason, others.params["count"], others.params["more"]) == ("programs_unapproved_more", 20, 20 - MAX_NAMES)


# -- the organization


SENT = {"organization": dict(ORGANIZATION.form.example)}


def test_an_organization_as_approved_and_one_that_is_not() -> None:
    situation = a_situation(answers=SENT)
    details = to_org_details(SENT["organization"])
    assert told(comparing.organization(situation, details, ())) == [("passed", "details_same")]
    found = comparing.organization(situation, details | {"city": "Elsewhere"}, ())
    assert told(found) == [("differs", "value_differs")]
    assert told(comparing.organization(situation, details | {"city": "Elsewhere"}, found.differences)) == [
        ("accepted", "value_differs")
    ]


def test_where_no_organization_was_sent_nothing_is_said_to_match() -> None:
    assert comparing.organization(a_situation(), {"official_name": "Acme"}, ()) == Comparison()
