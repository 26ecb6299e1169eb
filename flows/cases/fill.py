"""Opening a form, leaving it page by page, and sending it. Input is a draft at first; once sent, a submission with a revision."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flows.cases.case import Case
from flows.cases.holidays import tell_if_support_is_off
from flows.cases.review import accept
from flows.cases.settle import moved_on
from flows.forms.drafts import REVIEW, index_of, order_with, slot_of
from flows.forms.fields import Answers, Kind, inputs
from flows.forms.pages import (
    Slot,
    check,
    collect,
    digest,
    for_these_values,
    forgotten,
    item_of,
    numbered,
    passed_over,
    put,
    screen,
    slots,
)
from flows.forms.step import Form, Situation, Step
from flows.model import Draft, StepRecord, Submission, new_salt
from flows.outbox import ShowDifferences, ShowInFull
from flows.people import SYSTEM, Who
from flows.ports import Unit
from flows.problems import Problem, Refused
from flows.state import FILLABLE, Move, StepState


def as_raw(form: Form, clean: Answers) -> Answers:
    """Sent answers as they would be typed: lists in a text field one item per line, numbers as text."""
    texts = (Kind.TEXT, Kind.LONG_TEXT, Kind.EMAIL, Kind.URL, Kind.NUMBER)
    kinds = {name: item.kind for page in form.pages for name, _, item in inputs(page.model)}

    def one(name: str, value: Any) -> Any:
        if kinds.get(name) in texts and value is not None:
            return "\n".join(map(str, value)) if isinstance(value, list) else str(value)
        return value

    raw = {name: one(name, value) for name, value in clean.items()}
    for page in form.pages:
        if page.repeat and isinstance(clean.get(page.repeat), list):
            raw[page.repeat] = [{name: one(name, value) for name, value in item.items()} for item in clean[page.repeat]]
    return raw


@dataclass(frozen=True)
class DraftKey:
    """Whose draft: a form's in an onboarding (any colleague can continue it), or a person's while there is no onboarding yet.

    ``item`` tells drafts of one form apart: the step a dialog is about, an item of a repeatable task.
    """

    onboarding_id: str
    form: str
    item: str = ""

    @property
    def id(self) -> str:
        return f"{self.onboarding_id}:{self.form}:{self.item}"


@dataclass(frozen=True)
class Opened:
    """A form ready to be shown: its raw answers and the page to start on. ``draft``: what was kept so far, if anything. ``since``: of the
    answers, what is in neither the draft nor what was sent."""

    key: DraftKey
    answers: Answers
    slot: int
    draft: Draft | None = None
    since: Answers = field(default_factory=dict)


def fillable(case: Case, step_id: str) -> None:
    """Raises Refused if a step's form can't be opened or sent now."""
    record = case.record(step_id)
    if record.state not in FILLABLE:
        raise moved_on(record)


def to_correct(case: Case, step_id: str) -> StepRecord | None:
    """The step, if changes were requested in it."""
    record = case.record(step_id)
    return record if record.state is StepState.CHANGES_REQUESTED else None


def _since(form: Form, answers: Answers, at: datetime | None, situation: Situation) -> Answers:
    """What has come up since answers were given; nothing if it isn't known when."""
    return form.since(answers, at, situation) if at is not None else {}


async def resume(unit: Unit, form: Form, situation: Situation, key: DraftKey) -> Opened:
    """A form to show: the draft over the last sent answers over what earlier steps tell, and over these what has come up since then."""
    draft = await unit.get(Draft, key.id)
    answers, at = form.prefill(situation), situation.sent_at.get(form.id)
    if form.id in situation.answers:
        answers = {**answers, **numbered(form, as_raw(form, situation.answers[form.id]))}
    begin = first_slot(form, answers, situation)
    if draft is not None:
        answers, at, begin = {**answers, **draft.answers}, draft.at, draft.slot
    since = _since(form, answers, at, situation)
    if since:
        answers = {**answers, **since}
        begin = _first_faulty(form, answers, situation)
    last = len(slots(form, answers)) - 1
    if begin == REVIEW and not form.review:
        begin = last
    return Opened(key, answers, min(begin, last), draft, since)


def first_slot(form: Form, answers: Answers, situation: Situation) -> int:
    """The first page that must be asked; the first of all if none must."""
    order = slots(form, answers)
    return next((index for index, slot in enumerate(order) if not passed_over(slot, answers, situation)), 0)


def _first_faulty(form: Form, answers: Answers, situation: Situation) -> int:
    return next((index for index, slot in enumerate(slots(form, answers)) if check(slot, answers, situation)), 0)


@dataclass(frozen=True)
class Paged:
    """The result of leaving a page: the problems (empty: go on), the slot to show next, all that is kept so far.

    ``used``: values that must not be stored (a single-use token), only for completing the form.
    """

    problems: tuple[Problem, ...]
    slot: int
    draft: Draft
    used: Answers


def leave_page(
    unit: Unit,
    form: Form,
    opened: Opened,
    index: int,
    typed: Answers,
    actor: Who,
    situation: Situation,
    *,
    back: bool = False,
    page: str = "",
    found: tuple[Problem, ...] = (),
    mending: bool = False,
) -> Paged:
    """Save what was typed on a page, valid or not, and say what comes next. Secrets are never saved.

    ``page``: the page's name, if the window gives one; else ``index`` counts. A secret is a problem on the way back, too. ``found``: why
    the page can't be checked now. ``mending``: it was opened from the last page, to which it leads back unless something else is wrong now.
    """
    key, draft = opened.key, opened.draft
    if draft is None:
        draft = Draft(id=key.id, onboarding_id=key.onboarding_id, form=form.id, item=key.item, answers=opened.answers)
        unit.add(draft)
    draft.answers = {**draft.answers, **opened.since}
    before = slots(form, draft.answers)
    slot = slot_of(form, page) or before[min(index, len(before) - 1)]
    index = index_of(order_with(form, draft.answers, slot), slot) or 0
    screened = screen(slot.page, typed)
    if screened.problems:  # the page is shown again: nothing is removed yet
        screened.raw.pop("then", None)
    raw = for_these_values(slot, draft.answers, screened.raw)
    draft.answers = put(slot, draft.answers, raw)
    draft.user_id, draft.at = actor.user_id, unit.now
    used = {name: raw[name] for name in forgotten(form) if name in raw}
    removed = slot.item is not None and raw.get("then") == "remove"
    problems = screened.problems or (() if back or removed else found)
    if not back and not removed and not problems:
        problems = check(slot, _with_forgotten(slot, draft.answers, raw), situation)
    if problems:
        draft.slot = index
        return Paged(problems, index, draft, used)
    if slot.page.takes is not None:
        draft.answers = slot.page.takes(draft.answers, situation)
    if mending and not back and not removed:
        faults = collect(form, {**draft.answers, **used}, situation)[1]
        draft.slot = faults[0][0] if faults else REVIEW
    else:
        draft.slot = next_slot(form, draft.answers, index, situation, back=back, removed=removed)
    return Paged((), draft.slot, draft, used)


def next_slot(form: Form, answers: Answers, index: int, situation: Situation, *, back: bool, removed: bool) -> int:
    """The page to show after leaving one. ``removed``: the entry it was for is gone. A page that need not be asked is passed over."""
    order, ahead = slots(form, answers), -1 if back else 1
    after = index if removed and not back else index + ahead
    while 0 <= after < len(order) and passed_over(order[after], answers, situation):
        after += ahead
    return REVIEW if after >= len(order) else after if after >= 0 else first_slot(form, answers, situation)


def _with_forgotten(slot: Slot, answers: Answers, raw: Answers) -> Answers:
    """Only for the check: the answers with the values that must not be stored."""
    if slot.item is None:
        return {**answers, **raw}
    items = list(answers.get(slot.page.repeat) or [])
    items[slot.item] = item_of(slot, answers) | raw
    return {**answers, slot.page.repeat: items}


async def finish(
    unit: Unit, form: Form, situation: Situation, draft: Draft | None, used: Answers, again: Answers | None = None
) -> tuple[Answers, list[tuple[int, Problem]]]:
    """Turn the draft, with what has come up since, into the answers to send; if it isn't valid yet, the problems by slot. ``again``: what
    is sent where there is no draft, since nothing was changed in it. Raises Refused("draft_gone")."""
    answers = draft.answers if draft is not None else again
    if answers is None:
        raise Refused("draft_gone")
    since = _since(form, answers, draft.at if draft is not None else None, situation)
    clean, problems = collect(form, {**answers, **since, **used}, situation)
    problems = problems or [(REVIEW, problem) for problem in form.check(clean, situation)]
    if draft is not None and problems:
        draft.slot = problems[0][0]
    elif draft is not None:
        await unit.delete(draft)
    return ({}, problems) if problems else (clean, [])


def submit(case: Case, step_id: str, clean: Answers) -> None:
    """Write a step's next revision and ask support to decide."""
    step, record, actor = case.step(step_id), case.record(step_id), case.actor
    last, salt = case.snapshot.last(step.id), new_salt()
    if last is not None and last.answers == clean and record.state is StepState.SUBMITTED:
        return
    named = digest(salt, case.id, step.id, clean)
    case.move(step.id, Move.SUBMIT)
    record.named = ""
    record.revision += 1
    record.digest, record.submitted_at = named, case.now
    record.submitted_by, record.submitted_team = actor.user_id, actor.team_id
    sent = Submission(
        id=f"{case.id}:{step.id}:{record.revision}",
        onboarding_id=case.id,
        step_id=step.id,
        revision=record.revision,
        digest=named,
        salt=salt,
        answers=clean,
        team_id=actor.team_id,
        user_id=actor.user_id,
        at=case.now,
    )
    case.unit.add(sent)
    case.snapshot.submissions.setdefault(step.id, []).append(sent)
    before = last.answers if last else {}
    differing = {name for name in {*clean, *before} if last is None or before.get(name) != clean.get(name)}
    changed = {name: [before.get(name), clean.get(name)] for name in sorted(differing)}
    _outdate(case, step, {name.removesuffix("_file") for name in differing})
    changes = {"digest": named, "answers": changed}
    case.log(f"step:{step.id}:submit", facts={"revision": record.revision}, changes=changes)
    if (rating := step.rating(clean)) is not None:
        case.onboarding.rating, case.onboarding.rated_at = rating, case.now
    case.say("customer", step.id, "submitted", by=actor.user_id, revision=record.revision)
    case.ask(ShowInFull(step=step.id, revision=record.revision))
    if record.revision > 1:
        case.ask(ShowDifferences(step=step.id, revision=record.revision))
    if case.rules.approvals_of(step) == 0:
        accept(case, step)
    else:
        tell_if_support_is_off(case, step.id)


def _outdate(case: Case, step: Step, changed: Collection[str]) -> None:
    """A new revision was sent: tasks that depend on changed answers must be redone, and a first of two confirmations is dropped.

    ``changed``: answers, each by the name of its text: a file stands in for one. Whoever waits for an effect's report is told that it
    no longer counts: no result will come.
    """
    for task in step.tasks:
        hangs = not set(task.stale_with).isdisjoint(changed)
        for record in case.snapshot.tasks:
            if (record.step_id, record.task_id) != (step.id, task.id):
                continue
            waits, renewal = record.state == "waiting", bool(record.item) and not task.repeatable
            two = case.rules.approvals_of(step, task, renewal=renewal) > 1
            if (hangs and record.state == "done") or (waits and (hangs or two)):
                record.state = "dropped" if waits and two else "stale"
                if waits and task.effect is not None and task.effect.reports:
                    case.log(f"task:{step.id}.{task.id}:stale", by=SYSTEM, facts={"item": record.item})
                    case.say(
                        "customer", step.id, f"task.{step.id}.{task.id}.outdated", call=[record.user_id, case.onboarding.lead_id]
                    )
