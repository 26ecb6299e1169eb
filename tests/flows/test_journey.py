"""Which steps open when, what ends them, and that nobody can be stranded, whatever order things are done in."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.cases.access import Access
from flows.cases.case import Cases, need
from flows.cases.manage import skip
from flows.cases.settle import open_tasks, whose_turn
from flows.forms.step import Step
from flows.journey import FIRST, JOURNEYS, JourneyError, Journeys, journey, verify
from flows.people import Side, Who
from flows.ports import Unit
from flows.rules import Rules
from flows.state import ENDED, FILLABLE, TRANSITIONS, Move, StepState, after
from storage.store import Store
from tests.bot.messages import samples
from tests.flows.steps.filled_forms import a_situation

JOURNEY = JOURNEYS.latest
STEPS = tuple(JOURNEY.steps.values())

SETUPS = [step.id for step in STEPS if step.brought_by]

OPEN_AFTER: Mapping[frozenset[str], frozenset[str]] = {
    frozenset(): frozenset({"planning"}),
    frozenset({"planning"}): frozenset({"organization", "service_desk"}),
    frozenset({"planning", "organization"}): frozenset(
        {"service_desk", "environments", "control_center", "first_programs", "authentication", *SETUPS}
    ),
    frozenset({"planning", "service_desk"}): frozenset({"organization"}),
    frozenset({"planning", "organization", "service_desk", "environments", "control_center"}): frozenset(
        {"first_programs", "authentication", *SETUPS}
    ),
    frozenset({"planning", "organization", "first_programs", "authentication"}): frozenset(
        {"service_desk", "environments", "control_center", "integration", *SETUPS}
    ),
    frozenset(step.id for step in STEPS) - {"integration", "next_steps"}: frozenset({"integration", "next_steps"}),
}
"""What a customer can fill in once these steps are over, as the guide orders them."""


def free(over: frozenset[str]) -> frozenset[str]:
    return frozenset(step.id for step in STEPS if step.id not in over and over.issuperset(step.requires))


async def skip_step(onboarding_id: str, step_id: str, unit: Unit) -> None:
    """By as many people as it takes."""
    access = Access()
    access.support = frozenset({Who("T1", "U_SUE"), Who("T1", "U_TOM")})
    for who in sorted(access.support):
        async with Cases(Rules(), access).open(unit, onboarding_id, who) as case:
            if case.record(step_id).state is not StepState.SKIPPED:
                skip(case, step_id, "Known from before.")


@pytest.mark.parametrize(("over", "opened"), OPEN_AFTER.items(), ids=lambda steps: "+".join(sorted(steps)) or "nothing")
async def test_what_opens_once_these_steps_are_over(
    store: Store, onboarding: str, over: frozenset[str], opened: frozenset[str]
) -> None:
    """On a real store: skipped by support, so only the requirements decide."""

    async def lock(unit: Unit) -> None:
        for record in (await need(unit, onboarding)).steps.values():
            record.state = StepState.OPEN if record.step_id in ("planning", *over) else StepState.LOCKED

    await store.transact(lock)
    for step_id in over:
        await store.transact(partial(skip_step, onboarding, step_id))
    async with store.read() as unit:
        states = {step_id: record.state for step_id, record in (await need(unit, onboarding)).steps.items()}
    found = {step_id for step_id, state in states.items() if state is StepState.OPEN}
    assert found == free(over)
    assert found == opened
    assert {step_id for step_id, state in states.items() if state in ENDED} == over


def test_whatever_is_over_something_is_open_until_all_is() -> None:
    names = [step.id for step in STEPS]
    for count in range(len(names)):
        for over in map(frozenset, combinations(names, count)):
            assert free(over)


def test_the_last_step_waits_for_all_others_but_what_nobody_needs() -> None:
    needed: set[str] = set()
    waiting = ["next_steps"]
    while waiting:
        for step_id in JOURNEY.steps[waiting.pop()].requires:
            needed.add(step_id)
            waiting.append(step_id)
    assert needed == {step.id for step in STEPS} - {"integration", "next_steps"}


def test_production_and_authentication_take_two() -> None:
    twice = {step.id for step in STEPS if step.approvals == 2}
    twice |= {f"{step.id}.{task.id}" for step in STEPS for task in step.tasks if task.approvals == 2}
    assert twice == {
        "authentication",
        "authentication.record_claims",
        "production",
        "production.environment_ready",
        "production.record_claims",
    }


# -- states


def test_from_every_state_a_step_can_end() -> None:
    """By support's skip at least; and what was skipped or done can be reopened."""
    for state in StepState:
        assert state in ENDED or after(state, Move.SKIP) is StepState.SKIPPED
        if state in ENDED:
            assert after(state, Move.REOPEN) is StepState.OPEN


def test_what_can_be_sent_can_be_sent_from_each_state_that_says_so() -> None:
    assert {state for state in StepState if after(state, Move.SUBMIT) is StepState.SUBMITTED} == FILLABLE
    assert StepState.LOCKED not in FILLABLE
    assert not FILLABLE & ENDED


@settings(max_examples=settings().max_examples * 2)
@given(st.lists(st.sampled_from(list(Move)), max_size=30))
def test_no_order_of_moves_leaves_the_table(moves: list[Move]) -> None:
    state = StepState.LOCKED
    for move in moves:
        following = after(state, move)
        assert (following is None) == ((state, move) not in TRANSITIONS)
        if following is StepState.DONE:
            assert state in (StepState.APPROVED, StepState.FULFILLING)  # nothing is done that was not approved
        state = following or state


# -- tasks


def test_on_a_skipped_step_nothing_is_offered_but_what_concerns_more_than_the_step() -> None:
    also = {f"{step.id}.{task.id}" for step in STEPS for task in step.tasks if StepState.SKIPPED in task.also_in}
    assert also == {"planning.cancel_session", "next_steps.close_onboarding"}


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.id)
def test_at_the_first_moment_after_the_approval_it_is_somebodys_turn(step: Step) -> None:
    snapshot = samples.snapshot(StepState.FULFILLING)
    for other in snapshot.steps.keys() - {step.id}:
        snapshot.steps[other].state = StepState.DONE
    snapshot.grants = [
        replace(grant, state="asked", resource=asked.resource, email=asked.email)
        for grant, asked in zip(samples.grants(10), step.grants(samples.sent_answers(step.id)), strict=False)
    ]
    situation = samples.at(snapshot)
    tasks = list(open_tasks(step, situation))
    assert tasks
    assert not step.finished(situation)
    assert whose_turn(step, snapshot.steps[step.id], situation) in (Side.SUPPORT, Side.CUSTOMER)


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.id)
def test_links_notes_and_grants_do_not_fail_before_anything_was_sent(step: Step) -> None:
    situation = a_situation()
    assert all(url.startswith("https://") for _, url in step.links(situation))
    assert isinstance(list(step.form.notes({}, situation)), list)
    assert isinstance(step.finished(situation), bool)


# -- versions


def test_a_customer_stays_on_the_version_they_began_with() -> None:
    onboarding = samples.snapshot(StepState.OPEN).onboarding
    assert JOURNEYS.of(onboarding) is JOURNEY
    onboarding.journey = "0"
    with pytest.raises(JourneyError, match="no journey 0"):
        JOURNEYS.of(onboarding)


def test_every_form_is_found_by_its_id_once() -> None:
    ids = [form.id for form in Journeys.known(FIRST).all_forms()]
    assert len(set(ids)) == len(ids)
    assert all(form in JOURNEYS.forms(form.id) for form in JOURNEYS.all_forms())


def test_adding_a_step_takes_one_line() -> None:
    from tests.flows.steps.test_journey_faults import ALONE  # noqa: PLC0415

    made = journey("2", *STEPS, replace(ALONE, requires=("next_steps",)))
    verify(made)
    assert list(made.steps)[-1] == "first"
