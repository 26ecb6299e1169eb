"""What a customer has in one environment, as far as each step knows; `flows.cases.parity` puts it together."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from flows.problems import Parameter

TEST, PRODUCTION = "test", "production"
ENVIRONMENTS = (TEST, PRODUCTION)


class ParityState(StrEnum):
    """The four words that people read. ``MISSING``: also what is under way. ``UNKNOWN``: nothing here can tell."""

    THERE = "there"
    MISSING = "missing"
    UNKNOWN = "unknown"
    NOT_NEEDED = "not_needed"


@dataclass(frozen=True)
class ParityCell:
    """``note``: a key under ``parity.note``, or empty."""

    state: ParityState
    note: str = ""
    params: Mapping[str, Parameter] = field(default_factory=dict)

    @property
    def lacks(self) -> bool:
        """It isn't there, as far as is known, and must be."""
        return self.state in (ParityState.MISSING, ParityState.UNKNOWN)
