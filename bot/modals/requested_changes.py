"""Changes requested in a step: why, and which answers were named, as whoever corrects them reads it in the step's form."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from bot.messages.answers import label_of
from bot.messages.blocks import Block, context, long_sections
from bot.messages.texts import Raw, Texts, escape
from bot.modals.render import named_answers
from bot.modals.subject import FormMeta
from flows.forms.fields import Answers, inputs
from flows.forms.pages import Slot, named_in
from flows.forms.step import Form
from flows.model import Draft, StepRecord


@dataclass(frozen=True)
class RequestedChanges:
    """``record``: the step; None if no changes were requested in it. ``draft``: of its form."""

    record: StepRecord | None = None
    draft: Draft | None = None

    @property
    def uncorrected(self) -> bool:
        """Whether nobody has begun to correct anything."""
        record, draft = self.record, self.draft
        if record is None or draft is None:
            return record is not None
        return record.changed_at is not None and draft.at is not None and draft.at <= record.changed_at

    def named_in(self, slot: Slot, answers: Answers) -> frozenset[str]:
        """The inputs of a page that were named."""
        return named_in(slot, answers, self.record.named.split()) if self.record is not None else frozenset()

    def above_all(
        self,
        form: Form,
        order: Sequence[Slot],
        clean: Answers,
        named: Mapping[str, Collection[str]],
        texts: Texts,
        meta: FormMeta,
    ) -> list[Block]:
        """On the last page: why, and the answers ``named`` by page, each with the way to its page."""
        if self.record is None:
            return []
        told = list(long_sections(texts.md("form_ui.changes_requested", reason=self.record.reason)))
        for index, slot in enumerate(order):
            if named[slot.name]:
                told += named_answers(form, order, index, clean, texts, meta, named[slot.name])
        return told

    def above_page(self, form: Form, slot: Slot, answers: Answers, texts: Texts) -> list[Block]:
        """Which of a page's answers were named."""
        named = self.named_in(slot, answers)
        labels = [label_of(form, slot, name, texts) for name, _, _ in inputs(slot.page.model) if name in named]
        return [context(texts.md("form_ui.to_correct", labels=Raw(escape(", ".join(labels)))))] if labels else []
