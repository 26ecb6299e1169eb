"""The `table` and `data_table` blocks as tables that scroll by themselves when they are wide."""

from html import escape
from typing import Any

from nicegui import ui

from playground.page.parts import element
from playground.page.rich_text import rich_html
from playground.slack.block_kit import Json
from playground.slack.reader import Reader


def table(block: Json, reader: Reader) -> None:
    """The first row names the columns."""
    rows = [row for row in block.get("rows") or [] if isinstance(row, list)]
    settings = [given if isinstance(given, dict) else {} for given in block.get("column_settings") or []]
    caption = block.get("caption")
    name = (
        caption if isinstance(caption, str) else (caption or {}).get("text", "Table") if isinstance(caption or {}, dict) else ""
    )
    with element("div", "b-table", role="region", aria_label=name or "Table", tabindex="0"):
        body = "".join(_row(row, settings, reader, head=at == 0) for at, row in enumerate(rows))
        ui.html(body, sanitize=False, tag="table")


def _row(row: list[Any], settings: list[Json], reader: Reader, *, head: bool) -> str:
    cells = (_cell(cell, settings[at] if at < len(settings) else {}, reader, head=head) for at, cell in enumerate(row))
    return f"<tr>{''.join(cells)}</tr>"


def _cell(cell: Any, setting: Json, reader: Reader, *, head: bool) -> str:
    side = setting.get("align") if setting.get("align") in {"left", "center", "right"} else _side_of(cell)
    wrapped = " b-wrapped" if setting.get("is_wrapped") else ""
    tag, scope = ("th", ' scope="col"') if head else ("td", "")
    return f'<{tag}{scope} class="b-{side}{wrapped}">{_content(cell, reader)}</{tag}>'


def _side_of(cell: Any) -> str:
    return "right" if isinstance(cell, dict) and cell.get("type") == "raw_number" else "left"


def _content(cell: Any, reader: Reader) -> str:
    if not isinstance(cell, dict):
        return ""
    if cell.get("type") == "rich_text":
        return rich_html(cell, reader)
    return escape(str(cell.get("text") or cell.get("value") or ""), quote=False)
