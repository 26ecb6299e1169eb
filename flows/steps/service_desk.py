"""Step 3, Service Desk access: who needs it; support files the request and says which access is granted."""

from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import Field

from flows.fields import Answers, FormPage, Input, Kind
from flows.people import Side
from flows.problems import Note, Problem
from flows.step import Form, GrantAsked, Page, Situation, Step, Task
from flows.steps import addresses

URL = "https://pismolabs.atlassian.net/servicedesk/"
RESOURCES = ("service_desk", "slack_connect", "status_page")
Resource = Literal["service_desk", "slack_connect", "status_page"]
SUBTYPES = {"service_desk": "Service Desk Portal", "slack_connect": "Slack Connect", "status_page": "Status Page"}


class Users(FormPage):
    users: Annotated[str | None, Field(max_length=3000), Input(Kind.LONG_TEXT)] = None
    users_file: Annotated[dict[str, str] | None, Input(Kind.FILE, filetypes=("csv", "txt"))] = None
    resources: Annotated[list[Resource], Field(min_length=1), Input(Kind.CHOICES, RESOURCES, choices="resource")]
    portal_language: Annotated[Literal["en", "pt_BR"], Input(Kind.CHOICE, ("en", "pt_BR"), choices="language")]


class Filed(FormPage):
    grants: Annotated[list[str], Field(min_length=1), Input(Kind.SEARCH_MANY, source="grants")]
    ticket: Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[A-Za-z][A-Za-z0-9]*-[0-9]+$"), Input(Kind.TEXT)]


class Chosen(FormPage):
    grants: Annotated[list[str], Field(min_length=1), Input(Kind.SEARCH_MANY, source="grants")]


class Refusal(Chosen):
    reason: Annotated[str, Field(min_length=1, max_length=1000), Input(Kind.LONG_TEXT)]


def _users(answers: Answers, _at: Situation) -> Iterable[Problem]:
    return addresses.check(answers, "users", "users_file")


def _notes(answers: Answers, at: Situation) -> Iterable[Note]:
    return addresses.notes(answers, at, "service_desk", "users", "users_file")


def _grants(answers: Answers) -> Iterable[GrantAsked]:
    for resource in answers["resources"]:
        for email in addresses.addresses(answers, "users", "users_file"):
            yield GrantAsked(resource, email, language=answers["portal_language"])


def pending(at: Situation, *states: str) -> bool:
    return any(resource in RESOURCES and state in states for resource, _, state in at.grants)


def ready_text(at: Situation) -> dict[str, str]:
    """The access request as it is typed into the desk's Settings form, in the portal's language."""
    answers = at.answers.get("service_desk", {})
    emails = addresses.addresses(answers, "users", "users_file")
    kinds = [SUBTYPES[resource] for resource in answers.get("resources", ("service_desk",))]
    portuguese = answers.get("portal_language") == "pt_BR"
    what = f"Acesso para os usuários de {at.customer}:" if portuguese else f"Access for the users of {at.customer}:"
    return {
        "url": URL,
        "summary": f"{'Pedido de acesso' if portuguese else 'Access request'}: {at.customer}",
        "path": f"Settings > Access request > {', '.join(kinds)}",
        "priority": "Medium",
        "description": "\n".join((what, *emails)),
    }


def _task(
    name: str, page: type[FormPage], source: tuple[str, ...], target: str, *, optional: bool = False, **example: str
) -> Task:
    return Task(
        name,
        Side.SUPPORT,
        Form(f"service_desk.{name}", (Page("grants", page),), example={"grants": "*", **example}),
        ready=lambda at: pending(at, *source),
        repeatable=True,
        optional=optional,
        resource=RESOURCES,
        grant_from=source,
        grant_to=target,
    )


STEP = Step(
    "service_desk",
    Form(
        "service_desk",
        (Page("users", Users, check=_users),),
        notes=_notes,
        review=True,
        example={
            "users": "Ana Souza <ana@acmebank.example>\nbruno@acmebank.example; carla@acmebank.example",
            "resources": ["service_desk", "status_page"],
            "portal_language": "en",
        },
    ),
    requires=("planning",),
    tasks=(
        _task("file_request", Filed, ("asked",), "filed", ticket="SD-1024"),
        _task("grant_access", Chosen, ("filed",), "granted"),
        _task("refuse_access", Refusal, ("asked", "filed"), "refused", optional=True, reason="No longer at the company."),
    ),
    finished=lambda at: not pending(at, "asked", "filed"),
    grants=_grants,
    links=lambda _at: (("service_desk", URL),),
    on_approval=("ready_text",),
)
