"""What support records of each program: its id, type and status at Pismo."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from flows.checks.programs import ACTIVE, PENDING, TYPES
from flows.forms.fields import Answers, FormPage, Input, Kind
from flows.forms.step import Form, Offer, Page, Situation, Task
from flows.people import Side
from flows.problems import Problem
from flows.state import StepState
from flows.steps.first_programs.recorded import RecordedProgram, asked_for, recorded

INT64 = 2**63 - 1


class RecordedPage(FormPage):
    program: Annotated[str, Input(Kind.SEARCH, source="programs")]
    program_id: Annotated[int, Field(ge=1, le=INT64), Input(Kind.NUMBER)]
    type: Annotated[str, Input(Kind.CHOICE, TYPES, choices="program_type")]
    status: Annotated[str, Input(Kind.CHOICE, (ACTIVE, PENDING), choices="program_status")]
    confirm_type: Annotated[
        list[str] | None, Input(Kind.CHOICES, ("yes",), doubted=True, explains="type", words="other_type")
    ] = None


def to_record(situation: Situation) -> list[RecordedProgram]:
    """Those without a record first, then those that aren't active yet, then the others: a mistake can be mended."""
    return sorted(recorded(situation), key=lambda one: (one.id is not None, one.status == ACTIVE))


def offers(programs: list[RecordedProgram]) -> Iterator[Offer]:
    for one in programs:
        if one.id is None:
            yield Offer(one.key, key="choice.program.new", params={"name": one.name, "type": one.type})
        else:
            known = {"name": one.name, "id": str(one.id), "status": one.status}
            yield Offer(one.key, key="choice.program.known", params=known)


def _prefill(situation: Situation) -> Answers:
    """The first that waits."""
    waiting = [one for one in to_record(situation) if one.status != ACTIVE]
    if not waiting:
        return {}
    first = waiting[0]
    known = {"program": first.key, "type": first.recorded_type or first.type, "status": ACTIVE}
    return known if first.id is None else {**known, "program_id": str(first.id)}


def _check(answers: Answers, situation: Situation) -> Iterator[Problem]:
    programs = {one.key: one for one in recorded(situation)}
    asked = programs.get(str(answers.get("program")))
    if asked is None:
        yield Problem("program", "not_offered")
        return
    other = next((one for one in programs.values() if one.id == answers["program_id"] and one.key != asked.key), None)
    if other is not None:
        yield Problem("program_id", "program_id_taken", {"name": other.name})
    if answers["type"] != asked.type and not answers.get("confirm_type"):
        yield Problem("confirm_type", "program_type_differs", {"asked": asked.type, "type": answers["type"]})


def _adds(answers: Answers, situation: Situation) -> Answers:
    """Its name for those who read of it, and all that was asked for: a program that is asked for otherwise is recorded again."""
    asked = asked_for(situation, str(answers["program"]))
    return {"name": str(asked.get("name", "")), "asked": asked}


TASK = Task(
    "record_program",
    Side.SUPPORT,
    Form(
        "first_programs.record_program",
        (Page("recorded", RecordedPage, check=_check),),
        prefill=_prefill,
        example={"program": "card_issuing", "program_id": "4711", "type": "CREDITO", "status": ACTIVE},
    ),
    ready=lambda situation: bool(recorded(situation)),
    needed=lambda situation: any(one.id is None for one in recorded(situation)),
    repeatable=True,
    adds=_adds,
    offers={"programs": lambda situation: offers(to_record(situation))},
    also_in=(StepState.DONE,),
)
