"""Step 6, authentication and mTLS: method, public key, certificate request; then the proof with a fresh token. Two approve."""

from typing import Annotated, Self

from pydantic import BeforeValidator, Field, model_validator

from flows.fields import FormPage, Input, Kind
from flows.people import Side
from flows.step import Form, Page, Situation, Step, Task
from flows.steps import credentials, example_keys
from flows.steps.inputs import LONGEST, Attachment, Country
from flows.steps.openssl import known_details, openssl_commands

__all__ = ["STEP", "openssl_commands"]

METHODS = ("oidc", "oauth2", "basic")
DOCS = "https://developers.pismo.io/pismo-docs/docs"
GUIDES = {
    "openid": f"{DOCS}/authentication-with-openid",
    "oauth2": f"{DOCS}/authentication-with-oauth2",
    "basic": f"{DOCS}/basic-authentication-with-client-credentials",
}
PEM_FILES = ("pem", "pub", "csr", "crt", "cer", "txt")

Pem = Annotated[str | None, Field(max_length=LONGEST), Input(Kind.LONG_TEXT)]
PemFile = Annotated[Attachment | None, Input(Kind.FILE, filetypes=PEM_FILES, instead=True)]
Claim = Annotated[str, Field(min_length=1, max_length=255), Input(Kind.TEXT)]


class Method(FormPage):
    method: Annotated[str, Input(Kind.CHOICE, METHODS)]
    mtls: Annotated[str, Input(Kind.CHOICE, ("csr", "pismo_pair"))]


class Pasted(FormPage):
    """A PEM in the field of this name, or as a file beside it, which then replaces what was pasted."""

    @model_validator(mode="after")
    def _file_first(self) -> Self:
        for name in type(self).model_fields:
            file = getattr(self, f"{name}_file", None)
            if file and file.get("text", "").strip():
                fits = len(file["text"]) <= LONGEST
                setattr(self, name, file["text"] if fits else None)
                setattr(self, f"{name}_file", None if fits else file)
        return self


class PublicKey(Pasted):
    public_key: Pem = None
    public_key_file: PemFile = None


class Details(FormPage):
    company: Annotated[str, Field(min_length=1, max_length=100), Input(Kind.TEXT)]
    document: Annotated[str, Field(min_length=1, max_length=20), Input(Kind.TEXT)]
    city: Annotated[str, Field(min_length=1, max_length=60), Input(Kind.TEXT)]
    state: Annotated[str | None, Field(max_length=60), Input(Kind.TEXT)] = None
    country: Country


class SigningRequest(Pasted):
    csr: Pem = None
    csr_file: PemFile = None


class Uploaded(FormPage):
    status: Annotated[str, Input(Kind.CHOICE, ("active", "waiting_approval"))]


class Claims(FormPage):
    iss: Claim
    sub: Claim
    aud: Claim


class Signed(Pasted):
    """``expires_on``: the certificate's last day (``YYYY-MM-DD``), read from it; empty where it cannot be read."""

    certificate: Pem = None
    certificate_file: PemFile = None
    expires_on: str = ""

    @model_validator(mode="after")
    def _read_expiry(self) -> Self:
        from flows.pem import KeyProblem  # noqa: PLC0415  cryptography is not needed to start

        try:
            self.expires_on = credentials.certificate(self.__dict__).not_after.date().isoformat()
        except KeyProblem:  # the page's check says what is wrong with it
            self.expires_on = ""
        return self


def _unwrapped(value: object) -> object:
    """As terminals and log files show a token: after ``Bearer``, broken into lines."""
    return "".join(value.split()).removeprefix("Bearer") if isinstance(value, str) else value


class Token(FormPage):
    environment: Annotated[str, Input(Kind.CHOICE, ("test",))] = "test"
    token: Annotated[
        str,
        Field(min_length=20, max_length=LONGEST),
        BeforeValidator(_unwrapped),
        Input(Kind.LONG_TEXT, allow=frozenset({"access_token"}), forget=True),
    ]


def _is(at: Situation, name: str, value: str) -> bool:
    return bool(at.get("authentication", name) == value)


def _uploaded(at: Situation) -> bool:
    """Whether the key is active: an upload that waits for the second approval in Control Center is not."""
    return at.done.get("authentication.upload_key", {}).get("status") == "active"


def _finished(at: Situation) -> bool:
    registered = not _is(at, "method", "oidc") or (_uploaded(at) and "authentication.record_claims" in at.done)
    mtls = "attach_certificate" if _is(at, "mtls", "csr") else "hand_over_pair"
    return registered and f"authentication.{mtls}" in at.done and "authentication.prove_access" in at.done


def _links(at: Situation) -> tuple[tuple[str, str], ...]:
    guide = {"oidc": "openid"}.get(method := at.get("authentication", "method", "oidc"), method)
    return ((guide, GUIDES[guide]), ("mtls", f"{DOCS}/identity-connectivity-with-mtls"))


KEY, REQUEST = ("method", "public_key"), ("mtls", "csr")
"""What a new revision may change, so that what was set up with it is to be done anew."""

STEP = Step(
    "authentication",
    Form(
        "authentication",
        (
            Page("method", Method),
            Page("key", PublicKey, when=lambda answers: answers.get("method") == "oidc", check=credentials.check_public_key),
            Page("details", Details),
            Page("csr", SigningRequest, when=lambda answers: answers.get("mtls") == "csr", check=credentials.check_csr),
        ),
        prefill=known_details,
        notes=credentials.notes,
        review=True,
        example={
            "method": "basic",
            "mtls": "pismo_pair",
            "public_key": example_keys.PUBLIC_KEY,
            "company": "Example Bank S.A.",
            "document": "11.222.333/0001-81",
            "city": "São Paulo",
            "state": "SP",
            "country": "BRA",
            "csr": example_keys.SIGNING_REQUEST,
        },
    ),
    requires=("organization",),
    approvals=2,
    tasks=(
        Task(
            "upload_key",
            Side.SUPPORT,
            Form("authentication.upload_key", (Page("uploaded", Uploaded),), example={"status": "active"}),
            ready=lambda at: _is(at, "method", "oidc") and not _uploaded(at),
            repeatable=True,
            stale_with=KEY,
        ),
        Task(
            "record_claims",
            Side.SUPPORT,
            Form(
                "authentication.record_claims",
                (Page("claims", Claims),),
                example={"iss": "https://issuer.example", "sub": "example-bank", "aud": "https://audience.example"},
            ),
            ready=lambda at: _is(at, "method", "oidc") and _uploaded(at),
            stale_with=KEY,
        ),
        Task(
            "attach_certificate",
            Side.SUPPORT,
            Form(
                "authentication.attach_certificate",
                (Page("signed", Signed, check=credentials.check_certificate),),
                example={"certificate": example_keys.CERTIFICATE},
            ),
            ready=lambda at: _is(at, "mtls", "csr"),
            stale_with=REQUEST,
            expires="expires_on",
        ),
        Task("hand_over_pair", Side.SUPPORT, ready=lambda at: _is(at, "mtls", "pismo_pair")),
        Task(
            "prove_access",
            Side.CUSTOMER,
            Form(
                "authentication.prove_access",
                (Page("token", Token),),
                example={"environment": "test", "token": "an-access-token-of-the-test-environment"},
            ),
            ready=lambda at: bool(at.org_id) and "authentication.prove_access" not in at.done,
            repeatable=True,
            effect="proof",
            stale_with=KEY + REQUEST,
        ),
    ),
    finished=_finished,
    links=_links,
    on_open=("commands",),
)
