"""Authentication and mTLS: method, permission groups, public keys, CSR; then a proof with a fresh token. Two people approve."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated

from pydantic import Field

from flows.forms.fields import NAME, AddressState, Answers, Country, FormPage, Input, Kind, state_in
from flows.forms.step import Form, Page, Situation, Step
from flows.problems import Note
from flows.steps.authentication import (
    credentials,
    example_keys,
    groups,
    keys,
    mtls,
    parity,
    proving,
    registration,
    renewing,
    signed,
    token_check,
)
from flows.steps.authentication.openssl import known_details
from flows.steps.authentication.scripts import PLATFORMS

METHODS = ("oidc", "oauth2", "basic")
DOCS = "https://developers.pismo.io/pismo-docs/docs"
GUIDES = {
    "openid": f"{DOCS}/authentication-with-openid",
    "oauth2": f"{DOCS}/authentication-with-oauth2",
    "basic": f"{DOCS}/basic-authentication-with-client-credentials",
}


class Method(FormPage):
    method: Annotated[str, Input(Kind.CHOICE, METHODS, redraws=True)]
    mtls: Annotated[str, Input(Kind.CHOICE, mtls.WAYS, redraws=True)]


class MethodAndMachine(Method):
    """``platform``: whose commands the forms show."""

    platform: Annotated[str, Input(Kind.CHOICE, PLATFORMS)]


class Details(FormPage):
    company: Annotated[str, Field(min_length=1, max_length=100), NAME, Input(Kind.TEXT)]
    document: Annotated[str, Field(min_length=1, max_length=20), Input(Kind.TEXT)]
    city: Annotated[str, Field(min_length=1, max_length=60), NAME, Input(Kind.TEXT)]
    state: AddressState = None
    country: Country


def _normal_details(answers: Answers) -> Answers:
    return {"state": state_in(str(answers.get("country", "")), answers.get("state"))}


def _finished(situation: Situation) -> bool:
    secured = mtls.TASK_OF.get(str(situation.get("authentication", "mtls", "")), "")
    return (
        registration.registered(situation)
        and f"authentication.{secured}" in situation.done
        and proving.proved(situation)
        and not proving.unaccepted(situation)
    )


def _links(situation: Situation) -> tuple[tuple[str, str], ...]:
    guide = {"oidc": "openid"}.get(method := situation.get("authentication", "method", "oidc"), method)
    return ((guide, GUIDES[guide]), ("mtls", f"{DOCS}/identity-connectivity-with-mtls"))


def _notes(answers: Answers, situation: Situation) -> Iterator[Note]:
    yield from groups.notes(answers, situation)
    yield from credentials.notes(answers, situation)
    if answers.get("method") == "oidc":
        yield from keys.production_notes(answers, situation)
    if answers.get("mtls") == "own_ca":
        yield from signed.own_notes(answers, situation)


def _facts(situation: Situation) -> Iterator[Note]:
    yield from registration.facts(situation)
    if situation.get("authentication", "method") in ("oauth2", "basic") and not proving.proved(situation):
        yield Note("where_access_keys_come_from")


def _receipt(situation: Situation) -> Iterator[Note]:
    sent = situation.answers.get("authentication", {})
    if method := sent.get("method"):
        yield Note(f"method_{method}")
    yield from (note for note in groups.notes(sent, situation) if note.key == "groups_to_allow")
    if method == "oidc":
        there = {"production_key": keys.in_production(situation)}
        fingerprints = (*credentials.notes(sent, situation), *keys.production_notes(there, situation))
        yield from (note for note in fingerprints if note.key.endswith("key_fingerprint"))


STEP = Step(
    "authentication",
    Form(
        "authentication",
        (
            Page("method", MethodAndMachine),
            *keys.PAGES,
            Page("groups", groups.Groups, when=groups.asked, check=groups.check),
            Page("details", Details, known=True, normal=_normal_details),
            *mtls.PAGES,
        ),
        prefill=known_details,
        notes=_notes,
        review=True,
        example={
            "method": "basic",
            "mtls": "pismo_pair",
            "platform": "posix",
            "groups": ["accounts", "cards"],
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
        *registration.TASKS,
        *mtls.TASKS,
        *proving.tasks(keys.CHANGED_BY + mtls.CHANGED_BY, requires=("first_programs",)),
        token_check.TASK,
        keys.SEND_LATER,
        *renewing.TASKS,
    ),
    finished=_finished,
    links=_links,
    facts=_facts,
    receipt=_receipt,
    parity=parity.ITEMS,
)

_LATER = ("platform", "groups", "record_upload", "send_production_key")
FIRST_STEP = replace(
    STEP,
    form=replace(
        STEP.form,
        pages=(
            Page("method", Method),
            *(page for page in STEP.form.pages if page.id not in ("method", "groups", "production_key")),
        ),
        example={name: value for name, value in STEP.form.example.items() if name not in _LATER},
    ),
    tasks=tuple(
        replace(token_check.FIRST_TASK if task is token_check.TASK else task, approvals=1, requires=())
        for task in STEP.tasks
        if task.id not in _LATER
    ),
    facts=lambda situation: (fact for fact in _facts(situation) if fact.key != "key_to_upload"),
)
"""As journey 1 has it: one key, which support uploads, claims that one person records, no permission groups, and no first programs."""
