"""What a customer has in the test environment and in production, and what production still lacks, so that support can start early
on what takes long. Shows only what is known here.
"""

from dataclasses import dataclass

from flows.forms.parity import PRODUCTION, TEST, ParityCell, ParityState
from flows.forms.step import Situation
from flows.journey import Journey


@dataclass(frozen=True)
class ParityRow:
    """``what`` is a key under ``parity.what``."""

    what: str
    test: ParityCell
    production: ParityCell
    slow: bool = False

    @property
    def lacks(self) -> bool:
        """Production doesn't have it, as far as we know."""
        return self.production.state is not ParityState.THERE

    @property
    def takes_long(self) -> bool:
        return self.lacks and self.slow


def parity(situation: Situation, journey: Journey) -> list[ParityRow]:
    """One row per item, in step order."""
    items = [item for step in journey.steps.values() for item in step.parity]
    return [ParityRow(item.what, item.cell(situation, TEST), item.cell(situation, PRODUCTION), item.takes_long) for item in items]
