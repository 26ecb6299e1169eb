"""Integration: webhooks, events, a third party's access, the status page. Each becomes one request to the Service Desk; none is needed for
the onboarding to end."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from typing import Annotated

from pydantic import Field

from flows.forms import addresses
from flows.forms.fields import Answers, FormPage, Input, Kind
from flows.forms.pages import slots
from flows.forms.step import DeskRequest, Filing, Form, Offer, Page, Situation, Step, Task
from flows.outbox import RequestAccess
from flows.people import Side
from flows.problems import Note
from flows.steps import integration_pages as pages
from flows.steps import integration_request
from flows.steps.integration_form import FORM, chosen
from flows.steps.service_desk import URL, Ticket, portal_of

DOCS = "https://developers.pismo.io/pismo-docs/docs"
LINKS = {
    pages.WEBHOOKS: ("client_webhooks", f"{DOCS}/client-webhooks"),
    pages.EVENTS: ("event_delivery", f"{DOCS}/setting-up-event-file-delivery"),
    pages.THIRD_PARTY: ("third_party_openid", f"{DOCS}/third-party-authentication-with-openid"),
    pages.STATUS_PAGE: ("status_page", f"{DOCS}/pismo-operations-status"),
}
PARTS = {
    pages.WEBHOOKS: ("webhooks",),
    pages.EVENTS: ("events", *pages.TARGETS),
    pages.THIRD_PARTY: ("third_party",),
    pages.STATUS_PAGE: ("status_page",),
}
"""What is requested -> the pages that it is asked on."""


class IntegrationFiled(FormPage):
    request: Annotated[str, Input(Kind.SEARCH, source="unfiled")]
    ticket: Ticket


class IntegrationsDone(FormPage):
    requests: Annotated[list[str], Input(Kind.SEARCH_MANY, source="undone")]


class IntegrationsRefused(IntegrationsDone):
    reason: Annotated[str, Field(min_length=1, max_length=1000), Input(Kind.LONG_TEXT)]


def part(answers: Answers, resource: str) -> Answers | None:
    """What the answers say of one integration; None if it is not asked for."""
    if resource not in chosen(answers):
        return None
    names = [name for slot in slots(FORM, answers) if slot.page.id in PARTS[resource] for name in slot.page.model.model_fields]
    return {name: answers[name] for name in names if answers.get(name) not in (None, "", [])}


def _parts(situation: Situation) -> dict[str, Answers]:
    answers = situation.answers.get("integration", {})
    return {resource: found for resource in pages.INTEGRATIONS if (found := part(answers, resource)) is not None}


def _tickets(situation: Situation, resource: str, about: Answers) -> Iterator[Answers]:
    for _, done in situation.items.get("integration.file_request", ()):
        if done.get("request") == resource and done.get("about") == about:
            yield done


def _is_done(situation: Situation, resource: str, about: Answers) -> bool:
    by_hand = [done for task in ("set_up", "refuse_request") for _, done in situation.items.get(f"integration.{task}", ())]
    resolved = any(done.get("outcome") == "resolved" for done in _tickets(situation, resource, about))
    return resolved or any(done.get("abouts", {}).get(resource) == about for done in by_hand)


def _undone(situation: Situation) -> Sequence[str]:
    return [resource for resource, about in _parts(situation).items() if not _is_done(situation, resource, about)]


def _unfiled(situation: Situation) -> Sequence[str]:
    parts = _parts(situation)
    return [resource for resource in _undone(situation) if not any(_tickets(situation, resource, parts[resource]))]


def _offers(resources: Sequence[str]) -> list[Offer]:
    return [Offer(resource, key=f"resource.{resource}") for resource in resources]


def _filed(clean: Answers, situation: Situation) -> Answers:
    return {"about": _parts(situation).get(clean["request"])}


def _decided(clean: Answers, situation: Situation) -> Answers:
    parts = _parts(situation)
    abouts = {resource: parts[resource] for resource in clean["requests"] if resource in parts}
    return {"abouts": abouts, "by": situation.actor_id, "at": int(situation.now.timestamp())}


def _facts(situation: Situation) -> Iterator[Note]:
    """What support decided holds for what was asked then, not for what has changed since."""
    parts = _parts(situation)
    for _, done in situation.items.get("integration.file_request", ()):
        about = {name: str(done.get(name) or "") for name in ("ticket", "link", "status")}
        yield Note("request_status", {**about, "what": f"resource.{done.get('request')}"})
    for task, key in (("set_up", "set_up_anyway"), ("refuse_request", "request_declined")):
        for _, done in situation.items.get(f"integration.{task}", ()):
            for resource, about in done.get("abouts", {}).items():
                if parts.get(resource) == about:
                    yield Note(key, {"what": f"resource.{resource}", "by": str(done["by"]), "at": int(done["at"])})


def _request(situation: Situation, resource: str, filing: Filing) -> tuple[str, str]:
    return integration_request.filed(situation, resource, filing)


def _pasted(situation: Situation, resources: Sequence[str]) -> dict[str, str]:
    parts = _parts(situation)
    return integration_request.pasted(situation, [(one, parts[one]) for one in resources or parts if one in parts])


def _people(about: Answers) -> Collection[str]:
    return [*(about[name] for name in integration_request.PEOPLE if about.get(name)), *addresses.addresses(about, "status_users")]


def _task(name: str, page: type[FormPage], *, optional: bool = False, **example: object) -> Task:
    return Task(
        name,
        Side.SUPPORT,
        Form(f"integration.{name}", (Page("requests", page),), example=example),
        ready=lambda situation: bool(_undone(situation)),
        repeatable=True,
        optional=optional,
        adds=_decided,
        offers={
            "undone": lambda situation: _offers(_undone(situation)),
            "unfiled": lambda situation: _offers(_unfiled(situation)),
        },
    )


STEP = Step(
    "integration",
    FORM,
    requires=("first_programs",),
    tasks=(
        replace(
            _task("file_request", IntegrationFiled, request="*", ticket="SD-2048"),
            ready=lambda situation: bool(_unfiled(situation)),
            adds=_filed,
            ticket="ticket",
        ),
        _task("set_up", IntegrationsDone, requests="*"),
        _task("refuse_request", IntegrationsRefused, optional=True, requests="*", reason="The address is not the bank's."),
    ),
    finished=lambda situation: not _undone(situation),
    links=lambda situation: [
        *(LINKS[one] for one in LINKS if one in (chosen(situation.answers.get("integration", {})) or LINKS)),
        ("service_desk", URL),
    ],
    facts=_facts,
    on_approval=(RequestAccess,),
    desk_request=DeskRequest(pages.INTEGRATIONS, portal_of, _request, _pasted, part=part, people=_people),
)
