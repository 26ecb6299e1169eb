"""What a list of people may say of each: columns with their headings and values, and how a part of a line is understood."""

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from flows.checks.list_texts import AROUND

NAME, EMAIL = "name", "email"
SHOWN = 100
"""Characters shown of what is not understood."""
_CELL, _LONGEST = 200, 6
"""Characters of what may be a name or a role; words in the longest name of a value."""
_JOINS = re.compile(r"[,;/+&|\v]|\s(?:and|e|y)\s", re.IGNORECASE)
_PLURAL = re.compile(r"(?<=r)es$|s$")
_NOT_WORDS = re.compile(r"[\W_]+")


@dataclass(frozen=True)
class Columns:
    """What a list may say. ``headings``: by column, the words that may stand above it; `NAME` and `EMAIL` among them. ``values``: of the
    other columns, each word that may stand in it and what it means. All words as `folded` has them."""

    headings: Mapping[str, Collection[str]]
    values: Mapping[str, Mapping[str, Sequence[str]]]

    @cached_property
    def value_words(self) -> frozenset[str]:
        """The longer words of all values."""
        words = (part for words in self.values.values() for word in words for part in word.split())
        return frozenset(word for word in words if len(word) > 3)

    @cached_property
    def by_singular(self) -> Mapping[str, Mapping[str, Sequence[str]]]:
        """What each value's words, as `singular` has them, mean by column."""
        return {
            " ".join(map(singular, value.split())): {column: meant}
            for column, values in self.values.items()
            for value, meant in values.items()
        }

    @cached_property
    def singular_words(self) -> frozenset[str]:
        return frozenset(map(singular, self.value_words))

    def meaning(self, text: str) -> Mapping[str, Sequence[str]]:
        """By column, what it means as a whole, also in the plural."""
        word = folded(text)
        exact = {column: words[word] for column, words in self.values.items() if word in words}
        return exact or self.by_singular.get(" ".join(map(singular, word.split())), {})

    def column(self, heading: str) -> str:
        """Empty for a heading that is not known."""
        word = folded(heading)
        return next((column for column, words in self.headings.items() if word in words), "")


@dataclass(frozen=True)
class ListedPerson:
    """``values``: by column, what was understood. ``unread``: what was not."""

    name: str = ""
    email: str = ""
    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unread: tuple[str, ...] = ()

    def having(self, column: str, values: Sequence[str]) -> "ListedPerson":
        return replace(self, values={**self.values, column: tuple(dict.fromkeys((*self.values.get(column, ()), *values)))})


def folded(text: str) -> str:
    """Words without accents, case and signs, so that what is meant alike is alike."""
    plain = text
    if text.isascii():
        if text.isalpha():
            return text.casefold()
    else:
        plain = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return _NOT_WORDS.sub(" ", plain).strip().casefold()


def singular(word: str) -> str:
    """As far as it takes to compare: ``viewers``, ``operadores``, ``testes``."""
    return _PLURAL.sub("", word)


def read_cell(person: ListedPerson, column: str, cell: str, columns: Columns) -> ListedPerson:
    """With what stands in a column of values."""
    for part in [cell] if column in columns.meaning(cell) else _JOINS.split(cell):
        if found := columns.meaning(part).get(column):
            person = person.having(column, found)
        elif part.strip(AROUND):
            person = replace(person, unread=(*person.unread, part.strip()[:SHOWN]))
    return person


def guessed(person: ListedPerson, cell: str, columns: Columns) -> ListedPerson:
    """With what a part of a line must be, since no heading says it: values, else the name."""
    for column, values in columns.meaning(cell).items():
        if column in person.values and not _is_exact(cell, columns):  # of admins and auditors, nobody knows who is which
            return replace(person, unread=(*person.unread, cell[:SHOWN]))
        return person.having(column, values)
    if len(cell) > _CELL:
        return replace(person, unread=(*person.unread, f"{cell[:SHOWN]}…"))
    parts = [part for part in _JOINS.split(cell) if part.strip(AROUND)]
    if len(parts) > 1 and any(means(part, columns) for part in parts):
        for part in parts:
            person = guessed(person, part, columns)
        return person
    words_ = cell.split()
    for count in range(len(words_) - 1, max(len(words_) - _LONGEST, 0), -1):  # a role behind a name, with nothing in between
        if _is_exact(" ".join(words_[count:]), columns) and not _is_exact(" ".join(words_[count - 1 :]), columns):
            return guessed(guessed(person, " ".join(words_[count:]), columns), " ".join(words_[:count]), columns)
    if person.name or sounds_like_a_value(cell, columns) or not any(c.isalpha() for c in cell):
        return replace(person, unread=(*person.unread, cell[:SHOWN]))
    return replace(person, name=cell)


def means(text: str, columns: Columns) -> bool:
    """Whether it is a value of some column, or several of one, as ``Admins``."""
    return bool(columns.meaning(text))


def _is_exact(text: str, columns: Columns) -> bool:
    """In the singular: who has it behind their name is one person."""
    return any(folded(text) in words for words in columns.values.values())


def sounds_like_a_value(cell: str, columns: Columns) -> bool:
    """Whether it shares a word with something that may be given: then it is no name, but a role that is not known."""
    words = folded(cell).split()
    return not columns.value_words.isdisjoint((*words, *map(singular, words)))
