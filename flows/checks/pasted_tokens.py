"""What was pasted where a short-lived access token is asked for, and plainly is none: it must not be tried, but revoked.

All that a token's own words and form tell. A long-lived secret that looks like an opaque access token can't be told from one.
"""

import base64
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

from flows.checks import guard
from flows.checks.guard import SecretKind
from flows.checks.tokens import (
    MAX_LIFETIME,
    Jwt,
    TokenFault,
    TokenProblem,
    UnreadableToken,
    parse,
    seconds_of,
    unwrapped,
)

LEEWAY = 60
"""Seconds that rounding and a clock may add to a lifetime."""

_HEX = re.compile(r"(?:0x)?[0-9a-f]{32,128}", re.IGNORECASE)
"""Pismo's server keys and secrets have 40 such digits; its access tokens are JWTs, or have letters of all kinds."""
_PAIR = re.compile(r"[\w.+@-]{3,256}:[^\s:/][^\s:]{5,256}")
"""``key:secret``, as RFC 7617 joins them, before or after base64."""
_API_KEY = re.compile(
    r"(?-i:[srp]k[-_](?:[a-z]{2,8}[-_][A-Za-z0-9_-]{16,}|[A-Za-z0-9]{16,}))"
    r"|(?:AKIA|ASIA)[A-Z0-9]{16}|(?-i:hf)_[A-Za-z0-9]{20,}|shp(?:at|ca|pa|ss)_[A-Za-z0-9]{20,}|xkeysib-[A-Za-z0-9-]{20,}"
    r"|(?:dckr_pat|dp\.pt|figd|lin_api|glrt|glsa|pscale_tkn|sbp|ory_rt|(?-i:rt))[._-][A-Za-z0-9._-]{16,}"
    r"|key-[0-9a-f]{32}|(?:SK|AC)[0-9a-f]{32}|1//[A-Za-z0-9_-]{20,}"
    r"|[01]\.A[A-Za-z0-9_.-]{100,}|v1\.M[A-Za-z0-9_-]{30,}|5Aep861[A-Za-z0-9_.]{40,}|Atzr\|\S{40,}|00[A-Za-z0-9_-]{40}|[bs]\.[A-Za-z0-9]{24}"
    r"|(?:api|secret|refresh)[-_]?(?:key|token)?[-_][A-Za-z0-9_-]{16,}",
    re.IGNORECASE,
)
"""Beside those the guard knows everywhere: prefixes of keys, and of OAuth 2 refresh tokens, that are words elsewhere. The shortest are
taken as their issuers write them, since a token drawn at random begins with two letters and a dash in any case once in some thousands."""
_AWS_SECRET = re.compile(r"(?=[A-Za-z0-9]*[/+])(?=.*[A-Z])(?=.*[a-z])(?=.*[0-9])[A-Za-z0-9/+]{40}")
"""A secret access key by its form alone, since no prefix marks it."""
_PADDING = re.compile(r"(?<!=)=++(?=\.|\Z)")
"""After a part of a JWT, which has none (RFC 7515)."""
_WRAPPED = 3
"""How often base64 is looked behind."""
_NAMES_KIND = ("typ", "type", "token_type", "token_use", "use", "kind")
_REFRESH = re.compile(r"refresh|offline", re.IGNORECASE)


def long_lived_secret(text: str, now: datetime, *, signed_by_customer: bool = False) -> SecretKind | None:
    """The kind of what must be revoked; None for what may be an access token. ``now`` is aware. Never raises.

    ``signed_by_customer``: it is the customer's own assertion, whose times are checked by their own rules.
    """
    token = unwrapped(text)
    found = guard.find_secrets(token, allow={SecretKind.ACCESS_TOKEN})
    if found:
        return min((one.kind for one in found), key=list(SecretKind).index)
    try:
        jwt = parse(_PADDING.sub("", token))
    except UnreadableToken:
        return _opaque(token)
    if not signed_by_customer and (_is_refresh(jwt) or _outlives(jwt.claims, now)):
        return SecretKind.LONG_LIVED_TOKEN
    return None


def unknowable(text: str, *, always_jwt: bool) -> TokenProblem | None:
    """Why nothing tells how long it lives; None for a readable JWT, and for what was never meant as one unless tokens are ``always_jwt``.
    Never raises."""
    try:
        _ = parse(text).expires_at
    except UnreadableToken as unusable:
        return None if unusable.fault.key is TokenFault.NOT_JWT and not always_jwt else unusable.fault
    return None


def _opaque(token: str) -> SecretKind | None:
    forms = list(_forms(token))
    if any(_API_KEY.fullmatch(form) or _AWS_SECRET.fullmatch(form) for form in forms):
        return SecretKind.LONG_LIVED_TOKEN
    if any(_HEX.fullmatch(form) or _PAIR.fullmatch(form) for form in forms):
        return SecretKind.SERVER_SECRET
    return None


def _forms(token: str) -> Iterator[str]:
    """As it is, and what it is the base64 of, maybe more than once."""
    for _ in range(_WRAPPED):
        yield token
        try:
            plain = token.strip().replace("-", "+").replace("_", "/").rstrip("=")
            token = base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True).decode().strip()
        except ValueError:
            return
    yield token


def _is_refresh(jwt: Jwt) -> bool:
    said = [part.get(name) for part in (jwt.header, jwt.claims) for name in _NAMES_KIND]
    return any(isinstance(value, str) and _REFRESH.search(value) for value in said)


def _outlives(claims: Mapping[str, Any], now: datetime) -> bool:
    """Whether it never ends, or lives longer than any access token of Pismo's: from now on, or since it says it was issued. An end that
    can't be read is for `unknowable`."""
    try:
        ends = seconds_of(claims, "exp")
    except UnreadableToken:
        return False
    begins = now.timestamp()
    with suppress(UnreadableToken):
        issued = seconds_of(claims, "iat")
        begins = begins if issued is None else min(issued, begins)
    return ends is None or ends - begins > MAX_LIFETIME + LEEWAY
