"""Business time: one side's opening hours in its time zone, on working days only (no weekends or holidays).

All datetimes are aware; results are in UTC. Opening hours run from ``opens`` (inclusive) to ``closes`` (exclusive).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from flows.days_off import STATES_OF_ZONES, DaysOff, days_off

_DAY = timedelta(days=1)
_MIDNIGHT = time(0)
_MAX_DAYS = 3660


@dataclass(frozen=True)
class Calendar:
    """When one side works.

    ``timezone``: IANA name. ``closes`` 00:00 means the end of the day. ``country``: ISO 3166-1 alpha-2 or alpha-3; its weekends
    and public holidays are days off. Without one, or if none are known for it, only Saturdays and Sundays are.
    ``subdivision``: the part of ISO 3166-2 after the hyphen. ``always_open``: every moment is business time.
    ``banks``: whether the days on which banks are closed are days off. Raises ValueError.
    """

    timezone: str
    opens: time = time(9)
    closes: time = time(18)
    country: str | None = None
    subdivision: str | None = None
    always_open: bool = False
    banks: bool = True

    def __post_init__(self) -> None:
        try:
            ZoneInfo(self.timezone)
        except (LookupError, ValueError, OSError) as error:
            raise ValueError(f"{self.timezone!r} is not an IANA time zone such as America/Sao_Paulo") from error
        if self.closes not in (_MIDNIGHT, max(self.closes, self.opens)) or self.closes == self.opens != _MIDNIGHT:
            raise ValueError(f"opening hours end ({self.closes:%H:%M}) before they begin ({self.opens:%H:%M})")


@dataclass(frozen=True)
class BusinessDuration:
    """Business days, business hours, or plain seconds. Raises ValueError for more than one of them or a negative amount."""

    days: int = 0
    hours: float = 0
    seconds: float = 0

    def __post_init__(self) -> None:
        given = [amount for amount in (self.days, self.hours, self.seconds) if amount]
        if len(given) > 1 or any(amount < 0 for amount in given):
            raise ValueError("a duration is a number of business days, business hours, or seconds, from 0 up")
        if self.days + self.hours / 24 + self.seconds / 86400 > _MAX_DAYS:
            raise ValueError(f"a duration is at most {_MAX_DAYS} days")

    @property
    def elapsed(self) -> timedelta:
        """The same amount in plain time."""
        return timedelta(days=self.days, hours=self.hours, seconds=self.seconds)


def customer_calendar(timezone: str, country: str, subdivision: str, *, always_open: bool, like: Calendar) -> Calendar:
    """The calendar of a customer, a bank: its zone, country and state, with the opening hours of ``like``."""
    return Calendar(timezone, like.opens, like.closes, country or None, subdivision or None, always_open)


def add(calendar: Calendar, start: datetime, duration: BusinessDuration) -> datetime:
    """The open moment ``duration`` after ``start``; a start outside opening hours counts from the next opening.

    Business days: the same local time on the n-th following business day. Business hours: counted only while open.
    Seconds: plain time, moved to the next opening if outside opening hours. In an always-open calendar all are plain time.
    """
    if calendar.always_open:
        return _utc(start) + duration.elapsed
    if duration.hours:
        return _add_open(calendar, start, duration.elapsed)
    if duration.days:
        return _add_days(calendar, next_open(calendar, start), duration.days)
    return next_open(calendar, _utc(start) + duration.elapsed)


def days_ahead(calendar: Calendar, day: date, days: int) -> date:
    """The day before whose beginning work that takes so many business days is over, if it begins with ``day``."""
    while days > 0:
        days -= _is_business_day(calendar, day)
        day += _DAY
    return day


@lru_cache(maxsize=2048)
def business_days_before(calendar: Calendar, day: date, days: int) -> date:
    """The last day on which work that takes so many business days can begin and be over when ``day`` begins: itself a business day,
    unless none is needed."""
    while days > 0:
        day -= _DAY
        days -= _is_business_day(calendar, day)
    return day


def next_open(calendar: Calendar, at: datetime) -> datetime:
    """``at`` itself if open, else the next opening."""
    return _utc(at) if calendar.always_open else _add_open(calendar, at, timedelta(0))


def holiday(calendar: Calendar, day: date) -> str:
    """What a public or bank holiday is called in its country's language; empty if the day is none."""
    return _days_off(calendar).name(day)


def is_open(calendar: Calendar, at: datetime) -> bool:
    return next_open(calendar, at) == at


def between(calendar: Calendar, start: datetime, end: datetime) -> timedelta:
    """How much of the time from ``start`` to ``end`` is business time; nothing if the end is first."""
    start = _utc(start)
    end = max(start, _utc(end))
    if calendar.always_open:
        return end - start
    spent = timedelta(0)
    for opening, closing in _openings(calendar, start):
        if opening >= end:
            break
        spent += min(closing, end) - max(opening, start)
    return spent


def length_of_day(calendar: Calendar) -> timedelta:
    """What a business day has, without changes of the clock."""
    if calendar.always_open:
        return _DAY
    opens, closes = timedelta(hours=calendar.opens.hour, minutes=calendar.opens.minute), calendar.closes
    return (timedelta(hours=closes.hour, minutes=closes.minute) if closes != _MIDNIGHT else _DAY) - opens


def _add_open(calendar: Calendar, start: datetime, remaining: timedelta) -> datetime:
    moment = _utc(start)
    for opening, closing in _openings(calendar, moment):
        moment = max(moment, opening)
        if moment + remaining < closing:
            break
        remaining -= closing - moment
        moment = closing
    return moment + remaining


def _add_days(calendar: Calendar, start: datetime, days: int) -> datetime:
    local = start.astimezone(ZoneInfo(calendar.timezone))
    day = local.date()
    while days:
        day += _DAY
        days -= _is_business_day(calendar, day)
    return next_open(calendar, _instant(calendar, day, local.time()))


def _openings(calendar: Calendar, after: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Opening hours that end after a moment, in order, endlessly."""
    day = after.astimezone(ZoneInfo(calendar.timezone)).date()
    while True:
        if _is_business_day(calendar, day):
            opening = _instant(calendar, day, calendar.opens)
            closing = _instant(calendar, day + _DAY if calendar.closes == _MIDNIGHT else day, calendar.closes)
            if closing > max(opening, after):
                yield opening, closing
        day += _DAY


def _instant(calendar: Calendar, day: date, clock: time) -> datetime:
    """A local time that a clock change skips moves forward by the gap; of a repeated one, the first counts."""
    return datetime.combine(day, clock.replace(fold=0), ZoneInfo(calendar.timezone)).astimezone(UTC)


def _is_business_day(calendar: Calendar, day: date) -> bool:
    return day not in _days_off(calendar)


def _days_off(calendar: Calendar) -> DaysOff:
    of_zone = STATES_OF_ZONES.get(calendar.timezone, "")
    return days_off(calendar.country or "", calendar.subdivision or "", of_zone, banks=calendar.banks)


def _utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("a datetime without a time zone")
    return moment.astimezone(UTC)


_DURATION = re.compile(r"(\d{1,9}(?:\.\d{1,6})?)\s*(business\s+)?([a-z]+)")
_SECONDS = {
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), 1),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), 60),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), 3600),
    **dict.fromkeys(("d", "day", "days"), 86400),
    **dict.fromkeys(("w", "week", "weeks"), 604800),
}


def parse_duration(text: str) -> BusinessDuration:
    """``1 business day``, ``4 business hours``, or plain time: ``30 s``, ``5 min``, ``2 h``, ``3 days``. Raises ValueError."""
    refused = ValueError(
        f"{text[:40]!r} is not a duration; write e.g. 30 s, 5 min, 2 h, 3 days, 4 business hours or 1 business day"
    )
    match = _DURATION.fullmatch(" ".join(text.casefold().split()))
    seconds = _SECONDS.get(match[3]) if match else None
    if not match or not seconds:
        raise refused
    amount = float(match[1])
    if not match[2]:
        return BusinessDuration(seconds=amount * seconds)
    if seconds == 3600:
        return BusinessDuration(hours=amount)
    if seconds == 86400 and amount.is_integer():
        return BusinessDuration(days=int(amount))
    raise refused
