"""Binary files that are private keys or stores of them."""

import re

from flows.checks import key_material

_BEGINNINGS = (
    b"\xfe\xed\xfe\xed",  # JKS
    b"\xce\xce\xce\xce",  # JCEKS
    b"openssh-key-v1\0",
    b"\x03\xd9\xa2\x9a",  # KeePass
    b"\0\0\0\x01\0\0\0\x14",  # Bouncy Castle's BKS and UBER, versions 1 and 2
    b"\0\0\0\x02\0\0\0\x14",
    b"\x1e\xf1\xb5\xb0",  # Microsoft's PVK
    b"kych",  # macOS keychain
)
_ENDINGS = (".p12", ".pfx", ".jks", ".jceks", ".keystore", ".bks", ".bcfks", ".uber", ".kdbx", ".kdb", ".keychain-db")
_PKCS8 = re.compile(
    rb"\x02\x01\0\x30[\x05-\x14]\x06[\x03-\x09](?:\x2a\x86\x48\x86\xf7\x0d\x01\x01[\x01\x0a]|\x2a\x86\x48\xce\x3d\x02\x01|\x2b\x65[\x6e-\x71])"
)
"""A version and the algorithm of RSA, of elliptic curves, or of RFC 8410: within other bytes, too. A public key has no version."""
_OLDER = re.compile(
    rb"\x30\x82[\x01-\x12].\x02\x01\0\x02\x82[\0-\x04].\0|\x02\x01\x01\x04(?:\x20.{32}|\x30.{48}|\x42.{66})\xa0[\x05-\x20]\x06",
    re.DOTALL,
)
"""PKCS #1 and SEC 1."""
_OPENPGP_VERSIONS = (3, 4, 5, 6)


def is_key_file(name: str, content: bytes) -> bool:
    """DER, PKCS #12, a keystore, a password safe, or an OpenPGP secret key; by its first bytes, a private key's DER anywhere
    in it, or, unless it is a text, by its name."""
    if not content:
        return False
    named = name.lower().endswith(_ENDINGS) and b"-----BEGIN" not in content
    begins = content.startswith(_BEGINNINGS) or key_material.is_private_key(content) or _is_openpgp(content)
    return named or begins or any(pattern.search(content) for pattern in (_PKCS8, _OLDER))


def _is_openpgp(content: bytes) -> bool:
    """RFC 9580, 4.2: a packet with the tag 5, its length, and a version."""
    match content[:1]:
        case b"\x94":
            return content[2:3] in _VERSIONS and len(content) > content[1]
        case b"\x95":
            return content[3:4] in _VERSIONS
        case b"\xc5":
            return content[2 if content[1:2] < b"\xc0" else 3 : 3 if content[1:2] < b"\xc0" else 4] in _VERSIONS
    return False


_VERSIONS = tuple(bytes((version,)) for version in _OPENPGP_VERSIONS)
