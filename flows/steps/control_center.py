"""Step 5, Control Center access: users with role and environments; each invitation's code lives 24 hours."""

from collections.abc import Iterable
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from flows.fields import Answers, FormPage, Input, Kind, RepeatedPage
from flows.people import Side
from flows.problems import Note, Problem
from flows.step import Form, GrantAsked, Page, Situation, Step, Task
from flows.steps.organization import Email
from flows.steps.service_desk import Chosen

CODE_HOURS = 24
RESOURCES = ("control_center_test", "control_center_production")
ADMIN = "controlc-admin"
ROLES = (
    ADMIN,
    "controlc-accounts-operator",
    "controlc-accounts-viewer",
    "controlc-api-approver",
    "controlc-autditor",  # spelt so by Pismo
    "controlc-backoffice-approver",
    "controlc-backoffice-operator",
    "controlc-backoffice-viewer",
    "controlc-collection-analyst",
    "controlc-seller-mgmt-admin",
    "controlc-setup-advanced",
    "controlc-setup-advanced-viewer",
    "controlc-setup-viewer",
)
"""The roles whose names Pismo's documentation shows in full."""


class User(RepeatedPage):
    repeated: ClassVar[bool] = True
    name: Annotated[str, Field(min_length=1, max_length=100), Input(Kind.TEXT)]
    email: Email
    language: Annotated[Literal["en", "pt_BR"], Input(Kind.CHOICE, ("en", "pt_BR"), choices="language")]
    role: Annotated[str, Input(Kind.CHOICE, ROLES)]
    environments: Annotated[
        list[Literal["test", "production"]],
        Field(min_length=1),
        Input(Kind.CHOICES, ("test", "production"), choices="environment"),
    ]
    then: Annotated[Literal["enough", "another", "remove"], Input(Kind.CHOICE, ("enough", "another", "remove"))]


def _role(answers: Answers, _at: Situation) -> Iterable[Problem]:
    """Checked on the last page: at least one administrator."""
    if answers["role"] not in ROLES:
        yield Problem("role", "invalid")
    users = [user for user in answers.get("users") or [] if user.get("then") != "remove"]
    if answers.get("then") == "enough" and not any(user.get("role") == ADMIN for user in [*users, answers]):
        yield Problem("role", "admin_needed")


def _notes(answers: Answers, _at: Situation) -> Iterable[Note]:
    if sum(user.get("role") == ADMIN for user in answers.get("users") or []) < 2:
        yield Note("second_admin")


def _grants(answers: Answers) -> Iterable[GrantAsked]:
    for user in answers["users"]:
        for environment in user["environments"]:
            yield GrantAsked(f"control_center_{environment}", user["email"], user["name"], user["role"], user["language"])


def _any(at: Situation, *states: str) -> bool:
    return any(resource in RESOURCES and state in states for resource, _, state in at.grants)


class Withdrawal(Chosen):
    reason: Annotated[str, Field(min_length=1, max_length=1000), Input(Kind.LONG_TEXT)]


def _task(name: str, side: Side, page: type[FormPage], source: tuple[str, ...], target: str, expires_hours: int = 0) -> Task:
    return Task(
        name,
        side,
        Form(f"control_center.{name}", (Page("grants", page),), example={"grants": "*", "reason": "Left the company."}),
        ready=lambda at: _any(at, *source),
        repeatable=True,
        optional=name in ("withdraw_access", "resend_invitations"),
        resource=RESOURCES,
        grant_from=source,
        grant_to=target,
        expires_hours=expires_hours,
    )


STEP = Step(
    "control_center",
    Form(
        "control_center",
        (Page("users", User, check=_role, repeat="users"),),
        notes=_notes,
        review=True,
        example={
            "users": [
                {
                    "name": "Ana Souza",
                    "email": "ana@acmebank.example",
                    "language": "en",
                    "role": ADMIN,
                    "environments": ["test", "production"],
                    "then": "another",
                },
                {
                    "name": "Bruno Lima",
                    "email": "bruno@acmebank.example",
                    "language": "pt_BR",
                    "role": "controlc-setup-viewer",
                    "environments": ["test"],
                    "then": "enough",
                },
            ]
        },
    ),
    requires=("organization",),
    tasks=(
        _task("send_invitations", Side.SUPPORT, Chosen, ("asked", "expired"), "invited", expires_hours=CODE_HOURS),
        _task("resend_invitations", Side.SUPPORT, Chosen, ("invited",), "invited", expires_hours=CODE_HOURS),
        _task("confirm_access", Side.CUSTOMER, Chosen, ("invited",), "confirmed"),
        _task("withdraw_access", Side.SUPPORT, Withdrawal, ("asked", "invited", "expired"), "withdrawn"),
    ),
    finished=lambda at: not _any(at, "asked", "invited", "expired"),
    grants=_grants,
    links=lambda _at: (("control_center", "https://developers.pismo.io/pismo-docs/docs/get-access-and-sign-on"),),
)
