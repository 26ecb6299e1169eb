"""Names, times and Slack's own words as a message's reader sees them. The words are in texts/, one file a language."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta, tzinfo
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_datetime, format_skeleton, format_time
from babel.numbers import get_decimal_symbol

from playground.page.locales import locale_of
from playground.slack import SlackStandIn
from playground.slack.reader import Reader

SLACKBOT = "USLACKBOT"
FALLBACK = "en"
_TEXTS = Path(__file__).parent / "texts"


# -- words


@cache
def languages() -> tuple[str, ...]:
    """As babel names them, e.g. ``pt``."""
    return tuple(sorted(path.stem for path in _TEXTS.glob("*.toml")))


@cache
def table(language: str) -> Mapping[str, str]:
    """A language's words by dotted key; empty if there is no such file."""
    path = _TEXTS / f"{language}.toml"
    return dict(_flat(tomllib.loads(path.read_text()))) if path.is_file() else {}


def _flat(given: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    for key, value in given.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{before}{key}.")
        else:
            yield before + key, value


def in_language(language: str, key: str, /, **values: object) -> str:
    """The words for a key, in English where the language lacks them. Raises KeyError if English lacks them too."""
    known = table(language)
    n = values.get("n")
    plural = f"{key}.{'one' if isinstance(n, int) and Locale(language).plural_form(n) == 'one' else 'other'}"
    found = next((known[name] for name in (key, plural) if name in known), None)
    if found is None:
        if language == FALLBACK:
            raise KeyError(key)
        return in_language(FALLBACK, key, **values)
    return found.format(**values)


def accepted(header: str) -> str:
    """The first of an Accept-Language header's languages that there is; else English. Browsers name the preferred one first."""
    names = (part.strip().partition(";")[0].partition("-")[0].lower() for part in header.split(","))
    return next((name for name in names if name in languages()), FALLBACK)


def say(reader: Reader, key: str, /, **values: object) -> str:
    """Likewise, in the language that somebody reads."""
    return in_language(locale_of(reader).language, key, **values)


def in_any(key: str, /, **values: object) -> str:
    """A regular expression for the words in any of the languages; a value that is a pattern matches what it matches."""
    found = [text for language in languages() for name, text in table(language).items() if name in _forms(key)]
    return f"(?:{'|'.join(dict.fromkeys(_pattern(text, values) for text in found))})"


def _forms(key: str) -> tuple[str, str, str]:
    return key, f"{key}.one", f"{key}.other"


def _pattern(text: str, values: Mapping[str, object]) -> str:
    parts = re.split(r"\{(\w+)\}", text)
    return "".join(str(values.get(part, ".+")) if at % 2 else re.escape(part) for at, part in enumerate(parts))


# -- names


def author(slack: SlackStandIn, user_id: str, reader: Reader | None = None) -> str:
    if user_id == SLACKBOT:
        return "Slackbot"
    user = slack.world.users.get(user_id)
    return user.name if user else say(reader, "someone") if reader else in_language(FALLBACK, "someone")


def initials(name: str) -> str:
    return "".join(word[0] for word in name.split()[:2]).upper()


# -- times and numbers


def zone_of(reader: Reader) -> tzinfo:
    return ZoneInfo(reader.user.tz or "UTC")


def moment(reader: Reader, ts: str) -> datetime:
    """A message's `ts` in the reader's zone."""
    return datetime.fromtimestamp(float(ts), zone_of(reader))


def time_of_day(reader: Reader, ts: str) -> str:
    return format_time(moment(reader, ts), "short", locale=locale_of(reader)).replace("\u202f", " ")


def when(reader: Reader, ts: str, now: float) -> str:
    """The time, and the day unless it is today."""
    then, today = moment(reader, ts), datetime.fromtimestamp(now, zone_of(reader))
    time = time_of_day(reader, ts)
    return time if then.date() == today.date() else f"{format_skeleton('MMMd', then, locale=locale_of(reader))}, {time}"


def full_time(reader: Reader, ts: str) -> str:
    return format_datetime(moment(reader, ts), "EEEE, d MMMM y HH:mm", locale=locale_of(reader))


def day(reader: Reader, ts: str, now: float) -> str:
    """The words on a divider: today, yesterday, or the date, with the year if it is another one."""
    then, today = moment(reader, ts), datetime.fromtimestamp(now, zone_of(reader))
    if then.date() in (today.date(), today.date() - timedelta(days=1)):
        return say(reader, "today" if then.date() == today.date() else "yesterday")
    return str(format_date(then, say(reader, "date") if then.year == today.year else "full", locale=locale_of(reader)))


def number(reader: Reader, value: float) -> str:
    return f"{value:g}".replace(".", get_decimal_symbol(locale_of(reader)))


def size(octets: int) -> str:
    return f"{octets} B" if octets < 1024 else f"{octets / 1024:.0f} kB" if octets < 1024**2 else f"{octets / 1024**2:.1f} MB"
