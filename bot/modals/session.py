"""One form in one onboarding as one person sees it: its pages drawn, and drawn again where somebody else changed them meanwhile."""

from collections.abc import Sequence
from typing import Any

from bot.listeners.options import own_choices
from bot.messages.answers import shown_answers
from bot.messages.blocks import Block, alert, clip, long_sections
from bot.messages.texts import Texts, escape
from bot.modals.meta import FormMeta
from bot.modals.render import page_view, review_view
from bot.modals.submission import Place
from flows.cases.fill import DraftKey
from flows.forms import drafts
from flows.forms.drafts import REVIEW
from flows.forms.fields import Answers, Kind, inputs
from flows.forms.pages import Slot, collect, forgotten, raw_of, slots
from flows.forms.step import Situation
from flows.model import Snapshot
from flows.people import Who
from flows.problems import Problem

View = dict[str, Any]


class Scene:
    """One form in one onboarding, seen by one person."""

    def __init__(
        self, who: Who, meta: FormMeta, place: Place, snapshot: Snapshot | None, situation: Situation, texts: Texts
    ) -> None:
        self.who, self.meta, self.place, self.snapshot, self.situation, self.texts = who, meta, place, snapshot, situation, texts
        # A dialog has a draft for each step it speaks of; `start` one for each person.
        item = meta.item or (meta.step if place.is_dialog else "")
        self.key = DraftKey(meta.onboarding, place.form.id, item if meta.onboarding else who.user_id)

    def labels(self) -> dict[str, str]:
        """Labels of values chosen from this onboarding's own lists (accesses, sessions), for prefilled selects."""
        if self.snapshot is None or self.place.task is None:
            return {}
        return dict(own_choices(self.snapshot, self.place.task, self.texts, self.situation))

    def page(
        self, answers: Answers, index: int, problems: tuple[Problem, ...] = (), *, kept: Answers | None = None, anew: bool = False
    ) -> View:
        """``kept``: the draft's answers, where others are shown. ``anew``: its fields show the answers, whatever stands in them."""
        form = self.place.form
        order = slots(form, answers)
        if index == REVIEW:
            return self._review(answers, order, ())
        return self._drawn(answers, answers if kept is None else kept, order, min(index, len(order) - 1), problems, (), anew=anew)

    def review_again(self, answers: Answers) -> View:
        """The last page of answers that were changed while somebody looked at them: nothing is sent that was not seen."""
        return self._review(answers, slots(self.place.form, answers), [self._alert("changed_review")])

    def page_again(self, answers: Answers, slot: Slot, typed: Answers) -> View:
        """In place of a page that somebody else changed: what was typed stays in its fields, beside what is kept now."""
        form = self.place.form
        typed = {name: value for name, value in typed.items() if name not in forgotten(form)}
        found = drafts.whereabouts(form, answers, slot, self.meta.draft)
        order = drafts.order_with(form, answers, found.slot)
        index = drafts.index_of(order, found.slot) or 0
        if not found.same:
            told = [self._alert("gone"), *self._listed("gone_typed", slot, typed)]
            return self._drawn(answers, answers, order, index, (), told, anew=True)
        files = {name for name, _, item in inputs(slot.page.model) if item.kind is Kind.FILE}
        attached = any(typed.get(name) for name in files)
        typed = {name: value for name, value in typed.items() if name not in files}
        now = raw_of(found.slot, answers)
        other = {name: value for name, value in now.items() if name in files or (value or None) != (typed.get(name) or None)}
        told = [self._alert("changed"), *([self._alert("attach")] if attached else []), *self._listed("now", found.slot, other)]
        return self._drawn(drafts.with_typed(found.slot, answers, typed), answers, order, index, (), told, anew=True)

    def _review(self, answers: Answers, order: Sequence[Slot], told: Sequence[Block]) -> View:
        form = self.place.form
        clean, _ = collect(form, answers, self.situation)
        meta = self.meta.on(REVIEW, "", drafts.version(form, answers, order, REVIEW))
        return review_view(form, order, clean, self.texts, meta, tuple(form.notes(clean, self.situation)), told)

    def _drawn(
        self,
        shown: Answers,
        kept: Answers,
        order: Sequence[Slot],
        index: int,
        problems: tuple[Problem, ...],
        told: Sequence[Block],
        *,
        anew: bool,
    ) -> View:
        form = self.place.form
        meta = self.meta.on(index, order[index].name, drafts.version(form, kept, order, index), anew=anew)
        return page_view(form, order, index, shown, self.texts, meta, problems=problems, told=told, labels=self.labels())

    def _alert(self, key: str) -> Block:
        return alert(self.texts(f"form_ui.{key}"))

    def _listed(self, key: str, slot: Slot, values: Answers) -> list[Block]:
        answers = shown_answers(self.place.form, slot, values, self.texts)
        lines = [f"{escape(label)}: {clip(words, 500)}" for label, words in answers]
        return list(long_sections("\n".join([f"*{self.texts(f'form_ui.{key}')}*", *lines]))) if lines else []
