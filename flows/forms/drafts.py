"""A draft that colleagues share: what one window shows of it, and where that is once someone else has changed the draft."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flows.forms.fields import Answers
from flows.forms.pages import MAX_ITEMS, Slot, item_of, raw_of, slots
from flows.forms.step import Form, Page

REVIEW = -1
"""The index of the last page, which shows all answers."""


def slot_of(form: Form, name: str) -> Slot | None:
    """The page with this name (`Slot.name`), currently asked or not."""
    for page in form.pages:
        item = name.removeprefix(page.id)
        if page.repeat and name.startswith(page.id) and item.isdecimal():
            return Slot(page, int(item))
        if not page.repeat and name == page.id:
            return Slot(page)
    return None


def order_with(form: Form, answers: Answers, slot: Slot) -> list[Slot]:
    """The pages to ask, including a new entry someone has open although a colleague marked the list complete."""
    order = slots(form, answers)
    same = [index for index, asked in enumerate(order) if asked.page.repeat == slot.page.repeat]
    if (
        slot.item is not None
        and same
        and not slot.page.to_correct
        and order[same[-1]].item == slot.item - 1
        and slot.item < MAX_ITEMS
    ):
        order.insert(same[-1] + 1, slot)
    return order


def index_of(order: Sequence[Slot], slot: Slot) -> int | None:
    return next((index for index, asked in enumerate(order) if asked.name == slot.name), None)


def version(form: Form, answers: Answers, order: Sequence[Slot], index: int, *, brief: bool = False) -> str:
    """What a window shows, as ``all/page:entry.entry``; changes once what sending it would replace, or send, has changed. ``brief``: the
    page is the only one that is asked."""
    if index == REVIEW:
        return f"{mark(answers)}/"
    slot = order[index]
    everything = mark(answers) if brief or (index == len(order) - 1 and not form.review) else ""  # it sends right away
    marks = [mark(raw_of(slot, answers))] if slot.item is None else _marks(slot.page, answers)
    return f"{everything}/{slot.name}:{'.'.join(marks)}"


@dataclass(frozen=True)
class PagePosition:
    """The page to show instead of one that was changed. ``same``: it asks for the same as before; else its entry is gone."""

    slot: Slot
    same: bool


def page_position(form: Form, answers: Answers, slot: Slot, shown: str) -> PagePosition:
    """Where a window's page is now. ``shown``: its version."""
    order = slots(form, answers)
    asked = [one for one in order if one.page.id == slot.page.id]
    if not asked:
        return PagePosition(order[0], same=False)
    if slot.item is None:
        return PagePosition(slot, same=True)
    before = [one for one in shown.partition(":")[2].split(".") if one]
    now = _marks(slot.page, answers)
    if slot.item >= len(before):  # a new one: after those others added
        return PagePosition(Slot(slot.page, len(now)), same=True) if len(now) < MAX_ITEMS else PagePosition(asked[-1], same=False)
    mine = before[slot.item]
    if mine in now:
        there = [item for item, now_there in enumerate(now) if now_there == mine]
        return PagePosition(Slot(slot.page, min(there, key=lambda item: abs(item - (slot.item or 0)))), same=True)
    if index_of(order, slot) is not None and len(now) == len(before) and _others(now, slot.item) == _others(before, slot.item):
        return PagePosition(slot, same=True)
    return PagePosition(asked[min(slot.item, len(asked) - 1)], same=False)


def with_typed(slot: Slot, answers: Answers, typed: Answers) -> Answers:
    """Only for display: the answers with one page's typed values over the stored ones."""
    if slot.item is None:
        return {**answers, **typed}
    items = list(answers.get(slot.page.repeat) or [])
    items[slot.item : slot.item + 1] = [{**item_of(slot, answers), **typed}]
    return {**answers, slot.page.repeat: items}


def _others(marks: list[str], item: int) -> list[str]:
    return [*marks[:item], *marks[item + 1 :]]


def _marks(page: Page, answers: Answers) -> list[str]:
    return [mark(entry) for entry in answers.get(page.repeat) or []]


def mark(values: Mapping[str, Any]) -> str:
    """Eight hex digits that tell values apart; empty values count as missing."""
    given = {name: value for name, value in values.items() if value not in (None, "", [])}
    return hashlib.sha256(json.dumps(given, sort_keys=True).encode()).hexdigest()[:8]
