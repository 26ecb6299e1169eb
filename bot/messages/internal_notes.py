"""Support's internal notes as their colleagues read them: never in what the customer sees."""

from collections.abc import Iterator, Sequence

from bot.messages.blocks import Block, context, cut
from bot.messages.texts import Raw, Texts
from flows.model import Note

MAX_SHOWN = 500
"""Characters of a note; all of it stands in the step's thread, and in the export."""


def note_lines(notes: Sequence[Note], texts: Texts, *, steps: bool = False) -> Iterator[Block]:
    """``steps``: with the step that each is about."""
    for note in notes:
        params = {"by": Raw(f"<@{note.user_id}>"), "at": texts.at(note.at), "note": cut(note.words, MAX_SHOWN)}
        if steps and note.step_id:
            yield context(texts.md("note_line.step", step=texts(f"step.{note.step_id}.title"), **params))
        else:
            yield context(texts.md("note_line.plain", **params))
