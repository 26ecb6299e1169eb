"""Pismo's permission groups, such as ``pismo-v1:accounts:rw``: as people paste them, and as a JWT names one.

Pismo publishes the names of a few. The full list is in Control Center alone, and only for an organization that has OpenID.
"""

import re
from collections.abc import Iterator

from flows.problems import fault

PUBLISHED = ("accounts", "cards", "bankaccounts", "admin")
"""The names in Pismo's guides."""
MOST = 20

_GROUP = re.compile(r"pismo-v[1-9][0-9]?:[a-z0-9][a-z0-9_-]{0,63}:(?:rw|r|w)", re.ASCII)
_LABEL = re.compile(r"[\"'`“”‘’]\s*[:=]|\b(?:groups?|scope|pismo)\s*[:=]", re.IGNORECASE)
"""What stands before a name in a claim, a scope, or an assignment."""
_APART = re.compile(r"[\s,;|+&]+")
_AROUND = "\"'`“”‘’«»_*~()[]{}<>.•·#-"
_JOINING = frozenset({"group", "groups", "scope", "pismo", "and", "e"})
_SIGNS = str.maketrans(dict.fromkeys("‐‑‒–—−", "-") | {"：": ":"})  # as word processors put them


def full_name(name: str) -> str:
    """Of a published group."""
    return f"pismo-v1:{name}:rw"


def is_group(text: str) -> bool:
    return _GROUP.fullmatch(text) is not None


def read_groups(text: str) -> tuple[str, ...]:
    """Full names, each once, in order. Raises a form's fault for a word that is none."""
    found = tuple(dict.fromkeys(_read(text)))
    if len(found) > MOST:
        raise fault("groups_too_many", maximum=MOST)
    return found


def _read(text: str) -> Iterator[str]:
    for word in _APART.split(_LABEL.sub(" ", text.translate(_SIGNS))):
        seen = word.strip(_AROUND)
        name = seen.casefold()
        if not name or name in _JOINING:
            continue
        name = full_name(name) if name in PUBLISHED else name
        if not is_group(name):
            raise fault("group_form", found=seen[:80])
        yield name


def named_in(claim: object) -> str | None:
    """The group that the claim ``pismo`` of a JWT names: an object with ``group``, or the bare text. None if it names none."""
    named = claim.get("group") if isinstance(claim, dict) else claim
    return named if isinstance(named, str) and named else None
