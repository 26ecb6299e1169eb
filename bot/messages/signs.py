"""Signs at the beginning of a line: what is told by one is told by a word on the same line, too."""

from collections.abc import Mapping
from typing import Final

from flows.state import StepState

DONE, NOW, LATER, ATTENTION, APART = "✓", "●", "○", "!", "–"
"""Done or passed; now; later; needs attention; not counted. None of them is an emoji, and all are in Slack's own font or drawn alike on
every device."""

OF_STATE: Final[Mapping[StepState, str]] = {
    StepState.LOCKED: LATER,
    StepState.OPEN: NOW,
    StepState.SUBMITTED: NOW,
    StepState.CHANGES_REQUESTED: ATTENTION,
    StepState.APPROVED: NOW,
    StepState.FULFILLING: NOW,
    StepState.DONE: DONE,
    StepState.SKIPPED: APART,
    StepState.FAILED: ATTENTION,
}

OF_OUTCOME: Final[Mapping[str, str]] = {
    "passed": DONE,
    "accepted": DONE,
    "done": DONE,
    "failed": ATTENTION,
    "differs": ATTENTION,
    "note": ATTENTION,
    "missing": ATTENTION,
    "not_allowed": ATTENTION,
    "skipped": APART,
    "missing_optional": APART,
    "not_needed": APART,
    "not_checked": APART,
}
"""By the outcome of a check, ``outcome.<name>`` in the texts."""
