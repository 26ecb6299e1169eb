"""Repairing what Slack shows of an onboarding: after a backup was restored, messages stand there that the store doesn't know of."""

import asyncio
import logging
import math
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, cast, get_args

from bot.jobs.errors import Pending
from bot.jobs.registry import Finished, Run
from bot.jobs.threads import Threads
from bot.messages import answers_lost
from bot.messages.support import Support
from bot.slack.client import Slack, StandingMessage
from bot.slack.errors import SlackError
from flows.cases.case import Cases
from flows.cases.repair import Found, compare
from flows.outbox import AskAgain, LastingMessage, Repair, RepairReviews, Where
from flows.ports import Unit
from storage.store import Store

log = logging.getLogger("bot.jobs.repairs")

CLOCKS_APART = timedelta(days=1)
"""How much the clock of Slack, which names the messages, may lag behind ours."""
MAX_PAGES = 50
"""How far back a channel is read at most: ten thousand messages."""


class ChannelReading:
    """What stands of the bot in a channel, read from its newest message back. Where Slack breaks it off, it is taken up again.

    ``began``: of what was asked for until then, it shows all.
    """

    def __init__(self, slack: Slack, channel: str, began: datetime) -> None:
        self._slack, self._channel, self.began = slack, channel, began
        self._found: list[StandingMessage] = []
        self._back_to, self._cursor, self._ended = math.inf, "", False
        self.pages = 0
        """How many were read."""

    async def back_to(self, since: float) -> Sequence[StandingMessage]:
        """Everything since a moment (Unix seconds), or since an earlier one. If reading isn't allowed, what was found so far."""
        while self._back_to > since and not self._ended:
            try:
                page = await self._slack.standing(self._channel, self._cursor)
            except SlackError as error:
                if error.transient:
                    raise
                log.warning("what stands could not be read", extra={"method": error.method, "error": error.error})
                self._ended = True
                break
            self._found += page.standing
            self._back_to, self._cursor, self.pages = min(self._back_to, page.back_to), page.cursor, self.pages + 1
            self._ended = not page.cursor or self.pages == MAX_PAGES
        return self._found


class Repairs:
    """One at a time, since each may call Slack many times: others are told to come later, so that they take nobody's place."""

    def __init__(self, store: Store, cases: Cases, slack: Slack, threads: Threads, support: Support) -> None:
        self._store, self._cases, self._slack, self._threads, self._support = store, cases, slack, threads, support
        self._in_hand = asyncio.Lock()
        self._readings: dict[str, ChannelReading] = {}

    async def customers(self, run: Run[Repair]) -> Finished:
        """Find the lasting messages in the customer's channel; if it can't be read, they are drawn as far as the store knows them."""
        return await self._repair(run, "customer")

    async def reviews(self, run: Run[RepairReviews]) -> Finished:
        """The same in support's channel, which is read once for all onboardings that wait for it."""
        return await self._repair(run, "support")

    async def _repair(self, run: Run[Any], side: Where) -> Finished:
        if self._in_hand.locked():
            raise Pending(0.0)
        async with self._in_hand:
            async with self._store.read() as unit:
                case = await self._cases.look(unit, run.onboarding_id, closed=True)
                began = max(unit.now, run.asked_at or unit.now)
            channel = self._support.channel if side == "support" else case.onboarding.channel_id
            reading = self._readings.get(channel)
            if reading is None or (run.asked_at or began) > reading.began:
                reading = self._readings[channel] = ChannelReading(self._slack, channel, began)
            read_before = reading.pages
            standing = await reading.back_to((case.onboarding.started_at - CLOCKS_APART).timestamp())
            if side == "customer":  # it serves no other
                del self._readings[channel]

        found: dict[tuple[LastingMessage, str], list[Found]] = defaultdict(list)
        for one in standing:
            if one.effect_id.startswith(f"{case.id}:"):
                _, what, step_id = one.effect_id.split(":", 2)
                if what in get_args(LastingMessage):
                    found[cast(LastingMessage, what), step_id].append(Found(one.channel, one.ts, one.revision))

        async def work(unit: Unit) -> None:
            async with self._cases.open(unit, run.onboarding_id, closed=True, shows=False) as case:
                await compare(case, side, found)

        return Finished(also=work, called=reading.pages > read_before)

    async def ask_again(self, run: Run[AskAgain]) -> Finished | None:
        """Nothing if they have been sent again meanwhile."""
        step_id, revision = run.effect.step, run.effect.revision
        thread = await self._threads.of(run, "customer", step_id)
        if thread.case.record(step_id).revision >= revision:
            return None
        drawn = answers_lost.answers_lost(thread.case.snapshot, step_id, revision, thread.texts)
        return await self._threads.post(run, thread, [drawn])
