"""One contract for every form there is (steps', tasks', dialogs'): what people can rely on whatever they fill in.

Each is filled in page by page, as the modals do, on a real store.
"""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given
from hypothesis import strategies as st
from pydantic.fields import FieldInfo

from bot.messages.texts import languages, table
from flows.cases import fill
from flows.cases.access import Access
from flows.cases.case import Cases, need
from flows.cases.fill import DraftKey
from flows.cases.settle import situation_of
from flows.forms.dialogs import DIALOGS
from flows.forms.drafts import REVIEW
from flows.forms.fields import CATALOGS, Answers, Input, Kind, inputs, max_length
from flows.forms.pages import Slot, check, collect, digest, hidden, passed_over, put, raw_of, screen, slots, taken
from flows.forms.step import Form, Situation, Step
from flows.journey import JOURNEYS
from flows.model import Draft
from flows.people import Who
from flows.ports import Unit
from flows.problems import Problem, Refused
from flows.rules import Rules
from flows.state import FILLABLE, StepState
from storage.store import Store
from tests.flows.steps import filled_forms

RULES = Rules()
ANA, BEN, SUE = Who("T2", "U_ANA"), Who("T2", "U_BEN"), Who("T1", "U_SUE")
FIRST = datetime(2026, 1, 1, tzinfo=UTC)
"""When other steps were sent."""
STEPS = tuple(JOURNEYS.latest.steps.values())
FORMS = [*JOURNEYS.all_forms(), *DIALOGS.values()]
REPEATED = [(form, page) for form in FORMS for page in form.pages if page.repeat == "users" and not page.to_correct]

BAD: dict[Kind, Any] = {
    Kind.EMAIL: "nobody at all",
    Kind.URL: "http://no.example",
    Kind.NUMBER: "seven",
    Kind.DATE: "2099-13-45",
    Kind.MOMENT: "soon",
    Kind.CHOICE: "no such choice",
    Kind.CHOICES: ["no such choice"],
    Kind.TEXT: "x" * 3001,
    Kind.LONG_TEXT: "x" * 3001,
}
"""For each kind, a value that no field accepts; for text, one longer than Slack lets people type."""


def bad_fields(asked: list[tuple[str, FieldInfo, Input]]) -> Iterator[tuple[str, Any]]:
    """A wrong value for each field whose kind allows one."""
    for name, info, item in asked:
        if item.source in CATALOGS:
            yield name, "no such thing"
        elif (
            item.kind in BAD
            and (item.kind is not Kind.CHOICES or item.options)
            and (item.kind not in (Kind.TEXT, Kind.LONG_TEXT) or max_length(info))
        ):
            yield name, BAD[item.kind]


@cache
def all_sent() -> dict[str, Answers]:
    """Every step's example as it is sent, with what other choices would ask for."""
    return {step.id: {**step.form.example, **filled_forms.sent(step.form, filled_forms.example(step.form))} for step in STEPS}


class Filler:
    """Goes through a form with a transaction per page, as a modal does."""

    def __init__(self, store: Store, onboarding_id: str, form: Form) -> None:
        self.store, self.form = store, form
        self.key = DraftKey(onboarding_id, form.id)

    async def opened(self) -> fill.Opened:
        async with self.store.read() as unit:
            return await fill.resume(unit, self.form, await self.situation(unit), self.key)

    async def situation(self, unit: Unit) -> Situation:
        """This onboarding with whatever any form may look at, except the form's own sent answers."""
        situation = situation_of(await need(unit, self.key.onboarding_id), RULES, unit.now, ANA)
        others = {step: sent for step, sent in all_sent().items() if step != self.form.id}
        return replace(situation, answers=others, revisions={step: [(FIRST, sent)] for step, sent in others.items()})

    async def leave(self, index: int, raw: Answers, who: Who = ANA, *, back: bool = False) -> fill.Paged:
        async def work(unit: Unit) -> fill.Paged:
            situation = await self.situation(unit)
            opened = await fill.resume(unit, self.form, situation, self.key)
            return fill.leave_page(unit, self.form, opened, index, raw, who, situation, back=back)

        return await self.store.transact(work)

    async def finish(self, used: Answers) -> tuple[Answers, list[tuple[int, Problem]]]:
        async def work(unit: Unit) -> tuple[Answers, list[tuple[int, Problem]]]:
            return await fill.finish(unit, self.form, await self.situation(unit), await unit.get(Draft, self.key.id), used)

        return await self.store.transact(work)

    async def fill(self, answers: Answers) -> fill.Paged:
        """Every page in order; each must be accepted."""
        index = 0
        while True:
            order = slots(self.form, answers)
            paged = await self.leave(index, raw_of(order[index], answers))
            assert paged.problems == ()
            if paged.slot == REVIEW:
                return paged
            assert paged.slot > index  # what is known is passed over
            index = paged.slot


by_form = pytest.mark.parametrize("form", FORMS, ids=lambda form: form.id)
by_step = pytest.mark.parametrize("step", STEPS, ids=lambda step: step.id)


@by_form
async def test_the_example_goes_through_page_by_page_and_the_draft_is_gone(store: Store, onboarding: str, form: Form) -> None:
    filler = Filler(store, onboarding, form)
    example = filled_forms.example(form)
    paged = await filler.fill(example)
    clean, late = await filler.finish(paged.used)
    async with store.read() as unit:
        assert (clean, late) == collect(form, example, await filler.situation(unit))
        assert await unit.get(Draft, filler.key.id) is None
    with pytest.raises(Refused, match="draft_gone"):
        await filler.finish({})


@by_form
async def test_an_empty_page_is_refused_in_words_and_stays(store: Store, onboarding: str, form: Form) -> None:
    filler = Filler(store, onboarding, form)
    emptied = {name: None for name, _, _ in inputs(form.pages[0].model)}
    paged = await filler.leave(0, emptied)
    required = [name for name, info, _ in inputs(form.pages[0].model) if info.is_required()]
    assert {problem.field for problem in paged.problems} >= set(required)
    assert paged.problems or not required
    assert_worded(paged.problems)
    if paged.problems:
        assert paged.slot == 0
        assert (await filler.opened()).slot == 0


def assert_worded(problems: tuple[Problem, ...]) -> None:
    """Each has its sentence in every language, with all its placeholders filled."""
    for problem in problems:
        for language in languages():
            text = table(language)[f"error.{problem.key}"]
            assert "{" not in text.format(**problem.params)


@by_form
async def test_after_each_error_the_good_value_goes_on_with_the_rest_kept(store: Store, onboarding: str, form: Form) -> None:
    filler, example = Filler(store, onboarding, form), filled_forms.example(form)
    for index, slot in enumerate(slots(form, example)):
        async with store.read() as unit:
            unasked = hidden(slot, example, await filler.situation(unit))
        asked = [one for one in inputs(slot.page.model) if one[0] not in unasked]
        good = {**{name: None for name, _, _ in asked}, **raw_of(slot, example)}
        for name, value in bad_fields(asked):
            typed = {**good, name: value}
            refused = await filler.leave(index, typed)
            assert {problem.field for problem in refused.problems} == {name}
            assert_worded(refused.problems)
            opened = await filler.opened()
            kept = {one: typed[one] for one, _, item in asked if not item.forget}
            assert (opened.slot, raw_of(slot, opened.answers) | kept) == (index, raw_of(slot, opened.answers))
        assert (await filler.leave(index, good, BEN)).problems == ()  # a colleague fixes it


@by_form
async def test_a_draft_survives_json_closing_and_a_colleague(store: Store, onboarding: str, form: Form) -> None:
    """A half-filled form, reopened by somebody else, lacks nothing but what must be forgotten."""
    filler, example = Filler(store, onboarding, form), filled_forms.example(form)
    first = slots(form, example)[0]
    await filler.leave(0, raw_of(first, example))
    opened = await filler.opened()
    forgotten = {name for name, _, item in inputs(first.page.model) if item.forget}
    async with store.read() as unit:
        kept = taken(form, example, await filler.situation(unit))
    typed = {name: value for name, value in raw_of(first, kept).items() if name not in forgotten}
    shown = raw_of(first, opened.answers)
    assert shown | typed == shown
    assert json.loads(json.dumps(opened.answers)) == opened.answers
    async with store.read() as unit:
        now = await filler.situation(unit)
    left = [slot for slot in slots(form, opened.answers)[1:] if not passed_over(slot, opened.answers, now)]
    assert opened.slot == (1 if left else REVIEW if form.review else 0)


@by_step
async def test_a_double_send_writes_one_revision_and_a_changed_one_the_next(store: Store, onboarding: str, step: Step) -> None:
    clean = filled_forms.sent(step.form, filled_forms.example(step.form))

    async def send(answers: Answers) -> int:
        async def work(unit: Unit) -> int:
            async with Cases(RULES, Access()).open(unit, onboarding, ANA) as case:
                fill.fillable(case, step.id)
                fill.submit(case, step.id, answers)
            return case.record(step.id).revision

        return await store.transact(work)

    assert await send(clean) == 1
    async with store.read() as unit:
        waits = (await need(unit, onboarding)).steps[step.id].state is StepState.SUBMITTED
    if waits:
        assert await send(json.loads(json.dumps(clean))) == 1
    assert await send({**clean, "comment": "Another word."}) == 2
    async with store.read() as unit:
        sent = (await need(unit, onboarding)).submissions[step.id]
    assert [(one.revision, one.digest) for one in sent] == [
        (n, digest(one.salt, onboarding, step.id, one.answers)) for n, one in enumerate(sent, 1)
    ]
    assert sent[0].answers == clean


@by_step
async def test_reopened_after_sending_it_shows_what_was_sent_and_is_taken_again(
    store: Store, onboarding: str, step: Step
) -> None:
    clean = filled_forms.sent(step.form, filled_forms.example(step.form))

    async def send(unit: Unit) -> None:
        async with Cases(RULES, Access()).open(unit, onboarding, ANA) as case:
            fill.submit(case, step.id, clean)

    await store.transact(send)
    async with store.read() as unit:
        situation = situation_of(await need(unit, onboarding), RULES, unit.now, BEN)
        opened = await fill.resume(unit, step.form, situation, DraftKey(onboarding, step.form.id))
        again, problems = collect(step.form, opened.answers, situation)
    assert (again, problems) == (clean, [])
    assert opened.slot == fill.first_slot(step.form, opened.answers, situation)


@by_step
async def test_a_form_opens_in_the_states_that_let_it_be_sent(store: Store, onboarding: str, step: Step) -> None:
    async with store.read() as unit:
        case = await Cases(RULES, Access()).look(unit, onboarding, ANA)
    for state in StepState:
        case.snapshot.steps[step.id] = replace(case.record(step.id), state=state)
        if state in FILLABLE:
            fill.fillable(case, step.id)
            continue
        with pytest.raises(Refused) as said:
            fill.fillable(case, step.id)
        assert said.value.key == ("step_locked" if state is StepState.LOCKED else "moved_on")


@by_form
def test_a_secret_is_taken_out_of_every_field_where_one_can_type(form: Form) -> None:
    secret = ec.generate_private_key(ec.SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    for page in form.pages:
        for name, _, item in inputs(page.model):
            if item.kind in (Kind.TEXT, Kind.LONG_TEXT, Kind.EMAIL, Kind.URL):
                screened = screen(page, {name: secret})
            elif item.kind is Kind.FILE:
                screened = screen(page, {name: {"name": "a.pem", "text": secret}})
            else:
                continue
            assert [(problem.field, problem.key) for problem in screened.problems] == [(name, "secret_private_key")]
            assert "-----BEGIN" not in str(screened)
            assert_worded(screened.problems)


# -- repeated pages


def person(number: int, then: str) -> Answers:
    return {
        "name": f"Person {number}",
        "email": f"person{number}@bank.example",
        "language": "en",
        "role": "controlc-admin",
        "environments": ["test"],
        "then": then,
    }


@pytest.mark.parametrize(("form", "page"), REPEATED, ids=[form.id for form, _ in REPEATED])
async def test_people_are_added_and_left_out_page_by_page(store: Store, onboarding: str, form: Form, page: Any) -> None:
    filler = Filler(store, onboarding, form)
    for number in range(3):
        paged = await filler.leave(number, person(number, "another"))
        assert (paged.problems, paged.slot) == ((), number + 1)
    paged = await filler.leave(3, person(3, "enough"))
    assert paged.slot == REVIEW
    assert len(slots(form, paged.draft.answers)) == 4
    paged = await filler.leave(1, person(1, "remove"))
    names = [item["name"] for item in paged.draft.answers[page.repeat]]
    assert (paged.problems, paged.slot, names) == ((), 1, ["Person 0", "Person 2", "Person 3"])
    paged = await filler.leave(2, person(3, "remove"))
    assert (paged.problems, paged.slot, names.pop()) == ((), REVIEW, "Person 3")  # no other one is asked for in its place
    clean, late = await filler.finish({})
    assert (late, [item["name"] for item in clean[page.repeat]]) == ([], names)
    assert all("then" not in item for item in clean[page.repeat])


@given(st.lists(st.tuples(st.integers(0, 6), st.sampled_from(["enough", "another", "remove"])), max_size=12))
def test_any_order_of_adding_and_leaving_out_keeps_a_page_to_go_on_with(moves: list[tuple[int, str]]) -> None:
    form, page = REPEATED[0]
    answers: Answers = {}
    expected: list[str] = []
    for number, (wanted, then) in enumerate(moves):
        order = slots(form, answers)
        index = min(wanted, len(order) - 1)
        answers = put(order[index], answers, person(number, then))
        expected[index : index + 1] = [] if then == "remove" else [f"Person {number}"]
        assert [item["name"] for item in answers[page.repeat]] == expected
        assert len(slots(form, answers)) in (max(len(expected), 1), len(expected) + 1)


def test_the_last_person_can_be_left_out_and_is_then_asked_for_again() -> None:
    form, page = REPEATED[0]
    answers = put(Slot(page, 0), {page.repeat: [person(0, "enough")]}, person(0, "remove"))
    assert answers[page.repeat] == []
    assert check(slots(form, answers)[0], answers, filled_forms.a_situation())
