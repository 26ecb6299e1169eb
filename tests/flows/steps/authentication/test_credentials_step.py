"""Authentication: keys, requests and certificates made here, as people would send them."""

import json
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st
from jwt.algorithms import RSAAlgorithm

from bot.messages.texts import Texts
from flows.checks.certificates import read_csr
from flows.checks.visible import visible
from flows.forms.fields import Answers
from flows.forms.pages import collect
from flows.forms.step import Situation
from flows.steps.authentication import example_keys, mtls, step
from flows.steps.authentication.openssl import pair_scripts, production_pair_scripts, request_scripts
from tests.flows.steps.filled_forms import NOW, a_situation, example, refused, sent

EN = Texts("en")

STEP = step.STEP
SAID = {"groups_to_allow", "one_group_a_jwt", "test_key_fingerprint", "csr_fingerprint"}
ORG_ID = "TN-34778262-f4f0-464d-b4c6-a14e2dc6f4be"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER = ec.generate_private_key(ec.SECP256R1())
SUBJECT = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Acme"), x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Acme")])

PUBLIC = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
PRIVATE = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
CSR = (
    x509.CertificateSigningRequestBuilder().subject_name(SUBJECT).sign(OTHER, hashes.SHA256()).public_bytes(Encoding.PEM).decode()
)


def certificate(public: rsa.RSAPublicKey | ec.EllipticCurvePublicKey, *, days: int, issuer: str = "", to: str = "") -> str:
    """Signed by somebody else, of the same name if none is given; valid until this many days after NOW."""
    made = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, to)]) if to else SUBJECT)
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]) if issuer else SUBJECT)
        .public_key(public)
        .serial_number(7)
        .not_valid_before(NOW - timedelta(days=400))
        .not_valid_after(NOW + timedelta(days=days))
        .sign(KEY, hashes.SHA256())
    )
    return made.public_bytes(Encoding.PEM).decode()


def file(text: str) -> dict[str, str]:
    return {"id": "F1", "name": "key.pem", "text": text}


def answers(**more: object) -> Answers:
    return {**example(STEP.form), "method": "oidc", "mtls": "csr", "public_key": PUBLIC, "csr": CSR, **more}


def notes(clean: Answers) -> dict[str, dict[str, str | int]]:
    return {note.key: dict(note.params) for note in STEP.form.notes(clean, a_situation())}


def test_both_sides_see_the_fingerprints() -> None:
    found = notes(sent(STEP.form, answers()))
    assert found["test_key_fingerprint"]["bits"] == 2048
    assert str(found["test_key_fingerprint"]["fingerprint"]).count(":") == 31
    assert found["csr_fingerprint"]["kind_of_key"] == "EC P-256"
    assert {"csr_subject_differs", "csr_subject_missing"} <= found.keys()


def test_the_example_request_says_what_the_example_details_say() -> None:
    given = answers(csr=example_keys.SIGNING_REQUEST, public_key=example_keys.PUBLIC_KEY)
    assert notes(sent(STEP.form, given)).keys() == SAID


def test_a_file_replaces_what_was_pasted_and_is_shown_when_the_form_is_opened_again() -> None:
    clean = sent(STEP.form, answers(public_key="not a key", public_key_file=file(PUBLIC), csr="", csr_file=file(CSR)))
    assert clean["public_key"].strip() == PUBLIC.strip()
    assert clean["public_key_file"] is None
    assert clean["csr"].strip() == CSR.strip()


def test_what_was_mended_is_told() -> None:
    clean = sent(STEP.form, answers(public_key="Here it is:\n" + PUBLIC.replace("-----", "–––––")))
    assert {"key_note_dashes", "key_note_surrounded"} <= notes(clean).keys()


@pytest.mark.parametrize(
    ("given", "field", "key"),
    [
        ({"public_key": ""}, "public_key", "paste_or_attach"),
        ({"public_key": "garbage"}, "public_key", "key_not_pem"),
        ({"public_key": PRIVATE}, "public_key", "secret_private_key"),
        ({"public_key_file": file(PRIVATE)}, "public_key_file", "secret_private_key"),
        ({"csr": PRIVATE}, "csr", "secret_private_key"),
        ({"public_key": CSR}, "public_key", "key_wrong_block"),
        ({"csr": PUBLIC}, "csr", "key_wrong_block"),
        ({"csr": CSR[:200]}, "csr", "key_truncated"),
        ({"company": "server_secret=f3a9c1d2e4b5a6978877665544332211"}, "company", "secret_server_secret"),
    ],
)
def test_what_is_no_public_key_or_request_is_refused(given: Answers, field: str, key: str) -> None:
    assert (field, key) in refused(STEP.form, answers(**given))
    assert sent(STEP.form, answers())


def test_only_what_the_choice_needs_is_asked() -> None:
    clean = sent(STEP.form, {**example(STEP.form), "method": "basic", "mtls": "pismo_pair"})
    assert "public_key" not in clean
    assert "csr" not in clean


def test_the_details_come_from_the_organization_step() -> None:
    organization = {"official_name": "Acme S.A.", "document_number": "123", "city": "Recife", "state": None, "country": "BRA"}
    known = STEP.form.prefill(a_situation(answers={"organization": organization}))
    assert known == {"company": "Acme S.A.", "document": "123", "city": "Recife", "country": "BRA"}


# -- the certificate


@pytest.mark.parametrize(
    ("given", "keys"),
    [
        (certificate(OTHER.public_key(), days=90), set()),
        (certificate(OTHER.public_key(), days=-1), {("certificate", "certificate_expired")}),
        (
            certificate(KEY.public_key(), days=90),  # by itself
            {("certificate", "certificate_other_key"), ("certificate", "certificate_self_signed")},
        ),
        (CSR, {("certificate", "key_wrong_block")}),
        ("", {("certificate", "paste_or_attach")}),
    ],
    ids=["good", "expired", "of another key", "a request", "nothing"],
)
def test_the_certificate_must_be_valid_and_for_the_key_of_the_request(given: str, keys: set[tuple[str, str]]) -> None:
    form = STEP.task("attach_certificate").form
    assert form is not None
    situation = a_situation(answers={"authentication": sent(STEP.form, answers())})
    assert refused(form, {"certificate": given}, situation) == keys
    assert refused(form, {"certificate_file": file(given) if given else None}, situation) == keys


def test_the_last_day_of_the_certificate_is_kept() -> None:
    form = STEP.task("attach_certificate").form
    assert form is not None
    situation = a_situation(answers={"authentication": sent(STEP.form, answers())})
    clean = sent(form, {"certificate": certificate(OTHER.public_key(), days=90)}, situation)
    added = STEP.task("attach_certificate").adds(clean, situation)
    assert added["expires_on"] == (NOW + timedelta(days=90)).date().isoformat()


def test_the_certificate_is_not_valid_yet() -> None:
    situation = a_situation(now=NOW - timedelta(days=500), answers={"authentication": sent(STEP.form, answers())})
    form = STEP.task("attach_certificate").form
    assert form is not None
    given = {"certificate": certificate(OTHER.public_key(), days=90)}
    assert refused(form, given, situation) == {("certificate", "certificate_not_yet_valid")}


def test_the_same_key_for_both_is_told() -> None:
    request = x509.CertificateSigningRequestBuilder().subject_name(SUBJECT).sign(KEY, hashes.SHA256())
    pem = request.public_bytes(Encoding.PEM).decode()
    assert "same_key_twice" in notes(sent(STEP.form, answers(csr=pem)))
    assert "same_key_twice" not in notes(sent(STEP.form, answers()))


# -- a certificate of the customer's own authority, and a pair made by Pismo


def own(**more: object) -> Answers:
    return answers(mtls="own_ca", **more)


def test_a_certificate_of_ones_own_authority_is_read_and_told() -> None:
    clean = sent(STEP.form, own(own_certificate=certificate(OTHER.public_key(), days=90)))
    told = notes(clean)["own_certificate"]
    assert (told["name"], told["date"]) == ("Acme", (NOW + timedelta(days=90)).date().isoformat())
    assert "csr" not in clean


@pytest.mark.parametrize(
    ("given", "key"),
    [
        ("", "paste_or_attach"),
        (certificate(OTHER.public_key(), days=-1), "certificate_expired"),
        (certificate(ec.generate_private_key(ec.SECP521R1()).public_key(), days=9), "csr_wrong_curve"),
        (PRIVATE, "secret_private_key"),
        (CSR, "key_wrong_block"),
    ],
    ids=["nothing", "expired", "weak", "private", "a request"],
)
def test_a_certificate_of_ones_own_authority_that_does_not_serve_is_refused(given: str, key: str) -> None:
    assert ("own_certificate", key) in refused(STEP.form, own(own_certificate=given))


def test_the_risk_letter_is_recorded_with_the_certificate_and_the_day_it_ends() -> None:
    task = STEP.task("record_risk_letter")
    form = task.form
    assert form is not None
    pem = certificate(OTHER.public_key(), days=90).strip()
    situation = a_situation(answers={"authentication": sent(STEP.form, own(own_certificate=pem))})
    assert form.copied(situation) == {"own_certificate": pem}
    letter = {"own_certificate": pem, "received_on": "2026-03-09", "reference": "ABC-1", "installed": "yes"}
    clean = sent(form, letter, situation)
    assert (clean["reference"], clean["own_certificate"]) == ("ABC-1", None)
    last = (NOW + timedelta(days=90)).date().isoformat()
    added = {"certificate": f"{pem}\n", "certificate_file": None, "expires_on": last, "ends_first": "Acme"}
    assert task.adds(clean, situation) == added
    assert refused(form, {**letter, "received_on": "2026-03-11"}, situation) == {("received_on", "date_future")}
    late = a_situation(today=NOW.date() + timedelta(days=100), answers=situation.answers)
    assert ("installed", "certificate_expired") in refused(form, letter, late)
    assert ("installed", "missing") in refused(form, {**letter, "installed": None}, situation)


def test_a_pair_counts_as_handed_over_once_each_point_is_done() -> None:
    form = STEP.task("hand_over_pair").form
    assert form is not None
    good = example(form)
    assert set(sent(form, good)["checklist"]) == set(mtls.HANDED_OVER)
    assert refused(form, {**good, "checklist": good["checklist"][:-1]}) == {("checklist", "checklist_incomplete")}
    assert refused(form, {**good, "checklist": [good["checklist"][0]] * 6}) == {("checklist", "checklist_incomplete")}
    assert STEP.task("hand_over_pair").adds(sent(form, good), a_situation())["expires_on"] == "2099-12-31"
    assert refused(form, {**good, "certificate": ""}) == {("certificate", "paste_or_attach")}
    assert refused(form, {**good, "certificate": PRIVATE}) >= {("certificate", "secret_private_key")}


# -- renewals


def renewing(
    way: str, recording: str, before: str, *, asked: Answers, recorded: Answers | None = None, **sent_: object
) -> Situation:
    """A renewal of what ``recording`` recorded (``before``, PEM) was asked for."""
    name, asking = f"authentication.{recording}", f"authentication.{ASKING[recording]}"
    first = recorded or {"certificate": before}
    return a_situation(
        answers={"authentication": sent(STEP.form, answers(mtls=way, **sent_))},
        done={name: first, asking: asked},
        items={name: [("", first)], asking: [("item_1", asked)]},
    )


ASKING = {
    "attach_certificate": "request_renewal",
    "hand_over_pair": "request_new_pair",
    "record_risk_letter": "send_own_renewal",
}
NEW = ec.generate_private_key(ec.SECP256R1())
NEW_CSR = (
    x509.CertificateSigningRequestBuilder().subject_name(SUBJECT).sign(NEW, hashes.SHA256()).public_bytes(Encoding.PEM).decode()
)


@pytest.mark.parametrize(
    ("given_", "keys"),
    [
        (certificate(NEW.public_key(), days=900), set()),
        (certificate(OTHER.public_key(), days=900), {"certificate_other_key", "renewal_same_key"}),
        (certificate(KEY.public_key(), days=900), {"certificate_other_key", "certificate_self_signed"}),
        (certificate(OTHER.public_key(), days=90), {"certificate_other_key", "renewal_same_certificate"}),
        (certificate(NEW.public_key(), days=89), {"renewal_ends_earlier"}),
        (certificate(NEW.public_key(), days=-1), {"certificate_expired", "renewal_ends_earlier"}),
    ],
    ids=["good", "of the old key", "of a third key", "the very same", "ends earlier", "expired"],
)
def test_a_renewal_is_checked_like_the_first_and_against_it(given_: str, keys: set[str]) -> None:
    form = STEP.task("attach_certificate").form
    assert form is not None
    situation = renewing("csr", "attach_certificate", FIRST, asked={"csr": NEW_CSR})
    assert refused(form, {"certificate": given_}, situation) == {("certificate", key) for key in keys}
    assert form.copied(situation) == {"request": NEW_CSR}


FIRST = certificate(OTHER.public_key(), days=90)


def test_the_pair_and_the_own_certificate_are_renewed_with_a_certificate_that_lasts_longer() -> None:
    pair, own_form = STEP.task("hand_over_pair").form, STEP.task("send_own_renewal").form
    assert pair is not None
    assert own_form is not None
    situation = renewing("pismo_pair", "hand_over_pair", FIRST, asked={})
    ticked = {"checklist": list(mtls.HANDED_OVER)}
    assert refused(pair, {**ticked, "certificate": FIRST}, situation) == {("certificate", "renewal_same_certificate")}
    assert sent(pair, {**ticked, "certificate": certificate(NEW.public_key(), days=91)}, situation)
    situation = renewing("own_ca", "record_risk_letter", FIRST, asked={}, own_certificate=FIRST)
    earlier = {"own_certificate": certificate(NEW.public_key(), days=30)}
    assert refused(own_form, earlier, situation) == {("own_certificate", "renewal_ends_earlier")}
    assert "renewal_same_key" not in {
        note.key for note in STEP.form.notes(own(own_certificate=FIRST), situation)
    }  # on the review card, once it is recorded
    later = sent(own_form, {"own_certificate": certificate(OTHER.public_key(), days=900)}, situation)
    assert "renewal_same_key" in {note.key for note in own_form.notes(later, situation)}
    renamed = {**later, "own_certificate": certificate(OTHER.public_key(), days=900, to="Another Bank")}
    assert "renewal_other_subject" not in {note.key for note in own_form.notes(later, situation)}
    assert "renewal_other_subject" in {note.key for note in own_form.notes(renamed, situation)}


def test_a_step_that_is_opened_again_takes_what_a_renewal_takes() -> None:
    def again(way: str, recording: str, **sent_: object) -> Situation:
        answered = {"authentication": sent(STEP.form, answers(mtls=way, **sent_))}
        return a_situation(answers=answered, replaced={f"authentication.{recording}": (2, {"certificate": FIRST})})

    task = STEP.task("attach_certificate")
    situation = again("csr", "attach_certificate", csr=NEW_CSR)
    assert STEP.item_now(task, situation) == "revision_2"
    assert task.form is not None
    earlier, later = certificate(NEW.public_key(), days=30), certificate(NEW.public_key(), days=900)
    assert refused(task.form, {"certificate": earlier}, situation) == {("certificate", "renewal_ends_earlier")}
    assert sent(task.form, {"certificate": later}, situation)
    situation = again("own_ca", "record_risk_letter", own_certificate=FIRST)
    assert refused(STEP.form, own(own_certificate=earlier), situation) == {("own_certificate", "renewal_ends_earlier")}
    for good in (FIRST, later):  # unchanged, or renewed
        assert sent(STEP.form, own(own_certificate=good), situation)


def test_a_renewal_begins_with_a_request_for_a_new_key() -> None:
    form = STEP.task("request_renewal").form
    assert form is not None
    situation = renewing("csr", "attach_certificate", FIRST, asked={"csr": NEW_CSR})
    assert refused(form, {"csr": CSR}, situation) == {("csr", "renewal_same_key")}
    clean = sent(form, {"csr": NEW_CSR}, situation)
    assert "csr_fingerprint" in {note.key for note in form.notes(clean, situation)}


def test_an_authority_that_is_left_out_still_ends() -> None:
    def made(of: str, by: str, public: ec.EllipticCurvePublicKey, signer: ec.EllipticCurvePrivateKey, days: int) -> str:
        names = [x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, one)]) for one in (of, by)]
        builder = x509.CertificateBuilder().subject_name(names[0]).issuer_name(names[1]).public_key(public)
        builder = builder.serial_number(days).not_valid_before(NOW - timedelta(days=9))
        builder = builder.add_extension(x509.BasicConstraints(ca=of == "Middle", path_length=None), critical=True)
        return (
            builder.not_valid_after(NOW + timedelta(days=days)).sign(signer, hashes.SHA256()).public_bytes(Encoding.PEM).decode()
        )

    authority, root = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    middle = made("Middle", "Root", authority.public_key(), root, 400)
    before = made("Acme", "Middle", OTHER.public_key(), authority, 90) + middle
    task, leaf = STEP.task("attach_certificate"), made("Acme", "Middle", NEW.public_key(), authority, 900)
    assert task.form is not None
    situation = renewing("csr", "attach_certificate", before, asked={"csr": NEW_CSR})
    clean = sent(task.form, {"certificate": leaf}, situation)
    alone = task.adds(clean, situation)
    assert (alone["ends_first"], alone["expires_on"]) == ("Middle", (NOW + timedelta(days=400)).date().isoformat())
    told = {note.key: dict(note.params) for note in task.form.notes(clean, situation)}
    assert told["signed_certificate"]["ends"] == "Middle"
    bound = renewing(
        "csr", "attach_certificate", made("Acme", "Middle", OTHER.public_key(), authority, 500) + middle, asked={"csr": NEW_CSR}
    )
    told = {
        note.key: dict(note.params) for note in task.form.notes(sent(task.form, {"certificate": leaf + middle}, bound), bound)
    }
    assert told["renewal_same_end"]["name"] == "Middle"  # no fault of the new certificate
    assert "csr_fingerprint" in told  # support sees whose request it signs
    shorter = made("Acme", "Middle", NEW.public_key(), authority, 450) + middle
    assert refused(task.form, {"certificate": shorter}, bound) == {("certificate", "renewal_ends_earlier")}
    early = made("Middle", "Root", authority.public_key(), root, 80)  # the same authority, given with an earlier end
    assert refused(task.form, {"certificate": leaf + early}, situation) == {("certificate", "renewal_ends_earlier")}
    # Two people who attach the same certificates, written differently, have recorded the same.
    spoken = sent(task.form, {"certificate": f"subject=CN = Middle\n{middle}\nsubject=CN = Acme\n{leaf}"}, situation)
    assert task.adds(spoken, situation) == task.adds({"certificate": leaf + middle}, situation) == alone
    late = replace(situation, now=NOW + timedelta(days=401))
    assert ("certificate", "chain_not_valid") in refused(task.form, {"certificate": leaf}, late)


def test_another_authority_is_told_to_both_who_confirm() -> None:
    form = STEP.task("attach_certificate").form
    assert form is not None
    situation = renewing("csr", "attach_certificate", FIRST, asked={"csr": NEW_CSR})
    other = certificate(NEW.public_key(), days=900, issuer="Another CA")
    clean = sent(form, {"certificate": other}, situation)
    told = {note.key: dict(note.params) for note in form.notes(clean, situation)}
    assert told["renewal_other_authority"] == {"before": "Acme", "issuer": "Another CA"}
    same = sent(form, {"certificate": certificate(NEW.public_key(), days=900)}, situation)
    assert "renewal_other_authority" not in {note.key for note in form.notes(same, situation)}


# -- checking a token


def looked(token: str, kind: str = "assertion", **more: object) -> list[str]:
    form = STEP.task("check_token").form
    assert form is not None
    known = {
        "organization.record_org_id": {"org_id": ORG_ID},
        "authentication.record_claims": {"iss": "https://issuer.example", "sub": "acme", "aud": "x"},
    }
    situation = a_situation(answers={"authentication": sent(STEP.form, answers(**more))}, done=known)
    found = collect(form, {"token_kind": kind, "token": token}, situation)[1]
    return [Texts("en")(f"error.{problem.key}", **problem.params) for _, problem in found]


def assertion(**changed: object) -> str:
    issued = int(NOW.timestamp())
    claims = {
        "iss": "https://issuer.example",
        "sub": "acme",
        "aud": "x",
        "tenant_id": ORG_ID,
        "pismo": "pismo-v1:accounts:rw",
        "iat": issued,
        "exp": issued + 3600,
    }
    return jwt.encode({**claims, **changed}, KEY, algorithm="RS256")


def test_a_token_is_held_against_what_is_known_of_the_customer() -> None:
    assert looked(assertion()) == []
    assert looked(assertion(), public_key=json.dumps(RSAAlgorithm.to_jwk(KEY.public_key(), as_dict=True))) == []
    assert looked(assertion(aud="y", exp=int(NOW.timestamp()) + 7200)) == [
        EN("error.jwt_claim_differs", claim="aud", found="y", expected="x"),
        EN("error.jwt_lifetime", lifetime="7,200", maximum="3,600"),
    ]
    assert looked(assertion(), "access_token") == [EN("error.jwt_is_assertion")]
    assert looked(assertion(), method="basic") == [EN("error.jwt_method")]


def test_a_token_can_be_looked_at_once_there_is_something_to_hold_it_against() -> None:
    task = STEP.task("check_token")
    org = {"organization.record_org_id": {"org_id": ORG_ID}}
    claims = {"authentication.record_claims": {"iss": "a", "sub": "b", "aud": "c"}}
    assert not task.ready(a_situation(answers={"authentication": {"method": "basic"}}))
    assert task.ready(a_situation(answers={"authentication": {"method": "basic"}}, done=org))
    assert not task.ready(a_situation(answers={"authentication": {"method": "oidc"}}, done=org))
    assert task.ready(a_situation(answers={"authentication": {"method": "oidc"}}, done={**org, **claims}))


# -- what ends the step


def ready(method: str, mtls: str, done: Iterable[str]) -> tuple[set[str], bool]:
    """Tasks that must be done, and whether the step is over."""
    record = {f"authentication.{task}": {"status": "active"} for task in done}
    situation = a_situation(
        answers={"authentication": {"method": method, "mtls": mtls}},
        done={**record, "organization.record_org_id": {"org_id": "TN-1"}},
        items={name: [("", answers)] for name, answers in record.items()},
    )
    return {
        task.id for task in STEP.tasks if task.ready(situation) and task.needed(situation) and not task.optional
    }, STEP.finished(situation)


def test_openid_needs_key_claims_certificate_and_proof() -> None:
    assert ready("oidc", "csr", ()) == ({"upload_key", "attach_certificate", "prove_access"}, False)
    assert ready("oidc", "csr", ("upload_key",))[0] == {"record_claims", "attach_certificate", "prove_access"}
    assert not ready("oidc", "csr", ("upload_key", "record_claims", "prove_access"))[1]
    assert ready("oidc", "csr", ("upload_key", "record_claims", "attach_certificate", "prove_access"))[1]


def test_other_methods_need_the_pair_and_the_proof() -> None:
    assert ready("basic", "pismo_pair", ()) == ({"hand_over_pair", "prove_access"}, False)
    assert ready("oauth2", "pismo_pair", ("hand_over_pair", "prove_access")) == ({"hand_over_pair"}, True)


def test_a_certificate_of_ones_own_authority_needs_the_letter() -> None:
    assert ready("basic", "own_ca", ("prove_access",)) == ({"record_risk_letter"}, False)
    assert ready("basic", "own_ca", ("record_risk_letter", "prove_access"))[1]


def test_a_key_that_waits_for_its_second_approval_is_not_uploaded_yet() -> None:
    done = {"authentication.upload_key": {"status": "waiting_approval"}}
    situation = a_situation(answers={"authentication": {"method": "oidc", "mtls": "csr"}}, done=done)
    assert STEP.task("upload_key").ready(situation)
    assert not STEP.task("record_claims").ready(situation)


def test_the_proof_waits_for_the_org_id() -> None:
    assert not STEP.task("prove_access").ready(a_situation())


def test_a_token_is_taken_as_terminals_show_it_and_is_marked_to_be_forgotten() -> None:
    form = STEP.task("prove_access").form
    assert form is not None
    token = assertion()
    assert sent(form, {"token": f"Bearer {token[:30]}\n  {token[30:]}"})["token"] == token


# -- commands

NASTY = {
    "official_name": "O'Brien & Sons/Filhos + “São João” `rm -rf` $(x) \\ \n Ltda. " + "x" * 90,
    "document_number": "11.222.333/0001-81",
    "city": "São Paulo",
    "state": "SP",
    "country": "BRA",
}


def scripts(**details: str) -> dict[str, str]:
    situation = a_situation(answers={"organization": {**NASTY, **details}})
    every = (*pair_scripts({}, situation), *production_pair_scripts({}, situation), *request_scripts({}, situation))
    return {script.key: script.code for script in every}


def subject_in(code: str) -> str:
    words = shlex.split(next(line for line in code.splitlines() if "-subj" in line))
    return words[words.index("-subj") + 1]


def test_the_subject_is_quoted_for_a_shell_and_for_openssl() -> None:
    code = scripts()["commands_mtls_posix"]
    assert subject_in(code).startswith("/C=BR/ST=SP/L=São Paulo/O=O'Brien & Sons\\/Filhos \\+ ")
    assert "/serialNumber=11.222.333\\/0001-81/CN=" in subject_in(code)
    assert not any("`" in code for code in scripts().values())


@given(st.text(max_size=40), st.text(alphabet="'‘’‚‛`\"\\$();&|\n\r\u2028 a", max_size=20))
def test_no_name_gets_out_of_its_quotes(name: str, nasty: str) -> None:
    code = scripts(official_name=name + nasty, city=nasty)
    assert subject_in(code["commands_mtls_posix"]).startswith("/C=BR/ST=SP")
    lines = code["commands_mtls_windows"].splitlines()
    assert len(lines) == len(scripts()["commands_mtls_windows"].splitlines())
    quoted = re.fullmatch(r"openssl req .* -subj '(.*)'", next(line for line in lines if "-subj" in line))
    assert quoted is not None
    assert not re.search("['‘’‚‛]", re.sub("(['‘’‚‛])\\1", "", quoted[1]))
    assert not re.search(r'"|\\$', quoted[1])


@pytest.mark.process
@pytest.mark.parametrize("shell", [shell for shell in ("sh", "bash", "zsh") if shutil.which(shell)])
@pytest.mark.skipif(not shutil.which("openssl"), reason="the commands are for a machine with openssl")
def test_the_commands_make_what_the_form_takes(tmp_path: Path, shell: str) -> None:
    def run(code: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([shell, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)  # noqa: S603  our own text

    kept = visible(NASTY["official_name"])  # as the form keeps it
    openid, mtls_ = run(scripts()["commands_openid_posix"]), run(scripts(official_name=kept)["commands_mtls_posix"])
    assert {path.name for path in tmp_path.iterdir()} == {"rsakey.pem", "rsa.pub", "mtls.key", "mtls.csr"}
    assert (tmp_path / "rsakey.pem").stat().st_mode & 0o077 == 0
    request = (tmp_path / "mtls.csr").read_text()
    details = {"company": kept[:100], "document": NASTY["document_number"]}
    clean = sent(STEP.form, answers(public_key=(tmp_path / "rsa.pub").read_text(), csr=request, **details))
    found = notes(clean)
    assert str(found["test_key_fingerprint"]["fingerprint"]) in openid.stdout
    assert found.keys() == SAID
    assert read_csr(request).subject["C"] == "BR"
    assert mtls_.returncode == 0
    # At a renewal the same commands are run in the same folder: the new files are named, and the ones in use stay as they are.
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    now = "date() { echo 20260310-120000; }\n" + scripts(official_name=kept)["commands_mtls_posix"]
    again = run(now)
    assert again.returncode == 0, again.stderr
    made = {path.suffix: path for path in tmp_path.iterdir() if path not in before}
    assert made.keys() == {".key", ".csr"}
    assert again.stdout.split() == sorted(path.name for path in made.values())
    assert read_csr(made[".csr"].read_text()).fingerprint != read_csr(request).fingerprint
    assert made[".key"].stat().st_mode & 0o077 == 0
    before |= {path: path.read_bytes() for path in made.values()}
    assert "mtls-20260310-120000.key is there already: run this again" in run(now).stderr
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_nothing_known_yet_still_gives_commands() -> None:
    assert all("-subj ''" in script.code for script in request_scripts({}, a_situation()))


def test_the_request_has_what_the_open_form_says_above_what_was_known() -> None:
    situation = a_situation(answers={"organization": NASTY, "authentication": {"city": "Recife"}})
    typed = {"company": "Acme", "state": "PE", "city": None, "platform": "posix"}
    (script,) = request_scripts(typed, situation)
    assert subject_in(script.code).startswith("/C=BR/ST=PE/L=Recife/O=Acme/")


def test_the_example_certificate_outlives_this_century() -> None:
    form = STEP.task("attach_certificate").form
    assert form is not None
    given = sent(STEP.form, answers(csr=example_keys.SIGNING_REQUEST))
    situation = a_situation(now=datetime(2090, 1, 1, tzinfo=UTC), answers={"authentication": given})
    added = STEP.task("attach_certificate").adds(sent(form, example(form), situation), situation)
    assert added["expires_on"] == "2099-12-31"
