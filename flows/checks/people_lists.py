"""Lists of people as they are pasted or exported: a name, an email address, and what else stands in a line. Below a heading, columns may
come in any order; without one, each part of a line is recognized by what it is (`flows.checks.people_lines`). A title says something of
all below it (`flows.checks.people_titles`).
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice, takewhile

from flows.checks.email_faults import is_name, meant
from flows.checks.list_headings import has_title_word, is_heading, is_marked, label_of
from flows.checks.list_parts import LONGEST, PartKind, is_of, words_of
from flows.checks.list_texts import AROUND, cells, cleaned, lines
from flows.checks.people_columns import EMAIL, NAME, SHOWN, Columns, ListedPerson, guessed, means, read_cell, sounds_like_a_value
from flows.checks.people_lines import people_on, understood
from flows.checks.people_titles import Title, Titles, given, title

_PIECES = re.compile(r"(?<=[;,|\t])")
MOST_LINES = 200
MOST_TEXT, LONGEST_LINE = 60_000, 10_000
"""Characters that are read: far more than a form's field takes."""


@dataclass(frozen=True)
class PeopleList:
    """``left_out``: lines, or parts of them, in which there is nobody and which are no headings, as they are. ``ignored``: headings that
    are not known: below them counts only what can be nothing else. ``rest``: these parts and headings in their order, and the titles above
    them, marked as such: read again, they name the same. ``more``: whether there was more than is read."""

    people: tuple[ListedPerson, ...]
    left_out: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    rest: tuple[str, ...] = ()
    more: bool = False


def read(text: str, columns: Columns) -> PeopleList:
    reading = _Reading(columns)
    found_lines = list(islice(lines(cleaned(text[:MOST_TEXT])), MOST_LINES + 1))
    short = [line for line in found_lines[:MOST_LINES] if len(line) <= LONGEST_LINE]
    for record in _records(_unwrapped(short, columns), columns):
        reading.read(record)
    reading.leave_out(reading.titles.end())
    people = tuple(person for person in reading.people if len(person.email) <= LONGEST)
    more = len(text) > MOST_TEXT or len(found_lines) > len(short) or len(reading.people) > len(people)
    return PeopleList(people, tuple(reading.left_out), tuple(reading.ignored), tuple(reading.rest), more)


@dataclass
class _Reading:
    """What is read so far. ``heading``: of the lines that follow; ``heading_line``: as it was, until it is part of the rest.
    ``begins_with_title``: so that what may be a title is one; else it may be the last line about whoever is above it. None as long as it
    is open."""

    columns: Columns
    people: list[ListedPerson] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    rest: list[str] = field(default_factory=list)
    heading: Sequence[str] = ()
    separator: str = ""
    heading_line: str = ""
    titles: Titles = field(default_factory=Titles)
    begins_with_title: bool | None = None
    follows_somebody: bool = False

    def read(self, record: Sequence[str]) -> None:
        """Lines that belong together: mostly it is one. Below a heading each is on its own, and so are titles below each other."""
        heading, separator = _heading(record[0], self.columns)
        if heading:
            self.heading, self.separator, self.heading_line = heading, separator, record[0]
            if unknown := [name for name in heading if name.strip() and not self.columns.column(name)]:
                self.ignored += unknown
                self._keep_heading()
        elif self.heading:
            for line in record:
                row = cells(line, self.separator)
                filled = [cell for cell in row if cell]
                if len(filled) != 1 or not self._is_title(filled[0]):
                    self._take([line], _below(self.heading, row, self.columns) if len(row) > 1 else None)
        elif len(record) > 1 and not all("@" not in line and title(line, self.columns) for line in record):
            self._take(record)
        else:
            for line in record:
                if not self._is_title(line):
                    self._take([line])

    def _is_title(self, line: str) -> bool:
        """Whether it is a title, or something that is said of the one above; then it is read."""
        new = title(line, self.columns) if "@" not in line else None
        if new is None or (new.says.unread and self._is_somebody(line)):
            return False
        if new.says_something and self.begins_with_title is None:
            self.begins_with_title = True
        if new.is_marked or not new.says_something or self.begins_with_title or self.titles.above:
            self.leave_out(self.titles.add(new))
            self.follows_somebody = False
        elif self.follows_somebody:
            self.people[-1] = replace(self.people[-1], unread=(*self.people[-1].unread, line[:SHOWN]))
        else:
            self._keep_heading()
            self.leave_out([line])
        return True

    def _is_somebody(self, line: str) -> bool:
        """With what they get, and no title."""
        return any(is_name(one.name) and not has_title_word(one.name) for one in people_on(line, self.columns)[0])

    def _take(self, record: Sequence[str], people: Sequence[ListedPerson] | None = None) -> None:
        """``people``: those on its line, if it has columns."""
        found, left = (people, ()) if people is not None else self._people_on("\t".join(record))
        divides = not found and len(record) == 1 and is_marked(record[0])
        if divides:
            self.titles.divided()
        else:
            self.titles.followed()
        self.people += [self.titles.given_to(person) for person in found]
        self.follows_somebody = bool(found)
        several = len(left) > 2
        named = [text for text in (left if found or several else record) if not self._says_nothing(text)]
        if self.begins_with_title is None and not divides and (found or any(map(is_name, named))):
            self.begins_with_title = False
        if named:
            self.rest += [] if divides else self.titles.to_keep()
            self._keep_heading()
            self.leave_out(named)

    def _people_on(self, line: str) -> tuple[Sequence[ListedPerson], Sequence[str]]:
        """Those on a line that has no columns. It may begin with their title, and other titles may follow, each with those behind it."""
        titled = list[tuple[Title, str]]()
        for piece in _PIECES.split(line):
            if (own := _title_before(piece, self.columns)) is not None:
                titled.append((own, piece.partition(":")[2]))
            elif titled:
                titled[-1] = titled[-1][0], titled[-1][1] + piece
            else:
                return people_on(line, self.columns)
        found, left = list[ListedPerson](), list[str]()
        for own, text in titled:
            people, others = people_on(text, self.columns)
            found += [given(person, own.says) for person in people]
            left += others
        return found, left

    def _says_nothing(self, text: str) -> bool:
        """Whether it is a heading without a value."""
        return (
            is_heading(text) and meant(words_of(text)) is None and not ((own := title(text, self.columns)) and own.says_something)
        )

    def leave_out(self, texts: Sequence[str]) -> None:
        self.left_out += texts
        self.rest += texts

    def _keep_heading(self) -> None:
        """Once, in front of what stands below it."""
        if self.heading_line:
            self.rest.append(self.heading_line)
        self.heading_line = ""


def _title_before(text: str, columns: Columns) -> Title | None:
    """In front of the first address."""
    label, colon, after = text.partition(":")
    own = title(f"{label}:", columns) if colon and "@" in after and "@" not in label else None
    return own if own is not None and own.says_something else None


def _unwrapped(found_lines: Sequence[str], columns: Columns) -> list[str]:
    """With a title and those behind it on one line: as long as a line ends in a comma, those on the next belong to it. A semicolon may end
    each row of a table."""
    found = list[str]()
    for line in found_lines:
        above = found[-1] if found else ""
        goes_on = above.endswith(",") and "@" in line and len(above) + len(line) < LONGEST_LINE
        if goes_on and _title_before(above, columns) is not None:
            found[-1] = f"{above} {line}"
        else:
            found.append(line)
    return found


def _records(found_lines: Sequence[str], columns: Columns) -> Iterator[list[str]]:
    """Lines that say something about one person are together: each has a label of its own, or a name has its address below it. What is
    said once, in front of several, is a title."""
    record, labels, has_address = list[str](), set[str](), False
    times = Counter(label for line in found_lines if (label := label_of(line)))
    titles = _labelled_titles(found_lines, times, columns) if max(times.values(), default=0) > 1 else []
    yield from ([line] for line in titles)
    for line in found_lines[len(titles) :]:
        label, is_addressed = label_of(line), "@" in line
        if labels:
            goes_on = bool(label) and label not in labels
        else:
            goes_on = len(record) == 1 and is_addressed and is_of(_name_alone(record[0], columns), understood(line, columns))
        if record and (not goes_on or (has_address and is_addressed)):
            yield record
            record, labels, has_address = [], set(), False
        record.append(line)
        labels |= {label} - {""}
        has_address = has_address or is_addressed
    if record:
        yield record


def _labelled_titles(found_lines: Sequence[str], times: Mapping[str, int], columns: Columns) -> list[str]:
    """In front of all else: of values whose labels come once."""

    def is_one(line: str) -> bool:
        label = label_of(line)
        return columns.column(label) in columns.values and times[label] == 1

    return list(takewhile(is_one, found_lines))


def _name_alone(line: str, columns: Columns) -> str:
    """Of a line that names one person and at most says what they get; else empty."""
    parts = understood(line, columns) if "@" not in line else []
    names = [part.text for part in parts if part.kind is PartKind.NAME]
    known = all(part.kind is PartKind.NAME or means(part.text, columns) for part in parts)
    return names[0] if known and len(names) == 1 and is_name(names[0]) else ""


def _heading(line: str, columns: Columns) -> tuple[tuple[str, ...], str]:
    """The headings and what separates them; none if the line names no address's column, or holds an address."""
    for separator in "\t;|," if "@" not in line else "":
        names = cells(line, separator)
        known = [columns.column(name) for name in names]
        if EMAIL in known and len(set(known) - {""}) > 1:
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
