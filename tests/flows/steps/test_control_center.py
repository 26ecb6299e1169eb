"""Control Center's users: from a list, a file or people known already to pages that ask only what is missing."""

from typing import Any

import pytest

from flows.cases import fill
from flows.forms.drafts import REVIEW
from flows.forms.fields import Answers
from flows.forms.pages import MOST_TO_NAME, answers_to_name, check, item_of, named_in, numbered, put, slots, taken
from flows.forms.step import Situation
from flows.journey import FIRST
from flows.steps import control_center
from flows.steps.control_center_users import ADMIN, MOST, ROLES
from tests.flows.steps.filled_forms import a_situation, refused, sent

FORM = control_center.STEP.form
FIVE = "\n".join(f"Person {n}; p{n}@bank.example; {'Admin' if n < 3 else 'Setup viewer'}; test; English" for n in range(1, 6))


def left(answers: Answers, situation: Situation | None = None) -> Answers:
    """The answers once the list's page is left."""
    return taken(FORM, answers, situation or a_situation())


def after_list(answers: Answers, situation: Situation | None = None) -> int:
    """The page that follows the list's: an index, or REVIEW."""
    known = situation or a_situation()
    return fill.next_slot(FORM, left(answers, known), 0, known, back=False, removed=False)


def wrong(answers: Answers, person: int, situation: Situation | None = None) -> set[tuple[str, str]]:
    known = situation or a_situation()
    now = left(answers, known)
    return {(problem.field, problem.key) for problem in check(slots(FORM, now)[person], now, known)}


def notes(answers: Answers, situation: Situation | None = None) -> set[str]:
    known = situation or a_situation()
    return {note.key for note in FORM.notes(left(answers, known), known)}


def test_five_who_are_listed_whole_go_straight_to_the_last_page() -> None:
    assert after_list({"people": FIVE}) == REVIEW
    assert [user["name"] for user in sent(FORM, {"people": FIVE})["users"]] == [f"Person {n}" for n in range(1, 6)]


def corrected(clean: Answers) -> Answers:
    """The form's answers as they are when changes were requested in them."""
    return numbered(FORM, fill.as_raw(FORM, clean))


def marked(answers: Answers, *named: str) -> dict[str, frozenset[str]]:
    """By address, the answers that are marked."""
    asked = [slot for slot in slots(FORM, answers) if slot.item is not None]
    return {item_of(slot, answers)["email"]: found for slot in asked if (found := named_in(slot, answers, named))}


def test_a_request_for_changes_stays_with_the_person_whoever_is_left_out_or_added() -> None:
    answers, about_third = corrected(sent(FORM, {"people": FIVE})), {"p3@bank.example": frozenset({"roles"})}
    assert marked(answers, "person2:roles") == about_third
    fewer = put(slots(FORM, answers)[1], answers, {"then": "remove"})
    assert marked(fewer, "person2:roles") == about_third
    more = left({**fewer, "people": "Person 6; p6@bank.example; Auditor; test; English"})
    assert [user["email"] for user in more["users"]] == [f"p{n}@bank.example" for n in range(2, 7)]
    assert marked(more, "person2:roles", "person4:name") == {**about_third, "p5@bank.example": frozenset({"name"})}
    without = put(slots(FORM, more)[2], more, {"then": "remove"})
    assert marked(without, "person2:roles") == {}
    assert sent(FORM, without)["users"] == [user for user in sent(FORM, more)["users"] if user["email"] != "p3@bank.example"]


def test_each_of_very_many_people_can_be_named() -> None:
    clean = sent(FORM, {"people": "\n".join(f"P {n}; p{n}@bank.example; Admin; test; English" for n in range(MOST))})
    keys = [key for key, _, _ in answers_to_name(FORM, clean, a_situation())]
    assert MOST <= len(keys) <= MOST_TO_NAME
    whole = frozenset({"name", "email", "roles", "environments", "language"})
    assert marked(corrected(clean), keys[-1]) == {f"p{MOST - 1}@bank.example": whole}


def test_who_lacks_something_is_asked_for_and_the_others_are_passed_over() -> None:
    text = FIVE.replace("p2@bank.example", "p2bank").replace("; Setup viewer; test; English", "; Wizard viewer; test", 1)
    now, known = left({"people": text}), a_situation()
    assert fill.next_slot(FORM, now, 0, known, back=False, removed=False) == 2
    assert wrong({"people": text}, 2) == {("email", "missing"), ("unread", "people_unread")}
    assert fill.next_slot(FORM, now, 2, known, back=False, removed=False) == 3
    assert fill.next_slot(FORM, now, 3, known, back=True, removed=False) == 2
    assert fill.next_slot(FORM, now, 2, known, back=True, removed=False) == 0


def test_what_the_list_does_not_say_is_what_was_chosen_for_all() -> None:
    usual = {
        "usual_roles": ["controlc-setup-viewer", "controlc-admin"],
        "usual_environments": ["test"],
        "usual_language": "pt_BR",
    }
    answers = {"people": "ana.souza@bank.example\nBia; bia@bank.example; Auditor", **usual}
    assert after_list(answers) == REVIEW
    ana, bia = sent(FORM, answers)["users"]
    assert (ana["name"], sorted(ana["roles"]), ana["language"]) == (
        "Ana Souza",
        ["controlc-admin", "controlc-setup-viewer"],
        "pt_BR",
    )
    assert bia["roles"] == ["controlc-autditor"]


def test_what_a_title_says_counts_more_than_what_was_chosen_for_all() -> None:
    usual = {"usual_roles": [ADMIN], "usual_environments": ["test", "production"], "usual_language": "en"}
    text = "Test environment:\nana.souza@bank.example\nSetup viewers:\nbia.lima@bank.example\nCards:\nrui.paz@bank.example"
    ana, bia, rui = sent(FORM, {"people": text, **usual})["users"]
    assert (ana["roles"], ana["environments"]) == ([ADMIN], ["test"])
    assert (bia["roles"], bia["environments"]) == (["controlc-setup-viewer"], ["test", "production"])
    assert (rui["roles"], rui["environments"]) == ([ADMIN], ["test", "production"])
    assert left({"people": text})["people"] == "Cards:"  # named, since it might say something


def test_who_is_listed_in_each_environment_gets_both() -> None:
    usual = {"usual_roles": [ADMIN], "usual_environments": ["test"], "usual_language": "en"}
    answers = {
        "people": "Produção:\nana.souza@bank.example\nTeste:\nbia.lima@bank.example\nAna Souza; ana.souza@bank.example",
        **usual,
    }
    assert after_list(answers) == REVIEW
    assert [user["environments"] for user in sent(FORM, answers)["users"]] == [["test", "production"], ["test"]]


def test_people_known_already_are_picked_with_the_name_that_they_were_given() -> None:
    desk = {"users": "Operations Lead <ops@bank.example>\nanalyst@bank.example", "users_file": None}
    situation = a_situation(answers={"service_desk": desk, "environments": {"test_users": "dev@bank.example"}})
    offered = [offer.value for offer in control_center.STEP.offers["known_people"](situation)]
    assert offered == ["ops@bank.example", "analyst@bank.example", "dev@bank.example"]
    picked: Answers = {"known_people": ["ops@bank.example", "analyst@bank.example"], "usual_roles": ["controlc-admin"]}
    picked |= {"usual_environments": ["test"], "usual_language": "en"}
    assert after_list(picked, situation) == 2  # the second has no name
    assert left(picked, situation)["users"][0]["name"] == "Operations Lead"


def test_a_list_and_a_file_add_up_and_an_address_that_comes_again_is_brought_up_to_date() -> None:
    file = {"name": "users.csv", "text": "E-mail,Nome,Papéis\np1@bank.example,Ana Souza,Auditor\nnew@bank.example,New One,Admin"}
    once = left({"people": FIVE})
    twice = left({**once, "people_file": file})
    assert [user["email"] for user in twice["users"]] == [*(f"p{n}@bank.example" for n in range(1, 6)), "new@bank.example"]
    assert (twice["users"][0]["name"], twice["users"][0]["roles"]) == ("Ana Souza", ["controlc-autditor"])
    assert left({**twice, "people": FIVE.splitlines()[4]})["users"] == twice["users"]


def test_a_line_that_is_mended_and_pasted_again_leaves_nothing_to_correct() -> None:
    first = left({"people": "Ana Maria; ana.souza@bank.example; Wizard viewer; test; English"})
    assert wrong(first, 1) == {("roles", "missing"), ("unread", "people_unread")}
    assert wrong({**first, "people": "ana.souza@bank.example"}, 1) >= {("unread", "people_unread")}  # which says nothing of it
    mended = {**first, "people": "ana.souza@bank.example; Admin"}
    assert wrong(mended, 1) == set()
    assert left(mended)["users"][0]["name"] == "Ana Maria"  # as it was given, not as the address spells it
    assert after_list(mended) == REVIEW


def test_a_line_that_names_nobody_is_left_to_be_seen_and_named_with_its_reason_to_both_sides() -> None:
    text = f"Our users:\nUsers of Acme\nPedro Souza\nmaria at bank.example\n{FIVE}"
    assert left({"people": text})["people"].splitlines() == ["Users of Acme", "Pedro Souza", "maria at bank.example"]
    (said,) = [note for note in FORM.notes(sent(FORM, {"people": text}), a_situation()) if note.key == "people_not_sent"]
    assert [(line.text, line.reasons[0].key) for line in said.lines] == [
        ("Users of Acme", "email_no_address"),
        ("Pedro Souza", "email_name_only"),
        ("maria at bank.example", "email_at_in_words"),
    ]


def test_of_a_line_as_long_as_the_field_everybody_is_sent_and_who_has_no_address_is_named() -> None:
    line = "; ".join(f"Person {n} <person.{n}@bank.example>" for n in range(40))
    answers: Answers = {"people": f"{line}; Carla Nunes", "usual_roles": [ADMIN], "usual_environments": ["test"]}
    answers |= {"usual_language": "en"}
    known = a_situation()
    assert len(sent(FORM, left(answers))["users"]) == 40  # read again when it is sent
    (said,) = [note for note in FORM.notes(sent(FORM, left(answers)), known) if note.key == "people_not_sent"]
    assert [line.text for line in said.lines] == ["Carla Nunes"]
    assert after_list(answers) == REVIEW


def test_a_column_that_is_not_known_is_named_and_is_nobody() -> None:
    table = "Nome;E-mail;Papel;Ambiente;Idioma;Centro de custo\nAna;ana@bank.example;Admin;test;en;17"
    said = {note.key: note for note in FORM.notes(sent(FORM, left({"people": table})), a_situation())}
    assert said["people_columns"].params == {"n": 1, "names": "Centro de custo"}
    assert "people_not_sent" not in said


def test_who_is_listed_again_with_less_said_is_listed_once() -> None:
    more = "ana@bank.example\nAna; ana@bank.example; Admin; test; English\nAna Souza; ANA@bank.example\n"
    assert after_list({"people": more + FIVE}) == REVIEW
    assert [user["name"] for user in left({"people": more})["users"]] == ["Ana Souza"]
    assert [user["name"] for user in left({"people": f"{more}Ana; ana@bank.example"})["users"]] == ["Ana Souza"]


def test_what_is_not_understood_on_one_of_a_users_lines_is_still_asked_for() -> None:
    twice = {"people": "Ana; a@bank.example; Wizard viewer; test; English\nAna; a@bank.example; Admin; test"}
    assert wrong(twice, 1) == {("unread", "people_unread")}
    assert wrong({**left(twice), "people": "a@bank.example; Admin"}, 1) == set()  # a list of its own, pasted afterwards


def test_two_of_one_name_without_an_address_are_two() -> None:
    two = left({"people": "Ana; Admin\nAna; Auditor"})
    assert [user["roles"] for user in two["users"]] == [[ADMIN], ["controlc-autditor"]]
    assert left({**two, "people": "Ana; Admin\nAna; Auditor"})["users"] == two["users"]


@pytest.mark.parametrize(
    ("answers", "problem"),
    [
        ({}, ("people", "missing")),
        ({"people": "Ana; a@bank.example; Admin\nBob; a@bank.example"}, ("people", "people_twice")),
        ({"people": "Thank you!"}, ("people", "people_none")),
        ({"people": "Ana; a@bank.example; Admin\nAna; a@bank.example; Auditor"}, ("people", "people_twice")),
        (
            {"people": "a@bank.example\nAna Lima; a@bank.example; Admin\nBob Reis; a@bank.example; Auditor"},
            ("people", "people_twice"),
        ),
        ({"people": "\n".join(f"p{n}@bank.example; Admin" for n in range(MOST + 1))}, ("people", "people_too_many")),
        ({"people_file": {"name": "x.txt", "text": "nobody here\n" * 500}}, ("people", "people_not_a_list")),
    ],
)
def test_a_list_that_cannot_be_taken_is_refused_in_words(answers: Answers, problem: tuple[str, str]) -> None:
    assert problem in {(one.field, one.key) for one in check(slots(FORM, answers)[0], answers, a_situation())}
    assert after_list({**answers, "people": FIVE, "people_file": None}) == REVIEW


def test_an_address_stands_in_the_list_once_also_after_a_correction() -> None:
    users = left({"people": FIVE})["users"]
    users[1]["email"] = "P1@bank.example"
    assert ("email", "user_twice") in refused(FORM, {"users": users})


def test_nothing_is_sent_without_an_administrator_and_two_are_recommended() -> None:
    viewers, known = FIVE.replace("Admin", "Auditor"), a_situation()
    assert [problem.key for problem in FORM.check(sent(FORM, {"people": viewers}), known)] == ["admin_in_list"]
    assert "no_admin" in notes({"people": viewers})
    assert not list(FORM.check(sent(FORM, {"people": FIVE}), known))
    assert "one_admin" in notes({"people": FIVE.replace("Admin", "Auditor", 1)})
    assert not {"no_admin", "one_admin"} & notes({"people": FIVE})


def test_an_approver_is_advised_where_nobody_is_one() -> None:
    assert "no_approver" in notes({"people": FIVE})
    assert "no_approver" not in notes({"people": f"{FIVE}\nEva Melo; eva@bank.example; Setup approver; test; en"})


def test_odd_addresses_are_shown_before_they_are_sent() -> None:
    odd = {"people": f"{FIVE}\nEva Melo; eva@acmebamk.example; Admin\nGil Reis; gil@gmail.com; Admin"}
    known = a_situation(contact="it@acmebank.example")
    (said,) = [note for note in FORM.notes(left(odd, known), known) if note.key == "people_sent"]
    assert said.params["n"] == 7
    assert {(line.text, why.key) for line in said.lines for why in line.reasons} >= {
        ("eva@acmebamk.example", "email_lookalike"),
        ("gil@gmail.com", "email_free_mail"),
    }


def test_roles_are_asked_for_in_the_order_of_the_table_however_they_were_chosen() -> None:
    def role(*chosen: str) -> str:
        user = {"name": "Ana", "email": "a@bank.example", "roles": list(chosen), "environments": ["test"], "language": "en"}
        (grant,) = control_center.STEP.grants(sent(FORM, {"users": [user]}))
        return grant.role

    assert role("controlc-setup-viewer", "controlc-admin") == role("controlc-admin", "controlc-setup-viewer")
    assert role("controlc-admin", "controlc-setup-viewer") == "controlc-admin,controlc-setup-viewer"


@pytest.mark.parametrize(("state", "over"), [("confirmed", True), ("invited", False), ("expired", False), ("asked", False)])
def test_the_step_ends_once_an_administrator_with_other_roles_too_is_in(state: str, over: bool) -> None:
    users: list[dict[str, Any]] = sent(FORM, {"people": "Ana Souza; a@bank.example; Auditor, Admin; test; en"})["users"]
    situation = a_situation(
        answers={"control_center": {"users": users}}, grants=[("control_center_test", "a@bank.example", state)]
    )
    assert control_center.STEP.finished(situation) is over


def test_the_first_version_still_takes_one_role_a_person() -> None:
    step = FIRST.steps["control_center"]
    assert [grant.role for grant in step.grants(sent(step.form, step.form.example))] == [
        "controlc-admin",
        "controlc-admin",
        "controlc-setup-viewer",
    ]
    assert set(ROLES) >= {grant.role for grant in step.grants(sent(step.form, step.form.example))}
