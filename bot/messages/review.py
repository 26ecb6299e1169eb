"""The review card in the support channel: what was sent, what changed, the decision, and what support does after it."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from bot.messages import turns
from bot.messages.answers import answer_line, page_name, shown_answers
from bot.messages.blocks import (
    BLOCKS,
    MESSAGE_TEXT,
    Block,
    Drawing,
    actions,
    button,
    context,
    drawing,
    fit,
    header,
    long_sections,
    parts,
    section,
)
from bot.messages.buttons import Act, ButtonValue
from bot.messages.calls import stuck_lines
from bot.messages.history import done_records, history
from bot.messages.internal_notes import note_lines
from bot.messages.notes import checked, facts, to_check
from bot.messages.parity import lane
from bot.messages.signs import NOW, OF_STATE
from bot.messages.tables import length
from bot.messages.task_button import task_button
from bot.messages.texts import Raw, Texts, escape
from flows.cases import notes as internal
from flows.cases import renewals
from flows.cases.presence import there
from flows.cases.review import approvals
from flows.cases.settle import open_tasks, record_of, state_allows
from flows.cases.skips import asked, skipped_by
from flows.forms.addresses import addresses
from flows.forms.fields import Answers, inputs
from flows.forms.pages import Slot, raw_of, slots
from flows.forms.step import Form, Situation, Step, Task
from flows.journey import Journey
from flows.model import Decision, EffectRecord, Snapshot, Submission, TaskRecord
from flows.people import Side
from flows.problems import Note
from flows.rules import Rules
from flows.state import ENDED, StepState

MAX_VALUES, VALUES_TEXT = 30, 7000
"""Limits for the values, in blocks and characters: what a message takes, less the decision and what follows it."""
MAX_NOTES, NOTES_TEXT = 12, 3500
"""The same for the notes, if not everything fits."""
MAX_WAITING, WAITING_TEXT = 6, 1500
"""The same for what the first of two people recorded."""
CUT = "…"
"""Stands for what has no room left."""


def review_card(
    snapshot: Snapshot,
    journey: Journey,
    step_id: str,
    texts: Texts,
    situation: Situation,
    rules: Rules,
    failed: Sequence[EffectRecord] = (),
) -> Drawing:
    onboarding, record, step = snapshot.onboarding, snapshot.steps[step_id], journey.steps[step_id]
    title = texts("review.title", customer=onboarding.customer, step=texts(f"step.{step_id}.title"))
    blocks: list[Block] = [header(title)]
    sent = snapshot.last(step_id)
    blocks.extend(_standing(snapshot, step_id, sent, texts))
    blocks.extend(stuck_lines(snapshot, step_id, texts))
    if sent is not None:
        decides, later = record.state is StepState.SUBMITTED, _later_notes(snapshot, step, situation)
        notes, values = _values(step.form, sent.answers, texts, situation, later, decides=decides)
        if not _fits([*notes, *values]):
            notes = fit(notes, MAX_NOTES, NOTES_TEXT, texts("review.more_below"))
        blocks.extend(fit([*notes, *values], MAX_VALUES, VALUES_TEXT, texts("review.more_below")))
    blocks.extend(history(snapshot, step, texts, rules))
    blocks.extend(_decision(snapshot, step, texts, rules))
    blocks.extend(_skip(snapshot, step, texts))
    request = renewals.asked(snapshot, step, situation)
    recorded, buttons = _tasks(snapshot, step, texts, situation, rules, request)
    pressed = [*([actions(*buttons)] if buttons else []), *_failed(snapshot, texts, failed)]
    pressed += [context(texts("review.details", revision=sent.revision, digest=sent.digest[:8]))] if sent is not None else []
    room, most = MESSAGE_TEXT - length([*blocks, *pressed]) - 2 * len(CUT), BLOCKS - len(blocks) - len(pressed)
    recorded = fit([*_renewal(request, texts), *recorded], most, room)
    known = [*facts(step.facts(situation), texts), *lane(step, situation, texts)]
    known = fit([*known, *note_lines(internal.last(snapshot, step_id), texts)], most - len(recorded), room - length(recorded))
    return drawing([*blocks, *known, *recorded, *pressed])  # the buttons are never what is left out


def _standing(snapshot: Snapshot, step_id: str, sent: Submission | None, texts: Texts) -> Iterator[Block]:
    """How it stands, where, and what was sent by whom."""
    record = snapshot.steps[step_id]
    state = texts("step_message.state", state=texts(f"state.{record.state.value}"))
    where, turn = Raw(f"<#{snapshot.onboarding.channel_id}>"), turns.for_support(snapshot, record, texts)
    yield section(" · ".join(part for part in (f"{OF_STATE[record.state]} *{state}*", turn, where) if part))
    if sent is not None:
        by = Raw(f"<@{sent.user_id}>")
        yield context(texts.md("review.sent", revision=sent.revision, by=by, at=texts.at(sent.at)))


def _renewal(request: TaskRecord | None, texts: Texts) -> Iterator[Block]:
    if request is not None and request.at is not None:
        yield section(texts.md("review.renewal", by=Raw(f"<@{request.user_id}>"), at=texts.at(request.at)))


def _failed(snapshot: Snapshot, texts: Texts, failed: Sequence[EffectRecord]) -> Iterator[Block]:
    for effect in failed[:3]:
        what = texts(f"effect.{effect.kind}")
        yield section(texts.md("review.failed", what=what, id=effect.error_id))
        value = ButtonValue(onboarding=snapshot.onboarding.id, item=effect.id)
        yield actions(button(texts("button.retry_effect"), Act.RETRY_EFFECT, value, name=effect.id))


def in_full(form: Form, sent: Submission, texts: Texts, situation: Situation) -> list[Drawing]:
    """What was sent, as messages for the card's thread, if the card can't show it all; otherwise none."""
    notes, values = _values(form, sent.answers, texts, situation)
    if _fits([*notes, *values]):
        return []
    return parts(lambda number, of: texts("review.in_full", revision=sent.revision, number=number, of=of), [*notes, *values])


def task_in_full(form: Form, answers: Answers, texts: Texts, situation: Situation) -> list[Drawing]:
    """What a customer sent with a task and the notes on it, as messages for the card's thread."""
    title = texts(f"form.{form.id}.title")
    notes, values = _values(form, answers, texts, situation)
    return parts(lambda number, of: texts("review.task_in_full", task=title, number=number, of=of), [*notes, *values])


def _values(
    form: Form, answers: Answers, texts: Texts, situation: Situation, later: Sequence[Note] = (), *, decides: bool = False
) -> tuple[list[Block], list[Block]]:
    """The notes, with what is to be checked first, and the answers, uncut. ``later``: notes on what came after the answers. What was said
    before the approval is said after it, though the access that it asks for is known then."""
    notes = list(form.notes(answers, replace(situation, grants=())))
    return [*to_check([*notes, *later], texts, decides=decides), *checked(notes, texts)], answer_sections(form, answers, texts)


def _later_notes(snapshot: Snapshot, step: Step, situation: Situation) -> list[Note]:
    """On the step as it stands, and on what its tasks recorded."""
    done = [(task, records[-1]) for task in step.tasks if (records := done_records(snapshot, step, task)) and not task.repeatable]
    return [*step.facts(situation), *(note for task, record in done for note in task.notes(record.answers, situation))]


def _fits(blocks: list[Block]) -> bool:
    return fit(blocks, MAX_VALUES, VALUES_TEXT) == blocks


def answer_sections(form: Form, answers: Answers, texts: Texts) -> list[Block]:
    """All answers, a section for each page, below its title if there are several: their labels may be the same."""
    blocks: list[Block] = []
    order = slots(form, answers)
    for index, slot in enumerate(order):
        lines = [answer_line(label, words) for label, words in _with_addresses(form, slot, raw_of(slot, answers), texts)]
        name = page_name(form, order, index, texts) if len(order) > 1 else ""
        blocks.extend(long_sections("\n".join([f"*{escape(name)}*"] * bool(name) + lines)) if lines else ())
    return blocks


def _with_addresses(form: Form, slot: Slot, answers: Answers, texts: Texts) -> list[tuple[str, str]]:
    """The answers of a page; of a list of addresses, typed or in a file, those that were read in it."""
    names = {name.removesuffix("_file") for name, _, item in inputs(slot.page.model) if item.addresses}
    read = {name: ", ".join(addresses(answers, name, f"{name}_file")) for name in names}
    return shown_answers(form, slot, {**answers, **read}, texts)


def _decision(snapshot: Snapshot, step: Step, texts: Texts, rules: Rules) -> list[Block]:
    record = snapshot.steps[step.id]
    blocks: list[Block] = []
    value = ButtonValue(onboarding=snapshot.onboarding.id, step=step.id, revision=record.revision, digest=record.digest[:16])
    given, needed = approvals(snapshot, step.id), rules.approvals_of(step)
    claimers = there(snapshot, record.claimer_id) if record.state not in ENDED else ()
    blocks.extend(context(texts.md("review.claimed", by=Raw(f"<@{one}>"))) for one in claimers)
    if record.state is StepState.SUBMITTED and not snapshot.onboarding.closed_at:
        if needed > 1:
            blocks.append(section(f"{NOW} {_approvals(given, needed, texts)}"))
        title = texts(f"step.{step.id}.title")
        sure = (texts("confirm.reject_title"), texts("confirm.reject", step=title), texts("button.reject"), texts("confirm.no"))
        blocks.append(
            actions(
                button(texts("button.approve", step=title), Act.APPROVE, value, style="primary"),
                button(texts("button.request_changes"), Act.REQUEST_CHANGES, value),
                button(texts("button.reject"), Act.REJECT, value, style="danger", confirm=sure),
                button(texts("button.unclaim" if claimers else "button.claim"), Act.CLAIM, value),
            )
        )
    elif record.state is StepState.CHANGES_REQUESTED:
        by, when = Raw(f"<@{record.changed_by}>"), texts.at(record.changed_at) if record.changed_at else ""
        blocks.append(section(texts.md("review.sent_back", by=by, at=when, reason=record.reason)))
    return blocks


def _approvals(given: Sequence[Decision], needed: int, texts: Texts) -> str:
    """How many of those that a step needs are there, and whose."""
    if not given:
        return texts("review.needed", given=0, needed=needed)
    people = Raw("; ".join(texts.md("review.approval", by=Raw(f"<@{one.user_id}>"), at=texts.at(one.at)) for one in given))
    return texts.md("review.needed_next", given=len(given), needed=needed, people=people)


def _skip(snapshot: Snapshot, step: Step, texts: Texts) -> list[Block]:
    """Who skipped the step, or wants it skipped and what a colleague can answer."""
    record = snapshot.steps[step.id]
    if record.state is StepState.SKIPPED and record.changed_at is not None:
        people = [one.user_id for one in skipped_by(snapshot, step.id)] or [record.changed_by]
        by, when = Raw(", ".join(f"<@{one}>" for one in people)), texts.at(record.changed_at)
        return [section(texts.md("review.skipped", by=by, at=when, reason=record.reason or Raw(escape(texts("review.nothing")))))]
    wanted = asked(snapshot, step.id) if not snapshot.onboarding.closed_at else []
    if not wanted:
        return []
    said = [
        section(texts.md("review.skip_asked", by=Raw(f"<@{one.user_id}>"), at=texts.at(one.at), reason=one.reason))
        if one.reason
        else section(texts("review.skip_proposed"))
        for one in wanted
    ]
    value = ButtonValue(onboarding=snapshot.onboarding.id, step=step.id, revision=record.revision)
    title = texts(f"step.{step.id}.title")
    sure = (texts("confirm.skip_title"), texts("confirm.skip", step=title), texts("button.agree_to_skip"), texts("confirm.no"))
    agree = button(texts("button.agree_to_skip"), Act.AGREE_TO_SKIP, value, style="danger", confirm=sure)
    return [*said, actions(agree, button(texts("button.withdraw_skip"), Act.WITHDRAW_SKIP, value))]


def _tasks(
    snapshot: Snapshot, step: Step, texts: Texts, situation: Situation, rules: Rules, request: TaskRecord | None
) -> tuple[list[Block], list[Block]]:
    """What is known of what was done and what a first person recorded, and the buttons for what support can do now. ``request``: for the
    renewal that waits."""
    blocks: list[Block] = []
    buttons: list[Block] = []
    waiting_for = list(open_tasks(step, situation))
    for task in step.tasks:
        title, item = texts(f"task.{step.id}.{task.id}.title"), step.item_now(task, situation)
        done = done_records(snapshot, step, task) if not task.repeatable else []
        blocks.extend(facts(task.notes(done[-1].answers, situation), texts) if done else ())
        if (done and not item) or not state_allows(snapshot, step, task):
            continue
        waiting = record_of(snapshot, step.id, task.id, item)
        if waiting is not None and waiting.state == "waiting" and rules.approvals_of(step, task, renewal=bool(item)) > 1:
            blocks.extend(_first_word(task, waiting, texts("review.renewed") if item else title, texts, situation))
        if task.side is Side.SUPPORT and task.is_ready(situation):
            value = ButtonValue(onboarding=snapshot.onboarding.id, step=step.id, task=task.id)
            opens = task.opens(situation)
            later = opens if opens is not None and opens > situation.now else None
            if later is not None:
                blocks.append(context(texts.md("review.task_opens", task=title, at=texts.at(later))))
            words = texts("button.renew" if item else f"task.{step.id}.{task.id}.button")
            first = not any("style" in one for one in buttons) and later is None and (item or task in waiting_for)
            buttons.append(task_button(task, words, value, texts, style="primary" if first else ""))
    if request is not None:
        value = ButtonValue(onboarding=snapshot.onboarding.id, step=step.id, item=request.item)
        buttons.append(button(texts("button.decline_renewal"), Act.DECLINE_RENEWAL, value))
    if not snapshot.onboarding.closed_at:
        value = ButtonValue(onboarding=snapshot.onboarding.id, step=step.id)
        buttons.append(button(texts("button.add_note"), Act.ADD_NOTE, value))
    return blocks, buttons


def _first_word(task: Task, waiting: TaskRecord, title: str, texts: Texts, situation: Situation) -> Iterator[Block]:
    """What the first of two people recorded, for the second to compare."""
    when = texts.at(waiting.at) if waiting.at is not None else ""
    yield section(texts.md("review.task_waits", task=title, by=Raw(f"<@{waiting.user_id}>"), at=when))
    if task.form is not None:
        notes, values = _values(task.form, waiting.answers, texts, situation)
        yield from fit([*values, *notes], MAX_WAITING, WAITING_TEXT, texts("review.more_in_form"))
