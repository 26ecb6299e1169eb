"""App Home, drawn from the store and published: when it is opened, and again while it is before somebody."""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from weakref import WeakValueDictionary

from bot.listeners.lists import SupportLists
from bot.messages import card, home
from bot.messages.blocks import Block
from bot.messages.buttons import ButtonValue
from bot.messages.lists import Asked, ListKind
from bot.messages.texts import Texts
from bot.modals.private_answers import texts_of
from bot.slack.client import Slack
from bot.slack.people import People
from bot.slack.support_people import is_still_support
from bot.telemetry.acks import in_flight
from flows.cases.case import Case, Cases
from flows.desk import PAGE
from flows.model import Person
from flows.people import Who
from flows.ports import Unit
from storage.sealing import SealError
from storage.store import Store

log = logging.getLogger("bot.listeners.app_home")

OPEN = 3600.0
"""Seconds after somebody opened or used their App Home in which it may still be before them. Slack tells of each opening, of no
closing."""
EVERY = 2.0
"""Seconds between two drawings that nobody asked for by opening it or by pressing something in it."""


@dataclass
class _BeforeThem:
    """What somebody has before them. ``at``: when they last used it; ``drawn``: when it was last drawn anew by itself; both as
    `time.monotonic`."""

    at: float
    drawn: float = float("-inf")
    queue: Asked = field(default_factory=lambda: Asked(ListKind.QUEUE))
    board: Asked = field(default_factory=lambda: Asked(ListKind.BOARD))


class AppHome:
    """Support sees a page of the queue and of all onboardings; a customer's people their own checklists. ``faults``: why support can't
    be reached, if it can't."""

    def __init__(
        self,
        store: Store,
        cases: Cases,
        people: People,
        slack: Slack,
        lists: SupportLists,
        faults: Callable[[], Sequence[tuple[str, str]]],
    ) -> None:
        self._store, self._cases, self._people, self._slack = store, cases, people, slack
        self._lists, self._faults = lists, faults
        self._seen: dict[Who, _BeforeThem] = {}
        self._waiting: set[Who] = set()
        self._resting: set[Who] = set()
        """For whom a drawing follows once `EVERY` is over."""
        self._turns = WeakValueDictionary[Who, asyncio.Lock]()
        """Each is kept by those who draw or wait."""

    async def opened(self, who: Who) -> None:
        """Raises SlackError."""
        self.seen(who)
        await self._draw(who)

    def seen(self, who: Who) -> None:
        """They have it before them."""
        now = time.monotonic()
        self._seen = {one: what for one, what in self._seen.items() if now - what.at < OPEN}
        self._seen.setdefault(who, _BeforeThem(now)).at = now

    async def turn(self, who: Who, value: ButtonValue) -> None:
        """Another filter or page of one of its lists. Raises OldButton, SlackError."""
        asked = Asked.of(value)
        self.seen(who)
        if asked.kind is ListKind.QUEUE:
            self._seen[who].queue = asked
        else:
            self._seen[who].board = replace(asked, kind=ListKind.BOARD)
        await self._draw(who)

    async def refresh(self, who: Who) -> None:
        """Once what they did is acknowledged, if it may be before them: opening it draws it anew. Of a quick series, the first and the
        last are drawn. Raises SlackError."""
        before = self._seen.get(who)
        if before is None or time.monotonic() - before.at >= OPEN:
            return
        if who in self._resting:
            return
        self._resting.add(who)
        try:
            await asyncio.sleep(max(before.drawn + EVERY - time.monotonic(), 0.0))
        finally:
            self._resting.discard(who)
        before.drawn = time.monotonic()
        await self._draw(who)

    async def _draw(self, who: Who) -> None:
        """Letting pending acknowledgements go first. A person's are published one after the other; one that has not begun will do for
        those asked for meanwhile."""
        if who in self._waiting:
            return
        self._waiting.add(who)
        turn = self._turn(who)
        try:
            await in_flight.passed()
            await turn.acquire()
        finally:
            self._waiting.discard(who)
        try:
            await self._publish(who)
        finally:
            turn.release()

    def _turn(self, who: Who) -> asyncio.Lock:
        return self._turns.setdefault(who, asyncio.Lock())

    async def publish(self, who: Who) -> None:
        """After those that have begun, so that an older one never lands last. Raises SlackError."""
        async with self._turn(who):
            await self._publish(who)

    async def _publish(self, who: Who) -> None:
        async with self._store.read() as unit:
            texts = Texts(await self._people.language_of(unit, who))
            if await is_still_support(unit, self._cases.access, who):
                view = await self._of_support(unit, who, texts)
            else:
                view = await self._of_others(unit, who, texts)
            person = await self._people.known(unit, who)
        await self._slack.publish_home(who.user_id, view)
        if person is not None and not person.has_home:
            await self._store.transact(lambda unit: _has_home(unit, who))
            person.has_home = True

    async def _of_support(self, unit: Unit, who: Who, texts: Texts) -> home.View:
        before = self._seen.get(who) or _BeforeThem(0.0)
        queue = await self._lists.blocks(unit, who, before.queue, texts, PAGE)
        return home.support_home(queue, await self._lists.blocks(unit, who, before.board, texts, PAGE), texts)

    async def _of_others(self, unit: Unit, who: Who, texts: Texts) -> home.View:
        """A customer's people first: they may be guests of Pismo's workspace."""
        cards = await self._own(unit, who)
        person = await self._people.known(unit, who)
        access = self._cases.access
        if cards or who.team_id != access.team_id or person is None or person.guest:
            return home.customer_home(cards, texts)
        if faults := self._faults():
            return home.setup_home(faults, texts)
        return home.colleague_home([one.user_id for one in access.support], texts)

    async def _own(self, unit: Unit, who: Who) -> list[list[Block]]:
        """Their cards, each in its onboarding's language, open ones first; a finished one stays. Raises SealError if none can be drawn: it
        would look as if they belonged to nothing."""
        cards, damaged = list[list[Block]](), list[SealError]()
        theirs = await unit.onboardings(team_id=who.team_id, user_id=who.user_id, closed=True)
        for onboarding in sorted(theirs, key=lambda one: one.closed_at is not None):
            if not onboarding.severed_at:
                try:
                    cards.append(await self._card(await self._cases.look(unit, onboarding.id, who, closed=True)))
                except SealError as error:
                    log.error("a damaged customer was left out of an App Home: run verify-log", extra={"where": str(error)})  # noqa: TRY400  says it all
                    damaged.append(error)
        if damaged and not cards:
            raise damaged[0]
        return cards

    async def _card(self, case: Case) -> list[Block]:
        texts = await texts_of(self._people, case)
        usual = case.rules.reminders.support_first
        return card.card(case.snapshot, case.journey, texts, case.situation, usual).blocks


async def _has_home(unit: Unit, who: Who) -> None:
    with suppress(SealError):
        row = await unit.get(Person, str(who))
        if row is not None:
            row.has_home = True
