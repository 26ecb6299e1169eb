"""Policies from ``CONFIG_FILE``, a TOML file: reminders, business hours, approvals. What it leaves out keeps its default."""

import difflib
import math
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import time
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from bot.config import service_desk
from bot.config.service_desk import ServiceDeskPolicies
from bot.messages.texts import languages
from flows.business_time import BusinessDuration, Calendar, parse_duration
from flows.rules import ReminderTimes, ReportDay, Rules

T = TypeVar("T")
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_ADDRESS = re.compile(r"[^@\s<>\"',;:]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})+")


@dataclass(frozen=True)
class Policies:
    """How this installation works. The defaults are those of the onboarding journey."""

    rules: Rules = field(default_factory=Rules)
    support_language: str = "en"
    sweep_seconds: float = 30.0
    """How often to look for due reminders and expiries."""
    poll_seconds: float = 5.0
    """How often effects are looked for that another process committed or left; those of this process run at once."""
    lease_seconds: float = 30.0
    """How long until others take over what a killed process had in hand. On SQLite, there are no others."""
    channel_seconds: float = 1.0
    """The time between two messages into one channel, after a short burst."""
    socket_silence_seconds: float = 120.0
    """How long Socket Mode may be silent before the process exits to be restarted."""
    sessions_organizer: str = ""
    """The email address that invitations to sessions name as their organizer; empty: plain calendar entries in their place."""
    retention_days: int = 30
    """How long records of clicks, handled events and finished effects are kept."""
    service_desk: ServiceDeskPolicies = field(default_factory=ServiceDeskPolicies)


class PolicyError(Exception):
    """The file cannot be used. The text says what is wrong and where; ``how`` says how to fix it."""

    def __init__(self, what: str, how: str) -> None:
        super().__init__(what)
        self.how = how


class _Table:
    """One table of the file. Every key that is read is known; others are refused, with the nearest known one as a suggestion."""

    def __init__(self, name: str, values: object) -> None:
        if not isinstance(values, dict):
            raise PolicyError(f"has {name}, which is not a table", f"write [{name}] on a line of its own and its keys below")
        self.name, self._values, self._known = name, values, set[str]()

    def read(self, key: str, default: T, parse: Callable[[Any], T], expected: str) -> T:
        self._known.add(key)
        if key not in self._values:
            return default
        try:
            return parse(self._values[key])
        except (ValueError, TypeError, KeyError, AttributeError, OSError) as error:
            raise PolicyError(f"has a wrong {self.name}.{key}", f"write {expected}") from error

    def rest(self) -> Iterator[tuple[str, Any]]:
        """For tables whose keys are names: the raw items."""
        self._known.update(self._values)
        yield from self._values.items()

    def close(self) -> None:
        for key in self._values:
            if key not in self._known:
                raise PolicyError(f"has an unknown key {self.name}.{key}", _nearest(key, self._known))


def _nearest(key: str, known: set[str]) -> str:
    near = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
    return f"did you mean {near[0]}?" if near else f"known here are {', '.join(sorted(known))}"


def _duration(value: Any) -> BusinessDuration:
    return parse_duration(_text(value))


def _durations(value: Any) -> tuple[BusinessDuration, ...]:
    if not isinstance(value, list):
        raise TypeError
    return tuple(_duration(one) for one in value)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _count(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError
    return value


def _seconds(value: Any) -> float:
    if isinstance(value, str):
        value = parse_duration(value).seconds
    if isinstance(value, bool) or not math.isfinite(value) or not 0.01 <= value <= 86400:
        raise ValueError
    return float(value)


def _gap(value: Any) -> float:
    return 0.0 if value == 0 and not isinstance(value, bool) else _seconds(value)


def _hours(value: Any) -> int:
    hours = parse_duration(_text(value)).seconds / 3600
    if not hours.is_integer() or not 0 <= hours < 24:
        raise ValueError
    return int(hours)


def _days_before(value: Any) -> tuple[int, ...]:
    if not isinstance(value, list):
        raise TypeError
    return tuple(_days(one) for one in value)


def _days(value: Any) -> int:
    if not 1 <= _count(value) <= 3660:
        raise ValueError
    return int(value)


def _clock(value: Any) -> time:
    return value if isinstance(value, time) else time.fromisoformat(_text(value))


def _weekday(value: Any) -> int:
    return _WEEKDAYS.index(_text(value).casefold())


def _zone(value: Any) -> str:
    return ZoneInfo(_text(value)).key


def _country(value: Any) -> str | None:
    if _text(value) and not (value.isalpha() and len(value) in (2, 3)):
        raise ValueError
    return value.upper() or None


def _state(value: Any) -> str | None:
    if _text(value) and not (value.isalnum() and len(value) <= 3):
        raise ValueError
    return value.upper() or None


def _address(value: Any) -> str:
    if _text(value) and not _ADDRESS.fullmatch(value):
        raise ValueError
    return str(value)


def _language(value: Any) -> str:
    if value not in languages():
        raise ValueError
    return str(value)


def load(path: str) -> Policies:
    """The policies in a file; the defaults for an empty path. Raises PolicyError."""
    if not path:
        return Policies()
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise PolicyError(f"cannot be read ({error.strerror or 'no such file'})", "name a file that this user may read") from None
    try:
        values = tomllib.loads(content.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        where = str(error) if isinstance(error, tomllib.TOMLDecodeError) else "it is not UTF-8 text"
        raise PolicyError(f"is not TOML: {where}", "mend that line; docs/policies.example.toml is a whole file") from None
    return parse(values)


def parse(values: Mapping[str, Any]) -> Policies:
    """The policies from a TOML file's values. Raises PolicyError."""
    tables = {name: _Table(name, values.get(name, {})) for name in _TABLES}
    for name in values:
        if name not in tables:
            raise PolicyError(f"has an unknown table {name}", _nearest(name, set(tables)))
    default = Policies()
    hours, side, customer = tables["business_hours"], tables["support"], tables["customer"]
    usual = default.rules.support_calendar
    always_open = hours.read("always_open", default=False, parse=_flag, expected="true or false")
    opens = hours.read("opens", usual.opens, _clock, 'a time of day as "09:00"')
    closes = hours.read("closes", usual.closes, _clock, 'a time of day as "18:00"')
    timezone = side.read("timezone", usual.timezone, _zone, 'an IANA time zone as "America/Sao_Paulo"')
    country = side.read("country", usual.country, _country, 'a country code as "BR"; "" for no holidays')
    state = side.read("state", usual.subdivision, _state, 'the code of a state as "SP"; "" for the country\'s holidays alone')
    banks = side.read("bank_holidays", usual.banks, _flag, "true or false")
    try:
        calendar = Calendar(timezone, opens, closes, country, state, always_open, banks)
    except ValueError as error:
        raise PolicyError(f"has wrong business_hours: {error}", "write opens before closes") from None
    engine = tables["engine"]
    policies = Policies(
        rules=Rules(
            reminders=_reminders(tables["reminders"], default.rules.reminders),
            support_calendar=calendar,
            customer_timezone=customer.read(
                "timezone", default.rules.customer_timezone, _zone, 'an IANA time zone as "America/Sao_Paulo"'
            ),
            customer_always_open=always_open,
            approvals=_approvals(tables["approvals"]),
            nudge_hours=tables["invitations"].read("nudge_before", default.rules.nudge_hours, _hours, 'whole hours as "4 h"'),
            weekly_report=_weekly_report(tables["report"]),
            renewal_days=tables["certificates"].read(
                "renew_before", default.rules.renewal_days, _days_before, "a list of whole days as [90, 30, 7]"
            ),
        ),
        support_language=side.read(
            "language", default.support_language, _language, f"a language the bot has: {', '.join(languages())}"
        ),
        sweep_seconds=engine.read("sweep", default.sweep_seconds, _seconds, 'a time as "30 s"'),
        poll_seconds=engine.read("poll", default.poll_seconds, _seconds, 'a time as "5 s"'),
        lease_seconds=engine.read("lease", default.lease_seconds, _seconds, 'a time as "30 s"'),
        channel_seconds=engine.read("channel_gap", default.channel_seconds, _gap, 'a time as "1 s", or 0'),
        socket_silence_seconds=engine.read("socket_silence", default.socket_silence_seconds, _seconds, 'a time as "2 min"'),
        retention_days=tables["retention"].read("days", default.retention_days, _days, "whole days as 30, at least 1"),
        sessions_organizer=tables["sessions"].read(
            "organizer", default.sessions_organizer, _address, 'an email address as "onboarding@bank.example"'
        ),
        service_desk=_service_desk(tables["service_desk"], default.service_desk),
    )
    if policies.poll_seconds >= policies.lease_seconds:
        raise PolicyError("has an engine.poll that is not shorter than engine.lease", "leave both out, or write a shorter poll")
    for table in tables.values():
        table.close()
    return policies


_TABLES = (
    "reminders",
    "business_hours",
    "support",
    "customer",
    "approvals",
    "invitations",
    "certificates",
    "sessions",
    "report",
    "service_desk",
    "engine",
    "retention",
)


def _reminders(table: _Table, usual: ReminderTimes) -> ReminderTimes:
    expected = '"1 business day", "4 business hours", "30 s", "5 min", "2 h" or "3 days"'
    return ReminderTimes(
        customer=table.read("customer_after", usual.customer, _durations, f"a list of {expected}"),
        support_first=table.read("support_first", usual.support_first, _duration, expected),
        support_then=table.read("support_then", usual.support_then, _duration, expected),
        support_times=table.read("support_times", usual.support_times, _count, "a whole number"),
        escalate_after=table.read("escalate_after", usual.escalate_after, _duration, expected),
        once_a_day=table.read("once_a_day", default=usual.once_a_day, parse=_flag, expected="true or false"),
    )


def _weekly_report(table: _Table) -> ReportDay | None:
    """None if it is switched off."""
    when = ReportDay(
        weekday=table.read("day", 0, _weekday, f"one of {', '.join(_WEEKDAYS)}"),
        at=table.read("at", None, _clock, 'a time of day as "09:00"'),
    )
    return when if table.read("weekly", default=True, parse=_flag, expected="true or false") else None


def _service_desk(table: _Table, usual: ServiceDeskPolicies) -> ServiceDeskPolicies:
    expected = "a table with some of desk, request_type, category, subtypes, choices, priority and fields, all of them text"
    return ServiceDeskPolicies(
        follow_seconds=table.read("follow_every", usual.follow_seconds, _seconds, 'a time as "10 min"'),
        lag_seconds=table.read("search_lag", usual.lag_seconds, _seconds, 'a time as "2 min"'),
        names={
            portal: table.read(portal, known, lambda value, known=known: service_desk.names(known, value), expected)  # type: ignore[misc]
            for portal, known in usual.names.items()
        },
        statuses=table.read(
            "statuses",
            usual.statuses,
            lambda value: service_desk.statuses(usual.statuses, value),
            "a table with some of pending, to_do, validating and declined, each a list of names",
        ),
    )


def _approvals(table: _Table) -> Mapping[str, int]:
    """How many different people must approve a step, or confirm a "step.task" (quoted, since it contains a dot): the second confirms what
    the first recorded, so that a task takes two at most."""
    given = list(table.rest())
    if not given:
        return {}
    from flows.forms.step import MAX_CONFIRMING  # noqa: PLC0415  only needed if approvals are configured
    from flows.journey import JOURNEYS  # noqa: PLC0415

    steps = [step for journey in JOURNEYS.versions.values() for step in journey.steps.values()]
    known = {*(step.id for step in steps), *(f"{step.id}.{task.id}" for step in steps for task in step.tasks)}
    found = {}
    for name, count in given:
        if name not in known:
            raise PolicyError(f"has approvals of an unknown step or task {name}", _nearest(name, known))
        is_task = "." in name
        if isinstance(count, bool) or not isinstance(count, int) or not 0 <= count <= (MAX_CONFIRMING if is_task else 9):
            how = f"must confirm this task, 0 to {MAX_CONFIRMING}" if is_task else "must approve, 0 to 9"
            raise PolicyError(f"has a wrong approvals.{name}", f"write how many people {how}")
        found[name] = count
    return found
