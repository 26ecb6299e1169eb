"""A public key as JSON (JWK, RFC 7517): a single one, or the only one in a set that can sign. Private numbers are refused earlier."""

import base64
import json
import re
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from flows.checks.key_faults import KeyFault, KeyProblem

_SECRET = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
_NUMBER = re.compile(r"[A-Za-z0-9_-]{1,4096}={0,2}")
_IN_HEX = re.compile(r"[0-9a-f]{256,4096}|[0-9A-F]{256,4096}")
"""A modulus, which is base64 by the standard, but has nothing but these digits only if it isn't."""


_MEMBER = re.compile(r"""[{,\[][\s>|]{0,99}\\{0,3}["']kty\\{0,3}["']\s{0,9}:""")
_MEMBERS_OF_RSA = re.compile(r"""[{,]\s{0,99}["'](?:n|e)["']\s{0,9}:""")
_QUOTED = re.compile(r"^[ \t]*[>|]", re.MULTILINE)
_COMMA_TOO_MANY = re.compile(r",(\s{0,99}[}\]])")


def is_jwk(text: str) -> bool:
    return "BEGIN " not in text and (_MEMBER.search(text) is not None or len(_MEMBERS_OF_RSA.findall(text)) > 1)


def read_jwk(text: str) -> bytes:
    """The DER SubjectPublicKeyInfo of an RSA key; text around the JSON is ignored, and so are a comma too many, quotes of another kind,
    the signs that keep quotes within a text, and those before the lines of one that is quoted. Raises KeyProblem."""
    text = re.sub(r"\\+(?=\")", "", _QUOTED.sub("", text))
    text = _COMMA_TOO_MANY.sub(r"\1", text if '"' in text else text.replace("'", '"'))
    try:
        given = json.loads(text[text.index("{") : text.rindex("}") + 1], strict=False)
    except (ValueError, RecursionError):
        raise KeyProblem(KeyFault.JWK) from None
    return _key(_only(given))


def _only(given: Any) -> Mapping[str, Any]:
    keys = given.get("keys", given) if isinstance(given, Mapping) else given
    if isinstance(keys, list):
        if any(isinstance(one, Mapping) and not _SECRET.isdisjoint(one) for one in keys):
            raise KeyProblem(KeyFault.PRIVATE_KEY)
        signing = [one for one in keys if _signs(one)] if len(keys) > 1 else keys
        if len(keys) > 1 and len(signing) != 1:
            raise KeyProblem(KeyFault.SEVERAL, count=len(keys))
        keys = signing[0] if signing else None
    if not isinstance(keys, Mapping):
        raise KeyProblem(KeyFault.JWK)
    return {name: value for name, value in keys.items() if value is not None}


def _signs(jwk: Any) -> bool:
    """Identity providers have keys of other kinds, for encryption and of other algorithms beside it."""
    usual = {"kty": "RSA", "use": "sig", "alg": "RS256"}
    return isinstance(jwk, Mapping) and all((jwk.get(name) or value) == value for name, value in usual.items())


def _key(jwk: Mapping[str, Any]) -> bytes:
    if not _SECRET.isdisjoint(jwk):
        raise KeyProblem(KeyFault.PRIVATE_KEY)
    if "kty" not in jwk:
        raise KeyProblem(KeyFault.JWK)
    if str(jwk["kty"]).upper() != "RSA":
        raise KeyProblem(KeyFault.WRONG_TYPE, type=_word(jwk.get("kty")))
    if jwk.get("use", "sig") != "sig":
        raise KeyProblem(KeyFault.JWK_USE, use=_word(jwk["use"]))
    if jwk.get("alg", "RS256") != "RS256":
        raise KeyProblem(KeyFault.JWK_ALG, alg=_word(jwk["alg"]))
    try:
        key = RSAPublicNumbers(_number(jwk.get("e")), _number(jwk.get("n"))).public_key()
    except ValueError:
        raise KeyProblem(KeyFault.JWK) from None
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _number(value: Any) -> int:
    """RFC 7518 §2, Base64urlUInt; also plain base64, hexadecimal, and a number of JSON's. Raises ValueError."""
    if isinstance(value, int) and value > 1:
        return value
    plain = "".join(value.split()).replace("+", "-").replace("/", "_") if isinstance(value, str) else ""
    if _IN_HEX.fullmatch(plain):
        return int(plain, 16)
    if not _NUMBER.fullmatch(plain):
        raise ValueError
    return int.from_bytes(base64.urlsafe_b64decode(plain.rstrip("=") + "=" * (-len(plain.rstrip("=")) % 4)))


def _word(value: Any) -> str:
    """A member's value, safe to show."""
    return re.sub(r"[^\w-]", "", str(value))[:20] or "-"
