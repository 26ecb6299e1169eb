"""The clock is set back and forth while the bot runs: everything is done, in order, and what is due comes when it is due, once."""

import time
from collections.abc import Iterator

import pytest

from bot.messages.buttons import Act
from playground.acts import Acts, example
from playground.drill import doubled
from playground.office import CALM, Office
from playground.slack.screen import tells
from playground.walkthrough import Walkthrough, action_id
from playground.walkthrough import said as wording
from tests.databases import DATABASES, all_done, left, office_on

pytestmark = pytest.mark.process

HOUR, DAY = 3600.0, 86_400.0
POLICIES = CALM.replace('support_first = "20 business days"', 'support_first = "1 hour"')


@pytest.fixture(params=DATABASES)
def office(request: pytest.FixtureRequest) -> Iterator[Office]:
    with office_on(request.param, POLICIES) as place:
        place.slack.world.clock = time.time  # Slack's own
        yield place


def set_clock(office: Office, ahead: float) -> None:
    """So many seconds ahead of the machine's, however it was set before."""
    fresh = office.path / "clock.new"
    fresh.write_text(f"{ahead:.6f}\n")
    fresh.replace(office.path / "clock")


def soon(office: Office) -> int:
    """In less than an hour."""
    return int(office.clock.time()) // 60 * 60 + 1800


async def test_a_clock_set_back_and_forth_changes_no_order_and_no_due_time(office: Office) -> None:
    set_clock(office, 2 * DAY)
    async with office:
        journey = Walkthrough(office)
        acts, slack = Acts(journey), office.slack
        await acts.start()

        set_clock(office, 1 * DAY)  # before the onboarding was started
        await journey.send_step(acts.lead, "planning", example("planning"))
        await all_done(office)

        slack.faults.add("*", "drop_before", times=None)
        review = journey.lasting("review", "planning")
        assert (await acts.sam.click(review, action_id=action_id(review.blocks, Act.APPROVE))).ok
        await slack.until(lambda: left(office) > 3)
        set_clock(office, 3 * DAY)  # what waits is two days old, then has not been asked for yet
        set_clock(office, 0)
        slack.faults.clear()
        await all_done(office)
        said = [message.text for message in journey.thread("step", "planning")]
        for words, text in zip(("say.submitted", "say.approved", "say.steps_added"), said, strict=True):
            assert tells(text, wording(words))

        def reminders() -> int:
            told = [message.text for message in journey.thread("review", "planning")]
            return sum("[Snooze]" in text or tells(text, wording("reminder.passed", "reminder.replaced")) for text in told)

        assert reminders() == 0
        for ahead in (1 * DAY + 2 * HOUR, 0, 1 * DAY + 2 * HOUR):  # due an hour after the approval
            set_clock(office, ahead)
            await slack.until(reminders, timeout=30)
        await acts.support_task(
            acts.sam, "planning", "schedule_session", lambda: acts.files("pismo-session"), starts=soon(office)
        )
        set_clock(office, 1 * DAY + 3 * HOUR)
        await acts.support_task(acts.sam, "planning", "hold_session", lambda: acts.offers("planning", "close_planning"))
        await acts.support_task(acts.sam, "planning", "close_planning", acts.done("planning"))
        await all_done(office)
        assert reminders() == 1
        assert doubled(office) == []
        assert await office.stop_bot() == 0
        code, printed = await office.command("verify-log")
        assert code == 0, printed
