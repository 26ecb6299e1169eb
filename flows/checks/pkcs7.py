"""PKCS #7 (``.p7b``, RFC 2315): the certificates in it. Windows and many authorities deliver a chain that way."""

from flows.checks.der import SEQUENCE, body
from flows.checks.key_faults import KeyFault
from flows.checks.parsing import named

LABELS = frozenset({"PKCS7", "PKCS #7 SIGNED DATA", "CMS"})
_SIGNED_DATA = bytes.fromhex("06092a864886f70d010702")


def is_pkcs7(der: bytes) -> bool:
    """Whether it is signed data, with a definite length or not (BER)."""
    found = body(der)
    start = found[0] if found else 2 if der[:2] == bytes((SEQUENCE, 0x80)) else len(der)
    return der.startswith(_SIGNED_DATA, start)


def certificates_in(der: bytes) -> list[bytes]:
    """In DER, in the order given; maybe none. Raises KeyProblem."""
    from cryptography.hazmat.primitives.serialization import Encoding, pkcs7  # noqa: PLC0415  only where there is one

    with named(KeyFault.DAMAGED):
        return [found.public_bytes(Encoding.DER) for found in pkcs7.load_der_pkcs7_certificates(der)]
