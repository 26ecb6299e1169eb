"""What an entry of the audit log and the head of a chain are made of, and what shows that one of them is not this program's.

An entry's hash covers its predecessor's hash and the whole entry, except its changes, of which it covers a salted digest: erasing
changes and salt leaves the chain verifiable and the digest meaningless. Anyone can compute a hash. Therefore each entry also
has a MAC over chain, place, and hash, and each chain has a head with its count and last hash under a MAC of its own. Hashes stay as they
are when the keys are rotated, so that heads kept elsewhere can still be compared.
"""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from enum import StrEnum
from hashlib import sha256
from typing import Any

from storage.columns import canonical
from storage.sealing import current, key_of

REGISTER = ""
"""The id of the chain that lists the beginning of every other chain and, from time to time, where each of them is."""

BEGIN = "onboarding:begin"
ANCHOR = "log:anchor"
"""Tags of the register's entries. Both have facts ``heads``: by chain, its number of entries and `shortened` last hash."""

ERASE = "onboarding:erase"
"""The tag of an entry with which the digests of rows get another key."""

ACCEPT = "log:accept"
"""The tag of an entry after which a chain goes on although it was altered (`storage.accept`). Facts ``found``: flaws that are known,
each with its number and the row's name. ``missed``: numbers of entries that others name and that weren't
there. ``stood``: by number, `standing` of the entries that were flawed."""

HEADS = "audit_heads/"
"""What the names of other chains begin with among an entry's ``rows``: where the register was, and where the chain was that this process
wrote to before, ``<count>:<shortened hash>``. Neither can be put back without all the chains that were written to since."""

HEAD_PURPOSE, ENTRY_PURPOSE = "audit-head", "audit-entry"


class Flaw(StrEnum):
    """What can be wrong with a chain, or with what it explains."""

    CHANGED = "changed"  # an entry's content, or the predecessor's hash in it, is not what was written
    CHANGES_CHANGED = "changes_changed"  # the erasable part of an entry is not what was written
    SWAPPED = "swapped"  # an entry is in another's place
    GAP = "gap"  # entries are missing before others
    CUT = "cut"  # the last entries are missing
    HEAD_CHANGED = "head_changed"  # the head was not written by this program, or not for these entries
    HEAD_MISSING = "head_missing"
    ONBOARDING_MISSING = "onboarding_missing"  # the chain exists, its onboarding doesn't
    REMOVED = "removed"  # the register lists a chain of which nothing is left
    NOT_REGISTERED = "not_registered"  # the register does not list the chain
    PUT_BACK = "put_back"  # the register, or a file of heads, names entries that the chain no longer has
    UNKNOWN_KEY = "unknown_key"  # made with a key that `storage.keys` lists and the keyring lacks
    ROW_CHANGED = "row_changed"  # a row is not what the log says was written
    ROW_ADDED = "row_added"  # the log tells of no such row
    ROW_MISSING = "row_missing"  # the log tells of no deletion
    ROW_WAS_CHANGED = "row_was_changed"  # when an entry's commit found the row, it was not what the log says was written


OF_ROWS = frozenset({Flaw.ROW_CHANGED, Flaw.ROW_ADDED, Flaw.ROW_MISSING, Flaw.ROW_WAS_CHANGED})
"""Flaws of rows that the log answers for: the log itself holds, and is appended to."""


def digest_of(salt: str, changes: str) -> str:
    """The digest of an entry's changes as canonical JSON, 64 hex digits."""
    return sha256((salt + changes).encode()).hexdigest()


def hash_of(entry: Mapping[str, Any], *, seq: int | None = None) -> str:
    """The hash of an entry's row, 64 hex digits. ``seq``: as if it were elsewhere in the chain."""
    seq = entry["seq"] if seq is None else seq
    covered = {
        "id": f"{entry['onboarding_id']}:{seq}",
        "onboarding": entry["onboarding_id"],
        "seq": seq,
        "at": entry["at"].isoformat(timespec="microseconds"),
        "tag": entry["tag"],
        "actor": [entry["team_id"], entry["user_id"]],
        "facts": entry["facts"],
        "changes": entry["changes_digest"],
        "rows": entry["rows"],
    }
    return sha256((entry["previous"] + canonical(covered)).encode()).hexdigest()


def hash_fits(entry: Mapping[str, Any], *, seq: int | None = None) -> bool:
    """Whether an entry has its own hash, whatever somebody put into its row."""
    try:
        return bool(hash_of(entry, seq=seq) == entry["hash"])
    except (AttributeError, TypeError, ValueError):
        return False


def standing(entry: Mapping[str, Any]) -> str:
    """The digest of an entry as it stands, whatever somebody put into it: 64 hex digits. Without what erasing it and rotating the keys
    replace."""
    stays = sorted((name, repr(value)) for name, value in entry.items() if name not in ("changes", "salt", "mac"))
    return sha256(repr(stays).encode()).hexdigest()


def shortened(hashed: str) -> str:
    """A hash as the register keeps it: 128 bits, 32 hex digits."""
    return hashed[:32]


def entry_text(entry: Mapping[Any, Any]) -> str:
    """What an entry's MAC covers."""
    return f"{entry['onboarding_id']}\n{entry['seq']}\n{entry['hash']}"


def head_text(onboarding_id: str, count: int, last: str) -> str:
    """What a head's MAC covers."""
    return f"{onboarding_id}\n{count}\n{last}"


def flaw_of_head(head: Mapping[Any, Any], listed: AbstractSet[str] = frozenset()) -> Flaw | None:
    """What is wrong with a head by itself. ``listed``: ids of keys that may have made its MAC, beside the keyring's."""
    text = head_text(head["onboarding_id"], head["events"], head["hash"])
    return _flaw_of_mac(HEAD_PURPOSE, text, head["mac"], listed, Flaw.HEAD_CHANGED)


def flaw_of_entry(entry: Mapping[str, Any], listed: AbstractSet[str] = frozenset()) -> Flaw | None:
    """What is wrong with an entry by itself. ``listed``: as above."""
    if entry["id"] != f"{entry['onboarding_id']}:{entry['seq']}" or not hash_fits(entry):
        return Flaw.CHANGED
    return _flaw_of_mac(ENTRY_PURPOSE, entry_text(entry), entry["mac"], listed, Flaw.CHANGED)


def _flaw_of_mac(purpose: str, text: str, mac: Any, listed: AbstractSet[str], otherwise: Flaw) -> Flaw | None:
    if not isinstance(mac, str):
        return otherwise
    if not current().knows(mac):
        return Flaw.UNKNOWN_KEY if key_of(mac) in listed else otherwise
    return None if current().genuine(purpose, text, mac) else otherwise
