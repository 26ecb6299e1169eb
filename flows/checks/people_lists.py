"""Lists of people as they are pasted or exported: a name, an email address, and what else stands in a line. Below a heading, columns may
come in any order; without one, each part of a line is recognized by what it is.
"""

import csv
import html
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from flows.checks.people_columns import (
    AROUND,
    EMAIL,
    NAME,
    SHOWN,
    Columns,
    ListedPerson,
    guessed,
    labelled,
    means,
    read_cell,
    sounds_like_a_value,
)

MOST_LINES = 200
_LINE = 1000
"""Characters of a line that is read."""

_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
_SPELT_AT = re.compile(r"[ \t]?[(\[][ \t]?(?:at|arroba)[ \t]?[)\]][ \t]?", re.IGNORECASE)
_LOOSE_AT = re.compile(r"(?<=[\w.+-])[ \t]{0,3}@[ \t]{0,3}(?=\w)")
_BULLET = re.compile(r"\s*(?:[-*•‣▪●–—]|\d{1,3}[.)])\s+")
_ENDS = re.compile(r"[<>()\[\]]|\s[-–—]\s")
_QUOTED = re.compile(r'"[^"]*"')
_SEPARATOR_LINE = re.compile(r"sep=.", re.IGNORECASE)
"""Excel's first line of a CSV file."""
_QUOTE_OF_CELL = re.compile(r'(?:^|[\t;,|])\s*"')
_MOST_IN_A_CELL = 20
"""Lines of one quoted cell (RFC 4180)."""
_WITHIN = "\v"
"""Between the lines of one cell: a blank that separates nothing in CSV."""


@dataclass(frozen=True)
class PeopleList:
    """``left_out``: lines in which there is nobody, as they are. ``more``: whether there were too many lines to read. ``ignored``: headings
    that are not known: below them counts only what can be nothing else."""

    people: tuple[ListedPerson, ...]
    left_out: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    more: bool = False


def read(text: str, columns: Columns) -> PeopleList:
    lines = list(islice(_lines(_cleaned(text)), MOST_LINES + 1))
    people: list[ListedPerson] = []
    left_out: list[str] = []
    ignored: list[str] = []
    heading: tuple[str, ...] = ()
    separator = ""
    for line in lines[:MOST_LINES]:
        headed, its_separator = _heading(line, columns)
        if headed:
            heading, separator = headed, its_separator
            ignored += [name for name in heading if name.strip() and not columns.column(name)]
            continue
        found: list[ListedPerson] = []
        if len(line) <= _LINE:
            found = _below(heading, _cells(line, separator), columns) if heading else list(_free(line.strip(), columns))
        people += found
        if not found:
            left_out.append(line.strip() if len(line) <= _LINE else f"{line.strip()[:SHOWN]}…")
    return PeopleList(tuple(people), tuple(left_out), tuple(ignored), more=len(lines) > MOST_LINES)


def _lines(text: str) -> Iterator[str]:
    """Those that hold a letter or digit. A quoted cell may go on over several lines; they are one then."""
    parts, at = text.splitlines(), 0
    while at < len(parts):
        ends = range(at + 1, min(at + _MOST_IN_A_CELL, len(parts)) + 1) if _opens(parts[at]) else ()
        end = next((end for end in ends if not _opens(_WITHIN.join(parts[at:end]))), at + 1)
        line, at = _WITHIN.join(parts[at:end]), end
        if any(sign.isalnum() for sign in line) and not _SEPARATOR_LINE.fullmatch(line.strip()):
            yield line


def _opens(line: str) -> bool:
    """Whether a quoted cell begins in it and does not end."""
    return line.count('"') % 2 == 1 and _QUOTE_OF_CELL.search(line) is not None


def _cleaned(text: str) -> str:
    text = _INVISIBLE.sub("", unicodedata.normalize("NFKC", html.unescape(text))).replace("、", ",")
    return _LOOSE_AT.sub("@", _SPELT_AT.sub("@", text.replace("mailto:", "")))


# -- with a heading


def _heading(line: str, columns: Columns) -> tuple[tuple[str, ...], str]:
    """The headings and what separates them; none if the line names no address's column, or holds an address."""
    for separator in "\t;|," if len(line) <= _LINE else "":
        names = _cells(line, separator)
        known = [columns.column(name) for name in names]
        if EMAIL in known and len(set(known) - {""}) > 1 and "@" not in line:
            return tuple(names), separator
    return (), ""


def _cells(line: str, separator: str) -> list[str]:
    return [cell.strip() for cell in next(csv.reader([line], delimiter=separator), [])]


def _below(heading: Sequence[str], cells: Sequence[str], columns: Columns) -> list[ListedPerson]:
    """Nobody if no address and no name stands where it should."""
    person = ListedPerson(unread=tuple(cell[:SHOWN] for cell in cells[len(heading) :] if cell))
    for name, cell in zip(heading, cells, strict=False):
        column = columns.column(name)
        if column == NAME:
            person = replace(person, name=" ".join((person.name, *cell.split())).strip())  # first and last name
        elif column == EMAIL:
            person = replace(person, email=cell.strip(AROUND + "<>"))
        elif cell and (column or means(cell, columns) or sounds_like_a_value(cell, columns)):
            person = read_cell(person, column, cell, columns) if column else guessed(person, cell, columns)
    return [person] if "@" in person.email or person.name else []


# -- without


def _free(line: str, columns: Columns) -> Iterator[ListedPerson]:
    """Everybody on a line. Of several, each has what stands behind their address, up to the next one's."""
    cells = [part for cell in _split(_BULLET.sub("", line, count=1)) for part in _by_address(cell)]
    names_first = "@" not in next((cell for cell in cells if "@" in cell or not means(cell, columns)), "@")
    several = len({cell.casefold() for cell in cells if "@" in cell}) > 1
    person, waiting, known = ListedPerson(), "", False
    for cell in cells:
        if "@" not in cell:
            read_ = labelled(person, cell, columns)
            known = known or read_.values != person.values
            if several and names_first and not means(cell, columns):
                waiting = cell
            else:
                person = read_
        elif person.email.casefold() != cell.casefold():  # written twice, as text and as a link
            if person.email:
                yield person
                person = ListedPerson()
            person = replace(person, email=cell, name=waiting or person.name)
            waiting = ""
    if person.email or (known and person.name):
        yield person


def _split(line: str) -> Iterator[str]:
    bare = _QUOTED.sub("", line)
    separator = next((one for one in "\t;|," if one in bare), ",")
    for cell in _cells(line, separator):
        yield from (part.strip(AROUND) for part in _ENDS.split(cell) if part.strip(AROUND))


def _by_address(cell: str) -> Iterator[str]:
    """An address and what stands around it, apart."""
    text: list[str] = []
    for token in cell.replace(",", " , ").split() if "@" in cell else [cell]:
        if "@" not in token:
            text.append(token)
            continue
        if words := " ".join(text).strip(AROUND):
            yield words
        text = []
        yield token.strip(AROUND)
    if words := " ".join(text).strip(AROUND):
        yield words
