"""The blocks, where each is allowed, and the limits on a message or view as a whole."""

from collections.abc import Iterator
from typing import Any, Final

from playground.slack.charts import CHART
from playground.slack.elements import BOXES, BUTTON, ID, IMAGE, INPUTS, OVERFLOW, PICKERS, SELECTS, plain, text
from playground.slack.rich_text import LINES, PARTS, words
from playground.slack.schema import (
    Check,
    Report,
    anything,
    boolean,
    choice,
    complain,
    integer,
    items,
    number,
    record,
    string,
    tagged,
)

Json = dict[str, Any]

MESSAGE: Final = "message"
MODAL: Final = "modal"
HOME: Final = "home"
PLAIN_MESSAGE: Final = "plain message"
"""In a workspace that has not got tables and charts yet."""

BLOCKS_TEXT_LIMIT = 13_200
"""Total text in a message's blocks; undocumented, but seen by many (slackapi/bolt-js#2509)."""

_CLICKED = {"button": BUTTON, "overflow": OVERFLOW, **SELECTS, **PICKERS, **BOXES}
_ACCESSORY = {kind: check for kind, check in _CLICKED.items() if kind != "datetimepicker"} | {"image": IMAGE}
_CELL = tagged(
    {
        "raw_text": record({"type": anything, "text": string(3000, low=0)}),
        "raw_number": record({"type": anything, "value": number, "text": string(3000)}),
        "rich_text": record({"type": anything, "elements": items(anything, 0, 100)}),
    }
)
_CARD: dict[str, Check] = {
    "title": text(150),
    "subtitle": text(150),
    "body": text(200),
    "subtext": text(200),
    "icon": IMAGE,
    "hero_image": IMAGE,
    "slack_icon": anything,
    "actions": items(tagged({"button": BUTTON}), 1, 3),
}


def _block(required: dict[str, Check] | None = None, /, **optional: Check) -> Check:
    return record({"type": anything, **(required or {})}, {"block_id": ID, **optional})


def _section(block: Any, path: str, out: Report) -> None:
    _SECTION(block, path, out)
    if not block.get("text") and not block.get("fields"):
        complain(out, path, "missing required field: text or fields")


_SECTION = _block(text=text(3000), fields=items(text(2000), 1, 10), accessory=tagged(_ACCESSORY), expand=boolean)


def _input(kinds: dict[str, Check]) -> Check:
    return _block({"label": plain(2000), "element": tagged(kinds)}, hint=plain(2000), optional=boolean, dispatch_action=boolean)


def _data_table(block: Any, path: str, out: Report) -> None:
    """docs.slack.dev, reference/block-kit/blocks/data-table-block."""
    _DATA_TABLE(block, path, out)
    rows = block.get("rows")
    if out or not isinstance(rows, list):
        return
    if any(len(row) != len(rows[0]) for row in rows):
        complain(out, f"{path}/rows", "all rows must have the same number of cells")
    if any(cell.get("type") == "rich_text" for cell in rows[0]):
        complain(out, f"{path}/rows/0", "rich_text is not allowed in the header row")
    if sum(map(len, texts(rows))) > 20_000:
        complain(out, f"{path}/rows", "no more than 20000 characters allowed in a table")


_DATA_TABLE = _block(
    {"rows": items(items(_CELL, 1, 20), 2, 101), "caption": string(3000)},
    page_size=integer(1, 100),
    row_header_column_index=integer(0, 19),
)

_EVERYWHERE: dict[str, Check] = {
    "section": _section,
    "header": _block({"text": plain(150)}, level=integer(1, 6)),
    "divider": _block(),
    "image": _block({"alt_text": string(2000)}, image_url=string(3000), slack_file=anything, title=plain(2000)),
    "context": _block(
        {
            "elements": items(
                tagged(
                    {
                        "image": IMAGE,
                        "plain_text": record({"type": anything, "text": string(3000)}, {"emoji": boolean}),
                        "mrkdwn": record({"type": anything, "text": string(3000)}, {"verbatim": boolean}),
                    }
                ),
                1,
                10,
            )
        }
    ),
    "actions": _block({"elements": items(tagged(_CLICKED), 1, 25)}),
    "rich_text": _block({"elements": PARTS}),
    "video": _block(
        {"alt_text": string(2000), "title": plain(200), "thumbnail_url": string(3000), "video_url": string(3000)},
        author_name=string(50),
        description=plain(200),
        provider_name=string(50),
        provider_icon_url=string(2000),
        title_url=string(2000),
    ),
}
_ONLY_MESSAGES: dict[str, Check] = {
    "markdown": _block({"text": string(12_000)}),
    "card": _block({}, **_CARD),
    "carousel": _block({"elements": items(tagged({"card": _block({}, **_CARD)}), 1, 10)}),
    "table": _block({"rows": items(items(_CELL, 1, 20), 1, 100)}, column_settings=items(anything, 1, 20)),
    "data_table": _data_table,
    "data_visualization": _block({"title": string(50), "chart": CHART}),
    "container": _block(
        {"child_blocks": items(anything, 1, 10)}, title=text(150), subtitle=text(150), width=anything, icon=anything
    ),
    "context_actions": _block({"elements": items(anything, 1, 5)}),
    "plan": _block({"title": anything}, tasks=items(anything, 1, 50), status=anything),
    "task_card": _block(
        {"task_id": anything, "title": anything}, status=anything, details=anything, output=anything, sources=anything
    ),
}
_FILE = {"file_input"}
_NEWEST = {"data_table", "data_visualization"}
BLOCKS: dict[str, dict[str, Check]] = {
    MESSAGE: _EVERYWHERE | _ONLY_MESSAGES | {"input": _input({k: v for k, v in INPUTS.items() if k not in _FILE})},
    MODAL: _EVERYWHERE
    | {
        "input": _input(INPUTS),
        "alert": _block({"text": text(200)}, level=choice("default", "info", "warning", "error", "success")),
    },
    HOME: _EVERYWHERE | {"input": _input({k: v for k, v in INPUTS.items() if k not in _FILE})},
}
BLOCKS[PLAIN_MESSAGE] = {kind: check for kind, check in BLOCKS[MESSAGE].items() if kind not in _NEWEST}
_AT_MOST = {MESSAGE: 50, PLAIN_MESSAGE: 50, MODAL: 100, HOME: 100}


def elements(block: Json) -> Iterator[Json]:
    """The elements of a block that a person can interact with, in order."""
    parts = [block.get("accessory"), block.get("element"), *(block.get("elements") or []), *(block.get("actions") or [])]
    for part in parts:
        if isinstance(part, dict) and part.get("type") not in {"image", "plain_text", "mrkdwn", "card", None}:
            if not str(part["type"]).startswith("rich_text_") or part["type"] == "rich_text_input":
                yield part
        elif isinstance(part, dict) and part.get("type") == "card":
            yield from elements(part)


def texts(value: Any) -> Iterator[str]:
    """Every string under a `text` or `alt_text` key, in reading order: what a person reads. A part of rich text is one."""
    if isinstance(value, list):
        for item in value:
            yield from texts(item)
    elif isinstance(value, dict) and str(value.get("type", "")) in LINES:
        yield "".join(map(words, value.get("elements") or []))
    elif isinstance(value, dict):
        for name, part in value.items():
            if name in {"text", "alt_text"} and isinstance(part, str):
                yield part
            elif name not in {"confirm", "options", "option_groups", "initial_option", "initial_options"}:
                yield from texts(part)


def check_blocks(blocks: Any, surface: str, path: str, out: Report) -> None:
    items(tagged(BLOCKS[surface]), 0 if surface == HOME else 1, _AT_MOST[surface])(blocks, path, out)
    if out:
        return
    _check_ids(blocks, path, out)
    if sum(block["type"] == "table" for block in blocks) > 1:
        complain(out, path, "only one table allowed")
    if sum(block["type"] == "data_visualization" for block in blocks) > 2:
        complain(out, path, "no more than 2 data_visualization blocks allowed")
    if sum(len(block["text"]) for block in blocks if block["type"] == "markdown") > 12_000:
        complain(out, path, "markdown text must be less than 12001 characters")


def _check_ids(blocks: list[Json], path: str, out: Report) -> None:
    seen: set[str] = set()
    focused = 0
    for index, block in enumerate(blocks):
        name = block.get("block_id")
        if name in seen:
            complain(out, f"{path}/{index}/block_id", f"block_id already exists: {name}")
        seen |= {name} if name else set()
        actions = [element["action_id"] for element in elements(block) if "action_id" in element]
        focused += sum(bool(element.get("focus_on_load")) for element in elements(block))
        for action in {action for action in actions if actions.count(action) > 1}:
            complain(out, f"{path}/{index}", f"action_id already exists in this block: {action}")
    if focused > 1:
        complain(out, path, "only one element may have focus_on_load")
