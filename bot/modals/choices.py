"""Choices that come from the onboarding itself: the accesses a task moves, the journey's steps, what a task's own step offers."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.messages.answers import Offered, answer_name
from bot.messages.texts import Texts, languages
from bot.messages.wording import worded
from bot.modals.subject import Subject
from flows.cases.case import Case
from flows.cases.matrix import in_order
from flows.cases.presence import holders
from flows.cases.tasks import ALL, choosable
from flows.checks.visible import visible
from flows.forms.fields import CATALOGS, inputs
from flows.forms.pages import answers_to_name, slots
from flows.forms.step import Page, Step, Task
from flows.model import LEFT, Person
from flows.names import folded
from storage.sealing import SealError

MAX_OPTIONS = 100
"""Options that Slack takes in a select."""
MAX_LABEL = 75
"""Characters of an option's label."""


NamesBySource = Mapping[str, Mapping[str, str]]
"""Who can be chosen in a form's fields: by source, the names by user id."""


async def people_to_choose(case: Case, subject: Subject) -> NamesBySource:
    """The customer's people who are in their channel (``members``), those of support, both (``everybody``), and all who have something
    in this onboarding (``holders``). Who is its lead or owner is among them though they have left: it need not change at once. Nothing for
    a form that asks for nobody."""
    asked = {item.source for page in subject.form.pages for _, _, item in inputs(page.model)}
    if asked.isdisjoint(("members", "support", "everybody", "holders")):
        return {}
    unit, onboarding, ours = case.unit, case.onboarding, case.actor.team_id
    present = [one.user_id for one in case.snapshot.members if one.role != LEFT]
    supporting, having = await unit.support_people(), holders(case.snapshot)
    known = [person for team in {onboarding.team_id, ours} for person in await unit.people_of(team, [*present, *having])]
    members, support = [*present, onboarding.lead_id], [*(one.user_id for one in supporting), onboarding.owner_id]
    ids = {"members": members, "support": support, "everybody": members + support, "holders": having}
    given = {source: _named(user_ids, [*known, *supporting]) for source, user_ids in ids.items()}
    return {source: names for source, names in given.items() if source in asked}


def _named(user_ids: Sequence[str], people: Sequence[Person]) -> dict[str, str]:
    """By name, in that order. Whoever's name isn't known, or was damaged, is shown by their id."""
    names = dict.fromkeys(user_ids, "")
    for person in people:
        with suppress(SealError):
            names |= {person.user_id: visible(person.name)} if person.user_id in names else {}
    return dict(sorted(((one, name or one) for one, name in names.items()), key=lambda item: folded(item[1])))


def own_choices(
    case: Case, subject: Subject, source: str, texts: Texts, zone: str, people: NamesBySource
) -> Iterator[tuple[str, str]]:
    """(value, label) of the choices for a field with this source; none for a source that the subject doesn't have. ``zone``: the
    reader's IANA time zone. ``people``: see `people_to_choose`."""
    task, step = subject.task, subject.step
    offers = task.offers if task is not None else step.offers if step is not None and subject.is_step else {}
    if source == "steps":
        yield from ((step_id, texts(f"step.{step_id}.title")) for step_id in case.journey.steps)
    elif source == "fields" and step is not None:
        yield from _fields(case, step, texts)
    elif source == "grants" and task is not None:
        yield from _grants(case, task, texts)
    elif source in people:
        yield from ((user_id, name[:MAX_LABEL]) for user_id, name in people[source].items())
    elif source in offers:
        for offer in offers[source](case.situation):
            label = visible(offer.label) or texts(offer.key, **worded(texts, offer.params))
            yield offer.value, (f"{_local(offer.at, zone, texts)} · {label}" if offer.at else label)[:MAX_LABEL]


def _fields(case: Case, step: Step, texts: Texts) -> Iterator[tuple[str, str]]:
    """The answers of the last revision in which changes can be requested."""
    sent = case.snapshot.last(step.id)
    if sent is None:
        return
    order, every = slots(step.form, sent.answers), answers_to_name(step.form, sent.answers, case.situation)
    for one, slot, name in every[:MAX_OPTIONS]:
        yield one, visible(answer_name(step.form, order, slot, name, sent.answers, texts))[:MAX_LABEL]


def _local(at: int, zone: str, texts: Texts) -> str:
    """A moment with its offset, since a label can't show each reader their own."""
    local = datetime.fromtimestamp(at, ZoneInfo(zone))
    return f"{texts.moment(local)} UTC{local.isoformat()[-6:]}"


def _grants(case: Case, task: Task, texts: Texts) -> Iterator[tuple[str, str]]:
    movable = {grant.id for grant in choosable(case.snapshot, task)}
    waiting = [grant for grant in in_order(case.snapshot, case.journey) if grant.id in movable]
    if len(waiting) > 1:
        yield ALL, texts("choice.all_grants", n=len(waiting))
    for grant in waiting:
        yield grant.id, f"{grant.email} · {texts(f'resource.{grant.resource}')} · {texts(f'grant.{grant.state}')}"[:MAX_LABEL]


def offered(case: Case | None, subject: Subject, page: Page, texts: Texts, zone: str, people: NamesBySource) -> Offered:
    """The labels of all the page's choices that come from the onboarding itself, by source; or are the languages that have texts."""
    sources = {item.source for _, _, item in inputs(page.model) if item.source} - CATALOGS.keys()
    found = (
        {source: dict(own_choices(case, subject, source, texts, zone, people)) for source in sources} if case is not None else {}
    )
    if "languages" in sources:
        found["languages"] = {language: texts.language_name(language) for language in languages()}
    return found
