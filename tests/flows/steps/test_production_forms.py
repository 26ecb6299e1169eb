"""The forms of the lane to production: what is refused as it is typed, and what is filled in."""

from dataclasses import replace
from typing import Any

import jwt
import pytest

from flows.forms.step import Situation
from flows.steps.production.moving import MOVE
from tests.flows.steps.filled_forms import NOW, a_situation, refused

TEST_ORG, PRODUCTION_ORG = "TN-00000000-0000-4000-8000-000000000001", "TN-00000000-0000-4000-8000-000000000002"


def token(tenant: str, seconds: int = 600) -> str:
    claims = {"tenant": tenant, "exp": int(NOW.timestamp()) + seconds, "iat": int(NOW.timestamp()) - 60}
    return jwt.encode(claims, "k" * 64, algorithm="HS512")


def at_pismo(**more: Any) -> Situation:
    """With an organization of its own in production."""
    done = {"organization.record_org_id": {"org_id": TEST_ORG}, "production.record_org": {"org_id": PRODUCTION_ORG}}
    return replace(a_situation(answers={"production": {"org": "own", "way": "export"}}, done=done), **more)


@pytest.mark.parametrize(
    ("test_token", "production_token", "found"),
    [
        (token(TEST_ORG), token(PRODUCTION_ORG), set()),
        (token(TEST_ORG.lower()), "opaque-" * 5, set()),
        (token(TEST_ORG), token(TEST_ORG), {("token", "jwt_tenant_differs")}),
        (token(PRODUCTION_ORG), token(PRODUCTION_ORG), {("test_token", "jwt_tenant_differs")}),
        (token(TEST_ORG), token(PRODUCTION_ORG, -60), {("token", "jwt_expired")}),
    ],
)
def test_a_program_is_moved_with_tokens_of_the_two_organizations_alone(
    test_token: str, production_token: str, found: set[tuple[str, str]]
) -> None:
    assert MOVE.form is not None
    typed = {"program": "1", "test_token": test_token, "token": production_token}
    assert refused(MOVE.form, typed, at_pismo()) == found
