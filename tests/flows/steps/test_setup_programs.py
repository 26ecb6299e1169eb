"""What "Check my set-up" says of the programs that a product needs: each that was approved for it, else one of its types."""

from collections.abc import Mapping
from typing import Any

import pytest

from flows.forms.parity import PRODUCTION, TEST
from flows.forms.step import Judgement, ProgramsRead
from flows.journey import JOURNEYS
from flows.steps.authentication.proving import SETTLE, SETTLE_PRODUCTION
from flows.steps.first_programs.recorded import asked_for
from flows.steps.first_programs.step import STEP
from tests.flows.steps.filled_forms import MEXICO, a_situation, sent

LOAN = "digital_lending"
FORM = {**STEP.form.example, "products": [LOAN, "seller_management", "further"], "further": [MEXICO]}
IDS = {LOAN: 1, "seller_management": 2, "seller_management:Merchants Mexico": 3}


def at_pismo(number: int, name: str, kind: str, **changed: Any) -> dict[str, Any]:
    place = {"currency_numeric_code": "986", "country_code": "BRA", "timezone": "America/Sao_Paulo"}
    return {"id": number, "name": name, "type": kind, "status": "ACTIVE", **place, **changed}


LOANS, MERCHANTS = at_pismo(1, "Example Loans", "CURRENT ACCOUNTS"), at_pismo(2, "Example Merchants", "MERCHANT")
ACCOUNTS = at_pismo(9, "Accounts", "CURRENT ACCOUNTS")
MEXICANS = at_pismo(
    3, "Merchants Mexico", "MERCHANT", currency_numeric_code="484", country_code="MEX", timezone="America/Mexico_City"
)


def judged(
    product: str,
    *there: dict[str, Any],
    approved: bool = True,
    environment: str = TEST,
    total: int = 0,
    accepted: Any = (),
    ids: Mapping[str, int] = IDS,
) -> Judgement:
    situation = a_situation(answers={"first_programs": sent(STEP.form, FORM)} if approved else {})
    known = {"status": "ACTIVE"}
    records = [(key, {"program": key, "program_id": n, **known, "asked": asked_for(situation, key)}) for key, n in ids.items()]
    settled = {SETTLE if environment == TEST else SETTLE_PRODUCTION: [("1", {"accepted": accepted})]}
    known_of = {"first_programs.record_program": records, **settled}
    situation = a_situation(answers=situation.answers, items=known_of, steps=("first_programs", "production"))
    check = JOURNEYS.latest.steps[f"setup_{product}"].task("check_setup").setup_check
    assert check is not None
    reading = next(one for one in check.readings(situation, environment) if one.kind == "programs")
    assert reading.programs is not None
    return reading.programs(ProgramsRead(there, total or len(there)))


def told(found: Judgement) -> tuple[str, list[str]]:
    return found.outcome, [key for key, _ in found.said]


def test_lending_has_its_own_program_and_no_other_will_do() -> None:
    assert told(judged(LOAN, ACCOUNTS, LOANS)) == ("done", ["program_good"])
    assert told(judged(LOAN, ACCOUNTS)) == ("missing", ["program_absent"])
    assert told(judged(LOAN, ACCOUNTS, approved=False)) == ("not_checked", ["programs_untold"])
    assert told(judged(LOAN, ACCOUNTS, ids={})) == ("missing", ["program_unrecorded"])
    assert told(judged("core_banking", ACCOUNTS)) == ("done", ["programs_found"])


def test_each_country_has_its_merchant_program() -> None:
    found = judged("seller_management", MERCHANTS, MEXICANS)
    assert told(found) == ("done", ["program_good", "program_good"])
    assert [params["place"] for _, params in found.said] == ["BRA, BRL, America/Sao_Paulo", "MEX, MXN, America/Mexico_City"]
    assert told(judged("seller_management", MERCHANTS)) == ("missing", ["program_good", "program_absent"])
    assert told(judged("seller_management", MERCHANTS, total=900)) == ("not_checked", ["program_good", "program_not_seen"])


@pytest.mark.parametrize(
    ("changed", "key"),
    [
        ({"timezone": "America/Tijuana"}, "program_timezone"),
        ({"currency_numeric_code": "840"}, "program_currency"),
        ({"country_code": "USA"}, "program_country"),
        ({"status": "PENDING"}, "program_pending"),
        ({"id": 8}, "program_id"),
    ],
)
def test_what_is_not_as_approved_is_named_unless_support_accepted_it(changed: dict[str, Any], key: str) -> None:
    found = judged("seller_management", MERCHANTS, MEXICANS | changed)
    assert told(found) == ("missing", ["program_good", key])
    if "ours" in (params := found.said[1][1]):
        accepted = [[f"program:Merchants Mexico:{key.removeprefix('program_')}", params["ours"], params["theirs"]]]
        again = judged("seller_management", MERCHANTS, MEXICANS | changed, accepted=accepted)
        assert told(again) == ("done", ["program_good", "program_good"])


def test_elsewhere_than_in_test_programs_have_other_ids() -> None:
    assert judged(LOAN, LOANS | {"id": 77}, environment=PRODUCTION).outcome == "done"
    left_out = [["program:Merchants Mexico:missing", "Merchants Mexico", ""]]
    assert told(judged("seller_management", MERCHANTS, environment=PRODUCTION)) == ("missing", ["program_good", "program_absent"])
    assert judged("seller_management", MERCHANTS, environment=PRODUCTION, accepted=left_out).outcome == "done"
