"""What the stand-in holds: organizations, their credentials and programs, and the tokens it has issued."""

import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import jwt

from playground.pismo.assertions import AssertionRefusedError, Registration, claims_of, verify
from playground.pismo.facts import FACTS, unfit_details
from playground.pismo.programs import Import, ProgramCreation
from playground.pismo.set_up import OrgSetUp
from playground.pismo.transferred import OrgTransfers, TransferRules

ALGORITHM = "HS512"


@dataclass
class Org:
    """``details`` as OrgDetails, ``access_keys`` secrets by server key, ``audit`` as records of the audit API."""

    details: dict[str, Any]
    access_keys: dict[str, str] = field(default_factory=dict)
    registrations: list[Registration] = field(default_factory=list)
    programs: list[dict[str, Any]] = field(default_factory=list)
    audit: list[dict[str, Any]] = field(default_factory=list)
    imports: list[Import] = field(default_factory=list)
    set_up: OrgSetUp = field(default_factory=OrgSetUp)
    transfers: OrgTransfers = field(default_factory=OrgTransfers)

    @property
    def id(self) -> str:
        return str(self.details["id"])


class PismoWorld:
    """Org IDs are case-insensitive. An unknown org ID raises KeyError, an unfit value ValueError.

    ``clock`` gives Unix seconds: tokens expire by it.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self.clock = clock
        self.orgs: dict[str, Org] = {}
        self.forbidden: set[str] = set()
        self.revoked: set[str] = set()
        self.secret = secrets.token_bytes(64)
        self.last_id = 100
        self._issued: list[tuple[str, str, str]] = []  # org ID, what it was obtained with, token
        self.creation = ProgramCreation()
        self.transfers = TransferRules()
        self.silent_tokens = False
        """Whether tokens omit whose they are, as in Pismo's example for Basic."""

    def org(self, org_id: str) -> Org:
        return self.orgs[org_id.casefold()]

    def create_org(self, details: Mapping[str, Any]) -> Org:
        org = Org({**_checked(details), "id": f"TN-{uuid4()}"})
        self.orgs[org.id.casefold()] = org
        return org

    def edit_org(self, org_id: str, details: Mapping[str, Any]) -> None:
        self.org(org_id).details.update(_checked(details))

    def add_program(self, org_id: str, name: str, program_type: str, status: str, **details: Any) -> int:
        """``details``: as Pismo lists them, such as a card's ``brand`` and ``bin``."""
        if (
            program_type not in FACTS["program"]["types"]
            or status not in FACTS["program"]["statuses"]
            or not 1 <= len(name) <= 50
        ):
            raise ValueError("no such program type or status, or a name that is empty or longer than 50")
        org = self.org(org_id)
        number = self.next_id()
        program = {"id": number, "name": name, "type": program_type, "status": status}
        inherited = ("currency_numeric_code", "timezone", "country_code", "language", "cycle_closing")
        org.programs.append(program | {name: org.details[name] for name in inherited if name in org.details} | details)
        return number

    def create_program(self, org_id: str, template: Mapping[str, Any]) -> int:
        """Begin to create a program from what passed all rules; the id of its import."""
        program = {"id": self.next_id(), **template}
        made = Import(self.next_id(), program, self.creation.looks, self.creation.ends)
        self.org(org_id).imports.append(made)
        return made.id

    def look_for_programs(self, org_id: str) -> None:
        """Those being created are looked for once more; each is there when its time has come."""
        org = self.org(org_id)
        for one in org.imports:
            if not one.left and one.ends != "ERROR" and one.program not in org.programs and "status" not in one.program:
                one.program["status"] = one.ends
                org.programs.append(one.program)
            one.left = max(0, one.left - 1)

    def configure_program(self, org_id: str, number: int) -> None:
        """Its card settings and its accounting: it is ACTIVE now."""
        next(program for program in self.org(org_id).programs if program["id"] == number)["status"] = "ACTIVE"

    def add_audit(self, org_id: str, action: str, feature: str, feature_id: str, email: str, code: int) -> int:
        """What someone did in Control Center, as the audit API lists it."""
        org = self.org(org_id)
        operation = {
            "tenant": org.id,
            "action": action,
            "feature": feature,
            "feature_id": feature_id,
            "origin": "console",
            "cid": str(uuid4()),
            "date": datetime.fromtimestamp(self.clock(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "description": {"en": f"{action} {feature}", "pt": f"{action} {feature}"},
            "feature_translation": {"en": feature, "pt": feature},
            "audit_details": {},
            "changes": {},
        }
        number = self.next_id()
        record = {
            "id": number,
            "operation": operation,
            "user": {"id": str(uuid4()), "email": email, "roles": ["controlc-admin"]},
            "user_agent": {"user_agent_label": "Mozilla/5.0", "device_ip": "192.0.2.1"},
            "http": {"code": code, "request": "{}", "response": "{}"},
        }
        org.audit.append(record)
        return number

    def mint_access_key(self, org_id: str) -> tuple[str, str]:
        key, secret = secrets.token_hex(20), secrets.token_urlsafe(32)
        self.org(org_id).access_keys[key] = secret
        return key, secret

    def register_public_key(self, org_id: str, pem: str, iss: str, sub: str, aud: str) -> None:
        self.org(org_id).registrations.append(Registration.of(pem, iss, sub, aud))

    def mint_token(self, org_id: str, seconds: int, by: str = "") -> str:
        """``seconds`` from now until it expires; negative for one that has expired. ``by``: the server key, or `openid`."""
        now = int(self.clock())
        claims = {"iss": "Passport", "sub": f"AUTH-{uuid4()}", "iat": min(now, now + seconds), "exp": now + seconds}
        tenant = {} if self.silent_tokens else {"tenant": self.org(org_id).id}
        token = jwt.encode(claims | tenant, self.secret, algorithm=ALGORITHM)
        self._issued.append((self.org(org_id).id, by, token))
        return token

    def revoke_access_key(self, key: str) -> None:
        for org in self.orgs.values():
            org.access_keys.pop(key, None)
        self.revoked |= {token for _, by, token in self._issued if by == key}

    def revoke_public_keys(self, org_id: str) -> None:
        for known in self.org(org_id).registrations:
            known.revoked = True
        self.revoked |= {token for issued_to, by, token in self._issued if (issued_to, by) == (self.org(org_id).id, "openid")}

    def revoke_token(self, token: str) -> None:
        self.revoked.add(token)

    def bearer_of(self, authorization: str) -> str | None:
        """The tenant of the token in an `Authorization` header; None if it must not be accepted."""
        scheme, _, token = authorization.partition(" ")
        if scheme.casefold() != "bearer" or token in self.revoked:
            return None
        options = {"require": ["exp"], "verify_exp": False, "verify_iat": False}
        try:
            claims = jwt.decode(token, self.secret, algorithms=[ALGORITHM], options=options)  # type: ignore[arg-type]
        except jwt.InvalidTokenError:
            return None
        silent = next((tenant for tenant, _, issued in self._issued if issued == token), None)
        return claims.get("tenant", silent) if claims["exp"] > self.clock() else None

    def org_of_access_key(self, key: object, secret: object) -> Org | None:
        if not isinstance(key, str) or not isinstance(secret, str):
            return None
        # As bytes: compare_digest only takes ASCII text.
        given = secret.encode(errors="replace")
        matches = (o for o in self.orgs.values() if secrets.compare_digest(o.access_keys.get(key, "").encode(), given))
        return next(matches, None) if secret else None

    def org_of_openid(self, token: object) -> Org:
        """The organization that a customer's JWT names. Raises AssertionRefusedError unless a key registered there accepts it."""
        claims = claims_of(token)
        org = self.orgs.get(claims["tenant_id"].casefold())
        if org is None:
            raise AssertionRefusedError("unknown org")
        verify(str(token), claims, org.registrations, self.clock())
        return org

    def next_id(self) -> int:
        self.last_id += 1
        return self.last_id


def _checked(details: Mapping[str, Any]) -> dict[str, Any]:
    if unfit := unfit_details(details):
        raise ValueError(f"not details of an organization, or too long: {', '.join(unfit)}")
    return dict(details)
