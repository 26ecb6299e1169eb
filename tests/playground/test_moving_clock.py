"""Moving the demo's clock brings what would be due by then, once, however often it came due."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import bot.config.clock
from flows import business_time
from playground.acts import Acts
from playground.clock import CUSTOMER, MOVES, DemoClock, after
from playground.office import LIFELIKE, Office
from playground.slack import SeenMessage
from playground.walkthrough import Walkthrough

MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2030, 1, 1)).map(lambda moment: moment.replace(tzinfo=UTC))  # noqa: DTZ001


@given(MOMENTS)
def test_a_business_day_later_the_customer_works(moment: datetime) -> None:
    later = after(moment, MOVES["+1 business day"])
    assert business_time.is_open(CUSTOMER, later)
    assert timedelta(0) < later - moment < timedelta(days=8)


@given(st.lists(st.sampled_from([*MOVES]), min_size=1, max_size=4))
def test_the_bots_clock_goes_with_it_and_never_back(tmp_path_factory: pytest.TempPathFactory, moves: list[str]) -> None:
    file = tmp_path_factory.mktemp("demo") / "clock"
    demo, of_bot = DemoClock(file), bot.config.clock.Clock(str(file))
    for how in moves:
        before = of_bot()
        demo.move(how)
        assert of_bot() - before >= timedelta(minutes=59)
        assert abs(of_bot() - demo()) < timedelta(seconds=5)
    with pytest.raises(ValueError, match="ahead alone"):
        demo.advance(-1)


def test_a_start_later_finds_it_where_it_was(tmp_path: Path) -> None:
    DemoClock(tmp_path / "clock").move("+3 days")
    assert DemoClock(tmp_path / "clock").ahead == timedelta(days=3)


@pytest.mark.process
async def test_reminders_that_were_missed_come_as_one_and_are_dated_by_the_moved_clock() -> None:
    async with Office(policies=LIFELIKE) as office:
        journey = Walkthrough(office)
        await Acts(journey).start()
        root = journey.lasting("step", "planning")

        def reminders() -> list[SeenMessage]:
            return [m for m in office.ana.sees(office.acme, root) if "[Snooze]" in m.text]

        for _ in range(3):
            office.clock.move("+1 business day")
        await office.slack.until(reminders)
        office.clock.move("+1 hour")
        await office.slack.until(lambda: abs(float(office.slack.world.new_ts()) - office.clock.time()) < 5)
        (reminder,) = reminders()
        assert abs(float(reminder.ts) - office.clock.time() + 3600) < 60
        assert reminder.ts > root.ts
        assert "for demonstrations only" in office.log.read_text()
        _, checked = await office.command("check")
        assert "CLOCK_FILE: MOVES THE BOT'S CLOCK" in checked
