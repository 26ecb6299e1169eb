"""What is fetched from Slack for a submission, before the transaction and in time for the acknowledgement: the files sent with
it, and the people and channels that a dialog names."""

import asyncio
import base64
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.inspection.inspections import Hindrance, Inspections
from bot.modals.assignees import Assignees
from bot.modals.candidates import Candidates
from bot.modals.neighbours import Neighbours
from bot.modals.parse import parse_page
from bot.modals.starting import StartProposals
from bot.modals.subject import FormMeta
from bot.modals.taking_over import TakingOver
from bot.slack.client import Slack, SlackError
from bot.slack.files import MAX_BYTES
from bot.slack.people import People
from flows.cases.access import Access
from flows.checks import guard
from flows.checks.der import is_der
from flows.checks.encodings import text_of_file
from flows.forms.dialogs import DIALOGS
from flows.forms.fields import Answers, file_name
from flows.forms.pages import Slot
from flows.people import Side, Who
from flows.problems import Problem
from storage.store import Store

FETCH_SECONDS = 1.5
"""How long a submission may wait for its files or for what it names, before it must be acknowledged. No form has both."""


async def read_files(slack: Slack, inspections: Inspections, values: Mapping[str, Any], until: float) -> dict[str, Answers]:
    """Files sent with a form: only small text files, never kept as files.

    By file id: ``{"name", "text"}``, or ``{"name", "problem"}`` with an error key, and ``why`` if that is ``not_looked_into``.
    ``values``: the modal's state;
    ``until``: by the monotonic clock, when all must be fetched and looked into.
    """
    files = [file for actions in values.values() for state in actions.values() for file in state.get("files") or []]
    read = await asyncio.gather(*(_read(slack, inspections, file, until) for file in files))
    return {file["id"]: answers for file, answers in zip(files, read, strict=True)}


async def _read(slack: Slack, inspections: Inspections, file: Mapping[str, Any], until: float) -> Answers:
    given = str(file.get("name") or "")
    name = file_name(given)
    if int(file.get("size") or 0) > MAX_BYTES:
        return {"name": name, "problem": "file_too_large"}
    try:
        async with asyncio.timeout(FETCH_SECONDS):
            content = await slack.download(file, MAX_BYTES)
    except (TimeoutError, SlackError):
        return {"name": name, "problem": "file_unreadable"}
    # Checked as bytes first: a key store (PFX, P12) isn't text. No part of a secret goes any further.
    verdict = await inspections.file(given, content, within=max(0.0, until - time.monotonic()))
    if kinds := [kind for kind in guard.SecretKind if kind in verdict.found]:
        return {"name": name, "problem": f"secret_{kinds[0]}"}
    if hindered := sorted(verdict.unread & set(Hindrance)):
        return {"name": name, "problem": "not_looked_into", "why": hindered[0]}
    try:
        return {"name": name, "text": _text(content)}
    except UnicodeDecodeError:
        return {"name": name, "problem": "file_not_text"}


def _text(content: bytes) -> str:
    """A key or certificate in DER as base64. Raises UnicodeDecodeError for what is neither that nor a text."""
    return base64.encodebytes(content).decode() if is_der(content) else text_of_file(content)


@dataclass(frozen=True)
class LookedUp:
    """``who``: the person named, if Slack knows them, and their ``side``. ``company``: of the lead of a new onboarding, the home team of
    the customer's company."""

    problems: tuple[Problem, ...] = ()
    who: Who | None = None
    side: Side = Side.CUSTOMER
    company: str = ""


class SlackLookups:
    def __init__(
        self,
        store: Store,
        slack: Slack,
        people: People,
        access: Access,
        neighbours: Neighbours,
        proposals: StartProposals,
    ) -> None:
        self._slack, self._people, self._access = slack, people, access
        self._neighbours, self._proposals = neighbours, proposals
        self._candidates = Candidates(store, slack, people, access)
        self._assignees = Assignees(store, slack, people, self._candidates)
        self._taking_over = TakingOver(store, slack, access, self._candidates)
        self._looking = {
            "start": ("channel", self._channel),
            "assign": ("person", self._person),
            "change": ("lead", self._changed),
            "hand_over": ("successor", self._successor),
        }

    async def of(self, meta: FormMeta, values: Mapping[str, Any]) -> LookedUp:
        """``values``: the modal's state. Nothing is looked up for other dialogs."""
        if meta.form not in self._looking:
            return LookedUp()
        field, look = self._looking[meta.form]
        raw = parse_page(values, Slot(DIALOGS[meta.form].pages[0]), {})
        try:
            async with asyncio.timeout(FETCH_SECONDS):
                return await look(meta, raw)
        except (TimeoutError, SlackError):
            return LookedUp((Problem(field, "slack_did_not_answer"),))

    async def _channel(self, _meta: FormMeta, raw: Answers) -> LookedUp:
        channel = str(raw.get("channel") or "")
        if problem := await self._proposals.unfit(channel):
            return LookedUp((problem,))
        try:
            info = await self._slack.channel(channel)
            members = await self._slack.members(channel)
        except SlackError as error:
            if error.error in ("channel_not_found", "not_in_channel"):
                return LookedUp((Problem("channel", "channel_not_found"),))
            raise
        if not info.is_member and self._people.bot_user_id not in members:
            return LookedUp((Problem("channel", "channel_without_bot"),))
        lead, owner = str(raw.get("lead") or ""), str(raw.get("owner") or "")
        found: list[Problem] = []
        person = await self._candidates.person(lead) if lead else None
        if fault := person if isinstance(person, str) else self._candidates.fault(person, members) if person is not None else "":
            found.append(Problem("lead", fault))
        if owner and not any(who.user_id == owner for who in self._access.support):
            found.append(Problem("owner", "owner_not_support"))
        if found or person is None or isinstance(person, str):
            return LookedUp((*found,))
        company, problems = await self._neighbours.look(info, members, person, str(raw.get("customer") or ""))
        return LookedUp((*problems,), Who(person.team_id, person.user_id), company=company)

    async def _person(self, meta: FormMeta, raw: Answers) -> LookedUp:
        found = await self._assignees.look_up(meta.onboarding, str(raw.get("person") or ""))
        if isinstance(found, Problem):
            return LookedUp((found,))
        side = Side.SUPPORT if self._people.is_support(found) else Side.CUSTOMER
        return LookedUp((), Who(found.team_id, found.user_id), side)

    async def _changed(self, meta: FormMeta, raw: Answers) -> LookedUp:
        return LookedUp(*await self._taking_over.lead_and_owner(meta.onboarding, raw))

    async def _successor(self, meta: FormMeta, raw: Answers) -> LookedUp:
        return LookedUp(*await self._taking_over.successor(meta.onboarding, raw))
