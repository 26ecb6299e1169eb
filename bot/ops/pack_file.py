"""Evidence packs as somebody gets them: files of whoever sent them."""

import re
from collections.abc import Sequence
from pathlib import Path

from storage.archive import MOST_BYTES, UnreadableArchiveError
from storage.signing import VerifyingKey
from storage.verify_pack import PackLine, UnreadablePackError, verify_pack

_FINGERPRINT = re.compile("[0-9a-f]{32}")


class UnusableError(ValueError):
    """Nothing can be verified. The text says why, and what to do."""


def verified(file: Path, key: Path | None, fingerprint: str) -> Sequence[PackLine]:
    """``key``: a PEM file; ``fingerprint``: as people write it, in capitals or with signs between. Raises UnusableError."""
    pinned = re.sub(r"[\s:-]", "", fingerprint).lower()
    if fingerprint and not _FINGERPRINT.fullmatch(pinned):
        raise UnusableError("the fingerprint doesn't have 32 hex digits - give it as keys public prints it")
    try:
        published = VerifyingKey.of_pem(_read(key)) if key is not None else None
    except ValueError:
        raise UnusableError(f"{key} is no Ed25519 public key in PEM - give the one that keys public prints") from None
    try:
        return verify_pack(_read(file), key=published, fingerprint=pinned)
    except (UnreadableArchiveError, UnreadablePackError) as error:
        raise UnusableError(
            f"{file} cannot be verified: {error} - use it as it was sent, not unpacked and packed again"
        ) from None


def _read(path: Path) -> bytes:
    """Not more than an archive may have, and one byte. Raises UnusableError."""
    try:
        with path.open("rb") as opened:
            return opened.read(MOST_BYTES + 1)
    except OSError as error:
        raise UnusableError(f"{path} cannot be read ({error.strerror})") from None
