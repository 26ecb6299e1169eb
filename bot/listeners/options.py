"""Choices of searchable selects: currencies, countries and zones from the catalogue; accesses and sessions from this onboarding alone."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from flows.cases.onboarding import situation_of, step_of

from bot.desk import Desk
from bot.messages.texts import Texts
from bot.messages.wording import detail
from bot.modals.meta import FormMeta, field_of
from bot.modals.submission import meta_of
from bot.slack.payloads import who_of
from flows.cases.access import for_side
from flows.cases.tasks import ALL, choosable
from flows.forms.fields import CATALOGUES, inputs
from flows.forms.step import Situation, Task
from flows.journey import form_of
from flows.model import Snapshot
from flows.people import Who
from flows.problems import Refused
from flows.steps.authentication.proving import sendable

MOST = 100

Option = dict[str, Any]


def option(value: str, label: str) -> Option:
    return {"text": {"type": "plain_text", "text": label[:75]}, "value": value}


def own_choices(snapshot: Snapshot, task: Task, texts: Texts, situation: Situation) -> Iterator[tuple[str, str]]:
    """(value, label) of what a task's form can choose from: accesses it moves, sessions not yet held."""
    sources = {item.source for page in (task.form.pages if task.form else ()) for _, _, item in inputs(page.model)}
    if "grants" in sources:
        waiting = choosable(snapshot, task)
        if len(waiting) > 1:
            yield ALL, texts("choice.all_grants", n=len(waiting))
        for grant in waiting:
            yield grant.id, f"{grant.email} · {texts(f'resource.{grant.resource}')} · {texts(f'grant.{grant.state}')}"[:75]
    if "sessions" in sources:
        held = {record.answers.get("session") for record in snapshot.tasks if record.task_id == "hold_session"}
        for record in snapshot.tasks:
            if record.task_id == "schedule_session" and record.item not in held:
                begins = datetime.fromtimestamp(int(record.answers["starts"]), UTC)
                yield record.item, f"{begins:%Y-%m-%d %H:%M} UTC · {record.answers.get('agenda', '')}"[:75]
    if "differences" in sources:
        for field, ours, theirs in sendable(situation):
            yield field, texts("choice.difference.label", field=detail(texts, field), ours=ours, theirs=theirs or "-")[:75]


def matching(choices: Iterable[tuple[str, str]], query: str) -> list[Option]:
    """At most 100, those that contain what was typed."""
    wanted = query.casefold().strip()
    return [option(value, label) for value, label in choices if wanted in label.casefold()][:MOST]


class Options:
    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    async def suggest(self, body: Mapping[str, Any]) -> list[Option]:
        """The choices for what was typed so far; nothing for a person who may not see them."""
        who, query = who_of(body), str(body.get("value") or "")
        try:
            meta = meta_of(body["view"])
            source = field_of(form_of(meta.form), str(body.get("block_id", ""))).source
        except (Refused, KeyError):  # of a form that is no more
            return []
        if (kind := CATALOGUES.get(source)) is not None:
            from flows.checks import catalog  # noqa: PLC0415  its names are loaded at first use

            texts = await self.desk.directory.texts_for(None, who)
            return [option(choice.value, choice.label) for choice in catalog.search(kind, query, texts.language)]
        try:
            return await self._own(meta, who, query)
        except Refused:
            return []

    async def _own(self, meta: FormMeta, who: Who, query: str) -> list[Option]:
        async with self.desk.store.read() as unit:
            snapshot = await unit.snapshot(meta.onboarding)
            if snapshot is None:
                return []
            task = step_of(snapshot.onboarding, meta.step).task(meta.form.partition(".")[2])
            await self.desk.access.require(unit, who, for_side(task.side), snapshot)
            texts = await self.desk.directory.texts_for(unit, who, snapshot.onboarding)
            return matching(own_choices(snapshot, task, texts, situation_of(snapshot, self.desk.rules, unit.now, who)), query)
