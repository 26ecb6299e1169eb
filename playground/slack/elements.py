"""Block Kit's composition objects and elements, with their limits (docs.slack.dev, reference/block-kit)."""

from typing import Any

from playground.slack.schema import (
    Check,
    Report,
    anything,
    boolean,
    both,
    choice,
    complain,
    integer,
    items,
    record,
    string,
    tagged,
)

ID = string(255)
USER_ID = string(20)
DATE = string(10, pattern=r"\d{4}-\d{2}-\d{2}")


def plain(high: int) -> Check:
    return tagged({"plain_text": record({"type": anything, "text": string(high)}, {"emoji": boolean})})


def text(high: int) -> Check:
    return tagged(
        {
            "plain_text": record({"type": anything, "text": string(high)}, {"emoji": boolean}),
            "mrkdwn": record({"type": anything, "text": string(high)}, {"verbatim": boolean}),
        }
    )


PLACEHOLDER = plain(150)
CONFIRM = record(
    {"title": plain(100), "text": text(300), "confirm": plain(30), "deny": plain(30)},
    {"style": choice("primary", "danger")},
)
OPTION = record({"text": plain(75), "value": string(150)}, {"description": plain(75)})
RICH_OPTION = record({"text": text(75), "value": string(150)}, {"description": text(75)})
OVERFLOW_OPTION = record({"text": plain(75), "value": string(150)}, {"description": plain(75), "url": string(3000)})
OPTIONS = items(OPTION, 1, 100)
OPTION_GROUPS = items(record({"label": plain(75), "options": OPTIONS}), 1, 100)
DISPATCH = record({}, {"trigger_actions_on": items(choice("on_enter_pressed", "on_character_entered"), 1, 2)})
FILTER = record(
    {},
    {
        "include": items(choice("im", "mpim", "private", "public"), 1, 4),
        "exclude_external_shared_channels": boolean,
        "exclude_bot_users": boolean,
    },
)


def _element(required: dict[str, Check], **optional: Check) -> Check:
    return record({"type": anything, **required}, {"action_id": ID, **optional})


def _typed(required: dict[str, Check] | None = None, **optional: Check) -> Check:
    """An element in which a person types or picks something."""
    return _element(required or {}, placeholder=PLACEHOLDER, focus_on_load=boolean, **optional)


def offered(element: dict[str, Any]) -> list[dict[str, Any]]:
    """All options of an element, including those in groups; a malformed part offers none."""
    groups = element.get("option_groups") or []
    found = list(element.get("options") or [])
    for group in groups if isinstance(groups, list) else []:
        found += group.get("options") or [] if isinstance(group, dict) else []
    return [option for option in found if isinstance(option, dict)]


def _options(element: Any, path: str, out: Report) -> None:
    """Rules between an element's options and its initial ones."""
    if not isinstance(element, dict):
        return
    if element["type"].endswith("static_select") and ("options" in element) == ("option_groups" in element):
        complain(out, path, "must provide exactly one of options, option_groups")
    options = offered(element)
    values = [option.get("value") for option in options]
    if len(set(map(str, values))) < len(values):
        complain(out, path, "option values must be unique")
    initial = element.get("initial_options") or []
    chosen = [*(initial if isinstance(initial, list) else []), *filter(None, [element.get("initial_option")])]
    if any(option not in options for option in chosen):
        complain(out, path, "initial option was not found in the options")
    if len(chosen) > element.get("max_selected_items", 100):
        complain(out, f"{path}/initial_options", "no more than max_selected_items options allowed")


def _lengths(element: Any, path: str, out: Report) -> None:
    low, high = element.get("min_length", 0), element.get("max_length", 3000)
    if not isinstance(low, int) or not isinstance(high, int):
        return
    if low > high:
        complain(out, path, "min_length must not be more than max_length")
    initial = element.get("initial_value")
    if isinstance(initial, str) and len(initial) > high:
        complain(out, f"{path}/initial_value", f"must be less than {high + 1} characters")


def _menus(
    kind: str, single: dict[str, Check], several: dict[str, Check], required: dict[str, Check] | None = None
) -> dict[str, Check]:
    several = {"max_selected_items": integer(1, 100), **several}
    one, many = _typed(required, confirm=CONFIRM, **single), _typed(required, confirm=CONFIRM, **several)
    if kind == "static":
        one, many = both(one, _options), both(many, _options)
    return {f"{kind}_select": one, f"multi_{kind}_select": many}


SELECTS = {
    **_menus(
        "static",
        {"options": OPTIONS, "option_groups": OPTION_GROUPS, "initial_option": OPTION},
        {"options": OPTIONS, "option_groups": OPTION_GROUPS, "initial_options": OPTIONS},
    ),
    **_menus(
        "external",
        {"min_query_length": integer(0, 150), "initial_option": OPTION},
        {"min_query_length": integer(0, 150), "initial_options": OPTIONS},
    ),
    **_menus("users", {"initial_user": USER_ID}, {"initial_users": items(USER_ID, 1, 100)}),
    **_menus(
        "conversations",
        {
            "initial_conversation": USER_ID,
            "default_to_current_conversation": boolean,
            "filter": FILTER,
            "response_url_enabled": boolean,
        },
        {"initial_conversations": items(USER_ID, 1, 100), "default_to_current_conversation": boolean, "filter": FILTER},
    ),
    **_menus(
        "channels",
        {"initial_channel": USER_ID, "response_url_enabled": boolean},
        {"initial_channels": items(USER_ID, 1, 100)},
    ),
}
BUTTON = _element(
    {"text": plain(75)},
    url=string(3000),
    value=string(2000),
    style=choice("primary", "danger"),
    confirm=CONFIRM,
    accessibility_label=string(75),
    agent_prompt=string(4000),
    visible_to_user_ids=items(USER_ID, 1, 10),
)
IMAGE = record({"type": anything, "alt_text": string(2000)}, {"image_url": string(3000), "slack_file": anything})
OVERFLOW = both(_element({"options": items(OVERFLOW_OPTION, 1, 5)}, confirm=CONFIRM), _options)
PICKERS = {
    "datepicker": _typed(initial_date=DATE, confirm=CONFIRM),
    "timepicker": _typed(initial_time=string(5, pattern=r"([01]\d|2[0-3]):[0-5]\d"), timezone=string(60), confirm=CONFIRM),
    "datetimepicker": _element(
        {}, initial_date_time=integer(1_000_000_000, 9_999_999_999), confirm=CONFIRM, focus_on_load=boolean
    ),
}
BOXES = {
    "checkboxes": both(
        _element(
            {"options": items(RICH_OPTION, 1, 10)},
            initial_options=items(RICH_OPTION, 1, 10),
            confirm=CONFIRM,
            focus_on_load=boolean,
        ),
        _options,
    ),
    "radio_buttons": both(
        _element({"options": items(RICH_OPTION, 1, 10)}, initial_option=RICH_OPTION, confirm=CONFIRM, focus_on_load=boolean),
        _options,
    ),
}
NUMBER = string(64, pattern=r"-?\d+(\.\d+)?")
INPUTS = {
    "plain_text_input": both(
        _typed(
            multiline=boolean,
            min_length=integer(0, 3000),
            max_length=integer(1, 3000),
            initial_value=string(3000, low=0),
            dispatch_action_config=DISPATCH,
        ),
        _lengths,
    ),
    "email_text_input": _typed(initial_value=string(3000, low=0), dispatch_action_config=DISPATCH),
    "url_text_input": _typed(initial_value=string(3000, low=0), dispatch_action_config=DISPATCH),
    "number_input": _typed(
        {"is_decimal_allowed": boolean}, min_value=NUMBER, max_value=NUMBER, initial_value=NUMBER, dispatch_action_config=DISPATCH
    ),
    "rich_text_input": _typed(
        initial_value=anything, min_lines=integer(1, 100), max_lines=integer(1, 100), dispatch_action_config=DISPATCH
    ),
    "file_input": _element({}, filetypes=items(string(20), 1, 100), max_files=integer(1, 10)),
    **SELECTS,
    **PICKERS,
    **BOXES,
}
