"""Where an access token is asked for, what plainly is another secret is told from what may be one."""

import base64
import itertools
import json
import secrets
from datetime import UTC, datetime
from typing import Any

import jwt
import pytest

from flows.checks.claims import Expected, check_assertion
from flows.checks.guard import SecretKind, find_secrets
from flows.checks.pasted_tokens import long_lived_secret

NOW = datetime(2026, 3, 9, 13, tzinfo=UTC)
AT = int(NOW.timestamp())
YEARS = 10 * 365 * 86_400


def token(header: dict[str, Any] | None = None, **claims: Any) -> str:
    return jwt.encode({"iss": "Passport", "sub": "AUTH-1", **claims}, "k" * 64, algorithm="HS512", headers=header)


def basic(signs: str) -> str:
    return base64.b64encode(signs.encode()).decode()


MAY_BE_ONE = {
    "ten minutes, as Basic gives it": token(iat=AT, exp=AT + 600),
    "an hour": token(iat=AT, exp=AT + 3600),
    "an hour, rounded": token(iat=AT + 0.5, exp=AT + 3601.25),
    "no beginning": token(exp=AT + 3600),
    "over": token(iat=AT - 7200, exp=AT - 3600),
    "times in milliseconds, which is said elsewhere": token(iat=AT * 1000, exp=AT * 1000 + 600_000),
    "opaque": secrets.token_urlsafe(32),
    "opaque, padded": "2YotnFZFEjr1zCsicMWpAA==",
    "opaque, long": secrets.token_urlsafe(96),
    "cut": token(iat=AT, exp=AT + 600)[:-50],
}

REVOKED = {
    "a day": (token(iat=AT, exp=AT + 86_400), "long_lived_token"),
    "two hours": (token(iat=AT, exp=AT + 7200), "long_lived_token"),
    "years": (token(iat=AT, exp=AT + YEARS), "long_lived_token"),
    "years, without a beginning": (token(exp=AT + YEARS), "long_lived_token"),
    "for ever": (token(iat=AT), "long_lived_token"),
    "a refresh token by its claim": (token(iat=AT, exp=AT + 600, typ="Refresh"), "long_lived_token"),
    "a refresh token by its use": (token(iat=AT, exp=AT + 600, token_use="refresh"), "long_lived_token"),
    "a refresh token by its header": (token({"typ": "refresh+jwt"}, iat=AT, exp=AT + 600), "long_lived_token"),
    "an offline token": (token(iat=AT, exp=AT + 600, typ="Offline"), "long_lived_token"),
    "a server key or secret": (secrets.token_hex(20), "server_secret"),
    "another of 64 digits": (secrets.token_hex(32).upper(), "server_secret"),
    "key and secret": (f"{secrets.token_hex(20)}:{secrets.token_urlsafe(32)}", "server_secret"),
    "key and secret as Basic sends them": (basic(f"{secrets.token_hex(20)}:{secrets.token_urlsafe(32)}"), "server_secret"),
    "an AWS key": ("AKIA" + "Z7" * 8, "long_lived_token"),
    "an API key": ("sk-proj-" + secrets.token_urlsafe(30), "long_lived_token"),
    "a Shopify token": ("shpat_" + secrets.token_hex(16), "long_lived_token"),
    "a refresh token by its prefix": ("ory_rt_" + secrets.token_urlsafe(30), "long_lived_token"),
    "a GitHub token": ("ghp_" + "aB3d" * 9, "long_lived_token"),
}


@pytest.mark.parametrize("kind", MAY_BE_ONE)
@pytest.mark.parametrize("paste", ["{}", "Bearer {}", "```Authorization: Bearer {}\n```"])
def test_what_may_be_an_access_token_is_taken(kind: str, paste: str) -> None:
    assert long_lived_secret(paste.format(MAY_BE_ONE[kind]), NOW) is None


@pytest.mark.parametrize("kind", REVOKED)
@pytest.mark.parametrize("paste", ["{}", "Bearer {}", "`{}`"])
def test_what_is_to_be_revoked_is_named(kind: str, paste: str) -> None:
    pasted, found = REVOKED[kind]
    assert long_lived_secret(paste.format(pasted), NOW) == found
    broken = f"{pasted[:12]}\n{pasted[12:]}"
    assert long_lived_secret(paste.format(broken), NOW) == found


HUGE = (10**400, -(10**400), -int("9" * 4300), float("inf"), float("-inf"), float("nan"), 1.5)


def test_times_that_no_calendar_holds_break_nothing() -> None:
    for begins, ends in itertools.product(HUGE, HUGE):
        paste = jws({"iat": begins, "exp": ends})
        assert SecretKind.ACCESS_TOKEN in {finding.kind for finding in find_secrets(paste)}
        assert long_lived_secret(paste, NOW) in (None, SecretKind.LONG_LIVED_TOKEN)
        assert [str(fault.params) for fault in check_assertion(paste, Expected(""), NOW)]


def jws(claims: dict[str, Any]) -> str:
    """With claims that a library refuses to write."""
    parts = (json.dumps({"alg": "RS256"}).encode(), json.dumps(claims).encode(), b"signature")
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts)


def test_the_times_of_the_customers_own_jwt_are_left_to_its_own_rules() -> None:
    assert long_lived_secret(token(iat=AT, exp=AT + 7200), NOW, signed_by_customer=True) is None
