"""What exists at the stand-in: organizations, their credentials and programs, and the tokens it issued."""

import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

ORG_FIELDS = frozenset(
    {
        "official_name",
        "org_name",
        "start_date",
        "expiration_date",
        "document_number",
        "address",
        "number",
        "complementary_address",
        "neighborhood",
        "zipcode",
        "city",
        "state",
        "country",
        "country_code",
        "legal_proxy_name",
        "legal_proxy_document",
        "responsible",
        "currency_numeric_code",
        "timezone",
        "language",
        "cycle_closing",
        "holiday_calendar_id",
    }
)
PROGRAM_TYPES = (
    "CREDITO",
    "PRE-PAGO",
    "DEBITO",
    "MERCHANT",
    "CREDITO ZERO-BALANCE",
    "PRE-PAGO ZERO-BALANCE",
    "DEBITO ZERO-BALANCE",
    "CURRENT ACCOUNTS",
    "INTERNAL ACCOUNTS",
    "CORRESPONDENT ACCOUNTS",
    "VOUCHER",
)
LONGEST_LIFETIME = 3600
ALGORITHM = "HS512"
KEY_SIZE = 2048


@dataclass(frozen=True)
class Registration:
    """An OpenID configuration: the customer's public key and the values Pismo gave for its claims."""

    key: RSAPublicKey
    iss: str
    sub: str
    aud: str

    def accepts(self, token: str, tenant: str, now: float) -> bool:
        try:
            claims = jwt.decode(
                token,
                self.key,
                algorithms=["RS256"],
                issuer=self.iss,
                subject=self.sub,
                audience=self.aud,
                options={
                    "require": ["exp", "iat", "iss", "sub", "aud", "tenant_id"],
                    "strict_aud": True,
                    "verify_exp": False,
                    "verify_iat": False,
                },
            )
        except jwt.InvalidTokenError:
            return False
        begins, ends = claims["iat"], claims["exp"]
        if not isinstance(begins, int | float) or not isinstance(ends, int | float):
            return False
        return begins <= now < ends <= begins + LONGEST_LIFETIME and _same(claims["tenant_id"], tenant)


@dataclass
class Org:
    """``details`` as OrgDetails, ``access_keys`` a secret by its server key."""

    details: dict[str, Any]
    access_keys: dict[str, str] = field(default_factory=dict)
    registrations: list[Registration] = field(default_factory=list)
    programs: list[dict[str, Any]] = field(default_factory=list)

    @property
    def id(self) -> str:
        return str(self.details["id"])


class World:
    """Org IDs are compared without case. An unknown org ID raises KeyError, an unfit value ValueError.

    ``clock`` gives Unix seconds: tokens expire by it.
    """

    def __init__(self) -> None:
        self.clock: Callable[[], float] = time.time
        self.orgs: dict[str, Org] = {}
        self.forbidden: set[str] = set()
        self.revoked: set[str] = set()
        self.secret = secrets.token_bytes(64)
        self.program_id = 100

    def org(self, org_id: str) -> Org:
        return self.orgs[org_id.casefold()]

    def create_org(self, details: Mapping[str, Any]) -> Org:
        org = Org({**_checked(details), "id": f"TN-{uuid4()}"})
        self.orgs[org.id.casefold()] = org
        return org

    def edit_org(self, org_id: str, details: Mapping[str, Any]) -> None:
        self.org(org_id).details.update(_checked(details))

    def add_program(self, org_id: str, name: str, program_type: str, status: str) -> int:
        if program_type not in PROGRAM_TYPES or status not in {"ACTIVE", "PENDING"} or not 1 <= len(name) <= 50:
            raise ValueError("no such program type or status, or a name that is empty or longer than 50")
        org = self.org(org_id)
        self.program_id += 1
        program = {"id": self.program_id, "name": name, "type": program_type, "status": status}
        inherited = ("currency_numeric_code", "timezone", "country_code", "language", "cycle_closing")
        org.programs.append(program | {name: org.details[name] for name in inherited if name in org.details})
        return self.program_id

    def mint_access_key(self, org_id: str) -> tuple[str, str]:
        key, secret = secrets.token_hex(20), secrets.token_urlsafe(32)
        self.org(org_id).access_keys[key] = secret
        return key, secret

    def register_public_key(self, org_id: str, pem: str, iss: str, sub: str, aud: str) -> None:
        key = load_pem_public_key(pem.encode())
        if not isinstance(key, RSAPublicKey) or key.key_size < KEY_SIZE:
            raise ValueError(f"the public key must be RSA of at least {KEY_SIZE} bits")
        self.org(org_id).registrations.append(Registration(key, iss, sub, aud))

    def mint_token(self, org_id: str, seconds: int) -> str:
        """``seconds`` from now until it expires; negative for one that has expired."""
        now = int(self.clock())
        claims = {"iss": "Passport", "sub": f"AUTH-{uuid4()}", "iat": min(now, now + seconds), "exp": now + seconds}
        return jwt.encode(claims | {"tenant": self.org(org_id).id}, self.secret, algorithm=ALGORITHM)

    def revoke_access_key(self, key: str) -> None:
        for org in self.orgs.values():
            org.access_keys.pop(key, None)

    def revoke_public_keys(self, org_id: str) -> None:
        self.org(org_id).registrations.clear()

    def revoke_token(self, token: str) -> None:
        self.revoked.add(token)

    def bearer_of(self, authorization: str) -> str | None:
        """The tenant of the token in an `Authorization` header; None if it is not to be accepted."""
        scheme, _, token = authorization.partition(" ")
        if scheme.casefold() != "bearer" or token in self.revoked:
            return None
        try:
            claims = jwt.decode(
                token,
                self.secret,
                algorithms=[ALGORITHM],
                options={"require": ["exp", "tenant"], "verify_exp": False, "verify_iat": False},
            )
        except jwt.InvalidTokenError:
            return None
        return str(claims["tenant"]) if claims["exp"] > self.clock() else None

    def org_of_access_key(self, key: object, secret: object) -> Org | None:
        if not isinstance(key, str) or not isinstance(secret, str):
            return None
        # As bytes: compare_digest takes no text beyond ASCII.
        given = secret.encode(errors="replace")
        matches = (o for o in self.orgs.values() if secrets.compare_digest(o.access_keys.get(key, "").encode(), given))
        return next(matches, None) if secret else None

    def org_of_openid(self, token: object) -> Org | None:
        """The organization that a customer's JWT names, if one of its registered keys accepts it."""
        try:
            claims = jwt.decode(str(token), options={"verify_signature": False})
            org = self.org(str(claims.get("tenant_id")))
        except (jwt.InvalidTokenError, KeyError):
            return None
        return org if any(known.accepts(str(token), org.id, self.clock()) for known in org.registrations) else None


def _checked(details: Mapping[str, Any]) -> dict[str, Any]:
    if unknown := set(details) - ORG_FIELDS:
        raise ValueError(f"not details of an organization: {', '.join(sorted(unknown))}")
    return dict(details)


def _same(one: object, other: str) -> bool:
    return isinstance(one, str) and one.casefold() == other.casefold()
