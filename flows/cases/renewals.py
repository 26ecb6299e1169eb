"""What a task recorded that must be renewed (a certificate): warnings on set days before its last day, and once it has expired; and
the renewals that customers asked for, which support records (`flows.cases.tasks`) or declines.

It outlives the onboarding: the customer and support are warned in the step's threads even after it is closed.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from flows import business_time
from flows.cases.case import Case
from flows.cases.settle import calendar_of, state_allows, to_renew
from flows.forms.step import Situation, Step, Task
from flows.model import Expiry, Snapshot, TaskRecord
from flows.people import SYSTEM, Side
from flows.ports import Unit
from flows.problems import Refused
from flows.rules import Rules


def _horizon(today: date, rules: Rules) -> date:
    """One day more than the rules say: the customer's date may be ahead of UTC's."""
    return today + timedelta(days=max(rules.renewal_days, default=0) + 1)


async def due(unit: Unit, rules: Rules) -> Sequence[str]:
    """Ids of onboardings that may need a warning, soonest expiry first."""
    expiries = await unit.expiries(_horizon(unit.now.date(), rules))
    return list(dict.fromkeys(expiry.onboarding_id for expiry in expiries))


async def warn(case: Case) -> int:
    """Warn about what ends within the days in the rules, once for each; after an outage, once for all that were missed. Only in
    the customer's business hours. Returns how many were warned about."""
    expiries = await case.unit.expiries(_horizon(case.now.date(), case.rules), onboarding_id=case.id)
    return sum([_warn(case, expiry) for expiry in expiries])


def _warn(case: Case, expiry: Expiry) -> bool:
    calendar = calendar_of(Side.CUSTOMER, case.snapshot, case.rules)
    if not business_time.is_open(calendar, case.now):
        return False
    days = (expiry.last_day - case.now.astimezone(ZoneInfo(calendar.timezone)).date()).days
    before = 0 if days < 0 else min((n for n in case.rules.renewal_days if n >= days), default=None)
    if before is None or (expiry.warned is not None and before >= expiry.warned):
        return False
    expiry.warned = before
    ends = _ends_first(case, expiry)
    onboarding, key = case.onboarding, f"task.{expiry.step_id}.{expiry.task_id}.{'expires' if days >= 0 else 'expired'}"
    about = {"count": max(days, 0), "on": expiry.last_day.isoformat(), "customer": onboarding.customer, "ends": ends}
    if onboarding.severed_at is None:
        case.say("customer", expiry.step_id, key, call=[onboarding.lead_id], values=about)
        if _offered(case, expiry):
            case.say("customer", expiry.step_id, "renew_here")
    case.say("support", expiry.step_id, key, call=[onboarding.owner_id], values=about)
    case.log(f"task:{expiry.step_id}.{expiry.task_id}:expires", by=SYSTEM, facts={"days": days})
    return True


def _offered(case: Case, expiry: Expiry) -> bool:
    """Whether the step's message has a button that begins the renewal, and nobody pressed it yet."""
    step, situation = case.step(expiry.step_id), case.situation
    task = step.asking(step.task(expiry.task_id))
    offered = task is not None and state_allows(case.snapshot, step, task) and task.is_ready(situation)
    return offered and step.to_renew(situation) is None


def _ends_first(case: Case, expiry: Expiry) -> str:
    """Whose last day it is, as recorded: the customer's, or that of an authority behind it."""
    task = case.step(expiry.step_id).task(expiry.task_id)
    recorded = case.situation.done.get(f"{expiry.step_id}.{expiry.task_id}", {})
    return str(recorded.get(task.ends_first) or case.onboarding.customer)


def asked(snapshot: Snapshot, step: Step, situation: Situation) -> TaskRecord | None:
    """The customer's request for the renewal that waits for support."""
    recording = to_renew(step, snapshot.steps[step.id], situation)
    if recording is None:
        return None
    item = step.item_now(recording, situation)
    requests = (one for one in snapshot.tasks if one.step_id == step.id and one.task_id != recording.id)
    return next((one for one in requests if one.item == item), None)


def decline(case: Case, step_id: str, item: str, reason: str) -> None:
    """Support records no renewal for a request: the customer reads why, and can ask again. ``item``: the request's.

    Raises Refused("renewal_not_waiting") if it doesn't wait any more, since it was recorded or declined, or a newer one was sent.
    """
    step = case.step(step_id)
    request = asked(case.snapshot, step, case.situation)
    if request is None or request.item != item:
        raise Refused("renewal_not_waiting", step=step_id)
    task = step.task(request.task_id)
    done = (one for one in case.snapshot.tasks if one.step_id == step_id and one.state == "done")
    recorded = {one.item for one in done if one.task_id == task.renews}
    drop_unconfirmed(case, step, task)
    for one in case.snapshot.tasks:  # an earlier one that it took the place of doesn't wait again
        if (one.step_id, one.task_id, one.state) == (step_id, task.id, "done") and one.item not in recorded:
            one.state = "dropped"
    case.log(f"task:{step_id}.{task.id}:decline", facts={"item": item}, changes={"reason": reason})
    if case.onboarding.severed_at is None:
        case.say(
            "customer",
            step_id,
            "renewal_declined",
            call=[request.user_id, case.onboarding.lead_id],
            by=case.actor.user_id,
            reason=reason,
        )
    case.say("support", step_id, "renewal_declined_here", by=case.actor.user_id, reason=reason)


def drop_unconfirmed(case: Case, step: Step, task: Task) -> None:
    """What one person recorded for a request, and nobody confirmed, counts no more. ``task``: the one that asks."""
    for old in case.snapshot.tasks:
        if (old.step_id, old.task_id, old.state) == (step.id, task.renews, "waiting") and old.item:
            old.state = "dropped"
