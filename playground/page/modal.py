"""The form on top of a person's stack, over her own workspace: the other side stays in use."""

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from playground.page.blocks import draw as draw_blocks
from playground.page.parts import Part, button, element
from playground.page.surface import Surface
from playground.slack import View

if TYPE_CHECKING:
    from playground.page.workspace import Side


def part(side: "Side", view: View) -> Part:
    depth = len(side.person.views)
    return Part(
        ("modal", view.id),
        classes="modal-layer",
        parts=[
            Part(
                "box",
                tag="section",
                classes=f"modal depth-{depth}",
                props={"role": "dialog", "aria-label": view.title, "tabindex": "-1"},
                parts=list(_inside(side, view)),
            )
        ],
    )


def _inside(side: "Side", view: View) -> Iterator[Part]:
    errors = side.errors(view)
    lang = {"lang": side.person.user.locale or "en-US"}
    shown = view.hash, errors, side.page.filled[view.id]
    yield Part("head", view.title, partial(_head, side, view), tag="header", classes="modal-head", props=lang)
    yield Part(
        "scroll",
        classes="modal-scroll",
        parts=[Part("blocks", shown, partial(_blocks, side, view, errors), classes="modal-blocks", props=lang)],
    )
    if warning := side.warnings.get(view.id):
        yield Part("warning", warning, partial(element, "span", "", warning), classes="warning", props={"role": "alert"})
    names = _word(view, "submit"), _word(view, "close")
    busy = view.id in side.sending
    yield Part("foot", (*names, busy), partial(_foot, side, *names, busy=busy), tag="footer", classes="modal-foot", props=lang)


def _word(view: View, name: str) -> str:
    return str((view.get(name) or {}).get("text", ""))


def _head(side: "Side", view: View) -> None:
    element("h2", "modal-title", view.title)
    button("×", partial(side.close, back=False), "corner", aria_label="Close", title="Close")


def _blocks(side: "Side", view: View, errors: dict[str, str]) -> None:
    draw_blocks(view.blocks, Surface(side.person, view, side.slack.world, partial(side.run, view.id), errors))


def _foot(side: "Side", submit: str, close: str, *, busy: bool) -> None:
    button(close or ("Cancel" if submit else "Close"), partial(side.close, back=True), "plain")
    if submit:
        sending = button(submit, side.submit, "primary sending" if busy else "primary", disabled=busy or None)
        sending.props.set_optional("aria-busy", "true" if busy else None)
