"""Each chore has its own loop: one that fails or hangs stops no other."""

import asyncio
import logging
from collections.abc import Callable

import pytest
from prometheus_client import REGISTRY

from bot.jobs.chores import Chore, Chores
from storage.store import Unavailable


class Counted:
    """Work that counts its rounds, and fails or hangs if told to."""

    def __init__(self, does: Callable[[int], None] | None = None, *, hangs: bool = False) -> None:
        self.rounds, self._does, self._hangs = 0, does, hangs
        self._began = asyncio.Condition()

    async def __call__(self) -> None:
        async with self._began:
            self.rounds += 1
            self._began.notify_all()
        if self._does is not None:
            self._does(self.rounds)
        if self._hangs:
            await asyncio.Event().wait()

    async def has_done(self, rounds: int) -> None:
        async with asyncio.timeout(5), self._began:
            await self._began.wait_for(lambda: self.rounds >= rounds)


def fail(number: int) -> None:
    raise Unavailable("locked") if number == 1 else KeyError("Acme Bank")


async def test_one_that_fails_or_hangs_stops_no_other(caplog: pytest.LogCaptureFixture) -> None:
    good, bad, hanging = Counted(), Counted(fail), Counted(hangs=True)
    before = REGISTRY.get_sample_value("onboarding_chore_failures_total", {"chore": "bad"}) or 0
    chores = Chores([Chore("bad", 0.01, bad), Chore("hanging", 0.01, hanging), Chore("good", 0.01, good)])
    chores.start()
    await good.has_done(3)
    await bad.has_done(3)
    await chores.stop()
    assert hanging.rounds == 1
    failed = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert {record.chore for record in failed} == {"bad"}  # type: ignore[attr-defined]
    assert {record.error for record in failed} == {"Unavailable: locked", "KeyError"}  # type: ignore[attr-defined]
    assert "Acme" not in caplog.text
    after = REGISTRY.get_sample_value("onboarding_chore_failures_total", {"chore": "bad"}) or 0
    assert after - before == len(failed) >= 2
    assert asyncio.all_tasks() == {asyncio.current_task()}  # no loop is left


async def test_after_a_failure_it_comes_again_sooner_where_that_helps() -> None:
    once = Counted(lambda number: fail(number) if number == 1 else None)
    chores = Chores([Chore("support_people", 3600, once, retry=0.01)])
    chores.start()
    await once.has_done(2)
    await chores.stop()


@pytest.mark.parametrize(("retry", "pauses"), [(0, [300, 300, 300, 300]), (2, [300, 2, 4, 8]), (200, [300, 200, 300, 300])])
def test_pauses_after_failures_grow_up_to_the_usual_one(retry: float, pauses: list[float]) -> None:
    chore = Chore("any", 300, Counted(), retry)
    assert [chore.pause(failures) for failures in range(4)] == pauses
