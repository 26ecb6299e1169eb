"""What of a text can be seen. The rest is cut out of what people type: it hides, turns lines around, or shows nothing at all.

Sources: Unicode's property Default_Ignorable_Code_Point (DerivedCoreProperties.txt) and Unicode Technical Report #36; joiners and
variation selectors stay where scripts and emoji need them (Unicode Standard Annex #31, UTS #51, UTS #37).
"""

import re
import unicodedata
from itertools import chain

MAX_MARKS = 4
"""The most signs above and below one letter: more are no writing, they cover the lines around."""

_IGNORABLE = frozenset(
    map(
        chr,
        chain(
            (0xAD, 0x34F, 0x61C, 0x3164, 0xFEFF, 0xFFA0),
            (0x2800, 0xFFFC, 0x1D159),  # as empty as a space: a braille pattern, an object, a note
            (0x1107F, 0x16FE4, 0x1BC9D),  # joins numbers, fills a square, thickens a line: nothing of their own
            range(0x115F, 0x1161),
            range(0x17B4, 0x17B6),
            range(0x180B, 0x1810),
            range(0x200B, 0x2010),
            range(0x202A, 0x202F),
            range(0x2060, 0x2070),
            range(0xFE00, 0xFE10),
            range(0xFFF0, 0xFFFC),
            range(0x13430, 0x13443),  # Egyptian signs: how they are placed, and two blanks
            range(0x1BCA0, 0x1BCA4),
            range(0x1D173, 0x1D17B),
            range(0xE0000, 0xE1000),
        ),
    )
)
_AROUND_NUMBERS = frozenset(map(chr, (*range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD)))
"""Format characters that are drawn nevertheless (Unicode's property Prepended_Concatenation_Mark); all others hide."""
_ZWNJ, _ZWJ = "\u200c", "\u200d"
_KEYCAP = "\u20e3"
_REGION_FLAGS = re.compile(
    "("
    + "|".join(
        "\U0001f3f4" + "".join(chr(0xE0000 + ord(sign)) for sign in region) + "\U000e007f"
        for region in ("gbeng", "gbsct", "gbwls")
    )
    + ")"
)
"""England's, Scotland's and Wales's: the only tags in use (UTS #51)."""
_BREAK = re.compile(r"\r\n|[\r\v\f\x85\u2028\u2029]")
_PLAIN = re.compile("[ -~\n\t\u00a1-\u00ac\u00ae-\u017f\u2010-\u2027]*")
"""Most texts are no more than that, Latin letters and usual punctuation: all of it is seen, and composed."""
_RIGHT_TO_LEFT = frozenset({"R", "AL", "AN"})
_ISOLATE, _END = "\u2068", "\u2069"


def visible(text: str, *, lines: bool = False) -> str:
    """What can be seen of it, composed (NFC), without space around it; empty if that is nothing.

    ``lines``: line breaks, tabs and spaces stay; otherwise it is one line, with single spaces.
    """
    text = _BREAK.sub("\n", text) if lines else " ".join(text.split())
    if not _PLAIN.fullmatch(text):
        pieces = _REGION_FLAGS.split(unicodedata.normalize("NFC", text))
        text = "".join(piece if place % 2 else _without_hidden(piece) for place, piece in enumerate(pieces))
        text = text if lines else " ".join(text.split())
        if not any(unicodedata.category(sign)[0] in "LNPS" for sign in text):
            return ""
    return text.strip()


def isolated(text: str) -> str:
    """One line whose letters don't change the order of what stands beside it, though they run from right to left."""
    if text.isascii() or not any(unicodedata.bidirectional(sign) in _RIGHT_TO_LEFT for sign in text):
        return text
    return f"{_ISOLATE}{text}{_END}"


def _without_hidden(text: str) -> str:
    kept: list[str] = []
    marks = 0
    for place, sign in enumerate(text):
        kind = unicodedata.category(sign)
        if kind in ("Mn", "Me") and sign not in _IGNORABLE:
            marks += 1
            if marks <= MAX_MARKS and kept and not kept[-1].isspace():
                kept.append(sign)
            continue
        if sign in _IGNORABLE:
            if _needed(sign, kept, text[place + 1 : place + 2]):
                kept.append(sign)
            continue
        marks = 0
        if not _hidden(sign, kind):
            kept.append(sign)
    return "".join(kept)


def _hidden(sign: str, kind: str) -> bool:
    """Control and format characters, halves of others, private ones, and noncharacters, which never stand for anything."""
    if kind == "Cn":
        return 0xFDD0 <= ord(sign) <= 0xFDEF or ord(sign) & 0xFFFE == 0xFFFE
    if kind == "Cf":
        return sign not in _AROUND_NUMBERS
    return kind in ("Cc", "Cs", "Co", "Zl", "Zp") and sign not in "\n\t"


def _needed(sign: str, before: list[str], after: str) -> bool:
    """Whether a sign that is not seen itself changes how its neighbours are written."""
    last = next((one for one in reversed(before) if unicodedata.category(one) not in ("Mn", "Me")), "")
    if not last:
        return False
    if sign == _ZWJ and _is_symbol(last):
        return _is_symbol(after)
    if sign in (_ZWJ, _ZWNJ):
        return _joins(last) and _joins(after)
    if before[-1] in _IGNORABLE:
        return False
    if 0xFE00 <= ord(sign) <= 0xFE0F:
        return _is_symbol(last) or _is_ideograph(last) or after == _KEYCAP
    if 0xE0100 <= ord(sign) <= 0xE01EF:
        return _is_ideograph(last)
    return 0x180B <= ord(sign) <= 0x180D and 0x1820 <= ord(last) <= 0x18AA  # Mongolian forms of a letter


def _is_symbol(sign: str) -> bool:
    return bool(sign) and (unicodedata.category(sign)[0] == "S" or sign in "‼⁉〰")


def _is_ideograph(sign: str) -> bool:
    return 0x3400 <= ord(sign) <= 0x9FFF or 0xF900 <= ord(sign) <= 0xFAFF or 0x20000 <= ord(sign) <= 0x3FFFF


def _joins(sign: str) -> bool:
    """A letter or mark of the scripts whose letters take another form beside others: Arabic to Khmer, Mongolian, Indic additions."""
    return bool(sign) and (
        0x0620 <= ord(sign) <= 0x109F
        or 0x1780 <= ord(sign) <= 0x18AF
        or 0xA8E0 <= ord(sign) <= 0xABFF
        or 0xFB50 <= ord(sign) <= 0xFEFC
        or 0x11000 <= ord(sign) <= 0x11FFF
    )
