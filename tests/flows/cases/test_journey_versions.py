"""Two versions of the journey at once: each customer goes through the one they began on: its fields, checks, requirements."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import pytest
from pydantic import Field

from flows.cases import manage
from flows.forms.fields import FormPage, Input, Kind
from flows.forms.pages import collect
from flows.forms.step import Form, Page, Step, Task
from flows.journey import FIRST, JourneyError, Journeys
from flows.model import Onboarding
from flows.people import Side
from flows.ports import Unit
from flows.problems import Refused
from flows.rules import Rules
from flows.state import StepState
from tests.flows.cases.casework import CaseBook, case_book


class Network(FormPage):
    region: Annotated[str, Input(Kind.CHOICE, ("south", "north"))]


class Budget(FormPage):
    budget: Annotated[str, Field(min_length=1, max_length=40), Input(Kind.TEXT)]


NETWORK = Step(
    "network",
    Form("network", (Page("network", Network),), example={"region": "south"}),
    requires=("organization",),
    tasks=(Task("connect", Side.SUPPORT),),
    finished=lambda situation: "network.connect" in situation.done,
)
"""A step that only the second version has; its last step requires it."""

_planning = FIRST.steps["planning"]
PLANNING = replace(
    _planning,
    form=replace(
        _planning.form,
        pages=(*_planning.form.pages, Page("budget", Budget)),
        example={**_planning.form.example, "budget": "A lot."},
    ),
)
"""It asks for more than the first version does."""

_with_network = FIRST.with_step("2", NETWORK, before="next_steps")
SECOND = replace(_with_network, steps={**_with_network.steps, "planning": PLANNING})
BEFORE, AFTER = Rules(journeys=Journeys.known(FIRST)), Rules(journeys=Journeys.known(FIRST, SECOND))
WITHOUT_LAST = tuple(step for step in FIRST.steps if step != "next_steps")


@pytest.fixture
async def book(tmp_path: Path) -> AsyncIterator[CaseBook]:
    async with case_book(tmp_path, BEFORE) as one:
        yield one


def upgraded(book: CaseBook) -> None:
    """The bot restarts with the second version."""
    book.rules = book.cases.rules = AFTER


async def both(book: CaseBook) -> tuple[str, str]:
    """The ids of a customer who began before the upgrade, and of one who began after it."""
    first = await book.start(channel="C1")
    upgraded(book)
    return first, await book.start(channel="C2")


async def test_who_began_before_the_upgrade_stays_and_who_begins_after_it_gets_the_new_one(book: CaseBook) -> None:
    journeys = {}
    for customer in await both(book):
        book.id = customer
        snapshot = await book.snapshot()
        journeys[snapshot.onboarding.journey] = list(snapshot.steps)
    assert journeys == {"1": list(FIRST.steps), "2": list(SECOND.steps)}
    assert journeys["2"].index("network") == journeys["2"].index("next_steps") - 1


async def test_each_form_asks_and_checks_what_its_own_version_does(book: CaseBook) -> None:
    faults = {}
    for customer in await both(book):
        book.id = customer
        async with book.store.read() as unit:
            case = await book.cases.look(unit, book.id)
        clean, problems = collect(case.step("planning").form, FIRST.steps["planning"].form.example, case.situation)
        faults[case.onboarding.journey] = ([problem.field for _, problem in problems], "budget" in clean)
    assert faults == {"1": ([], False), "2": (["budget"], False)}


async def test_the_last_step_opens_by_the_requirements_of_its_own_version(book: CaseBook) -> None:
    first, second = await both(book)
    for book.id in (first, second):
        await book.skip(*WITHOUT_LAST)
    book.id = first
    assert (await book.step("next_steps")).state is StepState.OPEN
    book.id = second
    assert (await book.step("next_steps")).state is StepState.LOCKED
    await book.send("network")
    await book.approve("network")
    assert (await book.step("next_steps")).state is StepState.LOCKED
    await book.task("network", "connect", {})
    assert (await book.step("network")).state is StepState.DONE
    assert (await book.step("next_steps")).state is StepState.OPEN


async def test_skip_and_reopen_know_the_steps_of_the_customers_own_version_alone(book: CaseBook) -> None:
    first, second = await both(book)
    book.id = first
    for how in (manage.skip, manage.reopen):
        with pytest.raises(Refused, match="gone"):
            await book.act(lambda case, how=how: how(case, "network", "Not theirs."))  # type: ignore[misc]
    book.id = second
    await book.skip("network")
    assert (await book.step("network")).state is StepState.SKIPPED
    await book.act(lambda case: manage.reopen(case, "network", "Needed after all."))
    assert (await book.step("network")).state is StepState.OPEN


async def test_the_dialogs_offer_the_steps_of_the_customers_own_version(book: CaseBook) -> None:
    for customer, version in zip(await both(book), (FIRST, SECOND), strict=True):
        book.id = customer
        async with book.store.read() as unit:
            case = await book.cases.look(unit, book.id)
        assert list(case.situation.steps) == list(version.steps)


async def test_a_customer_on_the_first_version_ends_without_the_new_step(book: CaseBook) -> None:
    first, second = await both(book)
    for book.id in (first, second):
        await book.skip(*WITHOUT_LAST)
    book.id = first
    await book.send("next_steps")
    await book.task("next_steps", "close_onboarding", {})
    assert (await book.snapshot()).onboarding.closed_at is not None
    book.id = second
    with pytest.raises(Refused):
        await book.task("next_steps", "close_onboarding", {})
    assert (await book.snapshot()).onboarding.closed_at is None


async def test_a_version_that_the_code_does_not_have_is_told_by_its_name(book: CaseBook) -> None:
    await book.start()

    async def from_the_future(unit: Unit) -> None:
        onboarding = await unit.get(Onboarding, book.id)
        assert onboarding is not None
        onboarding.journey = "7"

    await book.do(from_the_future)
    with pytest.raises(JourneyError, match="no journey 7"):
        await book.skip("planning")


def test_a_step_is_put_before_one_that_is_there() -> None:
    with pytest.raises(JourneyError, match="no step nowhere"):
        FIRST.with_step("2", NETWORK, before="nowhere")
    with pytest.raises(JourneyError, match="same version"):
        Journeys.known(FIRST, FIRST)
