"""The states of a step and the moves between them. A pure table: every change of a step's state goes through `after`."""

from collections.abc import Mapping
from enum import StrEnum

from flows.people import Side


class StepState(StrEnum):
    LOCKED = "locked"  # needs other steps
    OPEN = "open"  # the customer fills it out
    SUBMITTED = "submitted"  # support decides
    CHANGES_REQUESTED = "changes_requested"  # the customer corrects it
    APPROVED = "approved"  # decided; what follows hasn't started
    FULFILLING = "fulfilling"  # support, or the customer, does the tasks that follow
    DONE = "done"
    SKIPPED = "skipped"
    FAILED = "failed"  # a call failed for good; support can retry


class Move(StrEnum):
    """What can happen to a step. Also the last part of the event's tag: ``step:organization:approve``."""

    UNLOCK = "unlock"
    SUBMIT = "submit"
    REQUEST_CHANGES = "request_changes"
    REJECT = "reject"
    APPROVE = "approve"
    FULFIL = "fulfil"
    FINISH = "finish"
    FAIL = "fail"
    RETRY = "retry"
    SKIP = "skip"
    REOPEN = "reopen"


S, M = StepState, Move

TRANSITIONS: dict[tuple[StepState, Move], StepState] = {
    (S.LOCKED, M.UNLOCK): S.OPEN,
    (S.OPEN, M.SUBMIT): S.SUBMITTED,
    (S.CHANGES_REQUESTED, M.SUBMIT): S.SUBMITTED,
    # Editing after sending, before or after the approval, creates a new revision that must be approved (again).
    (S.SUBMITTED, M.SUBMIT): S.SUBMITTED,
    (S.APPROVED, M.SUBMIT): S.SUBMITTED,
    (S.FULFILLING, M.SUBMIT): S.SUBMITTED,
    (S.SUBMITTED, M.REQUEST_CHANGES): S.CHANGES_REQUESTED,
    (S.SUBMITTED, M.REJECT): S.CHANGES_REQUESTED,
    (S.SUBMITTED, M.APPROVE): S.APPROVED,
    (S.APPROVED, M.FULFIL): S.FULFILLING,
    (S.APPROVED, M.FINISH): S.DONE,
    (S.FULFILLING, M.FINISH): S.DONE,
    (S.APPROVED, M.FAIL): S.FAILED,
    (S.FULFILLING, M.FAIL): S.FAILED,
    (S.FAILED, M.RETRY): S.FULFILLING,
    (S.FAILED, M.SUBMIT): S.SUBMITTED,
    (S.DONE, M.FULFIL): S.FULFILLING,  # it lacks something again
    (S.DONE, M.REOPEN): S.OPEN,
    (S.SKIPPED, M.REOPEN): S.OPEN,
    (S.FAILED, M.REOPEN): S.OPEN,
    **{(s, M.SKIP): S.SKIPPED for s in S if s not in (S.DONE, S.SKIPPED)},
}

ENDED = frozenset({S.DONE, S.SKIPPED})
WORKING = frozenset({S.APPROVED, S.FULFILLING, S.FAILED})
"""States in which the work after the approval is done."""
DECIDABLE = frozenset({S.SUBMITTED})
FILLABLE = frozenset(s for (s, m) in TRANSITIONS if m is M.SUBMIT)
"""States in which the form can be opened and sent."""

TURNS: Mapping[StepState, Side] = {
    **dict.fromkeys((S.OPEN, S.CHANGES_REQUESTED), Side.CUSTOMER),
    **dict.fromkeys((S.SUBMITTED, S.APPROVED, S.FULFILLING, S.FAILED), Side.SUPPORT),
}
"""Whose turn it is, as far as the state alone tells; in FULFILLING the open tasks decide. In all others, nobody's."""


def after(state: StepState, move: Move) -> StepState | None:
    """The next state, or None if the move isn't possible."""
    return TRANSITIONS.get((state, move))
