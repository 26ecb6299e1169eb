"""The steps that somebody at the customer was given."""

from flows.journey import Journey
from flows.model import Snapshot
from flows.state import StepState


def form_given(snapshot: Snapshot, journey: Journey, user_id: str) -> str:
    """The step whose form they are to fill in next, what was sent back first; empty if none of theirs is open."""
    for state in (StepState.CHANGES_REQUESTED, StepState.OPEN):
        for step_id in journey.steps:
            record = snapshot.steps[step_id]
            if record.state is state and record.assignee_id == user_id:
                return step_id
    return ""
