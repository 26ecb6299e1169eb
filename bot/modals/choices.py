"""Choices that come from the onboarding itself: the accesses a task moves, the journey's steps, what a task's own step offers."""

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.messages.answers import Offered
from bot.messages.texts import Texts
from bot.messages.wording import worded
from bot.modals.subject import Subject
from flows.cases.case import Case
from flows.cases.matrix import in_order
from flows.cases.tasks import ALL, choosable
from flows.checks.visible import visible
from flows.forms.fields import CATALOGS, inputs
from flows.forms.step import Task

MAX_LABEL = 75
"""Characters of an option's label."""


def own_choices(case: Case, subject: Subject, source: str, texts: Texts, zone: str) -> Iterator[tuple[str, str]]:
    """(value, label) of the choices for a field with this source; none for a source that the subject doesn't have. ``zone``: the
    reader's IANA time zone."""
    task, step = subject.task, subject.step
    offers = task.offers if task is not None else step.offers if step is not None and subject.is_step else {}
    if source == "steps":
        yield from ((step_id, texts(f"step.{step_id}.title")) for step_id in case.journey.steps)
    elif source == "grants" and task is not None:
        yield from _grants(case, task, texts)
    elif source in offers:
        for offer in offers[source](case.situation):
            label = visible(offer.label) or texts(offer.key, **worded(texts, offer.params))
            yield offer.value, (f"{_local(offer.at, zone)} · {label}" if offer.at else label)[:MAX_LABEL]


def _local(at: int, zone: str) -> str:
    """A moment with its offset, since a label can't show each reader their own."""
    local = datetime.fromtimestamp(at, ZoneInfo(zone)).isoformat(sep=" ", timespec="minutes")
    return f"{local[:-6]} UTC{local[-6:]}"


def _grants(case: Case, task: Task, texts: Texts) -> Iterator[tuple[str, str]]:
    movable = {grant.id for grant in choosable(case.snapshot, task)}
    waiting = [grant for grant in in_order(case.snapshot, case.journey) if grant.id in movable]
    if len(waiting) > 1:
        yield ALL, texts("choice.all_grants", n=len(waiting))
    for grant in waiting:
        yield grant.id, f"{grant.email} · {texts(f'resource.{grant.resource}')} · {texts(f'grant.{grant.state}')}"[:MAX_LABEL]


def offered(case: Case | None, subject: Subject, texts: Texts, zone: str) -> Offered:
    """The labels of all the form's choices that come from the onboarding itself, by source."""
    if case is None:
        return {}
    sources = {item.source for page in subject.form.pages for _, _, item in inputs(page.model) if item.source}
    return {source: dict(own_choices(case, subject, source, texts, zone)) for source in sources - CATALOGS.keys()}
