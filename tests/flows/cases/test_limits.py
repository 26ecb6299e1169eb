"""What shows in support's channel can't be done again and again by one person at a customer, and nothing typed is lost by it."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from flows.cases import calls, limits, secrets
from flows.cases.case import Case
from flows.people import Who
from flows.problems import Problem, Refused
from tests.flows.cases.casework import COLLEAGUE, LEAD, OWNER, STEPS, CaseBook, case_book


@pytest.fixture
async def acme(tmp_path: Path) -> AsyncIterator[CaseBook]:
    async with case_book(tmp_path) as book:
        await book.start()
        yield book


async def says_stuck(acme: CaseBook, who: Who = LEAD, step: str = "planning") -> tuple[Problem, ...]:
    async def work(case: Case) -> tuple[Problem, ...]:
        problems = await limits.stuck(case, step)
        if not problems:
            calls.stuck(case, step, "Who attends?")
        return problems

    found = await acme.act(work, who)
    assert isinstance(found, tuple)
    return found


async def test_support_is_told_once_an_hour_and_three_times_a_day(acme: CaseBook) -> None:
    assert await says_stuck(acme) == ()
    acme.now += timedelta(minutes=20)
    (problem,) = await says_stuck(acme)
    assert (problem.key, dict(problem.params)) == ("stuck_told", {"ago": 20, "again": 40})
    for minutes in (40, 60):
        acme.now += timedelta(minutes=minutes)
        assert await says_stuck(acme) == ()
    acme.now += timedelta(minutes=60)
    (problem,) = await says_stuck(acme)
    assert dict(problem.params) == {"ago": 60, "again": 21 * 60}
    acme.now += timedelta(hours=21)
    assert await says_stuck(acme) == ()


async def test_others_and_other_steps_are_not_held_up(acme: CaseBook) -> None:
    assert await says_stuck(acme) == ()
    assert await says_stuck(acme, COLLEAGUE) == ()
    assert await says_stuck(acme, LEAD, "organization") == ()
    assert await says_stuck(acme) != ()
    own = next(one for one in (await acme.snapshot()).calls if one.user_id == LEAD.user_id and one.step_id == "planning")
    await acme.act(lambda case: calls.settle(case, own.id, ""))
    assert await says_stuck(acme) == ()  # it was not settled after all


async def test_a_task_that_is_repeated_again_and_again_waits_for_a_while(acme: CaseBook) -> None:
    most, _ = limits.TASK[0]
    step, check = STEPS["authentication"], STEPS["authentication"].task("check_token")

    def done(case: Case) -> None:
        for _ in range(most):
            case.log("task:authentication.check_token:done")

    async def again(case: Case) -> None:
        await limits.task(case, step, check)

    await acme.act(again, LEAD)
    await acme.act(done, LEAD)
    with pytest.raises(Refused, match="too_often"):
        await acme.act(again, LEAD)
    await acme.act(again, COLLEAGUE)
    acme.now += limits.HOUR
    await acme.act(again, LEAD)


async def test_support_is_warned_of_some_secrets_an_hour_and_all_are_logged(acme: CaseBook) -> None:
    most, _ = limits.SECRETS[0]
    await acme.said()
    for _ in range(most + 2):
        await acme.act(lambda case: secrets.refused(case, "secret_password", "planning.goals"), LEAD)
    assert await acme.said() == [("support_channel", "secret_refused")] * most
    async with acme.store.read() as unit:
        assert len(await unit.times(acme.id, ["secret:refuse"], LEAD, acme.now - timedelta(hours=1))) == most + 2
        assert len(await unit.times(acme.id, ["secret:refuse"], OWNER, acme.now - timedelta(hours=1))) == 0
    acme.now += limits.HOUR
    await acme.act(lambda case: secrets.refused(case, "secret_password", "planning.goals"), LEAD)
    assert await acme.said() == [("support_channel", "secret_refused")]
