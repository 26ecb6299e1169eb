"""An event of Slack that failed twice: it is not looked at again, and support is told which customer it was about."""

from flows.model import Onboarding, Received
from flows.outbox import TellSetAside
from flows.people import SYSTEM
from flows.ports import Unit


def set_aside(unit: Unit, event: Received, onboarding: Onboarding | None, *, records: bool = True) -> None:
    """``onboarding``: None if it is about no customer, or that can't be read. ``records``: in its log, unless that takes nothing. What
    was kept of the event is emptied."""
    event.set_aside, event.handled_at, event.payload = True, unit.now, {}
    told = TellSetAside(what=f"event.{event.type}", id=event.id)
    if onboarding is not None and records:
        unit.record(onboarding.id, "event:set_aside", SYSTEM, facts={"event": event.id, "kind": event.type})
    if onboarding is not None:
        told = TellSetAside(what=told.what, id=told.id, customer=onboarding.customer, channel=onboarding.channel_id)
    unit.ask("", told)
