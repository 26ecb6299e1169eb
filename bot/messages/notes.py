"""Notes as people read them. On a review card, what is to be checked comes first and says so; hints for the sender are left out."""

from collections.abc import Iterable

from bot.messages.blocks import Block, context, long_sections
from bot.messages.texts import Texts
from bot.messages.wording import worded
from flows.problems import Note, NoteKind


def note_words(note: Note, texts: Texts, *, support: bool = False) -> str:
    """mrkdwn. ``support``: in support's own words, where there are any."""
    key = f"note.{note.key}"
    own = support and any(texts.has(f"{key}_here{form}") for form in ("", ".one"))
    return texts.md(f"{key}_here" if own else key, **worded(texts, note.params))


def to_check(notes: Iterable[Note], texts: Texts) -> list[Block]:
    """What whoever reviews must look at, as one list below a word that says so."""
    lines = [note_words(note, texts, support=True) for note in notes if note.kind is NoteKind.TO_CHECK]
    said = "\n".join([f"*{texts('review.to_check')}*", *(f"• {line}" for line in dict.fromkeys(lines))])
    return list(long_sections(said)) if lines else []


def checked(notes: Iterable[Note], texts: Texts) -> list[Block]:
    """What was found and is as it should be."""
    lines = [note_words(note, texts, support=True) for note in notes if note.kind is NoteKind.FACT]
    return [block for line in dict.fromkeys(lines) for block in long_sections(line)]


def facts(notes: Iterable[Note], texts: Texts) -> list[Block]:
    """The same in small letters, where it isn't what somebody is asked to approve."""
    return [context(note_words(note, texts, support=True)) for note in notes if note.kind is NoteKind.FACT]
