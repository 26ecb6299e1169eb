"""What a pasted token says about itself. Nothing here verifies a signature: Pismo does, when the token is used."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import jwt
from pydantic import SecretStr

FaultKind = Literal["empty", "too_long", "malformed", "bad_time"]

MAX_CHARACTERS = 16_384
# RFC 6750 §2.1, `b64token`: all that may follow "Bearer " in a header.
_BEARER_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*", re.ASCII)
_PREFIX = re.compile(r"^(authorization\s*:\s*)?bearer\s+", re.IGNORECASE)
# Line breaks of a terminal, and the invisible characters that a chat or an e-mail adds.
_BLANK = re.compile(r"[\s\u200b-\u200f\u2060\ufeff]+")
_WRAPPING = "\"'`<>"


class TokenError(ValueError):
    """A pasted text is no usable token. ``kind`` says why; the text itself is never part of the error."""

    def __init__(self, kind: FaultKind) -> None:
        super().__init__(kind)
        self.kind: FaultKind = kind


@dataclass(frozen=True)
class TokenFacts:
    """Claims of an unverified JWT; None where the token does not say. ``tenant`` is the org ID as written there."""

    expires_at: datetime | None
    issued_at: datetime | None
    tenant: str | None


def clean_token(text: str) -> SecretStr:
    """The token alone, of what a person pasted: header name, "Bearer", quotes, blanks and line breaks are taken off.

    Raises TokenError: empty, too_long, malformed (a character that no token has).
    """
    bare = _PREFIX.sub("", _BLANK.sub(" ", text).strip(f"{_WRAPPING} "))
    token = bare.replace(" ", "").strip(_WRAPPING)
    if not token:
        raise TokenError("empty")
    if len(token) > MAX_CHARACTERS:
        raise TokenError("too_long")
    if not _BEARER_TOKEN.fullmatch(token):
        raise TokenError("malformed")
    return SecretStr(token)


def read_token(text: str) -> TokenFacts:
    """Claims of a pasted JWT, unverified. Raises TokenError: as clean_token, and bad_time for an impossible exp or iat."""
    token = clean_token(text).get_secret_value()
    claims: Mapping[str, Any] | None
    try:
        claims = jwt.decode(token, options={"verify_signature": False})
    except (jwt.InvalidTokenError, RecursionError):
        claims = None
    if claims is None:  # raised here, so that no traceback carries the decoder's view of the token
        raise TokenError("malformed")
    return TokenFacts(
        expires_at=_moment(claims.get("exp")),
        issued_at=_moment(claims.get("iat")),
        tenant=_text(claims.get("tenant")) or _text(claims.get("tenant_id")),
    )


def _moment(value: object) -> datetime | None:
    """RFC 7519 NumericDate: seconds since 1970-01-01 UTC, whole or not."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TokenError("bad_time")
    try:
        return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        raise TokenError("bad_time") from None


def _text(value: object) -> str | None:
    return value.strip() or None if isinstance(value, str) else None
