"""What a customer has in one environment, as far as each step knows; `flows.cases.parity` puts it together."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from flows.problems import Parameter

TEST, PRODUCTION = "test", "production"
ENVIRONMENTS = (TEST, PRODUCTION)


class ParityState(StrEnum):
    """``UNKNOWN``: nothing here can tell."""

    THERE = "there"
    BEGUN = "begun"
    MISSING = "missing"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class ParityCell:
    """``note``: a key under ``parity.note``, or empty."""

    state: ParityState
    note: str = ""
    params: Mapping[str, Parameter] = field(default_factory=dict)
