"""A small schema language whose complaints read like Slack's: `[ERROR] must be less than 76 characters [json-pointer:/text]`."""

import re
from collections.abc import Callable, Mapping
from typing import Any

Report = list[str]
Check = Callable[[Any, str, Report], None]


def complain(out: Report, path: str, words: str) -> None:
    out.append(f"[ERROR] {words} [json-pointer:{path}]")


def string(high: int, low: int = 1, pattern: str | None = None) -> Check:
    """`low` to `high` characters; `pattern` is matched against the whole string."""

    def check(value: Any, path: str, out: Report) -> None:
        if not isinstance(value, str):
            complain(out, path, "must provide a string")
        elif len(value) < low:
            complain(out, path, f"must be more than {low - 1} characters")
        elif len(value) > high:
            complain(out, path, f"must be less than {high + 1} characters")
        elif pattern and not re.fullmatch(pattern, value):
            complain(out, path, f"failed to match pattern {pattern}")

    return check


def boolean(value: Any, path: str, out: Report) -> None:
    if not isinstance(value, bool):
        complain(out, path, "must provide a boolean")


def integer(low: int, high: int) -> Check:
    def check(value: Any, path: str, out: Report) -> None:
        if not isinstance(value, int) or isinstance(value, bool):
            complain(out, path, "must provide an integer")
        elif not low <= value <= high:
            complain(out, path, f"must be between {low} and {high}")

    return check


def number(value: Any, path: str, out: Report) -> None:
    if not isinstance(value, int | float) or isinstance(value, bool):
        complain(out, path, "must provide a number")


def anything(_value: Any, _path: str, _out: Report) -> None:
    """Something Slack accepts and this project does not check."""


def choice(*words: str) -> Check:
    def check(value: Any, path: str, out: Report) -> None:
        if value not in words:
            complain(out, path, f"must be one of: {', '.join(words)}")

    return check


def items(each: Check, low: int, high: int) -> Check:
    def check(value: Any, path: str, out: Report) -> None:
        if not isinstance(value, list):
            complain(out, path, "must provide an array")
            return
        if len(value) < low:
            complain(out, path, f"no fewer than {low} items allowed")
        if len(value) > high:
            complain(out, path, f"no more than {high} items allowed")
        for index, item in enumerate(value):
            each(item, f"{path}/{index}", out)

    return check


def record(required: Mapping[str, Check], optional: Mapping[str, Check] | None = None) -> Check:
    """An object with exactly these fields: missing and unknown ones are both refused."""
    known = {**required, **(optional or {})}

    def check(value: Any, path: str, out: Report) -> None:
        if not isinstance(value, dict):
            complain(out, path, "must provide an object")
            return
        for name in required:
            if value.get(name) is None:
                complain(out, path, f"missing required field: {name}")
        for name, part in value.items():
            if name not in known:
                complain(out, path, f"invalid additional property: {name}")
            elif part is not None:
                known[name](part, f"{path}/{name}", out)
            elif name not in required:
                complain(out, f"{path}/{name}", "must not be null")

    return check


def tagged(kinds: Mapping[str, Check]) -> Check:
    """An object whose `type` selects its schema."""

    def check(value: Any, path: str, out: Report) -> None:
        if not isinstance(value, dict):
            complain(out, path, "must provide an object")
        elif not isinstance(value.get("type"), str):
            complain(out, path, "missing required field: type")
        elif value["type"] not in kinds:
            complain(out, f"{path}/type", f"unsupported type: {value['type']}")
        else:
            kinds[value["type"]](value, path, out)

    return check


def both(*checks: Check) -> Check:
    def check(value: Any, path: str, out: Report) -> None:
        for part in checks:
            part(value, path, out)

    return check
