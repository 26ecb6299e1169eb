"""Titles in lists of people: a role, an environment or the like that is said once, for all who stand below it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from flows.checks.list_headings import TITLE_WORDS, is_heading, is_marked
from flows.checks.list_texts import AROUND, separator_of
from flows.checks.people_columns import SHOWN, Columns, ListedPerson, folded, singular, sounds_like_a_value

_LONGEST, _MOST_WORDS = 120, 8
"""Characters and words of a title."""
_MOST_DIGITS = 3
"""Of a title's number, as in ``Admins 2``: more are somebody's telephone or document."""
_MOST_UNKNOWN = 3
"""Words of a role that is not known and stands alone: more may be a sentence."""
_LONGEST_VALUE = 6
"""Words."""
_EVERYBODY = frozenset({"all", "both", "everybody", "everyone", "todos", "todas", "ambos"})
"""Who is meant, not where."""
_ROLE_WORDS = """
admins administrators administradores approvers aprovadores aprobadores operators operadores viewers leitores
"""
_HERE_WORDS = """
segue seguem abaixo abajo siguen siguiente siguientes seguinte seguintes following below here are is please favor create criar crear add
adicionar agregar their
"""
_BESIDE = frozenset((*TITLE_WORDS, *_EVERYBODY, *_HERE_WORDS.split())) - frozenset(_ROLE_WORDS.split())
"""Words of a title that say nothing about those below it."""


@dataclass(frozen=True)
class Title:
    """``says``: what those below it have: nothing, of a title such as ``Users``. ``is_marked``: as a title, so that it is one wherever it
    stands."""

    line: str
    says: ListedPerson = ListedPerson()
    is_marked: bool = False

    @property
    def says_something(self) -> bool:
        return self.says != ListedPerson()


def title(line: str, columns: Columns) -> Title | None:
    """Of a line that names nobody; None if it is none, as a telephone number is none. What sounds like a role and is none that is known
    is a title too if it can be nothing else, or begins so, as no given name does: those below it have something that is not
    understood."""
    text = line.strip(AROUND + "-–—_~[]()<>")
    words = folded(text).split() if len(text) <= _LONGEST else []
    if not 0 < len(words) <= _MOST_WORDS:
        return None
    marked, says, unknown, plurals = is_marked(line), ListedPerson(), list[str](), set[str]()
    for phrase, meaning in _phrases(words, columns):
        for column, values in meaning.items():
            plurals |= set() if phrase in columns.values[column] else {column}
            if column in says.values and column in plurals:  # of admins and operators, nobody knows who is which
                unknown.append(phrase)
            says = says.having(column, values)
        if not (meaning or phrase in _BESIDE or phrase.isdigit() or columns.column(phrase)):
            unknown.append(phrase)
    if not unknown:
        digits = sum(len(word) for word in words if word.isdigit())
        return Title(line, says, marked) if not digits or (says.values and digits <= _MOST_DIGITS) else None
    sounds = says.values or not columns.singular_words.isdisjoint(map(singular, unknown))
    begins_so = len(words) <= _MOST_UNKNOWN and separator_of(line) not in line and sounds_like_a_value(words[0], columns)
    alone = marked or is_heading(line) or begins_so
    return Title(line, ListedPerson(unread=(text[:SHOWN],)), marked) if sounds and alone else None


def _phrases(words: Sequence[str], columns: Columns) -> Iterator[tuple[str, Mapping[str, Sequence[str]]]]:
    """The words of a title, those that mean a value together, with what they mean by column."""
    place = 0
    while place < len(words):
        for count in range(min(_LONGEST_VALUE, len(words) - place), 0, -1):
            found = words[place : place + count]
            meaning = columns.by_singular.get(" ".join(map(singular, found)), {})
            says_nothing = count == 1 and (found[0] in _EVERYBODY or (len(found[0]) < 3 and found[0] in _BESIDE))
            if meaning and not says_nothing:
                break
        else:
            count, meaning = 1, {}
        yield " ".join(words[place : place + count]), meaning
        place += count


@dataclass
class Titles:
    """Those above a line, the outermost first."""

    above: list[Title] = field(default_factory=list)
    _used: int = 0
    _kept: int = 0
    _is_adjacent: bool = True

    def add(self, new: Title) -> list[str]:
        """Returns those that end here with nobody below. A title takes the place of the one of its kind, and of those within that.
        Directly below another it stands within that one; further down it is on its own."""
        columns = new.says.values.keys()
        same = (place for place, one in enumerate(self.above) if columns & one.says.values.keys())
        place = next(same, len(self.above) if self._is_adjacent else 0)
        ended = self._unused(place)
        if new.says_something or place < len(self.above):
            self.above[place:] = [new]
        self._used, self._kept = min(self._used, place), min(self._kept, place)
        self._is_adjacent = True
        return ended

    def end(self) -> list[str]:
        """Those with nobody below."""
        return self._unused(0)

    def _unused(self, place: int) -> list[str]:
        return [one.line for one in self.above[max(place, self._used) :] if one.says_something]

    def divided(self) -> None:
        """By a line that is marked as a title and says nothing that is known: what stands above it ends, unless it is a part of that."""
        if not self._is_adjacent:
            self.above, self._used, self._kept, self._is_adjacent = [], 0, 0, True

    def followed(self) -> None:
        """By a line that is no title."""
        self._used, self._is_adjacent = len(self.above), False

    def given_to(self, person: ListedPerson) -> ListedPerson:
        """With what their own line doesn't say."""
        for one in self.above:
            person = given(person, one.says)
        return person

    def to_keep(self) -> list[str]:
        """Those that are needed in front of what is kept, and aren't there yet: marked, since they may come to stand below others."""
        new = [one.line if one.is_marked else f"{one.line}:" for one in self.above[self._kept :]]
        self._kept = len(self.above)
        return new


def given(person: ListedPerson, says: ListedPerson) -> ListedPerson:
    """``says``: of a title."""
    return replace(person, values={**says.values, **person.values}, unread=(*person.unread, *says.unread))
