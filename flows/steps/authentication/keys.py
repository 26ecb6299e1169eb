"""OpenID Connect's keys in the authentication step: one for each environment, who uploads test's to Control Center, and the claims
that Pismo gives with it. Production's may come later; only its fingerprint is looked at here.
"""

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from flows.forms.addresses import text_of
from flows.forms.fields import Answers, FormPage, Input, Kind
from flows.forms.step import Form, Page, Situation, Task
from flows.outbox import ShowTaskInFull
from flows.people import Side
from flows.problems import Note, Problem
from flows.state import StepState
from flows.steps.authentication import credentials, example_keys, groups
from flows.steps.authentication.mtls import Pasted, Pem, PemFile
from flows.steps.authentication.openssl import pair_scripts, production_pair_scripts

STEP = "authentication"
UPLOAD, RECORD_UPLOAD, CLAIMS = f"{STEP}.upload_key", f"{STEP}.record_upload", f"{STEP}.record_claims"
SEND_PRODUCTION = f"{STEP}.send_production_key"
CHANGED_BY = ("method", "public_key")
"""Answers whose change in a new revision means that what was set up with them must be redone."""
Claim = Annotated[str, Field(min_length=1, max_length=255), Input(Kind.TEXT)]


class PublicKeyPage(Pasted):
    public_key: Pem = None
    public_key_file: PemFile = None


class ProductionKeyPage(Pasted):
    production_key: Pem = None
    production_key_file: PemFile = None


class Uploaded(FormPage):
    status: Annotated[str, Input(Kind.CHOICE, ("active", "waiting_approval"))]


class Claims(FormPage):
    iss: Claim
    sub: Claim
    aud: Claim


def openid(situation: Situation) -> bool:
    return bool(situation.get(STEP, "method") == "oidc")


# -- the keys


def sent_later(situation: Situation) -> Answers:
    """Production's key as it was sent last with a task of its own; nothing if it wasn't."""
    items = situation.items.get(SEND_PRODUCTION, ())
    return items[-1][1] if items else {}


def with_production(situation: Situation) -> Answers:
    """The answers that hold production's key, if the customer has sent it: the task's, else the step's."""
    return sent_later(situation) or situation.answers.get(STEP, {})


def production_text(situation: Situation) -> str:
    """Production's key as the customer sent it; empty if not yet."""
    return text_of(with_production(situation), "production_key", "production_key_file")


def _is_tests(answers: Answers, test: Answers) -> bool:
    """Whether production's key in ``answers`` is test's in ``test``."""
    one, other = credentials.readable(credentials.production_key, answers), credentials.readable(credentials.public_key, test)
    return bool(one and other and one.fingerprint_sha256 == other.fingerprint_sha256)


def check_test(answers: Answers, situation: Situation) -> Iterator[Problem]:
    yield from credentials.check_public_key(answers, situation)
    if _is_tests(sent_later(situation), answers):
        yield Problem("public_key", "same_key_for_both")


def check_optional(answers: Answers, situation: Situation) -> Iterator[Problem]:
    """With the step: it may come later."""
    if text_of(answers, "production_key", "production_key_file").strip():
        yield from _check_production(answers, answers, situation)


def check_later(answers: Answers, situation: Situation) -> Iterator[Problem]:
    yield from _check_production(answers, situation.answers.get(STEP, {}), situation)


def _check_production(answers: Answers, test: Answers, _situation: Situation) -> Iterator[Problem]:
    yield from credentials.unreadable("production_key", credentials.production_key, answers)
    if _is_tests(answers, test):
        yield Problem("production_key", "same_key_for_both")


def production_notes(answers: Answers, situation: Situation) -> Iterator[Note]:
    """``answers``: the step's, or those of the task that sends it alone."""
    key = credentials.readable(credentials.production_key, answers)
    if key is None:
        return
    yield Note("production_key_fingerprint", {"fingerprint": key.fingerprint_sha256, "bits": key.bits})
    yield from credentials.repaired(key.notes)
    step = answers if "mtls" in answers else situation.answers.get(STEP, {})
    request = credentials.readable(credentials.csr, step) if step.get("mtls") == "csr" else None
    if request and request.fingerprint == key.fingerprint_sha256:
        yield Note("same_key_twice")


PAGES = (
    Page("key", PublicKeyPage, when=lambda answers: answers.get("method") == "oidc", check=check_test, scripts=pair_scripts),
    Page(
        "production_key",
        ProductionKeyPage,
        when=lambda answers: answers.get("method") == "oidc",
        check=check_optional,
        scripts=production_pair_scripts,
    ),
)


# -- the upload, and the claims


def upload_status(situation: Situation) -> str:
    """As either side recorded it last: ``active``, ``waiting_approval``, or nothing yet."""
    said = [situation.done.get(task, {}).get("status", "") for task in (UPLOAD, RECORD_UPLOAD)]
    return "active" if "active" in said else next(filter(None, said), "")


def uploaded(situation: Situation) -> bool:
    """Whether the key is active: an upload that waits for the second approval in Control Center isn't."""
    return upload_status(situation) == "active"


def _customer_waits(situation: Situation) -> bool:
    """Whether the customer's administrator uploaded it, and it waits for the approval of somebody else there."""
    return situation.done.get(RECORD_UPLOAD, {}).get("status") == "waiting_approval"


def registered(situation: Situation) -> bool:
    """Whether all that OpenID Connect needs is recorded."""
    return not openid(situation) or (uploaded(situation) and CLAIMS in situation.done)


def facts(situation: Situation) -> Iterator[Note]:
    if openid(situation) and not uploaded(situation):
        yield Note("key_waits_for_approval" if upload_status(situation) else "key_to_upload")


def _to_confirm(_answers: Answers, situation: Situation) -> Iterator[Note]:
    """What the claims belong to."""
    sent = situation.answers.get(STEP, {})
    if key := credentials.readable(credentials.public_key, sent):
        yield Note("test_key_fingerprint", {"fingerprint": key.fingerprint_sha256, "bits": key.bits})
    yield from groups.notes(sent, situation)


TASKS = (
    Task(
        "upload_key",
        Side.SUPPORT,
        Form(UPLOAD, (Page("uploaded", Uploaded),), example={"status": "active"}),
        ready=lambda situation: openid(situation) and not uploaded(situation),
        needed=lambda situation: not _customer_waits(situation),
        repeatable=True,
        stale_with=CHANGED_BY,
    ),
    Task(
        "record_upload",
        Side.CUSTOMER,
        Form(RECORD_UPLOAD, (Page("uploaded", Uploaded),), example={"status": "active"}),
        ready=lambda situation: openid(situation) and not uploaded(situation),
        needed=_customer_waits,
        repeatable=True,
        stale_with=CHANGED_BY,
    ),
    Task(
        "record_claims",
        Side.SUPPORT,
        Form(
            CLAIMS,
            (Page("claims", Claims),),
            notes=_to_confirm,
            review=True,
            example={"iss": "https://issuer.example", "sub": "example-bank", "aud": "https://audience.example"},
        ),
        ready=lambda situation: openid(situation) and uploaded(situation),
        approvals=2,
        stale_with=(*CHANGED_BY, "groups", "other_groups"),
    ),
)

SEND_LATER = Task(
    "send_production_key",
    Side.CUSTOMER,
    Form(
        SEND_PRODUCTION,
        (Page("production_key", ProductionKeyPage, check=check_later, scripts=production_pair_scripts),),
        notes=production_notes,
        review=True,
        example={"production_key": example_keys.PRODUCTION_KEY},
    ),
    ready=openid,
    repeatable=True,
    optional=True,
    also_in=(StepState.DONE,),
    stale_with=("method", "production_key"),
    effect=ShowTaskInFull,
)
