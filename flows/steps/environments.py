"""Step 4, test and production environments: which test environment, who needs access, from when; production takes two of support."""

from collections.abc import Iterable
from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from flows.fields import Answers, FormPage, Input, Kind
from flows.people import Side
from flows.problems import Note, Problem
from flows.step import Form, GrantAsked, Page, Situation, Step, Task
from flows.steps import addresses
from flows.steps.organization import Email

TEST_URL = "https://sandbox.pismolabs.io"
DOCS = "https://developers.pismo.io/pismo-docs/docs"


class Test(FormPage):
    test: Annotated[Literal["pismo", "own"], Input(Kind.CHOICE, ("pismo", "own"))]
    test_users: Annotated[str, Field(max_length=3000), Input(Kind.LONG_TEXT)]


class Own(FormPage):
    own_url: Annotated[str, Field(max_length=300, pattern=r"^https://\S+$"), Input(Kind.URL)]
    own_contact: Email


class Production(FormPage):
    production_users: Annotated[str, Field(max_length=3000), Input(Kind.LONG_TEXT)]
    production_from: Annotated[date, Input(Kind.DATE)]


class Ready(FormPage):
    base_url: Annotated[str, Field(max_length=300, pattern=r"^https://\S+$"), Input(Kind.URL)]
    notes: Annotated[str | None, Field(max_length=1000), Input(Kind.LONG_TEXT)] = None


def _test(answers: Answers, _at: Situation) -> Iterable[Problem]:
    return addresses.check(answers, "test_users")


def _production(answers: Answers, at: Situation) -> Iterable[Problem]:
    if date.fromisoformat(answers["production_from"]) < at.today:
        yield Problem("production_from", "date_past")
    yield from addresses.check(answers, "production_users")


def _notes(answers: Answers, at: Situation) -> Iterable[Note]:
    yield from addresses.notes(answers, at, "test", "test_users")
    yield from addresses.notes(answers, at, "production", "production_users")


def _grants(answers: Answers) -> Iterable[GrantAsked]:
    for resource, field in (("test", "test_users"), ("production", "production_users")):
        for email in addresses.addresses(answers, field):
            yield GrantAsked(resource, email)


def _prefill(at: Situation) -> Answers:
    users = addresses.addresses(at.answers.get("service_desk", {}), "users", "users_file")
    return {"test_users": "\n".join(users)} if users else {}


def _links(_at: Situation) -> tuple[tuple[str, str], ...]:
    return (
        ("environments", f"{DOCS}/environments"),
        ("postman", f"{DOCS}/access-pismo-postman-collections"),
        ("openapi", "https://github.com/PismoDevEx/pismo-api-specs"),
    )


STEP = Step(
    "environments",
    Form(
        "environments",
        (
            Page("test", Test, check=_test),
            Page("own", Own, when=lambda answers: answers.get("test") == "own"),
            Page("production", Production, check=_production),
        ),
        prefill=_prefill,
        notes=_notes,
        review=True,
        example={
            "test": "pismo",
            "test_users": "ana@acmebank.example\nbruno@acmebank.example",
            "production_users": "ana@acmebank.example",
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
                prefill=lambda at: {"base_url": at.get("environments", "own_url") or TEST_URL},
                example={"base_url": TEST_URL},
            ),
            resource=("test",),
            grant_from=("asked",),
            grant_to="granted",
        ),
        Task(
            "production_ready",
            Side.SUPPORT,
            Form("environments.production_ready", (Page("ready", Ready),), example={"base_url": "https://api.acmebank.example"}),
            ready=lambda at: "environments.test_ready" in at.done,
            approvals=2,
            resource=("production",),
            grant_from=("asked",),
            grant_to="granted",
        ),
    ),
    finished=lambda at: "environments.production_ready" in at.done,
    grants=_grants,
    links=_links,
)
