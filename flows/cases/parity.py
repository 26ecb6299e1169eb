"""What exists of a customer in the test environment and what in production, and what production still lacks: for support, so that what
takes long is begun early. Only what is known here is told.
"""

from dataclasses import dataclass

from flows.forms.parity import PRODUCTION, TEST, ParityCell, Standing
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
        """Production doesn't have it, as far as is known."""
        return self.production.standing is not Standing.THERE

    @property
    def takes_long(self) -> bool:
        return self.lacks and self.slow


def parity(situation: Situation, journey: Journey) -> list[ParityRow]:
    """One row for each thing, in the order of the steps."""
    items = [item for step in journey.steps.values() for item in step.parity]
    return [ParityRow(item.what, item.cell(situation, TEST), item.cell(situation, PRODUCTION), item.takes_long) for item in items]
