"""Lists of people as they are pasted or exported: a name, an email address, and what else stands in a line. Below a heading, columns may
come in any order; without one, each part of a line is recognized by what it is.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from flows.checks.email_faults import is_domain
from flows.checks.found_addresses import is_addressed, why_without_address
from flows.checks.list_texts import AROUND, cells, cleaned, lines, separator_of
from flows.checks.people_columns import (
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
_ENDS = re.compile(r"[<>()\[\]]|\s[-–—]\s")


@dataclass(frozen=True)
class PeopleList:
    """``left_out``: lines in which there is nobody and which are no headings, as they are. ``more``: whether there were too many lines to
    read. ``ignored``: headings that are not known: below them counts only what can be nothing else."""

    people: tuple[ListedPerson, ...]
    left_out: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    more: bool = False


def read(text: str, columns: Columns) -> PeopleList:
    found_lines = list(islice(lines(cleaned(text)), MOST_LINES + 1))
    people: list[ListedPerson] = []
    left_out: list[str] = []
    ignored: list[str] = []
    heading: tuple[str, ...] = ()
    separator = ""
    for line in found_lines[:MOST_LINES]:
        headed, its_separator = _heading(line, columns)
        if headed:
            heading, separator = headed, its_separator
            ignored += [name for name in heading if name.strip() and not columns.column(name)]
            continue
        found: list[ListedPerson] = []
        if len(line) <= _LINE:
            row = cells(line, separator) if heading else []
            found = _below(heading, row, columns) if len(row) > 1 else list(_free(line, columns))
        people += found
        if not found and (len(line) > _LINE or why_without_address(line) is not None):
            left_out.append(line if len(line) <= _LINE else f"{line[:SHOWN]}…")
    return PeopleList(tuple(people), tuple(left_out), tuple(ignored), more=len(found_lines) > MOST_LINES)


# -- with a heading


def _heading(line: str, columns: Columns) -> tuple[tuple[str, ...], str]:
    """The headings and what separates them; none if the line names no address's column, or holds an address."""
    for separator in "\t;|," if len(line) <= _LINE else "":
        names = cells(line, separator)
        known = [columns.column(name) for name in names]
        if EMAIL in known and len(set(known) - {""}) > 1 and "@" not in line:
            return tuple(names), separator
    return (), ""


def _below(heading: Sequence[str], row: Sequence[str], columns: Columns) -> list[ListedPerson]:
    """Nobody if no address and no name stands where it should."""
    person = ListedPerson(unread=tuple(cell[:SHOWN] for cell in row[len(heading) :] if cell))
    for name, cell in zip(heading, row, strict=False):
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
    parts = [part for cell in _split(line) for part in _by_address(cell)]
    addresses = [part for part in parts if is_addressed(part)] or [part for part in parts if is_domain(part)][:1]
    names_first = next((part for part in parts if part in addresses or not means(part, columns)), "") not in addresses
    several = len({address.casefold() for address in addresses}) > 1
    person, waiting, known = ListedPerson(), "", False
    for part in parts:
        if part not in addresses:
            read_ = labelled(person, part, columns)
            known = known or read_.values != person.values
            if several and names_first and not means(part, columns):
                waiting = part
            else:
                person = read_
        elif person.email.casefold() != part.casefold():  # written twice, as text and as a link
            if person.email:
                yield person
                person = ListedPerson()
            person = replace(person, email=part, name=waiting or person.name)
            waiting = ""
    if "@" in person.email or (known and (person.email or person.name)):
        yield person


def _split(line: str) -> Iterator[str]:
    for cell in cells(line, separator_of(line)):
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
