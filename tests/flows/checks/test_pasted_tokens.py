"""Where an access token is asked for, what plainly is another secret is told from what may be one."""

import base64
import itertools
import json
import random
from datetime import UTC, datetime
from typing import Any

import jwt
import pytest

from flows.checks.claims import Expected, check_assertion
from flows.checks.guard import SecretKind, find_secrets
from flows.checks.pasted_tokens import long_lived_secret, unknowable

NOW = datetime(2026, 3, 9, 13, tzinfo=UTC)
AT = int(NOW.timestamp())
YEARS = 10 * 365 * 86_400
CHANCE = random.Random(1)  # not `secrets`: once in some hundred thousand, what is drawn begins as somebody's keys do


def token(header: dict[str, Any] | None = None, **claims: Any) -> str:
    return jwt.encode({"iss": "Passport", "sub": "AUTH-1", **claims}, "k" * 64, algorithm="HS512", headers=header)


def digits(size: int) -> str:
    """``size`` bytes in hexadecimal."""
    return CHANCE.randbytes(size).hex()


def opaque(size: int) -> str:
    """``size`` bytes as `secrets.token_urlsafe` writes them."""
    return base64.urlsafe_b64encode(CHANCE.randbytes(size)).decode().rstrip("=")


def basic(signs: str) -> str:
    return base64.b64encode(signs.encode()).decode()


def padded(jws: str) -> str:
    """As by an encoder of base64 that knows no JWT."""
    return ".".join(part + "=" * (-len(part) % 4) for part in jws.split("."))


MAY_BE_ONE = {
    "ten minutes, as Basic gives it": token(iat=AT, exp=AT + 600),
    "an hour": token(iat=AT, exp=AT + 3600),
    "an hour, rounded": token(iat=AT + 0.5, exp=AT + 3601.25),
    "an hour, from soon": token(iat=AT + 30, exp=AT + 3630),
    "a beginning that is none": token(iat="now", exp=AT + 3600),
    "no beginning": token(exp=AT + 3600),
    "over": token(iat=AT - 7200, exp=AT - 3600),
    "opaque": opaque(32),
    "opaque, padded": "2YotnFZFEjr1zCsicMWpAA==",
    "opaque, long": opaque(96),
    "opaque, of an alphabet with signs": "3q2+7w/" + "A1b2C3d4" * 8,
    "opaque, of forty letters and digits": "G1h2J3k4" * 5,
    "with a short signature": token(iat=AT, exp=AT + 600)[:-50],
}

REVOKED = {
    "a day": (token(iat=AT, exp=AT + 86_400), "long_lived_token"),
    "two hours": (token(iat=AT, exp=AT + 7200), "long_lived_token"),
    "years": (token(iat=AT, exp=AT + YEARS), "long_lived_token"),
    "years, without a beginning": (token(exp=AT + YEARS), "long_lived_token"),
    "an hour, ten years ahead": (token(iat=AT + YEARS - 3600, exp=AT + YEARS), "long_lived_token"),
    "ten years, as text": (token(iat=AT, exp=str(AT + YEARS)), "long_lived_token"),
    "ten years, in milliseconds": (token(iat=AT * 1000, exp=(AT + YEARS) * 1000), "long_lived_token"),
    "never": (token(iat=AT, exp=float("inf")), "long_lived_token"),
    "beyond all time": (token(iat=AT, exp=10**40), "long_lived_token"),
    "years, with a beginning that is none": (token(iat="now", exp=AT + YEARS), "long_lived_token"),
    "no end but in name": (token(iat=AT, exp=None), "long_lived_token"),
    "for ever": (token(iat=AT), "long_lived_token"),
    "a refresh token by its claim": (token(iat=AT, exp=AT + 600, typ="Refresh"), "long_lived_token"),
    "a refresh token by its use": (token(iat=AT, exp=AT + 600, token_use="refresh"), "long_lived_token"),
    "a refresh token by its header": (token({"typ": "refresh+jwt"}, iat=AT, exp=AT + 600), "long_lived_token"),
    "an offline token": (token(iat=AT, exp=AT + 600, typ="Offline"), "long_lived_token"),
    "a server key or secret": (digits(20), "server_secret"),
    "another of 64 digits": (digits(32).upper(), "server_secret"),
    "a server secret with its base": ("0x" + digits(20), "server_secret"),
    "a server secret in base64": (basic(digits(20)), "server_secret"),
    "a server secret in base64, twice": (basic(basic(digits(20) + "\n")), "server_secret"),
    "an API key in base64": (basic("lin_api_" + digits(16)), "long_lived_token"),
    "key and secret": (f"{digits(20)}:{opaque(32)}", "server_secret"),
    "key and secret as Basic sends them": (basic(f"{digits(20)}:{opaque(32)}"), "server_secret"),
    "years, padded": (padded(token(iat=AT, exp=AT + YEARS)), "long_lived_token"),
    "an AWS key": ("AKIA" + "Z7" * 8, "long_lived_token"),
    "an AWS key's secret": ("wJalrXUtnFEMI/K7MDENG/" + "bPxRf1CYzQpLmN7vKs", "long_lived_token"),
    "a refresh token of Entra": ("1.AX" + "Ab3_" * 60 + ".AgABAwEAAAD-" + "xY9" * 100, "long_lived_token"),
    "a refresh token of Auth0": ("v1.M" + "rT5a" * 12, "long_lived_token"),
    "a key of Okta's": ("00" + "aB3dE5fG7h" * 4, "long_lived_token"),
    "an API key": ("sk-proj-" + opaque(30), "long_lived_token"),
    "an API key of nothing but letters and digits": ("sk-" + digits(16), "long_lived_token"),
    "an API key that names its product": ("pk-lf-" + "1b2c3d4e-5f60-4718-92a3-b4c5d6e7f809", "long_lived_token"),
    "a Shopify token": ("shpat_" + digits(16), "long_lived_token"),
    "a refresh token by its prefix": ("ory_rt_" + opaque(30), "long_lived_token"),
    "a GitHub token": ("ghp_" + "aB3d" * 9, "long_lived_token"),
}


@pytest.mark.parametrize("kind", MAY_BE_ONE)
@pytest.mark.parametrize("paste", ["{}", "Bearer {}", "```Authorization: Bearer {}\n```"])
def test_what_may_be_an_access_token_is_taken(kind: str, paste: str) -> None:
    assert long_lived_secret(paste.format(MAY_BE_ONE[kind]), NOW) is None


def test_tokens_drawn_at_random_are_taken() -> None:
    """Each that is refused sends somebody to revoke a token that was right."""
    drawn = [opaque(size) for size in (20, 32, 48) for _ in range(2000)]
    assert [one for one in drawn if long_lived_secret(one, NOW) is not None] == []


@pytest.mark.parametrize("begins", ["rk_", "RK-", "Sk-", "sK_", "PK_", "Rt-", "RT_", "hF_"])
def test_a_token_that_by_chance_begins_as_a_key_does_is_taken(begins: str) -> None:
    assert long_lived_secret(begins + "bKb6EStES3-cljLXOrs2ALoRxqWSR_GCdriE8T88d", NOW) is None


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


ENCRYPTED = ".".join(
    base64.urlsafe_b64encode(part).rstrip(b"=").decode()
    for part in (b'{"cty":"JWT","enc":"A256GCM","alg":"RSA-OAEP"}', b"k" * 256, b"i" * 12, b"t" * 900, b"g" * 16)
)
UNKNOWABLE = {
    "an end as text": (token(iat=AT, exp=str(AT + 600)), "jwt_not_a_time"),
    "an end as a list": (token(iat=AT, exp=[AT + 600]), "jwt_not_a_time"),
    "an end that is true": (token(iat=AT, exp=True), "jwt_not_a_time"),
    "an end before 1970": (token(iat=AT, exp=-1), "jwt_not_a_time"),
    "no number": (token(iat=AT, exp=float("nan")), "jwt_not_a_time"),
    "milliseconds": (token(iat=AT * 1000, exp=AT * 1000 + 600_000), "jwt_milliseconds"),
    "encrypted, as Cognito's refresh tokens are": (ENCRYPTED, "jwt_encrypted"),
    "cut": (token(iat=AT, exp=AT + 600).rpartition(".")[0], "jwt_cut"),
}


@pytest.mark.parametrize("always_jwt", [True, False])
@pytest.mark.parametrize("kind", UNKNOWABLE)
def test_what_does_not_tell_how_long_it_lives_is_not_tried(kind: str, always_jwt: bool) -> None:
    pasted, fault = UNKNOWABLE[kind]
    assert long_lived_secret(pasted, NOW) is None  # nothing says so
    why = unknowable(f"Bearer {pasted}", always_jwt=always_jwt)
    assert why is not None
    assert why.key == fault


@pytest.mark.parametrize("kind", MAY_BE_ONE)
def test_an_opaque_token_is_tried_only_where_tokens_may_be_opaque(kind: str) -> None:
    assert unknowable(MAY_BE_ONE[kind], always_jwt=False) is None
    assert (unknowable(MAY_BE_ONE[kind], always_jwt=True) is not None) == kind.startswith("opaque")


def test_the_times_of_the_customers_own_jwt_are_left_to_its_own_rules() -> None:
    assert long_lived_secret(token(iat=AT, exp=AT + 7200), NOW, signed_by_customer=True) is None
