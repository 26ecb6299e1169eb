"""What the forms for integrations take and refuse, field by field, and what stands in the request then."""

from typing import Any

import pytest

from flows.forms.step import Filing
from flows.journey import JOURNEYS
from tests.flows.steps.filled_forms import a_situation, refused, sent

STEP = JOURNEYS.latest.steps["integration"]
EVERYTHING = {
    **STEP.form.example,
    "integrations": ["webhooks", "event_delivery", "third_party_openid", "status_page"],
    "event_targets": ["sns", "s3", "gcp", "azure", "sftp"],
}
OPENSSH = """\
-----BEGIN OPENSSH PRIVATE KEY-----
b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW
-----END OPENSSH PRIVATE KEY-----"""


@pytest.mark.parametrize(
    ("field", "value", "key"),
    [
        ("webhook_test_url", "http://hooks.bank.example/", "url_https"),
        ("webhook_test_url", "https://user:secret@hooks.bank.example/", "url_https"),
        *(
            ("webhook_test_url", f"https://{host}/x", "url_public")
            for host in (
                "localhost",
                "10.1.2.3",
                "127.1",
                "169.254.169.254",
                "hooks",
                "hooks.bank.internal",
                "192.168.0.1",
                "2130706433",
            )
        ),
        ("webhook_test_url", "https://hooks.bank.example/[x|https://evil.example]", "url_public"),
        ("webhook_contact", "nobody", "email_one"),
        ("sns_account", "12345678901", "aws_account"),
        ("sns_role", "arn:aws:iam::123456789012:user/pismo", "role_arn"),
        ("sns_role", "arn:aws:iam::210987654321:role/pismo", "other_account"),
        ("sns_topic", "arn:aws:sqs:sa-east-1:123456789012:pismo", "topic_arn"),
        ("sns_topic", "arn:aws:sns:sa-east-1:123456789012:a:b", "topic_arn"),
        ("s3_bucket", "Bank", "bucket"),
        ("s3_bucket", "192.168.0.1", "bucket"),
        ("s3_kms_key", "arn:aws:kms:sa-east-1:123456789012:key/1", "kms_arn"),
        ("gcp_project", "1-bank", "gcp_project"),
        ("gcp_topic", "google-events", "gcp_topic"),
        ("azure_tenant", "bank.onmicrosoft.com", "uuid"),
        ("azure_resource", "/subscriptions/1/resourceGroups/x", "azure_resource"),
        ("sftp_host", "https://sftp.bank.example", "host_public"),
        ("sftp_host", "sftp.bank.local", "host_public"),
        ("sftp_port", "70000", "port"),
        ("sftp_user", "-oProxyCommand=x", "sftp_user"),
        ("sftp_key", "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQC7", "ssh_key"),
        ("sftp_key", "ssh-ed25519", "ssh_key"),
        ("sftp_key", OPENSSH, "secret_private_key"),
        ("party_groups", "everything", "group_form"),
        ("party_groups", "pismo-v1:accounts:rw pismo-v1:admin:rw", "group_full"),
        ("party_remarks", "Our server secret: server_secret=Zx81kPqW02mmVbTT7a91LQ", "secret_server_secret"),
        ("status_users", "nobody", "emails_none"),
    ],
)
def test_what_does_not_fit_is_named_at_its_field(field: str, value: str, key: str) -> None:
    assert (field, key) in refused(STEP.form, {**EVERYTHING, field: value})


@pytest.mark.parametrize(
    ("field", "value", "kept"),
    [
        ("webhook_test_url", "https://hooks.bank.example:8443/pismo?x=1", None),
        ("webhook_test_url", "https://8.8.8.8/pismo", None),
        ("sns_account", "1234-5678-9012", "123456789012"),
        ("sns_topic", "arn:aws-us-gov:sns:us-gov-west-1:123456789012:pismo.fifo", None),
        ("s3_kms_key", "arn:aws:kms:us-east-1:123456789012:key/mrk-0123456789abcdef0123456789abcdef", None),
        ("sftp_port", "0022", "22"),
        ("sftp_key", f"{STEP.form.example['sftp_key']} ana@laptop", STEP.form.example["sftp_key"]),
        ("sftp_key", f"sftp.bank.example {STEP.form.example['sftp_key']}", STEP.form.example["sftp_key"]),
        (
            "party_groups",
            "pismo-v1:accounts:rw, pismo-v2:bankaccounts:rw\npismo-v1:accounts:rw",
            "pismo-v1:accounts:rw\npismo-v2:bankaccounts:rw",
        ),
    ],
)
def test_what_fits_is_kept(field: str, value: str, kept: str | None) -> None:
    assert sent(STEP.form, {**EVERYTHING, field: value})[field] == (kept or value)


def test_one_address_of_a_webhook_is_enough_and_none_is_too_few() -> None:
    only = {**STEP.form.example, "integrations": ["webhooks"], "webhook_test_url": None}
    assert refused(STEP.form, only) == {("webhook_test_url", "url_one")}
    production = sent(STEP.form, {**only, "webhook_production_url": "https://hooks.bank.example/"})
    assert production["webhook_production_url"] == "https://hooks.bank.example/"


def test_nothing_needed_is_a_choice_of_its_own() -> None:
    assert refused(STEP.form, {"integrations": ["not_needed", "webhooks"]}) >= {("integrations", "not_needed_alone")}
    assert refused(STEP.form, {"integrations": []}) == {("integrations", "missing")}
    answers = sent(STEP.form, {"integrations": ["not_needed"]})
    assert STEP.finished(a_situation(answers={"integration": answers}))


@pytest.mark.parametrize(("portal", "words"), [("en", "Organization ID: TN-1"), ("pt_BR", "ID da organização: TN-1")])
def test_a_request_is_in_the_portals_language_and_complete(portal: str, words: str) -> None:
    request = STEP.desk_request
    assert request is not None
    assert request.part is not None
    answers = sent(STEP.form, EVERYTHING)
    situation = a_situation(
        customer="Acme {color}Bank{color}",
        answers={"integration": answers, "service_desk": {"portal_language": portal}},
        done={"organization.record_org_id": {"org_id": "TN-1"}},
    )
    for resource in request.resources:
        part: Any = request.part(answers, resource)
        summary, description = request.filed(situation, resource, Filing("m1", part=part, unnamed=["ana@bank.example"]))
        assert summary.endswith("(m1)")
        assert len(summary) <= 255
        assert "{" not in description
        assert (words in description) == (resource != "status_page")
        assert all(str(value) in description for name, value in part.items() if name.startswith(("sns_", "s3_", "gcp_", "sftp_")))
        assert description.endswith(": ana@bank.example")
        assert description.splitlines()[1:-1] == request.pasted(situation, [resource])["description"].splitlines()[1:]


def test_only_what_has_changed_makes_another_request() -> None:
    request = STEP.desk_request
    assert request is not None
    assert request.part is not None
    first = sent(STEP.form, EVERYTHING)
    second = sent(STEP.form, {**EVERYTHING, "gcp_topic": "other-topic"})
    changed = [resource for resource in request.resources if request.part(first, resource) != request.part(second, resource)]
    assert changed == ["event_delivery"]
