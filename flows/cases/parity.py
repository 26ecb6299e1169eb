"""What a customer has in the test environment and in production, and what production still lacks, so that support can start early
on what takes long. Shows only what is known here.
"""

from dataclasses import dataclass

from flows.forms.parity import ENVIRONMENTS, PRODUCTION, TEST, ParityCell, ParityState
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
        """Production doesn't have it, as far as we know, and needs it."""
        return self.production.lacks

    @property
    def takes_long(self) -> bool:
        return self.lacks and self.slow


def parity(situation: Situation, journey: Journey) -> list[ParityRow]:
    """One row per item, in step order. Of several steps that know of the same, the last one says it."""
    known: dict[str, dict[str, ParityCell]] = {}
    slow: set[str] = set()
    for step in journey.steps.values():
        for item in step.parity:
            slow |= {item.what} if item.takes_long else set()
            for environment in ENVIRONMENTS:
                cell = item.cell(situation, environment)
                if cell is not None:
                    known.setdefault(item.what, {})[environment] = cell
    unknown = ParityCell(ParityState.UNKNOWN)
    return [
        ParityRow(what, cells.get(TEST, unknown), cells.get(PRODUCTION, unknown), what in slow) for what, cells in known.items()
    ]


def lacking(situation: Situation, journey: Journey) -> list[str]:
    """What production lacks, where a step of the journey leads there; each a key under ``parity.what``."""
    led = any(step.shows_lane for step in journey.steps.values())
    return [row.what for row in parity(situation, journey) if row.lacks] if led else []
