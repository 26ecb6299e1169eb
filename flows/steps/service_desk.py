"""Step 3, Service Desk access: who needs it. The bot or support files the request; support says which access is granted."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated

from pydantic import AfterValidator, Field

from flows.forms import addresses
from flows.forms.fields import MAX_LENGTH, Answers, Attachment, Chosen, ChosenWithReason, FormPage, Input, Kind
from flows.forms.step import DeskRequest, Filing, Form, GrantAsked, Page, Situation, Step, Task
from flows.outbox import RequestAccess
from flows.people import Side
from flows.problems import Note, Problem, fault

URL = "https://pismolabs.atlassian.net/servicedesk/"
SUBTYPES = {"service_desk": "Service Desk Portal", "slack_connect": "Slack Connect", "status_page": "Status Page"}
"""Resource -> the subtype of *Settings > Access request* in the Service Desk."""
RESOURCES = tuple(SUBTYPES)
USERS = ("users", "users_file")
MAX_TITLE = 180
"""Jira allows 255 characters in a summary; the subtype and the marker follow."""

# What support pastes is in the portal's language, not the reader's: (portal, summary, description).
_WORDS = {
    "en": (
        "PISMO | Service Desk EN",
        "Access request: {customer}",
        "Please give these users of {customer} access to {what}:",
    ),
    "pt_BR": (
        "PISMO | Service Desk",
        "Solicitação de acesso: {customer}",
        "Concedam acesso a {what} a estes usuários de {customer}:",
    ),
}
MOST_TO_ADD = 100
"""Addresses that a description names a second time: Jira takes 32,767 characters of it."""
_TO_ADD = {
    "en": ("Please add as participants, which the bot could not do: {people}", "all of these who are not yet"),
    "pt_BR": ("Adicionem como participantes, o que o bot não pôde fazer: {people}", "todos estes que ainda não o são"),
}


class Users(FormPage):
    one_of = (USERS,)

    users: Annotated[str | None, Field(max_length=MAX_LENGTH), Input(Kind.LONG_TEXT, addresses=True)] = None
    users_file: Annotated[Attachment | None, Input(Kind.FILE, filetypes=("csv", "txt"), addresses=True)] = None
    resources: Annotated[list[str] | None, Input(Kind.CHOICES, RESOURCES[1:], choices="resource", words="also_resources")] = None
    portal_language: Annotated[str, Input(Kind.CHOICE, tuple(_WORDS), choices="language")]


def _ticket(value: str) -> str:
    if not re.fullmatch(r"[A-Z][A-Z0-9_]*-[1-9][0-9]*", value.upper()):
        raise fault("ticket_shape")
    return value.upper()


Ticket = Annotated[str, Field(max_length=40), AfterValidator(_ticket), Input(Kind.TEXT)]


class Filed(Chosen):
    ticket: Ticket


def asked(answers: Answers) -> tuple[str, ...]:
    """Always the Service Desk, and whatever else was chosen."""
    return tuple(dict.fromkeys(("service_desk", *(answers.get("resources") or ()))))


def _users(answers: Answers, _situation: Situation) -> Iterator[Problem]:
    return addresses.check(answers, *USERS)


def _notes(answers: Answers, situation: Situation) -> Iterator[Note]:
    attendees = addresses.addresses(situation.answers.get("planning", {}), "attendees")
    return addresses.notes(answers, situation, *USERS, resource="service_desk", colleagues=attendees)


def _grants(answers: Answers) -> Iterator[GrantAsked]:
    users = addresses.addresses(answers, *USERS)
    for resource in asked(answers):
        yield from (GrantAsked(resource, email, language=answers["portal_language"]) for email in users)


def _pending(situation: Situation, *states: str) -> bool:
    return any(resource in RESOURCES and state in states for resource, _, state in situation.grants)


def portal_of(situation: Situation) -> str:
    """The portal language the customer chose."""
    return str(situation.get("service_desk", "portal_language", "en"))


def ready_text(situation: Situation, *resources: str) -> dict[str, str]:
    """The access request as typed into the Service Desk's Settings form: url, summary, path, priority, description.

    ``resources``: what it requests; if empty, everything chosen.
    """
    answers = situation.answers.get("service_desk", {})
    portal, summary, description = _WORDS[portal_of(situation)]
    subtypes = [SUBTYPES[resource] for resource in resources or asked(answers)]
    words = {"customer": situation.customer, "what": ", ".join(subtypes)}
    return {
        "url": URL,
        "summary": summary.format(**words),
        "path": f"{portal} > Settings > Access request > {' / '.join(subtypes)}",
        "priority": "Medium",
        "description": "\n".join((description.format(**words), *addresses.addresses(answers, *USERS))),
    }


def request(situation: Situation, resource: str, filing: Filing) -> tuple[str, str]:
    """Summary and description of one request filed by the bot: the form takes one subtype at a time.

    The marker goes in the summary, which is what the Service Desk's search covers. A request for Slack Connect must give the customer's
    channel name in Slack.
    """
    _, summary, description = _WORDS[portal_of(situation)]
    what = SUBTYPES[resource]
    title = " ".join(summary.format(customer=situation.customer).split())[:MAX_TITLE]
    listed = addresses.addresses(situation.answers.get("service_desk", {}), *USERS)
    lines = [
        description.format(customer=in_wiki(situation.customer), what=what),
        *(email for email in listed if email in filing.emails),
    ]
    lines += sorted(set(filing.emails) - set(listed))
    lines += [f"Slack: #{filing.channel}"] if filing.channel else []
    return f"{title} - {what} ({filing.marker})", "\n".join([*lines, *to_add(situation, filing)])


def to_add(situation: Situation, filing: Filing) -> Iterator[str]:
    """The line that names those whom the bot could not name as participants."""
    if filing.unnamed:
        asks, everybody = _TO_ADD[portal_of(situation)]
        yield asks.format(people=everybody if len(filing.unnamed) > MOST_TO_ADD else ", ".join(filing.unnamed))


_WIKI = str.maketrans("{}[]|", "()()/", "\\*^~")
_BEGINS = re.compile(r"(?<![^\W_])[-+_?!]+(?=\S)")
_LEADS = re.compile(r"(?:[:;@!]|\bwww\.)(?=\S)|(?<=\()(?=(?:[/ixyn]|on|off|flag|flagoff)\))", re.IGNORECASE)


def in_wiki(name: str) -> str:
    """A customer's name in a description, which Jira reads as wiki markup: without the signs that format or escape, and with a space
    in each that could make a link, an address, a mention, a macro, a picture or a smiley. A key such as ABC-1 stays what it is.

    Formatting begins behind anything but a letter or digit, and before anything but a space (Jira's text formatting notation).
    """
    return _LEADS.sub(r"\g<0> ", _BEGINS.sub("", name.translate(_WIKI)))


def _tickets(situation: Situation) -> Iterator[Note]:
    for _, done in situation.items.get("service_desk.file_request", ()):
        ticket = {name: str(done.get(name) or "") for name in ("ticket", "link", "status")}
        yield Note("ticket_status" if ticket["status"] else "ticket", ticket)
    for _, done in situation.items.get("service_desk.grant_access", ()):
        if done.get("by"):
            yield Note("given_anyway", {"by": str(done["by"]), "at": int(done["at"])})


def _who_and_when(_clean: Answers, situation: Situation) -> Answers:
    return {"by": situation.actor_id, "at": int(situation.now.timestamp())}


def _task(
    name: str,
    page: type[FormPage],
    source: tuple[str, ...],
    target: str,
    *,
    optional: bool = False,
    **example: str,
) -> Task:
    return Task(
        name,
        Side.SUPPORT,
        Form(f"service_desk.{name}", (Page("grants", page),), example={"grants": "*", **example}),
        ready=lambda situation: _pending(situation, *source),
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
        prefill=lambda situation: {
            "portal_language": "pt_BR" if situation.language == "pt_BR" else "en",
        },
        notes=_notes,
        review=True,
        shown_back=True,
        counts=lambda answers: ("addresses", addresses.count(answers, *USERS)),
        example={
            "users": "Operations Lead <operations.lead@bank.example>\nanalyst@bank.example; duty@bank.example",
            "resources": ["status_page"],
            "portal_language": "en",
        },
    ),
    requires=("planning",),
    tasks=(
        replace(_task("file_request", Filed, ("asked",), "filed", ticket="SD-1024"), ticket="ticket"),
        replace(_task("grant_access", Chosen, ("asked", "filed"), "granted"), adds=_who_and_when),
        _task("refuse_access", ChosenWithReason, ("asked", "filed"), "refused", optional=True, reason="Not an employee."),
    ),
    finished=lambda situation: not _pending(situation, "asked", "filed"),
    grants=_grants,
    links=lambda _situation: (
        ("service_desk", URL),
        ("request_access", "https://developers.pismo.io/pismo-docs/docs/requests-for-access"),
    ),
    facts=_tickets,
    on_approval=(RequestAccess,),
    desk_request=DeskRequest(
        RESOURCES,
        portal_of,
        request,
        lambda situation, resources: ready_text(situation, *resources),
        with_channel=("slack_connect",),
    ),
)
