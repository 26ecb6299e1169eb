"""What a form shows is what it reads back: every page of every form, through the stand-in's model of a modal."""

import json
from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.messages.answers import answer_line, display, shown_answers
from bot.messages.blocks import Block, notice
from bot.messages.texts import Texts, languages
from bot.modals.parse import block_id, field_name, parse_page
from bot.modals.render import errors_of, loading_view, message_view, page_view, review_view
from bot.modals.subject import FormMeta
from flows.forms.dialogs import DIALOGS
from flows.forms.fields import CATALOGS, Answers, Input, Kind, inputs, max_length, words_of
from flows.forms.pages import Slot, collect, raw_of, slots
from flows.forms.step import Form, always
from flows.journey import JOURNEYS
from flows.problems import Problem
from playground.slack.checks import check_errors, check_view
from playground.slack.forms import initial_state
from tests.bot.messages.slack_reader import read
from tests.flows.steps.filled_forms import a_situation, example, sent

FORMS = {form.id: form for form in (*JOURNEYS.all_forms(), *DIALOGS.values())}
STEP_FORMS = {step.id: step.form for step in JOURNEYS.latest.steps.values()}
every_form = pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
EN = Texts("en")
CHOSEN = {"card_issuing": "Example Credit", "grant_1": "person@bank.example", "session_1": "10 March", "*": "10 March"}
SOURCES = {item.source for form in FORMS.values() for page in form.pages for _, _, item in inputs(page.model)}
STEP_TITLES = {step: EN(f"step.{step}.title") for step in JOURNEYS.latest.steps}
BOTH = {environment: EN(f"choice.environment.{environment}") for environment in ("test", "production")}
LEADS, CUSTOMERS = {"U0EXAMPLE": "Ana"}, {"onb_0123456789abcdef": "Example Bank"}
LANGUAGES = {language: EN.language_name(language) for language in languages()}
OFFERED = {
    **dict.fromkeys(SOURCES, CHOSEN),
    "leads": LEADS,
    "customers": CUSTOMERS,
    "steps": STEP_TITLES,
    "environments": BOTH,
    "languages": LANGUAGES,
}
"""Labels of choices that onboardings offer."""


def meta(form: Form) -> FormMeta:
    return FormMeta(form=form.id, onboarding="onb_1", step=form.id.partition(".")[0])


def page(form: Form, answers: Answers, index: int, texts: Texts = EN, problems: Sequence[Problem] = ()) -> dict[str, Any]:
    order = slots(form, answers)
    last = meta(form).on(index, sends=index == len(order) - 1 and not form.review)
    shown = page_view(form, order, index, answers, texts, last, problems=problems, offered=OFFERED)
    return check_view(shown)


def blocks_of(view: dict[str, Any], kind: str) -> list[Block]:
    return [block for block in view["blocks"] if block["type"] == kind]


def given_values(raw: Answers) -> Answers:
    return {name: value for name, value in raw.items() if value not in (None, "", [])}


def without_files(slot: Slot, raw: Answers) -> Answers:
    """Slack never shows a file again."""
    files = {name for name, _, item in inputs(slot.page.model) if item.kind is Kind.FILE}
    return {name: value for name, value in raw.items() if name not in files}


@every_form
@pytest.mark.parametrize("language", languages())
def test_every_page_is_taken_by_slack_and_read_back_as_it_was_shown(form: Form, language: str) -> None:
    texts, answers = Texts(language), example(form)
    for index, slot in enumerate(slots(form, answers)):
        view = page(form, answers, index, texts)
        read = parse_page(initial_state(view), slot, {})
        assert given_values(read) == given_values(without_files(slot, raw_of(slot, answers)))
        assert FormMeta.model_validate_json(view["private_metadata"]).slot == index


def test_the_only_choice_is_said_rather_than_asked() -> None:
    form = FORMS["authentication.prove_access"]
    for value, is_asked in (("test", False), (None, False), ("production", True)):  # whoever chose another is told, and chooses
        answers = {"environment": value}
        test = {"environments": {"test": BOTH["test"]}}
        view = check_view(page_view(form, slots(form, answers), 0, answers, EN, meta(form), offered=test))
        asked = [field_name(block["block_id"]) for block in blocks_of(view, "input")]
        assert asked == ["environment"] * is_asked + ["token"]
        line = answer_line(EN("field.authentication.prove_access.environment.label"), BOTH["test"])
        assert [block["elements"][0]["text"] for block in blocks_of(view, "context")].count(line) == (not is_asked)


@every_form
def test_every_page_can_be_opened_empty(form: Form) -> None:
    for index, slot in enumerate(slots(form, {})):
        view = page(form, {}, index)
        assert given_values(parse_page(initial_state(view), slot, {})) == {}
        needed = {name for name, info, _ in inputs(slot.page.model) if info.is_required()} | {*slot.page.compulsory({})}
        asked = {field_name(block["block_id"]) for block in blocks_of(view, "input") if not block["optional"]}
        assert asked == needed


@every_form
def test_each_page_has_labels_a_title_and_from_the_second_on_a_way_back(form: Form) -> None:
    answers = example(form)
    order = slots(form, answers)
    for index, slot in enumerate(order):
        view = page(form, answers, index)
        assert [block["label"]["text"] for block in blocks_of(view, "input")] == [
            EN(f"{words_of(form.id, name, item)}.label") for name, _, item in inputs(slot.page.model)
        ]
        pressed = [element["action_id"] for block in blocks_of(view, "actions") for element in block["elements"]]
        one_of_several = slot.item is not None and len([one for one in order if one.item is not None]) > 1
        assert pressed == ["back"] * (index > 0) + ["leave_out"] * (slot.page.to_correct or one_of_several)
        fixed = all(one.when is always and not one.repeat for one in form.pages)
        number = f"Page {index + 1} of" if slot.item is None else f"Person {slot.item + 1}"
        assert (number in json.dumps(blocks_of(view, "context"))) == (len(order) > 1 and (fixed or slot.item is not None))
        last = index == len(order) - 1 and not form.review
        assert (view["submit"]["text"] == EN("form_ui.next")) != last


@pytest.mark.parametrize(
    ("step", "on", "name", "compulsory", "not_so"),
    [
        ("organization", "address", "zipcode", {"country": "BRA"}, {"country": "ARE"}),
        ("first_programs", "another_cards", "another_due_dates", {"another_type": "CREDITO"}, {"another_type": "DEBITO"}),
    ],
)
def test_what_earlier_answers_make_compulsory_is_not_called_optional(
    step: str, on: str, name: str, compulsory: Answers, not_so: Answers
) -> None:
    form = STEP_FORMS[step]
    for answers, optional in ((compulsory, False), (not_so, True)):
        view = page_view(form, [Slot(form.page(on))], 0, answers, EN, meta(form))
        assert [block["optional"] for block in blocks_of(view, "input") if block["block_id"].startswith(f"{name}~")] == [optional]


@pytest.mark.parametrize("form", STEP_FORMS.values(), ids=STEP_FORMS)
def test_no_input_of_one_page_is_taken_for_one_of_another(form: Form) -> None:
    """Slack keeps what was typed if block id and action id stay the same."""
    order = slots(form, {**example(form), "users": [{"then": "another"}] * 3})
    ids = [block_id(name, slot) for slot in order for name, _, _ in inputs(slot.page.model)]
    assert len(set(ids)) == len(ids)
    assert {name for slot in order for name, _, _ in inputs(slot.page.model)} == set(map(field_name, ids))


@every_form
def test_problems_are_shown_at_their_field_and_all_others_at_the_first(form: Form) -> None:
    for index, slot in enumerate(slots(form, {})):
        names = [name for name, _, _ in inputs(slot.page.model)]
        problems = [Problem(names[-1], "missing"), Problem("elsewhere", "no_such_key"), Problem("", "missing")]
        found = check_errors(errors_of(problems, slot, EN, meta(form)), page(form, {}, index)["blocks"])
        first, last = block_id(names[0], slot), block_id(names[-1], slot)
        assert set(found) == {first, last}
        assert EN("error.missing") in found[last]
        assert EN("error.invalid") in found[first]


def test_a_page_reopened_with_problems_says_them_above_its_inputs() -> None:
    form = JOURNEYS.latest.steps["organization"].form
    view = page(form, example(form), 0, problems=[Problem("country", "missing")] * 2)
    said = f"{EN('field.organization.country.label')}: {EN('error.missing')}"
    assert [block["text"]["text"] for block in view["blocks"][1:3]] == [said] * 2
    assert {block["level"] for block in blocks_of(view, "alert")} == {"error"}


# -- whatever is typed

TYPED = st.text(st.characters(codec="utf-8") | st.sampled_from("&<>*_`שم\u202e👩"), min_size=1, max_size=300)


def raw_value(item: Input, most: int, data: st.DataObject) -> Any:
    match item.kind:
        case Kind.TEXT | Kind.LONG_TEXT | Kind.EMAIL | Kind.URL:
            return data.draw(TYPED)[:most]
        case Kind.NUMBER:
            return str(data.draw(st.integers(-(10**6), 10**6)))
        case Kind.DATE:
            return data.draw(st.dates(date(2020, 1, 1), date(2099, 1, 1))).isoformat()
        case Kind.MOMENT:
            return data.draw(st.integers(1_500_000_000, 4_000_000_000))
        case Kind.CHOICE:
            return data.draw(st.sampled_from(item.options or tuple(OFFERED[item.source])))
        case Kind.CHOICES:
            chosen = data.draw(st.sets(st.sampled_from(item.options), min_size=1))
            return [option for option in item.options if option in chosen]
        case Kind.SEARCH if item.source in CATALOGS:
            choices = {"currency": ["BRL", "USD"], "country": ["BRA", "PRT"], "timezone": ["America/Sao_Paulo", "Asia/Tokyo"]}
            return data.draw(st.sampled_from(choices[item.source]))
        case Kind.SEARCH:
            return data.draw(st.sampled_from(sorted(OFFERED[item.source])))
        case Kind.SEARCH_MANY:
            return ["grant_1"]
        case Kind.PERSON | Kind.CHANNEL:
            return data.draw(st.sampled_from(["U0AAAAAAA", "W0BBBBBBB"]))
        case Kind.FILE:
            return None


@settings(max_examples=settings().max_examples * 4 // 5)
@given(st.data(), st.sampled_from(sorted(FORMS)), st.sampled_from(languages()))
def test_any_raw_answers_come_back_as_they_were_typed(data: st.DataObject, form_id: str, language: str) -> None:
    form = FORMS[form_id]
    number = data.draw(st.integers(0, len(form.pages) - 1))
    asked = form.pages[number]
    slot = Slot(asked, 0 if asked.repeat else None)
    raw = {name: raw_value(item, max_length(info) or 3000, data) for name, info, item in inputs(asked.model)}
    given_before = {item.asked_with: ["C1EXAMPLE"] for _, _, item in inputs(asked.model) if item.asked_with}
    answers = {asked.repeat: [raw]} if asked.repeat else {**raw, **given_before}
    view = check_view(page_view(form, [slot], 0, answers, Texts(language), meta(form), offered=OFFERED))
    assert given_values(parse_page(initial_state(view), slot, {})) == given_values(raw)


@settings(max_examples=settings().max_examples * 3 // 5)
@given(TYPED.map(lambda text: (text * 3000)[:3000]), st.sampled_from(sorted(STEP_FORMS)), st.sampled_from(languages()))
def test_the_last_page_fits_whatever_was_typed_and_mentions_nobody(typed: str, step: str, language: str) -> None:
    form, texts = STEP_FORMS[step], Texts(language)
    texts_of = {name for asked in form.pages for name, _, item in inputs(asked.model) if item.kind in (Kind.TEXT, Kind.LONG_TEXT)}
    answers = {**example(form), **dict.fromkeys(texts_of, f"<!channel><@UOTHER>{typed}")}
    order = slots(form, answers)
    view = check_view(review_view(form, order, answers, texts, meta(form), ()))
    assert read(view["blocks"]).marks == read(review_view(form, order, example(form), texts, meta(form), ())["blocks"]).marks


# -- the last page


@pytest.mark.parametrize("form", [form for form in STEP_FORMS.values() if form.review], ids=lambda form: form.id)
def test_the_last_page_shows_every_answer_with_a_way_to_change_each_page(form: Form) -> None:
    clean, _ = collect(form, example(form), a_situation())
    order = slots(form, clean)
    view = check_view(review_view(form, order, clean, EN, meta(form).on(-1), tuple(form.notes(clean, a_situation()))))
    words = json.dumps(view, ensure_ascii=False)
    for slot in order:
        for name, _, item in inputs(slot.page.model):
            listed = item.addresses and item.kind is Kind.LONG_TEXT  # the notes have it, line by line
            if (
                raw_of(slot, clean).get(name) not in (None, "", [])
                and name != "then"
                and not (item.forget or item.aside or listed)
            ):
                assert EN(f"{words_of(form.id, name, item)}.label") in words
    changes = [block["accessory"]["action_id"] for block in blocks_of(view, "section") if "accessory" in block]
    assert changes == [f"page:{index}" for index in range(len(order))]
    what, count = form.counts(clean) if form.counts is not None else ("", 0)
    assert view["submit"]["text"] == (EN(f"form_ui.send_{what}", n=count) if what else EN("form_ui.send"))
    assert not what or str(count) in view["submit"]["text"]
    for address in [line.text for note in form.notes(clean, a_situation()) for line in note.lines]:
        assert words.count(f"✓ {address}") + words.count(f"! {address}") == 1


def a_user(form: Form) -> Answers:
    user: Answers = sent(form, example(form))["users"][0]
    return user


def test_each_of_fifty_people_can_be_changed_on_the_last_page() -> None:
    form = STEP_FORMS["control_center"]
    people = [{**a_user(form), "name": f"Number {number}"} for number in range(50)]
    order = slots(form, {"users": people})
    view = check_view(review_view(form, order, {"users": people}, EN, meta(form), ()))
    assert sum("accessory" in block for block in view["blocks"]) == 51  # and the list itself
    assert "Person 50 of 50" in json.dumps(view)
    assert EN("form_ui.more") not in json.dumps(view)


def test_a_last_page_that_cannot_hold_all_says_so() -> None:
    form = STEP_FORMS["control_center"]
    people = [{**a_user(form), "name": "&" * 3000} for _ in range(50)]
    view = check_view(review_view(form, slots(form, {"users": people}), {"users": people}, EN, meta(form), ()))
    assert view["blocks"][-1]["elements"][0]["text"] == EN("form_ui.more")


def test_of_a_thousand_long_addresses_it_says_how_many_more_and_still_what_is_not_sent() -> None:
    form = STEP_FORMS["service_desk"]
    for size, shown in ((12, 500), (60, 100)):
        users = "\n".join([*(f"{'x' * size}{number}@bank.example" for number in range(1000)), "Pedro Souza"])
        clean = {"users_file": {"name": "users.csv", "text": users}, "portal_language": "en"}
        notes = tuple(form.notes(clean, a_situation()))
        view = check_view(review_view(form, slots(form, clean), clean, EN, meta(form), notes))
        words = json.dumps(view, ensure_ascii=False)
        assert words.count("✓ x") == shown
        assert f"✓ {EN('form_ui.more_lines', n=1000 - shown)}" in words
        assert f"– Pedro Souza – {EN('reason.email_name_only')}" in words
        assert EN("form_ui.more") not in words


def test_where_nothing_can_be_sent_no_button_offers_it_and_the_page_says_why() -> None:
    form = STEP_FORMS["service_desk"]
    for users, offered in (("Pedro Souza", False), ("Pedro Souza\nana@bank.example", True)):
        answers = {"users": users, "portal_language": "en"}
        view = check_view(review_view(form, slots(form, answers), answers, EN, meta(form), ()))
        assert ("submit" in view) is offered
        assert (EN("form_ui.no_addresses") in json.dumps(view, ensure_ascii=False)) is not offered


# -- single answers


@pytest.mark.parametrize(
    ("form", "field", "value", "said"),
    [
        ("planning", "session_1", 1_773_144_000, "Mar 10, 2026 at 12:00 PM UTC"),
        ("planning", "products", ["card_issuing", "core_banking"], "Card issuing, Core banking"),
        ("organization", "country", "BRA", "Brazil"),
        ("organization", "official_name", "A <b> & C", "A &lt;b&gt; &amp; C"),
        ("organization", "legal_proxy_kind", "entity", "an entity"),
        ("start", "owner", "U0EXAMPLE", "<@U0EXAMPLE>"),
        ("start", "channel", "C0EXAMPLE", "<#C0EXAMPLE>"),
        (
            "authentication",
            "public_key",
            "-----BEGIN PUBLIC KEY-----\nMAMCAQI=\n-----END PUBLIC KEY-----",
            "Public Key (PEM, SHA-256 71:4f:71:08:ae:13:87:dc…)",
        ),
    ],
)
def test_answers_are_shown_as_people_read_them(form: str, field: str, value: Any, said: str) -> None:
    (item,) = [i for asked in FORMS[form].pages for name, _, i in inputs(asked.model) if name == field]
    assert said in notice(display(value, field, item, EN)).text


def test_a_token_that_is_used_once_is_never_shown() -> None:
    form = FORMS["authentication.prove_access"]
    (slot,) = slots(form, {})
    shown = shown_answers(form, slot, {"environment": "test", "token": "eyJ0.a.token"}, EN)
    assert "eyJ0" not in str(shown)


@pytest.mark.parametrize("language", languages())
def test_windows_without_inputs_need_no_submit(language: str) -> None:
    texts = Texts(language)
    for form in FORMS.values():
        assert "submit" not in check_view(loading_view(texts, meta(form)))
    told = check_view(message_view(texts, "w" * 7200))
    assert sum(block["text"]["text"].count("w") for block in told["blocks"]) == 7200


def test_a_question_that_is_shown_with_its_answer_takes_no_colon() -> None:
    assert answer_line("Street", "Rua do Comércio") == "*Street*: Rua do Comércio"
    assert answer_line("Where are events delivered?", "Amazon SNS") == "*Where are events delivered?* Amazon SNS"
