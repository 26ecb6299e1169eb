"""Finds addresses in whatever people paste: lists, tables, mail headers, links. What was meant to be one is found too, and so is each line
that holds none; headings are not."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from flows.checks.email_faults import AT_WORDS, EmailFault, Fault, is_domain, meant, why_none
from flows.checks.list_headings import email_column, is_heading, is_technical, label_of, recipients
from flows.checks.list_texts import AROUND, cells, cleaned, lines, separator_of

_URL = re.compile(r"\b[a-z][a-z0-9+.-]{1,15}://[^\s<>|,;]*", re.IGNORECASE)
_TOKEN_ENDS = re.compile(r"[\s<>()\[\]{}|:“”„«»–—→·•‣▪●]+")
_AROUND = AROUND + "-–—&>\\/"
_LABEL = re.compile(r"(?:e-?mail|mail|correo|user|usuario|login|to)=", re.IGNORECASE)
_SLASH = re.compile(r"\s/\s")
_DOT_WORD = re.compile(r"\s(?:dot|ponto|punto)\s", re.IGNORECASE)
_LAST_NAME = re.compile(
    r"(?:(?:de|da|do|dos|das|del|de la|van|von|di)\s)?[^\W\d_][^\W\d_'’-]*(?:[-'’][^\W\d_]*){0,3}", re.IGNORECASE
)
_LONGEST = 260
"""Characters of a word that may be meant as an address though it has no @."""


@dataclass(frozen=True)
class FoundPart:
    """A part of the text. ``fault``: why it is no address, where that is known without looking at its letters."""

    text: str
    fault: Fault | None = None


def find(text: str) -> Iterator[FoundPart]:
    """Everything that is or was meant to be an address, and each line that holds none, in order of appearance. A person may stand on
    several lines, such as ``Name: Ana`` and ``E-mail: ana@bank.example``: those without the address are columns of theirs."""
    labels, held, has_address = set[str](), list[FoundPart](), False
    for label, found in _lines(text):
        if not label or label in labels:
            yield from held
            labels, held, has_address = set(), [], False
        labels.add(label)
        if not label or any("@" in one.text for one in found):
            held, has_address = [], bool(label)
            yield from found
        elif not has_address:
            held += found
    yield from held


def _lines(text: str) -> Iterator[tuple[str, list[FoundPart]]]:
    """What is found in each line, and its label if it has one."""
    column: tuple[str, int, int] | None = None
    for line in lines(cleaned(text)):
        if is_technical(line):
            continue
        without_links = _URL.sub(" ", line)
        if "@" not in without_links and (heading := email_column(line)) is not None:
            column = heading
            continue
        found = list(_of_row(without_links, column))
        if not found and why_without_address(line) is not None:
            found = [FoundPart(part.strip(), why_none(part)) for part in _several(line)]
        yield label_of(line), found


def why_without_address(line: str) -> Fault | None:
    """Of a line without an @: why it is no entry of the list; None for a heading."""
    return None if meant(_words(line)) is None and is_heading(line) else why_none(line)


def _several(line: str) -> Sequence[str]:
    """Whom a message's head names are several; any other line is one."""
    people = recipients(line)
    return [part for part in people.split(";") if part.strip()] if people else [line]


def _of_row(line: str, column: tuple[str, int, int] | None) -> Iterator[FoundPart]:
    """``column``: where the addresses of a table stand."""
    if column is None or len(row := cells(line, column[0])) != column[2]:
        yield from _of_part(line)
        return
    cell = row[column[1]] or next(filter(None, row), "")
    if cell and not is_addressed(row[column[1]]):
        yield FoundPart(cell, why_none(cell))
    yield from (found for part in row if is_addressed(part) for found in _of_part(part))


def _of_part(text: str) -> Iterator[FoundPart]:
    """What is found in a part of a line. Of its own parts, those without an address are columns of one that has it, unless most have one:
    then each is an entry. Where several have one, so is each that looks like an entry."""
    separator = separator_of(text)
    parts = [part for part in cells(text, separator) if any(sign.isalnum() or sign == "@" for sign in part)]
    if len(parts) < 2 or separator not in text:
        yield from _of_field(text)
        return
    addressed = [is_addressed(part) for part in parts]
    if not any(addressed):
        bare = [part.strip(_AROUND) for part in parts]
        yield from (FoundPart(part, why_none(part)) for part in bare if len(part) <= _LONGEST and is_domain(part))
        return
    is_list = 2 * sum(addressed) > len(parts)
    in_turn = all(one != next_ for one, next_ in pairwise(addressed))  # name, address, name, address
    several = sum(addressed) > 1 and not in_turn
    for place, (part, has) in enumerate(zip(parts, addressed, strict=True)):
        if has:
            yield from _of_part(part)
        elif (not _is_last_name(part, parts[place + 1 : place + 2])) if is_list else (several and _is_entry(part)):
            yield FoundPart(part, why_none(part))


def is_addressed(part: str) -> bool:
    """Whether there is an address in it, or what was meant to be one in words."""
    return "@" in part or meant(_words(part)) is not None


def _is_entry(part: str) -> bool:
    """Whether it is no column, though there are many parts without an address: a whole name, or an address without its @."""
    return len(part) <= _LONGEST and (
        why_none(part)[0] is EmailFault.MISSING_AT or (why_none(part)[0] is EmailFault.NAME_ONLY and " " in part.strip())
    )


def _is_last_name(part: str, following: list[str]) -> bool:
    """As in ``Souza, Ana <ana@bank.example>``."""
    return bool(following) and "<" in following[0].lstrip()[1:] and _LAST_NAME.fullmatch(part[:_LONGEST].strip()) is not None


def _words(text: str) -> list[str]:
    """Nothing of a text that is too long for an address in words."""
    if len(text) > 2 * _LONGEST:
        return []
    return [word for part in _TOKEN_ENDS.split(_DOT_WORD.sub(".", text)) if (word := part.strip(_AROUND))]


def _of_field(text: str) -> Iterator[FoundPart]:
    """What is found where nothing but spaces and brackets separates."""
    if "@" not in text:
        for part in _SLASH.split(text):
            if (fault := meant(_words(part))) is not None:
                yield FoundPart(part.strip(), fault)
        return
    seen = set()  # Outlook and Markdown write an address twice: as text and as a link
    words = [word for token in _TOKEN_ENDS.split(text) if (word := token.strip(_AROUND))]
    most = 2 * sum("@" in word for word in words) > len(words)
    for place, word in enumerate(words):
        if "@" not in word:
            if (found := _without_at(words, place, most=most)) is not None:
                yield found
            continue
        beside = [*words[max(0, place - 1) : place], *words[place + 1 : place + 2]]
        if word == "@" and len(beside) == 2 and "@" not in "".join(beside):
            yield FoundPart("@".join(beside))
            continue
        for part in word.split("/") if word.count("@") > 1 else [word]:
            address = _LABEL.sub("", part, count=1).strip(_AROUND)
            if address and address.casefold() not in seen:
                seen.add(address.casefold())
                yield FoundPart(address)


def _without_at(words: list[str], place: int, *, most: bool) -> FoundPart | None:
    """Of a word without an @ among addresses. ``most``: most words there are."""
    word, around = words[place], words[max(0, place - 1) : place + 2]
    if any(len(one) > _LONGEST for one in around):
        return None
    if word.casefold() in AT_WORDS and (fault := meant(around)) is not None:
        return FoundPart(" ".join(around), fault)
    return FoundPart(word, why_none(word)) if most and is_domain(word) else None
