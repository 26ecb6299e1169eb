"""Draws Block Kit into the current container, as Slack's own client shows it."""

import base64
import mimetypes
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from nicegui import ui

from playground.page import elements, fields
from playground.page.charts import chart
from playground.page.markdown import markdown_html
from playground.page.mrkdwn import safe_url
from playground.page.parts import Part, element
from playground.page.rich_text import rich_html
from playground.page.surface import Surface
from playground.page.tables import table
from playground.page.text import draw_text, unknown, words_of
from playground.page.words import say
from playground.slack.block_kit import Json

ui.add_css(Path(__file__).parent / "static" / "blocks.css", shared=True)

_SIGNS: Final = {"info": "i", "warning": "!", "error": "!", "success": "✓"}


def draw(blocks: Sequence[Json], surface: Surface) -> None:
    """All blocks, from top to bottom. An unknown one is shown as the app sent it."""
    with element("div", "blocks"):
        for block in blocks:
            with element("div", _classes(block)):
                _draw(block, surface)


def parts(blocks: Sequence[Json], surface: Surface, shown: object) -> list[Part]:
    """The same of a form, each block on its own: one that the app leaves as it is isn't drawn again, and so keeps what is being typed
    into it just then. ``shown``: what else a block depends on."""
    keys, others = list[object](), 0
    for block in blocks:
        others += block["type"] != "input"
        keys.append(block["block_id"] if block["type"] == "input" else others)
    return [
        Part(
            key,
            (block, surface.errors.get(block.get("block_id", "")), shown),
            partial(_draw, block, surface),
            classes=_classes(block),
        )
        for key, block in zip(keys, blocks, strict=True)
    ]


def _classes(block: Json) -> str:
    return f"b-block b-{block.get('type')}"


def _draw(block: Json, surface: Surface) -> None:
    _BLOCKS.get(str(block.get("type")), _unknown)(block, surface)


def _unknown(block: Json, _surface: Surface) -> None:
    unknown(block)


def _section(block: Json, surface: Surface) -> None:
    with element("div", "b-main"):
        draw_text(block.get("text"), surface.person)
        if found := block.get("fields"):
            with element("div", "b-fields"):
                for one in found:
                    draw_text(one, surface.person)
    accessory = block.get("accessory")
    if isinstance(accessory, dict):
        with element("div", "b-accessory"):
            if accessory.get("type") == "image":
                picture(accessory, surface, "b-thumb")
            else:
                elements.draw(block, accessory, surface)


def _header(block: Json, surface: Surface) -> None:
    made = draw_text(block.get("text"), surface.person, f"b-level-{block.get('level') or 1}")
    if made:
        made.props.update({"role": "heading", "aria-level": str(min(2 + int(block.get("level") or 1), 6))})


def _divider(_block: Json, _surface: Surface) -> None:
    element("hr")


def _context(block: Json, surface: Surface) -> None:
    for one in block.get("elements") or []:
        if isinstance(one, dict) and one.get("type") == "image":
            picture(one, surface, "b-icon")
        elif draw_text(one, surface.person) is None:
            unknown(one)


def _actions(block: Json, surface: Surface) -> None:
    for one in block.get("elements") or []:
        elements.draw(block, one, surface)


def _image(block: Json, surface: Surface) -> None:
    draw_text(block.get("title"), surface.person, "b-caption")
    picture(block, surface, "b-picture")


def picture(given: Json, surface: Surface, classes: str) -> None:
    """A picture from this Slack's own files, else a frame with its description and address: this page fetches nothing."""
    alt, url = str(given.get("alt_text") or ""), str(given.get("image_url") or "")
    file = surface.world.files.get(str((given.get("slack_file") or {}).get("id", "")))
    kind = mimetypes.guess_type(file.name)[0] or "" if file else ""
    if file and kind.startswith("image/"):
        element("img", classes, src=f"data:{kind};base64,{base64.b64encode(file.content).decode()}", alt=alt)
    elif url.startswith("data:image/"):
        element("img", classes, src=url, alt=alt)
    elif classes != "b-picture":
        element("span", f"{classes} b-no-picture", role="img", aria_label=alt, title=alt)
    else:
        with element("div", f"{classes} b-no-picture"):
            element("span", "", alt)
            _link(url, say(surface.person, "open_image"))


def _link(url: str, words: str) -> None:
    if address := safe_url(url):
        element("a", "", words, href=address, target="_blank", rel="noopener noreferrer")


def _markdown(block: Json, _surface: Surface) -> None:
    ui.html(markdown_html(str(block.get("text") or "")), sanitize=False).classes("b-text b-prose")


def _rich_text(block: Json, surface: Surface) -> None:
    ui.html(rich_html(block, surface.person), sanitize=False).classes("b-text b-prose")


def _table(block: Json, surface: Surface) -> None:
    table(block, surface.person)


def _chart(block: Json, surface: Surface) -> None:
    chart(block, surface.person)


def _alert(block: Json, surface: Surface) -> None:
    level = str(block.get("level") or "default")
    with element("div", f"b-alert-box b-alert-{level if level in _SIGNS else 'default'}", role="note"):
        if sign := _SIGNS.get(level):
            element("span", "b-sign", sign, role="img", aria_label=say(surface.person, f"level.{level}"))
        draw_text(block.get("text"), surface.person)


def _video(block: Json, surface: Surface) -> None:
    with element("div", "b-main"):
        with element("div", "b-video-title"):
            _link(
                str(block.get("title_url") or block.get("video_url") or ""),
                words_of(block.get("title"), say(surface.person, "video")),
            )
        draw_text(block.get("description"), surface.person)
        by = " · ".join(str(block[name]) for name in ("author_name", "provider_name") if block.get(name))
        if by:
            element("div", "b-by", by)


def _file(block: Json, surface: Surface) -> None:
    """Files that an app keeps elsewhere are identified only by `external_id`."""
    file = surface.world.files.get(str(block.get("file_id") or block.get("external_id") or ""))
    name = block.get("external_id") or say(surface.person, "unnamed")
    element("div", "b-file-line", file.title if file else say(surface.person, "file_elsewhere", name=name))


_BLOCKS: Final[dict[str, Callable[[Json, Surface], None]]] = {
    "section": _section,
    "header": _header,
    "divider": _divider,
    "context": _context,
    "actions": _actions,
    "image": _image,
    "input": fields.draw,
    "markdown": _markdown,
    "rich_text": _rich_text,
    "table": _table,
    "data_table": _table,
    "data_visualization": _chart,
    "alert": _alert,
    "video": _video,
    "file": _file,
}
