"""The forms of the lane to production: what is refused as it is typed, and what is filled in."""

from dataclasses import replace
from typing import Any

import jwt
import pytest

from flows.forms.step import Situation
from flows.journey import JOURNEYS
from flows.steps.authentication import example_keys
from flows.steps.first_programs.recorded import asked_for
from flows.steps.first_programs.step import STEP
from flows.steps.production.form import FORM
from flows.steps.production.moving import CORRECT, MOVE, RECORD
from flows.steps.production.proof import PROVE
from playground.pismo.authority import new_key, signing_request
from tests.flows.steps.filled_forms import NOW, a_situation, refused, sent

TEST_ORG, PRODUCTION_ORG = "TN-00000000-0000-4000-8000-000000000001", "TN-00000000-0000-4000-8000-000000000002"


def token(tenant: str, seconds: int = 600) -> str:
    claims = {"tenant": tenant, "exp": int(NOW.timestamp()) + seconds, "iat": int(NOW.timestamp()) - 60}
    return jwt.encode(claims, "k" * 64, algorithm="HS512")


def at_pismo(**more: Any) -> Situation:
    """With an organization of its own in production."""
    done = {"organization.record_org_id": {"org_id": TEST_ORG}, "production.record_org": {"org_id": PRODUCTION_ORG}}
    return replace(a_situation(answers={"production": {"org": "own", "way": "export"}}, done=done), **more)


@pytest.mark.parametrize(
    ("test_token", "production_token", "found"),
    [
        (token(TEST_ORG), token(PRODUCTION_ORG), set()),
        (token(TEST_ORG.lower()), "opaque-" * 5, set()),
        (token(TEST_ORG), token(TEST_ORG), {("token", "jwt_tenant_differs")}),
        (token(PRODUCTION_ORG), token(PRODUCTION_ORG), {("test_token", "jwt_tenant_differs")}),
        (token(TEST_ORG), token(PRODUCTION_ORG, -60), {("token", "jwt_expired")}),
    ],
)
def test_a_program_is_moved_with_tokens_of_the_two_organizations_alone(
    test_token: str, production_token: str, found: set[tuple[str, str]]
) -> None:
    assert MOVE.form is not None
    typed = {"program": "1", "test_token": test_token, "token": production_token}
    assert refused(MOVE.form, typed, at_pismo()) == found


def with_openid(**more: Any) -> Situation:
    return a_situation(answers={"authentication": {"method": "oidc", "public_key": example_keys.PUBLIC_KEY, **more}})


def test_a_key_of_production_is_the_one_that_was_given_or_another_than_tests() -> None:
    none, given = with_openid(), with_openid(production_key=example_keys.PRODUCTION_KEY)
    assert (FORM.prefill(none)["key"], FORM.prefill(given)["key"]) == ("another", "same")
    same = {**FORM.example, "key": "same"}
    assert refused(FORM, same, none) == {("key", "production_key_not_given")}
    assert refused(FORM, same, given) == set()
    another = {**FORM.example, "key": "another"}
    assert refused(FORM, another, none) == set()
    assert refused(FORM, {**another, "public_key": example_keys.PUBLIC_KEY}, none) == {("public_key", "same_key_for_both")}


def test_production_is_proved_with_the_key_of_production() -> None:
    assert PROVE.proof is not None
    known = PROVE.proof.expected(with_openid(production_key=example_keys.PRODUCTION_KEY), "production")
    assert known.public_key == example_keys.PRODUCTION_KEY


def test_productions_own_certificate_is_that_of_its_request_and_renewed_with_another() -> None:
    step = JOURNEYS.latest.steps["production"]
    attach, renew = step.task("attach_certificate"), step.task("request_renewal").form
    assert attach.form is not None
    assert renew is not None
    own = {"certificate": "another", "csr": example_keys.SIGNING_REQUEST}
    situation = a_situation(answers={"production": own, "authentication": {"city": "Recife"}})
    assert [note.key for note in FORM.notes(own, situation)][1:] == ["csr_fingerprint", "csr_subject_differs"]
    other = replace(situation, answers={"production": {**own, "csr": signing_request(new_key())}})
    assert refused(attach.form, attach.form.example, other) == {("certificate", "certificate_other_key")}
    signed = sent(attach.form, attach.form.example, situation)
    recorded = {**signed, **attach.adds(signed, situation)}
    assert recorded["expires_on"] == "2099-12-31"
    in_use = replace(situation, done={"production.attach_certificate": recorded})
    assert refused(renew, {"csr": example_keys.SIGNING_REQUEST}, in_use) == {("csr", "renewal_same_key")}
    assert sent(renew, {"csr": signing_request(new_key())}, in_use)


def test_what_is_let_be_in_production_has_a_reason() -> None:
    form = JOURNEYS.latest.steps["production"].task("settle_differences").form
    assert form is not None
    assert refused(form, {"decision": "accepted"}) == {("reason", "reason_to_let_be")}
    for passes in ({"decision": "accepted", "reason": "The network assigned it."}, {"decision": "mended"}):
        assert sent(form, passes)


def test_two_programs_do_not_have_the_same_id_in_production_also_when_one_is_corrected() -> None:
    assert RECORD.form is not None
    form = STEP.form
    asked = sent(form, {**form.example, "products": ["core_banking", "transaction_banking"]})
    known = a_situation(answers={"first_programs": asked})
    records = [("core_banking", 1), ("transaction_banking", 2)]
    first = [(key, {"program": key, "program_id": number, "asked": asked_for(known, key)}) for key, number in records]
    there = [("item", {"program": "1", "program_id": 91, "status": "ACTIVE"})]
    known = replace(known, items={"first_programs.record_program": first, "production.record_program": there})
    typed = {"program": "2", "program_id": "91", "status": "ACTIVE"}
    assert refused(RECORD.form, typed, known) == {("program_id", "program_id_taken")}
    assert refused(RECORD.form, {**typed, "program_id": "92"}, known) == set()
    assert CORRECT.form is not None
    there.append(("other", {"program": "2", "program_id": 92, "status": "ACTIVE"}))
    assert refused(CORRECT.form, typed, known) == {("program_id", "program_id_taken")}
    assert refused(CORRECT.form, {**typed, "program_id": "92"}, known) == {("program_id", "program_unchanged")}
    assert refused(CORRECT.form, {**typed, "program_id": "93"}, known) == set()
    pending = {**typed, "program_id": "92", "status": "PENDING"}
    assert refused(CORRECT.form, pending, known) == {("status", "program_active_when_done")}
    assert refused(CORRECT.form, pending, replace(known, unfinished=frozenset({"production"}))) == set()


def test_who_renews_tests_certificate_is_told_that_production_uses_it_too() -> None:
    form = JOURNEYS.latest.steps["authentication"].task("attach_certificate").form
    assert form is not None
    for certificate, told in (("same", True), ("another", False)):
        answers = {"authentication": {"mtls": "csr"}, "production": {"certificate": certificate}}
        situation = a_situation(answers=answers, done={"authentication.attach_certificate": form.example})
        assert ("renewal_in_production_too" in {note.key for note in form.notes(form.example, situation)}) is told
