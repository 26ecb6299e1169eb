"""The exact `openssl` commands that generate a customer's keys on their own machine. An existing key is never overwritten."""

import re

from flows.checks.iso_codes import alpha2
from flows.forms.fields import Answers
from flows.forms.step import Script, Situation
from flows.steps.authentication.credentials import subject_details
from flows.steps.authentication.scripts import plain, posix, powershell

_SPECIAL = re.compile(r"([\\/+])")  # in -subj
_NEW_KEY = "openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out"

_POSIX = """\
( set -e; umask 077
test ! -e {key} || {{ echo {key} is there already; exit 1; }}
{commands}
)"""
_POWERSHELL = """\
& {{
if (Test-Path {key}) {{ throw '{key} is there already' }}
{commands}
icacls {key} /inheritance:r /grant:r "${{env:USERNAME}}:F"
}}"""


def known_details(situation: Situation) -> Answers:
    """The mTLS details from the organization step."""
    organization = situation.answers.get("organization", {})
    names = {"company": "official_name", "document": "document_number", "city": "city", "state": "state", "country": "country"}
    return {ours: organization[theirs] for ours, theirs in names.items() if organization.get(theirs)}


def key_scripts(situation: Situation) -> tuple[Script, ...]:
    """For each platform: the OpenID Connect key pair with its fingerprint, and the CSR with this customer's subject."""
    details = {**known_details(situation), **situation.answers.get("authentication", {})}
    pair = (f"{_NEW_KEY} rsakey.pem", "openssl pkey -in rsakey.pem -pubout -out rsa.pub")
    request = f"{_NEW_KEY} mtls.key", "openssl req -new -sha256 -utf8 -key mtls.key -out mtls.csr -subj"
    # PowerShell corrupts bytes in a pipe, and passes on double quotes and a trailing backslash incorrectly.
    subject, for_windows = _subject(details), _subject({name: _without(value) for name, value in details.items()})
    return (
        _script("commands_openid_posix", _POSIX, "rsakey.pem", *pair, f"{_DER} | {_DIGEST}"),
        _script("commands_mtls_posix", _POSIX, "mtls.key", request[0], f"{request[1]} {posix(subject)}"),
        _script("commands_openid_windows", _POWERSHELL, "rsakey.pem", *pair, f"{_DER} -out rsa.der", f"{_DIGEST} rsa.der"),
        _script(
            "commands_mtls_windows",
            _POWERSHELL,
            "mtls.key",
            "$env:OPENSSL_WIN32_UTF8 = '1'",
            request[0],
            f"{request[1]} {powershell(for_windows)}",
        ),
    )


_DER = "openssl pkey -pubin -in rsa.pub -outform DER"
_DIGEST = "openssl dgst -sha256 -c"


def _script(name: str, template: str, key: str, *commands: str) -> Script:
    return Script(name, template.format(key=key, commands="\n".join(commands)))


def _without(value: object) -> object:
    return re.sub(r'["\\]', " ", value) if isinstance(value, str) else value


def _subject(answers: Answers) -> str:
    """A name in the form ``-subj`` takes: ``/C=BR/ST=SP/L=…/O=…/serialNumber=…/CN=…``; unknown parts are left out."""
    details = subject_details(answers)
    parts = {
        "C": alpha2(details["country"]) or "",
        "ST": details["state"],
        "L": details["city"],
        "O": details["company"],
        "serialNumber": details["document"],
        "CN": details["company"],
    }
    escaped = {name: _SPECIAL.sub(r"\\\1", plain(value)) for name, value in parts.items()}
    return "".join(f"/{name}={value}" for name, value in escaped.items() if value)
