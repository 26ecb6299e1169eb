"""Step 5, Control Center access: users with role and environments; each invitation code is valid for 24 hours."""

from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import Field

from flows.forms.fields import Answers, Chosen, ChosenWithReason, Email, FormPage, Input, Kind, RepeatedPage
from flows.forms.parity import ParityCell, ParityState
from flows.forms.step import Form, GrantAsked, Page, ParityItem, Situation, Step, Task
from flows.people import Side
from flows.problems import Note, Problem

CODE_HOURS = 24
RESOURCES = ("control_center_test", "control_center_production")
ADMIN = "controlc-admin"
ROLES = (
    ADMIN,
    "controlc-accounts-operator",
    "controlc-accounts-viewer",
    "controlc-api-approver",
    "controlc-autditor",  # Pismo's spelling
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


class UserPage(RepeatedPage):
    name: Annotated[str, Field(min_length=1, max_length=100), Input(Kind.TEXT)]
    email: Email
    language: Annotated[str, Input(Kind.CHOICE, ("en", "pt_BR"))]
    role: Annotated[str, Input(Kind.CHOICE, ROLES)]
    environments: Annotated[list[str], Input(Kind.CHOICES, ("test", "production"), choices="environment")]
    then: Annotated[str, Input(Kind.CHOICE, ("enough", "another", "remove"))] = "enough"


def _users(answers: Answers) -> list[dict[str, Any]]:
    return answers.get("users") or []


def _user(answers: Answers, _situation: Situation) -> Iterator[Problem]:
    """Each address once; a list said to be complete needs an Admin."""
    email = answers["email"].casefold()
    if sum(str(user.get("email", "")).strip().casefold() == email for user in _users(answers)) > 1:
        yield Problem("email", "user_twice", {"address": answers["email"]})
    if answers.get("then") == "enough" and all(user.get("role") != ADMIN for user in (answers, *_users(answers))):
        yield Problem("role", "admin_needed")


def _notes(answers: Answers, _situation: Situation) -> Iterator[Note]:
    admins = sum(user.get("role") == ADMIN for user in _users(answers))
    if admins < 2:
        yield Note("one_admin" if admins else "no_admin")


def _grants(answers: Answers) -> Iterator[GrantAsked]:
    for user in _users(answers):
        for environment in user["environments"]:
            yield GrantAsked(f"control_center_{environment}", user["email"], user["name"], user["role"], user["language"])


def _any(situation: Situation, *states: str) -> bool:
    return any(resource in RESOURCES and state in states for resource, _, state in situation.grants)


def _finished(situation: Situation) -> bool:
    """No invitation is pending, and at least one Admin has access."""
    admins = {user["email"].casefold() for user in _users(situation.answers.get("control_center", {})) if user["role"] == ADMIN}
    confirmed = {
        email.casefold() for resource, email, state in situation.grants if resource in RESOURCES and state == "confirmed"
    }
    return not _any(situation, "asked", "invited", "expired") and not admins.isdisjoint(confirmed)


def _parity(situation: Situation, environment: str) -> ParityCell:
    resource = f"control_center_{environment}"
    states = [state for of, _, state in situation.grants if of == resource and state != "withdrawn"]
    if not states:
        return ParityCell(ParityState.MISSING)
    inside = sum(state == "confirmed" for state in states)
    standing = ParityState.THERE if inside == len(states) else ParityState.BEGUN
    return ParityCell(standing, "users", {"inside": inside, "count": len(states)})


def _task(
    name: str, side: Side, source: tuple[str, ...], target: str, *, page: type[FormPage] = Chosen, optional: bool = False
) -> Task:
    example = {"grants": "*", **({} if page is Chosen else {"reason": "Left the company."})}
    return Task(
        name,
        side,
        Form(f"control_center.{name}", (Page("grants", page),), example=example),
        ready=lambda situation: _any(situation, *source),
        repeatable=True,
        optional=optional,
        resource=RESOURCES,
        grant_from=source,
        grant_to=target,
        expires_hours=CODE_HOURS if target == "invited" else 0,
    )


STEP = Step(
    "control_center",
    Form(
        "control_center",
        (Page("users", UserPage, check=_user, repeat="users"),),
        notes=_notes,
        review=True,
        example={
            "users": [
                {
                    "name": "First Administrator",
                    "email": "first.admin@bank.example",
                    "language": "en",
                    "role": ADMIN,
                    "environments": ["test", "production"],
                    "then": "another",
                },
                {
                    "name": "Setup Viewer",
                    "email": "setup.viewer@bank.example",
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
        _task("send_invitations", Side.SUPPORT, ("asked", "expired"), "invited"),
        # Optional, so that it is the customer's turn once everyone is invited.
        _task("resend_invitations", Side.SUPPORT, ("invited",), "invited", optional=True),
        _task("confirm_access", Side.CUSTOMER, ("invited",), "confirmed"),
        _task(
            "withdraw_access",
            Side.SUPPORT,
            ("asked", "invited", "expired"),
            "withdrawn",
            page=ChosenWithReason,
            optional=True,
        ),
    ),
    finished=_finished,
    grants=_grants,
    parity=(ParityItem("users", _parity, takes_long=True),),
    links=lambda _situation: (("control_center", "https://developers.pismo.io/pismo-docs/docs/get-access-and-sign-on"),),
)
