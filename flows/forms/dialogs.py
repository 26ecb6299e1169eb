"""Forms outside the steps: starting and changing an onboarding, reasons for decisions, snoozing, asking for help and answering, notes."""

import datetime as dt
from collections.abc import Iterator
from typing import Annotated

from pydantic import AfterValidator, Field

from flows.forms.fields import MAX_LENGTH, NAME, Answers, FormPage, Input, Kind, LongText
from flows.forms.step import Form, Page, Situation, not_past
from flows.problems import Problem, fault

START = "start"
CHOOSE = "choose"
"""The dialog that asks which customer a command is for, where none was named."""

ANSWER_CALL = "answer_call"
"""The dialog in which somebody stuck is answered: whoever opens it has the call."""

SNOOZES = ("tomorrow", "three_days", "date")
MAX_SNOOZE = 30
"""Days."""


YES = ("yes",)

NAMESAKES = "namesakes"
"""In the answers of a form that names a customer: the channels of those that have the name already, as its author was told."""


def _of_cldr(language: str) -> str:
    """Those that are offered have texts; CLDR knows how they write days and numbers."""
    from babel.localedata import exists  # noqa: PLC0415  not needed at startup

    if not exists(language):
        raise fault("not_offered")
    return language


class StartPage(FormPage):
    customer: Annotated[str, Field(min_length=1, max_length=80), NAME, Input(Kind.TEXT)]
    same_name: Annotated[list[str] | None, Input(Kind.CHOICES, YES, asked_with=NAMESAKES)] = None
    channel: Annotated[str, Input(Kind.CHANNEL, redraws=True)]
    lead: Annotated[str, Input(Kind.SEARCH, source="leads")]
    owner: Annotated[str, Input(Kind.PERSON)]
    language: Annotated[str, AfterValidator(_of_cldr), Input(Kind.CHOICE, source="languages")]
    go_live: Annotated[dt.date | None, Input(Kind.DATE)] = None


class ChosenCustomer(FormPage):
    customer: Annotated[str, Input(Kind.SEARCH, source="customers")]


class Reason(FormPage):
    reason: Annotated[str, Field(min_length=1, max_length=2000), Input(Kind.LONG_TEXT)]


class ChangesWanted(Reason):
    """``fields``: the answers to correct, if it is about some."""

    fields: Annotated[list[str] | None, Input(Kind.CHOICES, source="fields")] = None


class WrittenAnswer(FormPage):
    answer: LongText


class CallSettled(FormPage):
    answer: Annotated[str | None, Field(max_length=MAX_LENGTH), Input(Kind.LONG_TEXT)] = None


class StepNote(FormPage):
    words: LongText


class CustomerNote(FormPage):
    step: Annotated[str | None, Input(Kind.CHOICE, source="steps")] = None
    words: LongText


class ChangePage(FormPage):
    customer: Annotated[str, Field(min_length=1, max_length=80), NAME, Input(Kind.TEXT, words="start.customer")]
    same_name: Annotated[list[str] | None, Input(Kind.CHOICES, YES, asked_with=NAMESAKES, words="start.same_name")] = None
    lead: Annotated[str, Input(Kind.SEARCH, source="members", words="start.lead")]
    owner: Annotated[str, Input(Kind.SEARCH, source="support", words="start.owner")]
    language: Annotated[str, AfterValidator(_of_cldr), Input(Kind.CHOICE, source="languages", words="start.language")]
    go_live: Annotated[dt.date | None, Input(Kind.DATE, words="start.go_live")] = None


class HandOverPage(FormPage):
    person: Annotated[str, Input(Kind.SEARCH, source="holders")]
    successor: Annotated[str, Input(Kind.SEARCH, source="everybody")]
    everywhere: Annotated[list[str] | None, Input(Kind.CHOICES, YES)] = None


class StepReason(FormPage):
    step: Annotated[str, Input(Kind.CHOICE, source="steps")]
    reason: Annotated[str, Field(min_length=1, max_length=2000), Input(Kind.LONG_TEXT)]


class Assignment(FormPage):
    step: Annotated[str, Input(Kind.CHOICE, source="steps")]
    person: Annotated[str, Input(Kind.SEARCH, source="everybody")]


class Snooze(FormPage):
    until: Annotated[str, Input(Kind.CHOICE, SNOOZES, redraws=True)]
    date: Annotated[dt.date | None, Input(Kind.DATE)] = None


def _start_known(situation: Situation) -> Answers:
    return {"channel": situation.channel_id, "owner": situation.owner_id, "language": situation.language}


STOOD = "stood"
"""In the answers of the dialog: how things stood when they were given."""


def _as_it_is(situation: Situation) -> Answers:
    now = {
        "customer": situation.customer,
        "lead": situation.lead_id,
        "owner": situation.owner_id,
        "language": situation.language,
        "go_live": situation.go_live.isoformat() if situation.go_live else None,
    }
    return {**now, STOOD: now}


def _changed_since(answers: Answers, _at: dt.datetime, situation: Situation) -> Answers:
    """What somebody else has changed since then is not put back by a form that was left open or closed half way."""
    now = _as_it_is(situation)
    stood = answers.get(STOOD, {})
    changed = {name: value for name, value in now[STOOD].items() if stood.get(name) != value}
    return {**changed, STOOD: now[STOOD]} if changed else {}


def _change(answers: Answers, situation: Situation) -> Iterator[Problem]:
    if answers.get("go_live") != (situation.go_live.isoformat() if situation.go_live else None):
        yield from not_past(answers, situation, "go_live")


def _no_date(answers: Answers, _situation: Situation) -> tuple[str, ...]:
    """A date is asked for where it is what was chosen."""
    return () if answers.get("until") == "date" else ("date",)


def _snooze(answers: Answers, situation: Situation) -> Iterator[Problem]:
    if answers["until"] != "date":
        return
    if not answers.get("date"):
        yield Problem("date", "date_needed")
    elif dt.date.fromisoformat(answers["date"]) <= situation.today:
        yield Problem("date", "date_not_future")
    elif dt.date.fromisoformat(answers["date"]) > situation.today + dt.timedelta(days=MAX_SNOOZE):
        yield Problem("date", "snooze_too_long", {"days": MAX_SNOOZE})


def _known_step(answers: Answers, situation: Situation) -> Iterator[Problem]:
    if answers.get("step") and answers["step"] not in situation.steps:
        yield Problem("step", "not_offered")


def _reason(form_id: str) -> Form:
    return Form(form_id, (Page("reason", Reason),), example={"reason": "Two of the answers contradict each other."})


def _reason_of_step(form_id: str) -> Form:
    example = {"step": "*", "reason": "The customer has this from an earlier project."}
    return Form(form_id, (Page("reason", StepReason, check=_known_step),), example=example)


DIALOGS: dict[str, Form] = {
    form.id: form
    for form in (
        Form(
            "start",
            (Page("start", StartPage, check=lambda answers, situation: not_past(answers, situation, "go_live")),),
            prefill=_start_known,
            example={
                "customer": "Example Bank",
                "same_name": ["yes"],
                NAMESAKES: ["C1EXAMPLE"],
                "channel": "C0EXAMPLE",
                "lead": "U0EXAMPLE",
                "owner": "U1EXAMPLE",
                "language": "en",
                "go_live": "2099-01-15",
            },
        ),
        Form(CHOOSE, (Page("customer", ChosenCustomer),), example={"customer": "onb_0123456789abcdef"}),
        Form("request_changes", (Page("reason", ChangesWanted),), example={"reason": "The street is that of the branch."}),
        _reason("reject"),
        _reason("stuck"),
        _reason("decline_renewal"),
        Form("answer_ticket", (Page("answer", WrittenAnswer),), example={"answer": "Both of them, from the first of May on."}),
        Form(
            ANSWER_CALL,
            (Page("answer", WrittenAnswer),),
            example={"answer": "The board of trade has them; ask for an extract."},
        ),
        Form("settle_call", (Page("answer", CallSettled),), example={"answer": "We went through it on the phone."}),
        Form("step_note", (Page("note", StepNote),), example={"words": "Their lawyer answers on Fridays only."}),
        Form(
            "note",
            (Page("note", CustomerNote, check=_known_step),),
            example={"step": "*", "words": "Their lawyer answers on Fridays only."},
        ),
        _reason_of_step("skip"),
        _reason_of_step("reopen"),
        Form("assign", (Page("person", Assignment, check=_known_step),), example={"step": "*", "person": "*"}),
        Form(
            "change",
            (Page("particulars", ChangePage, check=_change),),
            prefill=_as_it_is,
            since=_changed_since,
            example={
                "customer": "Example Bank",
                "same_name": ["yes"],
                NAMESAKES: ["C1EXAMPLE"],
                "lead": "*",
                "owner": "*",
                "language": "en",
                "go_live": "2099-01-15",
            },
        ),
        Form(
            "hand_over",
            (Page("person", HandOverPage),),
            prefill=lambda situation: {"person": situation.about} if situation.about else {},
            example={"person": "*", "successor": "*"},
        ),
        Form(
            "snooze",
            (Page("until", Snooze, compulsory=lambda _answers: ("date",), hides=_no_date, check=_snooze),),
            example={"until": "tomorrow"},
        ),
    )
}


def dialog_of(verb: str) -> str:
    """The id of the dialog that a command opens about a customer; empty for a command that answers instead."""
    form_id = verb.replace("-", "_")
    return form_id if form_id in DIALOGS and form_id not in (START, CHOOSE) else ""
