"""Repairing what Slack shows of an onboarding: after a backup was restored, messages stand there that the store doesn't know of."""

import asyncio
from collections import defaultdict
from datetime import timedelta
from typing import cast, get_args

from bot.jobs.registry import Finished, Run
from bot.jobs.threads import Threads
from bot.messages import answers_lost
from bot.messages.support import Support
from bot.slack.client import Slack
from flows.cases.case import Case, Cases
from flows.cases.repair import Found, compare
from flows.outbox import AskAgain, LastingMessage, Repair
from flows.ports import Unit
from storage.store import Store

CLOCKS_APART = timedelta(days=1)
"""How much the clock of Slack, which names the messages, may lag behind ours."""


class Repairs:
    def __init__(self, store: Store, cases: Cases, slack: Slack, threads: Threads, support: Support) -> None:
        self._store, self._cases, self._slack, self._threads, self._support = store, cases, slack, threads, support
        self._reading = asyncio.Lock()

    async def repair(self, run: Run[Repair]) -> Finished:
        """Find the lasting messages that stand in Slack; those that can't be read are drawn as far as the store knows them."""
        async with self._store.read() as unit:
            case = await self._cases.look(unit, run.onboarding_id, closed=True)
        async with self._reading:  # many are repaired after a restore, and Slack limits how often channels may be read
            found = await self._found(case)

        async def work(unit: Unit) -> None:
            async with self._cases.open(unit, run.onboarding_id, closed=True, shows=False) as case:
                await compare(case, found)

        return Finished(also=work)

    async def _found(self, case: Case) -> dict[tuple[LastingMessage, str], list[Found]]:
        found: dict[tuple[LastingMessage, str], list[Found]] = defaultdict(list)
        since = (case.onboarding.started_at - CLOCKS_APART).timestamp()
        for channel in (case.onboarding.channel_id, self._support.channel):
            for one in await self._slack.standing(channel, f"{case.id}:", since):
                _, what, step_id = one.effect_id.split(":", 2)
                if what in get_args(LastingMessage):
                    found[cast(LastingMessage, what), step_id].append(Found(one.channel, one.ts, one.revision))
        return found

    async def ask_again(self, run: Run[AskAgain]) -> Finished | None:
        """Nothing if they have been sent again meanwhile."""
        step_id, revision = run.effect.step, run.effect.revision
        thread = await self._threads.of(run, "customer", step_id)
        if thread.case.record(step_id).revision >= revision:
            return None
        drawn = answers_lost.answers_lost(thread.case.snapshot, step_id, revision, thread.texts)
        return await self._threads.post(run, thread, [drawn])
