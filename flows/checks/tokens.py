"""A pasted token: stripped of what copying puts around it, and parsed if it is a JWT (RFC 7515, RFC 7519). Nothing is verified or
stored here."""

import base64
import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from itertools import pairwise, takewhile
from typing import Any
from urllib.parse import unquote

from flows.checks.readings import UNSEEN
from flows.problems import Parameter

MAX_LIFETIME = 3600
"""Seconds that a JWT made for Pismo may live, and that Pismo's access tokens live at most."""
CLOCKS_APART = 5
"""Seconds that two clocks may differ: the leeway RFC 7519 allows for ``exp``, ``nbf``, and ``iat``."""
BEYOND_SECONDS = 100_000_000_000
"""The year 5138; in milliseconds 1973."""
_MAX_CHARS = 16_384
_PREFIX = re.compile(
    r"(?:(?:export|set)\s+|\$(?:env:)?)?(?:(?:signed\s+)?jwt|(?:access[\s_-]?)?token)[\"']?\s*[:=]\s*[\"']?"
    r"|(?:authorization\s*:\s*)?(?:bearer\s+)?",
    re.IGNORECASE,
)
_AROUND = "\"'`<>“”‘’,;%$#|*\\ \t\r\n\u200b\ufeff"
_BLANK = re.compile(rf"[\s{UNSEEN}]+")
_DASH, _DOT = re.compile("[\u2010-\u2015\u2212\ufe63\uff0d]"), re.compile("[\uff0e\u3002\uff61\u00b7\u2024]")
"""What word processors and other languages' keyboards put in place of a token's own signs."""
_COLOR = re.compile(r"\x1b\[[0-9;]{0,20}m")
_ESCAPED = re.compile("%(?:2[0EeDdFf]|3[Aa])")
_WRITTEN_BREAK = re.compile(r"\\{1,4}[nrt]|<br ?/?>")
_JOINED = re.compile(r"(?<=[\"'`])\s{0,9}[+.&]\s{0,9}$|^\s{0,9}[+.&]\s{0,9}(?=[\"'`])", re.MULTILINE)
"""What joins texts in a program, at the end of a line or at its beginning."""
_NUMBER = re.compile(r"\A\s*\d{1,3}[.)]\s+")
_PAIR = re.compile("=[^=.]")
_BEGIN = re.compile(r"(?:\.\s*)?(?<![A-Za-z0-9._+/-])eyJ")
"""Where a JWT begins; with a dot, a part of one that was broken over lines."""
_CLOSING = "\"'`)]}>&»”’;,"
_ANSWER = re.compile(r"""\{\\{0,4}["'“”]?\w{1,40}\\{0,4}["'“”]?:""")
_NAMED = re.compile(r"""(?:token|jwt|assertion)\\{0,4}["'”]?:""", re.IGNORECASE)
_RUN = re.compile(r"[A-Za-z0-9._~+/=-]*", re.ASCII)
_PARTS, _PARTS_ENCRYPTED = 3, 5
# RFC 6750 section 2.1, `b64token`: everything that may follow "Bearer " in a header.
_BEARER = re.compile(r"[A-Za-z0-9._~+/-]+=*", re.ASCII)


class TokenFault(StrEnum):
    EMPTY = "jwt_empty"
    TOO_LONG = "jwt_too_long"  # maximum
    NOT_JWT = "jwt_not_jwt"
    JSON = "jwt_json"  # the whole response with the token in it
    CUT = "jwt_cut"
    DOUBLED = "jwt_doubled"
    ENCRYPTED = "jwt_encrypted"
    NOT_URL_SAFE = "jwt_not_url_safe"
    NOT_RS256 = "jwt_alg"  # alg
    TYP = "jwt_typ"  # typ
    CLAIM_MISSING = "jwt_claim_missing"  # claim
    CLAIM_NOT_TEXT = "jwt_claim_not_text"  # claim
    CLAIM_DIFFERS = "jwt_claim_differs"  # claim, expected, found
    TENANT_DIFFERS = "jwt_tenant_differs"  # claim, expected, found
    NOT_A_TIME = "jwt_not_a_time"  # claim
    MILLISECONDS = "jwt_milliseconds"  # claim
    LIFETIME = "jwt_lifetime"  # lifetime, maximum: in seconds
    EXP_BEFORE_IAT = "jwt_exp_before_iat"
    EXPIRED = "jwt_expired"  # seconds
    AHEAD = "jwt_ahead"  # claim, seconds
    SIGNATURE = "jwt_signature"
    KEY_OF_TEST = "jwt_key_of_test"  # fingerprint
    KEY_OF_PRODUCTION = "jwt_key_of_production"  # fingerprint
    IS_ASSERTION = "jwt_is_assertion"
    NO_GROUP = "jwt_no_group"
    GROUP_FORM = "jwt_group_form"  # found
    GROUP_DIFFERS = "jwt_group_differs"  # found, expected
    NO_KEY = "jwt_no_key"


@dataclass(frozen=True)
class TokenProblem:
    """``key`` is looked up as ``error.<key>``. Parameters contain short claim values, never part of the raw token."""

    key: TokenFault
    params: Mapping[str, Parameter] = field(default_factory=dict)


class UnreadableToken(ValueError):  # noqa: N818  an answer to a person, not a failure
    """The text can't be read as a token; ``fault`` says why."""

    def __init__(self, key: TokenFault, **params: Parameter) -> None:
        super().__init__(str(key))
        self.fault = TokenProblem(key, params)


@dataclass(frozen=True, repr=False)
class Jwt:
    """``signed``: the bytes under the signature."""

    header: Mapping[str, Any]
    claims: Mapping[str, Any]
    signed: bytes
    signature: bytes

    @property
    def tenant(self) -> str | None:
        """The org ID as written there; None if the token doesn't say."""
        said = (self.claims.get(name) for name in ("tenant", "tenant_id"))
        return next((value.strip() for value in said if isinstance(value, str) and value.strip()), None)

    @property
    def expires_at(self) -> datetime | None:
        """None if the token doesn't say. Raises UnreadableToken if it isn't a time."""
        seconds = seconds_of(self.claims, "exp")
        return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def seconds_of(claims: Mapping[str, Any], name: str) -> float | None:
    """A claim's time as RFC 7519 writes it: seconds since 1970, maybe fractional. None if the token doesn't say. Raises UnreadableToken if
    it is anything else."""
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < math.inf:
        raise UnreadableToken(TokenFault.NOT_A_TIME, claim=name)
    if value >= BEYOND_SECONDS:
        fault = TokenFault.MILLISECONDS if value < BEYOND_SECONDS * 1000 else TokenFault.NOT_A_TIME
        raise UnreadableToken(fault, claim=name)
    return value


def unwrapped(text: str) -> str:
    """Just the token, without what terminals, log files, and chats put around it. An answer with several tokens, and a token of another
    name (``refresh_token=``) stay what they are."""
    text = _NUMBER.sub("", _DOT.sub(".", _DASH.sub("-", _COLOR.sub("", text))), count=1)
    text = _JOINED.sub("", _WRITTEN_BREAK.sub("\n", unquote(text) if _ESCAPED.search(text) else text))
    token = _BLANK.sub("", _PREFIX.sub("", text.strip(_AROUND), count=1).strip(_AROUND))
    if _is_answer(token) or (_BEARER.fullmatch(token) and _json(token.partition(".")[0]) is not None):
        return token.removesuffix(".") if token.count(".") == _PARTS else token
    if token[:1] in ("_", "~") and token[1:].startswith("eyJ"):
        return token.strip(token[0])
    begins = [one.start() for one in _BEGIN.finditer(text) if one[0] == "eyJ"]
    if len(begins) != 1 or "refresh" in text[: begins[0]].casefold():
        return token
    return _of_lines(text[begins[0] :].splitlines())


def _is_answer(text: str) -> bool:
    """JSON that doesn't tell which token is meant: it names none or several. ``text``: without blanks."""
    return _ANSWER.match(text) is not None and len(_NAMED.findall(text)) != 1


def _of_lines(lines: list[str]) -> str:
    """A JWT that begins the first line, perhaps broken over the next ones, up to what can't be a part of it."""
    taken: list[str] = []
    for line in lines:
        words = [word for word in _BLANK.split(line) if word.strip(_AROUND)]
        if words and not taken and _ends_sentence(words[0]):
            return words[0].strip(_AROUND)[:-1]
        alike = [word.strip(_AROUND) for word in takewhile(_may_belong, words[: _closed(words)])]
        if len(alike) == len(words):
            taken += alike
            continue
        if alike and (not taken or words[len(alike) - 1][-1] in _CLOSING):
            taken += alike
        elif not alike and (found := _RUN.match(words[0].lstrip(_AROUND))) and (not taken or _closes(found)):
            taken.append(found[0])
        break
    return "".join(taken)


def _closed(words: Sequence[str]) -> int:
    """How many there are up to one behind which a quote ends and no other begins."""
    ends = (at for at, (word, after) in enumerate(pairwise(words), 1) if word[-1] in _CLOSING and after[0] not in _AROUND)
    return next(ends, len(words))


def _closes(part: re.Match[str]) -> bool:
    """Whether a quote ends behind it, and it is no name of JSON's."""
    rest = part.string[part.end() :]
    return rest[0] in _CLOSING and not rest.lstrip(_AROUND).startswith(":")


def _may_belong(word: str) -> bool:
    """To a token: not ``name=value``."""
    bare = word.strip(_AROUND)
    return _RUN.fullmatch(bare) is not None and not _PAIR.search(bare)


def _ends_sentence(word: str) -> bool:
    """A whole JWT and a full stop."""
    bare = word.strip(_AROUND)
    return bare.endswith(".") and bare.count(".") == _PARTS and all(bare.split(".")[:_PARTS])


def bearer(text: str) -> str:
    """A token to send, JWT or not. Raises UnreadableToken if the text contains anything no token has."""
    token = _alone(text)
    if not _BEARER.fullmatch(token):
        raise UnreadableToken(TokenFault.NOT_JWT)
    return token


def _alone(text: str) -> str:
    if len(text) > _MAX_CHARS:
        raise UnreadableToken(TokenFault.TOO_LONG, maximum=_MAX_CHARS)
    token = unwrapped(text)
    if not token:
        raise UnreadableToken(TokenFault.EMPTY)
    return token


def parse(text: str) -> Jwt:
    """A JWT as terminals, log files, and chats show it: after ``Bearer``, quoted, broken into lines. Raises UnreadableToken."""
    token = _alone(text)
    if token.startswith("{") and "eyJ" in token:
        raise UnreadableToken(TokenFault.JSON)
    parts = token.split(".")
    header, payload = _json(parts[0]), _json(parts[1]) if len(parts) > 1 else None
    if len(parts) > _PARTS:
        raise UnreadableToken(_too_many(parts, header))
    if header is None and payload is None and not parts[0].startswith("eyJ"):
        raise UnreadableToken(TokenFault.NOT_JWT)
    if re.search(r"[+/=]", token):
        raise UnreadableToken(TokenFault.NOT_URL_SAFE)
    if header is None or payload is None or len(parts) < _PARTS or not (parts[2] or header.get("alg") == "none"):
        raise UnreadableToken(TokenFault.CUT)
    signature = _decoded(parts[2])
    if signature is None:
        raise UnreadableToken(TokenFault.CUT)
    return Jwt(header, payload, f"{parts[0]}.{parts[1]}".encode(), signature)


def _too_many(parts: list[str], header: Mapping[str, Any] | None) -> TokenFault:
    if header is not None and "enc" in header and len(parts) == _PARTS_ENCRYPTED:
        return TokenFault.ENCRYPTED
    if "" in parts:  # dots in place of what was left out
        return TokenFault.CUT
    return TokenFault.DOUBLED if any("eyJ" in part for part in parts[2:]) else TokenFault.NOT_JWT


def _decoded(part: str) -> bytes | None:
    try:
        plain = part.rstrip("=").replace("-", "+").replace("_", "/")
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except ValueError:
        return None


def _json(part: str) -> Mapping[str, Any] | None:
    try:
        found = json.loads(_decoded(part) or b"")
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
