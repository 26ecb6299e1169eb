"""Creating a program in the test environment with a fresh token: by Pismo's call, after it was looked for, and followed to the end."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from flows.checks.programs import ACTIVE, ProgramTemplate
from flows.checks.tokens import unwrapped
from flows.forms.fields import MAX_LENGTH, Answers, FormPage, Input, Kind
from flows.forms.step import Creation, Form, Page, Situation, Task
from flows.outbox import CreateProgram
from flows.people import Side
from flows.problems import Problem
from flows.state import StepState
from flows.steps.authentication import example_keys
from flows.steps.authentication.token_check import expected, untried
from flows.steps.authentication.token_scripts import token_scripts
from flows.steps.first_programs.recorded import RecordedProgram, asked_for, recorded
from flows.steps.first_programs.recording import offers
from flows.steps.org_details import org_id


def _unwrapped(value: object) -> object:
    return unwrapped(value) if isinstance(value, str) else value


class CreatePage(FormPage):
    program: Annotated[str, Input(Kind.SEARCH, source="programs")]
    token: Annotated[
        str,
        Field(min_length=20, max_length=MAX_LENGTH),
        BeforeValidator(_unwrapped),
        Input(Kind.LONG_TEXT, allow=frozenset({"access_token"}), forget=True),
    ]


def to_create(situation: Situation) -> list[RecordedProgram]:
    """Those without a record, and those that aren't active yet, to be followed."""
    return sorted((one for one in recorded(situation) if one.status != ACTIVE), key=lambda one: one.id is not None)


def _check(answers: Answers, situation: Situation) -> Iterator[Problem]:
    if answers.get("program") not in {one.key for one in to_create(situation)}:
        yield Problem("program", "not_offered")
    yield from _token_faults(str(answers.get("token", "")), situation)


def _token_faults(token: str, situation: Situation) -> Iterator[Problem]:
    """Nothing is created with a token of another organization, nor tried with one that has ended."""
    from flows.checks.claims import (  # noqa: PLC0415  cryptography is not needed at startup
        check_access_token,
        check_assertion,
        is_signed_by_customer,
    )
    from flows.checks.tokens import UnreadableToken, bearer, parse  # noqa: PLC0415

    refused = list(untried(token, situation))
    if refused:
        yield from refused
        return
    try:
        bearer(token)
    except UnreadableToken as unusable:
        yield Problem("token", str(unusable.fault.key), unusable.fault.params)
        return
    try:
        parse(token)
    except UnreadableToken:
        return  # it need not be a JWT
    look = check_assertion if is_signed_by_customer(token, expected(situation)) else check_access_token
    for fault in look(token, expected(situation), situation.now):
        yield Problem("token", str(fault.key), fault.params)


def _adds(answers: Answers, situation: Situation) -> Answers:
    """What was approved, as it is sent: a later revision of the form changes nothing about it."""
    asked = asked_for(situation, str(answers["program"]))
    return {"name": str(asked.get("name", "")), "asked": asked}


def _template(answers: Answers) -> Mapping[str, Any]:
    asked = answers["asked"]
    return ProgramTemplate(**{**asked, "due_dates": tuple(asked["due_dates"])}).body()


def _recorded(answers: Answers, number: int, kind: str, status: str) -> Answers:
    """As `record_program` has it."""
    kept = {name: answers[name] for name in ("program", "name", "asked")}
    return {**kept, "program_id": number, "type": kind, "status": status, "confirm_type": None}


TASK = Task(
    "create_in_test",
    Side.CUSTOMER,
    Form(
        "first_programs.create_in_test",
        (Page("token", CreatePage, check=_check, scripts=token_scripts),),
        prefill=lambda situation: {"program": next((one.key for one in to_create(situation)), "")},
        example={"program": "card_issuing", "token": example_keys.access_token()},
    ),
    ready=lambda situation: bool(org_id(situation) and to_create(situation)),
    repeatable=True,
    optional=True,
    adds=_adds,
    offers={"programs": lambda situation: offers(to_create(situation))},
    effect=CreateProgram,
    creation=Creation(template=_template, expected=expected, recording="record_program", recorded=_recorded),
    also_in=(StepState.DONE,),
)
