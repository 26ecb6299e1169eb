"""Keys and CSRs in the authentication step: read as pasted or attached, checked, identified by fingerprint."""

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

from flows.checks.key_faults import NOT_MENDED, KeyNote
from flows.forms.addresses import text_of
from flows.forms.fields import Answers
from flows.forms.step import Situation
from flows.problems import Note, NoteKind, Problem

if TYPE_CHECKING:
    from flows.checks.certificates import Csr
    from flows.checks.keys import PublicKey

T = TypeVar("T")

MAX_NAME = 64
"""Of an organization in a certificate (X.520, ub-organization-name)."""


def public_key(answers: Answers) -> "PublicKey":
    """Raises KeyProblem, as do `production_key` and `csr`."""
    from flows.checks.keys import read_public_key  # noqa: PLC0415  cryptography is not needed at startup

    return read_public_key(text_of(answers, "public_key", "public_key_file"))


def production_key(answers: Answers) -> "PublicKey":
    from flows.checks.keys import read_public_key  # noqa: PLC0415  cryptography is not needed at startup

    return read_public_key(text_of(answers, "production_key", "production_key_file"))


def csr(answers: Answers) -> "Csr":
    from flows.checks.certificates import read_csr  # noqa: PLC0415  cryptography is not needed at startup

    return read_csr(text_of(answers, "csr", "csr_file"))


def check_public_key(answers: Answers, _situation: Situation) -> Iterator[Problem]:
    return unreadable("public_key", public_key, answers)


def check_csr(answers: Answers, _situation: Situation) -> Iterator[Problem]:
    return unreadable("csr", csr, answers)


def notes(answers: Answers, _situation: Situation) -> Iterator[Note]:
    """Fingerprints, what was repaired, and where the CSR's subject differs from what the organization said."""
    from flows.checks.csr_subject import compare_subject  # noqa: PLC0415  cryptography is not needed at startup

    key = readable(public_key, answers) if answers.get("method") == "oidc" else None
    if key:
        yield Note(
            "test_key_fingerprint" if "production_key" in answers else "key_fingerprint",
            {"fingerprint": key.fingerprint_sha256, "bits": key.bits},
        )
        yield from repaired(key.notes)
    if answers.get("mtls") == "csr" and (request := readable(csr, answers)):
        kind = f"{request.key_type} {request.bits_or_curve}"
        yield Note("csr_fingerprint", {"fingerprint": request.fingerprint, "kind_of_key": kind})
        yield from repaired(request.notes)
        details = {**subject_details(answers), "document_number": str(answers.get("document") or "")}
        yield from (Note(found.key, found.params, NoteKind.TO_CHECK) for found in compare_subject(request, details))
        if key and key.fingerprint_sha256 == request.fingerprint:
            yield Note("same_key_twice", kind=NoteKind.TO_CHECK)


def repaired(notes: Iterable[str]) -> Iterator[Note]:
    """Except the missing final newline: forms trim input, so it is always missing."""
    kept = (note for note in notes if note != KeyNote.FINAL_NEWLINE)
    return (Note(note, kind=NoteKind.TO_CHECK if note in NOT_MENDED else NoteKind.FACT) for note in kept)


def subject_details(answers: Answers) -> dict[str, str]:
    """What goes into a CSR's subject, within X.520's length limits."""
    details = {name: str(answers.get(name) or "") for name in ("company", "document", "city", "state", "country")}
    return {**details, "company": details["company"][:MAX_NAME].rstrip()}


def readable(read: Callable[..., T], answers: Answers, *more: str) -> T | None:
    """None if it can't be read: the page's own check says why."""
    from flows.checks.pem import KeyProblem  # noqa: PLC0415  not needed at startup

    try:
        return read(answers, *more)
    except KeyProblem:
        return None


def unreadable(name: str, read: Callable[..., Any], answers: Answers, *more: str) -> Iterator[Problem]:
    from flows.checks.pem import KeyProblem  # noqa: PLC0415  not needed at startup

    if not text_of(answers, name, f"{name}_file").strip():
        yield Problem(name, "paste_or_attach")
        return
    try:
        read(answers, *more)
    except KeyProblem as problem:
        yield Problem(name, str(problem.key), problem.params)
