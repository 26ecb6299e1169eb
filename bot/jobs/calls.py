"""Calls for help in support's channel: one message in the step's thread that is shown in the channel too, edited when somebody begins to
answer and when it is answered."""

from dataclasses import replace
from typing import Any

from bot.jobs.lasting import GONE
from bot.jobs.registry import Finished, Run
from bot.jobs.threads import Thread, Threads
from bot.messages.calls import call_message
from bot.messages.support import Support
from bot.slack.client import Slack
from bot.slack.errors import SlackError
from flows.model import Call, Posted
from flows.outbox import Effect, RedrawCall, ShowCall
from flows.ports import Unit
from storage.store import Store


class CallMessages:
    def __init__(self, store: Store, slack: Slack, threads: Threads, support: Support) -> None:
        self._store, self._slack, self._threads, self._support = store, slack, threads, support

    async def show(self, run: Run[ShowCall]) -> Finished | None:
        found = await self._find(run)
        if found is None:
            return None
        thread, call, posted = found
        case, (kind, subject) = thread.case, run.effect.message
        if self._stands(posted):
            return Finished(also=lambda unit: _ask(unit, case.id, RedrawCall(step=run.effect.step, call=call.id)), called=False)
        if posted is not None and call.answered_at is not None:
            return None  # the former channel's messages are left alone
        drawn = call_message(case.snapshot, call, thread.texts)
        finished = await self._threads.post(run, thread, [drawn], broadcast=True)

        async def keep(unit: Unit) -> None:
            where = {"channel_id": str(finished.result["channel"]), "ts": str(finished.result["ts"])}
            await unit.place(Posted(id=f"{case.id}:{kind}:{subject}", onboarding_id=case.id, kind=kind, subject=subject, **where))

        return replace(finished, also=keep)

    async def redraw(self, run: Run[RedrawCall]) -> Finished | None:
        found = await self._find(run)
        if found is None:
            return None
        thread, call, posted = found
        if posted is None or not self._stands(posted):
            shows = ShowCall(step=run.effect.step, call=call.id)
            return Finished(also=lambda unit: _ask(unit, thread.case.id, shows), called=False)
        drawn = call_message(thread.case.snapshot, call, thread.texts)
        try:
            await self._slack.update(posted.channel_id, posted.ts, drawn.text, drawn.blocks)
        except SlackError as error:
            if error.error not in GONE:
                raise
        return Finished({"channel": posted.channel_id, "ts": posted.ts})

    async def _find(self, run: Run[Any]) -> tuple[Thread, Call, Posted | None] | None:
        """The call, and where its message is. None if there is no such call."""
        thread = await self._threads.of(run, run.effect.where, run.effect.step)
        call = next((one for one in thread.case.snapshot.calls if one.id == run.effect.call), None)
        if call is None:
            return None
        async with self._store.read() as unit:
            return thread, call, await unit.posted(thread.case.id, *run.effect.message)

    def _stands(self, posted: Posted | None) -> bool:
        return posted is not None and posted.channel_id == self._support.channel


async def _ask(unit: Unit, onboarding_id: str, effect: Effect) -> None:
    unit.ask(onboarding_id, effect)
