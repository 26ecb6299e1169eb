"""Certificates or a key in DER, PEM's binary form, as ``.cer``, ``.crt``, ``.der`` and ``.key`` files of Windows and Java hold it."""

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_der_private_key
from cryptography.hazmat.primitives.serialization.pkcs7 import load_der_pkcs7_certificates


def pem_of(der: bytes) -> str:
    """Of PKCS #7 all its certificates. Empty if it is none of these."""
    try:
        return x509.load_der_x509_certificate(der).public_bytes(Encoding.PEM).decode()
    except (ValueError, x509.InvalidVersion):
        pass
    try:
        return "".join(one.public_bytes(Encoding.PEM).decode() for one in load_der_pkcs7_certificates(der))
    except (ValueError, UnsupportedAlgorithm):
        pass
    try:
        key = load_der_private_key(der, None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return ""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def is_pkcs12(der: bytes) -> bool:
    """Whether it begins as RFC 7292's PFX does, a sequence with the version 3, and holds PKCS #7 data."""
    return b"\x02\x01\x03\x30" in der[:12] and b"\x2a\x86\x48\x86\xf7\x0d\x01\x07" in der[:64]
