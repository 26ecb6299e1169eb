"""What stands in one line of a list, part by part: addresses, what was meant to be one, names, and all else; and which name is whose."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise

from flows.checks.email_faults import AT_WORDS, Fault, is_domain, is_name, meant, why_none
from flows.checks.list_headings import EMAIL_HEADINGS, NAME_HEADINGS, by_label
from flows.checks.list_texts import AROUND, cells, separator_of
from flows.checks.people_columns import folded

_PLAIN = re.compile(r"[A-Za-z0-9][\w.+-]{0,63}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,6}", re.ASCII)
"""Most addresses, which need no looking into."""
_TOKEN = re.compile(r"[^\s<>()\[\]{}|:/“”„«»–—→·•‣▪●]+")
_TOKEN_ENDS = re.compile(r"[\s<>()\[\]{}|:“”„«»–—→·•‣▪●]+")
_AROUND = AROUND + "-–—&>\\/"
_LABEL = re.compile(r"(?:e-?mail|mail|correo|user|usuario|login|to)=", re.IGNORECASE)
_DOT_WORD = re.compile(r"\s(?:dot|ponto|punto)\s", re.IGNORECASE)
_MAY_BE_AN_ATTEMPT = re.compile(rf"\.|{_DOT_WORD.pattern}", re.IGNORECASE)
_ENDS = re.compile(r"([<>()\[\]])|\s[-–—/]\s")
_BEFORE = re.compile(r"(?:and|e|y|ou|or|o|\d{1,3}[.)])\s+")
"""A number of a list, or what joins the last of several, in front of a name."""
_LAST_NAME = re.compile(
    r"(?:(?:de|da|do|dos|das|del|de la|van|von|di)\s)?[^\W\d_][^\W\d_'’-]*(?:[-'’][^\W\d_]*){0,3}", re.IGNORECASE
)
_LETTERS = re.compile(r"[^\W\d_]+")
_OUTSIDERS_WORDS = "ext external extern externo externa terceiro terceira tercero tercera contractor consultant partner adm priv"
_OUTSIDERS = frozenset(_OUTSIDERS_WORDS.split())
"""What an address says of whoever is no employee, or has a second account."""
_PLAIN_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ı": "i"})
_WRITTEN_OUT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe", "æ": "ae", "œ": "oe"})
_MOST_NAMES = 8
"""Words of a name that an address may be made of."""
LONGEST = 260
"""Characters of what may be an address though it has no @, or a name."""


class PartKind(Enum):
    ADDRESS = "address"  # with an @, right or wrong
    ATTEMPT = "attempt"  # meant to be one, without an @
    NAME = "name"
    OTHER = "other"


@dataclass(frozen=True)
class ListPart:
    """``cell``: the column or entry of the line that it is in. ``label``: the heading in front of it, as in ``Name: Ana``."""

    text: str
    kind: PartKind
    cell: int = 0
    label: str = ""
    fault: Fault | None = None

    @property
    def is_entry(self) -> bool:
        """Whether it is an address or was meant to be one."""
        return self.kind in (PartKind.ADDRESS, PartKind.ATTEMPT)


def is_addressed(text: str) -> bool:
    """Whether there is an address in it, or what was meant to be one in words."""
    return "@" in text or (_MAY_BE_AN_ATTEMPT.search(text) is not None and meant(words_of(text)) is not None)


def words_of(text: str) -> list[str]:
    """Nothing of a text that is too long for an address in words."""
    if len(text) > 2 * LONGEST:
        return []
    return [word for part in _TOKEN_ENDS.split(_DOT_WORD.sub(".", text)) if (word := part.strip(_AROUND))]


def parts_of(line: str) -> list[ListPart]:
    """Everything in it that holds a letter, a digit or an @."""
    values = ((label, value) for cell in _cells(line) for label, value in _labelled(cell))
    return [part for place, (label, value) in enumerate(values) for part in _of_value(value, place, label)]


def _cells(line: str) -> Iterator[str]:
    """What its signs separate, then the signs of lesser weight in each."""
    separator = separator_of(line)
    if separator not in line:
        yield line
        return
    row = cells(line, separator)
    for cell in _first_name_first(row) if separator == "," else row:
        if _is_last_and_first(cell):
            yield cell
        else:
            yield from _cells(cell)


def _is_last_and_first(cell: str) -> bool:
    """As in ``Souza, Ana``."""
    last, comma, first = cell.partition(",")
    return bool(comma) and "," not in first and _LAST_NAME.fullmatch(last[:LONGEST].strip()) is not None and is_name(first)


def _first_name_first(row: list[str]) -> list[str]:
    """With ``Souza, Ana <ana@bank.example>`` in one cell, where all who have an address in brackets are written so."""
    last = [_is_last_name(cell, following) for cell, following in pairwise(row)]
    bracketed = [place for place, cell in enumerate(row) if "<" in cell.lstrip()[1:] and "@" in cell]
    if not bracketed or not all(place and last[place - 1] for place in bracketed):
        return row
    found = list(row)
    for place in bracketed:
        first = re.split(r"[<(]", row[place], maxsplit=1)[0]
        found[place - 1], found[place] = "", f"{first.strip()} {row[place - 1].strip()} {row[place][len(first) :]}"
    return found


def _is_last_name(cell: str, following: str) -> bool:
    return "<" in following.lstrip()[1:] and _LAST_NAME.fullmatch(cell[:LONGEST].strip()) is not None


def _labelled(cell: str) -> Iterator[tuple[str, str]]:
    found = list(by_label(cell)) if ":" in cell else [("", cell)]
    return ((label, value) for label, value in found if value or len(found) == 1)


def _of_value(value: str, place: int, label: str) -> Iterator[ListPart]:
    if _PLAIN.fullmatch(value):
        yield ListPart(value, PartKind.ADDRESS, place, label)
        return
    at, last = 0, ""
    beside = "" if label in EMAIL_HEADINGS and "@" in value else label
    for start, end, address in _addresses(value) if "@" in value else ():
        between = list(_without_at(value[at:start], place, beside))
        yield from between
        if between or address.casefold() != last:  # Outlook and Markdown write an address twice: as text and as a link
            yield ListPart(address, PartKind.ADDRESS, place, label)
        at, last = end, address.casefold()
    yield from _without_at(value[at:], place, beside)


def _addresses(text: str) -> Iterator[tuple[int, int, str]]:
    """Where each word with an @ begins and ends, and the address in it."""
    found = [(token.start(), token.end(), token[0].strip(_AROUND)) for token in _TOKEN.finditer(text)]
    words = [token for token in found if token[2]]
    for place, (start, end, word) in enumerate(words):
        if "@" not in word:
            continue
        beside = [*words[max(0, place - 1) : place], *words[place + 1 : place + 2]]
        if word == "@" and len(beside) == 2 and not any("@" in one for _, _, one in beside):
            yield beside[0][0], beside[1][1], "@".join(one for _, _, one in beside)
            continue
        if address := _LABEL.sub("", word, count=1).strip(_AROUND):
            yield start, end, address


def _without_at(text: str, cell: int, label: str) -> Iterator[ListPart]:
    in_brackets = False
    pieces = _ENDS.split(text)
    for piece, sign in zip(pieces[::2], [*pieces[1::2], None], strict=True):
        yield from _of_piece(piece.strip(_AROUND), cell, label, aside=in_brackets)
        in_brackets = sign in ("(", "[") if sign else in_brackets


def _of_piece(piece: str, cell: int, label: str, *, aside: bool) -> Iterator[ListPart]:
    if not any(sign.isalnum() for sign in piece):
        return
    words = words_of(piece) if _MAY_BE_AN_ATTEMPT.search(piece) else []
    if len(words) == 2 and ":" not in piece and (fault := meant(words)) is not None:
        yield ListPart(piece, PartKind.ATTEMPT, cell, label, fault)
        return
    text: list[str] = []
    place, attempts = 0, 0
    while place < len(words):
        fault = (
            meant(words[place : place + 3]) if words[place + 1 : place + 2] and words[place + 1].casefold() in AT_WORDS else None
        )
        count = 3 if fault is not None else 1 if is_domain(words[place]) else 0
        if not count:
            text.append(words[place])
            place += 1
            continue
        if text:
            yield _called(" ".join(text), cell, label, aside=aside)
        attempt = piece if count == len(words) else " ".join(words[place : place + count])
        yield ListPart(attempt, PartKind.ATTEMPT, cell, label, fault or why_none(attempt))
        text, attempts, place = [], attempts + 1, place + count
    if not attempts:
        yield _called(piece, cell, label, aside=aside)
    elif text:
        yield _called(" ".join(text), cell, label, aside=aside)


def _called(text: str, cell: int, label: str, *, aside: bool) -> ListPart:
    """``aside``: whether it stands in brackets: then it says something about somebody."""
    text = text[found.end() :] if (found := _BEFORE.match(text)) is not None else text
    named = label in NAME_HEADINGS or not (label or aside or not is_name(text))
    return ListPart(text, PartKind.NAME if named else PartKind.OTHER, cell, label)


# -- whose name


def names_of(parts: Sequence[ListPart]) -> Mapping[int, int]:
    """By the place of an address, the place of the name of whoever has it: in the same cell; else in front of it, or behind it, as it is
    with all addresses of the line; else beside it and like it."""
    entries = [place for place, part in enumerate(parts) if part.is_entry]
    counts = Counter(parts[place].cell for place in entries)
    gaps = list(_gaps(parts, entries))
    found: dict[int, int] = {}
    began: dict[int, bool] = {}  # with a name, by cell
    for entry, before, behind in zip(entries, gaps, gaps[1:], strict=False):
        cell = parts[entry].cell
        in_front = [place for place in reversed(before) if parts[place].cell == cell]
        own = in_front or [place for place in behind if parts[place].cell == cell]
        if own and (counts[cell] == 1 or (in_front and began.get(cell, True))):
            found[entry] = own[0]
        began.setdefault(cell, bool(in_front))
    if not found and all(gaps[:-1]):
        return {entry: gap[-1] for entry, gap in zip(entries, gaps, strict=False)}
    if not found and all(gaps[1:]):
        return {entry: gap[0] for entry, gap in zip(entries, gaps[1:], strict=True)}
    taken = set(found.values())
    for entry, before, behind in zip(entries, gaps, gaps[1:], strict=False):
        beside = [place for place in (*before[-1:], *behind[:1]) if place not in taken] if entry not in found else []
        if like := [place for place in beside if are_alike(parts[place].text, parts[entry].text)]:
            found[entry] = like[0]
            taken.add(like[0])
    return found


def _gaps(parts: Sequence[ListPart], entries: Sequence[int]) -> Iterator[list[int]]:
    """The names in front of each address, and behind the last one."""
    for start, end in pairwise((-1, *entries, len(parts))):
        yield [place for place in range(start + 1, end) if parts[place].kind is PartKind.NAME]


def is_of(name: str, parts: Sequence[ListPart]) -> bool:
    """Whether the line that holds these parts goes on about whoever is named on a line above: its one address is made of that name, and
    nobody else is named on it."""
    entries = [part.text for part in parts if part.is_entry]
    others = [part.text for part in parts if part.kind is PartKind.NAME and folded(part.text) != folded(name)]
    return len(entries) == 1 and not others and (are_alike(name, entries[0]) or _is_family(name, entries[0]))


def _is_family(name: str, address: str) -> bool:
    """Whether an address is the family name alone: enough where nobody else can be meant."""
    family, comma, _ = name[:LONGEST].partition(",")
    last = family if comma else " ".join(name[:LONGEST].split()[-1:])
    return [folded(address[:LONGEST].partition("@")[0])] in _spellings(last)


def are_alike(name: str, address: str) -> bool:
    """Whether an address is made of a name, as ``asouza@bank.example`` is of Ana Souza. All of it must be, unless it begins with the given
    and has the family name, as ``ana.souza.ext`` does: families and teams share words, so that neither ``carlos.souza`` nor ``mariana`` is
    hers."""
    spelt: list[str] = [word for part in folded(address[:LONGEST].partition("@")[0]).split() for word in _LETTERS.findall(part)]
    own = [word for word in spelt if word not in _OUTSIDERS]
    family, comma, given = name[:LONGEST].partition(",")
    return bool(own) and any(_is_made_of(own, words) for words in _spellings(f"{given} {family}" if comma else family))


def _spellings(name: str) -> Iterator[list[str]]:
    """Its words without accents, and as German and the languages of the north write theirs out: ``muller`` and ``mueller``."""
    if name.isascii():
        yield folded(name).split()[:_MOST_NAMES]
        return
    composed = unicodedata.normalize("NFC", name).casefold()
    for letters in (_PLAIN_LETTERS, _WRITTEN_OUT):
        yield folded(composed.translate(letters)).split()[:_MOST_NAMES]


def _is_made_of(spelt: Sequence[str], words: Sequence[str]) -> bool:
    if len(words) < 2:
        return bool(words) and spelt[0] == words[0]
    local, first, last = "".join(spelt), words[0], words[-1]
    by_words = len(spelt) > 1 and (set(spelt).issubset(words) or (spelt[0] == first and last in spelt[1:]))
    return by_words or _is_spelt(local, words, 1) or _is_spelt(local, [last, *words[:-1]], 2)


def _is_spelt(local: str, words: Sequence[str], needed: int) -> bool:
    """Whether it is made of these words in their order, each whole or its initial, and one of them whole. ``needed``: how many of the
    first may not be left out."""
    reached = {(0, False)}
    for place, word in enumerate(words):
        pieces = (word, word[0]) if place < needed else (word, word[0], "")
        reached = {
            (at + len(piece), whole or len(piece) > 1) for at, whole in reached for piece in pieces if local.startswith(piece, at)
        }
    return (len(local), True) in reached
