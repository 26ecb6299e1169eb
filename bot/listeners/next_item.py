"""After a decision, whoever made it is offered what waits next, never what a colleague has taken."""

from bot.messages.blocks import Drawing, actions, drawing, link, section
from bot.messages.board import age
from bot.messages.links import Links
from bot.messages.lists import need_words
from bot.messages.texts import Texts
from bot.modals.private_answers import PrivateAnswers
from bot.slack.client import Slack
from flows.cases.case import Cases
from flows.desk import Only, Waiting, Wanted
from flows.people import Who
from flows.ports import Unit
from storage.store import Store

LOOKED_AT = 3
"""The first rows of a list: one of them may be what was just decided, which waits for a second person."""


class NextItem:
    """``channel``: support's, where nothing else is known."""

    def __init__(self, store: Store, cases: Cases, slack: Slack, answers: PrivateAnswers, channel: str) -> None:
        self._store, self._cases, self._slack, self._answers, self._channel = store, cases, slack, answers, channel

    async def offer(self, who: Who, onboarding_id: str, step_id: str, channel_id: str = "") -> None:
        """Seen by them alone. Nothing for the customer's people, who have the same buttons for their own tasks."""
        if not self._cases.access.is_support(who):
            return
        texts = await self._answers.texts(who)
        async with self._store.read() as unit:
            row = await _next(unit, who, (onboarding_id, step_id))
            shown = _drawn(row, texts, Links(self._slack.address), unit)
        await self._answers.show(who, channel_id or self._channel, shown)


async def _next(unit: Unit, who: Who, done: tuple[str, str]) -> Waiting | None:
    """Of their own first, then of what nobody has taken."""
    for only in (Only.MINE, Only.UNCLAIMED):
        page = await unit.waiting(Wanted(only, who.user_id), limit=LOOKED_AT)
        for row in page.rows:
            if (row.onboarding_id, row.step_id) != done:
                return row
    return None


def _drawn(row: Waiting | None, texts: Texts, links: Links, unit: Unit) -> Drawing:
    if row is None:
        return drawing([section(texts("list.nothing_next"))])
    step = texts.of(row.journey)(f"step.{row.step_id}.title") if row.step_id else ""
    what = " · ".join(part for part in (step, need_words(row, texts)) if part)
    said = section(texts.md("list.next", customer=row.customer, what=what, age=age(row.since, unit.now, texts)))
    url = links.to(row.place)
    return drawing([said, actions(link(texts("button.card"), url, "next"))] if url else [said])
