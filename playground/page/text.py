"""Text objects (`plain_text`, `mrkdwn`) as elements, or as plain characters where a control takes nothing else."""

import json
import re
from typing import Any, Final, TypeGuard

from nicegui import ui

from playground.page.emoji import emoji
from playground.page.mrkdwn import plain_html, to_html
from playground.page.parts import HtmlElement, element
from playground.slack.block_kit import Json
from playground.slack.reader import Reader

_NAME: Final = re.compile(r":([a-z0-9_+-]+):")


def marked(given: object) -> TypeGuard[Json]:
    """Whether this is a text object."""
    return isinstance(given, dict) and isinstance(given.get("text"), str)


def words_of(given: object, otherwise: str = "") -> str:
    """The characters of a text object, with emoji names as emoji."""
    if not marked(given):
        return otherwise
    return _NAME.sub(lambda found: emoji(found[1]) or found[0], str(given["text"])) or otherwise


def html_of(given: Json, reader: Reader) -> str:
    """A text object as safe HTML."""
    if given.get("type") == "mrkdwn":
        return to_html(given["text"], reader, verbatim=bool(given.get("verbatim")))
    return plain_html(given["text"], with_emoji=given.get("emoji") is not False)


def draw_text(given: Any, reader: Reader, classes: str = "", tag: str = "div") -> ui.html | None:
    """Draws nothing if there is no text."""
    if not marked(given):
        return None
    return ui.html(html_of(given, reader), sanitize=False, tag=tag).classes(f"b-text {classes}".strip())


def unknown(thing: Any) -> None:
    """Something this page cannot draw is shown as raw data."""
    kind = thing.get("type") if isinstance(thing, dict) else type(thing).__name__
    with element("div", "b-unknown"):
        element("span", "", f"Unknown element: {kind}")
        with element("details"):
            element("summary", "", "What the app sent")
            made: HtmlElement = element("pre", "", json.dumps(thing, indent=2, ensure_ascii=False, default=str))
            made.props["tabindex"] = "0"
