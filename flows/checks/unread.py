"""Why a part of what was sent in was not looked into."""

from enum import StrEnum


class Unread(StrEnum):
    TOO_LARGE = "too_large"
    """More characters or bytes than are read, packed or unpacked."""
    TOO_MANY = "too_many"
    """More members in an archive than are read."""
    TOO_DEEP = "too_deep"
    """An archive in more archives than are opened."""
    ENCRYPTED = "encrypted"
    DAMAGED = "damaged"
    """What its format does not allow, or the end is missing."""
    UNKNOWN = "unknown"
    """A kind of archive or document that is not read."""
