"""Signatures that anybody can verify: Ed25519 (RFC 8032). Each key that seals has a signing key, derived from the same secret, so that no
other secret need be kept; the newest one's signs."""

from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from storage.sealing import current

PURPOSE = "evidence-pack-signature"


@dataclass(frozen=True)
class VerifyingKey:
    """What verifies a signature."""

    raw: bytes

    @classmethod
    def of_pem(cls, pem: bytes) -> "VerifyingKey":
        """Raises ValueError for what is no Ed25519 public key."""
        try:
            key = load_pem_public_key(pem)
        except UnsupportedAlgorithm as error:
            raise ValueError(str(error)) from None
        if not isinstance(key, Ed25519PublicKey):
            raise ValueError("another kind of key")  # noqa: TRY004  it is about the text, not about a type
        return cls(key.public_bytes_raw())

    @property
    def pem(self) -> bytes:
        """SubjectPublicKeyInfo (RFC 8410)."""
        return self._key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    @property
    def fingerprint(self) -> str:
        """128 bits of the SHA-256 of the key's DER, 32 hex digits: as openssl and sha256sum show it, and short enough to be compared."""
        return sha256(self._key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()[:32]

    def signed(self, content: bytes, signature: bytes) -> bool:
        """Whether this key's owner signed exactly these bytes."""
        try:
            self._key.verify(signature, content)
        except InvalidSignature:
            return False
        return True

    @property
    def _key(self) -> Ed25519PublicKey:
        return Ed25519PublicKey.from_public_bytes(self.raw)


def sign(content: bytes) -> bytes:
    """64 bytes, by the newest key."""
    return _signing_key(current().newest).sign(content)


def public_key(key_id: str) -> VerifyingKey:
    """Of one of the keyring's keys. Raises KeyError."""
    return VerifyingKey(_signing_key(key_id).public_key().public_bytes_raw())


def _signing_key(key_id: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(current().secret_for(PURPOSE, key_id))
