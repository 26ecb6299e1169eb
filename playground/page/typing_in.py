"""Fields to type into. Each keystroke is stored at once, so that what is sent is never older than what was typed."""

from typing import Any, Final

from nicegui import ui
from nicegui.events import ValueChangeEventArguments

from playground.page.control import Control
from playground.page.parts import element
from playground.page.words import say

_NATIVE: Final = {"email_text_input": "email", "url_text_input": "url"}
_COUNTED: Final = 0.9
"""How full a field must be for the remaining characters to be shown."""


def typing_in(of: Control) -> None:
    """One line or many. A field that notifies the app does so on Enter, on losing focus, or at each character if asked to."""
    many = of.kind == "rich_text_input" or bool(of.element.get("multiline"))
    shown = str(_plain(of.value) or "")
    made = (ui.textarea if many else ui.input)(value=shown, placeholder=of.placeholder)
    made.classes("b-typed b-many" if many else "b-typed").props("outlined dense")
    most = int(of.element.get("max_length", 3000))
    made.props.update({"for": of.id, "maxlength": most, "autocomplete": "off", "spellcheck": "false"})
    if many:
        made.props.update({"autogrow": True, "rows": 3})
    if of.kind in _NATIVE:
        made.props["inputmode"] = _NATIVE[of.kind]
    elif of.kind == "number_input":
        made.props["inputmode"] = "decimal" if of.element.get("is_decimal_allowed") else "numeric"
    of.owns(made)
    left = element("div", "b-remaining", aria_hidden="true")
    stored = shown

    async def store(value: str) -> None:
        nonlocal stored
        if value != stored:
            stored = value
            await of.put(value or None)

    async def typed(event: ValueChangeEventArguments[Any]) -> None:
        value = str(event.value or "")
        left.set_text(say(of.surface.person, "characters_left", n=most - len(value)) if len(value) > most * _COUNTED else "")
        if not of.field.sends_actions or _each_character(of):
            await store(value)

    made.on_value_change(typed)
    if of.field.sends_actions:
        if _each_character(of):
            made.props["debounce"] = 300
        made.on("blur", lambda: store(str(made.value or "")), args=[])
        if not many:
            made.on("keydown.enter", lambda: store(str(made.value or "")), args=[])


def _each_character(of: Control) -> bool:
    return "on_character_entered" in (of.element.get("dispatch_action_config") or {}).get("trigger_actions_on", [])


def _plain(value: Any) -> Any:
    """A rich text as plain characters."""
    if isinstance(value, dict):
        return "\n".join(_plain(part) for part in value.get("elements") or []) or value.get("text", "")
    return value
