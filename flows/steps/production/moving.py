"""How programs get into production: the customer has them exported and imported, or support records what was set up by hand."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated

from pydantic import Field

from flows.checks.programs import ACTIVE, PENDING
from flows.forms.fields import Answers, FormPage, Input, Kind
from flows.forms.step import Form, Offer, Page, Situation, Task, Transfer
from flows.outbox import MoveProgram
from flows.people import Side
from flows.problems import Problem
from flows.state import StepState
from flows.steps import org_details
from flows.steps.authentication import example_keys
from flows.steps.authentication.token_check import expected, untried
from flows.steps.authentication.token_scripts import token_scripts_of_both
from flows.steps.production import lane
from flows.steps.production.programs import any_to_activate, any_to_move, program, programs
from flows.steps.production.tokens import SECRET, TokenText

INT64 = 2**63 - 1
WORDS = f"{lane.STEP}.record_program"
"""Under these stand the labels of what is recorded, and of what is corrected."""
ProgramChoice = Annotated[str, Input(Kind.SEARCH, source="programs")]


class MovePage(FormPage):
    """``token``: of production. ``test_token``: only needed until the program was exported."""

    program: ProgramChoice
    test_token: Annotated[TokenText | None, SECRET] = None
    token: TokenText


class ThereByHand(FormPage):
    program: Annotated[str, Input(Kind.SEARCH, source="programs", words=f"{WORDS}.program")]
    program_id: Annotated[int, Field(ge=1, le=INT64), Input(Kind.NUMBER, words=f"{WORDS}.program_id")]
    status: Annotated[str, Input(Kind.CHOICE, (ACTIVE, PENDING), choices="program_status", words=f"{WORDS}.status")]


def _offers(situation: Situation) -> Iterator[Offer]:
    """Those that aren't there first."""
    for one in sorted(programs(situation), key=lambda one: (bool(one.there), one.active)):
        if not one.active:
            yield Offer(one.id, key="choice.program.to_move", params={"name": one.name, "id": one.id})


def _offered(answers: Answers, situation: Situation) -> Iterator[Problem]:
    if programs(situation) and program(situation, str(answers.get("program"))) is None:
        yield Problem("program", "not_offered")


def _move(answers: Answers, situation: Situation) -> Iterator[Problem]:
    """What must never be tried at Pismo is refused here: a token decides into which organization a program is imported."""
    yield from _offered(answers, situation)
    for name, org_id in (("test_token", org_details.org_id(situation)), ("token", org_details.production_org_id(situation))):
        if given := str(answers.get(name) or ""):
            yield from (Problem(name, found.key, found.params) for found in _token_faults(given, org_id, situation))


def _token_faults(token: str, org_id: str, situation: Situation) -> Iterator[Problem]:
    """The JWT that the customer signs is no access token."""
    from flows.checks.claims import check_access_token, is_signed_by_customer  # noqa: PLC0415  cryptography isn't needed at startup
    from flows.checks.tokens import UnreadableToken, parse  # noqa: PLC0415

    known = replace(expected(situation), org_id=org_id)
    if is_signed_by_customer(token, known):
        yield Problem("token", "jwt_is_assertion")
        return
    if refused := list(untried(token, situation)):
        yield from refused
        return
    try:
        parse(token)
    except UnreadableToken:
        return  # it need not be a JWT
    for fault in check_access_token(token, known, situation.now):
        yield Problem("token", str(fault.key), fault.params)


def _by_hand(answers: Answers, situation: Situation) -> Iterator[Problem]:
    yield from _offered(answers, situation)
    there, chosen = str(answers["program_id"]), str(answers.get("program"))
    other = next((one for one in programs(situation) if one.there == there and one.id != chosen), None)
    if other is not None:
        yield Problem("program_id", "program_id_taken", {"name": other.name})


def _there(situation: Situation) -> Iterator[Offer]:
    """With what is recorded of them."""
    for one in programs(situation):
        if one.there:
            yield Offer(one.id, key="choice.program.known", params={"name": one.name, "id": one.there, "status": one.status})


def _corrected(answers: Answers, situation: Situation) -> Iterator[Problem]:
    """A step that is done stays so: what it needs is there."""
    yield from _by_hand(answers, situation)
    if answers["status"] != ACTIVE and lane.STEP not in situation.unfinished:
        yield Problem("status", "program_active_when_done")
    present = program(situation, str(answers.get("program")))
    if present is not None and not present.there:
        yield Problem("program", "not_offered")
    elif present is not None and (present.there, present.status) == (str(answers["program_id"]), answers["status"]):
        yield Problem("program_id", "program_unchanged")


def _chosen(answers: Answers, situation: Situation) -> tuple[int, str, str] | None:
    found = program(situation, str(answers.get("program")))
    return (int(found.id), found.name, found.type) if found is not None else None


def _named(answers: Answers, situation: Situation) -> Answers:
    """Its name, for those who read of it."""
    found = program(situation, str(answers.get("program")))
    return {"name": found.name if found is not None else ""}


def _by_export(situation: Situation) -> bool:
    return bool(situation.get(lane.STEP, "way") == "export")


def _first(situation: Situation) -> Answers:
    first = next(_offers(situation), None)
    return {"program": first.value} if first is not None else {}


MOVE = Task(
    "move_program",
    Side.CUSTOMER,
    Form(
        f"{lane.STEP}.move_program",
        (Page("move", MovePage, check=_move, scripts=token_scripts_of_both),),
        prefill=_first,
        example={"program": "*", "test_token": example_keys.access_token(), "token": example_keys.access_token()},
    ),
    ready=lambda situation: (
        _by_export(situation) and lane.ready(situation) and (any_to_move(situation) or any_to_activate(situation))
    ),
    needed=any_to_move,
    repeatable=True,
    adds=_named,
    offers={"programs": _offers},
    effect=MoveProgram,
    transfer=Transfer(_chosen, lambda situation: (org_details.org_id(situation), org_details.production_org_id(situation))),
    stale_with=("org",),
)
RECORD = Task(
    "record_program",
    Side.SUPPORT,
    Form(
        f"{lane.STEP}.record_program",
        (Page("there", ThereByHand, check=_by_hand),),
        prefill=_first,
        example={"program": "*", "program_id": "5711", "status": ACTIVE},
    ),
    ready=lambda situation: any_to_move(situation) or any_to_activate(situation),
    needed=lambda situation: any_to_activate(situation) or (any_to_move(situation) and not _by_export(situation)),
    repeatable=True,
    adds=_named,
    offers={"programs": _offers},
    stale_with=("org",),
)
CORRECT = Task(
    "correct_program",
    Side.SUPPORT,
    Form(
        f"{lane.STEP}.correct_program",
        (Page("there", ThereByHand, check=_corrected),),
        example={"program": "*", "program_id": "5711", "status": ACTIVE},
    ),
    ready=lambda situation: any(one.there for one in programs(situation)),
    repeatable=True,
    optional=True,
    adds=_named,
    offers={"programs": _there},
    also_in=(StepState.DONE,),
    stale_with=("org",),
)
