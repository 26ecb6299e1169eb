"""How each kind of field is filled by hand."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from playground.browser import PageSide
from playground.slack import SlackPerson
from playground.slack.block_kit import Json


async def fill(side: PageSide, person: SlackPerson, block: Json, value: Any) -> None:
    """`value` as the bot's forms take it: text, an option's value or a list of them, a date, Unix seconds, a Person; "*": all."""
    element, control = block["element"], side.field(str(block["label"]["text"]))
    match element["type"]:
        case "plain_text_input" | "email_text_input" | "url_text_input" | "number_input" | "datepicker":
            await control.fill(str(value))
        case "datetimepicker":
            await control.fill(f"{datetime.fromtimestamp(value, ZoneInfo(person.user.tz or 'UTC')):%Y-%m-%dT%H:%M}")
        case "checkboxes":
            for option in element["options"]:
                await side.dialog.get_by_role("checkbox", name=words(option), exact=True).set_checked(option["value"] in value)
        case "radio_buttons":
            asked = re.compile(f"^{re.escape(str(block['label']['text']))}")
            group = side.dialog.get_by_role("radiogroup", name=asked)
            await group.get_by_role("radio", name=text_of(element, value), exact=True).check()
        case "static_select" | "users_select":
            await side.choose(control, value.name if element["type"] == "users_select" else text_of(element, value))
        case "multi_static_select":
            for one in value:
                await side.add(control, text_of(element, one))
        case "external_select":
            query = "" if value == "*" else value.user.username if isinstance(value, SlackPerson) else str(value)
            offered = await person.search(block["block_id"], query)
            await side.choose(control, offered[0], query, len(offered))
        case "multi_external_select":
            first, *_others = await person.search(block["block_id"], "")  # "All 6 that wait" comes first
            await side.add(control, first)
        case kind:
            raise AssertionError(f"how is a {kind} filled by hand?")


def words(option: Mapping[str, Any]) -> str:
    return str(option["text"]["text"])


def text_of(element: Mapping[str, Any], value: str) -> str:
    return next(words(option) for option in element["options"] if option["value"] == value)
