"""Finds email addresses in anything people paste: lists, mail headers, CSV, links. Bad ones are included unchanged."""

import re
import unicodedata
from collections.abc import Iterator

_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
_URL = re.compile(r"\b[a-z][a-z0-9+.-]{1,15}://[^\s<>|,;]*", re.IGNORECASE)
_MAILTO_QUERY = re.compile(r"(mailto:[^\s<>|,;?]{1,320})\?[^\s<>|,;)]*", re.IGNORECASE)
_SPELT_AT = re.compile(r"\s?[(\[]\s?(?:at|arroba)\s?[)\]]\s?", re.IGNORECASE)
_FIELD_ENDS = re.compile(r"[,;\t]")
_TOKEN_ENDS = re.compile(r"[\s<>()\[\]{}|:]+")
_AROUND = "\"'`´‘’“”«»*•·‣▪●–—-.!?…=#&>"
_WITHOUT_AT = re.compile(r"(?!www\.)[^\s/:()]{1,80}\.(?:com|net|org|info|biz|gov|edu|bank|[a-z]{2})", re.IGNORECASE)


def candidates(text: str) -> Iterator[str]:
    """Everything that is or was meant to be an address, in order of appearance."""
    plain = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text))
    for line in plain.splitlines():
        yield from _of_line(_SPELT_AT.sub("@", _MAILTO_QUERY.sub(r"\1", _URL.sub(" ", line))))


def _of_line(line: str) -> Iterator[str]:
    fields = [field for field in _FIELD_ENDS.split(line) if field.strip()]
    # A field without @ among fields with one is the next column, unless most have one: then it's an address missing its @.
    is_list = 2 * sum("@" in field for field in fields) > len(fields) or len(fields) == 1
    for field in fields:
        if "@" in field:
            yield from _of_field(field)
        elif is_list and _WITHOUT_AT.fullmatch(token := field.strip().strip(_AROUND)):
            yield token


def _of_field(field: str) -> Iterator[str]:
    seen = set()  # Slack, Outlook, and Markdown write an address twice: as text and as a link
    for token in _TOKEN_ENDS.split(field):
        if "@" not in token:
            continue
        parts = token.split("/") if token.count("@") > 1 else [token]
        for part in (part.strip(_AROUND) for part in parts):
            if part and part.casefold() not in seen:
                seen.add(part.casefold())
                yield part
