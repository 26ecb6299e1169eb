"""Step 1, planning: what the customer wants to build and when to meet. Support schedules sessions and closes planning."""

from collections.abc import Iterable
from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from flows.fields import Answers, FormPage, Input, Kind
from flows.people import Side
from flows.problems import Problem
from flows.step import Form, Page, Situation, Step, Task
from flows.steps import addresses

PRODUCTS = (
    "card_issuing",
    "core_banking",
    "transaction_banking",
    "demand_deposit_accounts",
    "digital_lending",
    "seller_management",
)
Product = Literal[
    "card_issuing", "core_banking", "transaction_banking", "demand_deposit_accounts", "digital_lending", "seller_management"
]


class Goals(FormPage):
    products: Annotated[list[Product], Field(min_length=1), Input(Kind.CHOICES, PRODUCTS)]
    goals: Annotated[str, Field(min_length=1, max_length=3000), Input(Kind.LONG_TEXT)]
    challenges: Annotated[str | None, Field(max_length=3000), Input(Kind.LONG_TEXT)] = None
    go_live: Annotated[date, Input(Kind.DATE)]


class Meetings(FormPage):
    session_1: Annotated[int, Input(Kind.MOMENT)]
    session_2: Annotated[int | None, Input(Kind.MOMENT)] = None
    session_3: Annotated[int | None, Input(Kind.MOMENT)] = None
    attendees: Annotated[str, Field(max_length=3000), Input(Kind.LONG_TEXT)]


class Session(FormPage):
    starts: Annotated[int, Input(Kind.MOMENT)]
    minutes: Annotated[Literal["30", "45", "60", "90", "120"], Input(Kind.CHOICE, ("30", "45", "60", "90", "120"))]
    link: Annotated[str | None, Field(max_length=500, pattern=r"^https://\S+$"), Input(Kind.URL)] = None
    agenda: Annotated[str, Field(min_length=1, max_length=1000), Input(Kind.LONG_TEXT)]


class Held(FormPage):
    session: Annotated[str, Input(Kind.SEARCH, source="sessions")]
    notes: Annotated[str | None, Field(max_length=3000), Input(Kind.LONG_TEXT)] = None


def _goals(answers: Answers, at: Situation) -> Iterable[Problem]:
    if date.fromisoformat(answers["go_live"]) < at.today:
        yield Problem("go_live", "date_past")


def _meetings(answers: Answers, at: Situation) -> Iterable[Problem]:
    now = at.now.timestamp()
    for name in ("session_1", "session_2", "session_3"):
        if answers.get(name) and answers[name] < now:
            yield Problem(name, "moment_past")
    yield from addresses.check(answers, "attendees")


def _session(answers: Answers, at: Situation) -> Iterable[Problem]:
    if answers["starts"] < at.now.timestamp():
        yield Problem("starts", "moment_past")


def _prefill(at: Situation) -> Answers:
    return {"go_live": at.go_live.isoformat()} if at.go_live else {}


FORM = Form(
    "planning",
    (Page("goals", Goals, check=_goals), Page("meetings", Meetings, check=_meetings)),
    prefill=_prefill,
    notes=lambda answers, at: addresses.notes(answers, at, "", "attendees"),
    review=True,
    example={
        "products": ["card_issuing", "core_banking"],
        "goals": "Issue cards to two million customers and move their accounts.",
        "challenges": "A monolith that closes at night.",
        "go_live": "2099-01-15",
        "session_1": 4070908800,
        "session_2": 4070995200,
        "attendees": "ana@acmebank.example\nbruno@acmebank.example",
    },
)

STEP = Step(
    "planning",
    FORM,
    tasks=(
        Task(
            "schedule_session",
            Side.SUPPORT,
            Form(
                "planning.schedule_session",
                (Page("session", Session, check=_session),),
                example={
                    "starts": 4070908800,
                    "minutes": "60",
                    "link": "https://meet.example/planning",
                    "agenda": "Goals, products, path",
                },
            ),
            repeatable=True,
            effect="session",
        ),
        Task(
            "hold_session",
            Side.SUPPORT,
            Form("planning.hold_session", (Page("held", Held),), example={"session": "*", "notes": "Agreed on the path."}),
            ready=lambda at: len(at.items.get("planning.schedule_session", ())) > len(at.items.get("planning.hold_session", ())),
            repeatable=True,
        ),
        Task("close_planning", Side.SUPPORT, ready=lambda at: "planning.hold_session" in at.done),
    ),
    finished=lambda at: "planning.close_planning" in at.done,
)
