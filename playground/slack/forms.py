"""A form as Slack's client holds it: what each field contains, what may be typed there, and what the client refuses to send."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from playground.slack.block_kit import Json, elements
from playground.slack.elements import offered

STATE: dict[str, tuple[str, str, Any]] = {
    **{f"{kind}_input": ("value", "initial_value", None) for kind in ("plain_text", "email_text", "url_text", "number")},
    "rich_text_input": ("rich_text_value", "initial_value", None),
    "static_select": ("selected_option", "initial_option", None),
    "external_select": ("selected_option", "initial_option", None),
    "radio_buttons": ("selected_option", "initial_option", None),
    "multi_static_select": ("selected_options", "initial_options", []),
    "multi_external_select": ("selected_options", "initial_options", []),
    "checkboxes": ("selected_options", "initial_options", []),
    "users_select": ("selected_user", "initial_user", None),
    "multi_users_select": ("selected_users", "initial_users", []),
    "conversations_select": ("selected_conversation", "initial_conversation", None),
    "multi_conversations_select": ("selected_conversations", "initial_conversations", []),
    "channels_select": ("selected_channel", "initial_channel", None),
    "multi_channels_select": ("selected_channels", "initial_channels", []),
    "datepicker": ("selected_date", "initial_date", None),
    "timepicker": ("selected_time", "initial_time", None),
    "datetimepicker": ("selected_date_time", "initial_date_time", None),
    "file_input": ("files", "", []),
}
"""By element type: the key in `state.values`, the attribute with its initial value, and the empty value."""

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
_URL = re.compile(r"https?://[^\s/]+\S*")


@dataclass(frozen=True)
class FileUpload:
    name: str
    content: bytes


@dataclass(frozen=True)
class Field:
    """An element with state, its place, and the words beside it."""

    block: Json
    element: Json

    @property
    def label(self) -> str:
        text = self.block.get("label") or self.block.get("text") or {}
        return str(text.get("text", ""))

    @property
    def place(self) -> tuple[str, str]:
        return self.block["block_id"], self.element["action_id"]

    @property
    def sends_actions(self) -> bool:
        return self.block["type"] != "input" or bool(self.block.get("dispatch_action"))


def fields(blocks: list[Json]) -> Iterator[Field]:
    for block in blocks:
        for element in elements(block):
            if element["type"] in STATE:
                yield Field(block, element)


def field_named(blocks: list[Json], name: str) -> Field:
    """By label, block_id or action_id.

    Raises:
        LookupError: nothing, or more than one thing, has that name.

    """
    found = [field for field in fields(blocks) if name in (field.label, *field.place)]
    if len(found) != 1:
        raise LookupError(f"{len(found)} fields are called {name!r}; there are {[field.label for field in fields(blocks)]}")
    return found[0]


def _state(element: Json, value: Any) -> Json:
    state = {"type": element["type"], STATE[element["type"]][0]: value}
    if element["type"] == "timepicker" and "timezone" in element:
        state["timezone"] = element["timezone"]
    return state


def initial_state(data: Json) -> dict[str, dict[str, Json]]:
    """`state.values` of untouched blocks."""
    values: dict[str, dict[str, Json]] = {}
    for field in fields(data["blocks"]):
        _, initial, empty = STATE[field.element["type"]]
        block_id, action_id = field.place
        value = field.element.get(initial, empty)
        values.setdefault(block_id, {})[action_id] = _state(field.element, value or empty)
    return values


def carry_over(old: dict[str, dict[str, Json]], data: Json) -> dict[str, dict[str, Json]]:
    """The new view's state: what was typed stays where block_id, action_id and type are the same."""
    values = initial_state(data)
    for block_id, states in values.items():
        for action_id, state in states.items():
            kept = old.get(block_id, {}).get(action_id)
            if kept and kept["type"] == state["type"]:
                states[action_id] = kept
    return values


def option_named(options: list[Json], name: str) -> Json:
    """By its text or its value.

    Raises:
        ValueError: no such option; says which there are.

    """
    for option in options:
        if name in (option["text"]["text"], option["value"]):
            return option
    raise ValueError(f"no option {name!r}; there are {[option['text']['text'] for option in options][:20]}")


def typed(field: Field, value: Any, tz: str | None = None) -> Json:
    """The state after a person has put `value` in: text, option names, ids, dates (naive ones in her zone `tz`).

    Raises:
        ValueError: the client would not let her: too long, no such option, too many, not a date.

    """
    element, kind = field.element, field.element["type"]
    if kind in {"static_select", "radio_buttons"}:
        value = option_named(offered(element), str(value)) if value is not None else None
    elif kind in {"multi_static_select", "checkboxes"}:
        value = [option_named(offered(element), str(item)) for item in value]
    elif kind == "datetimepicker":
        value = _unix_seconds(value, tz)
    elif kind == "datepicker":
        value = None if value is None else str(value) if isinstance(value, date) else date.fromisoformat(value).isoformat()
    elif kind == "timepicker":
        value = None if value is None else time.fromisoformat(str(value)).strftime("%H:%M")
    elif kind == "rich_text_input":
        value = _rich(value) if isinstance(value, str) else value
    elif kind in {"plain_text_input", "email_text_input", "url_text_input", "number_input"}:
        value = _text(element, str(value if value is not None else ""))
    if isinstance(value, list) and len(value) > element.get("max_selected_items", 100):
        raise ValueError(f"only {element['max_selected_items']} may be chosen in {field.label!r}")
    return _state(element, value)


def _text(element: Json, value: str) -> str | None:
    if not element.get("multiline"):
        value = " ".join(value.splitlines())
    if len(value) > element.get("max_length", 3000):
        raise ValueError(f"typing stops at {element.get('max_length', 3000)} characters, {len(value)} given")
    return value or None


def _unix_seconds(value: Any, tz: str | None) -> int | None:
    if value is None or isinstance(value, int):
        return value
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=ZoneInfo(tz) if tz else UTC)
    return int(moment.timestamp())


def _rich(value: str) -> Json:
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": value}]}]}


def problems(blocks: list[Json], values: dict[str, dict[str, Json]]) -> dict[str, str]:
    """What the client says beside fields instead of sending, by label."""
    found = {}
    for field in fields(blocks):
        if field.block["type"] != "input":
            continue
        block_id, action_id = field.place
        value = values[block_id][action_id][STATE[field.element["type"]][0]]
        if value in (None, [], ""):
            if not field.block.get("optional"):
                found[field.label] = "Please complete this required field."
        elif words := _problem(field.element, value):
            found[field.label] = words
    return found


def _problem(element: Json, value: Any) -> str | None:
    kind = element["type"]
    if kind == "plain_text_input" and len(value) < element.get("min_length", 0):
        return f"Please enter at least {element['min_length']} characters."
    if kind == "email_text_input" and not _EMAIL.fullmatch(value):
        return "Please enter a valid email address."
    if kind == "url_text_input" and not _URL.fullmatch(value):
        return "Please enter a valid URL."
    return _number_problem(element, value) if kind == "number_input" else None


def _number_problem(element: Json, value: str) -> str | None:
    try:
        number = Decimal(value)
    except InvalidOperation:
        return "Please enter a number."
    if not element["is_decimal_allowed"] and number != number.to_integral_value():
        return "Please enter a whole number."
    if "min_value" in element and number < Decimal(element["min_value"]):
        return f"Please enter a number of at least {element['min_value']}."
    if "max_value" in element and number > Decimal(element["max_value"]):
        return f"Please enter a number of at most {element['max_value']}."
    return None
