"""The review card in the support channel: what was sent, what changed, the decision, and what support does after it."""

from collections.abc import Sequence
from typing import Any

from bot import forms
from bot.blocks import Block, Drawing, actions, button, clip, context, drawing, fit, header, long_sections, section
from bot.buttons import Act, ButtonValue
from bot.texts import Raw, Texts, date_token, escape
from flows.fields import Answers, inputs
from flows.form import slots
from flows.fulfilling import in_hand, record_of
from flows.journey import Journey
from flows.model import Effect, Snapshot
from flows.people import Side
from flows.reviewing import approvals
from flows.rules import Rules
from flows.state import StepState
from flows.step import Form, Situation, Step

MOST_VALUES, VALUES_TEXT = 30, 8000
"""Blocks and characters of the values: what a message takes, less the decision and what follows it."""

Difference = tuple[str, str, str]


def review_card(
    snapshot: Snapshot, journey: Journey, step_id: str, texts: Texts, at: Situation, rules: Rules, failed: Sequence[Effect] = ()
) -> Drawing:
    onboarding, record, step = snapshot.onboarding, snapshot.steps[step_id], journey.steps[step_id]
    title = texts("review.title", customer=onboarding.customer, step=texts(f"step.{step_id}.title"))
    blocks: list[Block] = [header(title)]
    state = f"*{texts('step_message.state', state=texts(f'state.{record.state.value}'))}*"
    blocks.append(section(f"{state} · {texts.md('review.channel', channel=Raw(f'<#{onboarding.channel_id}>'))}"))
    sent = snapshot.last(step_id)
    if sent is not None:
        by, when = Raw(f"<@{sent.user_id}>"), date_token(sent.at)
        blocks.append(context(texts.md("review.sent", revision=sent.revision, digest=sent.digest[:8], by=by, at=when)))
        values: list[Block] = []
        for note in step.form.notes(sent.answers, at):
            values.extend(long_sections(texts.md(f"note.{note.key}", **note.params)))
        values.extend(answer_sections(step.form, sent.answers, texts))
        blocks.extend(fit(values, MOST_VALUES, VALUES_TEXT, texts("review.more")))
    blocks.extend(_decision(snapshot, step, texts, rules))
    blocks.extend(context(texts.md(f"note.{fact.key}", **fact.params)) for fact in step.facts(at))
    blocks.extend(_tasks(snapshot, step, texts, at, rules))
    for effect in failed[:3]:
        what = texts(f"effect.{effect.kind}")
        blocks.append(section(texts.md("review.failed", what=what, id=effect.error_id)))
        value = ButtonValue(onboarding=onboarding.id, item=effect.id)
        blocks.append(actions(button(texts("button.retry_effect"), Act.RETRY_EFFECT, value, name=effect.id)))
    return drawing(blocks)


def answer_sections(form: Form, answers: Answers, texts: Texts) -> list[Block]:
    """All answers, a section for each page."""
    blocks: list[Block] = []
    for slot in slots(form, answers):
        raw = answers if slot.item is None else ((answers.get(slot.page.repeat) or [])[slot.item : slot.item + 1] or [{}])[0]
        lines = [f"*{escape(label)}*: {words}" for label, words in forms.shown(form, slot, raw, texts)]
        blocks.extend(long_sections("\n".join(lines)) if lines else ())
    return blocks


def _decision(snapshot: Snapshot, step: Step, texts: Texts, rules: Rules) -> list[Block]:
    record = snapshot.steps[step.id]
    blocks: list[Block] = []
    value = ButtonValue(onboarding=snapshot.onboarding.id, step=step.id, revision=record.revision, digest=record.digest[:16])
    given, needed = approvals(snapshot, step.id), rules.approvals_of(step)
    if record.claimer_id:
        blocks.append(context(texts.md("review.claimed", by=Raw(f"<@{record.claimer_id}>"))))
    blocks.extend(context(texts.md("review.approved", by=Raw(f"<@{d.user_id}>"), at=date_token(d.at))) for d in given)
    if record.state is StepState.SUBMITTED and not snapshot.onboarding.closed_at:
        if needed > 1:
            blocks.append(context(texts("review.needed", given=len(given), needed=needed)))
        title = texts(f"step.{step.id}.title")
        sure = (texts("confirm.reject_title"), texts("confirm.reject", step=title), texts("button.reject"), texts("confirm.no"))
        blocks.append(
            actions(
                button(texts("button.approve", step=title), Act.APPROVE, value, style="primary"),
                button(texts("button.request_changes"), Act.REQUEST_CHANGES, value),
                button(texts("button.reject"), Act.REJECT, value, style="danger", confirm=sure),
                button(texts("button.unclaim" if record.claimer_id else "button.claim"), Act.CLAIM, value),
            )
        )
    elif record.state is StepState.CHANGES_REQUESTED:
        by, when = Raw(f"<@{record.changed_by}>"), date_token(record.changed_at) if record.changed_at else ""
        blocks.append(section(texts.md("review.sent_back", by=by, at=when, reason=record.reason)))
    return blocks


def _tasks(snapshot: Snapshot, step: Step, texts: Texts, at: Situation, rules: Rules) -> list[Block]:
    """What support does now, and what is done."""
    blocks: list[Block] = []
    buttons: list[Block] = []
    for task in step.tasks:
        if not in_hand(snapshot, step, task):
            continue
        key = f"task.{step.id}.{task.id}.title"
        waiting = record_of(snapshot, step.id, task.id)
        if f"{step.id}.{task.id}" in at.done and not task.repeatable:
            done = record_of(snapshot, step.id, task.id)
            if done is not None and done.at is not None:
                by, when = Raw(f"<@{done.user_id}>"), date_token(done.at)
                blocks.append(context(texts.md("review.task_done", task=texts(key), by=by, at=when)))
            if task.expires:
                value = ButtonValue(onboarding=snapshot.onboarding.id, step=step.id, task=task.id)
                buttons.append(button(texts("button.renew"), Act.TASK, value, name=task.id))
            continue
        if waiting is not None and waiting.state == "waiting" and rules.approvals_of(step, task) > 1:
            blocks.append(context(texts.md("review.task_waits", task=texts(key), by=Raw(f"<@{waiting.user_id}>"))))
        if task.side is Side.SUPPORT and task.ready(at):
            value = ButtonValue(onboarding=snapshot.onboarding.id, step=step.id, task=task.id)
            buttons.append(button(texts(key), Act.TASK, value, style="" if buttons else "primary", name=task.id))
    return blocks + ([actions(*buttons)] if buttons else [])


def diff(old: Answers, new: Answers, form: Form, texts: Texts) -> list[Difference]:
    """(label, old, new) of every field that changed, as people read it."""
    found: list[Difference] = []
    none = texts("review.nothing")
    for page in form.pages:
        if page.repeat:
            before, after = old.get(page.repeat) or [], new.get(page.repeat) or []
            for index in range(max(len(before), len(after))):
                was, now = (before[index : index + 1] or [{}])[0], (after[index : index + 1] or [{}])[0]
                found += [(f"{label} {index + 1}", a, b) for label, a, b in _page_diff(page.model, was, now, form, texts, none)]
        else:
            found += _page_diff(page.model, old, new, form, texts, none)
    return found


def _page_diff(model: Any, old: Answers, new: Answers, form: Form, texts: Texts, none: str) -> list[Difference]:
    found = []
    for name, _, item in inputs(model):
        was, now = old.get(name), new.get(name)
        if was != now and name != "then":
            sides = [forms.display(v, name, item, texts) if v not in (None, "", []) else none for v in (was, now)]
            found.append((texts(f"field.{form.id}.{name}.label"), sides[0], sides[1]))
    return found


def differences(changed: Sequence[Difference], revision: int, texts: Texts) -> Drawing:
    """A resubmission's changes as a message."""
    if not changed:
        return drawing([section(texts("say.no_differences", revision=revision))])
    lines = "\n".join(f"*{escape(label)}*: {clip(old, 500)} → {clip(new, 500)}" for label, old, new in changed)
    said = long_sections(texts.md("say.differences", revision=revision, lines=Raw(lines)))
    return drawing(fit(said, more=texts("review.more")))
