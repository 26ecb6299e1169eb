"""Public keys of SSH as people paste them: in OpenSSH's one line, perhaps broken, or with the lines of RFC 4716 around."""

import base64
import re

MIN_RSA = 2048
_FIELDS = {
    b"ssh-rsa": 3,
    b"ssh-ed25519": 2,
    **dict.fromkeys((b"ecdsa-sha2-nistp256", b"ecdsa-sha2-nistp384", b"ecdsa-sha2-nistp521"), 3),
}
"""How many a key has, its kind among them (RFC 4253 §6.6, RFC 8709, RFC 5656)."""
_KEY = re.compile(r"(?<![A-Za-z0-9+/])AAAA(?:B3NzaC1yc2E|C3NzaC1lZDI1NTE5|E2VjZHNhLXNoYTIt)[A-Za-z0-9+/\s>|\\\"']*")
"""The beginning names the kind; what follows may be broken over lines, and followed by words."""


def read(text: str) -> str | None:
    """The line without what stands around the key: the host, as ``ssh-keyscan`` writes it, and the comment, which often names a person or
    a machine. None if it is no key that is strong enough, or not the only one."""
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415  loaded only where a key is given
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import load_ssh_public_key  # noqa: PLC0415

    found = _KEY.findall(text)
    whole = _whole(found[0]) if len(found) == 1 else None
    if whole is None:
        return None
    line = f"{whole[4 : 4 + whole[3]].decode()} {base64.b64encode(whole).decode()}"
    try:
        key = load_ssh_public_key(line.encode())
    except (ValueError, UnsupportedAlgorithm):
        return None
    return None if isinstance(key, RSAPublicKey) and key.key_size < MIN_RSA else line


def _whole(found: str) -> bytes | None:
    """The key alone, as long as its own lengths say; None if the end is missing."""
    signs = re.sub(r"[^A-Za-z0-9+/]", "", found)
    content = base64.b64decode(signs[: -1 if len(signs) % 4 == 1 else None] + "=" * (-len(signs) % 4))
    end = 0
    for _ in range(_FIELDS.get(content[4 : 4 + content[3]], 0)):
        end += 4 + int.from_bytes(content[end : end + 4])
    return content[:end] if 0 < end <= len(content) else None
