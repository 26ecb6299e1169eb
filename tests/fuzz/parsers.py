"""What looks into input, each as a function of bytes that raises nothing but a fault of its own."""

import bz2
import gzip
import io
import json
import lzma
import tarfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.x509.oid import NameOID
from pydantic_core import PydanticCustomError

from bot.inspection import messages
from flows.checks import (
    certificates,
    chains,
    claims,
    documents,
    emails,
    guard,
    keys,
    org_id,
    people_lists,
    permission_groups,
    tokens,
)
from flows.checks.unreadable import Unreadable
from flows.forms.dialogs import DIALOGS
from flows.forms.fields import MAX_LENGTH, Kind, inputs
from flows.forms.pages import check, screen, slots
from flows.forms.step import Situation
from flows.journey import JOURNEYS
from flows.steps.control_center_users import columns

NOW = datetime(2026, 12, 2, 12, tzinfo=UTC)
SITUATION = Situation(NOW, NOW.date(), "Acme", "en", "America/Sao_Paulo")
EXPECTED = claims.Expected("TN-00000000-0000-4000-8000-000000000000", "iss", "sub", "aud")


def _text(content: bytes) -> str:
    """Halves of characters stay: JSON may hold them too."""
    try:
        return content.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return content.decode("utf-8", "replace")


FORMS = (*JOURNEYS.all_forms(), *DIALOGS.values())


def form(content: bytes) -> None:
    """Each text field of one form with this text; the first byte says which form."""
    if not content:
        return
    chosen, text = FORMS[content[0] % len(FORMS)], _text(content[1:])
    answers: dict[str, Any] = {name: value for name, value in chosen.example.items() if value != "*"}
    for slot in slots(chosen, answers):
        typed = {name: _as_typed(item.kind, text) for name, _, item in inputs(slot.page.model)}
        kept = screen(slot.page, {**answers, **{name: value for name, value in typed.items() if value is not None}}).raw
        check(slot, {**answers, **kept}, SITUATION)


def _as_typed(kind: Kind, text: str) -> Any:
    """As much of it as Slack takes in such a field; None where nothing is typed."""
    if kind is Kind.FILE:
        return {"name": text[:80], "text": text}
    return text[:MAX_LENGTH] if kind in (Kind.TEXT, Kind.LONG_TEXT, Kind.EMAIL, Kind.URL, Kind.NUMBER) else None


def message(content: bytes) -> None:
    try:
        given = json.loads(_text(content))
    except (ValueError, RecursionError):
        return  # what Slack sends is JSON
    messages.look(given if isinstance(given, dict) else {"blocks": given}, None)


def chain(content: bytes) -> None:
    with suppress(Unreadable):
        given = certificates.read_chain(content)
        leaf = certificates.choose(given)
        list(chains.problems("certificate", given, leaf, NOW))


def request(content: bytes) -> None:
    with suppress(Unreadable):
        certificates.read_csr(content)


def public_key(content: bytes) -> None:
    with suppress(Unreadable):
        keys.read_public_key(content)


def token(content: bytes) -> None:
    text = _text(content)
    claims.check_assertion(text, EXPECTED, NOW)
    claims.check_access_token(text, EXPECTED, NOW)
    with suppress(tokens.UnreadableToken):
        tokens.bearer(text)


def groups(content: bytes) -> None:
    with suppress(PydanticCustomError):
        permission_groups.read_groups(_text(content))


def organization_id(content: bytes) -> None:
    with suppress(Unreadable):
        org_id.read_org_id(_text(content))


def document(content: bytes) -> None:
    for country in ("BR", "MX", "US", "IN", "PT"):
        documents.check_document(_text(content), country)


PARSERS: Mapping[str, Callable[[bytes], object]] = {
    "guard, text": lambda content: guard.redact(_text(content)),
    "guard, file": lambda content: guard.inspect_file("", content),
    "message": message,
    "certificates": chain,
    "signing request": request,
    "public key": public_key,
    "token": token,
    "addresses": lambda content: emails.examine(_text(content)),
    "people": lambda content: people_lists.read(_text(content), columns()),
    "document": document,
    "org ID": organization_id,
    "permission groups": groups,
    "form": form,
}


def seeds() -> Iterator[tuple[str, bytes]]:
    """Inputs to begin with, by the parser's name."""
    for index, one in enumerate(FORMS):
        for value in one.example.values():
            if isinstance(value, str):
                yield "form", bytes([index]) + value.encode()
    for name in PARSERS:
        yield from ((name, content) for content in (*_texts(), *_made()))


def _texts() -> Iterator[bytes]:
    for text in (
        "password: Xk9$mQ2vLp",
        "curl -u client:Zk3Qw9TtRm8pLsXv https://api.example",
        "Ana <ana@acme.example>; bruno@acme.example, carla(at)acme.example",
        '{"kty":"RSA","n":"sXchDaQebHnPiGvyDOAT4saGEUetSyo9MKLOoWFsueri","e":"AQAB"}',
        "TN-3f2504e0-4f89-41d3-9a0c-0305e82c3301",
        "4111 1111 1111 1111",
        "12.345.678/0001-95",
        json.dumps(
            {
                "text": "x",
                "attachments": [{"message_blocks": [{"blocks": [{"type": "section", "text": {"text": "senha: Xk9$mQ2v"}}]}]}],
            }
        ),
        json.dumps({"values": [{"key": "client_secret", "value": "Zk3Qw9TtRm8pLsXv"}]}),
        jwt.encode({"iss": "iss", "sub": "sub", "aud": "aud", "exp": 1}, "x" * 32),
    ):
        yield text.encode()


def _made() -> Iterator[bytes]:
    """A request, a certificate and a public key, as PEM and DER, and archives of them."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Acme")])
    request = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, hashes.SHA256())
    begun = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
    signed = begun.not_valid_before(NOW).not_valid_after(NOW + timedelta(days=90)).sign(key, hashes.SHA256())
    for form in (Encoding.PEM, Encoding.DER):
        yield request.public_bytes(form)
        yield signed.public_bytes(form)
        yield key.public_key().public_bytes(form, PublicFormat.SubjectPublicKeyInfo)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    yield from (private, gzip.compress(private), bz2.compress(private), lzma.compress(private))
    zipped, tarred = io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(zipped, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("key.pem", private)
    with tarfile.open(fileobj=tarred, mode="w") as tar:
        member = tarfile.TarInfo("key.pem")
        member.size = len(private)
        tar.addfile(member, io.BytesIO(private))
    yield from (zipped.getvalue(), tarred.getvalue())
