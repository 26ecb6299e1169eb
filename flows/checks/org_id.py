"""The org ID the platform gave an organization: usually ``TN-`` and a UUID.

Pismo's pages also show ``tn-…``, ``TN-00000000000001`` and ``TN_…``: other formats are accepted too, once someone confirms them.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from flows.checks.readings import UNSEEN
from flows.checks.unreadable import Unreadable

_USUAL = re.compile(r"(?<![\w-])tn-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?![\w-])", re.IGNORECASE)
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—―−", "-"))
"""What word processors put in place of a hyphen."""
_INVISIBLE = re.compile(f"[{UNSEEN}]")
_MAX_LENGTH = 64


class OrgIdKey(StrEnum):
    EMPTY = "org_id_empty"
    WHITESPACE = "org_id_whitespace"
    TOO_LONG = "org_id_too_long"
    UNUSUAL = "org_id_unusual"  # a note; must be confirmed


class OrgIdProblem(Unreadable):
    """Why a text cannot be an org ID: ``key`` is an OrgIdKey."""


@dataclass(frozen=True)
class OrgId:
    """``value``: as stored and sent: ``TN-`` and a lowercase UUID, or the text as given if its format is unusual."""

    value: str
    usual_shape: bool


def read_org_id(text: str) -> OrgId:
    """Of the usual shape, it may have quotes or words around it. Raises OrgIdProblem."""
    value = _INVISIBLE.sub("", text).strip()
    if not value:
        raise OrgIdProblem(OrgIdKey.EMPTY)
    if len(value) > _MAX_LENGTH:
        raise OrgIdProblem(OrgIdKey.TOO_LONG, maximum=_MAX_LENGTH)
    usual = {found[3:].lower() for found in _USUAL.findall(value.translate(_DASHES))}
    if len(usual) == 1:
        return OrgId(f"TN-{usual.pop()}", usual_shape=True)
    if any(sign.isspace() for sign in value):
        raise OrgIdProblem(OrgIdKey.WHITESPACE)
    return OrgId(value, usual_shape=False)
