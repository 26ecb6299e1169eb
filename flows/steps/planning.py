"""Step 1, planning: what the customer wants to build and when to meet. Support schedules sessions and closes planning."""

from collections.abc import Iterator
from datetime import date
from typing import Annotated

from pydantic import Field

from flows.forms import addresses
from flows.forms.fields import MAX_LENGTH, AddressList, Answers, FormPage, Input, Kind, LongText
from flows.forms.step import Form, Page, Situation, Step, Task, not_past
from flows.people import Side
from flows.problems import Note, Problem
from flows.steps import sessions
from flows.steps.sessions import PREFERRED

PRODUCTS = (
    "card_issuing",
    "core_banking",
    "transaction_banking",
    "demand_deposit_accounts",
    "digital_lending",
    "seller_management",
)
DOCS = "https://developers.pismo.io/pismo-docs/docs"


class Plan(FormPage):
    products: Annotated[list[str], Input(Kind.CHOICES, PRODUCTS)]
    goals: LongText
    challenges: Annotated[str | None, Field(max_length=MAX_LENGTH), Input(Kind.LONG_TEXT)] = None
    go_live: Annotated[date, Input(Kind.DATE)]
    session_1: Annotated[int, Input(Kind.MOMENT, redraws=True)]
    session_2: Annotated[int | None, Input(Kind.MOMENT, redraws=True)] = None
    session_3: Annotated[int | None, Input(Kind.MOMENT)] = None
    attendees: AddressList


def go_live(answers: Answers) -> date | None:
    """The day that a form names."""
    return date.fromisoformat(answers["go_live"]) if answers.get("go_live") else None


def _another_time(answers: Answers, _situation: Situation) -> tuple[str, ...]:
    """The next preferred time is asked for once there is one before it."""
    given = sum(bool(answers.get(name)) for name in PREFERRED)
    return PREFERRED[given + 1 :]


def _plan(answers: Answers, situation: Situation) -> Iterator[Problem]:
    yield from not_past(answers, situation, "go_live", *PREFERRED)
    given = [answers[name] for name in PREFERRED if answers.get(name)]
    yield from (Problem(name, "moment_twice") for name in PREFERRED[1:] if given.count(answers.get(name)) > 1)
    yield from addresses.check(answers, "attendees")


def _notes(answers: Answers, situation: Situation) -> Iterator[Note]:
    yield from addresses.notes(answers, situation, "attendees", codes=False)


def _prefill(situation: Situation) -> Answers:
    return {"go_live": situation.go_live.isoformat()} if situation.go_live and situation.go_live >= situation.today else {}


STEP = Step(
    "planning",
    Form(
        "planning",
        (Page("plan", Plan, hides=_another_time, check=_plan),),
        prefill=_prefill,
        notes=_notes,
        review=True,
        counts=lambda answers: ("addresses", addresses.count(answers, "attendees")),
        example={
            "products": ["card_issuing", "core_banking"],
            "goals": "Issue credit cards in the first year and open accounts for the same customers after that.",
            "challenges": "Our current system takes no payments from midnight until end-of-day processing is done.",
            "go_live": "2099-01-15",
            "session_1": 4070908800,
            "session_2": 4070995200,
            "attendees": "product.lead@bank.example\nengineering.lead@bank.example",
        },
    ),
    go_live=go_live,
    tasks=(
        *sessions.TASKS,
        Task("close_planning", Side.SUPPORT, ready=lambda situation: sessions.HOLD in situation.done),
    ),
    finished=lambda situation: "planning.close_planning" in situation.done,
    awaits=sessions.first_ends,
    links=lambda _situation: (("onboarding", f"{DOCS}/pismo-platform-onboarding"),),
)
