"""Calls for help in support's channel: one message in the step's thread that is shown in the channel too, edited when somebody begins to
answer and when it is answered."""

from dataclasses import replace

from bot.jobs.lasting import GONE
from bot.jobs.registry import Finished, Run
from bot.jobs.threads import Threads
from bot.messages.calls import call_message
from bot.messages.support import Support
from bot.slack.client import Slack
from bot.slack.errors import SlackError
from flows.model import Posted
from flows.outbox import ShowCall
from flows.ports import Unit
from storage.store import Store

KIND = "call"
"""Of `flows.model.Posted`."""


class CallMessages:
    def __init__(self, store: Store, slack: Slack, threads: Threads, support: Support) -> None:
        self._store, self._slack, self._threads, self._support = store, slack, threads, support

    async def show(self, run: Run[ShowCall]) -> Finished | None:
        asked = run.effect
        thread = await self._threads.of(run, asked.where, asked.step)
        case = thread.case
        call = next((one for one in case.snapshot.calls if one.id == asked.call), None)
        if call is None:
            return None
        drawn, subject = call_message(case.snapshot, call, thread.texts), call.id.rpartition(":")[2]
        async with self._store.read() as unit:
            posted = await unit.posted(case.id, KIND, subject)
        here = posted is not None and posted.channel_id == self._support.channel
        if posted is not None and call.answered_at is not None and not here:
            return None  # the former channel's messages are left alone
        if posted is not None and here:
            try:
                await self._slack.update(posted.channel_id, posted.ts, drawn.text, drawn.blocks)
            except SlackError as error:
                if error.error not in GONE:
                    raise
            return Finished({"channel": posted.channel_id, "ts": posted.ts})
        finished = await self._threads.post(run, thread, [drawn], broadcast=True)

        async def keep(unit: Unit) -> None:
            where = {"channel_id": str(finished.result["channel"]), "ts": str(finished.result["ts"])}
            await unit.place(Posted(id=f"{case.id}:{KIND}:{subject}", onboarding_id=case.id, kind=KIND, subject=subject, **where))

        return replace(finished, also=keep)
