"""Each step has its texts in every language."""

import re
from collections.abc import Iterator

import pytest

from bot.messages.texts import table
from flows.checks import email_domains, email_faults, email_roles, pem
from flows.checks.csr_subject import SubjectFault
from flows.checks.email_faults import NO_ADDRESS_AT_ALL
from flows.checks.org_id import OrgIdKey
from flows.forms import dialogs
from flows.forms.fields import Kind, inputs, words_of
from flows.journey import JOURNEYS
from flows.steps import next_steps, products
from flows.steps.authentication import step as authentication
from tests.flows.steps.filled_forms import LANGUAGES, a_situation, example, sent

STEPS = JOURNEYS.latest.steps.values()
FORMS = [*JOURNEYS.all_forms(), *dialogs.DIALOGS.values()]
OURS = re.compile(r"(step|form|page|field|choice|task|error|note|reason|link|resource|grant)\.")
STATES = ("asked", "filed", "invited", "expired", "granted", "refused", "confirmed", "withdrawn")


def needed() -> Iterator[str]:
    for step in STEPS:
        yield from (f"step.{step.id}.title", f"step.{step.id}.about")
        yield from (f"link.{key}" for key, _ in step.links(a_situation()))
        for task in step.tasks:
            yield from (f"task.{step.id}.{task.id}.{word}" for word in ("title", "button", "past", "done"))
            yield from (f"resource.{resource}" for resource in task.resource)
            yield from (f"grant.{state}" for state in (*task.grant_from, *filter(None, [task.grant_to])))
    for form in FORMS:
        yield f"form.{form.id}.title"
        for page in form.pages:
            yield f"page.{form.id}.{page.id}.title"
            for name, _, item in inputs(page.model):
                yield f"{words_of(form.id, name, item)}.label"
                yield from (f"choice.{item.choices or name}.{option}" for option in item.options)
    yield from (f"link.{guide}" for guide in (*authentication.GUIDES, *(f"guide_{product}" for product in next_steps.GUIDES)))
    yield from (f"grant.{state}" for state in STATES)
    yield from (
        f"error.{key}"
        for keys in (email_faults.EmailFault, pem.KeyFault, OrgIdKey)
        for key in keys
        if key not in NO_ADDRESS_AT_ALL
    )
    yield from (f"note.{key}" for keys in (pem.KeyNote, SubjectFault) for key in keys)
    listed = (email_faults.EmailFault, email_domains.DomainWarning, email_roles.RoleWarning)
    yield from (f"reason.{key}" for keys in listed for key in keys)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_step_is_worded(language: str) -> None:
    assert set(needed()) - table(language).keys() == set()


def test_languages_say_the_same_things() -> None:
    english, portuguese = table("en"), table("pt_BR")
    ours = {key for key in english.keys() | portuguese.keys() if OURS.match(key)}
    assert {key for key in ours if key not in english or key not in portuguese} == set()
    different = {key for key in ours if holes(english[key]) != holes(portuguese[key])}
    assert different == set()


def holes(text: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", text))


@pytest.mark.parametrize("language", LANGUAGES)
def test_words_fit_into_slack(language: str) -> None:
    limits = {r"form\..*\.(title|submit)$": 24, r"step\.[^.]*\.title$": 60, r"task\..*\.button$": 30, r"choice\.|link\.": 75}
    limits |= {r"field\..*\.placeholder$": 150}
    for pattern, most in limits.items():
        long = {key: text for key, text in table(language).items() if re.match(pattern, key) and len(text) > most}
        assert long == {}


def test_a_finished_task_is_told_with_what_its_form_always_has() -> None:
    """A placeholder for an optional answer would leave a gap. They are the same in every language."""
    for step in STEPS:
        for task in step.tasks:
            fields = {
                name: info for page in (task.form.pages if task.form else ()) for name, info in page.model.model_fields.items()
            }
            added = {task.expires, task.ends_first}  # `Task.adds` has them whenever the form is complete
            if task.form:
                sent_before = {one.id: {**one.form.example, **sent(one.form, example(one.form))} for one in STEPS}
                added |= task.adds(example(task.form), a_situation(answers=sent_before)).keys()
            for hole in holes(table("en")[f"task.{step.id}.{task.id}.done"]) - added:
                assert fields[hole].annotation in (str, int)
                assert fields[hole].is_required()


def test_each_secret_that_a_field_allows_is_one_it_asks_for() -> None:
    allowed = {
        (form.id, name): item for form in FORMS for page in form.pages for name, _, item in inputs(page.model) if item.allow
    }
    assert set(allowed) == {
        ("authentication.prove_access", "token"),
        ("authentication.check_token", "token"),
        ("first_programs.create_in_test", "token"),
        *((f"{step.id}.check_setup", "token") for step in products.STEPS),
        ("production.move_program", "test_token"),
        ("production.move_program", "token"),
        ("production.prove_access", "token"),
    }
    assert all(item.forget and item.kind is Kind.LONG_TEXT for item in allowed.values())
