"""Input types that several steps use, and date checks."""

from collections.abc import Iterator
from datetime import date
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from flows.checks.emails import Status, examine
from flows.forms.fields import Answers, FormPage, Input, Kind
from flows.forms.step import Situation
from flows.problems import Problem, fault

LONGEST = 3000
"""The most characters Slack accepts in an input."""


def _address(value: str) -> str:
    entries = examine(value).entries
    if not entries or len(entries) > 1:
        raise fault("email_one", address=value)
    entry = entries[0]
    if entry.status is not Status.NEW:
        raise fault(entry.key, address=entry.address, **entry.params)
    return entry.address


def _https(value: str) -> str:
    """No username or password in it: those would be a secret."""
    try:
        parts = urlsplit(value)
        good = parts.scheme == "https" and parts.hostname and not parts.username and (parts.port or 443) > 0
    except ValueError:
        good = False
    if not good or value.split() != [value]:
        raise fault("url_https")
    return value


Email = Annotated[str, Field(max_length=255), AfterValidator(_address), Input(Kind.EMAIL)]
HttpsUrl = Annotated[str, Field(max_length=500), AfterValidator(_https), Input(Kind.URL)]
Country = Annotated[str, Input(Kind.SEARCH, source="country")]
LongText = Annotated[str, Field(min_length=1, max_length=LONGEST), Input(Kind.LONG_TEXT)]
AddressList = Annotated[str, Field(min_length=1, max_length=LONGEST), Input(Kind.LONG_TEXT, addresses=True)]
Attachment = dict[str, str]
"""A file as ``{"name", "text"}``, and Slack's id for it."""


class Chosen(FormPage):
    """The grants a task moves."""

    grants: Annotated[list[str], Input(Kind.SEARCH_MANY, source="grants")]


class ChosenWithReason(Chosen):
    reason: Annotated[str, Field(min_length=1, max_length=1000), Input(Kind.LONG_TEXT)]


def not_past(answers: Answers, situation: Situation, *names: str) -> Iterator[Problem]:
    """Dates (``YYYY-MM-DD``) must be today or later in the customer's time zone; moments (Unix seconds), in the future."""
    for name in names:
        value = answers.get(name)
        if isinstance(value, str) and date.fromisoformat(value) < situation.today:
            yield Problem(name, "date_past")
        elif isinstance(value, int) and value <= situation.now.timestamp():
            yield Problem(name, "moment_past")
