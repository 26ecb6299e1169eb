"""Names as people type them, ignoring case and accents."""

import unicodedata
from collections.abc import Sequence

from flows.model import Onboarding


def folded(text: str) -> str:
    """Without case, accents, and surrounding space: ``São Paulo`` -> ``sao paulo``."""
    return "".join(sign for sign in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(sign)).strip()


def mentions(onboarding: Onboarding, text: str) -> bool:
    """Whether a text is part of the customer's name. An erased customer has none."""
    return not onboarding.erased_at and folded(text) in folded(onboarding.customer)


def meant(known: Sequence[Onboarding], text: str) -> Sequence[Onboarding]:
    """The onboardings a text names: by the full name, else by part of it."""
    found = [one for one in known if mentions(one, text)]
    return [one for one in found if folded(one.customer) == folded(text)] or found
