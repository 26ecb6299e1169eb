"""Whom a name means among onboardings that are known."""

from collections.abc import Sequence

from flows.model import Onboarding
from flows.names import folded


def mentions(onboarding: Onboarding, text: str) -> bool:
    """Whether a text is part of the customer's name. An erased customer has none."""
    return not onboarding.erased_at and folded(text) in folded(onboarding.customer)


def meant(known: Sequence[Onboarding], text: str) -> Sequence[Onboarding]:
    """The onboardings a text names: by the full name, else by part of it."""
    found = [one for one in known if mentions(one, text)]
    return [one for one in found if folded(one.customer) == folded(text)] or found
