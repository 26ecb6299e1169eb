"""Whom a name means among onboardings that are known."""

from collections.abc import Mapping, Sequence

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


async def open_with_name(unit: Unit, customer: str) -> Mapping[str, str]:
    """The open onboardings with this name: the channel's id by their own."""
    found = (await unit.named(customer, closed=False)).rows  # exact names come first
    return {one.onboarding_id: one.channel_id for one in found if folded(one.customer) == folded(customer)}


async def namesakes(unit: Unit, customer: str, *, other_than: str = "") -> Sequence[str]:
    """The ids of the channels in which an open onboarding has this name already. ``other_than``: the id of one that may have it."""
    same = await open_with_name(unit, customer)
    return sorted(channel_id for onboarding_id, channel_id in same.items() if onboarding_id != other_than)
