"""What the report reads of an onboarding that was lived through, and when the weekly one is due."""

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows import business_time
from flows.business_time import Calendar
from flows.cases.report import PATIENCE, Due, Report, by_step, days_left, report, weekly
from flows.journey import JOURNEYS
from flows.report import TimeSpent
from flows.rules import ReportDay, Rules
from tests.flows.cases.casework import MONDAY, CaseBook, case_book

HOUR = timedelta(hours=1)


async def read(acme: CaseBook, days: int = 30, onboarding_id: str = "") -> Report:
    async with acme.store.read() as unit:
        return await report(unit, acme.rules, days, onboarding_id=onboarding_id)


async def test_business_days_reviews_and_the_rating_of_an_onboarding(tmp_path: Path) -> None:
    async with case_book(tmp_path) as acme:  # on a Monday at ten
        await acme.start()
        assert (await read(acme)).steps == []
        acme.now = MONDAY + 24 * HOUR
        await acme.send("planning", go_live=date(2026, 3, 20).isoformat())  # nine hours of the customer's
        acme.now += 5 * HOUR
        await acme.send_back("planning", "Which cards?")  # five hours of support's
        acme.now += 24 * HOUR
        await acme.send("planning", go_live=date(2026, 3, 20).isoformat(), goals="Credit cards.")
        acme.now += 1 * HOUR
        await acme.send("planning", go_live=date(2026, 3, 20).isoformat(), goals="Debit cards.")  # nobody had decided
        acme.now += 17.5 * HOUR  # half an hour after the next day began
        await acme.approve("planning")
        starts = int((acme.now + 24 * HOUR).timestamp())
        session = {"starts": starts, "minutes": "60", "link": "https://meet.example/a", "agenda": "Goals"}
        acme.now += 1 * HOUR
        await acme.task("planning", "schedule_session", session)
        acme.now += 25 * HOUR
        await acme.sweep()  # the session is over: the step's wait for it, too
        found = await read(acme, onboarding_id=acme.id)
        (planning,) = found.steps
        assert planning.days == {
            "customer": pytest.approx(18 / 9),
            "support": pytest.approx((5 + 1 + 2.5 + 1) / 9),
            "": pytest.approx(10 / 9),
        }
        reviews = found.figures.reviews
        assert reviews is not None
        assert (reviews.count, reviews.median, reviews.slowest) == (2, 3.75 * 3600, 5 * 3600)
        assert (reviews.customer, reviews.step_id) == ("Acme Bank", "planning")
        assert found.at_risk == []  # how long the steps to come take isn't known yet
        assert (await read(acme)).steps == []  # over all, steps count once they are done
        acme.now += HOUR / 2
        await acme.task("planning", "hold_session", {"session": "*", "notes": "Cards first."})
        await acme.task("planning", "close_planning", {})
        (done,) = (await read(acme)).steps
        assert {side: days for side, days in done.days.items() if side != "support"} == {
            side: days for side, days in planning.days.items() if side != "support"
        }
        assert done.days["support"] > planning.days["support"]
        acme.now += timedelta(days=14)
        past = await read(acme, 7)
        assert (past.steps, past.figures.reviews) == ([], None)  # of an earlier time
        assert [one.go_live for one in past.at_risk] == [date(2026, 3, 20)]
        await acme.skip(*(step for step in (await acme.snapshot()).steps if step not in ("planning", "next_steps")))
        assert (await read(acme)).at_risk == []  # what is left comes after the go-live
        await acme.send("next_steps", rating="4")
        await acme.send("next_steps", rating="2", comment="On second thought.")
        assert (await read(acme)).figures.ratings.average == 2
        assert (await read(acme, 0, acme.id)).figures.ratings.count == 1
        refused = [("document_reason", "document_doubted"), ("gone", "missing")]
        await acme.do(lambda unit: unit.count_refused(acme.id, "organization", refused))
        fields = {one.field for one in (await read(acme)).figures.refused}
        assert fields == {"field.organization.document_doubt", "gone"}  # by what the form calls it
        assert (await read(acme, 0, "onb_other")).is_empty


def test_a_side_that_had_a_turn_in_one_of_many_onboardings_weighs_little() -> None:
    day = 9 * 3600
    (planning,) = by_step([TimeSpent("planning", "", 1, 10 * day), TimeSpent("planning", "customer", 10, 10 * day)], day)
    assert (planning.onboardings, planning.days) == (10, {"": 1, "customer": 1})


def test_what_is_left_is_the_longest_way_to_the_end() -> None:
    usual = {
        "planning": 5.0,
        "organization": 2.0,
        "environments": 1.0,
        "authentication": 7.0,
        "production": 10.0,
        "next_steps": 90.0,
    }
    left = days_left(JOURNEYS.latest, usual)
    assert left["production"] == 10  # the rating comes after the go-live
    assert left["authentication"] == 17
    assert left["environments"] == 11
    assert left["planning"] == 24
    assert left["service_desk"] == 0  # nothing is known of it, and nothing waits for it


calendars = st.builds(
    Calendar,
    st.sampled_from(["America/Sao_Paulo", "America/New_York", "Asia/Riyadh", "Asia/Kolkata", "Pacific/Kiritimati", "UTC"]),
    opens=st.sampled_from([time(0), time(8, 30), time(9)]),
    country=st.sampled_from([None, "BR", "US", "SA", "JP"]),
)
whens = st.builds(ReportDay, st.integers(0, 6), st.sampled_from([None, time(7), time(16, 45), time(23)]))
ticks = st.lists(st.integers(1, 20 * 24).map(lambda hours: timedelta(hours=hours)), min_size=1, max_size=40)


@given(calendars, whens, st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1)), ticks)  # noqa: DTZ001  the zone is added
def test_each_week_has_one_report_unless_the_bot_was_away(
    calendar: Calendar, when: ReportDay, start: datetime, pauses: list[timedelta]
) -> None:
    rules, now, zone = (
        Rules(support_calendar=calendar, weekly_report=when),
        start.replace(tzinfo=UTC),
        ZoneInfo(calendar.timezone),
    )
    moments = [now := now + pause for pause in pauses]
    posted: dict[date, datetime] = {}
    for moment in moments:
        due = weekly(rules, moment)
        if due is not None and due.day not in posted:
            posted[due.day] = moment
            assert due.day.weekday() == when.weekday
            assert business_time.is_open(calendar, due.at)
            assert due.at <= moment < due.at + PATIENCE
    day = moments[0].astimezone(zone).date() - timedelta(days=7)
    while day < moments[-1].astimezone(zone).date():
        if day.weekday() == when.weekday:
            at = business_time.next_open(calendar, datetime.combine(day, when.at or calendar.opens, zone))
            looked = any(at <= moment < at + PATIENCE for moment in moments)
            assert (day in posted) is (looked and at - datetime.combine(day, time(), zone) < timedelta(days=7))
        day += timedelta(days=1)


@pytest.mark.parametrize(
    ("now", "day"),
    [
        ("2026-11-30 08:59", None),
        ("2026-11-30 09:00", "2026-11-30"),
        ("2026-12-02 08:59", "2026-11-30"),  # the bot was away
        ("2026-12-02 09:00", None),
        ("2026-02-16 10:00", "2026-02-16"),
        ("2026-09-07 10:00", None),  # Independence Day
        ("2026-09-08 09:00", "2026-09-07"),
    ],
)
def test_the_weekly_report_of_support_in_sao_paulo(now: str, day: str | None) -> None:
    found = weekly(Rules(), datetime.fromisoformat(now).replace(tzinfo=ZoneInfo("America/Sao_Paulo")).astimezone(UTC))
    assert (found.day.isoformat() if isinstance(found, Due) else None) == day
    assert weekly(Rules(weekly_report=None), MONDAY) is None
