"""Support's internal notes on an onboarding or on one of its steps. The customer never sees them."""

from collections.abc import Sequence

from flows.cases.case import Case
from flows.model import Note, Snapshot, new_id

SHOWN = 3
"""So many of the last ones are shown; all are exported."""


def add(case: Case, step_id: str, words: str) -> None:
    """Write down something for colleagues: it goes to the step's thread in support's channel. ``step_id``: empty if it is about no step;
    then it is shown by the status and in the export alone. Raises Refused("gone") for an unknown step."""
    if step_id:
        case.step(step_id)
    note = Note(
        id=f"{case.id}:{new_id('note')}",
        onboarding_id=case.id,
        step_id=step_id,
        team_id=case.actor.team_id,
        user_id=case.actor.user_id,
        at=case.now,
        words=words,
    )
    case.unit.add(note)
    case.snapshot.notes.append(note)
    case.log("onboarding:note", facts={"note": note.id, "step": step_id}, changes={"words": words})
    if step_id:
        case.say("support", step_id, "noted", by=case.actor.user_id, reason=words)
    else:
        case.tell_support(case.actor, "noted_here", customer=case.onboarding.customer)


def last(snapshot: Snapshot, step_id: str | None = None) -> Sequence[Note]:
    """The last few, oldest of them first. ``step_id``: of this step; by default of the whole onboarding."""
    return [one for one in snapshot.notes if step_id is None or one.step_id == step_id][-SHOWN:]
