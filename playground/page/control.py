"""What all controls share: their name, their value, and how a change reaches the app."""

from dataclasses import dataclass
from typing import Any

from nicegui.element import Element

from playground.page.confirm import agreed
from playground.page.parts import HtmlElement
from playground.page.surface import Complaint, Surface
from playground.page.text import words_of
from playground.slack.block_kit import Json
from playground.slack.forms import Field


@dataclass(frozen=True)
class Control:
    """One field about to be drawn. `label`: the words beside it; without one, the control itself carries its `name`."""

    field: Field
    surface: Surface
    complaint: Complaint
    label: HtmlElement | None = None
    name: str = ""
    described: str = ""

    @property
    def element(self) -> Json:
        return self.field.element

    @property
    def kind(self) -> str:
        return str(self.field.element["type"])

    @property
    def key(self) -> str:
        """What `Person.fill` and `Person.search` find the field by."""
        return self.field.place[0 if self.field.block["type"] == "input" else 1]

    @property
    def id(self) -> str:
        """The HTML id of the native control that the label points to."""
        return f"control-{self.complaint.line.id}"

    @property
    def optional(self) -> bool:
        return self.field.block["type"] != "input" or bool(self.field.block.get("optional"))

    @property
    def placeholder(self) -> str:
        return words_of(self.element.get("placeholder"))

    @property
    def value(self) -> Any:
        return self.surface.value(self.field)

    def owns(self, made: Element, *, group: bool = False) -> None:
        """Name the control and point it to its hint and error. `group`: several controls named together."""
        if group and self.label is not None:
            made.props["aria-labelledby"] = self.label.html_id
        elif self.label is not None:
            self.label.props["for"] = self.id
        else:
            made.props["aria-label"] = self.name
        if not self.optional and not group:
            made.props["aria-required"] = "true"
        if self.element.get("focus_on_load"):
            made.props["autofocus"] = True
        self.complaint.belongs_to(made, self.described)

    async def put(self, value: Any) -> bool:
        """Whether she meant it: a confirm dialog may be denied."""
        if not await agreed(self.element, self.surface):
            return False
        await self.surface.change(self.field, value, self.complaint.say)
        return True
