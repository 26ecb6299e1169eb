"""App Home, drawn from the store and published."""

import asyncio
import logging
import math
import time
from contextlib import suppress
from weakref import WeakValueDictionary

from bot.listeners.readable import snapshots
from bot.messages import card, home
from bot.messages.blocks import Block
from bot.messages.texts import Texts
from bot.slack.client import Slack
from bot.slack.people import People
from bot.slack.support_people import is_still_support
from bot.telemetry.acks import in_flight
from flows.cases.case import Case, Cases
from flows.model import Person
from flows.people import Who
from flows.ports import Unit
from storage.sealing import SealError
from storage.store import Store

log = logging.getLogger("bot.listeners.app_home")

OPEN = 3600.0
"""Seconds after somebody opened or used their App Home in which it may still be before them. Slack tells of each opening, of no
closing."""


class AppHome:
    """Support sees the queue and all onboardings; a customer's people only their own checklists."""

    def __init__(self, store: Store, cases: Cases, people: People, slack: Slack) -> None:
        self._store, self._cases, self._people, self._slack = store, cases, people, slack
        self._seen: dict[Who, float] = {}
        self._waiting: set[Who] = set()
        self._turns = WeakValueDictionary[Who, asyncio.Lock]()
        """Each is kept by those who draw or wait."""

    async def opened(self, who: Who) -> None:
        """Raises SlackError."""
        self.seen(who)
        await self._draw(who)

    def seen(self, who: Who) -> None:
        """They have it before them."""
        now = time.monotonic()
        self._seen = {one: at for one, at in self._seen.items() if now - at < OPEN} | {who: now}

    async def refresh(self, who: Who) -> None:
        """Once what they did is acknowledged, if it may be before them: opening it draws it anew. Raises SlackError."""
        if time.monotonic() - self._seen.get(who, -math.inf) < OPEN:
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
                waiting = await snapshots(unit, await unit.onboardings(waiting=True))
                view = home.support_home(waiting, texts, unit.now)
            else:
                view = home.customer_home(await self._own(unit, who, texts), texts)
            person = await self._people.known(unit, who)
        await self._slack.publish_home(who.user_id, view)
        if person is not None and not person.has_home:
            await self._store.transact(lambda unit: _has_home(unit, who))
            person.has_home = True

    async def _own(self, unit: Unit, who: Who, texts: Texts) -> list[list[Block]]:
        """Their cards. Raises SealError if none can be drawn: it would look as if they belonged to nothing."""
        cards, damaged = list[list[Block]](), list[SealError]()
        for onboarding in await unit.onboardings(team_id=who.team_id, user_id=who.user_id):
            if not onboarding.severed_at:
                try:
                    cards.append(_card(await self._cases.look(unit, onboarding.id, who, closed=True), texts))
                except SealError as error:
                    log.error("a damaged customer was left out of an App Home: run verify-log", extra={"where": str(error)})  # noqa: TRY400  says it all
                    damaged.append(error)
        if damaged and not cards:
            raise damaged[0]
        return cards


async def _has_home(unit: Unit, who: Who) -> None:
    with suppress(SealError):
        row = await unit.get(Person, str(who))
        if row is not None:
            row.has_home = True


def _card(case: Case, texts: Texts) -> list[Block]:
    return card.card(case.snapshot, case.journey, texts.of(case.onboarding.journey), case.situation).blocks
