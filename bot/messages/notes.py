"""Notes as people read them. On a review card, what is to be checked comes first and says so; hints for the sender are left out."""

from collections.abc import Iterable, Iterator, Sequence

from bot.messages.blocks import Block, context, long_sections
from bot.messages.signs import APART, ATTENTION, DONE
from bot.messages.texts import Texts, typed
from bot.messages.wording import worded
from flows.problems import LineReason, Mark, Note, NoteKind, NoteLine, TextKey

SIGNS = {Mark.SENT: DONE, Mark.CHECK: ATTENTION, Mark.NOT_SENT: APART}


def note_words(note: Note, texts: Texts, *, support: bool = False, most: int | None = None) -> str:
    """mrkdwn. ``support``: in support's own words, where there are any. ``most``: lines of each mark; how many more there are is said."""
    key = f"note.{note.key}"
    own = support and any(texts.has(f"{key}_here{form}") for form in ("", ".one"))
    params = {name: _in_support_words(value, texts) for name, value in note.params.items()} if support else note.params
    words = texts.md(f"{key}_here" if own else key, **worded(texts, params))
    if not note.lines:
        return words
    marks = [mark for mark in Mark if not (support and mark is Mark.SENT)]  # a review card has the list itself
    groups = [[line for line in note.lines if line.mark is mark] for mark in marks]
    return "\n".join([f"*{words}*", *(line for group in groups for line in _lines(group, texts, most, support=support))])


def _in_support_words(value: object, texts: Texts) -> object:
    own = TextKey(f"{value}_here") if isinstance(value, TextKey) else None
    return own if own is not None and texts.has(own) else value


def _lines(group: Sequence[NoteLine], texts: Texts, most: int | None, *, support: bool) -> Iterator[str]:
    """Each with its sign, and why it has it."""
    for line in group[:most]:
        reasons = "; ".join(_reason_words(reason, texts, support=support) for reason in line.reasons)
        yield f"{SIGNS[line.mark]} {typed(line.text)}" + (f" – {reasons}" if reasons else "")
    if most is not None and (more := len(group) - most) > 0:
        yield f"{SIGNS[group[0].mark]} {texts('form_ui.more_lines', n=more)}"


def _reason_words(reason: LineReason, texts: Texts, *, support: bool) -> str:
    key = f"reason.{reason.key}"
    return texts.md(f"{key}_here" if support and texts.has(f"{key}_here") else key, **reason.params)


def to_check(notes: Iterable[Note], texts: Texts, *, decides: bool = False) -> list[Block]:
    """What whoever reviews must look at, as one list below a word that says so. ``decides``: they have yet to approve it."""
    checks = [note for note in notes if note.kind is NoteKind.TO_CHECK]
    lines = [f"{'' if note.lines else '• '}{note_words(note, texts, support=True)}" for note in checks]
    title = texts("review.check_first" if decides else "review.to_check")
    said = "\n".join([f"*{ATTENTION} {title}*", *dict.fromkeys(lines)])
    return list(long_sections(said)) if lines else []


def checked(notes: Iterable[Note], texts: Texts) -> list[Block]:
    """What was found and is as it should be."""
    lines = [note_words(note, texts, support=True) for note in notes if note.kind is NoteKind.FACT]
    return [block for line in dict.fromkeys(lines) for block in long_sections(line)]


def facts(notes: Iterable[Note], texts: Texts) -> list[Block]:
    """The same in small letters, where it isn't what somebody is asked to approve."""
    return [context(note_words(note, texts, support=True)) for note in notes if note.kind is NoteKind.FACT]
