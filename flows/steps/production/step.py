"""The step: two in support open production, each row of the lane has its task, and all of them end it. It can end with test alone."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated

from pydantic import AfterValidator, Field

from flows.checks.org_id import OrgIdKey, OrgIdProblem, read_org_id
from flows.forms import addresses
from flows.forms.dialogs import Reason
from flows.forms.fields import Answers, FormPage, HttpsUrl, Input, Kind
from flows.forms.parity import PRODUCTION
from flows.forms.step import Form, GrantAsked, Page, Situation, Step, Task
from flows.people import Side
from flows.problems import Note, Problem, fault
from flows.state import StepState
from flows.steps import org_details, organization, planning
from flows.steps.authentication import registration
from flows.steps.environments import PRODUCTION_ACCESS
from flows.steps.production import certificate, differences, lane, moving
from flows.steps.production.form import FORM
from flows.steps.production.programs import programs
from flows.steps.production.proof import PROVE

DOCS = "https://developers.pismo.io/pismo-docs/docs"
STEP_ID = lane.STEP


def _spelt(value: str) -> str:
    try:
        return read_org_id(value).value
    except OrgIdProblem as problem:
        raise fault(problem.key, **problem.params) from None


class ProductionOrg(FormPage):
    org_id: Annotated[str, Field(min_length=1, max_length=64), AfterValidator(_spelt), Input(Kind.TEXT)]
    confirm_unusual: organization.Unusual = None
    shared_reason: organization.SharedReason = None


class ProductionReady(FormPage):
    base_url: HttpsUrl


def _org_id(answers: Answers, _situation: Situation) -> Iterator[Problem]:
    if not read_org_id(answers["org_id"]).usual_shape and not answers.get("confirm_unusual"):
        yield Problem("confirm_unusual", OrgIdKey.UNUSUAL)


def _known_org(situation: Situation) -> Answers:
    known = org_details.org_id(situation)
    return {"org_id": known} if known and situation.get(STEP_ID, "org") == "same" else {}


def _form(task: str, page: Page, example: Answers, **more: object) -> Form:
    return replace(Form(f"{STEP_ID}.{task}", (page,), example=example), **more)  # type: ignore[arg-type]


UPLOAD, RECORD_UPLOAD, RECORD_CLAIMS = registration.tasks(PRODUCTION, ("org", "key", "public_key"), needed=lane.lacks("key"))
SUPPORTS = (
    Task(
        "record_org",
        Side.SUPPORT,
        _form(
            "record_org",
            Page("org_id", ProductionOrg, check=_org_id),
            {"org_id": "TN-34778262-f4f0-464d-b4c6-a14e2dc6f4be"},
            prefill=_known_org,
        ),
        needed=lane.lacks("organization"),
        stale_with=("org",),
        unique="org_id",
        notes=org_details.shared,
    ),
    Task(
        "correct_org",
        Side.SUPPORT,
        _form(
            "correct_org",
            Page("org_id", ProductionOrg, check=_org_id),
            {"org_id": "TN-34778262-f4f0-464d-b4c6-a14e2dc6f4be"},
        ),
        ready=lambda situation: lane.recorded(situation, "record_org"),
        repeatable=True,
        optional=True,
        stale_with=("org",),
        unique="org_id",
        notes=org_details.shared,
    ),
    Task(
        "environment_ready",
        Side.SUPPORT,
        _form("environment_ready", Page("ready", ProductionReady), {"base_url": "https://pismo.bank.example"}),
        approvals=2,
    ),
    UPLOAD,
    RECORD_CLAIMS,
    certificate.CONFIRM,
    certificate.ATTACH,
    moving.RECORD,
    moving.CORRECT,
    differences.SETTLE,
    Task(
        "users_ready",
        Side.SUPPORT,
        stale_with=("org", "users"),
        resource=(PRODUCTION_ACCESS,),
        grant_from=("asked",),
        grant_to="granted",
    ),
)
CUSTOMERS = (
    RECORD_UPLOAD,
    Task(
        "keys_made",
        Side.CUSTOMER,
        ready=lambda situation: lane.method(situation) in lane.KEYS and lane.ready(situation),
        needed=lane.lacks("access_keys"),
        stale_with=("org",),
    ),
    moving.MOVE,
    PROVE,
    certificate.REQUEST_RENEWAL,
)
TEST_ALONE = Task(
    "finish_with_test",
    Side.SUPPORT,
    _form("finish_with_test", Page("reason", Reason), {"reason": "The customer goes on testing and comes back for production."}),
    repeatable=True,
    optional=True,
    skips=True,
    also_in=(StepState.OPEN, StepState.SUBMITTED, StepState.CHANGES_REQUESTED),
)


LINKS = (
    ("environments", f"{DOCS}/environments"),
    ("mtls", f"{DOCS}/identity-connectivity-with-mtls"),
    ("security_guide", f"{DOCS}/pismo-platform-security-guide"),
)


def _grants(answers: Answers) -> Iterator[GrantAsked]:
    """Whoever is named here counts from now on; the environments' form named them earlier."""
    return (GrantAsked(PRODUCTION_ACCESS, address) for address in addresses.addresses(answers, "users"))


def _facts(situation: Situation) -> Iterator[Note]:
    if STEP_ID in situation.answers and lane.lacks("key")(situation):
        yield from registration.facts(situation, PRODUCTION)


def _receipt(situation: Situation) -> Iterator[Note]:
    if url := situation.done.get(f"{STEP_ID}.environment_ready", {}).get("base_url"):
        yield Note("address_production", {"url": str(url)})
    if org_id := org_details.recorded_in_production(situation):
        yield Note("org_id_production", {"org_id": org_id})
    for one in programs(situation):
        if one.there:
            yield Note("program_production", {"name": one.name, "id": one.there})
    if ends := certificate.in_use(situation).get("expires_on"):
        yield Note("certificate_production", {"date": str(ends)})
    users = addresses.addresses(situation.answers.get(STEP_ID, {}), "users")
    if users and lane.recorded(situation, "users_ready"):
        yield Note("users_production", {"addresses": ", ".join(users)})


STEP = Step(
    STEP_ID,
    FORM,
    requires=("environments", "first_programs", "authentication"),
    approvals=2,
    tasks=(*SUPPORTS, *CUSTOMERS, TEST_ALONE),
    finished=lane.complete,
    grants=_grants,
    links=lambda _situation: LINKS,
    go_live=planning.go_live,
    facts=_facts,
    receipt=_receipt,
    parity=lane.ITEMS,
    shows_lane=True,
)
