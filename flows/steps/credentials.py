"""Keys, requests and certificates in the authentication step: read as pasted or attached, checked, told by their fingerprints."""

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

from flows.fields import Answers
from flows.problems import Note, Problem
from flows.step import Situation
from flows.steps.addresses import text_of

if TYPE_CHECKING:
    from flows.certificates import Certificate, Csr
    from flows.keys import PublicKey

T = TypeVar("T")

LONGEST_NAME = 64
"""Of an organization in a certificate (X.520, ub-organization-name)."""


def public_key(answers: Answers) -> "PublicKey":
    """Raises KeyProblem, as the two below."""
    from flows.keys import read_public_key  # noqa: PLC0415  cryptography is not needed to start

    return read_public_key(text_of(answers, "public_key", "public_key_file"))


def csr(answers: Answers) -> "Csr":
    from flows.certificates import read_csr  # noqa: PLC0415  cryptography is not needed to start

    return read_csr(text_of(answers, "csr", "csr_file"))


def certificate(answers: Answers) -> "Certificate":
    from flows.certificates import read_certificate  # noqa: PLC0415  cryptography is not needed to start

    return read_certificate(text_of(answers, "certificate", "certificate_file"))


def check_public_key(answers: Answers, _at: Situation) -> Iterator[Problem]:
    return _unreadable("public_key", public_key, answers)


def check_csr(answers: Answers, _at: Situation) -> Iterator[Problem]:
    return _unreadable("csr", csr, answers)


def check_certificate(answers: Answers, at: Situation) -> Iterator[Problem]:
    """Readable, valid now, and for the key of the customer's request."""
    from flows.certificates import matches  # noqa: PLC0415  cryptography is not needed to start

    faults = list(_unreadable("certificate", certificate, answers))
    yield from faults
    if faults:
        return
    signed = certificate(answers)
    if signed.not_after <= at.now:
        yield Problem("certificate", "certificate_expired", {"date": signed.not_after.date().isoformat()})
    elif not (request := _readable(csr, at.answers.get("authentication", {}))) or not matches(request, signed):
        yield Problem("certificate", "certificate_other_key")


def notes(answers: Answers, _at: Situation) -> Iterator[Note]:
    """Fingerprints, what was mended, and where the request's subject is not what the organization said."""
    from flows.csr_subject import compare_subject  # noqa: PLC0415  cryptography is not needed to start

    if answers.get("method") == "oidc" and (key := _readable(public_key, answers)):
        yield Note("key_fingerprint", {"fingerprint": key.fingerprint_sha256, "bits": key.bits})
        yield from _mended(key.notes)
    if answers.get("mtls") == "csr" and (request := _readable(csr, answers)):
        kind = f"{request.key_type} {request.bits_or_curve}"
        yield Note("csr_fingerprint", {"fingerprint": request.fingerprint, "kind_of_key": kind})
        yield from _mended(request.notes)
        details = {**subject_details(answers), "document_number": str(answers.get("document") or "")}
        yield from (Note(found.key, found.params) for found in compare_subject(request, details))


def _mended(notes: Iterable[str]) -> Iterator[Note]:
    """Without the missing line end: forms trim what is typed, so it is always missing."""
    return (Note(note) for note in notes if note != "key_note_final_newline")


def subject_details(answers: Answers) -> dict[str, str]:
    """What goes into a request's subject, of lengths that X.520 allows."""
    details = {name: str(answers.get(name) or "") for name in ("company", "document", "city", "state", "country")}
    return {**details, "company": details["company"][:LONGEST_NAME].rstrip()}


def _readable(read: Callable[[Answers], T], answers: Answers) -> T | None:
    """None where the page's own check says what is wrong."""
    from flows.pem import KeyProblem  # noqa: PLC0415  not needed to start

    try:
        return read(answers)
    except KeyProblem:
        return None


def _unreadable(name: str, read: Callable[[Answers], Any], answers: Answers) -> Iterator[Problem]:
    from flows.pem import KeyProblem  # noqa: PLC0415  not needed to start

    if not text_of(answers, name, f"{name}_file").strip():
        yield Problem(name, "paste_or_attach")
        return
    try:
        read(answers)
    except KeyProblem as problem:
        yield Problem(name, str(problem.key), problem.params)
