"""The exact `openssl` commands that make a customer's keys on their own machine."""

import re
import shlex

from flows.fields import Answers
from flows.iso_codes import alpha2
from flows.step import Situation
from flows.steps.credentials import subject_details

_CONTROL = re.compile(r"[\x00-\x1f\x7f`]")  # a backtick would end a code block in a chat
_SPECIAL = re.compile(r"([\\/+])")  # of -subj


def known_details(at: Situation) -> Answers:
    """The mTLS details as the organization step knows them."""
    organization = at.answers.get("organization", {})
    names = {"company": "official_name", "document": "document_number", "city": "city", "state": "state", "country": "country"}
    return {ours: organization[theirs] for ours, theirs in names.items() if organization.get(theirs)}


def openssl_commands(at: Situation) -> str:
    """For a shell: the key pair of OpenID Connect, its fingerprint, and the signing request with this customer's subject."""
    subject = _subject({**known_details(at), **at.answers.get("authentication", {})})
    return "\n".join(
        (
            "umask 077",
            "# OpenID Connect: send rsa.pub, keep rsakey.pem",
            "openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out rsakey.pem",
            "openssl pkey -in rsakey.pem -pubout -out rsa.pub",
            "openssl pkey -pubin -in rsa.pub -outform DER | openssl dgst -sha256 -c",
            "# mTLS: send mtls.csr, keep mtls.key",
            "openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out mtls.key",
            f"openssl req -new -sha256 -utf8 -key mtls.key -out mtls.csr -subj {shlex.quote(subject)}",
        )
    )


def _subject(answers: Answers) -> str:
    """A name as ``-subj`` takes it: ``/C=BR/ST=SP/L=…/O=…/serialNumber=…/CN=…``; what is not known is left out."""
    details = subject_details(answers)
    parts = {
        "C": alpha2(details["country"]) or "",
        "ST": details["state"],
        "L": details["city"],
        "O": details["company"],
        "serialNumber": details["document"],
        "CN": details["company"],
    }
    escaped = {name: _SPECIAL.sub(r"\\\1", _CONTROL.sub(" ", value).strip()) for name, value in parts.items()}
    return "".join(f"/{name}={value}" for name, value in escaped.items() if value)
