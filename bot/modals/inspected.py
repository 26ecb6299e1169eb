"""Looks into what was typed and attached on a page before the transaction that keeps it, where nothing slow may happen.

The transaction does the same once more, by then known to be quick. What could not be looked into in time is refused at its field: a field
that could not be screened for secrets is not kept; one that was screened, but takes too long to check, is.
"""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from bot.inspection.inspections import Inspections, NotLookedInto
from bot.inspection.pages import name_of
from bot.modals.fetched import read_files
from bot.modals.parse import file_problems, parse_page, slot_name
from bot.modals.subject import FormMeta, form_of
from bot.slack.client import Slack
from flows.forms import drafts
from flows.forms.fields import Answers, FormPage
from flows.forms.pages import Slot
from flows.forms.step import Form
from flows.journey import JourneyError
from flows.model import Onboarding
from flows.problems import Refused
from flows.rules import Rules
from storage.store import Store

LOOK_SECONDS = 0.6
"""For all of a page; and if that wasn't enough, for each field."""
ALL_SECONDS = 2.5
"""For files and fields together, before the submission must be acknowledged."""


@dataclass(frozen=True)
class Inspected:
    """``files``: as `read_files` gives them. ``unscreened``: fields that may hold a secret. ``unchecked``: the field that is most likely
    too much to be checked; empty if the page was. Each field with why, as `NotLookedInto` has it. ``page``: the form and its page."""

    files: Mapping[str, Answers] = field(default_factory=dict)
    unscreened: Mapping[str, str] = field(default_factory=dict)
    unchecked: Mapping[str, str] = field(default_factory=dict)
    page: tuple[Form, Slot] | None = None


class PageInspections:
    def __init__(self, store: Store, slack: Slack, rules: Rules, inspections: Inspections) -> None:
        self._store, self._slack, self._rules, self._inspections = store, slack, rules, inspections

    async def of(self, meta: FormMeta, values: Mapping[str, Any]) -> Inspected:
        """``values``: the modal's state. Nothing for a form or page that there is not: its sending is refused."""
        until = time.monotonic() + ALL_SECONDS
        page = await self._page(meta, next((slot_name(block) for block in values), ""))
        reading = read_files(self._slack, self._inspections, values, until - LOOK_SECONDS)
        if page is None:
            return Inspected(await reading)
        slot = page[1]
        files, screened = await asyncio.gather(reading, self._screened_beside_files(values, slot, until))
        raw = parse_page(values, slot, files)
        unreadable = {problem.field for problem in file_problems(raw)}
        typed = {name: value for name, value in raw.items() if name not in unreadable}
        return replace(await self._look(slot.page.model, typed, files, screened, until), page=page)

    async def _screened_beside_files(self, values: Mapping[str, Any], slot: Slot, until: float) -> frozenset[str]:
        """The typed fields that were screened while files are read, so that a slow file is no reason to refuse them. None without files."""
        raw = parse_page(values, slot, {})
        typed = {name: value for name, value in raw.items() if value and isinstance(value, str)}
        if not typed or not any(isinstance(value, dict) for value in raw.values()):
            return frozenset()
        return frozenset() if await self._hindered("screen", slot.page.model, typed, until) else frozenset(typed)

    async def _page(self, meta: FormMeta, name: str) -> tuple[Form, Slot] | None:
        journey = None
        try:
            if meta.onboarding:
                async with self._store.read() as unit:
                    onboarding = await unit.get(Onboarding, meta.onboarding)
                journey = self._rules.journeys.of(onboarding) if onboarding is not None else None
            form = form_of(journey, meta)
        except (Refused, JourneyError):
            return None
        slot = drafts.slot_of(form, name)
        return (form, slot) if slot is not None else None

    async def _look(
        self, model: type[FormPage], typed: Answers, files: Mapping[str, Answers], screened: frozenset[str], until: float
    ) -> Inspected:
        hindered = await self._hindered("look", model, typed, until)
        if not hindered:
            return Inspected(files)
        texts = {name: value for name, value in typed.items() if value and isinstance(value, str | dict)}
        left = {name: value for name, value in texts.items() if name not in screened}
        whys = {name: await self._hindered("screen", model, {name: value}, until) for name, value in left.items()}
        unscreened = {name: why for name, why in whys.items() if why}
        longest = max(texts, key=lambda name: len(str(texts[name])), default="")
        return Inspected(files, unscreened, {longest: hindered} if longest and not unscreened else {})

    async def _hindered(self, what: str, model: type[FormPage], raw: Answers, until: float) -> str:
        """Why it could not be done; empty if it was."""
        job, within = f"bot.inspection.pages:{what}", until - time.monotonic()
        try:
            await self._inspections.run(job, name_of(model), raw, seconds=LOOK_SECONDS, within=max(0.0, within))
        except NotLookedInto as error:
            return error.why
        return ""
