"""What takes the place of a form that was refused as a whole, such as where somebody else was first: why, what they recorded, and what was
typed, so that nothing of it is lost."""

from collections.abc import Iterator, Mapping
from typing import Any

from bot.messages.answers import answer_line, shown_answers
from bot.messages.blocks import Block, long_sections
from bot.messages.texts import Texts, typed
from bot.modals.inspected import Inspected
from bot.modals.parse import parse_page
from bot.modals.private_answers import PrivateAnswers
from bot.modals.render import View, message_view
from flows.cases import fill
from flows.forms.fields import TYPED, Answers, inputs, words_of
from flows.forms.pages import Slot, raw_of, screen
from flows.forms.step import Form
from flows.model import Snapshot, TaskRecord
from flows.people import Who
from flows.problems import Refused
from storage.sealing import SealError
from storage.store import Conflict, Store, Unavailable


class RefusedForms:
    def __init__(self, store: Store, answers: PrivateAnswers) -> None:
        self._store, self._answers = store, answers

    async def told(self, who: Who, error: Exception, onboarding_id: str, inspected: Inspected, values: Mapping[str, Any]) -> View:
        """A refusal, with what somebody else recorded first and what was typed (``values``: the modal's state), which takes the form's
        place; of a failure, only why: it is shown over the form, so that what was typed can be sent again."""
        texts = await self._answers.texts(who, onboarding_id)
        told = await self._answers.explained(who, error, onboarding_id)
        blocks = list[Block]()
        if isinstance(error, Refused) and inspected.page is not None:
            snapshot = await self._snapshot(onboarding_id)
            texts = texts.of(snapshot.onboarding.journey) if snapshot is not None else texts
            first = _first_record(snapshot, error)
            blocks += _recorded(*inspected.page, first, texts) if first is not None else ()
            blocks += _kept_words(*inspected.page, values, inspected, texts)
        return message_view(texts, told, blocks)

    async def _snapshot(self, onboarding_id: str) -> Snapshot | None:
        """None where it can't be read."""
        try:
            async with self._store.read() as unit:
                return await unit.snapshot(onboarding_id) if onboarding_id else None
        except (Conflict, SealError, Unavailable):
            return None


def _kept_words(form: Form, slot: Slot, values: Mapping[str, Any], inspected: Inspected, texts: Texts) -> Iterator[Block]:
    """What was typed on a page, to be copied from where it is shown; without what may be a secret. ``values``: the modal's state."""
    raw = screen(slot.page, parse_page(values, slot, {})).raw
    lines = []
    for name, _, item in inputs(slot.page.model):
        words = raw.get(name)
        silent = item.forget or item.aside or name in inspected.unscreened
        if item.kind in TYPED and isinstance(words, str) and words and not silent:
            lines.append(answer_line(texts(f"{words_of(form.id, name, item)}.label"), typed(words)))
    if lines:
        yield from long_sections("\n".join([f"*{texts('form_ui.gone_typed')}*", *lines]))


def _recorded(form: Form, slot: Slot, record: TaskRecord, texts: Texts) -> Iterator[Block]:
    """What somebody else recorded on the same page."""
    answers: Answers = raw_of(slot, fill.as_raw(form, record.answers))
    lines = [answer_line(label, words) for label, words in shown_answers(form, slot, answers, texts)]
    if lines:
        yield from long_sections("\n".join([f"*{texts('form_ui.recorded_first')}*", *lines]))


def _first_record(snapshot: Snapshot | None, refused: Refused) -> TaskRecord | None:
    """Of the task that was refused because somebody else did it already."""
    if snapshot is None or refused.key != "task_done":
        return None
    task = (refused.params.get("step"), refused.params.get("task"), "done")
    return next((one for one in reversed(snapshot.tasks) if (one.step_id, one.task_id, one.state) == task), None)
