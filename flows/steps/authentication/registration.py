"""OpenID Connect's registration in the authentication step: who uploads test's public key to Control Center, and the claims that
Pismo gives with it. Either side may record the upload; the claims are recorded by one person of support and confirmed by another.
"""

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from flows.forms.fields import Answers, FormPage, Input, Kind
from flows.forms.step import Form, Page, Situation, Task
from flows.people import Side
from flows.problems import Note
from flows.steps.authentication import credentials, groups, keys

UPLOAD, RECORD_UPLOAD, CLAIMS = (f"{keys.STEP}.{task}" for task in ("upload_key", "record_upload", "record_claims"))
Claim = Annotated[str, Field(min_length=1, max_length=255), Input(Kind.TEXT)]


class Uploaded(FormPage):
    status: Annotated[str, Input(Kind.CHOICE, ("active", "waiting_approval"))]


class Claims(FormPage):
    iss: Claim
    sub: Claim
    aud: Claim


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
    return not keys.openid(situation) or (uploaded(situation) and CLAIMS in situation.done)


def facts(situation: Situation) -> Iterator[Note]:
    if keys.openid(situation) and not uploaded(situation):
        yield Note("key_waits_for_approval" if upload_status(situation) else "key_to_upload")


def _to_confirm(_answers: Answers, situation: Situation) -> Iterator[Note]:
    """What the claims belong to."""
    sent = situation.answers.get(keys.STEP, {})
    if key := credentials.readable(credentials.public_key, sent):
        yield Note("test_key_fingerprint", {"fingerprint": key.fingerprint_sha256, "bits": key.bits})
    yield from groups.notes(sent, situation)


TASKS = (
    Task(
        "upload_key",
        Side.SUPPORT,
        Form(UPLOAD, (Page("uploaded", Uploaded),), example={"status": "active"}),
        ready=lambda situation: keys.openid(situation) and not uploaded(situation),
        needed=lambda situation: not _customer_waits(situation),
        repeatable=True,
        stale_with=keys.CHANGED_BY,
    ),
    Task(
        "record_upload",
        Side.CUSTOMER,
        Form(RECORD_UPLOAD, (Page("uploaded", Uploaded),), example={"status": "active"}),
        ready=lambda situation: keys.openid(situation) and not uploaded(situation),
        needed=_customer_waits,
        repeatable=True,
        stale_with=keys.CHANGED_BY,
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
        ready=lambda situation: keys.openid(situation) and uploaded(situation),
        approvals=2,
        stale_with=(*keys.CHANGED_BY, "groups", "other_groups"),
    ),
)
