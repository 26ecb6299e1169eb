"""Step 5, Control Center access: users with their roles and environments; each invitation code is valid for 24 hours."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import AfterValidator, Field

from flows.checks.emails import shortened
from flows.forms import addresses
from flows.forms.fields import (
    MAX_LENGTH,
    NAME,
    Answers,
    Attachment,
    Chosen,
    ChosenWithReason,
    Email,
    FormPage,
    Input,
    Kind,
    RepeatedPage,
)
from flows.forms.parity import ParityCell, ParityState
from flows.forms.step import Form, GrantAsked, Page, ParityItem, Situation, Step, Task
from flows.people import Side
from flows.problems import Note, NoteKind, Problem, fault
from flows.state import StepState
from flows.steps.control_center_users import (
    ADMIN,
    APPROVERS,
    ENVIRONMENTS,
    LANGUAGES,
    MOST,
    ROLES,
    SOURCES,
    differing,
    left_out,
    nobody_known,
    offered,
    people_listed,
    roles_of,
    users_of,
    with_listed,
)

CODE_HOURS = 24
RESOURCES = ("control_center_test", "control_center_production")
DOCS = "https://developers.pismo.io/pismo-docs/docs"
SHOWN = 10
"""How many lines or addresses a sentence names."""

Roles = Annotated[list[str], Input(Kind.CHOICES, tuple(ROLES), choices="role")]
Environments = Annotated[list[str], Input(Kind.CHOICES, tuple(ENVIRONMENTS), choices="environment")]
Language = Annotated[str, Input(Kind.CHOICE, tuple(LANGUAGES), choices="language")]


def _read(words: list[str]) -> list[str]:
    if words:
        raise fault("people_unread", words=", ".join(words))
    return words


class UserList(FormPage):
    """Who needs access. ``usual_…``: for those of whom a list doesn't say it."""

    one_of = (("people", "people_file", "known_people"),)

    people: Annotated[str | None, Field(max_length=MAX_LENGTH), Input(Kind.LONG_TEXT, aside=True)] = None
    people_file: Annotated[Attachment | None, Input(Kind.FILE, filetypes=("csv", "txt"), aside=True)] = None
    known_people: Annotated[list[str] | None, Input(Kind.SEARCH_MANY, source="known_people", aside=True)] = None
    usual_roles: Annotated[list[str] | None, Input(Kind.CHOICES, tuple(ROLES), choices="role", aside=True)] = None
    usual_environments: Annotated[
        list[str] | None, Input(Kind.CHOICES, tuple(ENVIRONMENTS), choices="environment", aside=True)
    ] = None
    usual_language: Annotated[str | None, Input(Kind.CHOICE, tuple(LANGUAGES), choices="language", aside=True)] = None

    @classmethod
    def read_lists(cls, answers: Answers) -> object:
        return people_listed(answers)


class ListedUser(RepeatedPage):
    """``unread``: what stood in the list and was not understood, until the page is sent."""

    name: Annotated[str, Field(min_length=1, max_length=100), NAME, Input(Kind.TEXT)]
    email: Email
    roles: Roles
    environments: Environments
    language: Language
    unread: Annotated[list[str], Field(exclude=True), AfterValidator(_read)] = Field(default_factory=list)


def _list(answers: Answers, situation: Situation) -> Iterator[Problem]:
    found, after = people_listed(answers), with_listed(answers, situation)
    yield from (Problem(SOURCES[0], "people_twice", {"address": address}) for address in list(differing(found.people))[:SHOWN])
    if len(users_of(after)) > MOST:
        yield Problem(SOURCES[0], "people_too_many", {"maximum": MOST})
    elif found.more or len(after["people"]) > MAX_LENGTH:
        yield Problem(SOURCES[0], "people_not_a_list")
    elif not users_of(after):
        yield Problem(SOURCES[0], "people_none" if after["people"] else "missing")


def once(answers: Answers, _situation: Situation) -> Iterator[Problem]:
    """Each address once."""
    email = answers["email"].casefold()
    if sum(str(user.get("email", "")).strip().casefold() == email for user in users_of(answers)) > 1:
        yield Problem("email", "user_twice", {"address": answers["email"]})


def _whole(answers: Answers, _situation: Situation) -> Iterator[Problem]:
    if not any(ADMIN in roles_of(user) for user in users_of(answers)):
        yield Problem("roles", "admin_in_list")


def administrators(answers: Answers) -> Iterator[Note]:
    admins = sum(ADMIN in roles_of(user) for user in users_of(answers))
    if admins < 2:
        yield Note("one_admin" if admins else "no_admin", kind=NoteKind.TO_CHECK)


def _notes(answers: Answers, situation: Situation) -> Iterator[Note]:
    users = users_of(answers)
    odd = addresses.to_check((str(user.get("email") or "") for user in users), situation)
    if users:
        yield Note("people_sent", {"n": len(users), "checks": len(odd)}, NoteKind.TO_CHECK if odd else NoteKind.HINT, odd)
    if left := list(left_out(answers)):
        yield addresses.not_sent("people_not_sent", left)
    if unused := people_listed(answers).ignored:
        names = ", ".join(shortened(name) for name in unused[:SHOWN])
        yield Note("people_columns", {"n": len(unused), "names": names}, NoteKind.HINT)
    yield from administrators(answers)
    if not any(APPROVERS.intersection(roles_of(user)) for user in users):
        yield Note("no_approver", kind=NoteKind.TO_CHECK)


def _grants(answers: Answers) -> Iterator[GrantAsked]:
    for user in users_of(answers):
        for environment in user["environments"]:
            roles = ",".join(roles_of(user))
            yield GrantAsked(f"control_center_{environment}", user["email"], user["name"], roles, user["language"])


def _any(situation: Situation, *states: str) -> bool:
    return any(resource in RESOURCES and state in states for resource, _, state in situation.grants)


def _finished(situation: Situation) -> bool:
    """No invitation is pending, and at least one Admin has access."""
    return not _any(situation, "asked", "invited", "expired") and _admin_is_in(situation)


def _no_admin_left(situation: Situation) -> bool:
    """Nobody is waited for any more, but no Admin has access: one must be named."""
    return _any(situation, "confirmed", "withdrawn") and not (
        _any(situation, "asked", "invited", "expired") or _admin_is_in(situation)
    )


def _admin_is_in(situation: Situation) -> bool:
    users = users_of(situation.answers.get("control_center", {}))
    admins = {user["email"].casefold() for user in users if ADMIN in roles_of(user)}
    confirmed = {
        email.casefold() for resource, email, state in situation.grants if resource in RESOURCES and state == "confirmed"
    }
    return not admins.isdisjoint(confirmed)


def _facts(situation: Situation) -> Iterator[Note]:
    if _no_admin_left(situation):
        yield Note("no_admin_in", kind=NoteKind.TO_CHECK)


def _parity(situation: Situation, environment: str) -> ParityCell:
    resource = f"control_center_{environment}"
    states = [state for of, _, state in situation.grants if of == resource and state != "withdrawn"]
    if not states:
        return ParityCell(ParityState.MISSING)
    inside = sum(state == "confirmed" for state in states)
    standing = ParityState.THERE if inside == len(states) else ParityState.MISSING
    return ParityCell(standing, "users", {"inside": inside, "count": len(states)})


INVITED_IN = (StepState.OPEN, StepState.SUBMITTED, StepState.CHANGES_REQUESTED)
"""States besides in which people may be invited already: whoever is in can say so before the code counts as expired."""


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
        also_in=INVITED_IN if side is Side.CUSTOMER else (),
        resource=RESOURCES,
        grant_from=source,
        grant_to=target,
        expires_hours=CODE_HOURS if target == "invited" else 0,
    )


STEP = Step(
    "control_center",
    Form(
        "control_center",
        (
            Page("people", UserList, hides=nobody_known, check=_list, takes=with_listed),
            Page("person", ListedUser, check=once, repeat="users", to_correct=True),
        ),
        prefill=lambda situation: {
            "usual_environments": list(ENVIRONMENTS),
            "usual_language": "pt_BR" if situation.language == "pt_BR" else "en",
        },
        notes=_notes,
        review=True,
        check=_whole,
        counts=lambda answers: ("people", len(users_of(answers))),
        example={
            "people": "Name; E-mail; Roles; Environments; Language\n"
            "First Person; first.admin@bank.example; Admin, API keys approver; test, production; English\n"
            "Second Person; setup.viewer@bank.example; Setup viewer; test; Portuguese",
            "usual_environments": list(ENVIRONMENTS),
            "usual_language": "en",
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
    to_resend=_no_admin_left,
    facts=_facts,
    grants=_grants,
    parity=(ParityItem("users", _parity, takes_long=True),),
    offers={"known_people": offered},
    links=lambda _situation: (
        ("control_center", f"{DOCS}/get-access-and-sign-on"),
        ("control_center_roles", f"{DOCS}/control-center-access-profiles-and-roles"),
    ),
)
