"""Support's lists on App Home and what a search finds, over more customers than a page has: each row is on one page, whichever way the
pages are turned."""

import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.listeners.lists import SupportLists
from bot.messages.blocks import Block
from bot.messages.buttons import parse
from bot.messages.home import support_home
from bot.messages.lists import Asked, ListKind
from bot.messages.tables import without_tables
from bot.messages.texts import Texts, for_locale
from bot.modals.private_answers import PrivateAnswers
from bot.slack.client import Slack
from bot.slack.people import People
from flows.desk import PAGE
from flows.model import Call, StepRecord
from flows.problems import Refused
from flows.state import StepState
from playground.slack.checks import check_view
from tests.flows.cases.casework import KIM, LIZ, CaseBook, case_book
from tests.storage.example import onboarding

NAMES = [f"Acme {number:02}" for number in range(35)]
STUCK = 7
"""So many of them are stuck; the others wait for a review."""
EN = Texts("en")


@pytest.fixture
async def book(tmp_path: Path) -> AsyncIterator[CaseBook]:
    async with case_book(tmp_path) as book:
        async with book.store.write() as unit:
            for number, name in enumerate(NAMES):
                one, since = onboarding(customer=name, journey="2"), book.now - timedelta(hours=number)
                step = StepRecord(id=f"{one.id}:planning", onboarding_id=one.id, step_id="planning", position=0)
                if number < STUCK:
                    unit.add(Call(id=f"{one.id}:stuck:1", onboarding_id=one.id, kind="stuck", step_id="planning", at=since))
                else:
                    step.state, step.turn, step.turn_since = StepState.SUBMITTED, "support:submitted:1", since
                unit.add(one)
                unit.add(step)
        yield book


@pytest.fixture
def lists(book: CaseBook) -> SupportLists:
    slack = Slack("xoxb-none", "http://127.0.0.1:9/api/")
    people = People(book.store, slack, book.access, for_locale=for_locale)
    return SupportLists(book.store, book.cases, slack, PrivateAnswers(book.store, slack, people))


def named(blocks: list[Block]) -> list[str]:
    return re.findall(r"Acme \d\d", json.dumps(blocks))


def led_to(blocks: list[Block], ending: str) -> Asked | None:
    """What the button of this name asks for."""
    elements = [one for block in blocks if block["type"] == "actions" for one in block["elements"]]
    return next((Asked.of(parse(one["value"])) for one in elements if one["action_id"].endswith(ending)), None)


async def turned(first: Asked, page: Callable[[Asked], Awaitable[list[Block]]]) -> list[str]:
    """All names, pressing "next" to the end; then back to the beginning, where each page is whole as well."""
    asked: Asked | None = first
    forth, back, last = list[str](), list[str](), first
    while asked is not None:
        last, blocks = asked, await page(asked)
        forth += named(blocks)
        asked = led_to(blocks, "-after")
    asked = last
    while asked is not None:
        blocks = await page(asked)
        back = [*named(blocks), *back]
        asked = led_to(blocks, "-before")
    assert back == forth
    return forth


@pytest.mark.parametrize("kind", [ListKind.QUEUE, ListKind.BOARD])
async def test_app_home_leads_to_every_row_once(book: CaseBook, lists: SupportLists, kind: ListKind) -> None:
    async def page(asked: Asked) -> list[Block]:
        """Of the one list; the other one stays on its first."""
        shown = {one: Asked(one) for one in (ListKind.QUEUE, ListKind.BOARD)} | {kind: asked}
        async with book.store.read() as unit:
            queue, board = [await lists.blocks(unit, KIM, one, EN, PAGE) for one in shown.values()]
        view: dict[str, Any] = check_view(support_home(queue, board, EN), "home")
        blocks: list[Block] = view["blocks"]
        middle = [block["type"] for block in blocks].index("divider")
        return blocks[:middle] if kind is ListKind.QUEUE else blocks[middle:]

    seen = await turned(Asked(kind), page)
    assert sorted(seen) == NAMES
    assert set(seen[:STUCK]) == set(NAMES[:STUCK])  # whoever is stuck comes first


async def test_a_search_leads_to_all_that_it_found_for_whoever_searched_for_a_day(book: CaseBook, lists: SupportLists) -> None:
    first = await lists.find(KIM, "acme", EN, PAGE)
    asked = led_to(first, "-after")
    assert asked is not None
    assert "acme" not in asked.value.dump()

    async def page(asked: Asked) -> list[Block]:
        async with book.store.read() as unit:
            return without_tables(await lists.blocks(unit, KIM, asked, EN, PAGE))

    assert sorted(await turned(Asked(ListKind.FOUND, search=asked.search), page)) == NAMES
    async with book.store.read() as unit:
        with pytest.raises(Refused, match="search_over"):
            await lists.blocks(unit, LIZ, asked, EN)
    book.now += timedelta(days=1, minutes=1)
    with pytest.raises(Refused, match="search_over"):
        await page(asked)
    assert named(await lists.find(KIM, "acme 07", EN, PAGE)) == ["Acme 07"]
