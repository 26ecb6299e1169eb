"""OpenID Connect's registration, in each environment: who uploads the public key to Control Center, and the claims that Pismo gives with
it. Either side may record the upload, and the customer's administrator the claims with it, where Control Center shows them. The claims
count once one person of support has recorded them and another confirmed them.
"""

import re
from collections.abc import Iterator
from typing import Annotated, NamedTuple

from pydantic import AfterValidator, Field, ValidationInfo

from flows.forms.fields import Answers, FormPage, Input, Kind
from flows.forms.parity import PRODUCTION, TEST
from flows.forms.step import Done, Form, Page, Situation, Task
from flows.people import Side
from flows.problems import Note
from flows.steps.authentication import groups, keys

NAMES = ("iss", "sub", "aud")
_QUOTES = "\"'`“”‘’«»"
_AROUND = f"{_QUOTES},; \t"
_CLAIM = re.compile(
    r"""(?<![^\s"'`“‘«{\[(,;])(?:(?:[-*•]|(?<!\S)\d\d?[.)])\s)?[*_]{0,2}["'`]?(?:[^\W\d_]{1,12}\s?\()?"""
    r"""(iss(?:uer)?|sub(?:ject)?|aud(?:ience)?)\)?(?:["'`”’»]?[*_]{1,2}\s?:|["'`”’»]\s?:|"""
    r"""["'`”’»]?\s?(?:[=-]>|=|→|：|:(?=[\s"'`“‘«\[*]|https?://)))(?:\*{1,2}(?=\s))?""",
    re.IGNORECASE,
)
"""Its name, as JSON, lists, Markdown and Control Center show it; a value may begin with the same letters and a colon."""


def _value(text: str | None, field: ValidationInfo) -> str | None:
    """Without the claim's name, quotes, commas and brackets: a JWT must say the same to the letter. Of several claims, the field's own.
    What holds several values stays, to be seen."""
    own = text or ""
    claims = list(_CLAIM.finditer(own))
    if claims and not re.search(r"\w", own[: claims[0].start()]):
        ends = [*(claim.start() for claim in claims[1:]), len(own)]
        pieces = [own[claim.end() : end] for claim, end in zip(claims, ends, strict=True)]
        before = [piece.rstrip("({[ ") for piece in pieces[:-1]]  # opened in front of the next name
        values = {claim[1][:3].lower(): piece for claim, piece in zip(claims, (*before, pieces[-1]), strict=True)}
        own = values.get(str(field.field_name), own)
    bare = _without_brackets(own)
    return bare if bare and '"' not in bare else text


def _without_brackets(text: str) -> str:
    bare = text.strip(_AROUND)
    for opening, closing in ("()", "{}", "[]"):
        if bare.endswith(closing) and bare.count(opening) < bare.count(closing):  # it was opened in front of the name
            bare = bare[:-1].strip(_AROUND)
        whole = bare.startswith(opening) and bare.endswith(closing)
        if whole and (opening == "[" or bare[1:].lstrip()[:1] in _QUOTES):  # {tenant} is the value's own
            bare = bare[1:-1].strip(_AROUND)
    return bare


Claim = Annotated[str, Field(min_length=1, max_length=255), AfterValidator(_value), Input(Kind.TEXT)]
ClaimIfKnown = Annotated[str | None, Field(max_length=255), AfterValidator(_value), Input(Kind.TEXT)]


class Records(NamedTuple):
    """The tasks (``step.task``) that record it in one environment."""

    upload: str
    record_upload: str
    claims: str


RECORDS = {
    TEST: Records(*(f"authentication.{task}" for task in ("upload_key", "record_upload", "record_claims"))),
    PRODUCTION: Records(*(f"production.{task}" for task in ("activate_key", "record_upload", "record_claims"))),
}
UPLOAD, RECORD_UPLOAD, CLAIMS = RECORDS[TEST]


class Uploaded(FormPage):
    status: Annotated[str, Input(Kind.CHOICE, ("active", "waiting_approval"))]


class UploadedByCustomer(Uploaded):
    iss: ClaimIfKnown = None
    sub: ClaimIfKnown = None
    aud: ClaimIfKnown = None


class Claims(FormPage):
    iss: Claim
    sub: Claim
    aud: Claim


def _uploads(situation: Situation, environment: str) -> list[Answers]:
    return [situation.done.get(task, {}) for task in RECORDS[environment][:2]]


def upload_status(situation: Situation, environment: str = TEST) -> str:
    """As either side recorded it last: ``active``, ``waiting_approval``, or nothing yet."""
    said = [one.get("status", "") for one in _uploads(situation, environment)]
    return "active" if "active" in said else next(filter(None, said), "")


def uploaded(situation: Situation, environment: str = TEST) -> bool:
    """Whether the key is active: an upload that waits for the second approval in Control Center isn't."""
    return upload_status(situation, environment) == "active"


def claims(situation: Situation, environment: str = TEST) -> Answers:
    """As two of support recorded them; nothing if they didn't yet."""
    given = situation.done.get(RECORDS[environment].claims, {})
    return {name: str(given[name]) for name in NAMES if given.get(name)}


def registered(situation: Situation, environment: str = TEST) -> bool:
    """Whether all that OpenID Connect needs is recorded."""
    return not keys.openid(situation) or (uploaded(situation, environment) and RECORDS[environment].claims in situation.done)


def facts(situation: Situation, environment: str = TEST) -> Iterator[Note]:
    if keys.openid(situation) and not uploaded(situation, environment):
        to_upload = {TEST: "key_to_upload", PRODUCTION: "production_key_to_upload"}[environment]
        yield Note("key_waits_for_approval" if upload_status(situation, environment) else to_upload)


def tasks(
    environment: str, stale_with: tuple[str, ...], groups_too: tuple[str, ...] = (), needed: Done = keys.openid
) -> tuple[Task, ...]:
    """``stale_with``: answers of the step that decide which key it is; ``groups_too``: and which permission groups its claims are given
    with. ``needed``: whether the registration is."""
    records = RECORDS[environment]

    def left(situation: Situation) -> bool:
        return keys.openid(situation) and needed(situation) and not uploaded(situation, environment)

    def customer_waits(situation: Situation) -> bool:
        """Whether the customer's administrator uploaded it, and it waits for the approval of somebody else there."""
        return situation.done.get(records.record_upload, {}).get("status") == "waiting_approval"

    def to_confirm(_answers: Answers, situation: Situation) -> Iterator[Note]:
        """What the claims belong to."""
        if key := keys.read(situation, environment):
            yield Note(f"{environment}_key_fingerprint", {"fingerprint": key.fingerprint_sha256, "bits": key.bits})
        yield from groups.notes(situation.answers.get(keys.STEP, {}), situation)

    def seen_by_customer(situation: Situation) -> Answers:
        said = situation.done.get(records.record_upload, {})
        return {name: said[name] for name in NAMES if said.get(name)}

    return (
        Task(
            records.upload.rpartition(".")[2],
            Side.SUPPORT,
            Form(records.upload, (Page("uploaded", Uploaded),), example={"status": "active"}),
            ready=left,
            needed=lambda situation: not customer_waits(situation),
            repeatable=True,
            stale_with=stale_with,
        ),
        Task(
            records.record_upload.rpartition(".")[2],
            Side.CUSTOMER,
            Form(
                records.record_upload,
                (Page("uploaded", UploadedByCustomer),),
                prefill=seen_by_customer,
                example={"status": "active"},
            ),
            ready=left,
            needed=customer_waits,
            repeatable=True,
            stale_with=stale_with,
        ),
        Task(
            records.claims.rpartition(".")[2],
            Side.SUPPORT,
            Form(
                records.claims,
                (Page("claims", Claims),),
                prefill=seen_by_customer,
                notes=to_confirm,
                review=True,
                example={"iss": "https://issuer.example", "sub": "example-bank", "aud": "https://audience.example"},
            ),
            ready=lambda situation: keys.openid(situation) and uploaded(situation, environment),
            needed=needed,
            approvals=2,
            stale_with=(*stale_with, *groups_too),
        ),
    )


TASKS = tasks(TEST, keys.CHANGED_BY, ("groups", "other_groups"))
