"""The `table` and `data_table` blocks as tables that scroll on their own when they are wide."""

from html import escape
from typing import Any

from nicegui import ui

from playground.page.parts import element
from playground.page.rich_text import rich_html
from playground.page.text import words_of
from playground.slack.block_kit import Json
from playground.slack.reader import Reader


def table(block: Json, reader: Reader) -> None:
    """The first row names the columns."""
    rows = [row for row in block.get("rows") or [] if isinstance(row, list)]
    settings = [given if isinstance(given, dict) else {} for given in block.get("column_settings") or []]
    caption = block.get("caption")
    name = caption if isinstance(caption, str) else words_of(caption)
    with element("div", "b-table", role="region", aria_label=name or "Table", tabindex="0"):
        sides = [_side(column, settings, rows) for column in range(max(map(len, rows), default=0))]
        body = "".join(_row(row, settings, sides, reader, head=at == 0) for at, row in enumerate(rows))
        ui.html(body, sanitize=False, tag="table")


def _side(column: int, settings: list[Json], rows: list[list[Any]]) -> str:
    """As the app says, else numbers to the right, along with the column's name."""
    said = settings[column].get("align") if column < len(settings) else None
    if said in {"left", "center", "right"}:
        return str(said)
    cells = [row[column] for row in rows[1:] if column < len(row)]
    return "right" if cells and all(isinstance(cell, dict) and cell.get("type") == "raw_number" for cell in cells) else "left"


def _row(row: list[Any], settings: list[Json], sides: list[str], reader: Reader, *, head: bool) -> str:
    tag, scope = ("th", ' scope="col"') if head else ("td", "")
    cells = []
    for at, cell in enumerate(row):
        wrapped = " b-wrapped" if at < len(settings) and settings[at].get("is_wrapped") else ""
        cells.append(f'<{tag}{scope} class="b-{sides[at]}{wrapped}">{_content(cell, reader)}</{tag}>')
    return f"<tr>{''.join(cells)}</tr>"


def _content(cell: Any, reader: Reader) -> str:
    if not isinstance(cell, dict):
        return ""
    if cell.get("type") == "rich_text":
        return rich_html(cell, reader)
    return escape(str(cell.get("text") or cell.get("value") or ""), quote=False)
