"""The `table` and `data_table` blocks as tables that scroll on their own when they are wide. A `data_table` is sorted by a press on a
column's name and has pages, which static/page.js does in the browser."""

from html import escape
from typing import Any

from nicegui import ui

from playground.page.parts import element
from playground.page.rich_text import rich_html
from playground.page.text import words_of
from playground.page.words import say
from playground.slack.block_kit import Json
from playground.slack.reader import Reader

PAGE_SIZE = 5
"""Rows of a page where the app says nothing."""


def table(block: Json, reader: Reader) -> None:
    """The first row names the columns."""
    rows = [row for row in block.get("rows") or [] if isinstance(row, list)]
    settings = [given if isinstance(given, dict) else {} for given in block.get("column_settings") or []]
    caption = block.get("caption")
    name = caption if isinstance(caption, str) else words_of(caption)
    sides = [_side(column, settings, rows) for column in range(max(map(len, rows), default=0))]
    is_sorted = block.get("type") == "data_table"
    size = int(block.get("page_size") or PAGE_SIZE) if is_sorted else len(rows)
    with element("div", "b-table-frame", data_page_size=str(size) if is_sorted else None):
        with element("div", "b-table", role="region", aria_label=name or say(reader, "table"), tabindex="0"):
            head = _row(rows[0], settings, sides, reader, head=True, is_sorted=is_sorted) if rows else ""
            body = "".join(_row(row, settings, sides, reader, hidden=at >= size) for at, row in enumerate(rows[1:]))
            ui.html(f"<thead>{head}</thead><tbody>{body}</tbody>", sanitize=False, tag="table")
        if is_sorted and len(rows) - 1 > size:
            shown = say(reader, "rows", first=1, last=size, all=len(rows) - 1)
            turning = (
                f'<button type="button" class="b-button" data-turn="-1" disabled>{say(reader, "previous_rows")}</button>'
                f'<span role="status" data-form="{say(reader, "rows", first="{first}", last="{last}", all="{all}")}">{shown}</span>'
                f'<button type="button" class="b-button" data-turn="1">{say(reader, "next_rows")}</button>'
            )
            ui.html(turning, sanitize=False).classes("b-table-pages")


def _side(column: int, settings: list[Json], rows: list[list[Any]]) -> str:
    """As the app says, else numbers to the right, along with the column's name, and a dash where there is none."""
    said = settings[column].get("align") if column < len(settings) else None
    if said in {"left", "center", "right"}:
        return str(said)
    cells = [row[column] for row in rows[1:] if column < len(row) and isinstance(row[column], dict)]
    numbers = [cell for cell in cells if cell.get("type") == "raw_number"]
    words = [cell.get("text") or "" for cell in cells if cell.get("type") == "raw_text"]
    is_number = numbers and len(numbers) + len(words) == len(cells) and not any(map(str.isalnum, "".join(words)))
    return "right" if is_number else "left"


def _row(
    row: list[Any],
    settings: list[Json],
    sides: list[str],
    reader: Reader,
    *,
    head: bool = False,
    is_sorted: bool = False,
    hidden: bool = False,
) -> str:
    tag, scope = ("th", ' scope="col"') if head else ("td", "")
    cells = []
    for at, cell in enumerate(row):
        wrapped = " b-wrapped" if at < len(settings) and settings[at].get("is_wrapped") else ""
        content = _content(cell, reader)
        if is_sorted:
            content, scope = f'<button type="button" data-column="{at}">{content}</button>', ' scope="col" aria-sort="none"'
        cells.append(f'<{tag}{scope}{_value(cell)} class="b-{sides[at]}{wrapped}">{content}</{tag}>')
    return f"<tr{' hidden' if hidden else ''}>{''.join(cells)}</tr>"


def _value(cell: Any) -> str:
    """By what a number is sorted."""
    value = cell.get("value") if isinstance(cell, dict) else None
    return f' data-value="{escape(str(value))}"' if value is not None else ""


def _content(cell: Any, reader: Reader) -> str:
    if not isinstance(cell, dict):
        return ""
    if cell.get("type") == "rich_text":
        return rich_html(cell, reader)
    return escape(str(cell.get("text") or cell.get("value") or ""), quote=False)
