"""Input blocks: label, control, hint and error; and which control each kind of element gets."""

from collections.abc import Callable
from typing import Final

from playground.page.boxes import boxes
from playground.page.control import Control
from playground.page.parts import element
from playground.page.pickers import picker
from playground.page.selects import select
from playground.page.surface import Complaint, Surface
from playground.page.text import draw_text, unknown, words_of
from playground.page.typing_in import typing_in
from playground.page.uploads import uploads
from playground.page.words import say
from playground.slack.block_kit import Json
from playground.slack.forms import STATE, Field

_PICKED: Final = {"datepicker": "select_a_date", "timepicker": "select_a_time", "datetimepicker": "select_a_moment"}
NAMES: Final = {kind: "select_an_option" for kind in STATE if kind.endswith("select")} | _PICKED
"""By kind of control: the words for one without a name of its own."""


def draw(block: Json, surface: Surface) -> None:
    """An input block with its error below."""
    given = block.get("element")
    if not isinstance(given, dict) or given.get("type") not in STATE:
        element("div", "b-label", words_of(block.get("label")))
        unknown(given)
        return
    group = given["type"] in {"checkboxes", "radio_buttons"}
    with element("div" if group else "label", "b-label") as label:
        element("span", "", words_of(block.get("label")))
        if block.get("optional"):
            element("span", "b-optional", f" ({say(surface.person, 'optional')})")
    box = element("div", "b-field")
    hint = draw_text(block.get("hint"), surface.person, "b-hint")
    complaint = Complaint(surface.errors.get(block["block_id"], ""))
    with box:
        control(Control(Field(block, given), surface, complaint, label=label, described=hint.html_id if hint else ""))


def control(of: Control) -> None:
    """Draw only the control, into the current container."""
    _CONTROLS[of.kind](of)


_CONTROLS: Final[dict[str, Callable[[Control], None]]] = {
    **{kind: select for kind in STATE if kind.endswith("select")},
    **dict.fromkeys(("datepicker", "timepicker", "datetimepicker"), picker),
    **{kind: typing_in for kind in STATE if kind.endswith("text_input") or kind == "number_input"},
    "checkboxes": boxes,
    "radio_buttons": boxes,
    "file_input": uploads,
}
