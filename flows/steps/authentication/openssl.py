"""The exact `openssl` commands that generate a customer's keys on their own machine, the first ones and those of a renewal.

An existing key is never overwritten, since it is in use until the new one is: where one is there already, the new files have the time
in their names, e.g. ``mtls-20260310-120000.key``.
"""

import re

from flows.checks.iso_codes import alpha2
from flows.forms.fields import Answers
from flows.forms.step import Script, Situation
from flows.steps.authentication.credentials import subject_details
from flows.steps.authentication.scripts import for_machine, plain, posix, powershell

_SPECIAL = re.compile(r"([\\/+])")  # in -subj
_NEW_KEY = "openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out"

_POSIX = """\
( set -e; umask 077; new=
if test -e {key} || test -e {public}; then new=-$(date +%Y%m%d-%H%M%S); fi
if test -e {new_key}; then echo {new_key} "is there already: run this again in a second" >&2; exit 1; fi
{commands}
)"""
_POWERSHELL = """\
& {{
$new = ''
if ((Test-Path {key}) -or (Test-Path {public})) {{ $new = "-$(Get-Date -Format yyyyMMdd-HHmmss)" }}
if (Test-Path {new_key}) {{ throw {new_key} + ' is there already: run this again in a second' }}
{commands}
icacls {new_key} /inheritance:r /grant:r "${{env:USERNAME}}:F"
}}"""


def known_details(situation: Situation) -> Answers:
    """The mTLS details from the organization step."""
    organization = situation.answers.get("organization", {})
    names = {"company": "official_name", "document": "document_number", "city": "city", "state": "state", "country": "country"}
    return {ours: organization[theirs] for ours, theirs in names.items() if organization.get(theirs)}


def pair_scripts(answers: Answers, situation: Situation) -> tuple[Script, ...]:
    """The OpenID Connect key pair of the test environment, with its fingerprint."""
    return for_machine(_pair("commands_openid_posix", "commands_openid_windows", "rsakey", "rsa"), answers, situation)


def production_pair_scripts(answers: Answers, situation: Situation) -> tuple[Script, ...]:
    """The same for production, in files of other names."""
    pair = _pair("commands_production_posix", "commands_production_windows", "rsakey-production", "rsa-production")
    return for_machine(pair, answers, situation)


def _pair(posix_: str, windows: str, private: str, public_: str) -> tuple[Script, ...]:
    key, public, der = _named(private, ".pem"), _named(public_, ".pub"), _named(public_, ".der")
    pair = (f"{_NEW_KEY} {key}", f"openssl pkey -in {key} -pubout -out {public}")
    # PowerShell corrupts bytes in a pipe.
    as_der, digest = f"openssl pkey -pubin -in {public} -outform DER", "openssl dgst -sha256 -c"
    files = (f"{private}.pem", f"{public_}.pub")
    return (
        _script(_POSIX, posix_, *files, *pair, f"ls {key} {public}", f"{as_der} | {digest}"),
        _script(_POWERSHELL, windows, *files, *pair, f"{as_der} -out {der}", f"{digest} {der}"),
    )


def request_scripts(answers: Answers, situation: Situation) -> tuple[Script, ...]:
    """The mTLS key, and the CSR with this customer's subject: as the form says that is being filled in, or the one that was sent."""
    details = {**known_details(situation), **situation.answers.get("authentication", {})}
    details |= {name: value for name, value in answers.items() if value}
    # PowerShell passes on double quotes and a trailing backslash incorrectly.
    subject, for_windows = _subject(details), _subject({name: _without(value) for name, value in details.items()})
    key, request = _named("mtls", ".key"), _named("mtls", ".csr")
    asks = (f"{_NEW_KEY} {key}", f"openssl req -new -sha256 -utf8 -key {key} -out {request} -subj")
    files = ("mtls.key", "mtls.csr")
    scripts = (
        _script(_POSIX, "commands_mtls_posix", *files, asks[0], f"{asks[1]} {posix(subject)}", f"ls {key} {request}"),
        _script(
            _POWERSHELL,
            "commands_mtls_windows",
            *files,
            "$env:OPENSSL_WIN32_UTF8 = '1'",
            asks[0],
            f"{asks[1]} {powershell(for_windows)}",
            f"(Get-Item {key}, {request}).Name",
        ),
    )
    return for_machine(scripts, answers, situation)


def _named(stem: str, end: str) -> str:
    """A file's name in both kinds of shell: as it is, or with the time if one is there already."""
    return f'"{stem}${{new}}{end}"'


def _script(template: str, name: str, key: str, public: str, *commands: str) -> Script:
    stem, _, end = key.partition(".")
    code = template.format(key=key, public=public, new_key=_named(stem, f".{end}"), commands="\n".join(commands))
    return Script(name, code)


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
