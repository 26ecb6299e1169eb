"""Whose turn it is, in words: each side reads the other by name, and its own as itself."""

from bot.messages.texts import Raw, Texts
from flows.business_time import BusinessDuration
from flows.cases.presence import called, in_line
from flows.cases.settle import side_of, waits_until
from flows.model import Snapshot, StepRecord
from flows.people import Side


def for_customer(record: StepRecord, texts: Texts) -> str:
    """ "your company's turn"; empty if it is nobody's."""
    if (until := waits_until(record)) is not None:
        return texts.md("turn.waits", until=texts.at(until))
    side = side_of(record)
    return texts(f"turn.{side.value}") if side else ""


def for_support(snapshot: Snapshot, record: StepRecord, texts: Texts) -> str:
    """ "Acme Bank's turn", "Support's turn: @Sam", who claimed the step, else the owner, if they are there; empty if it is nobody's."""
    if (until := waits_until(record)) is not None:
        return texts.md("turn.waits", until=texts.at(until))
    side, onboarding = side_of(record), snapshot.onboarding
    person = next(iter(called(snapshot, *in_line(snapshot, record, Side.SUPPORT))), "")
    return by_name(side, onboarding.customer, person, texts) if side else ""


def by_name(side: Side, customer: str, in_charge: str, texts: Texts) -> str:
    """``in_charge``: the user id of whoever claimed the step, else of the owner; empty if they have left."""
    if side is Side.CUSTOMER:
        return texts.md("turn.theirs", customer=customer)
    return texts.md("turn.ours", by=Raw(f"<@{in_charge}>") if in_charge else texts("card.nobody"))


def usually(within: BusinessDuration, texts: Texts) -> str:
    """ "Usually within 4 business hours." ``within``: after which support is reminded of its turn; empty if that isn't in whole business
    hours or days."""
    if within.days:
        return texts("turn.usual_days", n=within.days)
    return texts("turn.usual_hours", n=round(within.hours)) if within.hours and within.hours == round(within.hours) else ""
