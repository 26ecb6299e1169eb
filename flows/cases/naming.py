"""Names as people type them: without case and accents."""

import unicodedata
from collections.abc import Sequence

from flows.model import Onboarding


def folded(text: str) -> str:
    """Without case, accents and space around: ``São Paulo`` -> ``sao paulo``."""
    return "".join(sign for sign in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(sign)).strip()


def mentions(onboarding: Onboarding, text: str) -> bool:
    """Whether a text is a part of the customer's name. An erased customer has none."""
    return not onboarding.erased_at and folded(text) in folded(onboarding.customer)


def meant(known: Sequence[Onboarding], text: str) -> Sequence[Onboarding]:
    """Those of the onboardings that a text names: by the whole name, else by a part of it."""
    found = [one for one in known if mentions(one, text)]
    return [one for one in found if folded(one.customer) == folded(text)] or found
