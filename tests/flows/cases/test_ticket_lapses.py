"""What the Service Desk would do by itself is warned of before, once, by the calendar of whoever counts."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from flows.cases import ticket_lapses
from flows.cases.tickets import FiledTicket, note_status
from tests.flows.cases.casework import LEAD, OWNER, CaseBook, case_book

STEP = "service_desk"
FRIDAY = datetime(2026, 3, 13, 15, tzinfo=UTC)
"""Noon in São Paulo."""


@pytest.fixture
async def acme(tmp_path: Path) -> AsyncIterator[CaseBook]:
    """A request was filed by hand as SD-7."""
    async with case_book(tmp_path) as one:
        await one.start()
        await one.skip("planning")
        await one.send(STEP)
        await one.approve(STEP)
        await one.task(STEP, "file_request", {"grants": ["*"], "ticket": "SD-7"})
        yield one


async def record_id(one: CaseBook) -> str:
    return next(task.id for task in (await one.snapshot()).tasks if task.answers.get("ticket") == "SD-7")


async def stands(one: CaseBook, status: str, phase: Any, since: datetime) -> None:
    ticket = FiledTicket("SD-7", "https://desk.example/SD-7", status, phase=phase, since=since)
    record = await record_id(one)
    await one.act(lambda case: note_status(case, record, ticket))


async def warned(one: CaseBook, at: datetime) -> list[tuple[str, list[str]]]:
    """Where it is warned at that moment, and who is named."""
    one.now = at
    record = await record_id(one)
    await one.act(lambda case: ticket_lapses.warn(case, record))
    news = [effect.arguments for effect in await one.news("ticket_news")]
    return [(told["where"], told["mention"]) for told in news if told["key"].endswith("_lapses")]


BOTH = [("customer", [LEAD.user_id]), ("support", [OWNER.user_id])]


async def test_a_question_is_warned_of_a_business_day_before_it_lapses_and_once(acme: CaseBook) -> None:
    await stands(acme, "PENDING", "pending", FRIDAY)
    assert await warned(acme, FRIDAY + timedelta(days=5)) == []  # Wednesday: the weekend does not count
    assert await warned(acme, FRIDAY + timedelta(days=6, minutes=1)) == BOTH
    assert await warned(acme, FRIDAY + timedelta(days=6, hours=2)) == []
    await stands(acme, "IN DEV", "", FRIDAY + timedelta(days=7))
    assert await warned(acme, FRIDAY + timedelta(days=14)) == []
    await stands(acme, "PENDING", "pending", FRIDAY + timedelta(days=14))  # asked again
    assert await warned(acme, FRIDAY + timedelta(days=20, minutes=1)) == BOTH


async def test_a_validation_counts_hours_and_is_warned_of_while_somebody_works(acme: CaseBook) -> None:
    tuesday = FRIDAY + timedelta(days=4)  # closed on Sunday
    await stands(acme, "VALIDATING", "validating", tuesday)
    assert await warned(acme, tuesday + timedelta(hours=71)) == []
    assert await warned(acme, tuesday + timedelta(hours=73)) == BOTH
    wednesday = FRIDAY + timedelta(days=12)  # closed on Monday: nobody works on the two days before
    await stands(acme, "VALIDATING", "validating", wednesday)
    assert await warned(acme, wednesday + timedelta(hours=23)) == []
    assert await warned(acme, wednesday + timedelta(hours=25)) == BOTH


async def test_what_has_lapsed_already_and_what_has_ended_is_not_warned_of(acme: CaseBook) -> None:
    await stands(acme, "VALIDATING", "validating", FRIDAY)
    assert await warned(acme, FRIDAY + timedelta(hours=121)) == []
    record = await record_id(acme)
    await acme.act(lambda case: note_status(case, record, replace(CLOSED, since=FRIDAY)))
    assert await warned(acme, FRIDAY + timedelta(hours=119)) == []


CLOSED = FiledTicket("SD-7", "https://desk.example/SD-7", "CLOSED", ended=True, outcome="resolved")


async def test_what_a_resolved_ticket_asked_for_counts_as_given_and_the_step_ends(acme: CaseBook) -> None:
    record = await record_id(acme)
    await acme.act(lambda case: note_status(case, record, CLOSED))
    snapshot = await acme.snapshot()
    assert {grant.state for grant in snapshot.grants} == {"granted"}
    assert snapshot.steps[STEP].state == "done"


@pytest.mark.parametrize("outcome", ["declined", "lapsed"])
async def test_a_ticket_closed_without_being_resolved_gives_nothing_until_support_decides(acme: CaseBook, outcome: Any) -> None:
    record = await record_id(acme)
    await acme.news("ticket_news")
    await acme.act(lambda case: note_status(case, record, replace(CLOSED, outcome=outcome)))
    news = [effect.arguments for effect in await acme.news("ticket_news")]
    told = {one["where"]: (one["key"], one["mention"]) for one in news}
    assert told == {"customer": ("desk_ended", []), "support": (f"desk_{outcome}", [OWNER.user_id])}
    assert {grant.state for grant in (await acme.snapshot()).grants} == {"filed"}
    await acme.task(STEP, "grant_access", {"grants": ["*"]})
    snapshot = await acme.snapshot()
    assert {grant.state for grant in snapshot.grants} == {"granted"}
    given = next(task for task in snapshot.tasks if task.task_id == "grant_access").answers
    assert (given["by"], given["at"]) == (OWNER.user_id, int(acme.now.timestamp()))
    assert snapshot.steps[STEP].state == "done"
