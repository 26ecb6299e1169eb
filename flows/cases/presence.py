"""Who of those an onboarding names is still there. Nobody who is gone is called: a reminder or a mention goes to the next in line.

At the customer that is the step's assignee, then the lead; at support the claimer, then the owner; then the channel, without a mention.
"""

from collections.abc import Mapping
from datetime import datetime

from flows.model import LEFT, Call, Snapshot, StepRecord
from flows.people import Side
from flows.state import ENDED

LEAD_LEFT, ASSIGNEE_LEFT, OWNER_LEFT, CLAIMER_LEFT = "lead_left", "assignee_left", "owner_left", "claimer_left"
SIDES: Mapping[str, Side] = {
    LEAD_LEFT: Side.CUSTOMER,
    ASSIGNEE_LEFT: Side.CUSTOMER,
    OWNER_LEFT: Side.SUPPORT,
    CLAIMER_LEFT: Side.SUPPORT,
}
"""The kinds of calls for somebody in place of who is gone, each with the side whose person that is."""
OF_SUPPORT = frozenset(kind for kind, side in SIDES.items() if side is Side.SUPPORT)


def of_departures(snapshot: Snapshot, user_id: str = "") -> list[Call]:
    """The calls because of people who left, or of one of them, answered or not."""
    return [call for call in snapshot.calls if call.kind in SIDES and user_id in ("", call.user_id)]


def gone(snapshot: Snapshot) -> frozenset[str]:
    """The user ids of those who left the customer's channel, or support, and in whose place nobody was chosen yet."""
    left = {member.user_id for member in snapshot.members if member.role == LEFT}
    return frozenset(left | {call.user_id for call in of_departures(snapshot) if call.answered_at is None})


def there(snapshot: Snapshot, *user_ids: str) -> tuple[str, ...]:
    """Those of these people who can be called, each once."""
    left = gone(snapshot)
    return tuple(dict.fromkeys(one for one in user_ids if one and one not in left))


def called(snapshot: Snapshot, *user_ids: str) -> tuple[str, ...]:
    """The first of these people who is still there; nobody if all are gone."""
    return there(snapshot, *user_ids)[:1]


def in_line(snapshot: Snapshot, record: StepRecord, side: Side) -> tuple[str, str]:
    """Who is called about a step on one side, and who else if they are gone."""
    onboarding = snapshot.onboarding
    return (record.assignee_id, onboarding.lead_id) if side is Side.CUSTOMER else (record.claimer_id, onboarding.owner_id)


def held(snapshot: Snapshot, user_id: str) -> dict[str, tuple[str, ...]]:
    """What somebody has in an onboarding, by the kind of call that it takes once they are gone: of what is theirs step by step, the ids of
    the steps in which something is left to do. Once it is closed, that is support's alone."""
    onboarding, steps = snapshot.onboarding, snapshot.steps.values()
    found: dict[str, tuple[str, ...]] = {}
    left = [one for one in steps if one.turn or (one.state not in ENDED and not onboarding.closed_at)]
    assigned = tuple(one.step_id for one in left if one.assignee_id == user_id)
    claimed = tuple(one.step_id for one in left if one.claimer_id == user_id)
    if onboarding.lead_id == user_id and not onboarding.closed_at:
        found[LEAD_LEFT] = ()
    if assigned and not onboarding.closed_at:
        found[ASSIGNEE_LEFT] = assigned
    if onboarding.owner_id == user_id:
        found[OWNER_LEFT] = ()
    if claimed:
        found[CLAIMER_LEFT] = claimed
    return found


def holders(snapshot: Snapshot) -> tuple[str, ...]:
    """The user ids of all who have something in an onboarding, each once."""
    onboarding, steps = snapshot.onboarding, snapshot.steps.values()
    named = [onboarding.lead_id, onboarding.owner_id, *(one for step in steps for one in (step.assignee_id, step.claimer_id))]
    return tuple(one for one in dict.fromkeys(named) if one and held(snapshot, one))


def end_calls(snapshot: Snapshot, now: datetime, by: str) -> tuple[str, ...]:
    """What they had is somebody else's by now, or there is nothing left to do: nobody need be chosen any more. ``by``: who acts.

    Returns the user ids of those who are gone and of whom that is true.
    """
    ended = [one for one in of_departures(snapshot) if one.answered_at is None and one.kind not in held(snapshot, one.user_id)]
    onboarding = snapshot.onboarding
    for call in ended:
        successor = {LEAD_LEFT: onboarding.lead_id, OWNER_LEFT: onboarding.owner_id}.get(call.kind, "")
        call.answered_at, call.answered_by = now, by
        call.answer = successor if successor != call.user_id else ""
    return tuple(dict.fromkeys(call.user_id for call in ended))
