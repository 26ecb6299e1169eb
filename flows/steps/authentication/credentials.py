"""Keys, CSRs, and certificates in the authentication step: read as pasted or attached, checked, identified by fingerprint."""

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

from flows.forms.addresses import text_of
from flows.forms.fields import Answers
from flows.forms.step import Situation
from flows.problems import Note, Problem

if TYPE_CHECKING:
    from flows.checks.certificates import Certificate, Csr
    from flows.checks.keys import PublicKey

T = TypeVar("T")

MAX_NAME = 64
"""Of an organization in a certificate (X.520, ub-organization-name)."""


def public_key(answers: Answers) -> "PublicKey":
    """Raises KeyProblem, as does `csr`."""
    from flows.checks.keys import read_public_key  # noqa: PLC0415  cryptography is not needed at startup

    return read_public_key(text_of(answers, "public_key", "public_key_file"))


def csr(answers: Answers) -> "Csr":
    from flows.checks.certificates import read_csr  # noqa: PLC0415  cryptography is not needed at startup

    return read_csr(text_of(answers, "csr", "csr_file"))


def last_day(answers: Answers, name: str) -> str:
    """The last day of a field's certificate, ``YYYY-MM-DD``; empty if it can't be read: the page's check says why."""
    from flows.checks.certificates import read_certificate  # noqa: PLC0415  cryptography is not needed at startup
    from flows.checks.pem import KeyProblem  # noqa: PLC0415  as above

    try:
        return read_certificate(text_of(answers, name, f"{name}_file")).not_after.date().isoformat()
    except KeyProblem:
        return ""


def check_public_key(answers: Answers, _situation: Situation) -> Iterator[Problem]:
    return _unreadable("public_key", public_key, answers)


def check_csr(answers: Answers, _situation: Situation) -> Iterator[Problem]:
    return _unreadable("csr", csr, answers)


def check_certificate(answers: Answers, situation: Situation) -> Iterator[Problem]:
    """Readable, for the key of the customer's CSR, valid now, with a complete chain if one is given.

    A renewal may be for a new CSR that wasn't sent here.
    """
    from flows.checks import chains  # noqa: PLC0415  cryptography is not needed at startup
    from flows.checks.certificates import choose, matches  # noqa: PLC0415  as above

    faults = list(_unreadable("certificate", _chain, answers, "certificate"))
    yield from faults
    if faults:
        return
    request, given = _readable(csr, situation.answers.get("authentication", {})), _chain(answers, "certificate")
    signed = choose(given, request)
    renewed = "authentication.attach_certificate" in situation.done
    if not renewed and (request is None or not matches(request, signed)):
        yield Problem("certificate", "certificate_other_key")
    yield from chains.problems("certificate", given, signed, situation.now)


def check_own_certificate(answers: Answers, situation: Situation) -> Iterator[Problem]:
    """Readable, with a strong key, valid now, with a complete chain if one is given."""
    from flows.checks import chains  # noqa: PLC0415  cryptography is not needed at startup

    faults = list(_unreadable("own_certificate", _own_certificate, answers))
    yield from faults
    if not faults:
        given = _chain(answers, "own_certificate")
        yield from chains.problems("own_certificate", given, _own_certificate(answers), situation.now)


def _chain(answers: Answers, name: str) -> "list[Certificate]":
    from flows.checks.certificates import read_chain  # noqa: PLC0415  cryptography is not needed at startup

    return read_chain(text_of(answers, name, f"{name}_file"))


def _own_certificate(answers: Answers) -> "Certificate":
    from flows.checks.certificates import choose, strength  # noqa: PLC0415  cryptography is not needed at startup

    signed = choose(_chain(answers, "own_certificate"))
    strength(signed)
    return signed


def notes(answers: Answers, _situation: Situation) -> Iterator[Note]:
    """Fingerprints, what was repaired, and where the CSR's subject differs from what the organization said."""
    from flows.checks.csr_subject import compare_subject  # noqa: PLC0415  cryptography is not needed at startup

    key = _readable(public_key, answers) if answers.get("method") == "oidc" else None
    if key:
        yield Note("key_fingerprint", {"fingerprint": key.fingerprint_sha256, "bits": key.bits})
        yield from _repaired(key.notes)
    if answers.get("mtls") == "csr" and (request := _readable(csr, answers)):
        kind = f"{request.key_type} {request.bits_or_curve}"
        yield Note("csr_fingerprint", {"fingerprint": request.fingerprint, "kind_of_key": kind})
        yield from _repaired(request.notes)
        details = {**subject_details(answers), "document_number": str(answers.get("document") or "")}
        yield from (Note(found.key, found.params) for found in compare_subject(request, details))
        if key and key.fingerprint_sha256 == request.fingerprint:
            yield Note("same_key_twice")
    if answers.get("mtls") == "own_ca" and (own := _readable(_own_certificate, answers)):
        facts = {"name": own.name, "issuer": own.issuer, "date": own.not_after.date().isoformat()}
        yield Note("own_certificate", {**facts, "fingerprint": own.spki_fingerprint})
        yield from _repaired(own.notes)


def _repaired(notes: Iterable[str]) -> Iterator[Note]:
    """Except the missing final newline: forms trim input, so it is always missing."""
    return (Note(note) for note in notes if note != "key_note_final_newline")


def subject_details(answers: Answers) -> dict[str, str]:
    """What goes into a CSR's subject, within X.520's length limits."""
    details = {name: str(answers.get(name) or "") for name in ("company", "document", "city", "state", "country")}
    return {**details, "company": details["company"][:MAX_NAME].rstrip()}


def _readable(read: Callable[[Answers], T], answers: Answers) -> T | None:
    """None if it can't be read: the page's own check says why."""
    from flows.checks.pem import KeyProblem  # noqa: PLC0415  not needed at startup

    try:
        return read(answers)
    except KeyProblem:
        return None


def _unreadable(name: str, read: Callable[..., Any], answers: Answers, *more: str) -> Iterator[Problem]:
    from flows.checks.pem import KeyProblem  # noqa: PLC0415  not needed at startup

    if not text_of(answers, name, f"{name}_file").strip():
        yield Problem(name, "paste_or_attach")
        return
    try:
        read(answers, *more)
    except KeyProblem as problem:
        yield Problem(name, str(problem.key), problem.params)
