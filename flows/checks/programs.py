"""What Pismo's call that creates a program from a template takes: types, brands, and the rules for BINs, ranges and due dates.

Which types need card details is not published type by type: those of cards do, those of accounts and merchants must not have any.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flows.checks.iso_codes import numeric_code
from flows.problems import Parameter, Problem

MAX_NAME = 50
CARD_TYPES = (
    "CREDITO",
    "PRE-PAGO",
    "DEBITO",
    "CREDITO ZERO-BALANCE",
    "PRE-PAGO ZERO-BALANCE",
    "DEBITO ZERO-BALANCE",
    "VOUCHER",
)
ACCOUNT_TYPES = ("CURRENT ACCOUNTS", "INTERNAL ACCOUNTS", "CORRESPONDENT ACCOUNTS")
MERCHANT = "MERCHANT"
TYPES = (*CARD_TYPES, *ACCOUNT_TYPES, MERCHANT)
FULL_BALANCE_CREDIT = "CREDITO"
BRANDS = ("VISA", "MASTERCARD", "ELO", "RUPAY", "PRIVATE", "CABAL", "GOODCARD", "GPN")
LANGUAGES = ("en-US", "pt-BR")
ACTIVE, PENDING = "ACTIVE", "PENDING"
"""PENDING: not ready for use, since card settings (PCI) or accounting aren't configured yet."""
RANGE_DIGITS: Mapping[int, int] = {6: 9, 8: 7}
"""By the digits of the BIN, the most digits of its range."""
LAST_DUE_DAY = 28

_BETWEEN = re.compile(r"[\s.\-–—_]+")
_DAYS = re.compile(r"\d+")
_BETWEEN_DAYS = re.compile(r"\b(?:and|e|y|days?|dias?)\b|(?<=[0-9])(?:st|nd|rd|th|[ºª°])(?!\w)|[\s,;./|&]", re.IGNORECASE)
"""No hyphen: "5-10" may be two days or six."""
_TIME = re.compile(r"(\d{1,2})(?:h|[:h.](\d{2})(?:[:m.](\d{2}))?s?)", re.IGNORECASE)


@dataclass(frozen=True)
class ProgramTemplate:
    """A program as asked for. ``currency`` and ``country``: ISO 4217 and ISO 3166-1 alpha-3 letters; ``cycle_closing``: HH:MM:SS;
    ``due_dates``: days of the month. What isn't given is empty."""

    name: str
    type: str
    currency: str
    country: str
    timezone: str
    language: str = ""
    cycle_closing: str = ""
    brand: str = ""
    bin: str = ""
    range_start: str = ""
    range_end: str = ""
    due_dates: tuple[int, ...] = ()

    @property
    def for_cards(self) -> bool:
        return self.type in CARD_TYPES

    def body(self) -> dict[str, Any]:
        """What is sent to Pismo."""
        given: dict[str, Any] = {
            "name": self.name,
            "type": self.type,
            "timezone": self.timezone,
            "currency_numeric_code": numeric_code(self.currency) or "",
            "country_code": self.country,
            "language": self.language,
            "cycle_closing": self.cycle_closing,
        }
        if self.for_cards:
            given["brand"] = self.brand
            given["bin"] = {"value": self.bin, "start_range": self.range_start, "end_range": self.range_end}
            given["due_dates"] = [{"day": day, "active": True} for day in self.due_dates]
        return {name: value for name, value in given.items() if value}


def digits(value: str) -> str:
    """A number as it is copied, without what groups its digits. What is no number stays as it is."""
    plain = _BETWEEN.sub("", value)
    return plain if _are_digits(plain) else value


def time_of_day(value: str) -> str | None:
    """HH:MM:SS for a time with or without seconds; None if it is none."""
    found = _TIME.fullmatch(value.strip())
    if not found:
        return None
    hour, minute, second = (int(part or 0) for part in found.groups())
    return f"{hour:02}:{minute:02}:{second:02}" if hour < 24 and minute < 60 and second < 60 else None


def days(value: str) -> tuple[int, ...] | None:
    """Days of the month in a list as people type it, in order and each once; None if there is something else in it."""
    if _BETWEEN_DAYS.sub("", value).strip("0123456789"):
        return None
    return tuple(sorted({int(day) for day in _DAYS.findall(value)}))


def faults(program: ProgramTemplate) -> Iterator[Problem]:
    """What Pismo would refuse, by the names of `ProgramTemplate`'s fields. Codes of countries and currencies and the time zone are
    known to be listed: they are chosen, not typed."""
    if not 1 <= len(program.name) <= MAX_NAME:
        yield Problem("name", "program_name_length", {"maximum": MAX_NAME})
    if program.type not in TYPES:
        yield Problem("type", "program_type_unknown", {"type": program.type})
    elif program.for_cards:
        yield from _card_faults(program)
    else:
        for field in ("brand", "bin", "range_start", "range_end", "due_dates"):
            if getattr(program, field):
                yield Problem(field, "program_no_card_details", {"type": program.type})


def _card_faults(program: ProgramTemplate) -> Iterator[Problem]:
    if not program.brand:
        yield Problem("brand", "program_brand_missing", {"type": program.type})
    elif program.brand not in BRANDS:
        yield Problem("brand", "program_brand_unknown", {"brand": program.brand})
    yield from _bin_faults(program)
    if program.type == FULL_BALANCE_CREDIT and not program.due_dates:
        yield Problem("due_dates", "due_date_missing")
    wrong = [day for day in program.due_dates if not 1 <= day <= LAST_DUE_DAY]
    if wrong:
        yield Problem("due_dates", "due_date_beyond", {"days": ", ".join(map(str, wrong)), "last": LAST_DUE_DAY})


def _bin_faults(program: ProgramTemplate) -> Iterator[Problem]:
    most = RANGE_DIGITS.get(len(program.bin))
    if not _are_digits(program.bin):
        yield Problem("bin", "bin_not_digits")
    elif most is None:
        yield Problem("bin", "bin_length", {"found": len(program.bin)})
    params: dict[str, Parameter] = {"bin": len(program.bin), "maximum": most or 0}
    good = True
    for field, value in (("range_start", program.range_start), ("range_end", program.range_end)):
        if not _are_digits(value):
            good = False
            yield Problem(field, "bin_range_not_digits")
        elif most is not None and len(value) > most:
            good = False
            yield Problem(field, "bin_range_length", {**params, "found": len(value)})
    if good and int(program.range_start) > int(program.range_end):
        yield Problem("range_end", "bin_range_order")


def _are_digits(value: str) -> bool:
    return value.isascii() and value.isdigit()
