"""Escalations: support is told that a step stands still in spite of all reminders, with a link to where it is discussed."""

from dataclasses import replace

from bot.jobs.lasting import root_of
from bot.jobs.registry import Finished, Run
from bot.jobs.threads import Threads
from bot.messages.reminder import escalation
from bot.slack.client import Slack
from bot.slack.errors import SlackError
from flows.cases.presence import called
from flows.cases.settle import side_of
from flows.outbox import Escalate
from flows.people import Side
from storage.store import Store


class Escalations:
    def __init__(self, store: Store, slack: Slack, threads: Threads) -> None:
        self._store, self._slack, self._threads = store, slack, threads

    async def escalate(self, run: Run[Escalate]) -> Finished | None:
        """Nothing if the turn passed while it waited for Slack. A slow customer is told of below the review card, so that the link leads
        to the customer's thread; of support itself in its channel, with a link to the card. If the
        owner has left, either is told in the channel: in a thread, nobody would see it."""
        asked = run.effect
        side = Side.CUSTOMER if asked.where == "support" else Side.SUPPORT
        thread = await self._threads.of(run, asked.where, asked.step)
        if side_of(thread.case.record(asked.step)) is not side:
            return None
        if not called(thread.case.snapshot, thread.case.onboarding.owner_id):
            thread = replace(thread, where="support_channel")
        link = await self._link(thread.case.id, root_of(side.value), asked.step)
        return await self._threads.post(run, thread, [escalation(thread.case.snapshot, asked, link, thread.texts)])

    async def _link(self, onboarding_id: str, kind: str, step_id: str) -> str:
        """Empty if there is no such message, or Slack does not find it."""
        async with self._store.read() as unit:
            posted = await unit.posted(onboarding_id, kind, step_id)
        if posted is None:
            return ""
        try:
            return await self._slack.permalink(posted.channel_id, posted.ts)
        except SlackError as error:
            if error.transient:
                raise
            return ""
