"""Integration: webhooks, events, a third party's access, the status page. Each becomes one request to the Service Desk; none is needed for
the onboarding to end."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from typing import Annotated

from pydantic import Field

from flows.checks import cloud_names
from flows.forms import addresses
from flows.forms.fields import Answers, FormPage, Input, Kind
from flows.forms.pages import slots
from flows.forms.step import DeskRequest, Filing, Form, Offer, Page, Situation, Step, Task
from flows.outbox import RequestAccess
from flows.people import Side
from flows.problems import Note, Problem
from flows.steps import integration_pages as pages
from flows.steps import integration_request
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


def _chosen(answers: Answers) -> Collection[str]:
    return answers.get("integrations") or ()


def _targets(answers: Answers) -> Collection[str]:
    return (answers.get("event_targets") or ()) if pages.EVENTS in _chosen(answers) else ()


def _choice(answers: Answers, _situation: Situation) -> Iterator[Problem]:
    if pages.NOT_NEEDED in _chosen(answers) and len(_chosen(answers)) > 1:
        yield Problem("integrations", "not_needed_alone")


def _webhooks(answers: Answers, _situation: Situation) -> Iterator[Problem]:
    if not (answers.get("webhook_test_url") or answers.get("webhook_production_url")):
        yield Problem("webhook_test_url", "url_one")


def _sns(answers: Answers, _situation: Situation) -> Iterator[Problem]:
    return _of_account(answers, "sns_account", {"sns_role": "role_arn", "sns_topic": "topic_arn"})


def _s3(answers: Answers, _situation: Situation) -> Iterator[Problem]:
    return _of_account(answers, "s3_account", {"s3_kms_key": "kms_arn"})


def _of_account(answers: Answers, account: str, arns: dict[str, str]) -> Iterator[Problem]:
    for name, kind in arns.items():
        if cloud_names.aws_account(kind, str(answers.get(name) or "")) != answers.get(account):
            yield Problem(name, "other_account", {"account": str(answers.get(account) or "")})


def _notes(answers: Answers, situation: Situation) -> Iterator[Note]:
    if "authorization" in (answers.get("webhook_uses") or ()) and pages.WEBHOOKS in _chosen(answers):
        yield Note("webhook_answers_in_time")
    if pages.STATUS_PAGE in _chosen(answers):
        yield from addresses.notes(answers, situation, "status_users", resource="status_page")


def part(answers: Answers, resource: str) -> Answers | None:
    """What the answers say of one integration; None if it is not asked for."""
    if resource not in _chosen(answers):
        return None
    names = [
        name for slot in slots(STEP.form, answers) if slot.page.id in PARTS[resource] for name in slot.page.model.model_fields
    ]
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
    for _, done in situation.items.get("integration.file_request", ()):
        about = {name: str(done.get(name) or "") for name in ("ticket", "link", "status")}
        yield Note("request_status", {**about, "what": f"resource.{done.get('request')}"})
    for _, done in situation.items.get("integration.set_up", ()):
        if done.get("by"):
            yield Note("set_up_anyway", {"by": str(done["by"]), "at": int(done["at"])})


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
    Form(
        "integration",
        (
            Page("choice", pages.IntegrationChoice, check=_choice),
            Page("webhooks", pages.Webhooks, when=lambda answers: pages.WEBHOOKS in _chosen(answers), check=_webhooks),
            Page("events", pages.EventDelivery, when=lambda answers: pages.EVENTS in _chosen(answers)),
            Page("sns", pages.SnsTopic, when=lambda answers: "sns" in _targets(answers), check=_sns),
            Page("s3", pages.S3Bucket, when=lambda answers: "s3" in _targets(answers), check=_s3),
            Page("gcp", pages.GcpTopic, when=lambda answers: "gcp" in _targets(answers)),
            Page("azure", pages.AzureResource, when=lambda answers: "azure" in _targets(answers)),
            Page("sftp", pages.SftpServer, when=lambda answers: "sftp" in _targets(answers)),
            Page("third_party", pages.ThirdParty, when=lambda answers: pages.THIRD_PARTY in _chosen(answers)),
            Page(
                "status_page",
                pages.StatusPageUsers,
                when=lambda answers: pages.STATUS_PAGE in _chosen(answers),
                check=lambda answers, _situation: addresses.check(answers, "status_users"),
            ),
        ),
        notes=_notes,
        review=True,
        example={
            "integrations": [pages.WEBHOOKS, pages.EVENTS],
            "webhook_uses": ["authorization"],
            "webhook_test_url": "https://hooks-test.bank.example/pismo",
            "webhook_contact": "developer@bank.example",
            "event_targets": ["sns"],
            "event_environments": ["test"],
            "event_contact": "developer@bank.example",
            "sns_account": "123456789012",
            "sns_role": "arn:aws:iam::123456789012:role/pismo-events",
            "sns_topic": "arn:aws:sns:sa-east-1:123456789012:pismo-events",
            "s3_account": "123456789012",
            "s3_bucket": "bank-pismo-events",
            "s3_kms_key": "arn:aws:kms:sa-east-1:123456789012:alias/pismo-events",
            "gcp_project": "bank-events",
            "gcp_topic": "pismo-events",
            "azure_tenant": "3f9c2a7b-1d0e-4c55-8a41-0b6f2f6f1a11",
            "azure_resource": "/subscriptions/3f9c2a7b-1d0e-4c55-8a41-0b6f2f6f1a11/resourceGroups/events"
            "/providers/Microsoft.EventHub/namespaces/bank/eventhubs/pismo",
            "sftp_host": "sftp.bank.example",
            "sftp_port": "22",
            "sftp_user": "pismo",
            "sftp_key": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFvI1J6g0cWnl4Xvnk0l5oVwqkKIfVLSHGyUfNEaJbpH",
            "party_company": "Fraud Watch Ltda.",
            "party_contact": "integration@fraudwatch.example",
            "party_groups": "pismo-v1:accounts:rw",
            "party_environments": ["test"],
            "status_users": "operations.lead@bank.example",
        },
    ),
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
        *(LINKS[one] for one in LINKS if one in (_chosen(situation.answers.get("integration", {})) or LINKS)),
        ("service_desk", URL),
    ],
    facts=_facts,
    on_approval=(RequestAccess,),
    desk_request=DeskRequest(pages.INTEGRATIONS, portal_of, _request, _pasted, part=part, people=_people),
)
