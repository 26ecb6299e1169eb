"""Choices for searchable selects: currencies, countries and zones from the catalog; all others only from this onboarding."""

import asyncio
import logging
from collections.abc import Iterable, Mapping
from contextlib import suppress
from itertools import islice
from typing import Any

from bot.messages.blocks import cut, plain
from bot.messages.texts import Texts
from bot.messages.which_customer import closed
from bot.modals.choices import own_choices, people_to_choose
from bot.modals.parse import field_of, parse_page
from bot.modals.private_answers import PrivateAnswers
from bot.modals.starting import StartProposals, labels
from bot.modals.subject import FormMeta, meta_of, subject_of
from bot.slack.client import SlackError
from bot.slack.own_channels import NAMES_SECONDS, OwnChannels
from bot.slack.payloads import Search, values_of
from bot.slack.people import People
from flows.cases.case import Cases
from flows.checks.iso_codes import Catalog
from flows.checks.visible import visible
from flows.desk import Standing
from flows.forms.dialogs import CHOOSE, DIALOGS, START, dialog_of
from flows.forms.fields import CATALOGS
from flows.forms.pages import Slot
from flows.names import folded
from flows.people import Who
from flows.problems import Refused
from storage.store import Store

log = logging.getLogger("bot.listeners.options")

MAX_CHOICES = 100
MAX_CUSTOMERS = 30
"""Customers that are offered at once: whoever misses theirs types more of the name."""

OF_THE_CHANNEL = frozenset({"members", "everybody"})
"""Sources of people that the customer's channel adds to."""

Suggestion = dict[str, Any]


def choice(value: str, label: str) -> Suggestion:
    return {"text": plain(label, 75), "value": value}


def matching(choices: Iterable[tuple[str, str]], query: str) -> list[Suggestion]:
    """At most 100 choices that contain each word that was typed, with or without its accents."""
    wanted = folded(query).split()
    found = (one for one in choices if _has(wanted, one[1]))
    return [choice(value, label) for value, label in islice(found, MAX_CHOICES)]


def _has(wanted: Iterable[str], label: str) -> bool:
    text = folded(label)
    return all(word in text for word in wanted)


async def _of_catalog(kind: Catalog, query: str, language: str) -> list[Suggestion]:
    from flows.checks import catalog  # noqa: PLC0415  its names are loaded on first use

    found = await asyncio.to_thread(
        catalog.search, kind, query, language, MAX_CHOICES
    )  # tens of milliseconds, if letters are wrong
    return [choice(one.value, one.label) for one in found]


def _label(one: Standing, channel: str, texts: Texts) -> str:
    """What is behind the name is never cut off: it tells equal names apart."""
    parts = (f"#{channel}" if channel else "", closed(one, texts))
    behind = "".join(f" · {part}" for part in parts if part)
    return f"{cut(visible(one.customer), 75 - min(len(behind), 60))}{behind}"


class Options:
    def __init__(
        self,
        store: Store,
        cases: Cases,
        people: People,
        answers: PrivateAnswers,
        proposals: StartProposals,
        channels: OwnChannels,
    ) -> None:
        self._store, self._cases, self._people, self._answers = store, cases, people, answers
        self._proposals, self._channels = proposals, channels

    async def suggest(self, search: Search) -> list[Suggestion]:
        """The choices for what was typed so far; none for a person who may not see them."""
        who, query, block = search.who, search.query, search.block_id
        try:
            meta = meta_of(search.view)
            if (kind := self._catalog(meta, block)) is not None:
                return await _of_catalog(kind, query, (await self._answers.texts(who, meta.onboarding)).language)
            if meta.form == CHOOSE:
                return await self._customers(meta, search)
            if meta.form == START:
                return matching(await self._leads(meta, search), query)
            return await self._own(meta, block, who, query)
        except (Refused, KeyError):  # the form no longer exists
            return []
        except SlackError as error:
            log.info("nobody to choose from could be found", extra={"error": error.error})
            return []

    async def _customers(self, meta: FormMeta, search: Search) -> list[Suggestion]:
        """By name and channel; closed ones too where the command changes nothing."""
        self._cases.access.require_support(search.who)
        texts = await self._answers.texts(search.who)
        async with self._store.read() as unit:
            found = (await unit.named(search.query, closed=not dialog_of(meta.verb), limit=MAX_CUSTOMERS)).rows
        names = await self._channel_names()
        return [choice(one.onboarding_id, _label(one, names.get(one.channel_id, ""), texts)) for one in found]

    async def _channel_names(self) -> Mapping[str, str]:
        """None while Slack does not tell them: a list without them is better than no list."""
        with suppress(SlackError, TimeoutError):
            async with asyncio.timeout(NAMES_SECONDS):
                return await self._channels.names()
        return {}

    async def _leads(self, meta: FormMeta, search: Search) -> Iterable[tuple[str, str]]:
        """Who can lead an onboarding in the channel that is chosen in the form by now."""
        self._cases.access.require_support(search.who)
        raw = parse_page(values_of(search.view), Slot(DIALOGS[meta.form].pages[0]), {})
        return labels(await self._proposals.leads(str(raw.get("channel") or meta.item))).items()

    def _catalog(self, meta: FormMeta, block: str) -> Catalog | None:
        """The catalog that a field is searched in, if it is the same in every version of the journey with that field: then the
        store isn't needed. None if it depends on the customer's version."""
        sources = set()
        for form in self._cases.rules.journeys.forms(meta.form):
            with suppress(KeyError):
                sources.add(field_of(form, block).source)
        return CATALOGS.get(sources.pop()) if len(sources) == 1 else None

    async def _own(self, meta: FormMeta, block: str, who: Who, query: str) -> list[Suggestion]:
        async with self._store.read() as unit:
            case = await self._cases.look(unit, meta.onboarding, who, closed=True)
            subject = subject_of(case, meta)
            subject.may.check(case.role)
            texts = await self._answers.texts_of(case)
            source = field_of(subject.form, block).source
            if source in CATALOGS:
                return await _of_catalog(CATALOGS[source], query, texts.language)
            zone, people = await self._people.zone_of(unit, who), await people_to_choose(case, subject)
        if source in OF_THE_CHANNEL:  # also those of the installing workspace, who are the customer's only once they are chosen
            there = labels(await self._proposals.who_can_lead(case.onboarding.channel_id))
            people = {**people, source: {**there, **people[source]}}
        return matching(own_choices(case, subject, source, texts, zone, people), query)
