"""A task that is one click in one version of the journey and a form in the next: each customer stays on their own."""

from dataclasses import replace

import pytest

from bot.config.policies import Policies
from bot.messages.buttons import Act, ButtonValue
from flows.forms.step import Form
from flows.journey import FIRST, Journey, Journeys
from flows.rules import Rules
from flows.state import StepState
from tests.bot.workplace import Workplace

pytestmark = pytest.mark.bot

_planning = FIRST.steps["planning"]
_form = Form("planning.close_planning", _planning.form.pages, example=_planning.form.example)
_tasks = tuple(replace(task, form=_form) if task.id == "close_planning" else task for task in _planning.tasks)
SECOND = replace(FIRST, version="2", steps={**FIRST.steps, "planning": replace(_planning, tasks=_tasks)})


def policies(*journeys: Journey) -> Policies:
    return Policies(sweep_seconds=3600, channel_seconds=0.0, rules=Rules(journeys=Journeys.known(*journeys)))


async def test_a_press_does_a_task_whose_form_only_a_later_version_has() -> None:
    async with Workplace(policies(FIRST)) as office:
        first = await office.begin()
        await office.send(first, "planning")
        await office.approve(first, "planning")
        await office.stop_bot()
        office.rules = policies(FIRST, SECOND)
        await office.start_bot()
        second = await office.begin(office.blue, office.olga, "Blue Coop")
        await office.send(second, "planning", office.olga)
        await office.approve(second, "planning")
        for onboarding in (first, second):
            for task in ("schedule_session", "hold_session"):
                form = _planning.task(task).form
                assert form is not None
                await office.do(onboarding, "planning", task, {**form.example, "starts": 1})
            value = ButtonValue(onboarding=onboarding, step="planning", task="close_planning")
            await office.press(office.sam, office.support, Act.TASK, value)
            await office.settled()
        states = [(await office.snapshot(onboarding)).steps["planning"].state for onboarding in (first, second)]
        assert states == [StepState.DONE, StepState.FULFILLING]
        assert office.sam.view is not None
