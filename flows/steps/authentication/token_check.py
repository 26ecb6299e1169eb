"""Inspect a token before it is used: the form says what is wrong with it, and nothing of it is stored."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from flows.checks.tokens import TokenFault
from flows.forms.addresses import text_of
from flows.forms.fields import MAX_LENGTH, Answers, FormPage, Input, Kind
from flows.forms.parity import TEST
from flows.forms.step import Form, Offers, Page, Situation, Task
from flows.people import Side
from flows.problems import Problem
from flows.state import StepState
from flows.steps.authentication import environment_choice, example_keys, groups, keys, registration
from flows.steps.authentication.environment_choice import EnvironmentChoice
from flows.steps.authentication.proofs import environment_of
from flows.steps.authentication.token_scripts import token_scripts_of_both
from flows.steps.org_details import org_id, production_org_id

if TYPE_CHECKING:
    from flows.checks.claims import Expected

ASSERTION, ACCESS_TOKEN = "assertion", "access_token"
ALWAYS_JWT = ("oidc", "basic")
"""Methods whose access tokens are documented to be JWTs; of OAuth 2's, nothing is said."""


class Looked(FormPage):
    token_kind: Annotated[str, Input(Kind.CHOICE, (ASSERTION, ACCESS_TOKEN))]
    token: Annotated[
        str,
        Field(min_length=1, max_length=MAX_LENGTH),
        Input(Kind.LONG_TEXT, allow=frozenset({"access_token"}), forget=True),
    ]


class LookedIn(Looked, EnvironmentChoice):
    """``environment`` stands first."""


def expected(situation: Situation, environment: str = TEST) -> "Expected":
    """What this customer's token must say. Production has a key of its own, with claims of its own, which may come later; only in
    journey 1 one key signs for both."""
    from flows.checks.claims import Expected  # noqa: PLC0415  cryptography is not needed at startup

    claims = registration.claims(situation, environment if keys.one_each(situation) else TEST)
    org = org_id(situation) if environment == TEST else production_org_id(situation)
    if not keys.openid(situation):
        return Expected(org)
    key = text_of(situation.answers.get(keys.STEP, {}), "public_key", "public_key_file")
    other, named = keys.in_production(situation), groups.approved(situation)
    if environment == TEST or not keys.one_each(situation):
        return Expected(org, public_key=key, other_key=other, groups=named, **claims)
    return Expected(org, public_key=other, other_key=key, other_fault=TokenFault.KEY_OF_TEST, groups=named, **claims)


def untried(token: str, situation: Situation) -> Iterator[Problem]:
    """Why it is not tried at Pismo: it is a long-lived secret, which is to be revoked, or nothing tells that it is none."""
    from flows.checks.claims import is_signed_by_customer  # noqa: PLC0415  cryptography is not needed at startup
    from flows.checks.pasted_tokens import long_lived_secret, unknowable  # noqa: PLC0415  compiles the guard's patterns

    own = is_signed_by_customer(token, expected(situation))
    kind = long_lived_secret(token, situation.now, signed_by_customer=own)
    if kind is not None:
        yield Problem("token", f"secret_{kind}")
        return
    fault = unknowable(token, always_jwt=situation.get("authentication", "method") in ALWAYS_JWT) if not own else None
    if fault is not None:
        yield Problem("token", "token_no_jwt" if fault.key == "jwt_not_jwt" else str(fault.key), fault.params)


def _check(answers: Answers, situation: Situation) -> Iterator[Problem]:
    from flows.checks.claims import check_access_token, check_assertion  # noqa: PLC0415  cryptography is not needed at startup

    signed_by_customer, wrong = answers.get("token_kind") == ASSERTION, list(environment_choice.check(answers, situation))
    if signed_by_customer and not keys.openid(situation):
        wrong.append(Problem("token_kind", "jwt_method"))
    secrets = [one for one in untried(str(answers.get("token", "")), situation) if one.key.startswith("secret_")]
    if wrong or secrets:
        yield from (*wrong, *secrets)
        return
    look, known = check_assertion if signed_by_customer else check_access_token, expected(situation, environment_of(answers))
    for fault in look(str(answers.get("token", "")), known, situation.now):
        yield Problem("token", str(fault.key), fault.params)


def _task(model: type[Looked], offers: Mapping[str, Offers]) -> Task:
    return Task(
        "check_token",
        Side.CUSTOMER,
        Form(
            "authentication.check_token",
            (Page("look", model, check=_check, scripts=token_scripts_of_both),),
            prefill=lambda situation: {
                "token_kind": ASSERTION if keys.openid(situation) else ACCESS_TOKEN,
                **({"environment": TEST} if offers else {}),
            },
            example={"token_kind": ACCESS_TOKEN, "token": example_keys.access_token()},
        ),
        ready=lambda situation: bool(org_id(situation)) and (not keys.openid(situation) or registration.CLAIMS in situation.done),
        repeatable=True,
        optional=True,
        also_in=(StepState.DONE,),
        offers=offers,
    )


TASK = _task(LookedIn, environment_choice.OFFERS)
FIRST_TASK = _task(Looked, {})
"""Journey 1's, where both environments expect the same."""
