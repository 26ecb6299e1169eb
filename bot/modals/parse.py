"""How a modal's inputs are named, and what they contain, as raw answers. No Slack calls, no store."""

from collections.abc import Iterable, Mapping
from typing import Any

from flows.forms.fields import Answers, Input, Kind, inputs
from flows.forms.pages import Slot
from flows.forms.step import Form
from flows.problems import Problem

ACTION = "value"
_FILLED_IN = {
    "initial_value": "value",
    "initial_date": "selected_date",
    "initial_date_time": "selected_date_time",
    "initial_option": "selected_option",
    "initial_options": "selected_options",
    "initial_user": "selected_user",
    "initial_conversation": "selected_conversation",
}
"""What an element is filled in with when it is drawn, and under which name its state has it."""


def block_id(name: str, slot: Slot, anew: int = 0) -> str:
    return f"{name}~{slot.name}~{anew}" if anew else f"{name}~{slot.name}"


def field_name(block: str) -> str:
    return block.partition("~")[0]


def slot_name(block: str) -> str:
    return block.partition("~")[2].partition("~")[0]


def field_of(form: Form, block: str) -> Input:
    """The input that a block asks for; KeyError if there is none."""
    for page in form.pages:
        for name, _, item in inputs(page.model):
            if name == field_name(block):
                return item
    raise KeyError(block)


def parse_page(values: Mapping[str, Any], slot: Slot, files: Mapping[str, Answers]) -> Answers:
    """A modal's ``state.values`` as raw answers; a missing field is left out."""
    raw: Answers = {}
    by_id = {block.rpartition("~")[0] if block.count("~") > 1 else block: state for block, state in values.items()}
    for name, _, item in inputs(slot.page.model):
        state = (by_id.get(block_id(name, slot)) or {}).get(ACTION)
        if state is not None:
            raw[name] = _value(item, state, files)
    return raw


def drawn_page(blocks: Iterable[Mapping[str, Any]], slot: Slot) -> Answers:
    """What stood in a page's fields when it was drawn, as raw answers. ``blocks``: the view's."""
    values = {
        block["block_id"]: {ACTION: {_FILLED_IN[name]: value for name, value in block["element"].items() if name in _FILLED_IN}}
        for block in blocks
        if block.get("type") == "input"
    }
    return parse_page(values, slot, {})


def _value(item: Input, state: Mapping[str, Any], files: Mapping[str, Answers]) -> Any:
    match item.kind:
        case Kind.DATE:
            return state.get("selected_date")
        case Kind.MOMENT:
            return state.get("selected_date_time")
        case Kind.CHOICE | Kind.SEARCH:
            return (state.get("selected_option") or {}).get("value")
        case Kind.CHOICES | Kind.SEARCH_MANY:
            return [option["value"] for option in state.get("selected_options") or []]
        case Kind.PERSON:
            return state.get("selected_user")
        case Kind.CHANNEL:
            return state.get("selected_conversation")
        case Kind.FILE:
            sent = state.get("files") or []
            return {**files.get(sent[0]["id"], {}), "id": sent[0]["id"]} if sent else None
        case _:
            return state.get("value")


def file_problems(raw: Answers) -> tuple[Problem, ...]:
    """Files that could not be read, or contained a secret."""
    return tuple(
        Problem(name, value["problem"], {"max": 200, "why": value.get("why", "")})
        for name, value in raw.items()
        if isinstance(value, dict) and value.get("problem")
    )
