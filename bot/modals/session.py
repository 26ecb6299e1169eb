"""A form as one person has it open, read once per request. Draws its pages, and redraws those that somebody else changed."""

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Self

from bot.messages.answers import Offered, answer_line, sentence_of, shown_answers
from bot.messages.blocks import Block, actions, alert, button, clip, context, long_sections, section
from bot.messages.buttons import Act, ButtonValue
from bot.messages.calls import asked
from bot.messages.texts import Raw, Texts, escape, typed
from bot.modals.choices import NamesBySource, offered, people_to_choose
from bot.modals.parse import parse_page
from bot.modals.private_answers import texts_of
from bot.modals.render import View, notice_view, page_view, review_view
from bot.modals.requested_changes import RequestedChanges
from bot.modals.starting import labels
from bot.modals.subject import FormMeta, Subject, subject_of
from bot.slack.people import People
from flows.cases import confirmations, fill
from flows.cases.case import Case, Cases
from flows.cases.fill import DraftKey, Opened
from flows.forms import drafts
from flows.forms.dialogs import ANSWER_CALL, NAMESAKES
from flows.forms.drafts import REVIEW
from flows.forms.fields import MAX_LENGTH, TYPED, Answers, Kind, inputs
from flows.forms.pages import (
    Slot,
    check,
    collect,
    forgotten,
    hidden,
    is_brief,
    needs_a_look,
    passed_over,
    raw_of,
    slots,
)
from flows.forms.step import Form, Situation
from flows.model import Person, TaskRecord
from flows.people import Role, Who
from flows.ports import Unit
from flows.problems import Problem, Refused


@dataclass(frozen=True)
class FormSession:
    """``case``: None if there is no onboarding yet. ``opened``: the draft, the form's answers and the page to start on, as the
    request found them. ``zone``: the person's IANA time zone. ``copied``: the texts to copy from, as they stand now. ``people``: who
    can be chosen in it. ``offers``: the labels of what was chosen where there is no onboarding yet to choose it from. ``known``: a person
    seen before, by user id."""

    unit: Unit
    who: Who
    meta: FormMeta
    subject: Subject
    case: Case | None
    situation: Situation
    texts: Texts
    opened: Opened
    zone: str
    copied: Answers
    people: NamesBySource
    offers: Offered = field(default_factory=dict)
    known: Callable[[str], Person | None] = lambda _: None

    @classmethod
    async def read(
        cls,
        unit: Unit,
        who: Who,
        meta: FormMeta,
        subject: Subject,
        case: Case | None,
        situation: Situation,
        texts: Texts,
        zone: str = "UTC",
        people: NamesBySource | None = None,
    ) -> Self:
        # A dialog has a draft for each step it is about, a renewal one of its own; `start` has one for each person and channel.
        item = meta.item or (meta.step if subject.is_dialog else subject.item(situation))
        key = DraftKey(meta.onboarding, subject.form.id, item if meta.onboarding else f"{who.user_id}:{item}")
        opened = await fill.resume(unit, subject.form, situation, key)
        return cls(unit, who, meta, subject, case, situation, texts, opened, zone, subject.form.copied(situation), people or {})

    @property
    def form(self) -> Form:
        return self.subject.form

    @property
    def answers(self) -> Answers:
        return self.opened.answers

    @property
    def about(self) -> str:
        """What the form is about, and must still be about when it is sent."""
        return drafts.mark({**self.copied, "item": self.opened.key.item}) if self.copied else ""

    @property
    def outdated(self) -> bool:
        """Whether another text to copy from stands in the window than is to be copied now."""
        return self.meta.draft != "" and self.meta.about != self.about

    @property
    def typed_by_actor(self) -> bool:
        """Whether the draft was last written by whoever has the form open."""
        return self.opened.draft is not None and self.opened.draft.user_id == self.who.user_id

    @property
    def first(self) -> TaskRecord | None:
        """What somebody else recorded, which sending the form confirms."""
        case, step, task = self.case, self.subject.step, self.subject.task
        if case is None or step is None or task is None:
            return None
        return confirmations.first_of(case, step, task, step.item_now(task, self.situation))

    def unlike_first(self, slot: Slot, answers: Answers) -> tuple[Problem, ...]:
        """Where a page, valid by itself, says something else than that."""
        first, task = self.first, self.subject.task
        if first is None or task is None:
            return ()
        clean, problems = collect(self.form, answers, self.situation)
        recorded = clean if problems else {**clean, **task.adds(clean, self.situation)}
        asked = {name: recorded.get(name) for name, _, _ in inputs(slot.page.model)}
        return confirmations.unlike(task, first, asked)

    def beginning(self, proposed: Answers, problems: tuple[Problem, ...] = ()) -> View:
        """The form as it opens. ``proposed``: for fields in which nothing stands yet; ``problems``: of what was given already.
        Whoever confirms what somebody else recorded reads it above the fields, and finds it in them unless they typed something else
        before."""
        first = self.first
        if self._as_sent:
            return self.page(self.answers, REVIEW)
        if first is None:
            return self.page({**proposed, **self.opened.answers}, self.opened.slot, problems, kept=self.answers)
        recorded = fill.as_raw(self.form, first.answers)
        answers = self.answers if self.typed_by_actor else recorded
        order = slots(self.form, answers)
        begun = self.typed_by_actor and self.opened.slot != REVIEW
        index = min(self.opened.slot, len(order) - 1) if begun else 0
        when = self.texts.at(first.at) if first.at is not None else ""
        told = [section(self.texts.md("form_ui.first", by=Raw(f"<@{first.user_id}>"), at=when))]
        told += self._listed("recorded_first", order[index], raw_of(order[index], recorded))
        return self._drawn(answers, self.answers, order, index, (), told, anew=False)

    @property
    def _requested(self) -> RequestedChanges:
        """Those in the step, if the form is a step's."""
        case, step = self.case, self.subject.step
        if case is None or step is None or not self.subject.is_step:
            return RequestedChanges()
        return RequestedChanges(fill.to_correct(case, step.id), self.opened.draft)

    @property
    def _as_sent(self) -> bool:
        """Whether it opens with all that was sent, since nobody has begun to correct it."""
        return self.form.review and self._requested.uncorrected

    @property
    def to_send_again(self) -> Answers | None:
        """What was sent before changes were requested, if nothing of it was changed: somebody may stand by it."""
        return self.answers if self._as_sent and self.meta.slot == REVIEW else None

    def taken(self) -> View:
        """In place of a form that a colleague has: who that is, and the button that takes it over."""
        value = ButtonValue(onboarding=self.meta.onboarding, step=self.meta.step, item=self.meta.item)
        over = actions(button(self.texts("button.take_call"), Act.TAKE_CALL, value, style="primary"))
        return notice_view(self.texts(f"form.{self.form.id}.title"), [*self._first_line(), *self._asked(), over], self.texts)

    async def changed_since(self, window: str) -> bool:
        """Whether somebody else changed what a window shows. False for windows of an older version, which don't say what they
        show, and for the last page if the draft is gone: sending it reports that."""
        form, meta, draft, answers = self.form, self.meta, self.opened.draft, self.answers
        if not meta.draft or (meta.slot == REVIEW and draft is None and not self._as_sent):
            return False
        if self.outdated:
            return True
        order, index = slots(form, answers), REVIEW
        if meta.slot != REVIEW:
            slot = drafts.slot_of(form, meta.page)
            order = drafts.order_with(form, answers, slot) if slot is not None else order
            found = drafts.index_of(order, slot) if slot is not None else None
            if found is None:
                return True
            index = found
        if self._version(answers, order, index) == meta.draft:
            return False
        return not await self.unit.was_seen(mark_of(window, draft.at if draft is not None else None))

    def page(
        self,
        answers: Answers,
        index: int,
        problems: tuple[Problem, ...] = (),
        *,
        kept: Answers | None = None,
        anew: bool = False,
        redrawn: Collection[str] = (),
    ) -> View:
        """``kept``: the draft's answers, if others are shown. ``anew``: the fields show the answers, whatever is in them now;
        ``redrawn``: these alone do."""
        order = slots(self.form, answers)
        if index == REVIEW:
            return self._review(answers, order, ())
        kept = answers if kept is None else kept
        return self._drawn(answers, kept, order, min(index, len(order) - 1), problems, (), anew=anew, redrawn=redrawn)

    def goes_without_review(self, answers: Answers) -> bool:
        """Whether the form is sent from the page that is left: it said so, all answers stand on it, none needs a second look, and no
        other number of addresses is sent than the button said."""
        if not self.form.review:
            return True
        if not self.meta.sends or not is_brief(self.form, answers, self.situation):
            return False
        clean, _ = collect(self.form, answers, self.situation)
        return self.meta.count in (0, self._count(answers)) and not needs_a_look(self.form, clean, self.situation)

    def _count(self, answers: Answers) -> int:
        """How many of what the form counts these answers would send; 0 where something is missing yet, or nothing is counted."""
        if self.form.counts is None:
            return 0
        clean, problems = collect(self.form, answers, self.situation)
        return 0 if problems else self.form.counts(clean)[1]

    def _version(self, kept: Answers, order: Sequence[Slot], index: int) -> str:
        brief = index != REVIEW and self.form.review and is_brief(self.form, kept, self.situation)
        return drafts.version(self.form, kept, order, index, brief=brief)

    def mending(self) -> Self:
        """The form with a page of it opened from the last one."""
        return replace(self, meta=self.meta.model_copy(update={"mending": True}))

    def chosen(self, values: Mapping[str, Any], *, others: bool) -> View:
        """The page again, with what has to be asked now that something was chosen in it. ``values``: the modal's state. Slack keeps
        what was typed, so nothing of that is drawn; nor is anything kept before the page is sent. ``others``: somebody else changed
        the page meanwhile, which whoever sends it still has to be told."""
        answers, slot = self.answers, drafts.slot_of(self.form, self.meta.page)
        if slot is None:
            raise Refused("gone")
        choices = {name for name, _, item in inputs(slot.page.model) if item.kind not in TYPED and item.kind is not Kind.FILE}
        raw = {name: value for name, value in parse_page(values, slot, {}).items() if name in choices}
        shown = drafts.with_typed(slot, answers, raw)
        order = drafts.order_with(self.form, shown, slot)
        index = drafts.index_of(order, slot) or 0
        return self._drawn(shown, answers, order, index, (), (), anew=False, shows=self.meta.draft if others else "")

    def to_correct(self, answers: Answers, index: int) -> tuple[Problem, ...]:
        """Why a page is shown that is asked only to correct something."""
        order = slots(self.form, answers)
        asked = order[index] if index != REVIEW and index < len(order) else None
        return check(asked, answers, self.situation) if asked is not None and asked.page.to_correct else ()

    def review_again(self) -> View:
        """The last page again, since its answers changed while somebody looked at it: nothing is sent unseen."""
        return self._review(self.answers, slots(self.form, self.answers), [self._alert("changed_review")])

    def page_again(self, slot: Slot, typed: Answers, untouched: Collection[str] = ()) -> View:
        """In place of a page that somebody else changed: what was typed stays in its fields, next to what is kept now. ``untouched``:
        fields in which nothing was typed; they show what is kept."""
        form, answers = self.form, self.answers
        typed = {name: value for name, value in typed.items() if name not in forgotten(form)}
        changed = "changed_copied" if self.outdated else "changed"
        found = drafts.page_position(form, answers, slot, self.meta.draft)
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
        told = [self._alert(changed), *([self._alert("attach")] if attached else []), *self._listed("now", found.slot, other)]
        typed = {name: value for name, value in typed.items() if name not in untouched}
        return self._drawn(drafts.with_typed(found.slot, answers, typed), answers, order, index, (), told, anew=True)

    def _review(self, answers: Answers, order: Sequence[Slot], told: Sequence[Block]) -> View:
        form = self.form
        clean, _ = collect(form, answers, self.situation)
        meta = self.meta.on(REVIEW, "", self._version(answers, order, REVIEW), about=self.about)
        wrong = [alert(sentence_of(problem, self.texts), "error") for problem in form.check(clean, self.situation)]
        notes = tuple(form.notes(clean, self.situation))
        requested = self._requested
        named = {slot.name: requested.named_in(slot, answers) for slot in order}
        told = [*told, *wrong, *requested.above_all(form, order, clean, named, self.texts, meta)]
        return review_view(form, order, clean, self.texts, meta, notes, told, self._first_line(), named, ready=not wrong)

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
        redrawn: Collection[str] = (),
        shows: str = "",
    ) -> View:
        """``shows``: the version that the window shows, if it isn't that of ``kept``."""
        form, people = self.form, self._with_chosen(order[index], shown)
        choices = {**offered(self.case, self.subject, order[index].page, self.texts, self.zone, people), **self.offers}
        shown = {**shown, **{name: text for name, text in self.copied.items() if len(text) <= MAX_LENGTH}}
        slot, brief, raw = order[index], is_brief(form, shown, self.situation), raw_of(order[index], shown)
        doubted = {name for name, _, item in inputs(slot.page.model) if item.doubted}
        revealed = {*self.meta.revealed, *(one.field for one in problems), *(name for name in doubted if raw.get(name))}
        sends = not self.meta.mending and (brief if form.review else index == len(order) - 1)
        meta = self.meta.on(
            index,
            slot.name,
            shows or self._version(kept, order, index),
            about=self.about,
            anew=anew,
            redrawn=redrawn,
            revealed=doubted & revealed,
            sends=sends,
            count=self._count(shown) if sends else 0,
        )
        told = [*self._asked(), *self._of_same_name(shown), *self._requested.above_page(form, slot, shown, self.texts), *told]
        scripts = slot.page.scripts(shown, self.situation)
        passed = [number for number, one in enumerate(order) if number != index and passed_over(one, shown, self.situation)]
        return page_view(
            form,
            order,
            index,
            shown,
            self.texts,
            meta,
            problems=problems,
            told=told,
            offered=choices,
            scripts=scripts,
            about=self._first_line(),
            unasked=hidden(slot, shown, self.situation) | (doubted - revealed),
            passed=passed,
            beside=passed if brief and form.review and not meta.mending else (),
        )

    def _with_chosen(self, slot: Slot, shown: Answers) -> NamesBySource:
        """Who can be chosen, and whoever was: somebody of the channel who is nobody's yet."""
        found: dict[str, Mapping[str, str]] = dict(self.people)
        for name, _, item in inputs(slot.page.model):
            user_id = str(shown.get(name) or "")
            if user_id not in found.get(item.source, {user_id: ""}) and (person := self.known(user_id)) is not None:
                found[item.source] = {**found[item.source], **labels([person])}
        return found

    def _first_line(self) -> list[Block]:
        """Whom and what the form is about, so that nobody decides about another: for support the customer, its channel and the step, for
        the customer's own people the step, unless the window's title is its name. Empty if there is no onboarding yet."""
        case, step = self.case, self.subject.step
        if case is None:
            return []
        of_all = case.role in (Role.SUPPORT, Role.SYSTEM)
        if not of_all and step is not None and self.texts(f"step.{step.id}.title") == self.texts(f"form.{self.form.id}.title"):
            return []
        customer = [typed(case.onboarding.customer), Raw(f"<#{case.onboarding.channel_id}>")] if of_all else []
        words = [*customer, *([escape(self.texts(f"step.{step.id}.title"))] if step is not None else [])]
        return [context(" · ".join(words))] if words else []

    def _asked(self) -> list[Block]:
        """The words of whoever is stuck, above the answer to them."""
        call = (
            next((one for one in self.case.snapshot.calls if one.id == self.meta.item), None) if self.case is not None else None
        )
        if self.case is None or call is None or not self.subject.is_dialog:
            return []
        return asked(self.case.snapshot, call, self.who.user_id, self.texts, answers=self.form.id == ANSWER_CALL)

    def _of_same_name(self, answers: Answers) -> list[Block]:
        """Where a name is given that others have: in which channels they are."""
        if not (channels := answers.get(NAMESAKES)):
            return []
        there = Raw(", ".join(f"<#{channel}>" for channel in channels))
        name = str(answers.get("customer") or "")
        return [section(self.texts.md("form_ui.namesakes", n=len(channels), customer=name, channels=there))]

    def _alert(self, key: str) -> Block:
        return alert(self.texts(f"form_ui.{key}"))

    def _listed(self, key: str, slot: Slot, values: Answers) -> list[Block]:
        answers = shown_answers(self.form, slot, values, self.texts)
        lines = [answer_line(label, clip(words, 500)) for label, words in answers]
        return list(long_sections("\n".join([f"*{self.texts(f'form_ui.{key}')}*", *lines]))) if lines else []


def mark_of(window: str, at: datetime | None) -> str:
    """Marks the draft of that time as written from this window, since a refused page is sent again from the same window."""
    return f"page:{window}:{at.isoformat() if at is not None else ''}"


class FormSessions:
    """Reads a form for a person. Raises Refused if they may not use it."""

    def __init__(self, cases: Cases, people: People) -> None:
        self._cases, self._people = cases, people

    @asynccontextmanager
    async def open(self, unit: Unit, who: Who, meta: FormMeta) -> AsyncIterator[FormSession]:
        """For changes: what follows from them is carried through at the end."""
        if not meta.onboarding:
            yield await self._before_start(unit, who, meta)
            return
        async with self._cases.open(unit, meta.onboarding, who, closed=True) as case:
            yield await self._of(case, meta)

    async def look(self, unit: Unit, who: Who, meta: FormMeta, channel_id: str) -> FormSession:
        """Read-only. ``channel_id``: where they clicked."""
        if not meta.onboarding:
            return await self._before_start(unit, who, meta)
        return await self._of(await self._cases.look(unit, meta.onboarding, who, channel_id=channel_id, closed=True), meta)

    async def _of(self, case: Case, meta: FormMeta) -> FormSession:
        subject = subject_of(case, meta)
        subject.check(case)
        texts, zone = await texts_of(self._people, case), await self._people.zone_of(case.unit, case.actor)
        situation, people = replace(case.situation, about=meta.item), await people_to_choose(case, subject)
        session = await FormSession.read(case.unit, case.actor, meta, subject, case, situation, texts, zone, people)
        return replace(session, known=self._people.by_id)

    async def _before_start(self, unit: Unit, who: Who, meta: FormMeta) -> FormSession:
        self._cases.access.require_support(who)
        subject, texts = subject_of(None, meta), Texts(await self._people.language_of(unit, who))
        situation = Situation(
            now=unit.now,
            today=unit.today,
            customer="",
            language=texts.language,
            timezone=self._cases.rules.customer_timezone,
            owner_id=who.user_id,
            actor_id=who.user_id,
            channel_id=meta.item,
        )
        session = await FormSession.read(unit, who, meta, subject, None, situation, texts, situation.timezone)
        lead = self._people.by_id(str(session.answers.get("lead") or ""))
        return replace(session, offers={"leads": labels([lead])}) if lead is not None else session
