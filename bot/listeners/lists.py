"""Support's lists as they are asked for: by a command, by a press on a filter or the next page, by a search from App Home."""

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress

from bot.messages import lists
from bot.messages.blocks import Block, Drawing
from bot.messages.buttons import ButtonValue
from bot.messages.links import Links
from bot.messages.lists import Asked, ListContext, ListKind, StuckCall
from bot.messages.texts import Texts, languages
from bot.modals.private_answers import PrivateAnswers
from bot.slack.client import Slack
from bot.slack.payloads import Click
from flows.cases import searches
from flows.cases.case import Cases
from flows.desk import Need, Only, Page, Waiting
from flows.model import Call, Draft
from flows.names import folded
from flows.people import Who
from flows.ports import Unit
from flows.problems import Refused
from storage.sealing import SealError
from storage.store import Store, Unavailable

ROWS = 50
"""Of a page in a message, at most: a name is opened for each, and a list is to take 50 ms of CPU with 10,000 onboardings."""

FILTERS: Mapping[Only, frozenset[str]] = {
    Only.ALL: frozenset({"all", "todos", "todas", "tudo"}),
    Only.MINE: frozenset({"mine", "my", "meus", "minhas", "mis"}),
    Only.UNCLAIMED: frozenset({"unclaimed", "free", "livres", "livre", "libres"}),
    Only.OVERDUE: frozenset({"overdue", "late", "atrasados", "atrasadas", "atrasado", "vencidos"}),
    Only.STUCK: frozenset({"stuck", "travados", "travado", "bloqueados"}),
    Only.GO_LIVE: frozenset({"golive", "go live", "30 days", "30 dias"}),
}
"""How else than it is shown a filter is typed, as `folded`."""


_NUMBERED = re.compile(r"\A(?:step|etapa|paso) (?=\d+\Z)")
"""Before a step's number."""


def read_filter(kind: ListKind, typed: str, texts: Texts, steps: Sequence[str]) -> Asked | None:
    """A filter as it is shown or as people call it, or a step by its id, title or number; nothing typed is all. None if it is neither.
    ``steps``: ids, in order."""
    words = _NUMBERED.sub("", folded(typed))

    def shown(key: str) -> set[str]:
        return {folded(one(key)) for one in (*map(Texts, languages()), texts)}

    for only, ways in FILTERS.items():
        if words in ways | shown(f"list.only.{only.value}") or (not words and only is Only.ALL):
            return Asked(kind, only)
    for number, step_id in enumerate(steps, start=1):
        if words in {step_id.replace("_", " "), str(number), *shown(f"step.{step_id}.title")}:
            return Asked(kind, step_id=step_id)
    return None


class SupportLists:
    """Each list is one page of a query: nothing is read of a customer but the row and the name."""

    def __init__(self, store: Store, cases: Cases, slack: Slack, answers: PrivateAnswers) -> None:
        self._store, self._cases, self._slack, self._answers = store, cases, slack, answers

    def asked(self, kind: ListKind, typed: str, texts: Texts) -> Asked | None:
        """What somebody typed after `queue` or `status`, as `read_filter`."""
        return read_filter(kind, typed, texts, tuple(self._cases.rules.journeys.latest.steps))

    async def draw(self, who: Who, asked: Asked, texts: Texts) -> Drawing:
        """A page as an answer to one person."""
        async with self._store.read() as unit:
            return lists.message(await self.blocks(unit, who, asked, texts))

    async def blocks(self, unit: Unit, who: Who, asked: Asked, texts: Texts, rows: int = ROWS) -> list[Block]:
        """``rows``: of a page, at most. Raises Refused if it is a search that is kept no longer."""
        if asked.kind is ListKind.FOUND:
            return await self._found(unit, await searches.of(unit, who, asked.search), asked, texts, rows)
        look = self._look(unit, texts, rows)
        if asked.kind is ListKind.QUEUE:
            page = await unit.waiting(asked.wanted(who.user_id), first=asked.first, limit=rows)
            return lists.queue(asked, page, await _calls(unit, page), look)
        return lists.board(asked, await unit.standings(asked.wanted(who.user_id), first=asked.first, limit=rows), look)

    async def find(self, who: Who, typed: str, texts: Texts, rows: int = ROWS) -> list[Block]:
        """Those whose name somebody typed a part of, open or closed. Where they have further pages, what was typed is kept for a while.
        Raises Refused if there is none."""
        search = searches.new(who, typed)
        async with self._store.read() as unit:
            shown = await self._found(unit, search, Asked(ListKind.FOUND, search=search.item), texts, rows)
        if lists.has_pages(shown):
            with suppress(Unavailable):  # what was found is shown all the same, and its further pages ask for the search anew
                await self._store.transact(lambda unit: searches.keep(unit, search))
        return shown

    async def _found(self, unit: Unit, search: Draft, asked: Asked, texts: Texts, rows: int) -> list[Block]:
        typed = searches.typed_in(search)
        page = await unit.named(typed, closed=True, first=asked.first, limit=rows)
        if not page.total:
            raise Refused("no_match", text=typed)
        return lists.board(asked, page, self._look(unit, texts, rows))

    def _look(self, unit: Unit, texts: Texts, rows: int) -> ListContext:
        steps = tuple(self._cases.rules.journeys.latest.steps.values())
        return ListContext(texts, unit.now, Links(self._slack.address), steps, rows)

    async def turn(self, click: Click, value: ButtonValue) -> None:
        """Another filter or page of an answer, in its place. After the acknowledgement."""
        try:
            self._cases.access.require_support(click.who)
            shown = await self.draw(click.who, Asked.of(value), await self._answers.texts(click.who))
        except Exception as error:  # noqa: BLE001  the person who pressed is told
            await self._answers.explain(click.who, click.channel_id, error)
            return
        await self._answers.show(click.who, click.channel_id, shown, click.response_url, replace=True)


async def _calls(unit: Unit, page: Page[Waiting]) -> Mapping[str, StuckCall]:
    """By id, of those who are stuck and stand on top; what was damaged is left out."""
    found = {}
    for row in _called(page.rows):
        try:
            call = await unit.get(Call, row.item)
            if call is not None and not call.answered_at:
                found[call.id] = StuckCall(call.words, call.claimer_id)
        except SealError:
            continue
    return found


def _called(rows: Sequence[Waiting]) -> Sequence[Waiting]:
    return [row for row in rows if row.need is Need.STUCK][: lists.WITH_WORDS]
