"""What passes with a step's turn or end: calls for help about it, and the buttons of reminders of it."""

from collections.abc import Iterator

from flows.cases.settle import side_of
from flows.model import Snapshot
from flows.outbox import Effect, RedrawReminder, ShowCall
from flows.people import SYSTEM
from flows.ports import Unit
from flows.state import ENDED

SILENT = "silent"
"""The kind of call where nobody of the customer has pressed anything yet."""
STUCK = "stuck"
"""The kind of `flows.model.Call` of somebody who is stuck."""


def let_pass(unit: Unit, snapshot: Snapshot) -> Iterator[Effect]:
    """End what has passed, and yield what draws it anew. After `flows.cases.settle`."""
    yield from _calls(unit, snapshot)
    yield from _reminders(snapshot)


def _calls(unit: Unit, snapshot: Snapshot) -> Iterator[Effect]:
    """Nobody is stuck in a step that ended, or once the onboarding is closed."""
    onboarding = snapshot.onboarding
    for call in snapshot.calls:
        step = snapshot.steps.get(call.step_id)
        if call.kind != STUCK or call.answered_at is not None or step is None:
            continue
        if step.state in ENDED or onboarding.closed_at:
            call.answered_at, call.answered_by = unit.now, SYSTEM.user_id
            unit.record(onboarding.id, f"call:{call.kind}:passed", SYSTEM, facts={"call": call.id, "step": call.step_id})
            yield ShowCall(step=call.step_id, call=call.id)


def _reminders(snapshot: Snapshot) -> Iterator[Effect]:
    for reminder in snapshot.reminders:
        waits = [step_id for step_id in reminder.waits if side_of(snapshot.steps[step_id]) == reminder.side]
        if waits != reminder.waits:
            reminder.waits = waits
            yield RedrawReminder(where="support" if reminder.side == "support" else "customer", reminder=reminder.id)
