"""The customer's side of OpenID Connect: a key pair made at run time, and the JWTs it signs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from playground.pismo.assertions import ALGORITHM
from playground.pismo.authority import Key
from playground.pismo.facts import KEY_BITS, MAX_LIFETIME


def rsa_key(bits: int = KEY_BITS) -> RSAPrivateKey:
    return generate_private_key(public_exponent=65537, key_size=bits)


def public_pem(key: Key) -> str:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


@dataclass
class Signer:
    """``iss``, ``sub`` and ``aud`` are what Pismo gave for this key, ``group`` the permission group that its JWTs name."""

    iss: str = "https://issuer.example"
    sub: str = "example-bank"
    aud: str = "https://audience.example"
    group: str = "pismo-v1:accounts:rw"
    key: RSAPrivateKey = field(default_factory=rsa_key, repr=False)
    clock: Callable[[], datetime] = field(default=lambda: datetime.now(UTC), repr=False)

    @property
    def public_key(self) -> str:
        """PEM SubjectPublicKeyInfo, as Control Center takes it."""
        return public_pem(self.key)

    def assertion(
        self,
        org_id: str,
        *,
        begins: int = 0,
        lifetime: int = MAX_LIFETIME,
        algorithm: str = ALGORITHM,
        headers: Mapping[str, Any] | None = None,
        **changes: Any,
    ) -> str:
        """A JWT for getting a token. ``begins`` in seconds from now; a claim that is None is left out."""
        now = int(self.clock().timestamp()) + begins
        claims: dict[str, Any] = {"iss": self.iss, "sub": self.sub, "aud": self.aud, "tenant_id": org_id}
        claims |= {"pismo": {"group": self.group}, "iat": now, "exp": now + lifetime}
        given = {name: value for name, value in (claims | changes).items() if value is not None}
        # The public key as the HMAC secret: the old attack on verifiers that trust the algorithm a token names.
        key: Any = {"RS": self.key, "HS": self.public_key_der.hex(), "no": None}[algorithm[:2]]
        return jwt.encode(given, key, algorithm=algorithm, headers=dict(headers or {}))

    @property
    def public_key_der(self) -> bytes:
        return self.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
