"""OpenID Connect in the authentication step: permission groups, a key for each environment, who uploads it, and journey 1."""

from dataclasses import replace

import pytest

from bot.messages.texts import Texts
from flows.cases.settle import open_tasks
from flows.checks.keys import read_public_key
from flows.forms.fields import Answers
from flows.forms.parity import ParityCell, ParityState
from flows.forms.step import Form, Situation, Task
from flows.journey import FIRST, JOURNEYS
from flows.steps.authentication import example_keys, keys, registration, step
from flows.steps.authentication.token_check import expected
from flows.steps.production.proof import PROVE
from playground.pismo.authority import signing_request
from playground.pismo.signer import Signer, public_pem, rsa_key
from tests.flows.steps.filled_forms import a_situation, example, refused, sent

EN = Texts("en")

STEP = step.STEP
KEY = rsa_key()
TEST, PRODUCTION = public_pem(rsa_key()), public_pem(rsa_key())


def form_of(task: str) -> Form:
    form = STEP.task(task).form
    assert form is not None
    return form


def answers(**more: object) -> Answers:
    return {**example(STEP.form), "method": "oidc", "mtls": "pismo_pair", "public_key": TEST, **more}


def approved(done: dict[str, Answers] | None = None, **more: object) -> Situation:
    return a_situation(answers={"authentication": sent(STEP.form, answers(**more))}, done=done or {})


def notes(clean: Answers) -> dict[str, str]:
    return {note.key: Texts("en")(f"note.{note.key}", **note.params) for note in STEP.form.notes(clean, a_situation())}


# -- the claims that Pismo gives


def test_a_claim_is_kept_without_its_name_quotes_and_commas() -> None:
    for typed in (
        "https://issuer.example",
        '"https://issuer.example",',
        "iss: https://issuer.example",
        "“iss”:“https://issuer.example”",
        '["https://issuer.example"]',
        '"iss": ["https://issuer.example"],',
        '{"iss":"https://issuer.example"}',
        '{"sub": "sub:7", "iss": "https://issuer.example", "aud": ["urn:aud"]}',
        "iss=https://issuer.example",
        "iss:https://issuer.example",
        "- iss: https://issuer.example - sub: sub:7",
        "iss：https://issuer.example",
        "- **iss**: https://issuer.example",
        "* **`iss`:** https://issuer.example",
        "1. iss: https://issuer.example 2. sub: sub:7",
        "iss: https://issuer.example (sub: sub:7)",
        "sub: sub:7 (iss: https://issuer.example)",
        '{"https://issuer.example"}',
        "Issuer (iss): https://issuer.example",
        "Emissor (iss): https://issuer.example",
    ):
        assert registration.Claims(iss=typed, sub="sub:7", aud="urn:aud").model_dump() == {
            "iss": "https://issuer.example",
            "sub": "sub:7",
            "aud": "urn:aud",
        }
    for stays in (
        '"',
        '["urn:a", "urn:b"]',
        "sub: acme",
        "urn:aud=7",
        "{tenant}",
        "app(7) iss: a",
        "(7)",
        "https://aud.example/*",
        "https://aud.example?aud=[7]",
    ):  # what is nothing else, to be seen
        assert registration.UploadedByCustomer(status="active", iss="", aud=stays).aud == stays


# -- permission groups


@pytest.mark.parametrize("method", ["oidc", "oauth2"])
def test_a_group_must_be_taken_and_support_reads_in_full_which_to_allow(method: str) -> None:
    assert refused(STEP.form, answers(method=method, groups=[])) == {("groups", "groups_none")}
    assert refused(STEP.form, answers(method=method, groups=[], other_groups="everything")) == {("other_groups", "group_form")}
    pasted = '_pismo-v1:collections:rw_, "pismo-v1:cards:rw"'
    clean = sent(STEP.form, answers(method=method, groups=["cards"], other_groups=pasted))
    assert notes(clean)["groups_to_allow"].endswith(": pismo-v1:cards:rw, pismo-v1:collections:rw")
    assert clean["other_groups"] == "pismo-v1:collections:rw\npismo-v1:cards:rw"


def test_basic_is_asked_for_none() -> None:
    clean = sent(STEP.form, answers(method="basic", groups=[]))
    assert "groups" not in clean
    assert "groups_to_allow" not in notes(clean)


def test_what_deserves_a_second_thought_is_said() -> None:
    said = notes(sent(STEP.form, answers(groups=["admin", "cards"])))
    assert said["group_admin"] == EN("note.group_admin")
    assert said["one_group_a_jwt"] == EN("note.one_group_a_jwt")
    assert not {"group_admin", "one_group_a_jwt"} & notes(sent(STEP.form, answers(groups=["cards"]))).keys()


def test_who_confirms_the_claims_reads_the_key_and_the_groups_they_belong_to() -> None:
    form = form_of("record_claims")
    said = {note.key: note.params for note in form.notes(example(form), approved(groups=["cards"]))}
    assert said["groups_to_allow"] == {"groups": "pismo-v1:cards:rw"}
    assert str(said["test_key_fingerprint"]["fingerprint"]).count(":") == 31
    assert STEP.task("record_claims").approvals == 2


# -- a key for each environment


def test_both_fingerprints_are_shown_and_differ() -> None:
    said = notes(sent(STEP.form, answers(production_key=PRODUCTION)))
    test, production = (said[key].partition("fingerprint: ")[2] for key in ("test_key_fingerprint", "production_key_fingerprint"))
    assert test
    assert production
    assert test != production


def test_productions_key_may_come_later_but_is_never_tests() -> None:
    assert not sent(STEP.form, answers())["production_key"]
    assert refused(STEP.form, answers(production_key=TEST)) == {("production_key", "same_key_for_both")}
    assert refused(STEP.form, answers(production_key="garbage")) == {("production_key", "key_not_pem")}
    assert sent(STEP.form, answers(production_key=PRODUCTION))["production_key"]
    later = form_of("send_production_key")
    assert refused(later, {"production_key": ""}, approved()) == {("production_key", "paste_or_attach")}
    assert refused(later, {"production_key": TEST}, approved()) == {("production_key", "same_key_for_both")}
    assert sent(later, {"production_key": PRODUCTION}, approved())
    task = STEP.task("send_production_key")
    assert task.optional
    assert task.is_ready(approved())
    assert not task.is_ready(approved(method="basic"))
    in_use = [in_production({"key": key}, production_key=PRODUCTION) for key in ("same", "another")]
    assert [task.is_ready(situation) for situation in in_use] == [False, True]


def test_a_new_key_for_test_is_not_the_one_that_production_has() -> None:
    situation = replace(approved(), items={keys.SEND_PRODUCTION: [("item_1", {"production_key": PRODUCTION})]})
    assert refused(STEP.form, answers(public_key=PRODUCTION), situation) == {("public_key", "same_key_for_both")}
    assert sent(STEP.form, answers(), situation)
    another = in_production({"key": "another", "public_key": PRODUCTION})
    assert refused(STEP.form, answers(public_key=PRODUCTION), another) == {("public_key", "same_key_for_both")}


def test_the_key_that_production_works_with_is_exchanged_there() -> None:
    situation, other = in_production({"key": "same"}, production_key=PRODUCTION), example_keys.PRODUCTION_KEY
    for changed in ("", other):
        assert refused(STEP.form, answers(production_key=changed), situation) == {("production_key", "production_key_in_use")}
    assert sent(STEP.form, answers(production_key=PRODUCTION), situation)
    later = replace(in_production({"key": "same"}), items={keys.SEND_PRODUCTION: [("1", {"production_key": PRODUCTION})]})
    assert sent(STEP.form, answers(), later)


def test_what_was_sent_last_counts_as_productions_key() -> None:
    other = example_keys.PRODUCTION_KEY
    situation = approved(production_key=PRODUCTION)
    assert expected(situation).other_key.strip() == PRODUCTION.strip()
    later = replace(situation, items={keys.SEND_PRODUCTION: [("1", {"production_key": TEST}), ("2", {"production_key": other})]})
    assert expected(later).other_key == other
    assert (expected(later).public_key.strip(), expected(later).groups) == (
        TEST.strip(),
        ("pismo-v1:accounts:rw", "pismo-v1:cards:rw"),
    )


def test_productions_key_is_not_that_of_the_certificate_request_either() -> None:
    request = signing_request(KEY, CN="Acme")
    pem = public_pem(KEY)
    assert "same_key_twice" in notes(sent(STEP.form, answers(mtls="csr", csr=request, production_key=pem)))
    assert "same_key_twice" not in notes(sent(STEP.form, answers(mtls="csr", csr=request, production_key=PRODUCTION)))
    later = form_of("send_production_key").notes({"production_key": pem}, approved(mtls="csr", csr=request))
    assert "same_key_twice" in {note.key for note in later}


@pytest.mark.parametrize("given", [False, True])
def test_production_works_with_the_key_that_was_given_for_it_or_with_another_but_not_tests(given: bool) -> None:
    form = JOURNEYS.latest.steps["production"].form
    situation = approved(production_key=PRODUCTION if given else "")
    assert form.prefill(situation)["key"] == ("same" if given else "another")
    same = refused(form, {**example(form), "key": "same"}, situation)
    assert same == (set() if given else {("key", "production_key_not_given")})
    another = {**example(form), "key": "another"}
    assert refused(form, {**another, "public_key": TEST}, situation) == {("public_key", "same_key_for_both")}
    assert sent(form, {**another, "public_key": example_keys.PRODUCTION_KEY}, situation)


def test_without_openid_production_takes_no_key() -> None:
    form = JOURNEYS.latest.steps["production"].form
    assert sent(form, {**example(form), "key": "same"}, approved(method="basic"))["key"] is None
    before = form.since({"key": "another"}, a_situation().now, approved(method="basic"))
    assert before == {"key": "none"}  # what was chosen before asks for no page


TEST_ORG, OWN_ORG = ("TN-34778262-f4f0-464d-b4c6-a14e2dc6f4be", "TN-00000000-0000-4000-8000-000000000001")
CLAIMS = {"iss": "https://issuer.example", "sub": "acme", "aud": "https://audience.example"}


def in_production(said: Answers, org: str = "", **more: object) -> Situation:
    """After test was set up, with these answers for production and its org ID."""
    known: dict[str, Answers] = {"organization.record_org_id": {"org_id": TEST_ORG}, registration.CLAIMS: CLAIMS}
    done = {**known, "production.record_org": {"org_id": org}} if org else known
    situation = approved(done, **more)
    return replace(situation, answers={**situation.answers, "production": said})


def test_in_journey_1_production_expects_what_test_does() -> None:
    situation = replace(in_production({}), steps=tuple(FIRST.steps))
    assert expected(situation, "production") == expected(situation)
    assert expected(situation).iss == CLAIMS["iss"]


def test_a_token_of_production_is_held_against_productions_organization_and_key() -> None:
    other = public_pem(rsa_key())
    for said, key in (({"key": "same"}, PRODUCTION), ({"key": "another", "public_key": other}, other)):
        situation = in_production({"org": "own", **said}, OWN_ORG, production_key=PRODUCTION)
        there = expected(situation, "production")
        assert (there.org_id, there.public_key.strip(), there.other_key.strip()) == (OWN_ORG, key.strip(), TEST.strip())
        assert (there.iss, there.sub, there.aud) == ("", "", "")  # nobody recorded production's
        assert (there.other_fault, expected(situation).other_fault) == ("jwt_key_of_test", "jwt_key_of_production")
        registered = replace(situation, done={**situation.done, "production.record_claims": {**CLAIMS, "sub": "acme-production"}})
        assert expected(registered, "production") == replace(there, iss=CLAIMS["iss"], sub="acme-production", aud=CLAIMS["aud"])
        assert (expected(registered).sub, expected(registered).iss) == ("acme", CLAIMS["iss"])
        assert (expected(situation).org_id, expected(situation).iss) == (TEST_ORG, CLAIMS["iss"])
        assert expected(situation).other_key.strip() == key.strip()


@pytest.mark.parametrize(
    "task",
    [
        STEP.task("prove_access"),
        STEP.task("check_token"),
        JOURNEYS.latest.steps["setup_card_issuing"].task("check_setup"),
    ],
    ids=lambda task: task.id,
)
def test_production_can_be_chosen_once_it_is_opened_and_its_organization_known(task: Task) -> None:
    assert task.form is not None
    there = {**task.form.example, "environment": "production"}

    def offered(situation: Situation) -> list[str]:
        return [one.value for one in task.offers["environments"](situation)]

    closed = in_production({"org": "own"})
    assert (offered(closed), refused(task.form, there, closed)) == (["test"], {("environment", "production_not_opened")})
    opened = replace(closed, approved=frozenset({"production"}))
    assert (offered(opened), refused(task.form, there, opened)) == (
        ["test", "production"],
        {("environment", "production_org_unknown")},
    )
    known = replace(in_production({"org": "own"}, OWN_ORG), approved=opened.approved)
    assert refused(task.form, there, known) == set()
    for situation in (closed, opened):
        assert refused(task.form, task.form.example, situation) == set()


def test_a_jwt_is_looked_at_as_one_of_the_environment_that_is_chosen() -> None:
    key, form = rsa_key(), form_of("check_token")
    known = in_production({"org": "own", "key": "same"}, OWN_ORG, production_key=public_pem(key))
    situation, signer = replace(known, approved=frozenset({"production"})), Signer(key=key, clock=lambda: known.now)
    there = {"environment": "production", "token_kind": "assertion", "token": signer.assertion(OWN_ORG)}
    assert refused(form, there, situation) == set()
    assert ("token", "jwt_key_of_production") in refused(form, {**there, "environment": "test"}, situation)


# -- the upload


def waiting(situation: Situation) -> list[str]:
    return [task.id for task in open_tasks(STEP, situation)]


@pytest.mark.parametrize("task", ["upload_key", "record_upload"])
def test_either_side_may_record_the_upload_which_ends_the_others_need(task: str) -> None:
    assert waiting(approved())[0] == "upload_key"
    assert [note.key for note in STEP.facts(approved())] == ["key_to_upload"]
    assert STEP.task("record_upload").is_ready(approved())
    active = approved({f"authentication.{task}": {"status": "active"}})
    assert waiting(active)[0] == "record_claims"
    assert not STEP.task("record_upload").is_ready(active)
    key = next(item for item in STEP.parity if item.what == "key")
    assert [key.cell(now, "test") for now in (approved(), active)] == [
        ParityCell(ParityState.MISSING),
        ParityCell(ParityState.THERE),
    ]


def test_an_upload_that_waits_for_approval_is_said_and_waited_for() -> None:
    by_customer = approved({registration.RECORD_UPLOAD: {"status": "waiting_approval"}})
    assert waiting(by_customer)[0] == "record_upload"
    assert "upload_key" not in waiting(by_customer)
    by_support = approved({registration.UPLOAD: {"status": "waiting_approval"}})
    assert waiting(by_support)[0] == "upload_key"
    for situation in (by_customer, by_support):
        assert [note.key for note in STEP.facts(situation)] == ["key_waits_for_approval"]
        assert not registration.registered(situation)
    then = approved({registration.RECORD_UPLOAD: {"status": "waiting_approval"}, registration.UPLOAD: {"status": "active"}})
    assert list(STEP.facts(then)) == []
    assert waiting(then)[0] == "record_claims"


@pytest.mark.parametrize("method", ["oauth2", "basic"])
def test_where_access_keys_come_from_is_said_until_the_access_is_proven(method: str) -> None:
    assert [note.key for note in STEP.facts(approved(method=method))] == ["where_access_keys_come_from"]
    proven = replace(approved(method=method), items={"authentication.prove_access": [("1", {"environment": "test"})]})
    assert list(STEP.facts(proven)) == []
    words = Texts("en")("note.where_access_keys_come_from")
    for fact in ("Access keys → Create key", "business hours", "within 24 hours", "shown once"):
        assert fact in words


# -- commands


def shown(form: Form, page: str, situation: Situation, **given: str) -> list[str]:
    return [script.key for script in form.page(page).scripts(given, situation)]


def test_commands_are_shown_for_what_was_chosen_and_for_that_machine_alone() -> None:
    nothing = a_situation()
    assert shown(STEP.form, "key", nothing, platform="windows") == ["commands_openid_windows"]
    assert shown(STEP.form, "production_key", nothing, platform="posix") == ["commands_production_posix"]
    assert shown(STEP.form, "csr", nothing, platform="both") == ["commands_mtls_posix", "commands_mtls_windows"]
    known = {"organization.record_org_id": {"org_id": "TN-1"}, registration.CLAIMS: {"iss": "a", "sub": "b", "aud": "c"}}
    situation = approved(known, platform="windows")
    for task, page in (("prove_access", "token"), ("check_token", "look")):
        assert shown(form_of(task), page, situation) == ["token_windows"]
    assert shown(form_of("request_renewal"), "request", situation) == ["commands_mtls_windows"]
    assert shown(form_of("prove_access"), "token", approved()) == []
    there = PROVE.form
    assert there is not None
    assert shown(there, "token", situation) == []  # neither address nor claims are recorded
    done = {**situation.done, "production.environment_ready": {"base_url": "https://pismo.bank.example"}}
    done["production.record_claims"] = {**CLAIMS, "sub": "acme-production"}
    situation = replace(situation, done=done, approved=frozenset({"production"}))
    (script,) = there.page("token").scripts({}, situation)
    assert script.key == "token_production_windows"
    assert shown(form_of("prove_access"), "token", situation) == ["token_windows", "token_production_windows"]
    for part in ("https://pismo.bank.example/passport", "acme-production", "Get-Content rsakey-production.pem"):
        assert part in script.code
    for one in STEP.form.pages:
        assert all(len(script.code) < 3000 for script in one.scripts({}, situation))


# -- the receipt


@pytest.mark.parametrize("method", ["oidc", "oauth2", "basic"])
def test_the_receipt_holds_method_groups_and_fingerprints(method: str) -> None:
    later = {keys.SEND_PRODUCTION: [("1", {"production_key": PRODUCTION})]}
    kept = [note.key for note in STEP.receipt(replace(approved(method=method), items=later))]
    openid = ["test_key_fingerprint", "production_key_fingerprint"] if method == "oidc" else []
    assert kept == [f"method_{method}", *(["groups_to_allow"] if method != "basic" else []), *openid]
    assert all(Texts(language).has(f"note.{key}") for key in kept for language in ("en", "pt_BR"))
    assert list(STEP.receipt(a_situation())) == []


def test_the_receipt_names_the_key_that_production_works_with() -> None:
    other = example_keys.PRODUCTION_KEY
    for said, key in (({"key": "same"}, PRODUCTION), ({"key": "another", "public_key": other}, other)):
        kept = {note.key: note.params for note in STEP.receipt(in_production({"org": "same", **said}, production_key=PRODUCTION))}
        assert kept["production_key_fingerprint"]["fingerprint"] == read_public_key(key).fingerprint_sha256


# -- journey 1


def test_customers_of_journey_1_keep_their_form_and_tasks() -> None:
    first = step.FIRST_STEP
    given = {**answers(), "groups": ["cards"], "production_key": PRODUCTION}
    clean = sent(first.form, given)
    assert not {"platform", "groups", "other_groups", "production_key"} & clean.keys()
    assert [note.key for note in first.form.notes(clean, a_situation())] == ["key_fingerprint"]

    def needed(task: Task) -> bool:
        return task.id in {"upload_key", "record_claims", "record_upload", "send_production_key"}

    assert [(task.id, task.approvals) for task in first.tasks if needed(task)] == [("upload_key", 1), ("record_claims", 1)]
    assert shown(first.form, "key", a_situation()) == ["commands_openid_posix", "commands_openid_windows"]
    situation = a_situation(answers={"authentication": clean})
    assert expected(situation).groups == ()
    assert list(first.facts(situation)) == []
