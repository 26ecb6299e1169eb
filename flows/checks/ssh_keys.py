"""Public keys of SSH, in the one line that OpenSSH writes (RFC 4253, RFC 5656, RFC 8709)."""

MIN_RSA = 2048
_KINDS = ("ssh-ed25519", "ssh-rsa", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521")


def read(text: str) -> str | None:
    """The line without what stands around the key: the host, as ``ssh-keyscan`` writes it, and the comment, which often names a person or
    a machine. None if it is no key that is strong enough."""
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415  loaded only where a key is given
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import load_ssh_public_key  # noqa: PLC0415

    words = text.split()
    kinds = [at for at, word in enumerate(words[:-1]) if word in _KINDS]
    if len(kinds) != 1 or kinds[0] > 1:
        return None
    line = " ".join(words[kinds[0] : kinds[0] + 2])
    try:
        key = load_ssh_public_key(line.encode())
    except (ValueError, UnsupportedAlgorithm):
        return None
    return None if isinstance(key, RSAPublicKey) and key.key_size < MIN_RSA else line
