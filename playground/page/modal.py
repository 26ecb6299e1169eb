"""The form on top of a person's stack, over her own workspace: the other side stays usable."""

from collections.abc import Callable, Iterator
from functools import partial

from playground.page.attempts import Attempts
from playground.page.blocks import parts as block_parts
from playground.page.parts import Part, button, element
from playground.page.surface import Surface
from playground.page.words import say
from playground.slack import SlackPerson, View
from playground.slack.world import SlackWorld


def part(person: SlackPerson, view: View, world: SlackWorld, attempts: Attempts, *, filled: int) -> Part:
    """``filled``: how often something other than this page filled it in."""
    depth = len(person.views)
    return Part(
        ("modal", view.id),
        classes="modal-layer",
        parts=[
            Part(
                "box",
                tag="section",
                classes=f"modal depth-{depth}",
                props={"role": "dialog", "aria-label": view.title, "tabindex": "-1"},
                parts=list(_inside(person, view, world, attempts, filled)),
            )
        ],
    )


def _inside(person: SlackPerson, view: View, world: SlackWorld, attempts: Attempts, filled: int) -> Iterator[Part]:
    errors = attempts.errors(view)
    lang = {"lang": person.user.locale or "en-US"}
    surface = Surface(person, view, world, partial(attempts.run, person, view.id), errors)
    yield Part(
        "head",
        view.title,
        partial(_head, person, view, partial(attempts.close, person, back=False)),
        tag="header",
        classes="modal-head",
        props=lang,
    )
    yield Part(
        "scroll",
        classes="modal-scroll",
        parts=[
            Part(
                "blocks",
                classes="modal-blocks",
                props=lang,
                parts=[Part("all", classes="blocks", parts=block_parts(view.blocks, surface, filled))],
            )
        ],
    )
    if warning := attempts.warnings.get(view.id):
        yield Part("warning", warning, partial(element, "span", "", warning), classes="warning", props={"role": "alert"})
    names = _word(view, "submit"), _word(view, "close")
    busy = view.id in attempts.sending
    yield Part(
        "foot",
        (*names, busy),
        partial(_foot, person, attempts, *names, busy=busy),
        tag="footer",
        classes="modal-foot",
        props=lang,
    )


def _word(view: View, name: str) -> str:
    return str((view.get(name) or {}).get("text", ""))


def _head(person: SlackPerson, view: View, close: Callable[[], object]) -> None:
    element("h2", "modal-title", view.title)
    name = say(person, "close")
    button("×", close, "corner", aria_label=name, title=name)


def _foot(person: SlackPerson, attempts: Attempts, submit: str, close: str, *, busy: bool) -> None:
    button(close or say(person, "cancel" if submit else "close"), partial(attempts.close, person, back=True), "plain")
    if submit:
        sending = button(
            submit, partial(attempts.submit, person), "primary sending" if busy else "primary", disabled=busy or None
        )
        sending.props.set_optional("aria-busy", "true" if busy else None)
