"""Step 1, planning: what the customer wants to build and when to meet. Support schedules sessions and closes planning."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Annotated

from pydantic import Field

from flows.forms import addresses
from flows.forms.fields import MAX_LENGTH, AddressList, Answers, FormPage, HttpsUrl, Input, Kind, LongText
from flows.forms.step import Form, Meeting, Offer, Page, Situation, Step, Task, not_past
from flows.outbox import SendSession
from flows.people import Side
from flows.problems import Note, Problem

PRODUCTS = (
    "card_issuing",
    "core_banking",
    "transaction_banking",
    "demand_deposit_accounts",
    "digital_lending",
    "seller_management",
)
PREFERRED = ("session_1", "session_2", "session_3")
MINUTES = ("30", "45", "60", "90", "120")
DOCS = "https://developers.pismo.io/pismo-docs/docs"


class Goals(FormPage):
    products: Annotated[list[str], Input(Kind.CHOICES, PRODUCTS)]
    goals: LongText
    challenges: Annotated[str | None, Field(max_length=MAX_LENGTH), Input(Kind.LONG_TEXT)] = None
    go_live: Annotated[date, Input(Kind.DATE)]


class Meetings(FormPage):
    session_1: Annotated[int, Input(Kind.MOMENT)]
    session_2: Annotated[int | None, Input(Kind.MOMENT)] = None
    session_3: Annotated[int | None, Input(Kind.MOMENT)] = None
    attendees: AddressList


class Session(FormPage):
    starts: Annotated[int, Input(Kind.MOMENT)]
    minutes: Annotated[str, Input(Kind.CHOICE, MINUTES)]
    link: HttpsUrl
    agenda: Annotated[str, Field(min_length=1, max_length=1000), Input(Kind.LONG_TEXT)]


class Held(FormPage):
    session: Annotated[str, Input(Kind.SEARCH, source="sessions")]
    notes: LongText


def _meetings(answers: Answers, situation: Situation) -> Iterator[Problem]:
    yield from not_past(answers, situation, *PREFERRED)
    given = [answers[name] for name in PREFERRED if answers.get(name)]
    yield from (Problem(name, "moment_twice") for name in PREFERRED[1:] if given.count(answers.get(name)) > 1)
    yield from addresses.check(answers, "attendees")


def _notes(answers: Answers, situation: Situation) -> Iterator[Note]:
    yield from addresses.notes(answers, situation, "attendees")


def _prefill(situation: Situation) -> Answers:
    return {"go_live": situation.go_live.isoformat()} if situation.go_live and situation.go_live >= situation.today else {}


def _meeting(answers: Answers) -> Meeting:
    agenda, link = str(answers.get("agenda") or ""), str(answers.get("link") or "")
    return Meeting(int(answers["starts"]), int(answers["minutes"]), agenda, link)


def _waiting(situation: Situation) -> list[tuple[str, Answers]]:
    """Scheduled sessions that haven't been held yet: item and answers."""
    held = {answers.get("session") for _, answers in situation.items.get("planning.hold_session", ())}
    return [(item, session) for item, session in situation.items.get("planning.schedule_session", ()) if item not in held]


def _to_hold(situation: Situation) -> Iterator[Offer]:
    for item, session in _waiting(situation):
        begins = datetime.fromtimestamp(int(session["starts"]), UTC)
        yield Offer(item, f"{begins:%Y-%m-%d %H:%M} UTC · {session.get('agenda', '')}")


STEP = Step(
    "planning",
    Form(
        "planning",
        (
            Page("goals", Goals, check=lambda answers, situation: not_past(answers, situation, "go_live")),
            Page("meetings", Meetings, check=_meetings),
        ),
        prefill=_prefill,
        notes=_notes,
        review=True,
        example={
            "products": ["card_issuing", "core_banking"],
            "goals": "Issue credit cards in the first year and open accounts for the same customers after that.",
            "challenges": "The present system closes the day at midnight and takes no payments until it is done.",
            "go_live": "2099-01-15",
            "session_1": 4070908800,
            "session_2": 4070995200,
            "attendees": "product@bank.example\nengineering.lead@bank.example",
        },
    ),
    tasks=(
        Task(
            "schedule_session",
            Side.SUPPORT,
            Form(
                "planning.schedule_session",
                (Page("session", Session, check=lambda answers, situation: not_past(answers, situation, "starts")),),
                example={
                    "starts": 4070908800,
                    "minutes": "60",
                    "link": "https://meet.example/planning",
                    "agenda": "Goals, products, the path to go-live",
                },
            ),
            repeatable=True,
            effect=SendSession,
            meeting=_meeting,
        ),
        Task(
            "hold_session",
            Side.SUPPORT,
            Form(
                "planning.hold_session",
                (Page("held", Held),),
                example={"session": "*", "notes": "Cards first. Accounts follow in the second quarter."},
            ),
            ready=lambda situation: bool(_waiting(situation)),
            repeatable=True,
            offers={"sessions": _to_hold},
        ),
        Task("close_planning", Side.SUPPORT, ready=lambda situation: "planning.hold_session" in situation.done),
    ),
    finished=lambda situation: "planning.close_planning" in situation.done,
    links=lambda _situation: (("onboarding", f"{DOCS}/pismo-platform-onboarding"),),
)
