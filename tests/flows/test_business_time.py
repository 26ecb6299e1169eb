from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.business_time import (
    BusinessDuration,
    Calendar,
    add,
    between,
    business_days_before,
    customer_calendar,
    days_ahead,
    holiday,
    is_open,
    length_of_day,
    next_open,
    parse_duration,
)
from flows.checks.iso_codes import zones
from flows.days_off import STATES_OF_ZONES, days_off

SAO_PAULO = Calendar("America/Sao_Paulo", country="BR")
ZERO = BusinessDuration()
DAY = BusinessDuration(days=1)


def at(zone: str, text: str, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)


def sp(text: str) -> datetime:
    return at("America/Sao_Paulo", text)


@pytest.mark.parametrize(
    ("start", "duration", "result"),
    [
        # 2026-11-20 is a Friday and a holiday (Consciência Negra); 2026-12-25 is a Friday
        ("2026-11-18 10:30", "1 business day", "2026-11-19 10:30"),
        ("2026-11-19 10:30", "1 business day", "2026-11-23 10:30"),
        ("2026-11-18 10:30", "3 business days", "2026-11-24 10:30"),
        ("2026-11-18 07:00", "1 business day", "2026-11-19 09:00"),
        ("2026-11-18 20:00", "1 business day", "2026-11-23 09:00"),
        ("2026-11-21 12:00", "1 business day", "2026-11-24 09:00"),
        ("2026-11-18 16:00", "4 business hours", "2026-11-19 11:00"),
        ("2026-11-19 16:00", "4 business hours", "2026-11-23 11:00"),
        ("2026-11-18 16:00", "2 business hours", "2026-11-19 09:00"),
        ("2026-11-18 10:00", "30 s", "2026-11-18 10:00:30"),
        ("2026-11-18 17:00", "2 h", "2026-11-19 09:00"),
        ("2026-11-18 10:00", "3 days", "2026-11-23 09:00"),
    ],
)
def test_reminders_fall_where_people_are_at_work(start: str, duration: str, result: str) -> None:
    assert add(SAO_PAULO, sp(start), parse_duration(duration)) == sp(result)


@pytest.mark.parametrize(
    ("day", "days", "begin"),
    [
        ("2026-11-24", 1, "2026-11-23"),
        ("2026-11-23", 1, "2026-11-19"),  # the Friday between is a holiday
        ("2026-11-22", 1, "2026-11-19"),
        ("2026-11-24", 0, "2026-11-24"),
        ("2026-11-22", 0, "2026-11-22"),
        ("2027-01-04", 5, "2026-12-24"),
    ],
)
def test_work_is_begun_early_enough(day: str, days: int, begin: str) -> None:
    sides = replace(SAO_PAULO, always_open=True), SAO_PAULO
    assert {business_days_before(side, date.fromisoformat(day), days).isoformat() for side in sides} == {begin}
    over = days_ahead(SAO_PAULO, date.fromisoformat(begin), days)
    assert begin == business_days_before(SAO_PAULO, over, days).isoformat() <= over.isoformat() <= day


def test_an_always_open_calendar_lets_reminders_be_tried_in_a_minute() -> None:
    calendar = replace(SAO_PAULO, always_open=True)
    saturday_night = sp("2026-11-21 23:59")
    assert add(calendar, saturday_night, parse_duration("30 s")) == saturday_night + timedelta(seconds=30)
    assert add(calendar, saturday_night, DAY) == saturday_night + timedelta(days=1)
    assert add(calendar, saturday_night, BusinessDuration(hours=4)) == saturday_night + timedelta(hours=4)
    assert is_open(calendar, saturday_night)
    assert between(calendar, saturday_night, saturday_night + timedelta(hours=30)) == timedelta(hours=30)
    assert (length_of_day(calendar), length_of_day(SAO_PAULO)) == (timedelta(days=1), timedelta(hours=9))
    assert length_of_day(replace(SAO_PAULO, opens=time(20, 30), closes=time(0))) == timedelta(hours=3.5)


def test_clock_changes_keep_the_local_time_and_lose_no_open_hour() -> None:
    new_york = Calendar("America/New_York", country="US")
    friday = at("America/New_York", "2026-03-06 10:00")  # the clock skips an hour on Sunday 8 March
    assert add(new_york, friday, DAY) == at("America/New_York", "2026-03-09 10:00")
    assert add(new_york, friday, BusinessDuration(hours=9)) == at("America/New_York", "2026-03-09 10:00")


def test_hours_that_the_clock_skips_or_shows_twice() -> None:
    # Friday 2026-04-24 begins at 01:00 in Cairo; without a country it is a business day
    cairo = Calendar("Africa/Cairo", opens=time(0), closes=time(6))
    assert next_open(cairo, at("Africa/Cairo", "2026-04-23 12:00")) == at("Africa/Cairo", "2026-04-24 01:00")
    assert add(cairo, at("Africa/Cairo", "2026-04-23 05:00"), BusinessDuration(hours=3)) == at("Africa/Cairo", "2026-04-24 03:00")
    assert add(cairo, at("Africa/Cairo", "2026-04-23 00:30"), DAY) == at("Africa/Cairo", "2026-04-24 01:30")
    # Thursday 2026-10-29 has its last hour twice
    late = replace(cairo, opens=time(20), closes=time(0))
    assert add(late, at("Africa/Cairo", "2026-10-29 20:00"), BusinessDuration(hours=4.5)) == at(
        "Africa/Cairo", "2026-10-29 23:30", fold=1
    )
    assert is_open(late, at("Africa/Cairo", "2026-10-29 23:30", fold=1))


def test_week_ends_are_those_of_the_country() -> None:
    riyadh = Calendar("Asia/Riyadh", country="SAU")
    assert is_open(riyadh, at("Asia/Riyadh", "2026-11-22 10:00"))  # a Sunday
    assert not is_open(riyadh, at("Asia/Riyadh", "2026-11-20 10:00"))  # a Friday


def test_holidays_of_a_part_of_the_country_and_of_countries_without_any() -> None:
    assert not is_open(replace(SAO_PAULO, subdivision="SP"), sp("2026-07-09 10:00"))
    assert is_open(SAO_PAULO, sp("2026-07-09 10:00"))
    assert is_open(replace(SAO_PAULO, country=None), sp("2026-12-25 10:00"))
    assert is_open(replace(SAO_PAULO, country="XX"), sp("2026-12-25 10:00"))
    assert not is_open(replace(SAO_PAULO, subdivision="nowhere"), sp("2026-12-25 10:00"))


HOLIDAYS = """\
BRA SP 2026-02-16 2027-02-08 2027-02-09 2027-05-27 2027-07-09 2027-11-15 2028-02-29 2029-11-20 2030-03-05
BRA RJ 2027-04-23 2027-11-02
BRA PR !2027-07-09 !2027-02-10 !2027-02-11 !2027-10-28 !2027-12-24 !2027-12-31
MEX - 2027-03-25 2027-03-26 2028-12-12 2026-11-02 2027-03-15 2027-09-16 !2027-05-05
USA CA 2027-03-31 2027-10-11 2027-11-25 2028-11-10
USA TX 2026-10-12 !2027-10-29
GBR - 2027-08-30 2027-03-29 2026-12-28 !2027-08-02
GBR SCT 2027-08-02 2026-11-30 !2027-08-30
GBR EDH 2027-08-02 !2027-08-30
GBR LND 2027-08-30
ESP B 2027-09-11 2026-06-24
IND MH 2026-08-15 2027-03-22
AUS NSW 2027-08-02 2026-06-08 2027-01-26
ARG B 2026-11-06 2027-02-08
CHL RM 2027-12-31 2026-09-18
COL - 2027-01-11 2026-06-29
PER - 2026-07-28 2027-12-08
CAN ON 2027-09-30 2027-11-11
PRT 11 2027-02-09 !2027-12-24
DNK - 2028-06-05 2027-12-24
DEU BY 2027-01-06 2027-05-27
DEU BE !2027-01-06 2027-03-08
SGP - 2027-08-09 2026-02-17
POL 14 2027-05-27 2026-11-11
URY - 2027-03-22
BRA ?? 2027-02-09 !2027-07-09
XXX - !2027-12-24
"""
"""Country, state, and days on which nobody works there, or with a "!" some do."""


def test_public_and_bank_holidays_of_country_and_state() -> None:
    wrong = []
    for line in HOLIDAYS.splitlines():
        country, state, *days = line.split()
        off = days_off(country, state.strip("-"))
        wrong += [(country, state, day) for day in days if (date.fromisoformat(day.strip("!")) in off) is day.startswith("!")]
    assert wrong == []


def test_the_holidays_of_an_australian_state_are_those_of_its_zone() -> None:
    """2027-08-02 is the bank holiday of New South Wales."""
    sydney = Calendar("Australia/Sydney", country="AUS")
    for state in ("", "NS", "NSW"):  # "NS" is what fits where only two letters do
        assert not is_open(replace(sydney, subdivision=state), at("Australia/Sydney", "2027-08-02 10:00"))
    assert is_open(replace(sydney, timezone="Australia/Melbourne"), at("Australia/Melbourne", "2027-08-02 10:00"))


def test_a_holiday_is_called_as_in_its_country() -> None:
    assert holiday(SAO_PAULO, date(2027, 2, 9)) == "Carnaval"
    assert holiday(replace(SAO_PAULO, banks=False), date(2027, 2, 9)) == ""
    assert holiday(replace(SAO_PAULO, banks=False), date(2027, 4, 21)) == "Tiradentes"
    assert holiday(replace(SAO_PAULO, country="GB"), date(2027, 8, 30)) == "Late Summer Bank Holiday"
    assert holiday(replace(SAO_PAULO, country="MX"), date(2027, 11, 2)) == "Día de Muertos"  # one of banks alone
    assert holiday(SAO_PAULO, date(2027, 2, 10)) == holiday(replace(SAO_PAULO, country=None), date(2027, 2, 9)) == ""


def test_a_customer_keeps_the_hours_of_the_house_in_its_own_zone() -> None:
    early = replace(SAO_PAULO, opens=time(8), closes=time(17))
    calendar = customer_calendar("America/New_York", "USA", "", always_open=False, like=early)
    assert next_open(calendar, at("America/New_York", "2026-07-03 03:00")) == at("America/New_York", "2026-07-06 08:00")
    assert customer_calendar("Europe/Lisbon", "", "", always_open=False, like=early).country is None


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("1 business day", DAY),
        (" 2  Business DAYS ", BusinessDuration(days=2)),
        ("4 business hours", BusinessDuration(hours=4)),
        ("1.5 business hours", BusinessDuration(hours=1.5)),
        ("30 s", BusinessDuration(seconds=30)),
        ("30s", BusinessDuration(seconds=30)),
        ("5 min", BusinessDuration(seconds=300)),
        ("2 h", BusinessDuration(seconds=7200)),
        ("3 days", BusinessDuration(seconds=259200)),
        ("0 s", ZERO),
    ],
)
def test_durations_are_read(text: str, duration: BusinessDuration) -> None:
    assert parse_duration(text) == duration


@pytest.mark.parametrize(
    "text", ["", "5", "soon", "-1 day", "1.5 business days", "2 business minutes", "1 business", "1 h 5 min", "9" * 50]
)
def test_other_durations_are_refused_with_what_is_accepted(text: str) -> None:
    with pytest.raises(ValueError, match="4 business hours or 1 business day"):
        parse_duration(text)


@pytest.mark.parametrize("text", ["9999 days", "999999999 business days", "999999999 w"])
def test_a_duration_beyond_ten_years_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="at most 3660 days"):
        parse_duration(text)


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "../etc/passwd", "America"])
def test_a_calendar_names_its_wrong_zone(zone: str) -> None:
    with pytest.raises(ValueError, match="not an IANA time zone"):
        Calendar(zone)


def test_wrong_hours_two_amounts_and_naive_moments_are_refused() -> None:
    with pytest.raises(ValueError, match="before they begin"):
        Calendar("UTC", opens=time(18), closes=time(9))
    with pytest.raises(ValueError, match="before they begin"):
        Calendar("UTC", opens=time(9), closes=time(9))
    with pytest.raises(ValueError, match="from 0 up"):
        BusinessDuration(days=1, hours=1)
    with pytest.raises(ValueError, match="from 0 up"):
        BusinessDuration(seconds=-1)
    with pytest.raises(ValueError, match="time zone"):
        next_open(SAO_PAULO, datetime(2026, 1, 1))  # noqa: DTZ001  what is tested


COUNTRIES = [None, "BR", "US", "IN", "AU", "SA", "IL", "MX", "GBR", "JP", "XX"]
WHOLE_HOURS = st.integers(5, 14)  # clocks change at night, in every zone of these years
calendars = st.builds(
    lambda zone, opens, length, country: Calendar(zone, time(opens), time(opens + length), country),
    st.sampled_from(sorted(zones())),
    WHOLE_HOURS,
    st.integers(1, 9),
    st.sampled_from(COUNTRIES),
)
moments = st.datetimes(datetime(2024, 1, 1), datetime(2034, 12, 1), timezones=st.just(UTC))  # noqa: DTZ001  hypothesis adds the zone
durations = st.one_of(
    st.integers(0, 15).map(lambda n: BusinessDuration(days=n)),
    st.integers(0, 80).map(lambda n: BusinessDuration(hours=n / 2)),
    st.integers(0, 10**6).map(lambda n: BusinessDuration(seconds=n)),
)
thorough = settings(max_examples=settings().max_examples * 3 // 2)


def expected_open(calendar: Calendar, moment: datetime) -> bool:
    """Decided by the local clock alone."""
    local = moment.astimezone(ZoneInfo(calendar.timezone))
    off = local.weekday() in ((4, 5) if calendar.country in ("SA", "IL") else (5, 6))
    if calendar.country and calendar.country != "XX":
        off = off or bool(days_off(calendar.country, STATES_OF_ZONES.get(calendar.timezone, "")).name(local.date()))
    return not off and calendar.opens <= local.time() < calendar.closes


@thorough
@given(calendars, moments, durations)
def test_a_result_is_never_at_night_nor_on_a_day_off_nor_in_the_past(
    calendar: Calendar, start: datetime, duration: BusinessDuration
) -> None:
    result = add(calendar, start, duration)
    assert expected_open(calendar, result)
    assert is_open(calendar, result)
    assert result >= start
    assert result.tzinfo is UTC


@thorough
@given(calendars, moments, st.integers(0, 10**6), durations)
def test_a_later_start_never_ends_earlier(calendar: Calendar, start: datetime, later: int, duration: BusinessDuration) -> None:
    assert add(calendar, start, duration) <= add(calendar, start + timedelta(seconds=later), duration)


@thorough
@given(calendars, moments, st.integers(0, 12), st.integers(0, 12), st.sampled_from(["days", "hours", "seconds"]))
def test_a_longer_duration_never_ends_earlier(calendar: Calendar, start: datetime, one: int, two: int, unit: str) -> None:
    short, long = sorted((one, two))
    assert add(calendar, start, BusinessDuration(**{unit: short})) <= add(calendar, start, BusinessDuration(**{unit: long}))


@thorough
@given(calendars, moments)
def test_nothing_added_is_the_next_open_moment(calendar: Calendar, start: datetime) -> None:
    opened = next_open(calendar, start)
    assert add(calendar, start, ZERO) == opened
    assert (opened == start) is expected_open(calendar, start)
    assert next_open(calendar, opened) == opened
    if opened > start:  # nothing was open in between
        probes = (start + (opened - start) * n / 40 for n in range(40))
        assert not any(expected_open(calendar, probe) for probe in probes)


@settings(max_examples=settings().max_examples * 3 // 5)
@given(calendars, moments, st.integers(1, 30))
def test_the_open_time_in_between_is_what_was_asked(calendar: Calendar, start: datetime, hours: int) -> None:
    start = start.replace(minute=start.minute // 15 * 15, second=0, microsecond=0)
    result = add(calendar, start, BusinessDuration(hours=hours))
    step, open_for, moment = timedelta(minutes=15), timedelta(0), start
    while moment < result:  # every zone's offset is a multiple of 15 minutes
        open_for += step * expected_open(calendar, moment)
        moment += step
    assert open_for == timedelta(hours=hours) == between(calendar, start, result)
    assert between(calendar, result, start) == timedelta(0)


@thorough
@given(calendars, moments, durations, st.integers(-14, 14), st.sampled_from(sorted(zones())))
def test_the_spelling_of_the_start_does_not_matter(
    calendar: Calendar, start: datetime, duration: BusinessDuration, offset: int, zone: str
) -> None:
    result = add(calendar, start, duration)
    assert add(calendar, start.astimezone(timezone(timedelta(hours=offset))), duration) == result
    assert add(calendar, start.astimezone(ZoneInfo(zone)), duration) == result


@thorough
@given(calendars, moments, st.integers(1, 10))
def test_business_days_keep_the_local_time_of_an_open_start(calendar: Calendar, start: datetime, days: int) -> None:
    zone = ZoneInfo(calendar.timezone)
    start = next_open(calendar, start)
    result = add(calendar, start, BusinessDuration(days=days)).astimezone(zone)
    local = start.astimezone(zone)
    assert result.time() == local.time()
    between = (local.date() + timedelta(days=n) for n in range(1, (result.date() - local.date()).days + 1))
    noon_open = [day for day in between if business_day(calendar, day)]
    assert len(noon_open) == days


def business_day(calendar: Calendar, day: date) -> bool:
    return expected_open(calendar, datetime.combine(day, calendar.opens, ZoneInfo(calendar.timezone)))


@given(day=st.dates(date(2026, 1, 1), date(2032, 12, 31)), days=st.integers(1, 200), more=st.integers(0, 20))
def test_counting_back_is_counting_on_from_there(day: date, days: int, more: int) -> None:
    """As many business days lie between; it begins on one; more of them begin no later, and for a later day no earlier."""
    begin = business_days_before(SAO_PAULO, day, days)
    opening = at(SAO_PAULO.timezone, f"{begin} 09:00")
    assert is_open(SAO_PAULO, opening)
    ends = add(SAO_PAULO, opening, BusinessDuration(days=days)).astimezone(ZoneInfo(SAO_PAULO.timezone)).date()
    assert ends == next_open(SAO_PAULO, at(SAO_PAULO.timezone, f"{day} 09:00")).astimezone(ZoneInfo(SAO_PAULO.timezone)).date()
    assert business_days_before(SAO_PAULO, day, days + more) <= begin
    assert business_days_before(SAO_PAULO, day + timedelta(days=more), days) >= begin
