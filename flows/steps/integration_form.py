"""The form for integrations: first which, then a page for each."""

from collections.abc import Collection, Iterator, Mapping

from flows.checks import cloud_names
from flows.forms import addresses
from flows.forms.fields import Answers
from flows.forms.step import Form, Page, Situation
from flows.problems import Note, NoteKind, Problem
from flows.steps import integration_pages as pages


def chosen(answers: Answers) -> Collection[str]:
    return answers.get("integrations") or ()


def _targets(answers: Answers) -> Collection[str]:
    return (answers.get("event_targets") or ()) if pages.EVENTS in chosen(answers) else ()


def _choice(answers: Answers, _situation: Situation) -> Iterator[Problem]:
    if pages.NOT_NEEDED in chosen(answers) and len(chosen(answers)) > 1:
        yield Problem("integrations", "not_needed_alone")


def _webhooks(answers: Answers, _situation: Situation) -> Iterator[Problem]:
    if not (answers.get("webhook_test_url") or answers.get("webhook_production_url")):
        yield Problem("webhook_test_url", "url_one")


def _sns(answers: Answers, _situation: Situation) -> Iterator[Problem]:
    return _of_account(answers, "sns_account", {"sns_role": "role_arn", "sns_topic": "topic_arn"})


def _s3(answers: Answers, _situation: Situation) -> Iterator[Problem]:
    return _of_account(answers, "s3_account", {"s3_kms_key": "kms_arn"})


def _of_account(answers: Answers, account: str, arns: Mapping[str, str]) -> Iterator[Problem]:
    for name, kind in arns.items():
        if cloud_names.aws_account(kind, str(answers.get(name) or "")) != answers.get(account):
            yield Problem(name, "other_account", {"account": str(answers.get(account) or "")})


def _notes(answers: Answers, situation: Situation) -> Iterator[Note]:
    if "authorization" in (answers.get("webhook_uses") or ()) and pages.WEBHOOKS in chosen(answers):
        yield Note("webhook_answers_in_time", kind=NoteKind.HINT)
    if pages.STATUS_PAGE in chosen(answers):
        yield from addresses.notes(answers, situation, "status_users", resource="status_page")


FORM = Form(
    "integration",
    (
        Page("choice", pages.IntegrationChoice, check=_choice),
        Page("webhooks", pages.Webhooks, when=lambda answers: pages.WEBHOOKS in chosen(answers), check=_webhooks),
        Page("events", pages.EventDelivery, when=lambda answers: pages.EVENTS in chosen(answers)),
        Page("sns", pages.SnsTopic, when=lambda answers: "sns" in _targets(answers), check=_sns),
        Page("s3", pages.S3Bucket, when=lambda answers: "s3" in _targets(answers), check=_s3),
        Page("gcp", pages.GcpTopic, when=lambda answers: "gcp" in _targets(answers)),
        Page("azure", pages.AzureResource, when=lambda answers: "azure" in _targets(answers)),
        Page("sftp", pages.SftpServer, when=lambda answers: "sftp" in _targets(answers)),
        Page("third_party", pages.ThirdParty, when=lambda answers: pages.THIRD_PARTY in chosen(answers)),
        Page(
            "status_page",
            pages.StatusPageUsers,
            when=lambda answers: pages.STATUS_PAGE in chosen(answers),
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
)
