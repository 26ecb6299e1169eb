"""Who is on one line of a list of people that has no heading: each part of it is recognized by what it is."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise, takewhile

from flows.checks.email_faults import EmailFault, is_name, why_none
from flows.checks.list_headings import EMAIL_HEADINGS, NAME_HEADINGS
from flows.checks.list_parts import ListPart, PartKind, are_alike, names_of, parts_of
from flows.checks.people_columns import (
    EMAIL,
    NAME,
    SHOWN,
    Columns,
    ListedPerson,
    folded,
    guessed,
    means,
    read_cell,
    sounds_like_a_value,
)


def people_on(line: str, columns: Columns) -> tuple[list[ListedPerson], list[str]]:
    """Everybody on a line, and who has neither an address nor a role or the like."""
    people, left = [], list[str]()
    for parts in _by_repeated_label(understood(line, columns)):
        for own in _by_person(parts, columns):
            person, address = ListedPerson(), next((part.text for part in own if part.is_entry), "")
            for part in own:
                if part.kind is PartKind.NAME and not person.name and _is_name_in(part.text, address):
                    person = replace(person, name=part.text)
                else:
                    person = _with(person, part, columns)
            if "@" in person.email or (person.values and (person.email or person.name)):
                people.append(person)
            else:
                left += [
                    part.text for part in own if part.kind is not PartKind.OTHER or not (part.label or means(part.text, columns))
                ]
    return people, left


def understood(line: str, columns: Columns) -> list[ListPart]:
    """The parts of a line, each with the kind that it has in this list."""
    return [_understood(part, columns) for part in parts_of(line)]


def _understood(part: ListPart, columns: Columns) -> ListPart:
    """What may be given is no name."""
    column = columns.column(part.label)
    if part.is_entry:
        return part
    if column == EMAIL:
        return replace(part, kind=PartKind.ATTEMPT)
    if column:
        return replace(part, kind=PartKind.NAME if column == NAME else PartKind.OTHER)
    may_be = part.kind is PartKind.NAME or why_none(part.text)[0] is not EmailFault.MISSING_AT
    named = may_be and not part.label and bool(guessed(ListedPerson(), part.text, columns).name)
    return replace(part, kind=PartKind.NAME if named else PartKind.OTHER)


def _by_repeated_label(parts: Sequence[ListPart]) -> Iterator[Sequence[ListPart]]:
    """Apart where a label for a name or an address comes again: there somebody else begins."""
    start, cells_of = 0, dict[str, int]()
    for place, part in enumerate(parts):
        is_key = part.label in NAME_HEADINGS or part.label in EMAIL_HEADINGS
        if is_key and cells_of.setdefault(part.label, part.cell) != part.cell:
            yield parts[start:place]
            start, cells_of = place, {part.label: part.cell}
    yield parts[start:]


def _by_person(parts: Sequence[ListPart], columns: Columns) -> list[Sequence[ListPart]]:
    """Of several, each has what stands from their name or address up to the next one's. What stands in front of the first is said of all
    if nothing else is; or each has in front of them what is said of them."""
    beginnings = _beginnings(parts)
    found = [parts[start:end] for start, end in pairwise((*beginnings, len(parts)))]
    first = list(takewhile(lambda part: _is_value(part, columns), parts)) if len(found) > 1 else []
    if not first:
        return found
    found[0] = found[0][len(first) :]
    said = [[part for part in own if _is_value(part, columns)] for own in found]
    if not any(said):
        return [[*first, *own] for own in found]
    if all(said[:-1]) and not said[-1]:
        alone = ([part for part in own if not _is_value(part, columns)] for own in found)
        return [[*before, *own] for before, own in zip([first, *said[:-1]], alone, strict=True)]
    return [[*first, *found[0]], *found[1:]]


def _is_value(part: ListPart, columns: Columns) -> bool:
    """Whether it says what somebody gets."""
    known = columns.column(part.label) in columns.values or means(part.text, columns) or sounds_like_a_value(part.text, columns)
    return part.kind is PartKind.OTHER and known


def _beginnings(parts: Sequence[ListPart]) -> list[int]:
    """Where somebody else begins: with their name or their address, or with a name that is nobody's among those who have an address."""
    names = names_of(parts)
    taken = set(names.values())
    first: dict[int, int] = {}
    for place, part in enumerate(parts):
        first.setdefault(part.cell, place)
    together = {parts[place].cell for place, name in names.items() if parts[place].cell == parts[name].cell}
    found = {
        first[part.cell] if part.cell in together else min(place, names.get(place, place))
        for place, part in enumerate(parts)
        if part.is_entry
    }
    if len(found) > 1 or together:
        found |= {
            place
            for place, part in enumerate(parts)
            if part.kind is PartKind.NAME and not part.label and place not in taken and part.cell not in together
        }
    return [0, *sorted(found)[1:]] if parts else []


def _is_name_in(text: str, address: str) -> bool:
    """Whether an address spells out a name to its end, so that none of it says what somebody gets: ``bruna.teste@bank.example`` of Bruna
    Teste."""
    return is_name(text) and are_alike(text, address) and folded(text).rsplit(" ", 1)[-1] in folded(address.partition("@")[0])


def _with(person: ListedPerson, part: ListPart, columns: Columns) -> ListedPerson:
    column = columns.column(part.label)
    if part.is_entry:
        return person if person.email.casefold() == part.text.casefold() else replace(person, email=part.text)
    if column == NAME:
        return replace(person, name=f"{person.name} {part.text}".strip())  # first and last name
    if column and column != EMAIL:
        return read_cell(person, column, part.text, columns)
    if part.label and not (means(part.text, columns) or sounds_like_a_value(part.text, columns)):
        return person
    known = guessed(person, part.text, columns)
    if known.name != person.name and part.kind is not PartKind.NAME:
        return replace(person, unread=(*person.unread, part.text[:SHOWN]))
    return known
