"""How a text file is encoded: in Unicode, with a byte order mark or without, or in a code page of Windows, DOS or the Mac.

Addresses and PEM are the same in all of these. A code page shows only by the names around them: of those that are in use, the one counts
in which the letters make words.
"""

import re
from contextlib import suppress
from typing import Literal

Codec = Literal["utf-32", "utf-32-le", "utf-32-be", "utf-16", "utf-16-le", "utf-16-be", "utf-8"]

MIN_TEXT = 0x09
"""The least byte of a text in a code page, a tab."""
_SAMPLE = 400  # bytes
_JUDGED = 4_000
"""Bytes by which a code page is chosen: of lines with more than ASCII."""
_CODE_PAGES = ("cp1252", "cp850", "mac_roman")
"""Windows, Excel's "CSV (MS-DOS)", Excel's "CSV (Macintosh)"; of two that fit as well, the first."""
_TWICE = re.compile("[ÃÂ][\u0080-\u00bf€‚ƒ„…†‡ˆ‰Š‹Œ‘’“”•–—˜™š›œžŸŽ]")
_WITHOUT_SIGN = frozenset("\x81\x8d\x8f\x90\x9d")
_KANA = re.compile("[\u3041-\u30ff]{2}")

_OURS = "áâãàäéêíóôõöúüçñ"
"""Letters that Portuguese and Spanish names have; others of a code page are rarer."""
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_BESIDE = re.compile(r"(?<=[^\W\d_])[^\w\s'’.,;:@/()&<>\"+*!?|=-]|[^\w\s'’.,;:@/()&<>\"+*!?|=#$ªº°–—“”-](?=[^\W\d_])")
"""A sign that no text has directly beside a letter."""
_NO_CEDILLA = re.compile(r"(?:^|[^aeiouáâãéêíóôõúnrlpcü]|[^aeiouáâãéêíóôõú][nrlpc])ç|ç(?![aouáâãóôõú])", re.IGNORECASE)
_ELISION = re.compile("’(?:s$|[^\\W\\d_]{2})")
_ALIKE = re.compile(r"aá|áa|eé|ée|ií|íi|oó|óo|uú|úu")
_INNER_CAPITAL = re.compile(r"[a-zß-ÿ][À-Þ]|[à-ÿ][A-Z]")


def text_of_file(content: bytes) -> str:
    """Raises UnicodeDecodeError for what is no text."""
    codec = codec_of(content)
    if codec != "utf-8":
        unit = 4 if codec.startswith("utf-32") else 2
        return content[: len(content) // unit * unit].decode(codec).removeprefix("\ufeff")
    try:
        return _encoded_once(content.decode("utf-8").removeprefix("\ufeff"))
    except UnicodeDecodeError:
        if min(content) < MIN_TEXT or 2 * len(content.decode("ascii", "ignore")) < len(content):
            raise
        return _in_code_page(content)


def codec_of(content: bytes) -> Codec:
    """As a byte order mark says, or as the zero bytes show in what are mostly Latin letters: Windows and databases write UTF-16 without a
    mark. Else UTF-8."""
    if content.startswith((b"\xff\xfe\0\0", b"\0\0\xfe\xff")):
        return "utf-32"
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    head = content[:_SAMPLE]
    first, second, third, fourth = (head[place::4].count(0) for place in range(4))
    if first + second + third + fourth > len(head) // 2:
        return "utf-32-le" if first <= fourth else "utf-32-be"
    even, odd = first + third, second + fourth
    if odd > len(head) // 4 and odd > 8 * even:
        return "utf-16-le"
    if even > len(head) // 4 and even > 8 * odd:
        return "utf-16-be"
    return "utf-8"


def _encoded_once(text: str) -> str:
    """Without what happens where UTF-8 was opened as Windows' code page and saved again: ``JosÃ©``."""
    if not _TWICE.search(text):
        return text
    with suppress(UnicodeError):
        return b"".join(_byte(sign) for sign in text).decode()
    return text


def _byte(sign: str) -> bytes:
    """In Windows' code page, which has no signs for five bytes."""
    return sign.encode("latin-1" if sign in _WITHOUT_SIGN else "cp1252")


def _in_code_page(content: bytes) -> str:
    with suppress(UnicodeDecodeError):
        japanese = content.decode("cp932")
        if _KANA.search(japanese):
            return japanese
    sample = b"\n".join(line for line in content.splitlines() if not line.isascii())[:_JUDGED]
    best = max(_CODE_PAGES, key=lambda page: _likely(sample.decode(page, "replace")))
    return content.decode(best, "replace")


def _likely(text: str) -> int:
    """How much it looks like names and words: higher for what looks more like them."""
    points = -3 * len(_BESIDE.findall(text))
    for word in _WORD.findall(text):
        if not word.isascii():
            small = word.casefold()
            points += sum(1 if sign in _OURS else -1 for sign in small if not sign.isascii() and sign != "’")
            points += len(_ELISION.findall(small))
            points -= 3 * (len(_NO_CEDILLA.findall(small)) + len(_ALIKE.findall(small)))
            points -= 3 * (0 if word.isupper() else len(_INNER_CAPITAL.findall(word)))
    return points
