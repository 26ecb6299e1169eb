"""OpenID Connect's public keys in the authentication step: one for each environment. Production's may come later; only its
fingerprint is looked at here.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from flows.forms.addresses import text_of
from flows.forms.fields import Answers
from flows.forms.parity import PRODUCTION, TEST
from flows.forms.step import Form, Page, Situation, Task
from flows.outbox import ShowTaskInFull
from flows.people import Side
from flows.problems import Note, Problem
from flows.state import StepState
from flows.steps.authentication import credentials, example_keys
from flows.steps.authentication.mtls import Pasted, Pem, PemFile
from flows.steps.authentication.openssl import pair_scripts, production_pair_scripts

if TYPE_CHECKING:
    from flows.checks.keys import PublicKey

STEP = "authentication"
SEND_PRODUCTION = f"{STEP}.send_production_key"
CHANGED_BY = ("method", "public_key")
"""Answers whose change in a new revision means that what was set up with them must be redone."""


class PublicKeyPage(Pasted):
    one_of = (("public_key", "public_key_file"),)

    public_key: Pem = None
    public_key_file: PemFile = None


class ProductionKeyPage(Pasted):
    production_key: Pem = None
    production_key_file: PemFile = None


class ProductionKeyAlone(ProductionKeyPage):
    """With a task of its own, which is for nothing else."""

    one_of = (("production_key", "production_key_file"),)


def openid(situation: Situation) -> bool:
    return bool(situation.get(STEP, "method") == "oidc")


# -- the keys


def one_each(situation: Situation) -> bool:
    """Whether each environment has a key of its own. In journey 1, in which production is no step, one signs for both."""
    return "production" in situation.steps


def sent_later(situation: Situation) -> Answers:
    """Production's key as it was sent last with a task of its own; nothing if it wasn't."""
    items = situation.items.get(SEND_PRODUCTION, ())
    return items[-1][1] if items else {}


def with_production(situation: Situation) -> Answers:
    """The answers that hold production's key, if the customer has sent it: the task's, else the step's."""
    return sent_later(situation) or situation.answers.get(STEP, {})


def production_text(situation: Situation) -> str:
    """Production's key as the customer sent it with this step; empty if not yet."""
    return text_of(with_production(situation), "production_key", "production_key_file")


def in_production(situation: Situation) -> str:
    """The key that production works with: another that was sent when asking for production, else that of this step; empty if not yet."""
    asked = situation.answers.get("production", {})
    if asked.get("key") == "another":
        return text_of(asked, "public_key", "public_key_file")
    return production_text(situation)


def read(situation: Situation, environment: str) -> "PublicKey | None":
    """An environment's key, if it is there and can be read."""
    answers = situation.answers.get(STEP, {}) if environment == TEST else {"public_key": in_production(situation)}
    return credentials.readable(credentials.public_key, answers)


def _is_tests(answers: Answers, test: Answers) -> bool:
    """Whether production's key in ``answers`` is test's in ``test``."""
    one, other = credentials.readable(credentials.production_key, answers), credentials.readable(credentials.public_key, test)
    return bool(one and other and one.fingerprint_sha256 == other.fingerprint_sha256)


def is_tests(answers: Answers, situation: Situation) -> bool:
    """Whether ``public_key`` in these answers, of another step, is test's."""
    one, other = (credentials.readable(credentials.public_key, of) for of in (answers, situation.answers.get(STEP, {})))
    return bool(one and other and one.fingerprint_sha256 == other.fingerprint_sha256)


def check_test(answers: Answers, situation: Situation) -> Iterator[Problem]:
    yield from credentials.check_public_key(answers, situation)
    asked = situation.answers.get("production", {})
    another = asked if asked.get("key") == "another" else {}
    if _is_tests(sent_later(situation), answers) or is_tests(another, replace(situation, answers={STEP: answers})):
        yield Problem("public_key", "same_key_for_both")


def check_optional(answers: Answers, situation: Situation) -> Iterator[Problem]:
    """With the step: it may come later."""
    if text_of(answers, "production_key", "production_key_file").strip():
        yield from _check_production(answers, answers, situation)
    if _exchanges(answers, situation):
        yield Problem("production_key", "production_key_in_use")


def _exchanges(answers: Answers, situation: Situation) -> bool:
    """Whether they take away the key that production works with, or put another one in its place."""
    if situation.get("production", "key") != "same":
        return False
    in_use, before = read(situation, PRODUCTION), situation.answers.get(STEP, {})
    given, sent = (credentials.readable(credentials.production_key, of) for of in (answers, before))
    left = {key.fingerprint_sha256 if key else "" for key in (in_use, sent)}
    return in_use is not None and (given.fingerprint_sha256 if given else "") not in left


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

# Once production was asked for with this key, another one is sent with production's form: then its registration begins anew.
SEND_LATER = Task(
    "send_production_key",
    Side.CUSTOMER,
    Form(
        SEND_PRODUCTION,
        (Page("production_key", ProductionKeyAlone, check=check_later, scripts=production_pair_scripts),),
        notes=production_notes,
        review=True,
        example={"production_key": example_keys.PRODUCTION_KEY},
    ),
    ready=lambda situation: openid(situation) and situation.get("production", "key") != "same",
    repeatable=True,
    optional=True,
    also_in=(StepState.DONE,),
    stale_with=("method", "production_key"),
    effect=ShowTaskInFull,
)
