"""What was pasted where a short-lived access token is asked for, and plainly is none: it must not be tried, but revoked.

All that a token's own words and form tell. A long-lived secret that looks like an opaque access token can't be told from one.
"""

import base64
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from flows.checks import guard
from flows.checks.guard import SecretKind
from flows.checks.tokens import BEYOND_SECONDS, MAX_LIFETIME, Jwt, TokenFault, UnreadableToken, is_bearer, parse, unwrapped

LEEWAY = 60
"""Seconds that rounding and a clock may add to a lifetime."""

_HEX = re.compile(r"[0-9a-f]{32,128}", re.IGNORECASE)
"""Pismo's server keys and secrets have 40 such digits; its access tokens are JWTs, or have letters of all kinds."""
_PAIR = re.compile(r"[\w.+@-]{3,256}:[^\s:/][^\s:]{5,256}")
"""``key:secret``, as RFC 7617 joins them, before or after base64."""
_API_KEY = re.compile(
    r"(?:sk|rk|pk)[-_](?:ant-|proj-|svcacct-|live_|test_)?[A-Za-z0-9_-]{16,}"
    r"|(?:AKIA|ASIA)[A-Z0-9]{16}|hf_[A-Za-z0-9]{20,}|shp(?:at|ca|pa|ss)_[A-Za-z0-9]{20,}|xkeysib-[A-Za-z0-9-]{20,}"
    r"|(?:dckr_pat|dp\.pt|figd|lin_api|glrt|glsa|pscale_tkn|sbp|ory_rt|rt)[._-][A-Za-z0-9._-]{16,}"
    r"|key-[0-9a-f]{32}|(?:SK|AC)[0-9a-f]{32}|1//[A-Za-z0-9_-]{20,}"
    r"|(?:api|secret|refresh)[-_]?(?:key|token)?[-_][A-Za-z0-9_-]{16,}",
    re.IGNORECASE,
)
"""Beside those the guard knows everywhere: prefixes of keys, and of OAuth 2 refresh tokens, that are words elsewhere."""
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
        jwt = parse(token)
    except UnreadableToken:
        return _opaque(token)
    if not signed_by_customer and (_is_refresh(jwt) or _outlives(jwt.claims, now)):
        return SecretKind.LONG_LIVED_TOKEN
    return None


def is_opaque(text: str) -> bool:
    """Whether it could be sent as a token, and neither is a JWT nor was meant to be one."""
    try:
        parse(text)
    except UnreadableToken as unusable:
        return unusable.fault.key is TokenFault.NOT_JWT and is_bearer(text)
    return False


def _opaque(token: str) -> SecretKind | None:
    if _API_KEY.fullmatch(token):
        return SecretKind.LONG_LIVED_TOKEN
    if _HEX.fullmatch(token) or any(_PAIR.fullmatch(form) for form in _forms(token)):
        return SecretKind.SERVER_SECRET
    return None


def _forms(token: str) -> Iterator[str]:
    """As it is, and what it is the base64 of."""
    yield token
    try:
        plain = token.replace("-", "+").replace("_", "/").rstrip("=")
        yield base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True).decode()
    except ValueError:
        return


def _is_refresh(jwt: Jwt) -> bool:
    said = [part.get(name) for part in (jwt.header, jwt.claims) for name in _NAMES_KIND]
    return any(isinstance(value, str) and _REFRESH.search(value) for value in said)


def _outlives(claims: Mapping[str, Any], now: datetime) -> bool:
    """Whether it never ends, or lives longer than any access token of Pismo's. A time that is none is another fault."""
    begins, ends = claims.get("iat"), claims.get("exp")
    if ends is None:
        return True
    if not _is_time(ends):
        return False
    return bool(ends - (begins if _is_time(begins) else now.timestamp()) > MAX_LIFETIME + LEEWAY)


def _is_time(value: object) -> bool:
    """In seconds (RFC 7519); milliseconds are a mistake, not a long life."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < BEYOND_SECONDS
