"""Nobody of the customer has pressed anything since the onboarding began: most likely their Slack does not let them. Support is told once,
and finds it in the queue until somebody presses or types something (`Case.hear`)."""

from collections.abc import Sequence
from datetime import timedelta

from flows import business_time
from flows.business_time import BusinessDuration
from flows.cases.case import Case
from flows.cases.passed import SILENT
from flows.cases.settle import calendar_of
from flows.model import Call
from flows.people import SYSTEM, Side
from flows.ports import Unit

PATIENCE = BusinessDuration(days=1)
"""Of the customer's business time."""


async def due(unit: Unit) -> Sequence[str]:
    """Ids of onboardings in which nobody has pressed anything for a day, of which support was not told. `tell` sees whether it was a
    business day."""
    return await unit.unheard(unit.now - timedelta(days=PATIENCE.days))


def tell(case: Case, own_team: str) -> int:
    """Tell support, in its own business hours, if a business day of the customer's is over. Returns how many times: 0 or 1.

    ``own_team``: the installing workspace; where the customer's people are of it, no permission of Slack Connect is in their way.
    """
    onboarding, support = case.onboarding, case.rules.support_calendar
    told = any(call.kind == SILENT for call in case.snapshot.calls)  # by another process
    if told or onboarding.pressed_at is not None or onboarding.severed_at is not None:
        return 0
    over = business_time.add(calendar_of(Side.CUSTOMER, case.snapshot, case.rules), onboarding.started_at, PATIENCE)
    if case.now < business_time.next_open(support, max(over, case.now)):
        return 0
    call = Call(id=f"{case.id}:{SILENT}:", onboarding_id=case.id, kind=SILENT, at=case.now)
    case.unit.add(call)
    case.snapshot.calls.append(call)
    case.log("silence:tell", by=SYSTEM)
    about = {"customer": onboarding.customer, "channel": onboarding.channel_id, "since": int(onboarding.started_at.timestamp())}
    key = "nobody_pressed_guests" if onboarding.team_id == own_team else "nobody_pressed"
    case.warn(key, mention=[onboarding.owner_id], **about)
    return 1
