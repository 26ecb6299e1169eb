"""Tables: rows as Slack's `data_table` block, and the same rows as sections where Slack draws no tables.

After docs.slack.dev, *Data table block*: a header and 1 to 100 rows of equal length, at most 20 columns, 20,000 characters; a cell is
`raw_text` (never parsed), `raw_number` (its column is sorted by ``value``) or `rich_text`; a cell of the header is no `rich_text`.
People sort it by a press on a column and turn its pages by themselves. Not for modals and App Home.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.messages.rich_text import MAX_TEXT, inline, spelt_out
from bot.messages.texts import escape
from flows.checks.visible import isolated, visible

Json = dict[str, Any]

ROWS, COLUMNS, PAGE_SIZE = 100, 20, 10
TEXT = 11_000
"""Characters of a table's rows as sections, where each value has its column's name before it: the message, in which other blocks stand
too, is then within `bot.messages.blocks.MESSAGE_TEXT` in either form, and the table within Slack's limit."""
NOTHING = "–"
"""A cell with nothing in it: Slack takes no empty text."""
ONLY_MESSAGES = frozenset({"data_table", "data_visualization"})
"""The blocks that Slack may refuse in a workspace: they are new."""


@dataclass(frozen=True)
class CellLink:
    """A cell that leads somewhere. ``text`` is plain."""

    text: str
    url: str


@dataclass(frozen=True)
class CellNumber:
    """A number as the language writes it. ``value``: by which its column is sorted."""

    value: float
    text: str


Cell = str | int | CellNumber | CellLink
"""Words as `bot.messages.blocks.section` takes them (what was typed is marked, and becomes one line), a number, or a link."""


def table(
    caption: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[Cell]],
    *,
    left_out: Callable[[int], str] = "… +{}".format,
    characters: int = TEXT,
) -> list[Json]:
    """The block, and as a last one ``left_out`` of the number of rows, if any, that it has no room for; no block without rows.

    ``caption``, ``columns``: plain text. The first column names its row. ``characters``: its room in the message; less than `TEXT` if
    much else stands there.
    """
    head = [{"type": "raw_text", "text": name} for name in columns[:COLUMNS]]
    cells = [[_cell(value) for value in row[:COLUMNS]] for row in rows]
    kept: list[list[Json]] = []
    room = min(characters, TEXT)
    for row in cells[:ROWS]:
        room -= _width(head, row)
        if room < 0:
            break
        kept.append(row)
    if not kept:
        return []
    block = {"type": "data_table", "caption": caption, "page_size": PAGE_SIZE, "rows": [head, *kept]}
    more = left_out(len(cells) - len(kept)) if len(cells) > len(kept) else ""
    note = {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": inline(more)}]}
    return [block, note] if more else [block]


def split(columns: Sequence[str], rows: Iterable[Sequence[Cell]], characters: int = TEXT) -> list[list[Sequence[Cell]]]:
    """The rows of one `table` after the other, as few as show them all."""
    head = [{"type": "raw_text", "text": name} for name in columns[:COLUMNS]]
    pages: list[list[Sequence[Cell]]] = []
    room = 0
    for row in rows:
        size = _width(head, [_cell(value) for value in row[:COLUMNS]])
        if not pages or size > room or len(pages[-1]) == ROWS:
            pages.append([])
            room = min(characters, TEXT)
        pages[-1].append(row)
        room -= size
    return pages


def _cell(value: Cell) -> Json:
    if isinstance(value, CellLink):
        element = {"type": "link", "url": value.url, "text": isolated(visible(value.text)) or value.url}
        return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [element]}]}
    if isinstance(value, int):
        return {"type": "raw_number", "value": value, "text": str(value)}
    if isinstance(value, CellNumber):
        return {"type": "raw_number", "value": value.value, "text": value.text or NOTHING}
    elements = inline(value)
    if all(part["type"] == "text" and not part.get("style") for part in elements):
        text = "".join(part["text"] for part in elements)
        return {"type": "raw_text", "text": text if len(text) <= MAX_TEXT else f"{text[: MAX_TEXT - 1]}…"} if text else _nothing()
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": elements}]}


def _nothing() -> Json:
    return {"type": "raw_text", "text": NOTHING}


def has_tables(blocks: Iterable[Mapping[str, Any]]) -> bool:
    """Whether any of them may be refused for its kind."""
    return any(block.get("type") in ONLY_MESSAGES for block in blocks)


def without_tables(blocks: Iterable[Json]) -> list[Json]:
    """Tables as sections; charts are left out: words and a table beside each say the same."""
    return [
        one
        for block in blocks
        if block.get("type") != "data_visualization"
        for one in (sections(block) if block.get("type") == "data_table" else [block])
    ]


def sections(block: Json) -> list[Json]:
    """A `data_table` as rich text, a line for each row: its name in bold, then each value after its column's name; links stay."""
    blocks: list[Json] = []
    room = 0
    for line in _lines(block):
        size = sum(len(part.get("text", "")) for part in line["elements"])
        if not blocks or size > room:
            blocks.append({"type": "rich_text", "elements": []})
            room = MAX_TEXT
        blocks[-1]["elements"].append(line)
        room -= size
    return blocks


def spoken_rows(block: Json) -> list[str]:
    """The rows of a `data_table` as mrkdwn, for a message's ``text``."""
    return [spelt_out({"elements": [line]}) for line in _lines(block)]


def _lines(block: Json) -> Iterator[Json]:
    head, *rows = block["rows"]
    for row in rows:
        yield _section(head, row)


def _section(head: Sequence[Json], row: Sequence[Json]) -> Json:
    parts: list[Json] = []
    for at, (name, cell) in enumerate(zip(head, row, strict=True)):
        if at and cell.get("text") == NOTHING:
            continue
        if at:
            parts.append({"type": "text", "text": f" · {name['text']}: "})
        parts += (
            _elements(cell) if at else [{**part, "style": {**part.get("style", {}), "bold": True}} for part in _elements(cell)]
        )
    return {"type": "rich_text_section", "elements": parts}


def _width(head: Sequence[Json], row: Sequence[Json]) -> int:
    """Characters of a row as `_section` has it."""
    texts = [escape(str(part.get("text", ""))) for cell in row for part in _elements(cell)]
    names = [escape(name["text"]) for name, cell in zip(head[1:], row[1:], strict=True) if cell.get("text") != NOTHING]
    return sum(map(len, texts)) + sum(len(name) + len(" · : ") for name in names)


def _elements(cell: Json) -> list[Json]:
    if cell["type"] == "rich_text":
        return [part for section in cell["elements"] for part in section["elements"]]
    return [{"type": "text", "text": str(cell["text"])}]


def length(part: Any) -> int:
    """Characters that count against the limit of a message: of ``text`` as Slack escapes it."""
    if isinstance(part, list):
        return sum(map(length, part))
    if isinstance(part, dict):
        if part.get("type") == "data_table":
            head, *rows = part["rows"]
            return sum(_width(head, row) for row in rows)
        text = part.get("text")
        own = 0 if not isinstance(text, str) else len(text if part.get("type") == "mrkdwn" else escape(text))
        return own + sum(map(length, part.values()))
    return 0
