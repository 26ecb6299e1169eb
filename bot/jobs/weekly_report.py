"""The weekly report in support's channel."""

from bot.jobs.registry import Finished, Run
from bot.messages.report import report as drawn
from bot.messages.support import Support
from bot.slack.client import Slack
from flows.cases.case import Cases
from flows.cases.report import report
from flows.outbox import PostReport
from storage.store import Store

WEEK = 7


class WeeklyReports:
    def __init__(self, store: Store, cases: Cases, slack: Slack, support: Support) -> None:
        self._store, self._cases, self._slack, self._support = store, cases, slack, support

    async def post(self, run: Run[PostReport]) -> Finished:
        """As it stands when it is posted; a week of nothing isn't told."""
        async with self._store.read() as unit:
            found = await report(unit, self._cases.rules, WEEK)
        if found.is_empty:
            return Finished(called=False)
        shown = drawn(found, self._support.texts())
        channel, ts = await self._slack.post_once(self._support.channel, shown.text, shown.blocks, run.id, again=run.again)
        return Finished({"channel": channel, "ts": ts})
