"""Slack's date tokens (`{date_short_pretty} {time}`) in the reader's zone and language."""

import re
from datetime import UTC, date, datetime, tzinfo
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale
from babel.dates import format_date, format_datetime, format_time, format_timedelta

from playground.page.locales import locale_of
from playground.page.words import say
from playground.slack.reader import Reader

_TOKEN: Final = re.compile(r"\{(\w+)\}")
_DATES: Final = {"date": "long", "date_num": "iso", "date_slash": "short", "date_short": "medium", "date_long": "full"}
_NEAR: Final = {-1: "yesterday", 0: "today", 1: "tomorrow"}


def zone_of(reader: Reader) -> tzinfo:
    try:
        return ZoneInfo(reader.user.tz or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return UTC


def moment_of(seconds: float, reader: Reader) -> datetime | None:
    """None if the seconds are outside any calendar."""
    try:
        return datetime.fromtimestamp(seconds, zone_of(reader))
    except (ValueError, OverflowError, OSError):
        return None


def spelled(form: str, seconds: float, reader: Reader) -> str | None:
    """`form` with its tokens replaced; unknown tokens stay. None if the seconds are outside any calendar."""
    moment, now = moment_of(seconds, reader), moment_of(reader.core.world.clock(), reader)
    if moment is None or now is None:
        return None
    return _TOKEN.sub(lambda found: _token(found[1], moment, now, reader) or found[0], form)


def full(moment: datetime, reader: Reader) -> str:
    """A moment in full, for anyone who hovers over its short form."""
    return str(format_datetime(moment, "full", locale=locale_of(reader)))


def _token(name: str, moment: datetime, now: datetime, reader: Reader) -> str | None:
    locale = locale_of(reader)
    if name == "time":
        return str(format_time(moment, "short", locale=locale))
    if name == "time_secs":
        return str(format_time(moment, "medium", locale=locale))
    if name == "ago":
        return str(format_timedelta(moment - now, add_direction=True, locale=locale))
    if name == "day_divider_pretty":
        name = "date_long_pretty"
    plain = name.removesuffix("_pretty")
    if plain not in _DATES:
        return None
    near = _near(moment.date(), now.date(), reader) if plain != name else None
    return near or _day(moment, _DATES[plain], locale)


def _near(day: date, today: date, reader: Reader) -> str | None:
    """Yesterday, today or tomorrow."""
    name = _NEAR.get((day - today).days)
    return say(reader, name).lower() if name else None


def _day(moment: datetime, form: str, locale: Locale) -> str:
    if form == "iso":
        return f"{moment:%Y-%m-%d}"
    return str(format_date(moment, form, locale=locale))
