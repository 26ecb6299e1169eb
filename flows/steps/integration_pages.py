"""What each integration asks for: addresses, names in clouds, keys, groups. Nothing that must stay secret is among it."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from flows.checks import cloud_names, ssh_keys
from flows.checks.hosts import is_public
from flows.checks.permission_groups import read_groups
from flows.forms.fields import AddressList, Email, FormPage, HttpsUrl, Input, Kind
from flows.problems import fault

WEBHOOKS, EVENTS, THIRD_PARTY, STATUS_PAGE, NOT_NEEDED = (
    "webhooks",
    "event_delivery",
    "third_party_openid",
    "status_page",
    "not_needed",
)
INTEGRATIONS = (WEBHOOKS, EVENTS, THIRD_PARTY, STATUS_PAGE)
TARGETS = ("sns", "s3", "gcp", "azure", "sftp")
ENVIRONMENTS = ("test", "production")
_URL = re.compile(r"[A-Za-z0-9._~:/?#@!$&'()+,;=%-]+")
_HOST = re.compile(r"https://([^/?#:]+)")
_USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")
FULL_ACCESS = "admin"
"""The permission group that opens everything: a third party must not have it."""


def _public_url(value: str) -> str:
    found = _HOST.match(value)
    if found is None or not is_public(found[1]) or not _URL.fullmatch(value):
        raise fault("url_public")
    return value


def _public_host(value: str) -> str:
    if not is_public(value):
        raise fault("host_public")
    return value.casefold()


def _named(kind: str) -> AfterValidator:
    def check(value: str) -> str:
        if not cloud_names.fits(kind, value):
            raise fault(kind)
        return value

    return AfterValidator(check)


def _account(value: str) -> str:
    digits = re.sub(r"[ -]", "", value)  # Amazon shows it in groups
    if not cloud_names.fits("aws_account", digits):
        raise fault("aws_account")
    return digits


def _port(value: str) -> str:
    if not (value.isascii() and value.isdecimal() and 1 <= int(value) <= 65535):
        raise fault("port")
    return str(int(value))


def _user(value: str) -> str:
    if not _USER.fullmatch(value):
        raise fault("sftp_user")
    return value


def _ssh_key(value: str) -> str:
    line = ssh_keys.read(value) if value.strip() else None
    if line is None:
        raise fault("ssh_key")
    return line


def _groups(value: str) -> str:
    """One a line, each once."""
    groups = read_groups(value)
    if not groups:
        raise fault("missing")
    for group in groups:
        if group.split(":")[1] == FULL_ACCESS:
            raise fault("group_full", group=group)
    return "\n".join(groups)


PublicUrl = Annotated[HttpsUrl, AfterValidator(_public_url)]
MaybeUrl = Annotated[PublicUrl | None, Field(max_length=500), Input(Kind.URL)]
AwsAccount = Annotated[str, Field(max_length=20), AfterValidator(_account), Input(Kind.TEXT)]
Environments = Annotated[list[str], Input(Kind.CHOICES, ENVIRONMENTS, choices="integration_environment")]
Remarks = Annotated[str | None, Field(max_length=1000), Input(Kind.LONG_TEXT)]


class IntegrationChoice(FormPage):
    integrations: Annotated[list[str], Input(Kind.CHOICES, (*INTEGRATIONS, NOT_NEEDED), redraws=True)]


class Webhooks(FormPage):
    one_of = (("webhook_test_url", "webhook_production_url"),)

    webhook_uses: Annotated[list[str], Input(Kind.CHOICES, ("authorization", "notifications"))]
    webhook_test_url: MaybeUrl = None
    webhook_production_url: MaybeUrl = None
    webhook_contact: Email
    webhook_remarks: Remarks = None


class EventDelivery(FormPage):
    event_targets: Annotated[list[str], Input(Kind.CHOICES, TARGETS)]
    event_environments: Environments
    event_contact: Email
    event_remarks: Remarks = None


class SnsTopic(FormPage):
    sns_account: AwsAccount
    sns_role: Annotated[str, Field(max_length=600), _named("role_arn"), Input(Kind.TEXT)]
    sns_topic: Annotated[str, Field(max_length=400), _named("topic_arn"), Input(Kind.TEXT)]


class S3Bucket(FormPage):
    s3_account: AwsAccount
    s3_bucket: Annotated[str, Field(max_length=63), _named("bucket"), Input(Kind.TEXT)]
    s3_kms_key: Annotated[str, Field(max_length=400), _named("kms_arn"), Input(Kind.TEXT)]


class GcpTopic(FormPage):
    gcp_project: Annotated[str, Field(max_length=30), _named("gcp_project"), Input(Kind.TEXT)]
    gcp_topic: Annotated[str, Field(max_length=255), _named("gcp_topic"), Input(Kind.TEXT)]


class AzureResource(FormPage):
    azure_tenant: Annotated[str, Field(max_length=36), _named("uuid"), Input(Kind.TEXT)]
    azure_resource: Annotated[str, Field(max_length=600), _named("azure_resource"), Input(Kind.TEXT)]


class SftpServer(FormPage):
    sftp_host: Annotated[str, Field(max_length=253), AfterValidator(_public_host), Input(Kind.TEXT)]
    sftp_port: Annotated[str, Field(max_length=5), AfterValidator(_port), Input(Kind.TEXT)]
    sftp_user: Annotated[str, Field(max_length=64), AfterValidator(_user), Input(Kind.TEXT)]
    sftp_key: Annotated[str, Field(max_length=3000), AfterValidator(_ssh_key), Input(Kind.LONG_TEXT)]


class ThirdParty(FormPage):
    party_company: Annotated[str, Field(min_length=1, max_length=100), Input(Kind.TEXT)]
    party_contact: Email
    party_groups: Annotated[str, Field(min_length=1, max_length=1500), AfterValidator(_groups), Input(Kind.LONG_TEXT)]
    party_environments: Environments
    party_remarks: Remarks = None


class StatusPageUsers(FormPage):
    status_users: AddressList
