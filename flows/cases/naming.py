"""Whom a name means among onboardings that are known."""

from collections.abc import Sequence

from flows.model import Onboarding
from flows.names import folded
from flows.ports import Unit


def mentions(onboarding: Onboarding, text: str) -> bool:
    """Whether a text is part of the customer's name. An erased customer has none."""
    return not onboarding.erased_at and folded(text) in folded(onboarding.customer)


def meant(known: Sequence[Onboarding], text: str) -> Sequence[Onboarding]:
    """The onboardings a text names: by the full name, else by part of it."""
    found = [one for one in known if mentions(one, text)]
    return [one for one in found if folded(one.customer) == folded(text)] or found


async def namesakes(unit: Unit, customer: str, *, other_than: str = "") -> Sequence[str]:
    """The ids of the channels in which an open onboarding has this name already. ``other_than``: the id of one that may have it."""
    found = (await unit.named(customer, closed=False)).rows  # exact names come first
    same = [one for one in found if folded(one.customer) == folded(customer) and one.onboarding_id != other_than]
    return sorted(one.channel_id for one in same)
