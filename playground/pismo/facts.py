"""The table of facts (facts.toml), for the stand-in and for the tests that check both sides against it."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

FACTS: Mapping[str, Any] = tomllib.loads((Path(__file__).parent / "facts.toml").read_text())
ORGANIZATION: Mapping[str, Mapping[str, Any]] = FACTS["organization"]
MAX_LIFETIME: int = FACTS["assertion"]["longest_lifetime"]
KEY_BITS: int = FACTS["assertion"]["key_bits"]

_TYPES: Mapping[str, type | tuple[type, ...]] = {"string": str, "integer": int, "number": (int, float)}


def unfit_details(details: Mapping[str, Any], *, patch: bool = False) -> list[str]:
    """Names of the details that Pismo's schema does not allow for an organization, in a PATCH or on creation."""
    known = {name for name, rule in ORGANIZATION.items() if name != "id" and (rule.get("patch", True) or not patch)}
    return sorted(name for name, value in details.items() if name not in known or not _fits(value, ORGANIZATION[name]))


def _fits(value: object, rule: Mapping[str, Any]) -> bool:
    if isinstance(value, bool) or not isinstance(value, _TYPES[rule["type"]]):
        return False
    if isinstance(value, str):
        short, long = rule.get("min", 0), rule.get("max", len(value))
        return short <= len(value) <= long and value in rule.get("among", [value])
    return True
