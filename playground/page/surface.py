"""What Block Kit is drawn for: who is looking, at what, and where her acts go."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from nicegui.element import Element

from playground.page.parts import element, set_prop
from playground.slack import Message, Outcome, SlackPerson, View
from playground.slack.block_kit import Json
from playground.slack.forms import STATE, Field, initial_state
from playground.slack.world import SlackWorld


@dataclass
class Surface:
    """One message or view as one person sees it.

    `run` awaits an act and shows the result. `errors`: by block_id, the text under a field. What is typed is stored at each
    keystroke, so that `View.inputs` never lags behind what is shown.
    """

    person: SlackPerson
    target: Message | View
    world: SlackWorld
    run: Callable[[Awaitable[Outcome]], Awaitable[None]]
    errors: Mapping[str, str] = field(default_factory=dict)

    def value(self, place: Field) -> Any:
        """What is in a field now: typed before, or given by the app."""
        block_id, action_id = place.place
        inputs = self.target.inputs if isinstance(self.target, View) else initial_state({"blocks": [place.block]})
        state: Json = inputs.get(block_id, {}).get(action_id, {})
        return state.get(STATE[place.element["type"]][0])

    async def change(self, place: Field, value: Any, refused: Callable[[str], object]) -> None:
        """Put `value` into a field. `refused` gets the client's objection, or an empty text if it accepted the value.

        A form field that does not notify the app changes only the form, so there is nothing to show.
        """
        block_id, action_id = place.place
        if place.block["type"] == "input":
            act = self.person.fill({block_id: value}, on=self.target)
        else:
            act = self.person.select(self.target, action_id, value)
        tried = _tried(act, refused)
        await (self.run(tried) if place.sends_actions else tried)


async def _tried(act: Awaitable[Outcome], refused: Callable[[str], object]) -> Outcome:
    try:
        outcome = await act
    except (ValueError, LookupError) as error:
        refused(_sentence(str(error)))
        return Outcome()
    refused("")
    return outcome


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:] + ("" if words.endswith((".", "!", "?")) else ".")


class Complaint:
    """The line under a field that says what is wrong; the field's control points to it."""

    def __init__(self, words: str = "") -> None:
        self.line = element("div", "b-error", role="alert")
        self.control: Element | None = None
        self.described = ""
        self.say(words)

    @property
    def id(self) -> str:
        return self.line.html_id

    def belongs_to(self, control: Element, described: str = "") -> None:
        """`described`: the id of a hint that also describes the control."""
        self.control, self.described = control, described
        self.say(self.line.text)

    def say(self, words: str) -> None:
        if self.line.is_deleted:
            return
        self.line.set_text(words)
        self.line.set_visibility(bool(words))
        if self.control is not None and not self.control.is_deleted:
            props = self.control.props
            props.set_optional("aria-describedby", " ".join(filter(None, [self.described, self.id if words else ""])) or None)
            set_prop(self.control, "aria-invalid", "true" if words else "false")
            self.control.classes(**{"add" if words else "remove": "b-wrong"})
