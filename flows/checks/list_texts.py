"""Lists as they are pasted or exported, made plain: whatever programs, keyboards and web pages make of @, of separators and of quotes.

Everything here takes time that grows with the text and no faster: repetitions in patterns are bounded.
"""

import csv
import html
import re
import unicodedata
from collections.abc import Iterator, Sequence
from urllib.parse import unquote

AROUND = " \t\"'`´‘’“”«»*•·‣▪●.,;:!?…=#|"
"""Signs around a word that are no part of it."""
SEPARATORS = "\t;|,"
"""Of a line's columns or entries; the first of these that is in it is what separates them."""
WITHIN = "\v"
"""Between the lines of one quoted cell (RFC 4180): a blank that separates nothing."""
_MOST_IN_A_CELL = 20
"""Lines of one quoted cell."""

_INVISIBLE = re.compile("[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff]")
_LINE_ENDS = re.compile(r"\\r\\n|\\[rn]|\r\n?|[\f\v\x1c-\x1e\x85\u2028\u2029]")
"""Also as JSON writes them."""
_ESCAPED = re.compile(r"\\(?:u00([0-9a-fA-F]{2})|([\"'/<>@,;])|(t))")
_COMMAS = str.maketrans("、،﹑‚︑", ",,,,,") | str.maketrans("؛⁏", ";;") | str.maketrans("。｡․", "...")
_TAG_LINE = re.compile(
    r"<(?:br|hr)\s{0,3}/?>|</?(?:p|div|li|ul|ol|tr|table|tbody|thead|h[1-6])(?:\s[^<>]{0,500})?>", re.IGNORECASE
)
_TAG_CELL = re.compile(r"</?(?:td|th)(?:\s[^<>]{0,500})?>", re.IGNORECASE)
_TAG_LINK = re.compile(r"""<a\s[^<>]{0,300}?mailto:([^\s<>"'?]{1,320})[^<>]{0,500}>""", re.IGNORECASE)
_TAG = re.compile(
    r"</?(?:a|b|i|u|em|strong|span|font|html|body|head|meta|style|col|colgroup)(?:\s[^<>]{0,500})?/?>", re.IGNORECASE
)
_MAILTO = re.compile(r"mailto:([^\s<>|;?()\[\]]{1,320})(?:\?[^\s<>|,;)\]]*)?", re.IGNORECASE)
_LINK = re.compile(r"<([^\s<>|]{1,320}@[^\s<>|]{1,320})\|([^<>|]{0,320})>")
"""As Slack writes them: the address, and what is shown in its place."""
_PERCENT_AT = re.compile(r"(?<![^\s<>,;:|\"'(\[])([\w.+'-]{1,64})%40(?=[\w-]{1,63}\.)")
_BRACKETED_AT = re.compile(r"\s?[(\[{<]\s?(?:at|arroba|@)\s?[)\]}>]\s?|(?<=\w)[(\[]a[)\]](?=[\w-]{1,63}\.)", re.IGNORECASE)
_BRACKETED_DOT = re.compile(r"(?<=\w)\s?[(\[{]\s?(?:dot|ponto|punto|\.)\s?[)\]}]\s?(?=\w)", re.IGNORECASE)
_BRACES = re.compile(r"\{(\s?[\w.+'-]{1,64}(?:\s?[,;|/]\s?[\w.+'-]{1,64}){1,30}\s?)\}@([\w-]{1,63}(?:\.[\w-]{1,63}){1,6})")
"""Several at one domain, as in ``{ana, bia}@bank.example``."""
_LOOSE_AT = re.compile(r"(?<![^\s<>,;:|\"'(\[])([\w.+'-]{1,64})[ \t]{0,3}@[ \t]{0,3}(?=[\w-]{1,63}\.[\w])")
_APOSTROPHE = re.compile(r"(?<=[a-zA-Z])[’‘´`](?=[a-zA-Z.'+_-]{1,60}@)")
_SEPARATOR_LINE = re.compile(r"sep=.", re.IGNORECASE)
"""Excel's first line of a CSV file."""
_NUMBER = re.compile(r"\s*\(?(\d{1,4})\s?[.)\-–:]\s*(?=\D)")
_BULLET = re.compile(r"\s*+(?:(?:[•‣▪●○◦>»]|[-*·–—](?=\s)|\[[ xX]\])\s*+)++")
_QUOTE_OF_CELL = re.compile(r'(?:^|[\t;,|])\s*"')
_QUOTED = re.compile(r'"[^"]*"')


def cleaned(text: str) -> str:
    """In Unicode's compatible form, so that full-width signs are plain ones; a spelt @ is one where nothing else can be meant."""
    for _ in range(2):  # what was copied from a page may be escaped twice
        text = html.unescape(text) if "&" in text else text
    text = unicodedata.normalize("NFKC", _INVISIBLE.sub("", text.translate(_COMMAS)))
    text = _ESCAPED.sub(_plain, _LINE_ENDS.sub("\n", text)) if "\\" in text else _LINE_ENDS.sub("\n", text)
    if "<" in text:
        text = _TAG.sub("", _TAG_LINK.sub(r" <\1> ", _TAG_CELL.sub("\t", _TAG_LINE.sub("\n", text))))
    text = _MAILTO.sub(lambda found: unquote(found[1]), text)
    text = _LINK.sub(r"\2 <\1>", text) if "|" in text else text
    text = _BRACES.sub(_each_of, text) if "}@" in text else text
    text = _BRACKETED_DOT.sub(".", _BRACKETED_AT.sub("@", _PERCENT_AT.sub(r"\1@", text)))
    return _LOOSE_AT.sub(r"\1@", _APOSTROPHE.sub("'", text))


def _each_of(braces: re.Match[str]) -> str:
    return ", ".join(f"{local}@{braces[2]}" for local in re.split(r"[,;|/\s]+", braces[1].strip()))


def _plain(escape: re.Match[str]) -> str:
    if escape[1]:
        sign = chr(int(escape[1], 16))
        return sign if sign.isprintable() else " "
    return "\t" if escape[3] else escape[2]


def lines(text: str) -> Iterator[str]:
    """Of a text that is `cleaned`, those that hold a letter, a digit or an @, without bullets and numbers. A quoted cell may go on over
    several lines; they are one then."""
    parts = text.split("\n")
    numbers = [int(found[1]) if (found := _NUMBER.match(part)) else -1 for part in parts]
    at = 0
    while at < len(parts):
        ends = range(at + 1, min(at + _MOST_IN_A_CELL, len(parts)) + 1) if _opens(parts[at]) else ()
        end = next((end for end in ends if not _opens(WITHIN.join(parts[at:end]))), at + 1)
        line = WITHIN.join(parts[at:end])
        if numbers[at] >= 0 and _is_numbered(line, numbers, at):
            line = _without(_NUMBER, line)
        at = end
        line = _without(_BULLET, line).strip(" ")
        if any(sign.isalnum() or sign == "@" for sign in line) and not _SEPARATOR_LINE.fullmatch(line):
            yield line


def _without(beginning: re.Pattern[str], line: str) -> str:
    found = beginning.match(line)
    return line[found.end() :] if found is not None else line


def _is_numbered(line: str, numbers: Sequence[int], at: int) -> bool:
    """Whether its number counts the lines, or stands apart: an address may begin with a number, too."""
    found = _NUMBER.match(line)
    if found is not None and found[0].endswith((" ", "\t", ") ", ")")):
        return True
    others = [number for number in (*numbers[max(0, at - 2) : at], *numbers[at + 1 : at + 3]) if number >= 0]
    return any(abs(number - numbers[at]) == 1 for number in others)


def _opens(line: str) -> bool:
    """Whether a quoted cell begins in it and does not end."""
    return line.count('"') % 2 == 1 and _QUOTE_OF_CELL.search(line) is not None


def separator_of(line: str) -> str:
    """What separates its columns or entries: a sign outside quotes. A comma if there is none."""
    bare = _QUOTED.sub("", line) if '"' in line else line
    return next((one for one in SEPARATORS if one in bare), ",")


def cells(line: str, separator: str) -> list[str]:
    """Its columns, without quotes."""
    try:
        return [cell.strip() for cell in next(csv.reader([line], delimiter=separator, skipinitialspace=True), [])]
    except csv.Error:  # a cell of more than 131,072 characters
        return [cell.strip() for cell in line.split(separator)]
