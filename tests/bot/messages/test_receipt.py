"""What the customer keeps: org ID, addresses, who approved, who has access, what ends."""

from dataclasses import replace
from datetime import date

from bot.messages.receipt import receipt
from bot.messages.texts import Texts
from flows.model import Expiry
from flows.state import StepState
from flows.steps.first_programs import recorded
from tests.bot.messages import samples

EN = Texts("en")

ORG_ID = "TN-34778262-f4f0-464d-b4c6-a14e2dc6f4be"


def drawn(language: str) -> str:
    snapshot = samples.snapshot(StepState.DONE, language, closed_at=samples.NOW, closed_by="U_SUE")
    snapshot.tasks = samples.tasks("done")
    (pair,) = (one for one in snapshot.tasks if one.task_id == "hand_over_pair")
    pair.answers = {**pair.answers, "expires_on": "2099-12-31"}
    ends = [Expiry(id="e", onboarding_id="o", step_id="authentication", task_id="attach_certificate", last_day=date(2029, 3, 9))]
    situation = samples.at(snapshot)
    return receipt(snapshot, samples.JOURNEY, Texts(language), situation, ends=ends, names={"U_SUE": "Sue"})


def test_it_says_what_was_agreed_by_whom_who_has_access_and_what_ends() -> None:
    kept = drawn("en")
    assert "2. Organization (done, Mar 10, 2026)\n   Approved on Mar 10, 2026 by Sue (version 1)\n   Org ID: " + ORG_ID in kept
    assert "   Test environment: https://sandbox.pismolabs.io\n" in kept
    assert "Client certificate (Authentication and mTLS): it can be used until Mar 9, 2029." in kept
    assert "   Client certificate in production: valid until Dec 31, 2099\n" in kept
    assert "   Access to production: operations.lead@bank.example\n" in kept
    assert kept.count("@bank.example: ") == sum(grant.state in ("granted", "confirmed") for grant in samples.grants())


def test_it_is_in_the_customers_language_and_has_no_text_missing() -> None:
    kept = drawn("pt_BR")
    assert "Onboarding da Pismo: Example Bank" in kept
    assert "receipt." not in kept
    assert "note." not in kept


def test_it_names_the_programs_of_both_environments_and_says_so_where_nobody_has_access() -> None:
    snapshot = samples.snapshot(StepState.DONE, closed_at=samples.NOW, closed_by="U_SUE")
    snapshot.grants = [grant for grant in snapshot.grants if grant.state in ("asked", "refused")]
    situation = samples.at(snapshot)
    asked = {"program": "core_banking", "asked": recorded.asked_for(situation, "core_banking")}
    items = {
        recorded.RECORD: [("1", {**asked, "program_id": 71, "type": "CURRENT ACCOUNTS", "status": "ACTIVE"})],
        "production.record_program": [("2", {"program": "71", "program_id": 97, "status": "ACTIVE"})],
    }
    kept = receipt(snapshot, samples.JOURNEY, Texts("en"), replace(situation, items=items), ends=(), names={})
    assert "   Program Example Accounts in the test environment: ID 71\n" in kept
    assert "   Program Example Accounts in production: ID 97\n" in kept
    assert EN("receipt.nobody") in kept
