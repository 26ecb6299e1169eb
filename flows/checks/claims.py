"""What is wrong with a pasted JWT, one sentence per fault: the JWT the customer signs to get an access token (OpenID Connect),
or the access token that comes back.

Pismo's documented rules for the signed one: RS256, ``typ`` JWT; ``iss``, ``sub``, and ``aud`` as given by Pismo; ``tenant_id``
the org ID; ``pismo`` with a permission group; ``exp`` at most an hour after ``iat``. Times are RFC 7519's: they may have fractions,
and clocks may differ by a few seconds. Nothing here stores or logs any part of a token.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from flows.checks import guard
from flows.checks.keys import read_public_key
from flows.checks.pem import KeyProblem
from flows.checks.permission_groups import is_group, named_in
from flows.checks.tokens import CLOCKS_APART, MAX_LIFETIME, Jwt, TokenFault, TokenProblem, UnreadableToken, parse, seconds_of
from flows.problems import Amount

ALGORITHM = "RS256"
_GIVEN = ("iss", "sub", "aud")
_TENANT = ("tenant_id", "tenant")
_MAX_SHOWN = 80


@dataclass(frozen=True)
class Expected:
    """What is known about the customer. Empty values are not compared.

    ``public_key``: as they sent it for the environment that the token is of; ``other_key``: that of their other environment, whose
    private key must not sign here; ``other_fault`` says which that is. ``groups``: the permission groups that were approved.
    """

    org_id: str
    iss: str = ""
    sub: str = ""
    aud: str = ""
    public_key: str = ""
    other_key: str = ""
    other_fault: TokenFault = TokenFault.KEY_OF_PRODUCTION
    groups: Sequence[str] = ()


def check_assertion(text: str, expected: Expected, now: datetime) -> list[TokenProblem]:
    """Faults of a JWT the customer signed; empty if Pismo will accept it. ``now`` is aware."""
    try:
        token = parse(text)
    except UnreadableToken as unusable:
        return [unusable.fault]
    return [
        *_header(token.header),
        *_signature(token, expected),
        *(fault for name in _GIVEN for fault in _claim(token.claims, name, getattr(expected, name))),
        *_tenant_claim(token.claims, expected.org_id),
        *_group(token.claims.get("pismo"), expected.groups),
        *_times(token.claims, now.timestamp()),
    ]


def check_access_token(text: str, expected: Expected, now: datetime) -> list[TokenProblem]:
    """Faults of a token from Pismo, as far as we can tell without asking Pismo; empty if there are none. Never raises."""
    try:
        token = parse(text)
    except UnreadableToken as unusable:
        return [unusable.fault]
    if is_assertion(token, expected):
        return [TokenProblem(TokenFault.IS_ASSERTION)]
    tenant = next((token.claims[name] for name in _TENANT if token.claims.get(name)), None)
    differs = _differs(TokenFault.TENANT_DIFFERS, "tenant", expected.org_id, tenant) if expected.org_id and tenant else None
    times = _readable_times(token.claims, ("exp",), required=False)
    return [*([differs] if differs else []), *times.faults, *_expiry(times.seconds, now.timestamp())]


def is_signed_by_customer(text: str, expected: Expected) -> bool:
    """Whether it is the JWT to be exchanged: signed with a key of theirs, or naming the customer's issuer. Never raises."""
    try:
        token = parse(text)
    except UnreadableToken:
        return False
    return is_assertion(token, expected) or bool(expected.iss and token.claims.get("iss") == expected.iss)


def is_assertion(token: Jwt, expected: Expected) -> bool:
    """Whether the customer signed it, not Pismo."""
    return token.header.get("alg") == ALGORITHM and any(_verifies(token, key) for key in _keys(expected))


def _header(header: Mapping[str, Any]) -> Iterator[TokenProblem]:
    if header.get("alg") != ALGORITHM:
        yield TokenProblem(TokenFault.NOT_RS256, {"alg": _shown(header.get("alg"))})
    if header.get("typ") != "JWT":
        yield TokenProblem(TokenFault.TYP, {"typ": _shown(header.get("typ"))})


def _signature(token: Jwt, expected: Expected) -> Iterator[TokenProblem]:
    if not (expected.public_key or expected.other_key) or token.header.get("alg") != ALGORITHM:
        return
    key, other, keys = _key(expected.public_key), _key(expected.other_key), _keys(expected)
    if keys and all(len(token.signature) < (one.key_size + 7) // 8 for one in keys):
        yield TokenProblem(TokenFault.CUT)
    elif key is not None and _verifies(token, key):
        return
    elif other is not None and _verifies(token, other):
        fingerprint = read_public_key(expected.other_key).fingerprint_sha256
        yield TokenProblem(expected.other_fault, {"fingerprint": fingerprint})
    else:
        yield TokenProblem(TokenFault.NO_KEY if key is None else TokenFault.SIGNATURE)


def _keys(expected: Expected) -> list[RSAPublicKey]:
    """Those of them that can be read."""
    return [key for one in (expected.public_key, expected.other_key) if (key := _key(one)) is not None]


@lru_cache(maxsize=256)
def _key(public_key: str) -> RSAPublicKey | None:
    """None if there is none that can be used. Cached: loading takes longer than verifying."""
    try:
        key = load_pem_public_key(read_public_key(public_key).pem.encode())
    except KeyProblem:
        return None
    return key if isinstance(key, RSAPublicKey) else None


def _verifies(token: Jwt, key: RSAPublicKey) -> bool:
    try:
        key.verify(token.signature, token.signed, PKCS1v15(), SHA256())
    except InvalidSignature:
        return False
    return True


def _claim(claims: Mapping[str, Any], name: str, expected: str) -> Iterator[TokenProblem]:
    """Must be a string, exactly the one Pismo gave."""
    value = claims.get(name)
    if value is None or value == "":
        yield TokenProblem(TokenFault.CLAIM_MISSING, {"claim": name})
    elif not isinstance(value, str):
        yield TokenProblem(TokenFault.CLAIM_NOT_TEXT, {"claim": name})
    elif expected and value != expected:
        yield TokenProblem(TokenFault.CLAIM_DIFFERS, {"claim": name, "expected": expected, "found": _shown(value)})


def _tenant_claim(claims: Mapping[str, Any], org_id: str) -> Iterator[TokenProblem]:
    unlike = list(_claim(claims, "tenant_id", ""))
    yield from unlike
    if not unlike and (differs := _differs(TokenFault.TENANT_DIFFERS, "tenant_id", org_id, claims["tenant_id"])):
        yield differs


def _group(claim: object, approved: Sequence[str]) -> Iterator[TokenProblem]:
    """One group, as an object or as a bare text: Pismo's guides show both."""
    if claim is None or claim == "":
        yield TokenProblem(TokenFault.NO_GROUP)
        return
    named = named_in(claim)
    if named is None or not is_group(named):
        yield TokenProblem(TokenFault.GROUP_FORM, {"found": _shown(named)})
    elif approved and named not in approved:
        yield TokenProblem(TokenFault.GROUP_DIFFERS, {"found": _shown(named), "expected": ", ".join(approved)})


def _differs(key: TokenFault, claim: str, expected: str, found: object) -> TokenProblem | None:
    """Ignores case: org IDs are written in both."""
    if str(found).casefold() == expected.casefold():
        return None
    return TokenProblem(key, {"claim": claim, "expected": expected, "found": _shown(found)})


@dataclass(frozen=True)
class _Times:
    seconds: Mapping[str, float]
    faults: list[TokenProblem]


def _readable_times(claims: Mapping[str, Any], names: tuple[str, ...], *, required: bool) -> _Times:
    seconds: dict[str, float] = {}
    faults = []
    for name in names:
        try:
            value = seconds_of(claims, name)
        except UnreadableToken as unreadable:
            faults.append(unreadable.fault)
            continue
        if value is not None:
            seconds[name] = value
        elif required:
            faults.append(TokenProblem(TokenFault.CLAIM_MISSING, {"claim": name}))
    return _Times(seconds, faults)


def _times(claims: Mapping[str, Any], now: float) -> Iterator[TokenProblem]:
    times, perhaps = _readable_times(claims, ("iat", "exp"), required=True), _readable_times(claims, ("nbf",), required=False)
    seconds = {**times.seconds, **perhaps.seconds}
    yield from (*times.faults, *perhaps.faults)
    if {"iat", "exp"} <= seconds.keys():
        lifetime = round(seconds["exp"] - seconds["iat"], 3)  # of fractions, a sum is not exact
        if lifetime <= 0:
            yield TokenProblem(TokenFault.EXP_BEFORE_IAT)
        elif lifetime > MAX_LIFETIME:
            yield TokenProblem(TokenFault.LIFETIME, {"lifetime": Amount(math.ceil(lifetime)), "maximum": Amount(MAX_LIFETIME)})
    yield from _expiry(seconds, now)
    for name in ("iat", "nbf"):
        if (ahead := seconds.get(name, now) - now) > CLOCKS_APART:
            yield TokenProblem(TokenFault.AHEAD, {"claim": name, "seconds": Amount(math.ceil(ahead))})


def _expiry(seconds: Mapping[str, float], now: float) -> Iterator[TokenProblem]:
    if "exp" in seconds and (ago := now - seconds["exp"]) >= CLOCKS_APART:
        yield TokenProblem(TokenFault.EXPIRED, {"seconds": Amount(int(ago))})


def _shown(value: object) -> str:
    """A value from a token, shortened and redacted by the guard."""
    text = "" if value is None else str(value)
    return guard.redact("".join(sign for sign in text if sign.isprintable())[:_MAX_SHOWN]) or "-"
