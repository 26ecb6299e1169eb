"""What exists of a customer in one environment, as each step knows it of its own doings; `flows.cases.parity` puts it together."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from flows.problems import Parameter

TEST, PRODUCTION = "test", "production"
ENVIRONMENTS = (TEST, PRODUCTION)


class Standing(StrEnum):
    """``UNKNOWN`` is what nothing here can tell."""

    THERE = "there"
    BEGUN = "begun"
    MISSING = "missing"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class ParityCell:
    """``note`` is a key under ``parity.note``, or empty."""

    standing: Standing
    note: str = ""
    params: Mapping[str, Parameter] = field(default_factory=dict)
