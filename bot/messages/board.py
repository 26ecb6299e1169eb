"""Answers to `/onboarding …`."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from bot.messages import turns
from bot.messages.blocks import Block, Drawing, actions, button, context, drawing, header, long_sections, section
from bot.messages.buttons import Act, ButtonValue
from bot.messages.card import progress, step_line
from bot.messages.internal_notes import note_lines
from bot.messages.task_button import task_button
from bot.messages.texts import Raw, Texts, typed
from flows.cases.parity import lacking
from flows.cases.settle import side_of, state_allows
from flows.cases.skips import asked
from flows.forms.step import Situation
from flows.journey import Journey
from flows.model import Note, Snapshot, StepRecord
from flows.people import Side
from flows.state import ENDED

MAX_SHOWN = 30


def age(since: datetime | None, now: datetime, texts: Texts) -> str:
    """How long something has been waiting, in words."""
    seconds = int((now - since).total_seconds()) if since else 0
    if seconds >= 86400:
        return texts("age.days", n=seconds // 86400)
    if seconds >= 3600:
        return texts("age.hours", n=seconds // 3600)
    return texts("age.minutes", n=max(seconds // 60, 0))


def waiting(snapshots: Sequence[Snapshot], side: Side) -> list[tuple[Snapshot, StepRecord]]:
    """Steps where it is this side's turn, longest waiting first."""
    found = [(s, r) for s in snapshots for r in s.steps.values() if side_of(r) is side]
    return sorted(found, key=lambda pair: pair[1].turn_since.timestamp() if pair[1].turn_since else 0)


def skips_asked(snapshots: Sequence[Snapshot]) -> list[tuple[Snapshot, StepRecord]]:
    """Steps that somebody wants skipped, which takes another person; longest waiting first."""
    found = [(asked(s, r.step_id), s, r) for s in snapshots if not s.onboarding.closed_at for r in s.steps.values()]
    return [(s, r) for wanted, s, r in sorted(found, key=lambda one: one[0][0].at.timestamp() if one[0] else 0) if wanted]


def to_do(snapshots: Sequence[Snapshot]) -> list[tuple[Snapshot, StepRecord]]:
    """What support has to do, each step once: renewals first, since what they renew ends on a set day, then what is to be skipped, then
    all else; longest waiting first."""
    turns, skips = waiting(snapshots, Side.SUPPORT), skips_asked(snapshots)
    renewals = [(snapshot, record) for snapshot, record in turns if record.state in ENDED]
    ordered = [*renewals, *skips, *turns]
    return list({(snapshot.onboarding.id, record.step_id): (snapshot, record) for snapshot, record in ordered}.values())


def help_view(texts: Texts) -> Drawing:
    return drawing([header(texts("help.title")), section(texts("help.text"))])


def one(snapshot: Snapshot, journey: Journey, texts: Texts, situation: Situation, notes: Sequence[Note] = ()) -> Drawing:
    """One onboarding, step by step. ``notes``: support's internal ones, for support alone."""
    lines = [
        step_line(number, r, turns.for_support(snapshot, r, texts), texts)
        + (f" · {age(r.turn_since, situation.now, texts)}" if side_of(r) else "")
        for number, r in enumerate((snapshot.steps[step_id] for step_id in journey.steps), start=1)
    ]
    blocks = [header(snapshot.onboarding.customer), section(progress(snapshot, texts)), *long_sections("\n".join(lines))]
    if notes:
        blocks += [section(f"*{texts('status.notes')}*"), *note_lines(notes, texts, steps=True)]
    return drawing([*blocks, *_closing(snapshot, journey, texts, situation), *_changing(snapshot, texts)])


def _changing(snapshot: Snapshot, texts: Texts) -> Iterator[Block]:
    if snapshot.onboarding.closed_at is None:
        value = ButtonValue(onboarding=snapshot.onboarding.id)
        yield actions(button(texts("button.change"), Act.CHANGE, value), button(texts("button.hand_over"), Act.HAND_OVER, value))


def _closing(snapshot: Snapshot, journey: Journey, texts: Texts, situation: Situation) -> Iterator[Block]:
    """The button that closes an onboarding with nothing else left to do, whether or not the customer sent the last step; before that,
    what production lacks, and the button that ends without it."""
    if snapshot.onboarding.closed_at is None and (lacks := lacking(situation, journey)):
        yield context(texts("status.production_lacks", what=", ".join(texts(f"parity.what.{one}") for one in lacks)))
        for step in journey.steps.values():
            for task in step.tasks:
                if task.skips and state_allows(snapshot, step, task):
                    value = ButtonValue(onboarding=snapshot.onboarding.id, step=step.id, task=task.id)
                    yield actions(button(texts(f"task.{step.id}.{task.id}.title"), Act.TASK, value, name=task.id))
    for step in journey.steps.values():
        for task in step.tasks:
            if task.closes and state_allows(snapshot, step, task) and task.is_ready(situation):
                value = ButtonValue(onboarding=snapshot.onboarding.id, step=step.id, task=task.id)
                yield actions(task_button(task, texts(f"task.{step.id}.{task.id}.title"), value, texts, style="primary"))


def overview_lines(snapshots: Sequence[Snapshot], texts: Texts, now: datetime) -> list[Block]:
    blocks = []
    for snapshot in snapshots[:MAX_SHOWN]:
        onboarding = snapshot.onboarding
        words = [f"*{typed(onboarding.customer)}* {Raw(f'<#{onboarding.channel_id}>')}", progress(snapshot, texts)]
        words += [texts("state.closed")] if onboarding.closed_at else []
        waits = [r for r in snapshot.steps.values() if side_of(r)]
        oldest = min(waits, key=lambda r: r.turn_since.timestamp() if r.turn_since else 0, default=None)
        if oldest is not None:
            words.append(f"{turns.for_support(snapshot, oldest, texts)} ({age(oldest.turn_since, now, texts)})")
        blocks.append(section(" · ".join(words)))
    if len(snapshots) > MAX_SHOWN:
        blocks.append(section(texts("status.more", n=len(snapshots) - MAX_SHOWN)))
    return blocks


def overview(snapshots: Sequence[Snapshot], texts: Texts, now: datetime) -> Drawing:
    """All onboardings, one per line."""
    lines = overview_lines(snapshots, texts, now) or [section(texts("status.none"))]
    return drawing([header(texts("status.title")), *lines])


def queue_blocks(snapshots: Sequence[Snapshot], texts: Texts, now: datetime) -> list[Block]:
    blocks: list[Block] = []
    found = to_do(snapshots)
    for number, (snapshot, record) in enumerate(found[:15], start=1):
        title = texts.of(snapshot.onboarding.journey)(f"step.{record.step_id}.title")
        wanted = asked(snapshot, record.step_id)
        since = wanted[0].at if wanted else record.turn_since
        words = f"*{number}. {typed(snapshot.onboarding.customer)}* · {title} · "
        renewing = record.state in ENDED and not wanted
        state = texts("status.renewal" if renewing else f"state.{record.state.value}")
        words += f"{state} · {age(since, now, texts)}"
        if wanted:
            asking = texts.md("status.skip_asked", by=Raw(f"<@{wanted[0].user_id}>"))
            words += f" · {asking if wanted[0].reason else texts('status.skip_proposed')}"
        if record.claimer_id:
            words += f" · <@{record.claimer_id}>"
        value = ButtonValue(onboarding=snapshot.onboarding.id, step=record.step_id)
        blocks.append(section(words))
        name = f"{snapshot.onboarding.id}-{record.step_id}"
        text = texts("button.next" if number == 1 else "button.show_review")
        blocks.append(actions(button(text, Act.SHOW, value, style="primary" if number == 1 else "", name=name)))
    if len(found) > 15:
        blocks.append(section(texts("status.more", n=len(found) - 15)))
    return blocks or [section(texts("say.nothing_waits"))]


def queue(snapshots: Sequence[Snapshot], texts: Texts, now: datetime) -> Drawing:
    """What waits for support, in the order of `to_do`."""
    return drawing([header(texts("status.queue")), *queue_blocks(snapshots, texts, now)])
