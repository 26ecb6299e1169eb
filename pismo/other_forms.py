"""Blocks of PEM that OpenSSL's functions for TLS don't read, as those that they do: PKCS #7 and OpenSSH's private keys."""

import re

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_ssh_private_key
from cryptography.hazmat.primitives.serialization.pkcs7 import load_pem_pkcs7_certificates

NAMES = ("PKCS7", "OPENSSH PRIVATE KEY")
_PKCS7 = re.compile(r"-----BEGIN PKCS7-----.*?-----END PKCS7-----", re.DOTALL)
_OPENSSH = re.compile(r"-----BEGIN OPENSSH PRIVATE KEY-----.*?-----END OPENSSH PRIVATE KEY-----", re.DOTALL)


def rewritten(pem: str) -> str:
    """A block that can't be read, or is encrypted, stays as it is."""
    return _OPENSSH.sub(_key, _PKCS7.sub(_certificates, pem))


def _certificates(found: re.Match[str]) -> str:
    try:
        return "".join(one.public_bytes(Encoding.PEM).decode() for one in load_pem_pkcs7_certificates(found[0].encode()))
    except (ValueError, UnsupportedAlgorithm):
        return found[0]


def _key(found: re.Match[str]) -> str:
    try:
        key = load_ssh_private_key(found[0].encode(), None)
        return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return found[0]
