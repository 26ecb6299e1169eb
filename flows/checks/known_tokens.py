"""Tokens that live longer than a day: API tokens by their issuer's prefix, refresh tokens by name, JWTs by their claims."""

import base64
import json
import re
from collections.abc import Iterator

Span = tuple[int, int]

MAX_LIFETIME = 86_400
"""The longest lifetime of a JWT that counts as short-lived."""
_BEYOND_SECONDS = 100_000_000_000  # times in milliseconds are a mistake to report, not a long lifetime

# Prefixes and minimum lengths as the issuers document them or publish them for secret scanners.
_ISSUED = re.compile(
    r"(?<![A-Za-z0-9_-])(?:"
    r"gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{40,}"
    r"|glpat-[A-Za-z0-9_-]{20,}"
    r"|AT[AC]TT3[A-Za-z0-9_=-]{40,}"  # Atlassian
    r"|PMAK-[a-f0-9]{24}-[a-f0-9]{34}"  # Postman
    r"|AIza[A-Za-z0-9_-]{35}|GOCSPX-[A-Za-z0-9_-]{28}"
    r"|[sr]k_live_[A-Za-z0-9]{16,}"
    r"|hv[sb]\.[A-Za-z0-9_-]{24,}"  # Vault
    r"|npm_[A-Za-z0-9]{36}|pypi-AgEI[A-Za-z0-9_-]{50,}|dop_v1_[a-f0-9]{64}"
    r"|SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}"
    r")"
)
_HINTS = (
    "gh",
    "github_pat_",
    "glpat-",
    "tt3",
    "pmak-",
    "aiza",
    "gocspx-",
    "k_live_",
    "hvs.",
    "hvb.",
    "npm_",
    "pypi-",
    "dop_v1_",
    "sg.",
)
_REFRESH = re.compile(r"""["']refresh\\{0,3}["']\s{0,3}:\s{0,3}\\{0,3}["'](eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_.-]{8,})""")


def issued(text: str) -> Iterator[Span]:
    """By prefix, or by the refresh token's name in Pismo's response."""
    small = text.lower()
    if any(hint in small for hint in _HINTS):
        yield from (match.span() for match in _ISSUED.finditer(text))
    if "refresh" in small:
        yield from (match.span(1) for match in _REFRESH.finditer(text))


def lives_long(payload: str) -> bool:
    """Whether a JWT with this payload (base64url) lives longer than a day according to its claims."""
    try:
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (ValueError, RecursionError):
        return False
    if not isinstance(claims, dict):
        return False
    begins, ends = claims.get("iat"), claims.get("exp")
    if not isinstance(begins, int | float) or not isinstance(ends, int | float):
        return False
    return ends < _BEYOND_SECONDS and ends - begins > MAX_LIFETIME
