"""Block Kit as small functions that keep within Slack's limits, and the plain words of what is drawn."""

import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bot.buttons import Act, ButtonValue

Block = dict[str, Any]
TEXT, HEADER, BUTTON, FALLBACK = 3000, 150, 75, 3900
BLOCKS = 50


def cut(text: str, most: int) -> str:
    """At most so many characters; what is cut off is shown by an ellipsis."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def plain(text: str, most: int = TEXT) -> Block:
    return {"type": "plain_text", "text": cut(text, most) or " ", "emoji": False}


def mrkdwn(text: str) -> Block:
    return {"type": "mrkdwn", "text": cut(text, TEXT) or " ", "verbatim": True}


def header(text: str) -> Block:
    return {"type": "header", "text": plain(text, HEADER)}


def section(text: str, accessory: Block | None = None) -> Block:
    block: Block = {"type": "section", "text": mrkdwn(text)}
    if accessory is not None:
        block["accessory"] = accessory
    return block


def context(*texts: str) -> Block:
    return {"type": "context", "elements": [mrkdwn(text) for text in texts[:10]]}


def divider() -> Block:
    return {"type": "divider"}


def alert(text: str, level: str = "warning") -> Block:
    """A note in a form (modals alone)."""
    return {"type": "alert", "level": level, "text": mrkdwn(cut(text, 200))}


def button(
    text: str, act: Act, value: ButtonValue, *, style: str = "", confirm: tuple[str, str, str, str] | None = None, name: str = ""
) -> Block:
    """``name`` tells buttons of the same kind in one message apart. ``confirm``: title, text, confirm, deny."""
    element: Block = {
        "type": "button",
        "action_id": f"{act.value}:{name}" if name else act.value,
        "text": plain(text, BUTTON),
        "value": value.dumped(),
    }
    if style:
        element["style"] = style
    if confirm:
        title, question, yes, no = confirm
        element["confirm"] = {
            "title": plain(title, 100),
            "text": plain(question, 300),
            "confirm": plain(yes, 30),
            "deny": plain(no, 30),
        }
    return element


def link(text: str, url: str, name: str) -> Block:
    return {"type": "button", "action_id": f"link:{name}", "text": plain(text, BUTTON), "url": url}


def actions(*elements: Block) -> Block:
    return {"type": "actions", "elements": list(elements[:25])}


def long_sections(text: str) -> Iterable[Block]:
    """A long text as several sections, broken at lines."""
    part = ""
    for line in text.split("\n"):
        for piece in [line[i : i + TEXT - 100] for i in range(0, len(line), TEXT - 100)] or [""]:
            if len(part) + len(piece) + 1 > TEXT - 50:
                yield section(part)
                part = ""
            part = f"{part}\n{piece}" if part else piece
    if part.strip():
        yield section(part)


_DATE = re.compile(r"<!date\^(\d+)\^[^|>]*\|([^>]*)>")


_BOLD = re.compile(r"(?<![\w*])\*([^*\n]+)\*(?![\w*])")


def spoken(text: str) -> str:
    """mrkdwn as plain words: dates by their fallback, no signs of emphasis; mentions are kept for Slack to speak."""
    text = _BOLD.sub(r"\1", text)
    return _DATE.sub(
        lambda found: found.group(2) or f"{datetime.fromtimestamp(int(found.group(1)), UTC):%Y-%m-%d %H:%M} UTC", text
    )


def said(blocks: Sequence[Block]) -> str:
    """Everything a reader of the blocks learns, as text for screen readers and notifications; buttons by their names."""
    lines: list[str] = []
    for block in blocks:
        kind = block["type"]
        if kind in ("section", "header"):
            if "text" in block:
                lines.append(spoken(block["text"]["text"]))
            if "accessory" in block and "text" in block["accessory"]:
                lines.append(f"[{block['accessory']['text']['text']}]")
        elif kind == "context":
            lines += [spoken(element["text"]) for element in block["elements"] if "text" in element]
        elif kind == "actions":
            lines.append(" ".join(f"[{element['text']['text']}]" for element in block["elements"] if "text" in element))
    return cut("\n".join(lines), FALLBACK)


@dataclass(frozen=True)
class Drawing:
    """A message: complete text, blocks, and the digest that tells whether it changed."""

    text: str
    blocks: list[Block]
    digest: str


def drawing(blocks: Sequence[Block]) -> Drawing:
    """With at most 50 blocks."""
    kept = list(blocks[:BLOCKS])
    text = said(kept)
    canonical = json.dumps([text, kept], sort_keys=True, ensure_ascii=True)
    return Drawing(text, kept, hashlib.sha256(canonical.encode()).hexdigest())


def plain_blocks(text: str) -> list[Block]:
    """A text alone, as blocks."""
    return list(long_sections(text))[:BLOCKS]
