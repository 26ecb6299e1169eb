import json
from base64 import urlsafe_b64encode
from datetime import UTC, datetime
from typing import Any

import jwt
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pismo import TokenError, clean_token, read_token

# The first drawing of a text on a machine builds a table of Unicode, which takes seconds.
patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
KEY = "k" * 64
ISSUED = datetime(2026, 3, 1, 12, tzinfo=UTC)
CLAIMS = {"iat": int(ISSUED.timestamp()), "exp": int(ISSUED.timestamp()) + 600, "tenant": "TN-1"}


def signed(claims: dict[str, Any]) -> str:
    return jwt.encode(claims, KEY, algorithm="HS512")


def part(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")


def fault_of(text: str) -> str | None:
    try:
        read_token(text)
    except TokenError as error:
        return error.kind
    return None


@pytest.mark.parametrize(
    "paste",
    [
        "{}",
        "Bearer {}",
        "authorization: bearer {}",
        "  {}\r\n",
        "`{}`",
        "```\n{}\n```",
        '"{}"',
        "\ufeff{}\u200b",
        "```Authorization: Bearer {}```",
        "Bearer `{}`",
    ],
)
def test_pasted_token_is_read(paste: str) -> None:
    facts = read_token(paste.format(signed(CLAIMS)))
    assert facts.tenant == "TN-1"
    assert facts.issued_at == ISSUED
    assert facts.expires_at is not None
    assert (facts.expires_at - ISSUED).total_seconds() == 600


@patient
@given(st.lists(st.integers(1, 150), max_size=8), st.sampled_from(["\n", "\r\n", " ", "\n  ", "\u200b"]))
def test_token_broken_over_lines_is_read(breaks: list[int], blank: str) -> None:
    token = signed(CLAIMS)
    broken = token
    for place in sorted({min(at, len(token) - 1) for at in breaks}, reverse=True):
        broken = broken[:place] + blank + broken[place:]
    assert clean_token(f"Bearer {broken}").get_secret_value() == token


def test_tenant_id_of_a_customers_own_token() -> None:
    assert read_token(signed({"tenant_id": "tn-2"})).tenant == "tn-2"
    assert read_token(signed({})).expires_at is None


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("", "empty"),
        (" \n", "empty"),
        ("``", "empty"),
        ("a" * 20_000, "too_long"),
        ("hello", "malformed"),
        ("-----BEGIN PRIVATE KEY-----", "malformed"),
        ("é.é.é", "malformed"),
        ("a.b.c", "malformed"),
        (f"{part(b'{}')}.{part(b'[]')}.x", "malformed"),
        (f"{part(b'{}')}.{part(b'[' * 9000)}.x", "malformed"),
    ],
)
def test_no_token_has_a_kind(text: str, kind: str) -> None:
    with pytest.raises(TokenError) as caught:
        read_token(text)
    assert caught.value.kind == kind
    assert str(caught.value) == kind


@pytest.mark.parametrize("exp", ["soon", True, 1e300, float("nan"), float("inf"), 10**40, [], {}])
def test_impossible_time(exp: object) -> None:
    head, _, mac = signed({}).split(".")
    with pytest.raises(TokenError) as caught:
        read_token(f"{head}.{part(json.dumps({'exp': exp}).encode())}.{mac}")
    assert caught.value.kind == "bad_time"


@patient
@given(st.text() | st.binary().map(lambda data: f"{part(b'{}')}.{part(data)}.x"))
def test_any_text_is_read_or_refused(text: str) -> None:
    assert fault_of(text) in {None, "empty", "malformed", "bad_time"}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@patient
@given(st.dictionaries(st.sampled_from(["exp", "iat", "tenant", "tenant_id", "nbf", "aud", "sub"]), json_values))
def test_any_claims_are_read_or_refused(claims: dict[str, Any]) -> None:
    head, _, mac = signed({}).split(".")
    assert fault_of(f"{head}.{part(json.dumps(claims).encode())}.{mac}") in {None, "malformed", "bad_time"}
