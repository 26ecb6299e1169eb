"""What a request for an integration says at the Service Desk, in the language of the portal: complete, so that nobody has to ask again."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from flows.forms.addresses import addresses
from flows.forms.fields import Answers
from flows.forms.step import Filing, Situation
from flows.steps.integration_pages import EVENTS, STATUS_PAGE, THIRD_PARTY, WEBHOOKS
from flows.steps.org_details import org_id
from flows.steps.service_desk import MAX_TITLE, SUBTYPES, URL, in_wiki, portal_of, to_add

TYPED = frozenset({"webhook_remarks", "event_remarks", "party_company", "party_remarks"})
"""What people type freely; all else has a form that Jira's markup does nothing with."""
PEOPLE = ("webhook_contact", "event_contact", "party_contact")


@dataclass(frozen=True)
class Words:
    """``asks``: the first line by what is asked for; ``labels``: by field; ``values``: of what was chosen from a list."""

    portal: str
    titles: Mapping[str, str]
    asks: Mapping[str, str]
    labels: Mapping[str, str]
    values: Mapping[str, str]
    org_id: str


_SHARED = {
    "sns": "Amazon SNS",
    "s3": "Amazon S3",
    "gcp": "Google Cloud Pub/Sub",
    "azure": "Microsoft Azure",
    "sftp": "SFTP",
}
_EN = Words(
    "PISMO | Service Desk EN",
    {WEBHOOKS: "Webhooks", EVENTS: "Event delivery", THIRD_PARTY: "Third-party OpenID", STATUS_PAGE: "Status Page"},
    {
        WEBHOOKS: "Please register these webhooks of {customer}:",
        EVENTS: "Please set up the delivery of events to {customer}:",
        THIRD_PARTY: "For the security team: please create a tenant for a third party of {customer}, limited to the permission groups "
        "below. It shares its tenant ID with no other third party.",
        STATUS_PAGE: "Please give these users of {customer} access to the Status Page:",
    },
    {
        "webhook_uses": "Used for",
        "webhook_test_url": "Address for test",
        "webhook_production_url": "Address for production",
        "webhook_contact": "Contact",
        "webhook_remarks": "Remarks",
        "event_targets": "Delivered to",
        "event_environments": "Environments",
        "event_contact": "Contact",
        "event_remarks": "Which events, remarks",
        "sns_account": "AWS account of the SNS topic",
        "sns_role": "IAM role",
        "sns_topic": "SNS topic",
        "s3_account": "AWS account of the S3 bucket",
        "s3_bucket": "S3 bucket for files",
        "s3_kms_key": "KMS key of the bucket",
        "gcp_project": "Google Cloud project",
        "gcp_topic": "Pub/Sub topic",
        "azure_tenant": "Azure tenant",
        "azure_resource": "Azure resource",
        "sftp_host": "SFTP host",
        "sftp_port": "SFTP port",
        "sftp_user": "SFTP user",
        "sftp_key": "Public SSH key",
        "party_company": "Company",
        "party_contact": "Its contact",
        "party_groups": "Permission groups",
        "party_environments": "Environments",
        "party_remarks": "What it does",
    },
    {
        **_SHARED,
        "authorization": "authorization or anti-fraud (it answers within 2 seconds)",
        "notifications": "other notifications",
        "test": "test",
        "production": "production",
    },
    "Organization ID",
)
_PT = Words(
    "PISMO | Service Desk",
    {WEBHOOKS: "Webhooks", EVENTS: "Entrega de eventos", THIRD_PARTY: "OpenID de terceiro", STATUS_PAGE: "Status Page"},
    {
        WEBHOOKS: "Registrem estes webhooks de {customer}:",
        EVENTS: "Configurem a entrega de eventos a {customer}:",
        THIRD_PARTY: "Para a equipe de segurança: criem um tenant para um terceiro de {customer}, limitado aos grupos de permissões "
        "abaixo. Ele não compartilha seu ID de tenant com nenhum outro terceiro.",
        STATUS_PAGE: "Concedam acesso à Status Page a estes usuários de {customer}:",
    },
    {
        "webhook_uses": "Usados para",
        "webhook_test_url": "Endereço para teste",
        "webhook_production_url": "Endereço para produção",
        "webhook_contact": "Contato",
        "webhook_remarks": "Observações",
        "event_targets": "Entrega em",
        "event_environments": "Ambientes",
        "event_contact": "Contato",
        "event_remarks": "Quais eventos, observações",
        "sns_account": "Conta AWS do tópico SNS",
        "sns_role": "Função do IAM",
        "sns_topic": "Tópico SNS",
        "s3_account": "Conta AWS do bucket S3",
        "s3_bucket": "Bucket S3 para arquivos",
        "s3_kms_key": "Chave KMS do bucket",
        "gcp_project": "Projeto do Google Cloud",
        "gcp_topic": "Tópico do Pub/Sub",
        "azure_tenant": "Tenant do Azure",
        "azure_resource": "Recurso do Azure",
        "sftp_host": "Host SFTP",
        "sftp_port": "Porta SFTP",
        "sftp_user": "Usuário SFTP",
        "sftp_key": "Chave SSH pública",
        "party_company": "Empresa",
        "party_contact": "Contato dela",
        "party_groups": "Grupos de permissões",
        "party_environments": "Ambientes",
        "party_remarks": "O que ela faz",
    },
    {
        **_SHARED,
        "authorization": "autorização ou antifraude (responde em até 2 segundos)",
        "notifications": "outras notificações",
        "test": "teste",
        "production": "produção",
    },
    "ID da organização",
)
_WORDS = {"en": _EN, "pt_BR": _PT}


def filed(situation: Situation, resource: str, filing: Filing) -> tuple[str, str]:
    """Summary and description of a request that the bot files."""
    words = _WORDS[portal_of(situation)]
    customer = " ".join(situation.customer.split())[:MAX_TITLE]
    lines = _lines(words, situation, resource, filing.part)
    return f"{words.titles[resource]}: {customer} ({filing.marker})", "\n".join([*lines, *to_add(situation, filing)])


def pasted(situation: Situation, parts: Sequence[tuple[str, Answers]]) -> dict[str, str]:
    """The same to be typed into the Service Desk's Settings form: url, summary, path, priority, description."""
    words = _WORDS[portal_of(situation)]
    form = f"{words.portal} > Settings"
    only_access = all(resource == STATUS_PAGE for resource, _ in parts)
    return {
        "url": URL,
        "summary": f"{', '.join(words.titles[resource] for resource, _ in parts)}: {situation.customer}",
        "path": f"{form} > Access request > {SUBTYPES[STATUS_PAGE]}" if only_access else form,
        "priority": "Medium",
        "description": "\n\n".join("\n".join(_lines(words, situation, resource, part)) for resource, part in parts),
    }


def _lines(words: Words, situation: Situation, resource: str, part: Answers) -> Iterator[str]:
    yield words.asks[resource].format(customer=in_wiki(situation.customer))
    if resource == STATUS_PAGE:
        yield from addresses(part, "status_users")
        return
    if known := org_id(situation):
        yield f"{words.org_id}: {known}"
    for name, value in part.items():
        text = ", ".join(words.values[one] for one in value) if isinstance(value, list) else str(value)
        shown = [in_wiki(line) for line in text.split("\n")] if name in TYPED else text.split("\n")
        yield f"{words.labels[name]}: {shown[0]}" if len(shown) == 1 else "\n".join((f"{words.labels[name]}:", *shown))
