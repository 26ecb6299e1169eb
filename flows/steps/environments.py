"""Step 4, test and production environments: which one for tests, who needs access, from when."""

from collections.abc import Iterator
from datetime import date
from typing import Annotated

from pydantic import Field

from flows.forms import addresses
from flows.forms.fields import (
    MAX_LENGTH,
    AddressList,
    Answers,
    Chosen,
    ChosenWithReason,
    Email,
    FormPage,
    HttpsUrl,
    Input,
    Kind,
)
from flows.forms.parity import ENVIRONMENTS, PRODUCTION, ParityCell, ParityState
from flows.forms.step import Form, GrantAsked, Page, ParityItem, Situation, Step, Task, not_past
from flows.people import Side
from flows.problems import Note, NoteKind, Problem
from flows.state import StepState
from flows.steps.service_desk import USERS

SANDBOX = "https://sandbox.pismolabs.io"
"""The test environment; production's address is not published, so support enters it."""

DOCS = "https://developers.pismo.io/pismo-docs/docs"
LINKS = (
    ("environments", f"{DOCS}/environments"),
    ("postman", f"{DOCS}/access-pismo-postman-collections"),
    ("openapi", "https://github.com/PismoDevEx/pismo-api-specs"),
)


TEST_ACCESS, PRODUCTION_ACCESS = "test_environment", "production_environment"
RESOURCES = {"test_users": TEST_ACCESS, "production_users": PRODUCTION_ACCESS}
"""The access that each list of addresses asks for."""


class EnvironmentAccess(FormPage):
    test: Annotated[str, Input(Kind.CHOICE, ("pismo", "own"), redraws=True)]
    own_url: Annotated[HttpsUrl | None, Field(max_length=500), Input(Kind.URL)] = None
    own_contact: Annotated[Email | None, Field(max_length=255), Input(Kind.EMAIL)] = None
    test_users: AddressList
    production_users: AddressList
    production_from: Annotated[date, Input(Kind.DATE)]


class Ready(FormPage):
    base_url: HttpsUrl


OWN = ("own_url", "own_contact")


def _has_own(answers: Answers) -> bool:
    return answers.get("test") == "own"


def _check(answers: Answers, situation: Situation) -> Iterator[Problem]:
    yield from (Problem(name, "missing") for name in OWN if _has_own(answers) and not answers.get(name))
    yield from not_past(answers, situation, "production_from")
    for name in RESOURCES:
        yield from addresses.check(answers, name)


def _notes(answers: Answers, situation: Situation) -> Iterator[Note]:
    for name in ("test_users", "production_users"):
        found = list(addresses.notes(answers, situation, name))
        odd = any(note.kind is NoteKind.TO_CHECK for note in found)  # whoever reviews must know of which list
        yield Note(f"{name}_follow", kind=NoteKind.TO_CHECK if odd else NoteKind.HINT)
        yield from found
    if (
        situation.go_live
        and answers.get("production_from")
        and date.fromisoformat(answers["production_from"]) > situation.go_live
    ):
        yield Note("production_after_go_live", {"go_live": situation.go_live.isoformat()}, NoteKind.TO_CHECK)


def _prefill(situation: Situation) -> Answers:
    """The Service Desk's users, if they all fit, and the go-live date."""
    users = "\n".join(addresses.addresses(situation.answers.get("service_desk", {}), *USERS))
    known = {"test_users": users if len(users) <= MAX_LENGTH else "", "production_from": situation.get("planning", "go_live")}
    return {name: value for name, value in known.items() if value}


def _parity(situation: Situation, environment: str) -> ParityCell:
    if f"environments.{environment}_ready" in situation.done:
        return ParityCell(ParityState.THERE)
    wanted = situation.get("environments", "production_from")
    if environment == PRODUCTION and wanted:
        return ParityCell(ParityState.MISSING, "wanted_from", {"date": str(wanted)})
    return ParityCell(ParityState.MISSING)


def _receipt(situation: Situation) -> Iterator[Note]:
    for environment in ENVIRONMENTS:
        if url := situation.done.get(f"environments.{environment}_ready", {}).get("base_url"):
            yield Note(f"address_{environment}", {"url": str(url)})


def _grants(answers: Answers) -> Iterator[GrantAsked]:
    for name, resource in RESOURCES.items():
        yield from (GrantAsked(resource, address) for address in addresses.addresses(answers, name))


def _waits(situation: Situation, *resources: str) -> bool:
    return any(resource in resources and state == "asked" for resource, _, state in situation.grants)


def production_is_ready(situation: Situation) -> bool:
    return "environments.production_ready" in situation.done


def _access(
    name: str, page: type[FormPage], resources: tuple[str, ...], target: str, *, optional: bool = False, **example: str
) -> Task:
    return Task(
        name,
        Side.SUPPORT,
        Form(f"environments.{name}", (Page("grants", page),), example={"grants": "*", **example}),
        ready=lambda situation: _waits(situation, *resources),
        needed=lambda situation: _waits(situation, TEST_ACCESS),
        repeatable=True,
        optional=optional,
        also_in=(StepState.DONE,),
        resource=resources,
        grant_from=("asked",),
        grant_to=target,
    )


PRODUCTION_READY = Task(
    "production_ready",
    Side.SUPPORT,
    Form("environments.production_ready", (Page("ready", Ready),), example={"base_url": "https://pismo.bank.example"}),
    ready=lambda situation: "environments.test_ready" in situation.done,
    approvals=2,
    stale_with=("production_users", "production_from"),
)
"""Journey 1 alone has it here."""


STEP = Step(
    "environments",
    Form(
        "environments",
        (
            Page(
                "access",
                EnvironmentAccess,
                compulsory=lambda answers: OWN if _has_own(answers) else (),
                hides=lambda answers, _situation: () if _has_own(answers) else OWN,
                check=_check,
            ),
        ),
        prefill=_prefill,
        notes=_notes,
        review=True,
        counts=lambda answers: ("addresses", addresses.count(answers, *RESOURCES)),
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
                prefill=lambda situation: {"base_url": situation.get("environments", "own_url") or SANDBOX},
                example={"base_url": SANDBOX},
            ),
            stale_with=("test", "own_url", "test_users"),
        ),
        _access("grant_access", Chosen, (TEST_ACCESS,), "granted"),  # production's is given once it is open, in its own step
        _access(
            "refuse_access",
            ChosenWithReason,
            tuple(RESOURCES.values()),
            "refused",
            optional=True,
            reason="Not an employee.",
        ),
    ),
    finished=lambda situation: "environments.test_ready" in situation.done and not _waits(situation, TEST_ACCESS),
    grants=_grants,
    receipt=_receipt,
    parity=(ParityItem("environment", _parity, takes_long=True),),
    links=lambda _situation: LINKS,
)
