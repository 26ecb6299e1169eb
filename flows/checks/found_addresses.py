"""Finds addresses in whatever people paste: lists, tables, mail headers, links. What was meant to be one is found too, and so is each line
that holds none, and whoever stands without one beside others; headings are not."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

from flows.checks.email_faults import EmailFault, Fault, is_name, meant, why_none
from flows.checks.list_headings import (
    EMAIL_HEADINGS,
    NAME_HEADINGS,
    email_column,
    has_title_word,
    is_heading,
    is_known,
    is_marked,
    is_technical,
    label_of,
    recipients,
)
from flows.checks.list_parts import ListPart, PartKind, are_alike, is_addressed, is_of, names_of, parts_of, words_of
from flows.checks.list_texts import cells, cleaned, lines
from flows.checks.people_columns import folded, singular

_URL = re.compile(r"\b[a-z][a-z0-9+.-]{1,15}://[^\s<>|,;]*", re.IGNORECASE)
_LOGIN = re.compile(r"(?!www\.)[a-z]{2,40}(?:[._][a-z]{2,40}){1,3}")
_IN_LETTERS = re.compile(r"(?!www\.)[^\W\d_]{2,40}(?:[ /.'’-]{1,2}[^\W\d_]{1,40}){0,5}")
_LONGEST_DOMAIN, _WIDEST = 253, 50
"""Characters of a domain; parts of a table's row."""
_AT_ONCE = 500
"""Lines that are compared with each other."""
_ROWS = 3
"""Lines of one shape that are a table's."""
_BELOW = 5
"""Lines of a signature."""

Found = tuple["_Line", list["FoundPart"]]
"""A line, and what is found in it."""
Column = tuple[str, int, int]
"""What separates a table's columns, the place of the addresses' one, and how many there are."""
Shape = tuple[tuple[int, bool], ...]


@dataclass(frozen=True)
class FoundPart:
    """A part of the text. ``fault``: why it is no address, where that is known without looking at its letters."""

    text: str
    fault: Fault | None = None


@dataclass(frozen=True)
class _Line:
    """``row``: below a table's heading its cells, and which of them has the address."""

    text: str
    parts: Sequence[ListPart] = ()
    row: tuple[Sequence[str], int] | None = None

    @property
    def label(self) -> str:
        """Empty if it has none."""
        return label_of(self.text)

    @property
    def is_named(self) -> bool:
        """Whether it begins with whoever has its address, as in ``Ana: ana@bank.example``."""
        name, colon, _ = self.text.partition(":")
        return bool(colon) and is_name(name) and any(part.is_entry and are_alike(name, part.text) for part in self.parts[:2])

    @cached_property
    def shape(self) -> Shape | None:
        """The cell of each part, and whether it is an address: None if not one of several is."""
        if not 1 < len(self.parts) <= _WIDEST:
            return None
        found = tuple((part.cell, part.is_entry) for part in self.parts)
        return found if sum(is_entry for _, is_entry in found) == 1 else None


def find(text: str) -> Iterator[FoundPart]:
    """Everything that is or was meant to be an address, and each line that holds none, in order of appearance. A person may stand on
    several lines, such as ``Name: Ana`` and ``E-mail: ana@bank.example``: those without the address are columns of theirs."""
    labels, held, has_address = set[str](), list[FoundPart](), False
    for line, found in _without_names_above(_found_in_lines(text)):
        label = line.label
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


def _without_names_above(found_in_lines: Iterable[Found]) -> Iterator[Found]:
    """Without a name that has a line of its own, and its address a few lines below, as in a signature."""
    held: list[Found] = []
    for line, found in found_in_lines:
        is_name = not line.label and len(found) == 1 and found[0].fault is not None and found[0].fault[0] is EmailFault.NAME_ONLY
        has_address = any("@" in one.text for one in found)
        if held and has_address and is_of(held[0][1][0].text, line.parts):
            held[0] = _Line(""), []
        if is_name or has_address or len(held) == _BELOW:
            yield from held
            held = []
        if is_name or held:
            held.append((line, found))
        else:
            yield line, found
    yield from held


def _found_in_lines(text: str) -> Iterator[Found]:
    read = _read(line for line in lines(cleaned(text)) if not is_technical(line))
    shapes: Counter[Shape | None] = Counter()
    while block := list(islice(read, _AT_ONCE)):
        shapes.update(line.shape for line in block)
        are_named = any(line.is_named for line in block)
        for line in block:
            is_row = line.shape is not None and shapes[line.shape] >= _ROWS
            found = list(_of_row(*line.row) if line.row else _of_line(line.parts, is_row=is_row))
            yield line, found or list(_of_no_entry(line.text, line.parts, are_named=are_named))


def _read(texts: Iterable[str]) -> Iterator[_Line]:
    """Each line but headings, which those below them follow."""
    column: Column | None = None
    for text in texts:
        without_links = _URL.sub(" ", text) if "://" in text else text
        if "@" not in without_links and (heading := email_column(text)) is not None:
            column = heading
        elif column is not None and len(row := cells(without_links, column[0])) == column[2]:
            yield _Line(text, row=(row, column[1]))
        else:
            yield _Line(text, parts_of(recipients(without_links) or without_links))


def why_without_address(line: str, *, are_named: bool = False) -> Fault | None:
    """Of a line without an @: why it is no entry of the list; None for a heading. ``are_named``: whether others begin with a name."""
    least = 1 if are_named else 2
    if meant(words_of(line)) is None and (is_heading(line) or (is_marked(line) and not _is_somebody(line, least))):
        return None
    return why_none(line)


def _is_somebody(line: str, least: int) -> bool:
    """Whether a line that is marked as a title is a name all the same. ``least``: words, since one, as in ``Cc:`` or ``QA:``, is none
    unless others of the list begin so."""
    if len(words_of(line)) < least or has_title_word(line) or not is_name(line):
        return False
    return not is_known(" ".join(singular(word) for word in folded(line).split()))


def _of_no_entry(line: str, parts: Sequence[ListPart], *, are_named: bool) -> Iterator[FoundPart]:
    """Of a line in which nothing is found. Whom a message's head names are several, and so are more than two names; any other line is
    one."""
    if why_without_address(line, are_named=are_named) is None:
        return
    several = len(parts) > 2 and all(part.kind is PartKind.NAME for part in parts)
    if people := recipients(line):
        yield from (FoundPart(part.strip(), why_none(part)) for part in people.split(";") if part.strip())
    else:
        yield from (FoundPart(text.strip(), why_none(text)) for text in ([part.text for part in parts] if several else [line]))


def _of_row(row: Sequence[str], place: int) -> Iterator[FoundPart]:
    """Below a heading only the addresses' column counts, and whatever else has an @."""
    cell = row[place] or next(filter(None, row), "")
    if cell and not is_addressed(row[place]):
        yield FoundPart(cell, why_none(cell))
    for part in row:
        if is_addressed(part):
            yield from (FoundPart(one.text, one.fault) for one in parts_of(part) if one.is_entry)


def _of_line(parts: Sequence[ListPart], *, is_row: bool) -> Iterator[FoundPart]:
    """Each address, and who stands beside them without one: nobody of a line with none. ``is_row``: whether it is one of a table without
    a heading, so that what stands beside the address are columns."""
    entries = [part for part in parts if part.is_entry]
    if not entries:
        return
    if len(parts) == 1 or (is_row and entries[0].kind is PartKind.ADDRESS):
        yield FoundPart(entries[0].text, entries[0].fault)
        return
    names = {name: (parts[entry], name > entry) for entry, name in names_of(parts).items()}
    beside = _Beside(parts)
    for place, part in reversed(list(enumerate(parts))):
        if place + 1 in names and _is_first_name(part, parts[place + 1], names[place + 1][0]):
            names[place] = names[place + 1]
    for place, part in enumerate(parts):
        if part.is_entry:
            if part.kind is PartKind.ADDRESS or part.text.casefold() not in beside.domains:
                yield FoundPart(part.text, part.fault)
        elif not is_row and (_is_apart(part, *names[place]) if place in names else beside.is_somebody(part)):
            yield FoundPart(part.text, why_none(part.text))


def _is_apart(name: ListPart, entry: ListPart, is_behind: bool) -> bool:
    """Whether a name that would be an entry's stands behind it like one more entry, and is unlike it."""
    return is_behind and name.label in ("", entry.label) and not are_alike(name.text, entry.text)


def _is_first_name(part: ListPart, name: ListPart, entry: ListPart) -> bool:
    """Whether it goes with the name behind it: in the cell of the address, or as first and last name in two columns."""
    if part.kind is not PartKind.NAME or (part.label and part.label == name.label):
        return False
    in_columns = " " not in part.text + name.text and are_alike(f"{part.text} {name.text}", entry.text)
    return (part.cell == entry.cell and name.cell == entry.cell) or in_columns


class _Beside:
    """Of a line with addresses: what else in it is somebody."""

    def __init__(self, parts: Sequence[ListPart]) -> None:
        """``domains``: of the addresses, and whatever these belong to: a column may hold them."""
        entries = Counter(part.cell for part in parts if part.is_entry)
        others = Counter(part.cell for part in parts if not part.is_entry)
        addresses = [part.text.casefold().rpartition("@") for part in parts if part.kind is PartKind.ADDRESS]
        self._logins = {local for local, _, _ in addresses}
        self.domains = {end for domain in {domain for _, _, domain in addresses} for end in _ends(domain)}
        cells_of = Counter(label for label, _ in {(part.label, part.cell) for part in parts})
        self._repeated = {label for label, count in cells_of.items() if count > 1}
        self._addressed = set(entries)
        self._is_list = 2 * len(entries) > len({*entries, *others})
        self._crowded = {cell for cell, count in entries.items() if count > max(1, others[cell])}

    def is_somebody(self, part: ListPart) -> bool:
        """Of what is no address and nobody's name: a name, or a word that stands as addresses do."""
        if part.label:
            return part.label in EMAIL_HEADINGS or (part.label in NAME_HEADINGS and part.label in self._repeated)
        apart = part.cell not in self._addressed
        if part.kind is PartKind.NAME or (apart and self._is_list):
            return True
        if part.text.casefold() in self._logins:
            return False
        if _LOGIN.fullmatch(part.text):
            return True
        return (apart or part.cell in self._crowded) and _IN_LETTERS.fullmatch(part.text) is not None and not is_known(part.text)


def _ends(domain: str) -> Iterator[str]:
    """A domain and those that it belongs to."""
    labels = domain[:_LONGEST_DOMAIN].split(".")
    return (".".join(labels[start:]) for start in range(len(labels) - 1))
