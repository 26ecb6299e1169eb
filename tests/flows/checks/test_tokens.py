"""A token as it is pasted: whatever terminals and chats put around it, it is read, or refused with a reason."""

import json
from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flows.checks.tokens import TokenFault, UnreadableToken, bearer, parse

# The first text drawn on a machine makes Hypothesis build a Unicode table, which takes seconds.
patient = settings(suppress_health_check=[HealthCheck.too_slow])
KEY = "k" * 64
ISSUED = datetime(2026, 3, 1, 12, tzinfo=UTC)
CLAIMS = {"iat": int(ISSUED.timestamp()), "exp": int(ISSUED.timestamp()) + 600, "tenant": "TN-1"}


def signed(claims: dict[str, Any]) -> str:
    return jwt.encode(claims, KEY, algorithm="HS512")


def part(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")


def forged(claims: bytes) -> str:
    head, _, mac = signed({}).split(".")
    return f"{head}.{part(claims)}.{mac}"


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
        "{}%",
        "$ {}",
        "> {}",
        "JWT={}",
        '$env:TOKEN = "{}"',
        '"access_token": "{}",',
        "https://bank.example/#access_token={}&expires_in=600",
        "*{}*",
        "_{}_",
        "({})",
        "This is my token: {}",
        "{}.",
        "{} user@host:~$",
        "curl 'https://bank.example' -H 'Authorization: Bearer {}' -H 'x-account-id: 7'",
        "Set-Cookie: jwt={}; HttpOnly",
        "{{{}}}",
        '{{"access_token": "{}", "expires_in": 600, "token_type": "Bearer"}}',
        '{{\n  "token": "{}",\n  "expires_in": 600\n}}',
        '"access_token": "{}",\n"expires_in": 600',
        '{{\\"jwt\\":\\"{}\\"}}',
    ],
)
def test_a_pasted_token_is_read_and_sent_without_what_is_around_it(paste: str) -> None:
    token = signed(CLAIMS)
    read = parse(paste.format(token))
    assert (read.tenant, read.expires_at) == ("TN-1", ISSUED + timedelta(seconds=600))
    assert bearer(paste.format(token)) == token


@patient
@given(
    st.lists(st.integers(1, 150), max_size=8),
    st.sampled_from(["\n", "\r\n", " ", "\n  ", "\u200b", "\\n", "<br>", '" +\n "', "'\n  . '"]),
)
def test_a_token_broken_over_lines_is_whole_again(breaks: list[int], blank: str) -> None:
    broken = token = signed(CLAIMS)
    for place in sorted({min(at, len(token) - 1) for at in breaks}, reverse=True):
        broken = broken[:place] + blank + broken[place:]
    assert bearer(f"Bearer {broken}") == token


def test_what_a_token_does_not_say_is_unknown() -> None:
    assert parse(signed({"tenant_id": "tn-2"})).tenant == "tn-2"
    assert (parse(signed({})).tenant, parse(signed({})).expires_at) == (None, None)
    assert parse(signed({"tenant": " ", "tenant_id": 7})).tenant is None


def test_a_token_that_is_no_jwt_can_be_sent() -> None:
    assert bearer(" Bearer 2YotnFZFEjr1zCsicMWpAA== ") == "2YotnFZFEjr1zCsicMWpAA=="


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", TokenFault.EMPTY),
        (" \n", TokenFault.EMPTY),
        ("``", TokenFault.EMPTY),
        ("a" * 20_000, TokenFault.TOO_LONG),
        ("-----BEGIN PRIVATE KEY-----!", TokenFault.NOT_JWT),
        ("é.é.é", TokenFault.NOT_JWT),
    ],
)
def test_what_is_no_token_is_not_sent(text: str, fault: TokenFault) -> None:
    with pytest.raises(UnreadableToken) as caught:
        bearer(text)
    assert caught.value.fault.key == fault
    assert text.strip("` \n") not in str(caught.value) or not text.strip("` \n")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("hello", TokenFault.NOT_JWT),
        ("a.b.c", TokenFault.NOT_JWT),
        (forged(b"[]"), TokenFault.CUT),
        (forged(b"[" * 9000), TokenFault.CUT),
    ],
)
def test_what_holds_no_claims_is_told(text: str, fault: TokenFault) -> None:
    with pytest.raises(UnreadableToken) as caught:
        parse(text)
    assert caught.value.fault.key == fault
    assert text not in str(caught.value)


@pytest.mark.parametrize("exp", ["soon", True, -1, 1e300, float("nan"), float("inf"), 10**40, [], {}])
def test_an_impossible_time_is_told(exp: object) -> None:
    with pytest.raises(UnreadableToken) as caught:
        _ = parse(forged(json.dumps({"exp": exp}).encode())).expires_at
    assert caught.value.fault.key == TokenFault.NOT_A_TIME


def read(text: str) -> None:
    """Everything read from a token, and what is sent of it."""
    for reading in (lambda: bearer(text), lambda: parse(text).tenant, lambda: parse(text).expires_at):
        try:
            reading()
        except UnreadableToken as unusable:
            assert unusable.fault.key in set(TokenFault)  # noqa: PT017  either way is right


@patient
@given(st.text() | st.binary().map(forged))
def test_any_text_is_read_or_refused(text: str) -> None:
    read(text)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@patient
@given(st.dictionaries(st.sampled_from(["exp", "iat", "tenant", "tenant_id", "nbf", "aud", "sub"]), json_values))
def test_any_claims_are_read_or_refused(claims: dict[str, Any]) -> None:
    read(forged(json.dumps(claims).encode()))


def test_claims_nested_without_an_end_are_refused() -> None:
    with pytest.raises(UnreadableToken):
        parse(forged(b"[" * 9000))
