"""Nobody of the customer presses anything: support is told once, in business time, and no longer asked to see to it once somebody does."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from flows.cases import fill, manage, silence
from flows.cases.access import May
from flows.cases.case import Case
from flows.desk import Need, Wanted
from flows.people import Side, Who
from flows.ports import Unit
from tests.flows.cases.casework import COLLEAGUE, KIM, LEAD, MONDAY, OWNER, CaseBook, case_book

DAY = timedelta(days=1)
PAT = Who(OWNER.team_id, "UPAT")
FRIDAY = datetime(2026, 3, 13, 20, tzinfo=UTC)
"""Five in the afternoon in São Paulo."""


@pytest.fixture
async def acme(tmp_path: Path) -> AsyncIterator[CaseBook]:
    async with case_book(tmp_path) as book:
        await book.start()
        yield book


def tell(case: Case) -> int:
    return silence.tell(case, OWNER.team_id)


async def swept(acme: CaseBook) -> list[str]:
    """Whom support is told of, by a sweep."""
    await acme.news("say")
    for one in await acme.do(silence.due):
        assert one == acme.id
        await acme.act(tell)
    told = [effect.arguments for effect in await acme.news("say") if effect.arguments["key"] == "nobody_pressed"]
    assert all(one["mention"] == [OWNER.user_id] for one in told)
    return [one["params"]["customer"] for one in told]


async def waits(acme: CaseBook) -> list[Need]:
    async def queue(unit: Unit) -> list[Need]:
        return [row.need for row in (await unit.waiting(Wanted())).rows]

    return await acme.do(queue)


async def test_support_is_told_once_and_the_row_goes_when_somebody_presses(acme: CaseBook) -> None:
    acme.now = MONDAY + DAY - timedelta(minutes=1)
    assert await swept(acme) == []
    acme.now = MONDAY + DAY
    assert await swept(acme) == ["Acme Bank"]
    assert await waits(acme) == [Need.SILENT]
    acme.now += DAY
    await acme.act(
        lambda case: case.say("customer", "planning", "stuck_received", by=LEAD.user_id), KIM
    )  # support's own don't count
    assert await swept(acme) == []
    await acme.act(lambda case: manage.assign(case, "planning", PAT, Side.CUSTOMER))
    await acme.act(lambda case: fill.fillable(case, "planning"), PAT)  # of Pismo's workspace, as nobody of the bank's is
    assert await waits(acme) == [Need.SILENT]
    await acme.act(lambda case: fill.fillable(case, "planning"), LEAD)
    assert await waits(acme) == []
    acme.now += 3 * DAY
    assert await swept(acme) == []


async def test_a_weekend_is_no_day_and_a_press_by_anybody_of_the_customer_is_enough(acme: CaseBook) -> None:
    acme.now = FRIDAY
    quiet = await acme.start("C2", "Quiet Bank")
    for hours in (24, 40, 63, 71.9):
        acme.now = FRIDAY + timedelta(hours=hours)
        assert [one for one in await acme.do(silence.due) if one == quiet] == [quiet] * (hours >= 24)
        assert await acme.act(tell) == 0
    acme.now = FRIDAY + timedelta(hours=72)
    assert await acme.act(lambda case: silence.tell(case, own_team=LEAD.team_id)) == 1
    told = {effect.arguments["key"]: effect.arguments["mention"] for effect in await acme.news("say")}
    assert told["nobody_pressed_guests"] == [OWNER.user_id]  # Slack Connect is in nobody's way there
    assert "nobody_pressed" not in told
    pressing = await acme.start("C3", "Pressing Bank")

    async def joins(unit: Unit) -> None:
        async with acme.cases.open(unit, pressing, COLLEAGUE, May.EITHER, channel_id="C3") as case:
            assert case.onboarding.pressed_at == acme.now

    await acme.do(joins)
    acme.now += 7 * DAY
    assert pressing not in await acme.do(silence.due)
