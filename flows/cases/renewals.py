"""What a task brought and must be renewed, a certificate: told so many days before its last day, and once it is over.

It outlives the onboarding: the customer and support are told in the step's threads after the end too.
"""

from datetime import timedelta
from zoneinfo import ZoneInfo

from flows import business_time
from flows.cases.onboarding import calendar_of
from flows.model import Expiry, Snapshot
from flows.outbox import say
from flows.people import SYSTEM, Side
from flows.ports import Unit
from flows.rules import Rules


async def warn_renewals(unit: Unit, rules: Rules) -> int:
    """Tell of what ends within the days of the rules, once for each; after an outage once for all that were missed. In the customer's
    working time. Returns how many were told of."""
    told = 0
    # A day more: the customer's day may be ahead of the one in UTC.
    for expiry in await unit.expiries(unit.now.date() + timedelta(days=max(rules.renewal_days, default=0) + 1)):
        snapshot = await unit.snapshot(expiry.onboarding_id)
        told += snapshot is not None and _warn(unit, rules, snapshot, expiry)
    return told


def _warn(unit: Unit, rules: Rules, snapshot: Snapshot, expiry: Expiry) -> bool:
    calendar = calendar_of(Side.CUSTOMER, snapshot, rules)
    if not business_time.is_open(calendar, unit.now):
        return False
    days = (expiry.last_day - unit.now.astimezone(ZoneInfo(calendar.timezone)).date()).days
    before = 0 if days < 0 else min((n for n in rules.renewal_days if n >= days), default=None)
    if before is None or (expiry.warned is not None and before >= expiry.warned):
        return False
    expiry.warned = before
    onboarding, key = snapshot.onboarding, f"task.{expiry.step_id}.{expiry.task_id}.{'expires' if days >= 0 else 'expired'}"
    about = {"count": max(days, 0), "on": expiry.last_day.isoformat(), "customer": onboarding.customer}
    if onboarding.severed_at is None:
        say(unit, onboarding.id, "customer", expiry.step_id, key, mention=[onboarding.lead_id], values=about)
    say(unit, onboarding.id, "support", expiry.step_id, key, mention=[onboarding.owner_id], values=about)
    unit.record(onboarding.id, f"task:{expiry.step_id}.{expiry.task_id}:expires", SYSTEM, facts={"days": days})
    return True
