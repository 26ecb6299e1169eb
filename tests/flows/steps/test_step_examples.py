"""Every form of the journey and every dialog: its example passes, an empty one is refused, with texts in every language."""

import json

import pytest

from bot.messages.texts import table
from flows.cases.fill import as_raw
from flows.forms.dialogs import DIALOGS, STOOD
from flows.forms.pages import collect
from flows.forms.step import Form, Situation
from flows.journey import JOURNEYS
from tests.flows.steps.filled_forms import LANGUAGES, a_situation, example, refused, sent

FORMS = [*JOURNEYS.all_forms(), *DIALOGS.values()]
STEPS = JOURNEYS.latest.steps


MAY_BE_EMPTY = {"settle_call"}


def around(form: Form) -> Situation:
    """With all steps' examples already sent."""
    return a_situation(answers={step.id: {**step.form.example, **sent(step.form, example(step.form))} for step in STEPS.values()})


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.id)
def test_the_example_is_taken_and_can_be_sent_again_as_it_is_shown(form: Form) -> None:
    clean = sent(form, example(form), around(form))
    assert sent(form, as_raw(form, json.loads(json.dumps(clean))), around(form)) == clean


@pytest.mark.parametrize("form", [form for form in FORMS if form.id not in MAY_BE_EMPTY], ids=lambda form: form.id)
def test_an_empty_form_is_refused_in_every_language(form: Form) -> None:
    problems = refused(form, {}, around(form))
    assert problems
    for language in LANGUAGES:
        assert all(f"error.{key}" in table(language) for _, key in problems)


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.id)
def test_what_is_known_already_is_offered_and_never_breaks_the_form(form: Form) -> None:
    at = around(form)
    known = form.prefill(at)
    assert known.keys() <= {STOOD, *(name for page in form.pages for name in page.model.model_fields)}
    assert collect(form, {**example(form), **known}, at)[1] == []


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.id)
def test_notes_of_half_filled_answers_are_shown_without_failing(form: Form) -> None:
    for answers in ({}, {"users": [{}], "method": "oidc", "mtls": "csr"}, form.example if "users" not in form.example else {}):
        for note in form.notes(answers, a_situation()):
            for language in LANGUAGES:
                assert {f"note.{note.key}", f"note.{note.key}.one"} & table(language).keys()


def test_forms_are_found_by_their_ids() -> None:
    assert JOURNEYS.forms("organization")[0] is STEPS["organization"].form
    assert JOURNEYS.forms("organization.record_org_id")[0] is STEPS["organization"].task("record_org_id").form
    assert JOURNEYS.forms("snooze")[0] is DIALOGS["snooze"]
    assert JOURNEYS.forms("organization.nothing") == []
