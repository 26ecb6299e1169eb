"""What a modal's inputs hold, as raw answers. No Slack call, no store."""

from collections.abc import Mapping
from typing import Any

from bot.modals.meta import ACTION, block_id
from flows.forms.fields import Answers, Input, Kind, inputs
from flows.forms.pages import Slot
from flows.problems import Problem


def parse_page(values: Mapping[str, Any], slot: Slot, files: Mapping[str, Answers]) -> Answers:
    """A modal's ``state.values`` as raw answers; a field that is not there is left out."""
    raw: Answers = {}
    by_id = {block.rpartition("~")[0] if block.count("~") > 1 else block: state for block, state in values.items()}
    for name, _, item in inputs(slot.page.model):
        state = (by_id.get(block_id(name, slot)) or {}).get(ACTION)
        if state is not None:
            raw[name] = _value(item, state, files)
    return raw


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
    """Files that could not be read, or held a secret."""
    return tuple(
        Problem(name, value["problem"], {"max": 200})
        for name, value in raw.items()
        if isinstance(value, dict) and value.get("problem")
    )
