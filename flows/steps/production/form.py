"""What the customer says about production before it is opened: organization, programs, key, certificate, people, the day."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from typing import Annotated

from flows.forms import addresses
from flows.forms.fields import AddressList, Answers, Email, FormPage, Input, Kind
from flows.forms.step import Form, Page, Situation, not_past
from flows.problems import Note, NoteKind, Problem
from flows.steps.authentication import credentials, example_keys, keys
from flows.steps.authentication.mtls import Pasted, Pem, PemFile, SigningRequest
from flows.steps.authentication.openssl import request_scripts
from flows.steps.production import certificate
from flows.steps.production.lane import STEP, method


class ProductionPlan(FormPage):
    org: Annotated[str, Input(Kind.CHOICE, ("same", "own"), choices="production_organization")]
    way: Annotated[str, Input(Kind.CHOICE, ("export", "hand"), choices="production_way")]
    key: Annotated[str | None, Input(Kind.CHOICE, ("same", "another", "none"), choices="production_key", redraws=True)] = None
    certificate: Annotated[str, Input(Kind.CHOICE, ("same", "another"), choices="production_certificate", redraws=True)]


class ProductionKey(Pasted):
    one_of = (("public_key", "public_key_file"),)

    public_key: Pem = None
    public_key_file: PemFile = None


class PeopleAndDays(FormPage):
    """``keys_by``: who makes access keys and uploads public keys in Control Center."""

    users: AddressList
    access_from: Annotated[date, Input(Kind.DATE)]
    keys_by: Email
    go_live: Annotated[date, Input(Kind.DATE)]
    cutover_contact: Email


def _unasked(_answers: Answers, situation: Situation) -> tuple[str, ...]:
    """Only who signs with a key of their own needs one in production."""
    return ("key",) if method(situation) not in ("", "oidc") else ()


def _no_key_since(answers: Answers, _at: datetime, situation: Situation) -> Answers:
    """Who signs in otherwise by now sends no key, whatever was chosen before."""
    return {"key": "none"} if _unasked(answers, situation) and answers.get("key") != "none" else {}


def _plan(answers: Answers, situation: Situation) -> Iterator[Problem]:
    if _unasked(answers, situation):
        return
    if not answers.get("key"):
        yield Problem("key", "missing")
    elif method(situation) == "oidc" and answers["key"] == "none":
        yield Problem("key", "production_key_needed")
    elif answers["key"] == "same" and not keys.production_text(situation):
        yield Problem("key", "production_key_not_given")


def _key(answers: Answers, situation: Situation) -> Iterator[Problem]:
    yield from credentials.check_public_key(answers, situation)
    if keys.is_tests(answers, situation):
        yield Problem("public_key", "same_key_for_both")


def _people(answers: Answers, situation: Situation) -> Iterator[Problem]:
    yield from not_past(answers, situation, "access_from", "go_live")
    yield from addresses.check(answers, "users")


def _prefill(situation: Situation) -> Answers:
    """What environments and planning know, and one of everything for both environments."""
    known = {
        "org": "same",
        "way": "export",
        "certificate": "same",
        "key": "none" if method(situation) != "oidc" else "same" if keys.production_text(situation) else "another",
        "users": situation.get("environments", "production_users"),
        "access_from": situation.get("environments", "production_from"),
        "go_live": situation.go_live.isoformat() if situation.go_live else situation.get("planning", "go_live"),
        "cutover_contact": situation.contact,
        "keys_by": situation.contact,
    }
    return {name: value for name, value in known.items() if value}


def _notes(answers: Answers, situation: Situation) -> Iterator[Note]:
    yield Note("production_users_follow", kind=NoteKind.HINT)
    yield from addresses.notes(answers, situation, "users")
    if answers.get("key") == "another" and (key := credentials.readable(credentials.public_key, answers)):
        yield Note("key_fingerprint", {"fingerprint": key.fingerprint_sha256, "bits": key.bits})
        yield from credentials.repaired(key.notes)
    if answers.get("certificate") == "another":
        these = replace(situation, answers={**situation.answers, STEP: answers})
        yield from certificate.REQUESTED.request_notes(answers, these)
    given = answers.get("go_live")
    if given and situation.go_live and given != situation.go_live.isoformat():
        yield Note("production_other_day", {"before": situation.go_live.isoformat(), "day": str(given)}, NoteKind.TO_CHECK)
    if given and str(answers.get("access_from") or "") > str(given):
        yield Note("production_after_go_live", {"go_live": str(given)}, NoteKind.TO_CHECK)


FORM = Form(
    STEP,
    (
        Page("plan", ProductionPlan, compulsory=lambda _answers: ("key",), hides=_unasked, check=_plan),
        Page("key", ProductionKey, when=lambda answers: answers.get("key") == "another", check=_key),
        Page(
            "csr",
            SigningRequest,
            when=lambda answers: answers.get("certificate") == "another",
            check=credentials.check_csr,
            scripts=request_scripts,
        ),
        Page("people_and_days", PeopleAndDays, check=_people, known=True),
    ),
    prefill=_prefill,
    since=_no_key_since,
    notes=_notes,
    review=True,
    example={
        "org": "same",
        "way": "export",
        "key": "none",
        "certificate": "same",
        "public_key": example_keys.PRODUCTION_KEY,
        "csr": example_keys.SIGNING_REQUEST,
        "users": "operations.lead@bank.example",
        "access_from": "2099-01-10",
        "keys_by": "administrator@bank.example",
        "go_live": "2099-02-01",
        "cutover_contact": "operations.lead@bank.example",
    },
)
