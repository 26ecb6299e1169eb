"""Marks by which an answer is found in all onboardings. Keyed, since an answer such as an org ID can be guessed and tried."""

from collections.abc import Sequence

from storage.sealing import current

PURPOSE = "identifier"


def mark_of(kind: str, value: str) -> str:
    """By the newest key."""
    return current().mac(PURPOSE, _text(kind, value))


def marks_of(kind: str, value: str) -> Sequence[str]:
    """By every key: until keys were rotated, rows have marks that older ones made."""
    keyring = current()
    return [keyring.mac_of(key_id, PURPOSE, _text(kind, value)) for key_id in sorted(keyring.ids)]


def _text(kind: str, value: str) -> str:
    return f"{kind}\n{value.casefold()}"
