"""First programs: one page for what is planned, checked as it is typed; what support records, and when the step ends."""

from typing import Any

import pytest

from bot.messages.texts import table
from flows.checks.programs import CARD_TYPES
from flows.forms.fields import Answers
from flows.forms.pages import check, slots
from flows.forms.step import Situation
from flows.steps.first_programs.asked import templates
from flows.steps.first_programs.creating import TASK as CREATE
from flows.steps.first_programs.pages import MOST_FURTHER, PAGES, PROGRAMS, TYPES_OF
from flows.steps.first_programs.recorded import RecordedProgram, recorded
from flows.steps.first_programs.recording import TASK as RECORD
from flows.steps.first_programs.step import STEP
from flows.steps.planning import PRODUCTS
from tests.flows.steps.filled_forms import MEXICO, a_situation, refused, sent

EXAMPLE = dict(STEP.form.example)
ORGANIZATION: Answers = {"currency": "MXN", "country": "MEX", "timezone": "America/Mexico_City", "language": "en-US"}


def asked(**changed: Any) -> Situation:
    return a_situation(answers={"first_programs": sent(STEP.form, {**EXAMPLE, **changed})})


def with_record(situation: Situation, **answers: Any) -> Situation:
    """As if support had recorded this too."""
    assert RECORD.form is not None
    given = {"program": "card_issuing", "program_id": "11", "type": "CREDITO", "status": "ACTIVE", **answers}
    clean = sent(RECORD.form, given, situation)
    record = {**clean, **RECORD.adds(clean, situation)}
    key = "first_programs.record_program"
    items = (*situation.items.get(key, ()), (f"item_{len(situation.items.get(key, ()))}", record))
    return a_situation(answers=situation.answers, items={key: items})


# -- the form


def test_it_is_filled_from_planning_and_the_organization() -> None:
    filled = STEP.form.prefill(
        a_situation(answers={"planning": {"products": ["seller_management", "card_issuing"]}, "organization": ORGANIZATION})
    )
    assert filled == {"products": ["card_issuing", "seller_management"], **ORGANIZATION, "seller_management_type": "MERCHANT"}


def test_where_nothing_is_planned_there_is_one_page_for_any_program() -> None:
    filled = STEP.form.prefill(a_situation())
    assert [slot.name for slot in slots(STEP.form, filled)] == ["shared", "another"]
    cards = {**filled, "another_type": "VOUCHER"}
    assert [slot.name for slot in slots(STEP.form, cards)] == ["shared", "another", "another_cards"]


@pytest.mark.parametrize("product", PRODUCTS)
def test_each_product_has_its_page_and_types_in_words(product: str) -> None:
    given = {**EXAMPLE, "products": [product]}
    assert refused(STEP.form, given) == set()
    assert list(templates(sent(STEP.form, given))) == [product]
    for kind in TYPES_OF[product]:
        assert table("en")[f"choice.program_type.{kind}"].startswith(f"{kind}: ")


@pytest.mark.parametrize(
    ("changed", "field", "key"),
    [
        ({"card_issuing_bin": "1234567"}, "card_issuing_bin", "bin_length"),
        ({"card_issuing_range_end": "9 999 999 999"}, "card_issuing_range_end", "bin_range_length"),
        ({"card_issuing_range_start": "9", "card_issuing_range_end": "1"}, "card_issuing_range_end", "bin_range_order"),
        ({"card_issuing_due_dates": "15, 29"}, "card_issuing_due_dates", "due_date_beyond"),
        ({"card_issuing_due_dates": None}, "card_issuing_due_dates", "due_date_missing"),
        ({"card_issuing_due_dates": "soon"}, "card_issuing_due_dates", "due_date_not_a_day"),
        ({"card_issuing_brand": None}, "card_issuing_brand", "missing"),
        ({"core_banking_name": " example  CREDIT "}, "core_banking_name", "program_name_twice"),
        ({"core_banking_name": "x" * 51}, "core_banking_name", "string_too_long"),
        ({"core_banking_type": "CREDITO"}, "core_banking_type", "not_offered"),
        ({"currency": "986"}, "currency", "not_offered"),
        ({"core_banking_country": "BR"}, "core_banking_country", "not_offered"),
        ({"timezone": "Brasilia"}, "timezone", "not_offered"),
        ({"cycle_closing": "25:00"}, "cycle_closing", "time_of_day"),
        ({"products": []}, "products", "missing"),
    ],
)
def test_each_fault_is_told_at_its_field_and_mended_it_passes(changed: Answers, field: str, key: str) -> None:
    assert refused(STEP.form, {**EXAMPLE, **changed}) == {(field, key)}
    assert refused(STEP.form, EXAMPLE) == set()


def test_a_brand_typed_before_another_type_was_chosen_is_not_sent() -> None:
    given = {
        **EXAMPLE,
        "products": ["another"],
        "another_type": "CURRENT ACCOUNTS",
        "another_brand": "VISA",
        "another_bin": "456789",
    }
    clean = sent(STEP.form, given)
    assert "another_brand" not in clean
    assert "brand" not in templates(clean)["another"].body()


def test_what_a_program_has_of_its_own_comes_before_what_all_share() -> None:
    clean = sent(STEP.form, {**EXAMPLE, "core_banking_currency": "USD", "core_banking_country": "USA"})
    cards, accounts = templates(clean).values()
    assert (cards.currency, cards.country, cards.cycle_closing) == ("BRL", "BRA", "23:59:00")
    assert (accounts.currency, accounts.country, accounts.timezone) == ("USD", "USA", "America/Sao_Paulo")
    assert cards.bin == "456789"


# -- several programs of a product


MERCHANTS = {**EXAMPLE, "products": ["seller_management", "further"]}
CARDS: Answers = {
    **{f"further_{name}": EXAMPLE[f"card_issuing_{name}"] for name in ("brand", "bin", "range_start", "range_end", "due_dates")},
    "further_product": "card_issuing",
    "further_name": "Debit Cards",
    "further_type": "DEBITO",
}


def test_each_country_has_a_merchant_program_of_its_own_that_is_recorded_and_created_alone() -> None:
    given = {**MERCHANTS, "further": [{**MEXICO, "then": "another"}, CARDS]}
    assert [slot.name for slot in slots(STEP.form, given)] == [
        "shared",
        "seller_management",
        "further0",
        "further1",
        "further_cards1",
    ]
    situation = asked(**given)
    brazil, mexico, cards = recorded(situation)
    assert (brazil.key, mexico.key) == ("seller_management", "seller_management:Merchants Mexico")
    assert (brazil.place, mexico.place) == ("BRA, BRL, America/Sao_Paulo", "MEX, MXN, America/Mexico_City")
    assert (mexico.product, cards.product, cards.bin) == ("seller_management", "card_issuing", "456789")
    assert CREATE.creation is not None
    chosen = {"program": mexico.key}
    body = CREATE.creation.template({**chosen, **CREATE.adds(chosen, situation)})
    assert (body["name"], body["country_code"], body["currency_numeric_code"]) == ("Merchants Mexico", "MEX", "484")
    situation = with_record(situation, program=brazil.key, program_id="21", type="MERCHANT")
    situation = with_record(situation, program=mexico.key, program_id="22", type="MERCHANT")
    assert [one.id for one in recorded(situation)] == [21, 22, None]
    fewer = sent(STEP.form, {**MERCHANTS, "further": [{**CARDS, "further_name": "Cards"}, MEXICO]})
    again = a_situation(answers={"first_programs": fewer}, items=situation.items)
    assert [(one.name, one.id) for one in recorded(again)] == [
        ("Example Merchants", 21),
        ("Cards", None),
        ("Merchants Mexico", 22),
    ]


@pytest.mark.parametrize(
    ("changed", "field", "key"),
    [
        ({"further_type": "CURRENT ACCOUNTS"}, "further_type", "program_type_of_another_product"),
        ({"further_name": " example  MERCHANTS"}, "further_name", "program_name_twice"),
        ({"further_name": "debit cards"}, "further_name", "program_name_twice"),
        ({**CARDS, "further_name": "Gold", "further_bin": "1234567"}, "further_bin", "bin_length"),
    ],
)
def test_what_is_wrong_with_a_further_program_is_told_on_its_page(changed: Answers, field: str, key: str) -> None:
    assert refused(STEP.form, {**MERCHANTS, "further": [CARDS, {**MEXICO, **changed}]}) == {(field, key)}


def test_two_merchant_programs_of_one_place_are_pointed_out() -> None:
    here = {**MEXICO, "further_currency": None, "further_country": None, "further_timezone": None}
    for further, keys in ((here, ["program_same_place"]), (MEXICO, [])):
        clean = sent(STEP.form, {**MERCHANTS, "further": [further]})
        assert [note.key for note in STEP.form.notes(clean, a_situation())] == keys


def test_there_are_no_more_than_the_steps_messages_can_show() -> None:
    many = [{**MEXICO, "further_name": f"Merchants {n}", "then": "another"} for n in range(MOST_FURTHER)]
    before, last = slots(STEP.form, {**MERCHANTS, "further": many})[MOST_FURTHER : MOST_FURTHER + 2]
    (problem,) = check(last, {**MERCHANTS, "further": many}, a_situation())
    assert (problem.field, problem.key) == ("then", "programs_too_many")
    assert check(before, {**MERCHANTS, "further": many}, a_situation()) == ()
    many[-1]["then"] = "enough"
    assert check(last, {**MERCHANTS, "further": many}, a_situation()) == ()


def test_a_product_without_a_program_is_pointed_out() -> None:
    situation = a_situation(answers={"planning": {"products": ["card_issuing", "digital_lending"]}})
    notes = {note.key for note in STEP.form.notes(sent(STEP.form, EXAMPLE), situation)}
    assert "program_not_asked_digital_lending" in notes
    assert "program_not_asked_card_issuing" not in notes


# -- what support records


def test_the_step_ends_once_every_program_has_an_id() -> None:
    situation = asked()
    assert [(one.name, one.id, one.status) for one in recorded(situation)] == [
        ("Example Credit", None, ""),
        ("Example Accounts", None, ""),
    ]
    assert not STEP.finished(situation)
    situation = with_record(situation, status="PENDING")
    assert not STEP.finished(situation)
    situation = with_record(situation, program="core_banking", program_id="12", type="CURRENT ACCOUNTS")
    assert STEP.finished(situation)
    assert recorded(situation)[0] == RecordedProgram(
        "card_issuing", "Example Credit", "CREDITO", "BRL", "BRA", "America/Sao_Paulo", "VISA", "456789", 11, "CREDITO", "PENDING"
    )
    situation = with_record(situation)
    assert [one.status for one in recorded(situation)] == ["ACTIVE", "ACTIVE"]
    assert {note.key for note in STEP.facts(situation)} == {"program_active"}


def test_a_customer_without_the_step_has_no_programs() -> None:
    assert recorded(a_situation()) == ()
    assert not STEP.finished(a_situation())


def test_another_type_than_was_asked_for_must_be_confirmed_and_is_shown() -> None:
    assert RECORD.form is not None
    given = {"program": "card_issuing", "program_id": "11", "type": "DEBITO", "status": "ACTIVE"}
    assert refused(RECORD.form, given, asked()) == {("confirm_type", "program_type_differs")}
    situation = with_record(asked(), type="DEBITO", confirm_type=["yes"])
    assert "program_other_type" in {note.key for note in STEP.facts(situation)}


def test_an_id_belongs_to_one_program() -> None:
    assert RECORD.form is not None
    situation = with_record(asked())
    given = {"program": "core_banking", "program_id": "11", "type": "CURRENT ACCOUNTS", "status": "ACTIVE"}
    assert refused(RECORD.form, given, situation) == {("program_id", "program_id_taken")}
    assert refused(RECORD.form, {**given, "program_id": "12"}, situation) == set()
    assert refused(RECORD.form, {**given, "program": "seller_management"}, situation) == {("program", "not_offered")}


def test_a_program_that_is_asked_for_otherwise_is_recorded_again_and_no_other() -> None:
    situation = with_record(with_record(asked()), program="core_banking", program_id="12", type="CURRENT ACCOUNTS")
    changed = sent(STEP.form, {**EXAMPLE, "card_issuing_due_dates": "1"})
    again = a_situation(answers={"first_programs": changed}, items=situation.items)
    assert [(one.product, one.id) for one in recorded(again)] == [("card_issuing", None), ("core_banking", 12)]
    assert not STEP.finished(again)
    assert RECORD.needed(again)
    assert STEP.finished(with_record(again))


def test_what_waits_is_offered_first_and_a_mistake_can_be_mended() -> None:
    situation = with_record(asked())
    assert [offer.value for offer in RECORD.offers["programs"](situation)] == ["core_banking", "card_issuing"]
    assert RECORD.form is not None
    assert RECORD.form.prefill(situation) == {"program": "core_banking", "type": "CURRENT ACCOUNTS", "status": "ACTIVE"}
    mended = with_record(situation, program_id="13")
    assert recorded(mended)[0].id == 13


def test_only_what_is_not_active_is_created_or_followed() -> None:
    known: Answers = {"organization.record_org_id": {"org_id": "TN-34778262-f4f0-464d-b4c6-a14e2dc6f4be"}}
    situation = with_record(asked(), status="PENDING")
    assert not CREATE.ready(situation)
    situation = a_situation(answers=situation.answers, items=situation.items, done=known)
    assert CREATE.ready(situation)
    assert [offer.value for offer in CREATE.offers["programs"](situation)] == ["core_banking", "card_issuing"]


def test_every_page_of_cards_is_of_a_program_that_can_have_them() -> None:
    assert set(PAGES) == set(PROGRAMS)
    with_cards = {key for key, pages in PAGES.items() if any(page and f"{key}_bin" in page.model_fields for page in pages)}
    assert with_cards == {key for key, offered in TYPES_OF.items() if not set(offered).isdisjoint(CARD_TYPES)}
