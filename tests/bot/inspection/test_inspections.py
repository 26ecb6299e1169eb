"""Looks are made in processes that can be killed: one that is stuck holds up nothing, and none outlives the bot."""

import asyncio
import os
import signal
import subprocess
import sys
from asyncio import gather
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.inspection.inspections import PATIENT_WITHIN, Hindrance, Inspections, NotLookedInto, Verdict
from tests.bot.workplace import ended

pytestmark = pytest.mark.process

JOBS = "tests.bot.inspection.jobs"
ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def inspections() -> Iterator[Inspections]:
    """What is asked of it may take long in coming, since others use the machine; but not what is stuck."""
    made = Inspections()
    yield made
    made.close()


@pytest.mark.parametrize("job", ["spin", "backtrack"])
async def test_what_is_stuck_is_killed_and_the_next_is_answered(inspections: Inspections, job: str) -> None:
    await inspections.run(f"{JOBS}:echo", "ready", within=30)
    before = set(inspections.pids)
    with pytest.raises(NotLookedInto) as stuck:
        await inspections.run(f"{JOBS}:{job}", seconds=0.1, within=30)
    assert stuck.value.why == Hindrance.TOOK_TOO_LONG
    assert await inspections.run(f"{JOBS}:echo", "the next", within=30) == "the next"
    (killed,) = before - set(inspections.pids)
    assert ended(killed)


async def test_what_is_stuck_holds_up_no_other(inspections: Inspections) -> None:
    stuck = asyncio.ensure_future(inspections.run(f"{JOBS}:spin", seconds=30, within=30))
    answers = await gather(*(inspections.run(f"{JOBS}:echo", str(n), within=30) for n in range(20)))
    assert answers == [str(n) for n in range(20)]
    assert not stuck.done()
    for pid in inspections.pids:  # as the system does that lacks memory
        os.kill(pid, signal.SIGKILL)
    with pytest.raises(NotLookedInto):
        await stuck
    assert await inspections.run(f"{JOBS}:echo", "whoever was idle", within=30) == "whoever was idle"


async def test_what_found_no_process_free_is_told_from_what_took_too_long(inspections: Inspections) -> None:
    stuck = [asyncio.ensure_future(inspections.run(f"{JOBS}:spin", seconds=2, within=30)) for _ in range(2)]
    await asyncio.sleep(0)  # they are asked first
    with pytest.raises(NotLookedInto) as waited:
        await inspections.run(f"{JOBS}:echo", "in vain", within=0.2)
    assert waited.value.why == Hindrance.NOT_BEGUN
    await gather(*stuck, return_exceptions=True)
    assert await inspections.run(f"{JOBS}:echo", "the next", within=30) == "the next"


@pytest.mark.parametrize("job", ["die", "grow", "no_such_job"])
async def test_what_breaks_off_says_so_and_the_next_is_answered(inspections: Inspections, job: str) -> None:
    with pytest.raises(NotLookedInto) as broken:
        await inspections.run(f"{JOBS}:{job}", within=30)
    assert broken.value.why == Hindrance.BROKE_OFF
    assert await inspections.run(f"{JOBS}:echo", "the next", within=30) == "the next"


async def test_too_much_is_not_handed_over(inspections: Inspections) -> None:
    assert await inspections.message({"text": "a" * 5_000_000}) == Verdict(unread=frozenset({"too_large"}))


async def test_it_has_nothing_of_the_environment_that_could_be_secret(
    inspections: Inspections, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENCRYPTION_KEYS", "k1:made-up")
    monkeypatch.setenv("SLACK_BOT_TOKEN", "made-up")
    with pytest.raises(NotLookedInto):
        await inspections.run(f"{JOBS}:die", within=30)  # the one that replaces it is started now
    inherited = await inspections.run(f"{JOBS}:environment", within=30)
    assert {"ENCRYPTION_KEYS", "SLACK_BOT_TOKEN"}.isdisjoint(inherited)


BOT = f"""
import asyncio, sys
from bot.inspection.inspections import PATIENT_WITHIN, Hindrance, Inspections, NotLookedInto, Verdict
async def main():
    inspections = Inspections()
    await inspections.run("{JOBS}:echo", "ready", within=30)
    stuck = asyncio.ensure_future(inspections.run("{JOBS}:spin", seconds=0.1, within=60))
    await inspections.run("{JOBS}:echo", "ready", within=30)
    print(*inspections.pids, flush=True)
    await stuck
asyncio.run(main())
"""


def test_no_process_is_left_once_the_bot_was_killed() -> None:
    """One of the two is idle and reads the end, the other is stuck and ends by itself."""
    with subprocess.Popen(  # noqa: S603  our own
        [sys.executable, "-c", BOT], stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as bot:
        assert bot.stdout is not None
        pids = [int(pid) for pid in bot.stdout.readline().split()]
        bot.kill()
    assert pids
    for pid in pids:
        ended_soon(pid)


def ended_soon(pid: int) -> None:
    """The test's own time limit ends the waiting."""
    while not ended(pid):
        os.sched_yield()


async def test_once_they_are_warm_a_process_is_there_for_the_first_form() -> None:
    made = Inspections()
    await made.warm()
    there = made.pids
    assert await made.run(f"{JOBS}:pid", within=30) in there
    made.close()


async def test_who_waits_for_a_process_when_the_bot_ends_holds_it_up_no_longer() -> None:
    made = Inspections()
    waiting = asyncio.ensure_future(made.file("a.txt", b"nothing", patient=True))
    while not made.pids:  # noqa: ASYNC110  a thread starts it
        await asyncio.sleep(0)
    for pid in made.pids:
        os.kill(pid, signal.SIGSTOP)  # it never gets as far as to answer
    await asyncio.wait_for(asyncio.to_thread(made.close), PATIENT_WITHIN / 2)
    assert (await waiting).unread == {Hindrance.NOT_BEGUN}
