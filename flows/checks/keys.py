"""Public keys: read, measured, and identified by fingerprint. Private keys are refused before anything else.

A fingerprint is SHA-256 over the DER SubjectPublicKeyInfo, in lowercase hex with colons: what
``openssl pkey -pubin -in rsa.pub -outform DER | openssl dgst -sha256 -c`` prints.
"""

import hashlib
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key

from flows.checks.parsing import named
from flows.checks.pem import KeyFault, KeyNote, KeyProblem, PemBlock, read_blocks, the_block

__all__ = [
    "KeyFault",
    "KeyNote",
    "KeyProblem",
    "PublicKey",
    "bound",
    "fingerprint",
    "key_type",
    "measure",
    "read_public_key",
    "spki",
]

MINIMUM_BITS = 2048
_MAXIMUM_BITS = 8192  # ten signatures of such keys are checked in a few hundredths of a second
_MAXIMUM_EXPONENT_BITS = 32  # 65537 takes 17; the time of a check grows with it
_CURVES = ("P-256", "P-384")
_NIST_CURVES = {f"secp{bits}r1": f"P-{bits}" for bits in (192, 224, 256, 384, 521)}


@dataclass(frozen=True)
class PublicKey:
    """An RSA key. ``pem``: SubjectPublicKeyInfo, as OpenSSL writes it."""

    pem: str
    bits: int
    fingerprint_sha256: str
    notes: tuple[KeyNote, ...] = ()


def read_public_key(given: str | bytes) -> PublicKey:
    """An RSA key of at least 2048 bits: SubjectPublicKeyInfo, PKCS #1, JWK, or from a certificate. Raises KeyProblem."""
    block = the_block(read_blocks(given), "PUBLIC KEY", "RSA PUBLIC KEY", "CERTIFICATE", "X509 CERTIFICATE")
    key, notes = _key_of(block)
    if not isinstance(key, rsa.RSAPublicKey):
        raise KeyProblem(KeyFault.WRONG_TYPE, type=key_type(key))
    measure(key)
    with named(KeyFault.UNUSUAL):
        pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
        return PublicKey(pem, key.key_size, fingerprint(spki(key)), (*block.notes, *notes))


def _key_of(block: PemBlock) -> tuple[PublicKeyTypes, tuple[KeyNote, ...]]:
    if not block.label.endswith("CERTIFICATE"):
        try:
            with named(KeyFault.DAMAGED):
                return load_der_public_key(block.der), (KeyNote.FROM_PKCS1,) if block.label.startswith("RSA") else ()
        except KeyProblem:
            if block.label:
                raise
    from cryptography import x509  # noqa: PLC0415  a process may run for hours before it reads one

    with named(KeyFault.DAMAGED):
        found = x509.load_der_x509_certificate(block.der)
    with named(KeyFault.UNUSUAL):
        return found.public_key(), (KeyNote.FROM_CERTIFICATE,)


def measure(key: PublicKeyTypes) -> str:
    """An RSA key's size in bits, or an elliptic curve's name. Raises KeyProblem unless it is strong enough."""
    if isinstance(key, rsa.RSAPublicKey):
        if key.key_size < MINIMUM_BITS:
            raise KeyProblem(KeyFault.TOO_SMALL, bits=key.key_size, minimum=MINIMUM_BITS)
        bound(key)
        return str(key.key_size)
    if isinstance(key, ec.EllipticCurvePublicKey):
        curve = curve_name(key)
        if curve not in _CURVES:
            raise KeyProblem(KeyFault.WRONG_CURVE, curve=curve)
        return curve
    raise KeyProblem(KeyFault.WRONG_TYPE, type=key_type(key))


def curve_name(key: ec.EllipticCurvePublicKey) -> str:
    """As FIPS 186 has it, such as P-521; that of SEC 2 or RFC 5639 for another curve."""
    return _NIST_CURVES.get(key.curve.name, key.curve.name)


def bound(key: PublicKeyTypes) -> None:
    """Raises KeyProblem for a key with which a signature takes long to check: to be asked before any is checked."""
    if isinstance(key, rsa.RSAPublicKey):
        if key.key_size > _MAXIMUM_BITS:
            raise KeyProblem(KeyFault.TOO_LARGE, bits=key.key_size, maximum=_MAXIMUM_BITS)
        if key.public_numbers().e.bit_length() > _MAXIMUM_EXPONENT_BITS:
            raise KeyProblem(KeyFault.UNUSUAL)


def key_type(key: PublicKeyTypes) -> str:
    """RSA, EC, DSA, Ed25519, …"""
    return type(key).__name__.removesuffix("PublicKey").replace("EllipticCurve", "EC")


def spki(key: PublicKeyTypes) -> bytes:
    """DER SubjectPublicKeyInfo."""
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def fingerprint(der: bytes) -> str:
    return hashlib.sha256(der).digest().hex(":")
