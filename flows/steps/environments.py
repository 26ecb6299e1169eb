"""Step 4, test and production environments: which one for tests, who needs access, from when. Two of support open production."""

from collections.abc import Iterator
from datetime import date
from typing import Annotated

from flows.fields import Answers, FormPage, Input, Kind
from flows.people import Side
from flows.problems import Note, Problem
from flows.step import Form, Page, Situation, Step, Task
from flows.steps import addresses
from flows.steps.inputs import LONGEST, AddressList, Email, HttpsUrl, not_past
from flows.steps.service_desk import USERS

SANDBOX = "https://sandbox.pismolabs.io"
"""The test environment; production's address is not published, so support enters it."""

DOCS = "https://developers.pismo.io/pismo-docs/docs"
LINKS = (
    ("environments", f"{DOCS}/environments"),
    ("postman", f"{DOCS}/access-pismo-postman-collections"),
    ("openapi", "https://github.com/PismoDevEx/pismo-api-specs"),
)


class Environment(FormPage):
    test: Annotated[str, Input(Kind.CHOICE, ("pismo", "own"))]
    test_users: AddressList


class Own(FormPage):
    own_url: HttpsUrl
    own_contact: Email


class Production(FormPage):
    production_users: AddressList
    production_from: Annotated[date, Input(Kind.DATE)]


class Ready(FormPage):
    base_url: HttpsUrl


def _production(answers: Answers, at: Situation) -> Iterator[Problem]:
    yield from not_past(answers, at, "production_from")
    yield from addresses.check(answers, "production_users")


def _notes(answers: Answers, at: Situation) -> Iterator[Note]:
    for name in ("test_users", "production_users"):
        yield Note(f"{name}_follow")
        yield from addresses.notes(answers, at, name)
    if at.go_live and answers.get("production_from") and date.fromisoformat(answers["production_from"]) > at.go_live:
        yield Note("production_after_go_live", {"go_live": at.go_live.isoformat()})


def _prefill(at: Situation) -> Answers:
    """The Service Desk's users, where they can be shown whole, and the day of the go-live."""
    users = "\n".join(addresses.addresses(at.answers.get("service_desk", {}), *USERS))
    known = {"test_users": users if len(users) <= LONGEST else "", "production_from": at.get("planning", "go_live")}
    return {name: value for name, value in known.items() if value}


STEP = Step(
    "environments",
    Form(
        "environments",
        (
            Page("test", Environment, check=lambda answers, _at: addresses.check(answers, "test_users")),
            Page("own", Own, when=lambda answers: answers.get("test") == "own"),
            Page("production", Production, check=_production),
        ),
        prefill=_prefill,
        notes=_notes,
        review=True,
        example={
            "test": "pismo",
            "test_users": "developer@bank.example\ntester@bank.example",
            "production_users": "operations.lead@bank.example",
            "production_from": "2099-01-10",
        },
    ),
    requires=("organization",),
    tasks=(
        Task(
            "test_ready",
            Side.SUPPORT,
            Form(
                "environments.test_ready",
                (Page("ready", Ready),),
                prefill=lambda at: {"base_url": at.get("environments", "own_url") or SANDBOX},
                example={"base_url": SANDBOX},
            ),
            stale_with=("test", "own_url", "test_users"),
        ),
        Task(
            "production_ready",
            Side.SUPPORT,
            Form("environments.production_ready", (Page("ready", Ready),), example={"base_url": "https://pismo.bank.example"}),
            ready=lambda at: "environments.test_ready" in at.done,
            approvals=2,
            stale_with=("production_users", "production_from"),
        ),
    ),
    finished=lambda at: "environments.production_ready" in at.done,
    links=lambda _at: LINKS,
)
