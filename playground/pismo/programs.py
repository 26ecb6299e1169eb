"""Programs at the stand-in: the rules of the template call, creation that takes a while, and the list with its filters.

Where Pismo publishes no code for something that its schema doesn't allow, it is an "Error to Binder".
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal
from zoneinfo import available_timezones

from playground.pismo.facts import FACTS

Ends = Literal["ACTIVE", "PENDING", "ERROR"]
RULES: Mapping[str, Any] = FACTS["program"]
TEMPLATE: Mapping[str, Any] = FACTS["call"]["create_program"]
BIN_PARTS = ("value", "start_range", "end_range")
RANGES = {6: (9, "EOA0038"), 8: (7, "EOA0039")}
"""By the digits of a BIN: the most digits of its range, and the code of the refusal."""
_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d:[0-5]\d")


@dataclass
class ProgramCreation:
    """How the creation of programs goes. ``looks``: how often one that is being created is looked for in vain. ``ends``: its status
    then; ERROR: it is never there. ``refusals``: codes with which the next calls are refused."""

    looks: int = 0
    ends: Ends = "ACTIVE"
    refusals: list[str] = field(default_factory=list)


@dataclass
class Import:
    """A program that is being created. ``left``: how often it is still looked for in vain."""

    id: int
    program: dict[str, Any]
    left: int
    ends: Ends

    def record(self) -> dict[str, Any]:
        """As the call for it tells."""
        status = "PROCESS" if self.left else "ERROR" if self.ends == "ERROR" else "SUCCESS"
        there = {"program_id": self.program["id"]} if status == "SUCCESS" else {}
        return {"id": self.id, "status": status, "details": "Import process details", "program_import_steps": [], **there}


@dataclass(frozen=True)
class Refusal:
    """``code``: of the table of facts; ``values``: for the places in its message."""

    code: str
    values: Mapping[str, str] = field(default_factory=dict)


BINDER = Refusal("EOA0018")


def refusal_of(body: object) -> Refusal | None:
    """Why Pismo doesn't create a program from this."""
    if not isinstance(body, dict) or not body.keys() <= set(TEMPLATE["body"]):
        return BINDER
    missing = next((name for name in TEMPLATE["required"] if body.get(name) in (None, "")), None)
    if missing:
        return Refusal("EOA0086", {"field": missing})
    if not _fits(body):
        return BINDER
    return _unknown(body) or (_without_cards(body) if body["type"] in RULES["without_cards"] else _with_cards(body))


def _fits(body: Mapping[str, Any]) -> bool:
    texts = (*TEMPLATE["required"], "brand", "language", "cycle_closing", "holiday_calendar_id")
    if any(not isinstance(body[name], str) for name in texts if body.get(name) is not None):
        return False
    return (
        len(body["name"]) <= RULES["longest_name"]
        and body.get("brand") in (None, *RULES["brands"])
        and body.get("language") in (None, *RULES["languages"])
        and (body.get("cycle_closing") is None or _TIME.fullmatch(body["cycle_closing"]) is not None)
        and _are_dates(body.get("due_dates"))
        and _is_bin(body.get("bin"))
    )


def _are_dates(dates: object) -> bool:
    """``day`` and ``active`` are both required."""
    return dates is None or (
        isinstance(dates, list)
        and all(isinstance(one, dict) and isinstance(one.get("active"), bool) and one.get("day") in range(1, 29) for one in dates)
    )


def _is_bin(given: object) -> bool:
    return given is None or (isinstance(given, dict) and all(isinstance(given.get(part, ""), str) for part in BIN_PARTS))


def _unknown(body: Mapping[str, Any]) -> Refusal | None:
    if body["type"] not in RULES["types"]:
        return Refusal("EOA0031")
    if body["timezone"] not in _zones():
        return Refusal("EOA0029", {"value": body["timezone"]})
    for name, code, shape in (("currency_numeric_code", "EOA0033", "[0-9]{3}"), ("country_code", "EOA0063", "[A-Z]{3}")):
        if not re.fullmatch(shape, body[name]):  # the shape alone: the lists are ISO's
            return Refusal(code, {"value": body[name]})
    return None


def _without_cards(body: Mapping[str, Any]) -> Refusal | None:
    return Refusal("EOA0055") if any(body.get(name) for name in ("bin", "brand", "due_dates")) else None


def _with_cards(body: Mapping[str, Any]) -> Refusal | None:
    credit = body["type"] == RULES["full_balance_credit"]
    dated = any(one["active"] for one in body.get("due_dates") or ())
    given = body.get("bin") or {}
    if not body.get("brand") or any(not given.get(part) for part in BIN_PARTS) or (credit and not dated):
        return Refusal("EOA0054" if credit else "EOA0073")
    for part in BIN_PARTS:
        if not re.fullmatch(r"[0-9]+", given[part]):
            return Refusal("EOA0040", {"field": f"bin.{part}"})
    if len(given["value"]) not in RANGES:
        return Refusal("EOA0037")
    most, code = RANGES[len(given["value"])]
    return Refusal(code) if any(len(given[part]) > most for part in BIN_PARTS[1:]) else None


def listed(programs: Sequence[Mapping[str, Any]], query: Mapping[str, str]) -> list[Mapping[str, Any]] | None:
    """Those that the filters let through, in order; None if a filter isn't one."""
    name, kind, digits = query.get("name", ""), query.get("type", ""), query.get("binValue", "")
    order, by, number = query.get("order", "ASC"), query.get("orderBy", "ID"), query.get("id", "")
    if len(name) > RULES["longest_name"] or len(digits) > 8 or order not in ("ASC", "DESC") or by not in ("ID", "NAME"):
        return None
    if (kind and kind not in RULES["types"]) or not re.fullmatch(r"\d{0,18}", number, re.ASCII):
        return None
    found = [
        program
        for program in programs
        if name.casefold() in program["name"].casefold()
        and kind in ("", program["type"])
        and digits in ("", (program.get("bin") or {}).get("value"))
        and number in ("", str(program["id"]))
    ]
    return sorted(found, key=lambda program: program[by.lower()], reverse=order == "DESC")


@cache
def _zones() -> frozenset[str]:
    return frozenset(zone for zone in available_timezones() if "/" in zone)
