"""Names as people type them: compared without case, accents and punctuation, and found though one letter is wrong."""

import re
import unicodedata

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_WITHOUT_BASE = str.maketrans({"ø": "o", "đ": "d", "ð": "d", "ł": "l", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th"})
"""Letters that Unicode doesn't take apart."""
_FLAGS = str.maketrans({chr(0x1F1E6 + place): letter for place, letter in enumerate(_LETTERS)})
_APOSTROPHE = re.compile(r"(?<=\w)['’ʼ`´](?=\w)")
_DOUBLED = re.compile(r"(.)\1")
MAX_LETTERS = 60
"""No name that is looked for has nearly as many."""


def words(text: str) -> tuple[str, ...]:
    """``São_Paulo`` -> ``sao``, ``paulo``; ``🇧🇷`` -> ``br``."""
    plain = unicodedata.normalize("NFKD", text.translate(_FLAGS).casefold())
    bare = "".join(sign for sign in plain if not unicodedata.combining(sign)).translate(_WITHOUT_BASE)
    return tuple(re.findall(r"[^\W_]+", _APOSTROPHE.sub(" ", bare)))


def undoubled(text: str) -> str:
    """``phillipines`` and ``philippines`` -> ``philipines``."""
    return _DOUBLED.sub(r"\1", text)


def near(text: str) -> frozenset[str]:
    """What it is with one Latin letter more, less, another, or swapped with the next one; not itself. Empty if it is too long."""
    if len(text) > MAX_LETTERS:
        return frozenset()
    parts = [(text[:place], text[place:]) for place in range(len(text) + 1)]
    fewer = {before + after[1:] for before, after in parts if after}
    swapped = {before + after[1] + after[0] + after[2:] for before, after in parts if len(after) > 1}
    other = {before + letter + after[1:] for before, after in parts if after for letter in _LETTERS}
    more = {before + letter + after for before, after in parts for letter in f"{_LETTERS} "}
    return frozenset(fewer | swapped | other | more) - {text}
