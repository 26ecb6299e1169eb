"""Forms that are no step's: starting an onboarding, the reasons that decisions need, snoozing, asking for help."""

import datetime as dt
from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import Field

from flows.fields import Answers, FormPage, Input, Kind
from flows.problems import Problem
from flows.step import Form, Page, Situation

LANGUAGES = ("en", "pt_BR")
STEPS = ("planning", "organization", "service_desk", "environments", "control_center", "authentication", "next_steps")


class Start(FormPage):
    customer: Annotated[str, Field(min_length=1, max_length=80), Input(Kind.TEXT)]
    channel: Annotated[str, Input(Kind.CHANNEL)]
    lead: Annotated[str, Input(Kind.PERSON)]
    owner: Annotated[str, Input(Kind.PERSON)]
    language: Annotated[Literal["en", "pt_BR"], Input(Kind.CHOICE, LANGUAGES, choices="language")]
    go_live: Annotated[dt.date | None, Input(Kind.DATE)] = None


class Reason(FormPage):
    reason: Annotated[str, Field(min_length=1, max_length=2000), Input(Kind.LONG_TEXT)]


class StepReason(Reason):
    step: Annotated[str, Input(Kind.CHOICE, STEPS, choices="step")]


class Assignment(FormPage):
    step: Annotated[str, Input(Kind.CHOICE, STEPS, choices="step")]
    person: Annotated[str, Input(Kind.PERSON)]


class Snooze(FormPage):
    until: Annotated[Literal["tomorrow", "three_days", "date"], Input(Kind.CHOICE, ("tomorrow", "three_days", "date"))]
    date: Annotated[dt.date | None, Input(Kind.DATE)] = None


def _start(answers: Answers, at: Situation) -> Iterable[Problem]:
    if answers.get("go_live") and dt.date.fromisoformat(answers["go_live"]) < at.today:
        yield Problem("go_live", "date_past")


def _start_known(at: Situation) -> Answers:
    return {"owner": at.owner_id, "channel": at.channel_id, "language": at.language}


def _snooze(answers: Answers, at: Situation) -> Iterable[Problem]:
    if answers["until"] == "date":
        if not answers.get("date"):
            yield Problem("date", "date_needed")
        elif dt.date.fromisoformat(answers["date"]) <= at.today:
            yield Problem("date", "date_past")


def _reason(form: str, model: type[FormPage] = Reason) -> Form:
    return Form(form, (Page("reason", model),), example={"reason": "Because of this.", "step": "planning"})


DIALOGS: dict[str, Form] = {
    "start": Form(
        "start",
        (Page("start", Start, check=_start),),
        prefill=_start_known,
        example={"customer": "Acme Bank", "language": "en", "go_live": "2099-01-15"},
    ),
    "request_changes": _reason("request_changes"),
    "reject": _reason("reject"),
    "stuck": _reason("stuck"),
    "skip": _reason("skip", StepReason),
    "reopen": _reason("reopen", StepReason),
    "assign": Form("assign", (Page("person", Assignment),), example={"step": "planning"}),
    "snooze": Form("snooze", (Page("until", Snooze, check=_snooze),), example={"until": "tomorrow"}),
}
