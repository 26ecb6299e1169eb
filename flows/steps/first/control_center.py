"""Control Center access in the first version of the journey: one page a person, with one role."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated

from pydantic import Field

from flows.forms.fields import NAME, Answers, Email, Input, Kind, RepeatedPage
from flows.forms.step import Form, Page, Situation
from flows.problems import Note, Problem
from flows.steps import control_center
from flows.steps.control_center_users import ADMIN, ENVIRONMENTS, LANGUAGES, users_of

ROLES = (
    ADMIN,
    "controlc-accounts-operator",
    "controlc-accounts-viewer",
    "controlc-api-approver",
    "controlc-autditor",
    "controlc-backoffice-approver",
    "controlc-backoffice-operator",
    "controlc-backoffice-viewer",
    "controlc-collection-analyst",
    "controlc-seller-mgmt-admin",
    "controlc-setup-advanced",
    "controlc-setup-advanced-viewer",
    "controlc-setup-viewer",
)


class UserPage(RepeatedPage):
    name: Annotated[str, Field(min_length=1, max_length=100), NAME, Input(Kind.TEXT)]
    email: Email
    language: Annotated[str, Input(Kind.CHOICE, tuple(LANGUAGES))]
    role: Annotated[str, Input(Kind.CHOICE, ROLES)]
    environments: Annotated[list[str], Input(Kind.CHOICES, tuple(ENVIRONMENTS), choices="environment")]
    then: Annotated[str, Input(Kind.CHOICE, ("enough", "another", "remove"))] = "enough"


def _user(answers: Answers, situation: Situation) -> Iterator[Problem]:
    """Each address once; a list said to be complete needs an Admin."""
    yield from control_center.once(answers, situation)
    if answers.get("then") == "enough" and all(user.get("role") != ADMIN for user in (answers, *users_of(answers))):
        yield Problem("role", "admin_needed")


def _notes(answers: Answers, _situation: Situation) -> Iterator[Note]:
    return control_center.administrators(answers)


STEP = replace(
    control_center.STEP,
    form=Form(
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
)
