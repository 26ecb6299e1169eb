"""Step 6, authentication and mTLS: method, public key, CSR; then access verification with a fresh token. Two people approve."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated

from pydantic import Field

from flows.forms.fields import Answers, Country, FormPage, Input, Kind
from flows.forms.step import Form, Page, Situation, Step, Task
from flows.outbox import ShowKeyCommands, ShowTokenCommands
from flows.people import Side
from flows.problems import Note
from flows.steps.authentication import credentials, example_keys, mtls, parity, proving, renewing, signed, token_check
from flows.steps.authentication.mtls import Pasted, Pem, PemFile
from flows.steps.authentication.openssl import key_scripts, known_details
from flows.steps.authentication.token_scripts import token_scripts

METHODS = ("oidc", "oauth2", "basic")
DOCS = "https://developers.pismo.io/pismo-docs/docs"
GUIDES = {
    "openid": f"{DOCS}/authentication-with-openid",
    "oauth2": f"{DOCS}/authentication-with-oauth2",
    "basic": f"{DOCS}/basic-authentication-with-client-credentials",
}
Claim = Annotated[str, Field(min_length=1, max_length=255), Input(Kind.TEXT)]


class Method(FormPage):
    method: Annotated[str, Input(Kind.CHOICE, METHODS)]
    mtls: Annotated[str, Input(Kind.CHOICE, mtls.WAYS)]


class PublicKeyPage(Pasted):
    public_key: Pem = None
    public_key_file: PemFile = None


class Details(FormPage):
    company: Annotated[str, Field(min_length=1, max_length=100), Input(Kind.TEXT)]
    document: Annotated[str, Field(min_length=1, max_length=20), Input(Kind.TEXT)]
    city: Annotated[str, Field(min_length=1, max_length=60), Input(Kind.TEXT)]
    state: Annotated[str | None, Field(max_length=60), Input(Kind.TEXT)] = None
    country: Country


class Uploaded(FormPage):
    status: Annotated[str, Input(Kind.CHOICE, ("active", "waiting_approval"))]


class Claims(FormPage):
    iss: Claim
    sub: Claim
    aud: Claim


def _is(situation: Situation, name: str, value: str) -> bool:
    return bool(situation.get("authentication", name) == value)


def _uploaded(situation: Situation) -> bool:
    """Whether the key is active: an upload that waits for the second approval in Control Center isn't."""
    return situation.done.get("authentication.upload_key", {}).get("status") == "active"


def _finished(situation: Situation) -> bool:
    registered = not _is(situation, "method", "oidc") or (
        _uploaded(situation) and "authentication.record_claims" in situation.done
    )
    secured = mtls.TASK_OF.get(str(situation.get("authentication", "mtls", "")), "")
    return (
        registered
        and f"authentication.{secured}" in situation.done
        and proving.proved(situation)
        and not proving.unaccepted(situation)
    )


def _links(situation: Situation) -> tuple[tuple[str, str], ...]:
    guide = {"oidc": "openid"}.get(method := situation.get("authentication", "method", "oidc"), method)
    return ((guide, GUIDES[guide]), ("mtls", f"{DOCS}/identity-connectivity-with-mtls"))


def _notes(answers: Answers, situation: Situation) -> Iterator[Note]:
    yield from credentials.notes(answers, situation)
    if answers.get("mtls") == "own_ca":
        yield from signed.own_notes(answers, situation)


KEY = ("method", "public_key")
"""Answers whose change in a new revision means that what was set up with them must be redone."""

STEP = Step(
    "authentication",
    Form(
        "authentication",
        (
            Page("method", Method),
            Page("key", PublicKeyPage, when=lambda answers: answers.get("method") == "oidc", check=credentials.check_public_key),
            Page("details", Details),
            *mtls.PAGES,
        ),
        prefill=known_details,
        notes=_notes,
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
            "own_certificate": example_keys.CERTIFICATE,
        },
    ),
    requires=("organization",),
    approvals=2,
    tasks=(
        Task(
            "upload_key",
            Side.SUPPORT,
            Form("authentication.upload_key", (Page("uploaded", Uploaded),), example={"status": "active"}),
            ready=lambda situation: _is(situation, "method", "oidc") and not _uploaded(situation),
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
            ready=lambda situation: _is(situation, "method", "oidc") and _uploaded(situation),
            effect=ShowTokenCommands,
            stale_with=KEY,
        ),
        *mtls.TASKS,
        *proving.tasks(KEY + mtls.CHANGED_BY, requires=("first_programs",)),
        token_check.TASK,
        *renewing.TASKS,
    ),
    finished=_finished,
    links=_links,
    on_open=(ShowKeyCommands,),
    on_approval=(ShowTokenCommands,),
    key_commands=key_scripts,
    token_commands=token_scripts,
    parity=parity.ITEMS,
)

FIRST_STEP = replace(STEP, tasks=tuple(replace(task, requires=()) for task in STEP.tasks))
"""As journey 1 has it, which has no first programs."""
