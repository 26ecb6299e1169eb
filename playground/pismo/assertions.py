"""The customer's own JWT (OpenID Connect for servers), verified as Pismo documents it. Pismo's answer never says what was wrong."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from playground.pismo.facts import FACTS, KEY_BITS, MAX_LIFETIME

Reason = Literal[
    "malformed",
    "alg",
    "typ",
    "claim missing",
    "permission group",
    "unknown org",
    "signature",
    "revoked key",
    "iss",
    "sub",
    "aud",
    "iat in the future",
    "expired",
    "lifetime",
    "not yet valid",
]

ALGORITHM: str = FACTS["assertion"]["algorithm"]
_CLAIMS: list[str] = FACTS["assertion"]["claims"]
_GROUP = re.compile(r"pismo-v\d+:[\w-]+:\w+", re.ASCII)
_LEEWAY = 5
"""Seconds that clocks may differ (RFC 7519)."""
_UNCHECKED = {f"verify_{name}": False for name in ("aud", "exp", "iat", "iss", "jti", "nbf", "sub", "signature")}
_SIGNATURE_ALONE = _UNCHECKED | {"verify_signature": True}


class AssertionRefusedError(Exception):
    """The assertion is not accepted; ``reason`` is for whoever runs the sandbox."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason: Reason = reason


@dataclass
class Registration:
    """An OpenID configuration: the customer's public key and the values Pismo gave for its claims."""

    key: RSAPublicKey
    iss: str
    sub: str
    aud: str
    revoked: bool = False

    @classmethod
    def of(cls, pem: str, iss: str, sub: str, aud: str) -> Self:
        """Raises ValueError if Control Center would not take the key."""
        key = load_pem_public_key(pem.encode())
        if not isinstance(key, RSAPublicKey) or key.key_size < KEY_BITS:
            raise ValueError(f"the public key must be RSA of at least {KEY_BITS} bits")
        return cls(key, iss, sub, aud)

    def signed(self, token: str) -> bool:
        try:
            jwt.decode(token, self.key, algorithms=[ALGORITHM], options=_SIGNATURE_ALONE)  # type: ignore[arg-type]
        except jwt.InvalidTokenError:
            return False
        return True


def claims_of(token: object) -> Mapping[str, Any]:
    """The claims of a well-formed JWT, its signature unchecked. Raises AssertionRefusedError."""
    try:
        header = jwt.get_unverified_header(str(token))
        claims: dict[str, Any] = jwt.decode(str(token), options=_UNCHECKED)  # type: ignore[arg-type]
    except (jwt.InvalidTokenError, RecursionError):
        raise AssertionRefusedError("malformed") from None
    if header.get("alg") != ALGORITHM:
        raise AssertionRefusedError("alg")
    if header.get("typ") != "JWT":
        raise AssertionRefusedError("typ")
    if any(not isinstance(claims.get(name), int | float if name in {"exp", "iat"} else str) for name in _CLAIMS if name != "aud"):
        raise AssertionRefusedError("claim missing")
    if _GROUP.fullmatch(group_of(claims)) is None:
        raise AssertionRefusedError("permission group")
    return claims


def group_of(claims: Mapping[str, Any]) -> str:
    """The permission group that the claim ``pismo`` names, in an object or, as one page of the guide has it, as a bare text."""
    named = claims.get("pismo")
    return str(named.get("group", "") if isinstance(named, dict) else named or "")


def verify(token: str, claims: Mapping[str, Any], registered: list[Registration], now: float) -> None:
    """Raises AssertionRefusedError unless a registered key signed it and its claims are those given with that key.

    ``now`` in seconds since 1970; the clocks may differ by a few.
    """
    signer = next((known for known in registered if known.signed(token)), None)
    if signer is None:
        raise AssertionRefusedError("signature")
    if signer.revoked:
        raise AssertionRefusedError("revoked key")
    for name in ("iss", "sub", "aud"):
        if claims.get(name) != getattr(signer, name):  # `aud` is one text, not a list
            raise AssertionRefusedError(name)
    if claims["iat"] > now + _LEEWAY:
        raise AssertionRefusedError("iat in the future")
    if claims["exp"] <= now - _LEEWAY:
        raise AssertionRefusedError("expired")
    if claims["exp"] - claims["iat"] > MAX_LIFETIME:
        raise AssertionRefusedError("lifetime")
    if isinstance(claims.get("nbf"), int | float) and claims["nbf"] > now + _LEEWAY:
        raise AssertionRefusedError("not yet valid")
