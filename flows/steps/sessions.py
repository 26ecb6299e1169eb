"""Planning's sessions: support schedules, moves and cancels them, and marks them as held."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import Field

from flows.forms import addresses
from flows.forms.fields import Answers, FormPage, HttpsUrl, Input, Kind, LongText
from flows.forms.step import Form, Meeting, Offer, Page, Situation, Task, not_past
from flows.outbox import SendSession
from flows.people import Side
from flows.problems import Problem
from flows.state import StepState

SCHEDULE, MOVE, CANCEL, HOLD = (f"planning.{task}_session" for task in ("schedule", "move", "cancel", "hold"))
PREFERRED = ("session_1", "session_2", "session_3")
MINUTES = ("30", "45", "60", "90", "120")
USUAL_MINUTES = "60"
DETAILS = ("starts", "minutes", "link", "agenda")

Which = Annotated[str, Input(Kind.SEARCH, source="sessions")]


class Session(FormPage):
    starts: Annotated[int, Input(Kind.MOMENT)]
    minutes: Annotated[str, Input(Kind.CHOICE, MINUTES)]
    link: HttpsUrl
    agenda: Annotated[str, Field(min_length=1, max_length=1000), Input(Kind.LONG_TEXT)]


class MovedSession(FormPage):
    """What is left empty stays as it is."""

    session: Which
    starts: Annotated[int | None, Input(Kind.MOMENT)] = None
    minutes: Annotated[str | None, Input(Kind.CHOICE, MINUTES)] = None
    link: Annotated[HttpsUrl | None, Input(Kind.URL)] = None
    agenda: Annotated[str | None, Field(max_length=1000), Input(Kind.LONG_TEXT)] = None


class CancelledSession(FormPage):
    session: Which
    reason: Annotated[str, Field(min_length=1, max_length=1000), Input(Kind.LONG_TEXT)]


class Held(FormPage):
    session: Which
    notes: LongText


@dataclass(frozen=True)
class Planned:
    """A session that is to take place, as it was last set. ``item``: of the task that scheduled it. ``sequence``: how often it was
    moved. ``details``: by the names of `DETAILS`."""

    item: str
    details: Answers
    sequence: int = 0

    @property
    def starts(self) -> int:
        return int(self.details["starts"] or 0)

    @property
    def ends(self) -> int:
        return self.starts + 60 * int(self.details["minutes"] or 0)


def planned(situation: Situation) -> list[Planned]:
    """Those neither held nor cancelled, by time."""
    ended = {answers.get("session") for task in (HOLD, CANCEL) for _, answers in situation.items.get(task, ())}
    found = {item: Planned(item, _details(answers)) for item, answers in situation.items.get(SCHEDULE, ()) if item not in ended}
    for _, answers in situation.items.get(MOVE, ()):
        known = found.get(str(answers.get("session")))
        if known is not None and answers["sequence"] > known.sequence:
            found[known.item] = replace(known, details=_details(answers), sequence=answers["sequence"])
    return sorted(found.values(), key=lambda one: one.starts)


def movable(situation: Situation) -> list[Planned]:
    return [one for one in planned(situation) if one.ends > situation.now.timestamp()]


def begun(situation: Situation) -> list[Planned]:
    return [one for one in planned(situation) if one.starts <= situation.now.timestamp()]


def first_begins(situation: Situation) -> datetime | None:
    return next((datetime.fromtimestamp(one.starts, UTC) for one in planned(situation)), None)


def first_ends(situation: Situation) -> datetime | None:
    return min((datetime.fromtimestamp(one.ends, UTC) for one in planned(situation)), default=None)


def _details(answers: Answers) -> Answers:
    return {name: answers.get(name) for name in DETAILS}


def _named(situation: Situation, answers: Answers) -> Planned | None:
    return next((one for one in planned(situation) if one.item == answers.get("session")), None)


def _offers(sessions: Sequence[Planned]) -> Iterator[Offer]:
    for one in sessions:
        yield Offer(one.item, str(one.details["agenda"] or ""), at=one.starts)


# -- what the forms know and check


def _proposed(situation: Situation) -> Answers:
    """The first of the customer's preferred times that is still to come and not taken by a session."""
    taken = {one.starts for one in planned(situation)}
    wanted = (situation.get("planning", name) for name in PREFERRED)
    free = (at for at in wanted if at and at > situation.now.timestamp() and at not in taken)
    return {"starts": next(free, None), "minutes": USUAL_MINUTES}


def _only(sessions: Sequence[Planned]) -> Answers:
    return {"session": sessions[0].item} if len(sessions) == 1 else {}


def _as_it_is(situation: Situation) -> Answers:
    sessions = movable(situation)
    return {**_only(sessions), **(sessions[0].details if len(sessions) == 1 else {})}


def _offered(answers: Answers, sessions: Sequence[Planned]) -> Iterator[Problem]:
    if sessions and answers["session"] not in {one.item for one in sessions}:
        yield Problem("session", "session_gone")


def _moves(answers: Answers, situation: Situation) -> Iterator[Problem]:
    yield from _offered(answers, movable(situation))
    known = _named(situation, answers)
    if known is None:
        return
    changed = _changed(known, answers)
    if not changed:
        yield Problem("starts", "session_unchanged")
    elif "starts" in changed:
        yield from not_past(answers, situation, "starts")


def _changed(known: Planned, answers: Answers) -> set[str]:
    return {name for name in DETAILS if answers.get(name) not in (None, "", known.details[name])}


# -- what is recorded and told


def _moved(answers: Answers, situation: Situation) -> Answers:
    """All of the session as it is now, and as it was."""
    known = _named(situation, answers)
    if known is None:
        return {}
    now = {name: answers.get(name) or known.details[name] for name in DETAILS}
    return {**now, "was": known.details, "sequence": known.sequence + 1}


def _cancelled(answers: Answers, situation: Situation) -> Answers:
    known = _named(situation, answers)
    return {**known.details, "sequence": known.sequence + 1} if known is not None else {}


def _meeting(answers: Answers, situation: Situation) -> Meeting:
    was = answers.get("was")
    return replace(
        _of(answers),
        attendees=addresses.addresses(situation.answers.get("planning", {}), "attendees"),
        session=str(answers.get("session") or ""),
        sequence=int(answers.get("sequence") or 0),
        was=_of(was) if was else None,
        cancelled=str(answers.get("reason") or ""),
    )


def _of(details: Answers) -> Meeting:
    text: dict[str, Any] = {name: str(details.get(name) or "") for name in ("agenda", "link")}
    return Meeting(int(details["starts"]), int(details["minutes"]), **text)


ANY_TIME = tuple(state for state in StepState if state is not StepState.LOCKED)
"""A session stands in people's calendars whatever becomes of the step, also if that is skipped."""

TASKS = (
    Task(
        "schedule_session",
        Side.SUPPORT,
        Form(
            SCHEDULE,
            (Page("session", Session, check=lambda answers, situation: not_past(answers, situation, "starts")),),
            prefill=_proposed,
            example={
                "starts": 4070908800,
                "minutes": "60",
                "link": "https://meet.example/planning",
                "agenda": "Goals, products, the path to go-live",
            },
        ),
        needed=lambda situation: not planned(situation) and HOLD not in situation.done,
        repeatable=True,
        effect=SendSession,
        meeting=_meeting,
    ),
    Task(
        "move_session",
        Side.SUPPORT,
        Form(
            MOVE,
            (Page("moved", MovedSession, check=_moves),),
            prefill=_as_it_is,
            example={"session": "*", "starts": 4070998800, "minutes": "90"},
        ),
        ready=lambda situation: bool(movable(situation)),
        repeatable=True,
        optional=True,
        also_in=tuple(state for state in ANY_TIME if state is not StepState.SKIPPED),
        adds=_moved,
        offers={"sessions": lambda situation: _offers(movable(situation))},
        effect=SendSession,
        meeting=_meeting,
    ),
    Task(
        "cancel_session",
        Side.SUPPORT,
        Form(
            CANCEL,
            (Page("cancelled", CancelledSession, check=lambda answers, situation: _offered(answers, planned(situation))),),
            prefill=lambda situation: _only(planned(situation)),
            example={"session": "*", "reason": "The project manager is away that week. We propose another time."},
        ),
        ready=lambda situation: bool(planned(situation)),
        repeatable=True,
        optional=True,
        also_in=ANY_TIME,
        adds=_cancelled,
        offers={"sessions": lambda situation: _offers(planned(situation))},
        effect=SendSession,
        meeting=_meeting,
    ),
    Task(
        "hold_session",
        Side.SUPPORT,
        Form(
            HOLD,
            (Page("held", Held, check=lambda answers, situation: _offered(answers, begun(situation))),),
            prefill=lambda situation: _only(begun(situation)),
            example={"session": "*", "notes": "Cards first. Accounts follow in the second quarter."},
        ),
        ready=lambda situation: bool(planned(situation)),
        repeatable=True,
        opens=first_begins,
        offers={"sessions": lambda situation: _offers(begun(situation))},
    ),
)
