"""Names as people type them, ignoring case, accents and punctuation."""

import unicodedata
from collections.abc import Sequence

INSIDE = frozenset("'’ʼ`´.")
"""Signs that part no word: ``O'Neill``, ``S.A.``."""


def folded(text: str) -> str:
    """Without case, accents, and surrounding space: ``São Paulo`` -> ``sao paulo``."""
    return "".join(sign for sign in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(sign)).strip()


def words_of(text: str) -> Sequence[str]:
    """The words of a name, folded: ``Acme-Bank S.A.`` -> ``acme``, ``bank``, ``sa``."""
    kept = (sign if sign.isalnum() else "" if sign in INSIDE else " " for sign in folded(text))
    return "".join(kept).split()
