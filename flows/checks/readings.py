"""Ways to read a text: what chats, browsers, and programs escape or substitute is turned back, so that one pattern fits all of them."""

import base64
import html
import re
import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Iterator
from urllib.parse import unquote

Span = tuple[int, int]

UNSEEN = "\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff"
"""Signs that are not seen, for a class of a pattern: where a word may be broken, or which way it is written."""
_ENTITY = (
    r"&(?:#\d{2,5}|#[xX][0-9a-fA-F]{2,4}|amp|lt|gt|quot|apos|nbsp|[mn]dash|hyphen|equals|plus|sol|colon|lowbar|period);"
    rf"|\\u00[2-7][0-9A-Fa-f]|[{UNSEEN}]"
)
_PERCENT = r"%[C-Fc-f][0-9A-Fa-f](?:%[89ABab][0-9A-Fa-f]){1,3}"
"""A character that isn't ASCII, as URLs have it."""
_ASCII_PERCENT = r"%(?:2[0-9A-Fa-f]|3[A-Fa-f]|40|5[B-Fb-f]|60|7[B-Eb-e])"
_ESCAPED, _ALSO_PERCENT = re.compile(_ENTITY), re.compile(f"{_ENTITY}|{_PERCENT}")
_ALL_PERCENT = re.compile(f"{_ENTITY}|{_PERCENT}|{_ASCII_PERCENT}")
_HAS_PERCENT, _HAS_ASCII_PERCENT = re.compile(_PERCENT), re.compile(r"%(?:3[ADad]|22)")

# Characters that chats, word processors, and JSON substitute for others. Of equal length, so that positions stay right.
_ESCAPES = tuple((escape, " " * len(escape)) for escape in (r"\\n", r"\\r", r"\n", r"\r", r"\t", "%0A", "%0D", "%20", "&gt;"))
_SIGNS = str.maketrans(
    {
        **dict.fromkeys("‐‑‒–—―−﹘﹣", "-"),
        **dict.fromkeys("“”„‟«»″", '"'),
        **dict.fromkeys("‘’‚‛′", "'"),
        **dict.fromkeys("\u00a0\u2007\u202f", " "),
        **{chr(0xFEE0 + code): chr(code) for code in range(0x21, 0x7F)},  # full-width forms
    }
)
_LETTERS = str.maketrans(
    {
        sign: base.lower()
        for sign in map(chr, (*range(0x41, 0x5B), *range(0xC0, 0x180)))
        if (base := unicodedata.normalize("NFD", sign)[0]).isascii() and base.isalpha()
    }
)

_LONG = re.compile(r"[A-Za-z0-9+/_=~$.:%-]{16}")
_RUN = re.compile(r"[A-Za-z0-9+/_-]{40,}+(?:\s{1,3}[A-Za-z0-9+/_-]{20,}+)*+")
_ATTACHED = re.compile(r"(?<![A-Za-z0-9+/])(?:UEsDB|H4sI|QlpoOT|/Td6WFo)[A-Za-z0-9+/]{16,}+(?:\r?\n[A-Za-z0-9+/]{4,}+)*+")
"""ZIP, gzip, bzip2, xz."""
_BASE64 = re.compile(r"[^A-Za-z0-9+/]")
_PRINTABLE = re.compile(rb"[\t\n\r\x20-\x7e\xc2-\xf4\x80-\xbf]*+")


class PlainText:
    """``flat``: with ASCII dashes, quotes, and spaces. ``folded``: in lower case and without accents, too; as long as ``flat``.
    ``place``: from a position in them to one in the text as it was given.
    ``has_runs``: whether anything in it is as long as a key or a token; most lines of a log have nothing of the kind."""

    __slots__ = ("flat", "folded", "has_runs", "place")

    def __init__(self, flat: str, place: Callable[[int], int]) -> None:
        self.flat, self.place = flat, place
        self.folded = flat.lower() if flat.isascii() else flat.translate(_LETTERS)
        self.has_runs = _LONG.search(flat) is not None


def readings(text: str) -> Iterator[PlainText]:
    """One or more. A percent-encoded sign may stand within a secret, or end it: it is read both ways."""
    ways = [_ESCAPED]
    if "%" in text:
        ways += [_ALSO_PERCENT] if _HAS_PERCENT.search(text) else []
        ways += [_ALL_PERCENT] if _HAS_ASCII_PERCENT.search(text) else []
    for way in ways:
        plain, place = _unescaped(text, way)
        yield PlainText(_flat(plain), place)


def encoded(text: str) -> Iterator[tuple[Span, str]]:
    """Texts in base64, each with its place."""
    for match in _RUN.finditer(text):
        signs = _BASE64.sub("", match[0].replace("-", "+").replace("_", "/"))
        content = base64.b64decode(signs[: len(signs) // 4 * 4])
        if content[1:40:2].count(0) > 10:  # UTF-16, as PowerShell encodes commands
            yield match.span(), content.decode("utf-16-le", "replace")
        elif _PRINTABLE.fullmatch(content):
            yield match.span(), content.decode("utf-8", "replace")


def attached(text: str) -> Iterator[tuple[Span, bytes]]:
    """Archives in base64, as e-mails hold them, each with its place."""
    for match in _ATTACHED.finditer(text):
        signs = _BASE64.sub("", match[0])
        yield match.span(), base64.b64decode(signs[: -1 if len(signs) % 4 == 1 else None] + "=" * (-len(signs) % 4))


def _unescaped(text: str, escaped: re.Pattern[str]) -> tuple[str, Callable[[int], int]]:
    """The text with what is ``escaped`` decoded, and a function from positions in it to positions in the given text."""
    if (text.isascii() and not any(sign in text for sign in "&%\\")) or not escaped.search(text):
        return text, int
    parts, ends, shifts, end, length = [], [0], [0], 0, 0
    for match in escaped.finditer(text):
        decoded = _decoded(match[0])
        if len(decoded) > 1:  # not one character: it stays as it is
            continue
        parts += [text[end : match.start()], decoded]
        length += match.start() - end + len(decoded)
        end = match.end()
        ends.append(length)
        shifts.append(end - length)
    return "".join((*parts, text[end:])), lambda place: place + shifts[bisect_right(ends, place) - 1]


def _decoded(escape: str) -> str:
    match escape[0]:
        case "%":
            return unquote(escape)
        case "&":
            return html.unescape(escape)
        case "\\":
            return chr(int(escape.removeprefix("\\u"), 16))
    return ""


def _flat(text: str) -> str:
    for escape, blank in _ESCAPES:
        text = text.replace(escape, blank)
    return text if text.isascii() else text.translate(_SIGNS)
