"""A journey that would strand a customer does not start."""

from dataclasses import fields, replace
from typing import Annotated, ClassVar

import pytest
from pydantic import create_model

from flows.forms.fields import FormPage, Input, Kind
from flows.forms.step import Form, Page, Step, Task
from flows.journey import FIRST, JOURNEYS, Journey, JourneyError, journey, verify
from flows.outbox import EFFECTS, RequestAccess, RunProof, SendSession
from flows.people import Side


class Word(FormPage):
    word: Annotated[str, Input(Kind.TEXT)]


class Pick(FormPage):
    pick: Annotated[str, Input(Kind.CHOICE)]


class Looking(FormPage):
    found: Annotated[str, Input(Kind.SEARCH)]


class Chosen(FormPage):
    grants: Annotated[list[str], Input(Kind.SEARCH_MANY, source="grants")]


class Again(FormPage):
    repeated: ClassVar[bool] = True
    word: Annotated[str, Input(Kind.TEXT)]


Eight = create_model("Eight", __base__=FormPage, **{f"w{n}": (Annotated[str, Input(Kind.TEXT)], ...) for n in range(8)})  # type: ignore[call-overload]


def form(form_id: str, *pages: Page) -> Form:
    return Form(form_id, pages or (Page("word", Word),), example={"word": "x"})


ALONE = Step("first", form("first"))
MOVING = Task(
    "move", Side.SUPPORT, Form("first.move", (Page("grants", Chosen),)), resource=("r",), grant_from=("a",), grant_to="b"
)


def step(**more: object) -> Step:
    return replace(ALONE, **more)  # type: ignore[arg-type]


FAULTS = {
    "unknown requirement": (step(requires=("nothing",)), "does not have"),
    "circle": (step(requires=("first",)), "does not come before"),
    "replaces what does not end": (
        step(tasks=(Task("one", Side.SUPPORT), Task("other", Side.SUPPORT, replaces="one"))),
        "replaces one, which does not end",
    ),
    "form of another name": (step(form=form("second")), "is called second"),
    "too many inputs": (step(form=form("first", Page("p", Eight))), "8 inputs"),
    "no input": (step(form=form("first", Page("p", FormPage))), "0 inputs"),
    "no options": (step(form=form("first", Page("p", Pick))), "0 options"),
    "no source": (step(form=form("first", Page("p", Looking))), "where it is searched"),
    "pages of one name": (step(form=form("first", Page("p", Word), Page("p", Pick))), "same name"),
    "inputs of one name": (step(form=form("first", Page("p", Word), Page("q", Word))), "same name"),
    "repeated without a key": (step(form=form("first", Page("p", Again))), "go together"),
    "key without repeating": (step(form=form("first", Page("p", Word, repeat="words"))), "go together"),
    "tasks of one name": (step(tasks=(Task("t", Side.SUPPORT), Task("t", Side.SUPPORT))), "same id"),
    "task's form of another name": (step(tasks=(Task("t", Side.SUPPORT, form("t")),)), "is called t"),
    "moves from nowhere": (step(tasks=(replace(MOVING, grant_from=()),)), "moves accesses"),
    "moves to nowhere": (step(tasks=(replace(MOVING, grant_to=""),)), "moves accesses"),
    "moves nothing": (step(tasks=(replace(MOVING, resource=()),)), "moves accesses"),
    "moves without asking": (step(tasks=(replace(MOVING, form=form("first.move")),)), "moves accesses"),
    "skipped without a reason": (step(tasks=(Task("t", Side.SUPPORT, form("first.t"), skips=True),)), "ask for the reason"),
    "a request that opening makes for nothing": (
        step(on_open=(RequestAccess,)),
        "first starts RequestAccess, but does not say its desk_request",
    ),
    "a request for nothing": (
        step(on_approval=(RequestAccess,)),
        "first starts RequestAccess, but does not say its desk_request",
    ),
    "unique without a reason": (
        step(tasks=(Task("t", Side.SUPPORT, form("first.t"), unique="answer"),)),
        "first.t records what no two customers have, but does not ask why",
    ),
    "a session that is none": (
        step(tasks=(Task("t", Side.SUPPORT, effect=SendSession),)),
        "first.t starts SendSession, but does not say its meeting",
    ),
    "a proof of nothing": (step(tasks=(Task("t", Side.SUPPORT, effect=RunProof),)), "first.t starts RunProof, .* its proof"),
    "name of a dialog": (Step("start", form("start")), "taken"),
}


@pytest.mark.parametrize(("faulty", "said"), FAULTS.values(), ids=FAULTS)
def test_a_fault_is_named(faulty: Step, said: str) -> None:
    with pytest.raises(JourneyError, match=said):
        journey("2", faulty)


def test_what_an_effect_needs_is_a_field_of_a_step_or_a_task() -> None:
    known = {field.name for kind in (Step, Task) for field in fields(kind)}
    assert {effect.needs for effect in EFFECTS} - {""} <= known


def test_steps_of_one_name_are_refused() -> None:
    with pytest.raises(JourneyError, match="same id"):
        journey("2", ALONE, ALONE)


def test_a_requirement_must_come_first() -> None:
    second = Step("second", form("second"), requires=("first",))
    assert list(journey("2", ALONE, second).steps) == ["first", "second"]
    with pytest.raises(JourneyError, match="does not come before"):
        journey("2", second, ALONE)


def test_a_step_stands_under_its_own_name() -> None:
    with pytest.raises(JourneyError, match="stands under the name other"):
        verify(Journey("2", {"other": ALONE}))


def test_an_example_that_is_refused_is_found() -> None:
    made = journey("2", step(form=replace(ALONE.form, example={})))
    with pytest.raises(JourneyError, match=r"the example of first is refused: word: missing"):
        verify(made, examples=True)


def test_accesses_can_move() -> None:
    assert journey("2", step(tasks=(MOVING,))).steps["first"].task("move") is MOVING


def test_the_journeys_are_whole() -> None:
    for made in JOURNEYS.versions.values():
        verify(made, examples=True)
    assert list(FIRST.steps) == [
        "planning",
        "organization",
        "service_desk",
        "environments",
        "control_center",
        "authentication",
        "next_steps",
    ]
