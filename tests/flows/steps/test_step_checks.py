"""What each step refuses, and that fixing it is enough to go on."""

from datetime import date
from typing import Any

import pytest

from flows.cases.settle import open_tasks
from flows.forms.dialogs import DIALOGS
from flows.forms.fields import Answers
from flows.forms.pages import Slot, check, for_these_values, put, raw_of, slots
from flows.journey import JOURNEYS
from flows.steps import environments, next_steps, planning, service_desk
from flows.steps.control_center_users import ADMIN
from flows.steps.first.control_center import STEP as FIRST_CONTROL_CENTER
from tests.flows.steps.filled_forms import NOW, a_situation, example, refused, sent

SECOND = int(NOW.timestamp())

BAD: list[tuple[str, Answers, str, str]] = [
    ("planning", {"products": ["casino"]}, "products", "not_offered"),
    ("planning", {"products": []}, "products", "missing"),
    ("planning", {"goals": "x" * 3001}, "goals", "string_too_long"),
    ("planning", {"go_live": "2026-03-09"}, "go_live", "date_past"),
    ("planning", {"go_live": "soon"}, "go_live", "date_from_datetime_parsing"),
    ("planning", {"session_1": SECOND}, "session_1", "moment_past"),
    ("planning", {"session_2": 4070908800}, "session_2", "moment_twice"),
    ("planning", {"attendees": "nobody in particular"}, "attendees", "emails_none"),
    ("planning", {"attendees": "Attendees:\nmaria at bank.example"}, "attendees", "email_at_in_words"),
    ("planning", {"attendees": "ana@@bank.example"}, "attendees", "email_several_at"),
    ("planning.schedule_session", {"starts": SECOND - 1}, "starts", "moment_past"),
    ("planning.schedule_session", {"link": "http://meet.example"}, "link", "url_https"),
    ("planning.schedule_session", {"link": "https://ana:pass@meet.example"}, "link", "url_https"),
    ("planning.schedule_session", {"link": "https://meet.example:99999999"}, "link", "url_https"),
    ("planning.schedule_session", {"minutes": "17"}, "minutes", "not_offered"),
    ("planning.hold_session", {"notes": ""}, "notes", "missing"),
    ("organization", {"country": "XXX"}, "country", "not_offered"),
    ("organization", {"official_name": "x" * 101}, "official_name", "string_too_long"),
    ("organization", {"official_name": "   "}, "official_name", "invisible"),
    ("organization", {"official_name": "x" * 90, "org_name": ""}, "org_name", "org_name_needed"),
    ("organization", {"document_number": "11.222.333/0001-82"}, "document_reason", "document_doubted"),
    ("organization", {"number": "25b"}, "number", "int_parsing"),
    ("organization", {"number": str(2**31)}, "number", "less_than_equal"),
    ("organization", {"number": "-1"}, "number", "greater_than_equal"),
    ("organization", {"zipcode": "01310-1000"}, "zipcode", "postal_code"),
    ("organization", {"zipcode": "1310100"}, "zipcode", "postal_code"),
    ("organization", {"country": "ARE", "document_reason": "checked", "zipcode": "0123456789"}, "zipcode", "string_too_long"),
    ("organization", {"zipcode": ""}, "zipcode", "missing"),
    ("organization", {"state": ""}, "state", "missing"),
    ("organization", {"state": "XX"}, "state", "state_unknown"),
    ("organization", {"country": "MEX", "document_reason": "checked", "state": "Nowhere"}, "state", "state_not_listed"),
    ("organization", {"country": "AUS", "document_reason": "checked", "state": "N?"}, "state", "state_not_listed"),
    ("organization", {"responsible": "ana"}, "responsible", "email_one"),
    ("organization", {"responsible": "ana@bank"}, "responsible", "email_no_ending"),
    ("organization", {"responsible": "ana@bank.example, bo@bank.example"}, "responsible", "email_one"),
    ("organization", {"currency": "XTS"}, "currency", "not_offered"),
    ("organization", {"timezone": "Mars/Olympus"}, "timezone", "not_offered"),
    ("organization", {"language": "es-ES"}, "language", "not_offered"),
    ("organization.record_org_id", {"org_id": "TN_1234"}, "confirm_unusual", "org_id_unusual"),
    ("organization.record_org_id", {"org_id": "TN 1234"}, "org_id", "org_id_whitespace"),
    ("service_desk", {"users": ""}, "users", "missing"),
    ("service_desk", {"users": "\n".join(f"p{n}@bank.example" for n in range(1001))}, "users", "string_too_long"),
    ("service_desk", {"resources": ["root"]}, "resources", "not_offered"),
    ("service_desk.file_request", {"ticket": "done"}, "ticket", "ticket_shape"),
    ("service_desk.refuse_access", {"reason": ""}, "reason", "missing"),
    ("environments", {"test": "own"}, "own_url", "missing"),
    ("environments", {"test": "own", "own_url": "https://t.bank.example", "own_contact": "x@"}, "own_contact", "email_no_domain"),
    ("environments", {"production_from": "2026-03-09"}, "production_from", "date_past"),
    ("environments", {"production_users": "-"}, "production_users", "emails_none"),
    ("environments.production_ready", {"base_url": "api.pismo.example"}, "base_url", "url_https"),
    ("authentication", {"method": "magic"}, "method", "not_offered"),
    ("authentication", {"country": "BR"}, "country", "not_offered"),
    ("authentication.record_claims", {"iss": "x" * 256}, "iss", "string_too_long"),
    ("authentication.prove_access", {"token": "short"}, "token", "string_too_short"),
    ("next_steps", {"rating": "6"}, "rating", "not_offered"),
    ("start", {"go_live": "2026-03-09"}, "go_live", "date_past"),
    ("start", {"language": "tlh"}, "language", "not_offered"),
    ("reject", {"reason": ""}, "reason", "missing"),
    ("skip", {"step": "lunch"}, "step", "not_offered"),
    ("snooze", {"until": "date"}, "date", "date_needed"),
    ("snooze", {"until": "date", "date": "2026-03-10"}, "date", "date_not_future"),
]


@pytest.mark.parametrize(("form_id", "answers", "field", "key"), BAD, ids=[f"{f}-{n}-{k}" for f, _, n, k in BAD])
def test_a_bad_value_is_refused_at_its_field_and_the_good_one_taken_after(
    form_id: str, answers: Answers, field: str, key: str
) -> None:
    form = JOURNEYS.forms(form_id)[0]
    assert (field, key) in refused(form, {**example(form), **answers})
    assert sent(form, example(form))


def test_today_is_not_past() -> None:
    form = planning.STEP.form
    assert sent(form, {**example(form), "go_live": "2026-03-10"})["go_live"] == "2026-03-10"


def test_a_go_live_date_that_is_over_is_not_offered_again() -> None:
    assert planning.STEP.form.prefill(a_situation(go_live=date(2026, 4, 1))) == {"go_live": "2026-04-01"}
    assert planning.STEP.form.prefill(a_situation(go_live=date(2026, 3, 1))) == {}


def test_a_document_that_fails_its_check_digits_is_taken_with_a_reason_that_support_sees() -> None:
    form = JOURNEYS.forms("organization")[0]
    answers = {**example(form), "document_number": "11.222.333/0001-82", "document_reason": "Issued before the standard."}
    notes = list(form.notes(sent(form, answers), a_situation()))
    assert [(note.key, note.params["reason"]) for note in notes] == [("document_overridden", "Issued before the standard.")]


def test_a_reason_is_one_for_the_number_beside_it() -> None:
    form = JOURNEYS.forms("organization")[0]
    slot, because = slots(form, {})[0], {"document_reason": "Issued before the standard."}
    doubted = {**raw_of(slot, example(form)), "document_number": "11.222.333/0001-82", **because}
    assert for_these_values(slot, doubted, doubted) == for_these_values(slot, {}, doubted) == doubted
    for spelt in ("11222333000182", "11.222.333/0001-82 "):
        same = {**doubted, "document_number": spelt}
        assert for_these_values(slot, doubted, same) == same
    unusual = {"org_id": "TN-1234", "confirm_unusual": ["yes"], "shared_reason": "One company, two channels."}
    ids = slots(JOURNEYS.forms("organization.correct_org_id")[0], {})[0]
    assert for_these_values(ids, unusual, {**unusual, "org_id": " tn-1234"}) == {**unusual, "org_id": " tn-1234"}
    assert for_these_values(ids, unusual, {**unusual, "org_id": "TN-1235"})["confirm_unusual"] is None
    ampersand, without = ({**doubted, "document_number": number} for number in ("B&A950101AB1", "BA950101AB1"))
    assert for_these_values(slot, ampersand, without)["document_reason"] is None
    another = {**doubted, "document_number": "11.222.333/0001-83"}
    left = for_these_values(slot, doubted, another)
    assert left == {**another, "document_reason": None}
    assert ("document_reason", "document_doubted") in refused(form, {**example(form), **left})
    assert for_these_values(slot, doubted, {**another, "document_reason": "It is new."})["document_reason"] == "It is new."
    assert sent(form, {**example(form), **because})["document_reason"] is None  # nothing is doubted


def test_an_address_abroad_needs_no_state_and_no_postal_code() -> None:
    form = JOURNEYS.forms("organization")[0]
    abroad = {"country": "ARE", "document_number": "100123456700003", "state": "", "zipcode": "", "city": "Dubai"}
    assert sent(form, {**example(form), **abroad})["state"] is None


IN_FARGO = {"country": "USA", "document_number": "91-1144442", "zipcode": "58102", "city": "Fargo"}


def test_a_dash_leaves_blank_what_may_be_left_blank() -> None:
    form = JOURNEYS.forms("organization")[0]
    names = ("org_name", "complementary_address", "neighborhood", "zipcode", "state")
    abroad = {**example(form), "country": "ARE", "document_number": "100123456700003", "city": "Dubai"}
    for said in (
        "-",
        "--",
        " … ",
        "N/A",
        "n.a.",
        "(n/d)",
        "Ninguno",
        "nenhum",
        "Não há",
        "none.",
        "nenhum(a)",
        "no tiene",
        "N.D.",
    ):
        kept = sent(form, abroad | dict.fromkeys(names, said))
        assert {kept[name] for name in names} == {None}, said
    assert {("zipcode", "missing"), ("state", "missing")} <= refused(form, example(form) | dict.fromkeys(names, "-"))
    assert sent(form, {**example(form), **IN_FARGO, "state": "N. D."})["state"] == "ND"  # North Dakota
    named = {"org_name": "Nenhum Limite", "complementary_address": "S/N"}
    assert named.items() <= sent(form, {**example(form), **named}).items()


def test_a_postal_code_is_kept_as_its_country_writes_it_also_when_the_country_is_changed_later() -> None:
    form = JOURNEYS.forms("organization")[0]
    assert sent(form, {**example(form), "zipcode": "01310\u2011100"})["zipcode"] == "01310-100"
    abroad = {"country": "PRT", "document_number": "501 964 843", "state": ""}
    assert ("zipcode", "postal_code") in refused(form, {**example(form), **abroad})
    assert sent(form, {**example(form), **abroad, "zipcode": "1000205"})["zipcode"] == "1000-205"


def test_a_document_number_is_kept_without_what_it_is_called() -> None:
    form = JOURNEYS.forms("organization")[0]
    kept = sent(
        form,
        {**example(form), "document_number": "CNPJ 11.222.333/0001\u201381", "legal_proxy_document": "CNPJ: 11.222.333/0002-62"},
    )
    assert (kept["document_number"], kept["legal_proxy_document"]) == ("11.222.333/0001-81", "11.222.333/0002-62")
    assert ("document_number", "string_too_long") in refused(
        form, {**example(form), "document_number": "1" * 21, "document_reason": "so"}
    )


def test_a_state_is_taken_in_small_letters() -> None:
    form = JOURNEYS.forms("organization")[0]
    assert sent(form, {**example(form), "state": "sp"})["state"] == "SP"


def test_an_org_id_is_folded_and_an_unusual_one_taken_once_confirmed() -> None:
    form = JOURNEYS.forms("organization.record_org_id")[0]
    usual = sent(form, {"org_id": " tn-34778262-F4F0-464D-B4C6-A14E2DC6F4BE "})
    assert usual["org_id"] == "TN-34778262-f4f0-464d-b4c6-a14e2dc6f4be"
    assert sent(form, {"org_id": "TN_1234", "confirm_unusual": ["yes"]})["org_id"] == "TN_1234"


# -- lists of addresses


def csv(*addresses: str) -> dict[str, str]:
    return {"id": "F1", "name": "users.csv", "text": "name;e-mail\n" + "\n".join(f"Somebody;{address}" for address in addresses)}


def lines_of(given: Answers, **more: Any) -> dict[str, list[tuple[str, str, list[str]]]]:
    """By note, what it lists: mark, text, and the keys of its reasons."""
    form = service_desk.STEP.form
    notes = form.notes(sent(form, {"portal_language": "en", **given}), a_situation(**more))
    return {n.key: [(line.mark, line.text, [why.key for why in line.reasons]) for line in n.lines] for n in notes}


def test_the_list_is_shown_back_as_what_is_sent_with_what_is_odd_about_it_and_what_is_not_and_why() -> None:
    users = "ana@acmebank.com, ANA@acmebank.com; bo@acmebnak.com\nteam@acmebank.com zoe@gmail.com, broken@, kim@acmebank.com"
    lines = lines_of(
        {"users": f"Users:\n{users}\nPedro Souza\nmaria at acmebank.com"},
        contact="ceo@acmebank.com",
        grants=[("service_desk", "kim@acmebank.com", "asked"), ("status_page", "ana@acmebank.com", "asked")],
    )
    assert lines == {
        "emails_sent": [
            ("sent", "ana@acmebank.com", ["email_once"]),
            ("check", "bo@acmebnak.com", ["email_lookalike"]),
            ("check", "team@acmebank.com", ["email_role_or_list"]),
            ("check", "zoe@gmail.com", ["email_free_mail"]),
            ("sent", "kim@acmebank.com", ["email_known"]),
        ],
        "emails_not_sent": [
            ("not_sent", "broken@", ["email_no_domain"]),
            ("not_sent", "Pedro Souza", ["email_name_only"]),
            ("not_sent", "maria at acmebank.com", ["email_at_in_words"]),
        ],
    }


def test_before_a_contact_is_known_the_domain_is_compared_with_that_of_those_who_attend() -> None:
    planned = {"planning": {"attendees": "bo@acmebank.com, eva@acmebank.com; kim@partner.com"}}
    assert lines_of({"users": "ana@acmebnak.com"}, answers=planned)["emails_sent"][0][2] == ["email_lookalike"]
    assert lines_of({"users": "ana@acmebnak.com"})["emails_sent"][0][2] == []


def test_a_file_counts_beside_what_is_pasted() -> None:
    step = service_desk.STEP
    clean = sent(step.form, {"users": "ana@bank.example", "users_file": csv("bo@bank.example"), "portal_language": "en"})
    assert [(g.resource, g.email) for g in step.grants(clean)] == [
        ("service_desk", "ana@bank.example"),
        ("service_desk", "bo@bank.example"),
    ]


def test_more_than_a_thousand_addresses_are_refused_and_a_thousand_taken() -> None:
    form = service_desk.STEP.form
    many = [f"person{n}@bank.example" for n in range(1001)]
    assert ("users", "emails_too_many") in refused(form, {"users_file": csv(*many), "portal_language": "en"})
    assert ("users", "emails_not_a_list") in refused(form, {"users_file": csv(*["-"] * 1001, many[0]), "portal_language": "en"})
    clean = sent(form, {"users_file": csv(*many[:1000]), "resources": ["status_page"], "portal_language": "en"})
    assert len(list(service_desk.STEP.grants(clean))) == 2000
    assert len(list(form.notes(clean, a_situation()))) < 5


@pytest.mark.parametrize(
    ("language", "portal", "word"), [("en", "Service Desk EN", "access"), ("pt_BR", "Service Desk", "acesso")]
)
def test_the_request_is_ready_to_paste_in_the_language_of_the_portal(language: str, portal: str, word: str) -> None:
    answers = sent(service_desk.STEP.form, {**example(service_desk.STEP.form), "portal_language": language})
    text = service_desk.ready_text(a_situation(answers={"service_desk": answers}))
    assert text["path"] == f"PISMO | {portal} > Settings > Access request > Service Desk Portal / Status Page"
    assert "Acme Bank" in text["summary"]
    assert word in text["summary"].lower()
    assert text["description"].splitlines()[1:] == ["operations.lead@bank.example", "analyst@bank.example", "duty@bank.example"]


def test_environments_begin_with_the_users_of_the_service_desk() -> None:
    answers = {"service_desk": {"users": "Ana <ana@bank.example>"}, "planning": {"go_live": "2026-06-01"}}
    known = environments.STEP.form.prefill(a_situation(answers=answers))
    assert known == {"test_users": "ana@bank.example", "production_from": "2026-06-01"}


def test_only_the_own_test_environment_is_asked_for_its_address() -> None:
    form = environments.STEP.form
    own = {"test": "own", "own_url": "https://test.bank.example", "own_contact": "ops@bank.example"}
    assert sent(form, {**example(form), **own})["own_url"] == "https://test.bank.example"
    ready = environments.STEP.task("test_ready").form
    assert ready is not None
    assert ready.prefill(a_situation(answers={"environments": own})) == {"base_url": "https://test.bank.example"}
    assert ready.prefill(a_situation()) == {"base_url": "https://sandbox.pismolabs.io"}


# -- Control Center, as the first version of the journey has it


def users(*roles: str) -> list[Answers]:
    return [
        {**example(FIRST_CONTROL_CENTER.form)["users"][0], "email": f"u{n}@bank.example", "role": r} for n, r in enumerate(roles)
    ]


def leave(answers: Answers, index: int, typed: Answers) -> set[tuple[str, str]]:
    """What is reported when one user's page is left."""
    slot: Slot = slots(FIRST_CONTROL_CENTER.form, answers)[index]
    return {(p.field, p.key) for p in check(slot, put(slot, answers, typed), a_situation())}


def test_the_last_user_cannot_be_left_without_an_administrator() -> None:
    viewer = {**users("controlc-setup-viewer")[0], "then": "enough"}
    assert leave({}, 0, viewer) == {("role", "admin_needed")}
    assert leave({}, 0, {**viewer, "then": "another"}) == set()
    assert leave({}, 0, {**viewer, "role": ADMIN}) == set()
    first = {**users(ADMIN)[0], "then": "another"}
    assert leave({"users": [first]}, 1, {**viewer, "email": "other@bank.example"}) == set()


def test_a_user_stands_in_the_list_once() -> None:
    twice = [
        {**user, "email": email} for user, email in zip(users(ADMIN, ADMIN), ("a@bank.example", "A@Bank.example"), strict=True)
    ]
    assert ("email", "user_twice") in refused(FIRST_CONTROL_CENTER.form, {"users": twice})


@pytest.mark.parametrize(
    ("roles", "keys"), [((ADMIN,), ["one_admin"]), ((ADMIN, ADMIN), []), (("controlc-setup-viewer",), ["no_admin"])]
)
def test_two_administrators_are_recommended(roles: tuple[str, ...], keys: list[str]) -> None:
    form = FIRST_CONTROL_CENTER.form
    assert [note.key for note in form.notes({"users": users(*roles)}, a_situation())] == keys


def test_each_user_is_asked_for_in_each_environment() -> None:
    step = FIRST_CONTROL_CENTER
    asked = list(step.grants(sent(step.form, example(step.form))))
    assert [(g.resource, g.email) for g in asked] == [
        ("control_center_test", "first.admin@bank.example"),
        ("control_center_production", "first.admin@bank.example"),
        ("control_center_test", "setup.viewer@bank.example"),
    ]


@pytest.mark.parametrize(
    ("states", "over"),
    [
        (("confirmed", "confirmed"), True),
        (("confirmed", "withdrawn"), True),
        (("withdrawn", "confirmed"), False),
        (("confirmed", "invited"), False),
        (("confirmed", "expired"), False),
        (("confirmed", "asked"), False),
    ],
)
def test_the_step_ends_when_nobody_is_waited_for_and_an_administrator_is_in(states: tuple[str, str], over: bool) -> None:
    grants = [("control_center_test", f"u{n}@bank.example", state) for n, state in enumerate(states)]
    situation = a_situation(answers={"control_center": {"users": users(ADMIN, "controlc-setup-viewer")}}, grants=grants)
    assert FIRST_CONTROL_CENTER.finished(situation) is over


# -- planning and next steps


def test_a_session_must_be_scheduled_then_held_then_planning_closes() -> None:
    step = planning.STEP
    hold, close = step.task("hold_session"), step.task("close_planning")
    scheduled: dict[str, list[tuple[str, Answers]]] = {"planning.schedule_session": [("s1", {})]}
    held = {"planning.hold_session": [("h1", {"session": "s1"})]}
    over = a_situation(items={**scheduled, **held}, done={"planning.hold_session": {}})
    left = [[task.id for task in open_tasks(step, now)] for now in (a_situation(), a_situation(items=scheduled), over)]
    assert left == [["schedule_session"], ["hold_session"], ["close_planning"]]
    assert not hold.ready(a_situation())
    assert hold.ready(a_situation(items=scheduled))
    assert not hold.ready(a_situation(items={**scheduled, **held}))
    assert not close.ready(a_situation(items=scheduled))
    assert close.ready(over)
    assert not step.finished(a_situation(done={"planning.hold_session": {}}))
    assert step.finished(a_situation(done={"planning.close_planning": {}}))


def test_the_guides_are_those_of_the_chosen_products() -> None:
    links = dict(next_steps.STEP.links(a_situation(answers={"planning": {"products": ["digital_lending"]}})))
    general = {"developers_portal", "ask_ai", "control_center_guide", "core_objects", "security_guide"}
    assert {"guide_digital_lending", *general} == links.keys()
    assert set(next_steps.GUIDES) == set(planning.PRODUCTS)
    assert all(url.startswith("https://developers.pismo.io/") for url in links.values())


def test_starting_begins_with_the_channel_it_was_asked_in() -> None:
    known = DIALOGS["start"].prefill(a_situation(channel_id="C1", owner_id="U1", language="pt_BR"))
    assert known == {"channel": "C1", "owner": "U1", "language": "pt_BR"}
