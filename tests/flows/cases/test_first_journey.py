"""Who began on the first version of the journey goes through it to its end, whatever later versions ask for."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from flows.cases import proof
from flows.cases.case import Case
from flows.cases.settle import open_tasks
from flows.forms.fields import Answers
from flows.forms.step import PROGRAMS_CHECK, Situation, Task
from flows.journey import FIRST, JOURNEYS, Journeys
from flows.outbox import RunProof
from flows.people import Side
from flows.rules import Rules
from flows.state import StepState
from tests.flows.cases.casework import KIM, LEAD, OWNER, CaseBook, case_book
from tests.flows.steps.filled_forms import a_situation

PASSED = proof.Proved(
    [{"check": PROGRAMS_CHECK, "outcome": "passed", "reason": "programs_count", "params": {"count": 1}, "x_cid": "", "ms": 1}]
)


@pytest.fixture
async def old(tmp_path: Path) -> AsyncIterator[CaseBook]:
    """They began before the second version came; the bot has both by now."""
    async with case_book(tmp_path, Rules(journeys=Journeys.known(FIRST))) as one:
        await one.start()
        one.rules = one.cases.rules = Rules()
        yield one


def chosen(task: Task, situation: Situation) -> Answers:
    """The task's example; what is chosen from a list is all of it, or its first; a session begins now."""
    answers = {**task.form.example} if task.form else {}
    answers |= {"starts": int(situation.now.timestamp())} if "starts" in answers else {}
    offered = [offer.value for offers in task.offers.values() for offer in offers(situation)]
    answers |= {name: offered[0] for name, value in answers.items() if value == "*" and offered}
    return {name: [value] if name == "grants" else value for name, value in answers.items() if name != "token"}


async def do(one: CaseBook, step: str, task: Task) -> None:
    async with one.store.read() as unit:
        answers = chosen(task, (await one.cases.look(unit, one.id)).situation)
    for who in (OWNER, KIM) if task.side is Side.SUPPORT else (LEAD,):
        if any(open_.id == task.id for open_ in await left(one, step)):
            await one.task(step, task.id, answers, who)
    if task.proof is not None:
        item = next(record.item for record in (await one.snapshot()).tasks if record.state == "waiting")
        effect = RunProof(step=step, task=task.id, item=item)
        await one.act(lambda case: proof.finish(case, effect, PASSED))


def always(task: Task) -> bool:
    """Whether it can be done again and again, whatever else is done: such a task waits until nothing else is left."""
    return task.repeatable and task.ready(a_situation())


async def left(one: CaseBook, step: str) -> list[Task]:
    async with one.store.read() as unit:
        case: Case = await one.cases.look(unit, one.id, closed=True)
    return list(open_tasks(case.step(step), case.situation))


async def test_every_step_of_it_is_sent_approved_and_done_and_it_closes(old: CaseBook) -> None:
    assert (await old.snapshot()).onboarding.journey == "1" != JOURNEYS.latest.version
    for step in FIRST.steps:
        assert (await old.step(step)).state is StepState.OPEN, step
        await old.send(step)
        for who in (OWNER, KIM)[: FIRST.steps[step].approvals]:
            await old.approve(step, who)
        for _ in range(20):
            if (tasks := await left(old, step)) and (await old.step(step)).state is StepState.FULFILLING:
                await do(old, step, min(tasks, key=always))
        assert (await old.step(step)).state is StepState.DONE, step
    assert (await old.snapshot()).onboarding.closed_at is not None
    assert list((await old.snapshot()).steps) == list(FIRST.steps)
