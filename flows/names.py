"""Customers' names as people type them: in any case, with any accents, quotes, dashes and spaces, or as a channel's name has them."""

import re
import unicodedata
from collections.abc import Sequence

from flows.checks.visible import visible

_INSIDE = re.compile("['`´ʹʻʼʽˈ‘’‛′＇.]")
"""Signs that part no word: ``D’Ávila``, ``S.A.``."""
_APOSTROPHES = re.compile("['`´ʹʻʼʽˈ‘’‛′＇]")
_AND = ("and", "e", "y")
"""What ``&`` is called."""
_LETTERS = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ð": "d", "ı": "i", "ħ": "h", "æ": "ae", "œ": "oe", "þ": "th"})
"""Letters that people without them on their keyboard write otherwise, and that Unicode does not take apart."""
_BESIDE = frozenset({"pismo", "ext", "shared", "onboarding"})
"""What stands in channels' names beside the customer's."""


def folded(text: str) -> str:
    """What names are compared by: their words. A text that has none is compared as it is seen."""
    return " ".join(words_of(text)) or visible(text).casefold()


def words_of(text: str) -> Sequence[str]:
    """Letters and digits alone, in small letters without accents: ``São-Paulo “Pay” S.A.`` -> ``sao``, ``paulo``, ``pay``, ``sa``."""
    # An apostrophe that stands alone would be composed to a space with an accent; some are seen once they are composed.
    composed = _INSIDE.sub("", unicodedata.normalize("NFKC", _INSIDE.sub("", visible(text))))
    parted = unicodedata.normalize("NFKD", composed.casefold()).translate(_LETTERS)
    unmarked = (sign for sign in parted if unicodedata.category(sign)[0] != "M")
    return "".join(sign if sign.isalnum() else " " for sign in unmarked).split()


def sought_by(name: str) -> Sequence[str]:
    """The words by which a name is looked for: its own, those that an apostrophe joins (``Ávila`` of ``D’Ávila``), and what ``&`` is
    called."""
    return [*words_of(name), *words_of(_APOSTROPHES.sub(" ", name)), *(_AND if "&" in name else ())]


def customer_of_channel(name: str) -> str:
    """The customer's name that a channel's name tells: ``acme_bank_pismo`` -> ``Acme Bank``. Empty if it tells none."""
    words = [word for word in re.split(r"[\W_]+", name) if word and word not in _BESIDE]
    return " ".join(word[0].upper() + word[1:] for word in words)
