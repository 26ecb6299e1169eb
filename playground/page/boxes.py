"""Checkboxes and radio buttons: a named group, each box with its label and description."""

from typing import Any

from nicegui.events import GenericEventArguments

from playground.page.control import Control
from playground.page.parts import HtmlElement, element
from playground.page.text import draw_text
from playground.slack.block_kit import Json


def boxes(of: Control) -> None:
    many = of.kind == "checkboxes"
    standing = of.value if many else [of.value]
    chosen: list[str] = [option["value"] for option in standing if option]
    drawn: dict[str, HtmlElement] = {}

    async def turned(name: str, *, on: bool) -> None:
        before = list(chosen)
        chosen[:] = [other for other in chosen if many and other != name] + ([name] if on else [])
        ordered = [option["value"] for option in of.element["options"] if option["value"] in chosen]
        if not await of.put(ordered if many else next(iter(chosen), None)):
            chosen[:] = before
        for other, box in drawn.items():
            if not box.is_deleted:
                _show(box, on=other in chosen)

    with element("div", "b-boxes", role="group" if many else "radiogroup") as group:
        for option in of.element["options"]:
            drawn[option["value"]] = _box(of, option, many=many, on=option["value"] in chosen, turned=turned)
    of.owns(group, group=True)


def _box(of: Control, option: Json, *, many: bool, on: bool, turned: Any) -> HtmlElement:
    async def change(event: GenericEventArguments) -> None:
        await turned(option["value"], on=bool(event.args))

    with element("label", "b-box"):
        box = element("input", type="checkbox" if many else "radio", name=of.id)
        _show(box, on=on)
        box.on("change", change, js_handler="(event) => emit(event.target.checked)")
        with element("span", "b-box-words"):
            words = draw_text(option["text"], of.surface.person, tag="span")
            about = draw_text(option.get("description"), of.surface.person, "b-hint", tag="span")
    box.props.set_optional("aria-labelledby", words.html_id if words else None)
    box.props.set_optional("aria-describedby", about.html_id if about else None)
    return box


def _show(box: HtmlElement, *, on: bool) -> None:
    box.props["checked"] = on
