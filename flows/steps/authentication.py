"""Step 6, authentication and mTLS: method, public key, certificate request; then the proof with a fresh token. Two approve."""

import re
from collections.abc import Iterable
from typing import Annotated, Any, Literal

from pydantic import Field

from flows.fields import Answers, FormPage, Input, Kind
from flows.people import Side
from flows.problems import Note, Problem
from flows.step import Form, Page, Situation, Step, Task
from flows.steps.addresses import text_of
from flows.steps.organization import Country

DOCS = "https://developers.pismo.io/pismo-docs/docs"
PEM_FILES = ("pem", "txt", "pub", "csr", "crt", "cer")


class Method(FormPage):
    method: Annotated[Literal["oidc", "oauth2", "basic"], Input(Kind.CHOICE, ("oidc", "oauth2", "basic"))]
    mtls: Annotated[Literal["csr", "pismo_pair"], Input(Kind.CHOICE, ("csr", "pismo_pair"))]


class PublicKey(FormPage):
    public_key: Annotated[str | None, Field(max_length=3000), Input(Kind.LONG_TEXT)] = None
    public_key_file: Annotated[dict[str, str] | None, Input(Kind.FILE, filetypes=PEM_FILES)] = None


class Request(FormPage):
    csr: Annotated[str | None, Field(max_length=3000), Input(Kind.LONG_TEXT)] = None
    csr_file: Annotated[dict[str, str] | None, Input(Kind.FILE, filetypes=PEM_FILES)] = None


class Details(FormPage):
    company: Annotated[str, Field(min_length=1, max_length=100), Input(Kind.TEXT)]
    document: Annotated[str, Field(min_length=1, max_length=20), Input(Kind.TEXT)]
    city: Annotated[str, Field(min_length=1, max_length=60), Input(Kind.TEXT)]
    state: Annotated[str, Field(min_length=1, max_length=2), Input(Kind.TEXT)]
    country: Country


class Uploaded(FormPage):
    status: Annotated[Literal["active", "waiting_approval"], Input(Kind.CHOICE, ("active", "waiting_approval"))]


class Claims(FormPage):
    iss: Annotated[str, Field(min_length=1, max_length=200), Input(Kind.TEXT)]
    sub: Annotated[str, Field(min_length=1, max_length=200), Input(Kind.TEXT)]
    aud: Annotated[str, Field(min_length=1, max_length=200), Input(Kind.TEXT)]


class Signed(FormPage):
    certificate: Annotated[str | None, Field(max_length=3000), Input(Kind.LONG_TEXT)] = None
    certificate_file: Annotated[dict[str, str] | None, Input(Kind.FILE, filetypes=PEM_FILES)] = None


class Token(FormPage):
    environment: Annotated[Literal["test"], Input(Kind.CHOICE, ("test",))]
    token: Annotated[
        str,
        Field(min_length=1, max_length=3000),
        Input(Kind.LONG_TEXT, allow=frozenset({"access_token"}), forget=True),
    ]


def _read(kind: str, answers: Answers, *names: str) -> Any:
    """A key, request or certificate as pasted or from a file. Raises KeyProblem."""
    from flows import certificates, keys  # noqa: PLC0415  cryptography is not needed to start

    text = text_of(answers, *names)
    reader = {"key": keys.read_public_key, "csr": certificates.read_csr, "certificate": certificates.read_certificate}[kind]
    return reader(text)


def _problems(kind: str, answers: Answers, *names: str) -> Iterable[Problem]:
    from flows.pem import KeyProblem  # noqa: PLC0415

    if not text_of(answers, *names).strip():
        yield Problem(names[0], "paste_or_attach")
        return
    try:
        _read(kind, answers, *names)
    except KeyProblem as problem:
        yield Problem(names[0], str(problem.key), problem.params)


def _key(answers: Answers, _at: Situation) -> Iterable[Problem]:
    return _problems("key", answers, "public_key", "public_key_file")


def _csr(answers: Answers, _at: Situation) -> Iterable[Problem]:
    return _problems("csr", answers, "csr", "csr_file")


def _certificate(answers: Answers, at: Situation) -> Iterable[Problem]:
    from flows import certificates  # noqa: PLC0415

    found = list(_problems("certificate", answers, "certificate", "certificate_file"))
    yield from found
    if found:
        return
    certificate = _read("certificate", answers, "certificate", "certificate_file")
    if certificate.not_after <= at.now:
        yield Problem("certificate", "certificate_expired", {"date": certificate.not_after.date().isoformat()})
    elif not certificates.matches(_read("csr", at.answers["authentication"], "csr", "csr_file"), certificate):
        yield Problem("certificate", "certificate_other_key")


def _notes(answers: Answers, _at: Situation) -> Iterable[Note]:
    from flows.csr_subject import compare_subject  # noqa: PLC0415
    from flows.pem import KeyProblem  # noqa: PLC0415

    try:
        if answers.get("method") == "oidc" and text_of(answers, "public_key", "public_key_file"):
            key = _read("key", answers, "public_key", "public_key_file")
            yield Note("key_fingerprint", {"bits": key.bits, "fingerprint": key.fingerprint_sha256})
            for repaired in key.notes:
                yield Note(str(repaired))
        if answers.get("mtls") == "csr" and text_of(answers, "csr", "csr_file"):
            csr = _read("csr", answers, "csr", "csr_file")
            yield Note("csr_fingerprint", {"kind": csr.key_type, "size": csr.bits_or_curve, "fingerprint": csr.fingerprint})
            for difference in compare_subject(csr, subject_details(answers)):
                yield Note("csr_subject", {"difference": str(difference)})
    except KeyProblem:
        return  # the page's own check says what is wrong


def subject_details(answers: Answers) -> dict[str, str]:
    return {name: str(answers.get(name) or "") for name in ("company", "document", "city", "state", "country")}


def _prefill(at: Situation) -> Answers:
    known = at.answers.get("organization", {})
    names = {"official_name": "company", "document_number": "document", "city": "city", "state": "state", "country": "country"}
    return {ours: known[theirs] for theirs, ours in names.items() if known.get(theirs)}


def openssl_commands(at: Situation) -> str:
    """Exact commands for the key pair and the request, with this customer's subject, quoted for a shell."""
    from flows.iso_codes import alpha2  # noqa: PLC0415

    details = {**_prefill(at), **at.answers.get("authentication", {})}
    parts = {
        "C": alpha2(str(details.get("country") or "")) or "",
        "ST": details.get("state"),
        "L": details.get("city"),
        "O": details.get("company"),
        "serialNumber": details.get("document"),
        "CN": details.get("company"),
    }
    subject = "".join(f"/{name}={_quoted(str(value))}" for name, value in parts.items() if value)
    return "\n".join(
        (
            "# key pair for OpenID Connect: send rsa.pub, keep rsakey.pem",
            "openssl genpkey -out rsakey.pem -algorithm RSA -pkeyopt rsa_keygen_bits:2048",
            "openssl rsa -in rsakey.pem -out rsa.pub -pubout -outform PEM",
            "# certificate request for mTLS: send mtls.csr, keep mtls.key",
            f"openssl req -new -newkey rsa:2048 -nodes -keyout mtls.key -out mtls.csr -utf8 -subj '{subject}'",
        )
    )


def _quoted(value: str) -> str:
    """Harmless in single quotes of a shell and between the slashes of -subj."""
    return re.sub(r"[\x00-\x1f`']", "", value).replace("\\", "\\\\").replace("/", "\\/")


def _uploaded(at: Situation) -> bool:
    return at.done.get("authentication.upload_key", {}).get("status") == "active"


def is_method(at: Situation, *methods: str) -> bool:
    return at.get("authentication", "method") in methods


def mtls_is(at: Situation, how: str) -> bool:
    return bool(at.get("authentication", "mtls") == how)


def _finished(at: Situation) -> bool:
    key = not is_method(at, "oidc") or (_uploaded(at) and "authentication.record_claims" in at.done)
    certificate = "authentication.attach_certificate" if mtls_is(at, "csr") else "authentication.hand_over_pair"
    return key and certificate in at.done and "authentication.prove_access" in at.done


STEP = Step(
    "authentication",
    Form(
        "authentication",
        (
            Page("method", Method),
            Page("key", PublicKey, when=lambda answers: answers.get("method") == "oidc", check=_key),
            Page("csr", Request, when=lambda answers: answers.get("mtls") == "csr", check=_csr),
            Page("details", Details),
        ),
        prefill=_prefill,
        notes=_notes,
        review=True,
        example={
            "method": "basic",
            "mtls": "pismo_pair",
            "company": "Acme Bank S.A.",
            "document": "11.222.333/0001-81",
            "city": "São Paulo",
            "state": "SP",
            "country": "BRA",
        },
    ),
    requires=("organization",),
    approvals=2,
    tasks=(
        Task(
            "upload_key",
            Side.SUPPORT,
            Form("authentication.upload_key", (Page("uploaded", Uploaded),), example={"status": "active"}),
            ready=lambda at: is_method(at, "oidc") and not _uploaded(at),
            repeatable=True,
        ),
        Task(
            "record_claims",
            Side.SUPPORT,
            Form(
                "authentication.record_claims", (Page("claims", Claims),), example={"iss": "acme", "sub": "acme", "aud": "pismo"}
            ),
            ready=lambda at: is_method(at, "oidc") and _uploaded(at),
        ),
        Task(
            "attach_certificate",
            Side.SUPPORT,
            Form("authentication.attach_certificate", (Page("signed", Signed, check=_certificate),)),
            ready=lambda at: mtls_is(at, "csr"),
        ),
        Task("hand_over_pair", Side.SUPPORT, ready=lambda at: mtls_is(at, "pismo_pair")),
        Task(
            "prove_access",
            Side.CUSTOMER,
            Form("authentication.prove_access", (Page("token", Token),), example={"environment": "test"}),
            ready=lambda at: bool(at.org_id) and "authentication.prove_access" not in at.done,
            repeatable=True,
            effect="proof",
        ),
    ),
    finished=_finished,
    links=lambda _at: (("openid", f"{DOCS}/authentication-with-openid"), ("mtls", f"{DOCS}/identity-connectivity-with-mtls")),
    on_open=("commands",),
)
