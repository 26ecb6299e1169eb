"""Support's lists: what waits for support, and how each onboarding stands. A row leads to its card by a link.

Where Slack draws tables, a list is one (`bot.messages.tables`); the filters and the next page take its place when they are pressed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from bot.messages import turns
from bot.messages.blocks import COMMENT, Block, Drawing, actions, button, clip, context, drawing, header, link, section
from bot.messages.board import age
from bot.messages.buttons import Act, ButtonValue, OldButton
from bot.messages.links import Links
from bot.messages.tables import TEXT, Cell, CellLink, CellNumber, length, table
from bot.messages.texts import Raw, Texts, typed
from flows.desk import Need, Only, Page, Standing, Waiting, Wanted
from flows.forms.step import Step
from flows.people import SYSTEM, Side

WITH_WORDS = 5
"""Of a page, those who are stuck and stand above the table, with their words and a button."""
WORDS = 300
"""Characters of what they wrote that stand there; Answer shows all of it."""
NAME = 60
"""Characters of a customer's name in a cell."""


class ListKind(StrEnum):
    QUEUE = "queue"  # what waits for support
    BOARD = "status"  # all open onboardings
    FOUND = "find"


@dataclass(frozen=True)
class Asked:
    """Which list somebody asked for, how it is narrowed down, and from which row on. ``search``: under which id it is kept what they typed
    to find somebody, which stands in no button."""

    kind: ListKind
    only: Only = Only.ALL
    step_id: str = ""
    first: int = 0
    search: str = ""

    def wanted(self, user_id: str) -> Wanted:
        return Wanted(self.only, user_id, self.step_id)

    @property
    def value(self) -> ButtonValue:
        return ButtonValue(item=self.kind.value, only=self.only.value, step=self.step_id, slot=self.first, search=self.search)

    @classmethod
    def of(cls, value: ButtonValue) -> "Asked":
        """Raises OldButton for a list or a filter that there is not, or not any more."""
        try:
            return cls(ListKind(value.item), Only(value.only or Only.ALL), value.step, max(value.slot, 0), value.search)
        except ValueError:
            raise OldButton from None


@dataclass(frozen=True)
class StuckCall:
    """What somebody who is stuck wrote, and the user id of who of support answers it; empty if nobody does yet."""

    words: str
    answering: str = ""


@dataclass(frozen=True)
class ListContext:
    """For whom a list is drawn, and when. ``steps``: of the current journey, to choose from; ``rows``: at most, per page."""

    texts: Texts
    now: datetime
    links: Links
    steps: Sequence[Step]
    rows: int


def queue(asked: Asked, page: Page[Waiting], calls: Mapping[str, StuckCall], look: ListContext) -> list[Block]:
    """``calls``: by id, of those who are stuck."""
    texts = look.texts
    called = [row for row in page.rows if row.need is Need.STUCK and row.item in calls][:WITH_WORDS]
    above = [block for row in called for block in _stuck(row, calls[row.item], look)]
    columns = [texts(f"list.column.{name}") for name in ("customer", "step", "need", "waits", "claimer", "owner")]
    rows = [_waiting(row, look) for row in page.rows if row not in called]
    below = table(texts("list.title.queue"), columns, rows, characters=TEXT - length(above), left_out=_silent)
    shown = len(called) + _rows(below)
    return [*_heading(asked, page, shown, look), *above, *below, *_turning(asked, page, shown, look)]


def board(asked: Asked, page: Page[Standing], look: ListContext) -> list[Block]:
    texts = look.texts
    columns = [
        texts(f"list.column.{name}") for name in ("customer", "channel", "done", "turn", "step", "waits", "go_live", "owner")
    ]
    rows = table(texts("list.title.status"), columns, [_standing(row, look) for row in page.rows], left_out=_silent)
    shown = _rows(rows)
    return [*_heading(asked, page, shown, look), *rows, *_turning(asked, page, shown, look)]


def has_pages(found: Sequence[Block]) -> bool:
    """Whether a list of those who were found, which has no filters, has a button to another page."""
    return any(block["type"] == "actions" for block in found)


def message(blocks: Sequence[Block]) -> Drawing:
    """An answer to one person: never edited, so that all of a list fits into its text."""
    return drawing(blocks, most_text=COMMENT)


def _silent(_left_out: int) -> str:
    """The heading says which rows there are, and the next page begins with those left out."""
    return ""


# -- rows


def _waiting(row: Waiting, look: ListContext) -> list[Cell]:
    texts = look.texts
    step = texts.of(row.journey)(f"step.{row.step_id}.title") if row.step_id else ""
    by = f"{need_words(row, texts)}: <@{row.user_id}>" if row.user_id not in ("", SYSTEM.user_id) else need_words(row, texts)
    return [_name(row.customer, look.links.to(row.place)), step, by, _since(row.since, look, overdue=row.overdue), *_people(row)]


def need_words(row: Waiting, texts: Texts) -> str:
    """Why it waits, as plain text."""
    return texts("list.invitations", n=row.things) if row.need is Need.INVITATION else texts(f"list.need.{row.need.value}")


def _people(row: Waiting) -> list[Cell]:
    return [f"<@{user_id}>" if user_id else "" for user_id in (row.claimer_id, row.owner_id)]


def _standing(row: Standing, look: ListContext) -> list[Cell]:
    texts = look.texts
    done = texts("list.done", done=row.done, steps=row.steps)
    skipped = f", {texts('list.skipped', n=row.skipped)}" if row.skipped else ""
    step = texts.of(row.journey)(f"step.{row.step_id}.title") if row.step_id else ""
    day = texts.day(row.go_live.isoformat()) if row.go_live else ""
    return [
        _name(row.customer, look.links.to(row.place)),
        f"<#{row.channel_id}>" if row.channel_id else "",
        CellNumber((row.done + row.skipped) / max(row.steps, 1), f"{done}{skipped}"),
        _turn(row, texts),
        step,
        _since(row.since, look, overdue=row.overdue)
        if row.since
        else CellNumber(0, texts("list.overdue") if row.overdue else ""),
        CellNumber((row.go_live or date.max).toordinal(), day),
        f"<@{row.owner_id}>" if row.owner_id else "",
    ]


def _turn(row: Standing, texts: Texts) -> str:
    if row.closed_at:
        return texts("state.closed")
    if row.stuck:
        return texts("list.need.stuck")
    return turns.by_name(Side(row.side), clip(row.customer, NAME), row.claimer_id or row.owner_id, texts) if row.side else ""


def _name(customer: str, url: str) -> Cell:
    name = clip(customer, NAME)
    return CellLink(name, url) if url else typed(name)


def _since(since: datetime, look: ListContext, *, overdue: bool) -> CellNumber:
    """Sorted by the seconds that it waits."""
    words = age(since, look.now, look.texts)
    shown = f"{words}, {look.texts('list.overdue')}" if overdue else words
    return CellNumber(round((look.now - since).total_seconds()), shown)


def _stuck(row: Waiting, call: StuckCall, look: ListContext) -> list[Block]:
    texts = look.texts
    step = texts.of(row.journey)(f"step.{row.step_id}.title") if row.step_id else texts("list.need.stuck")
    said = texts.md(
        "list.stuck",
        customer=row.customer,
        step=step,
        user=Raw(f"<@{row.user_id}>"),
        age=age(row.since, look.now, texts),
        words=clip(call.words, WORDS),
    )
    by = [context(texts.md("list.answering", user=Raw(f"<@{call.answering}>")))] if call.answering else []
    value = ButtonValue(onboarding=row.onboarding_id, step=row.step_id, item=row.item)
    buttons = [button(texts("button.answer_call"), Act.ANSWER_CALL, value, style="primary", name=row.item)]
    if url := look.links.to(row.place):
        buttons.append(link(texts("button.card"), url, row.item))
    return [section(said), *by, actions(*buttons)]


# -- around them


def _heading(asked: Asked, page: Page[Waiting] | Page[Standing], rows: int, look: ListContext) -> list[Block]:
    """``rows``: how many are shown."""
    texts = look.texts
    title = header(texts(f"list.title.{asked.kind.value}"))
    narrowed = asked.only is not Only.ALL or bool(asked.step_id)
    if not rows:
        nothing = "list.nothing_here" if narrowed or asked.first else f"list.nothing.{asked.kind.value}"
        return [title, section(texts(nothing, filter=_filter(asked, look)))]
    count = texts("list.rows", first=page.first + 1, last=page.first + rows, total=page.total)
    return [title, context(f"{count} {texts('list.filtered', filter=_filter(asked, look))}" if narrowed else count)]


def _rows(drawn: Sequence[Block]) -> int:
    """Of a table as it was drawn, without its header."""
    return len(drawn[0]["rows"]) - 1 if drawn else 0


def _filter(asked: Asked, look: ListContext) -> str:
    return look.texts(f"step.{asked.step_id}.title") if asked.step_id else look.texts(f"list.only.{asked.only.value}")


def _turning(asked: Asked, page: Page[Waiting] | Page[Standing], rows: int, look: ListContext) -> list[Block]:
    """The filters, and the pages before and after. What had no room in the table is the first of the next page."""
    texts, kind = look.texts, asked.kind.value
    elements = [_filters(asked, look)] if asked.kind is not ListKind.FOUND else []
    if asked.first:
        before = replace(asked, first=max(asked.first - look.rows, 0))
        elements.append(button(texts("button.previous_page"), Act.LIST, before.value, name=f"{kind}-before"))
    if (after := page.first + rows) < page.total:
        elements.append(button(texts("button.next_page"), Act.LIST, replace(asked, first=after).value, name=f"{kind}-after"))
    return [actions(*elements)] if elements else []


def _filters(asked: Asked, look: ListContext) -> Block:
    texts = look.texts

    def option(one: Asked) -> Block:
        text = {"type": "plain_text", "text": _filter(one, look)[:75], "emoji": False}
        return {"text": text, "value": one.value.dump()}

    by_only = [option(Asked(asked.kind, only)) for only in Only]
    by_step = [option(Asked(asked.kind, step_id=step.id)) for step in look.steps]
    chosen = option(replace(asked, first=0, only=Only.ALL if asked.step_id else asked.only))
    groups = [(texts("list.filters"), by_only), (texts("list.by_step"), by_step)]
    return {
        "type": "static_select",
        "action_id": f"{Act.LIST.value}:{asked.kind.value}-filter",
        "placeholder": {"type": "plain_text", "text": texts("list.filters"), "emoji": False},
        "option_groups": [
            {"label": {"type": "plain_text", "text": label, "emoji": False}, "options": options}
            for label, options in groups
            if options
        ],
        "initial_option": chosen,
    }
