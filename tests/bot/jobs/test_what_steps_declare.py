"""What an effect posts is what the customer's own version of the step says, whichever step that is."""

from dataclasses import replace

import pytest

from bot.config.policies import Policies
from flows.forms.step import DeskRequest, GrantAsked, Meeting, Step
from flows.journey import FIRST, Journeys
from flows.outbox import RequestAccess, SendSession
from flows.rules import Rules
from playground.slack import SeenMessage
from tests.bot.workplace import Workplace

pytestmark = pytest.mark.bot

_planning = FIRST.steps["planning"]


def planning(word: str) -> Step:
    """The step with everything that other steps have, all marked with this word."""
    return replace(
        _planning,
        on_approval=(RequestAccess,),
        desk_request=DeskRequest(
            ("status_page",),
            lambda _situation: "en",
            lambda *_asked: ("", ""),
            lambda _situation, _resources: dict.fromkeys(
                ("url", "summary", "path", "priority", "description"), f"asked of {word}"
            ),
        ),
        grants=lambda _answers: (GrantAsked("status_page", "ana@bank.example"),),
        tasks=tuple(
            replace(task, meeting=lambda answers, _situation: Meeting(answers["starts"], 15, f"agenda of {word}"))
            if task.effect is SendSession
            else task
            for task in _planning.tasks
        ),
    )


def policies(*words: str) -> Policies:
    """A version of the journey for each word."""
    versions = [
        replace(FIRST, version=str(number), steps={**FIRST.steps, "planning": planning(word)})
        for number, word in enumerate(words, 1)
    ]
    return Policies(sweep_seconds=3600, channel_seconds=0.0, rules=Rules(journeys=Journeys.known(*versions)))


async def test_each_customer_reads_what_their_own_version_says() -> None:
    async with Workplace(policies("one")) as office:
        onboarding = await office.begin()
        await office.stop_bot()
        office.rules = policies("one", "two")
        await office.start_bot()
        await office.send(onboarding, "planning")
        await office.approve(onboarding, "planning")
        form = _planning.task("schedule_session").form
        assert form is not None
        await office.do(onboarding, "planning", "schedule_session", form.example)
        await office.settled()
        customer = [SeenMessage.of(message).shown for message in office.journey.thread("step", "planning")]
        support = [message.text for message in office.journey.thread("review", "planning")]
    (announced,) = [text for text in customer if "agenda of one" in text]
    assert f"<!date^{form.example['starts']}^" in announced  # each reader sees their own time
    assert [text for text in support if "asked of one" in text]
    assert not [text for text in customer + support if " two" in text]
