"""Small functions for Block Kit that keep within Slack's limits, and the plain text of a drawing."""

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from bot.messages.buttons import Act, ButtonValue
from bot.messages.rich_text import LINK, as_comment, as_mrkdwn, harmless, rich_text, spelt_out
from bot.messages.tables import length, spoken_rows, without_tables
from bot.messages.texts import CLOSE, OPEN, escape

Block = dict[str, Any]
TEXT, HEADER, BUTTON, FALLBACK = 3000, 150, 75, 3900
BLOCKS = 50
MESSAGE_TEXT = 12_500
"""Characters in all blocks of a message together: Slack refuses from about 13,200 (slackapi/bolt-js#2509)."""

COMMENT = 40_000
"""Characters that Slack takes of a text that is never edited."""

_PART = re.compile(rf"(?:&[a-z]{{0,3}}|<[^<>{OPEN}{CLOSE}]{{0,200}})\Z")
"""The beginning of an escaped character, a mention or a date. Typed text within its marks has none: it is not escaped yet."""


def cut(text: str, most: int) -> str:
    """At most ``most`` characters; an ellipsis shows that something was cut off."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def whole(text: str, most: int) -> str:
    """The beginning of mrkdwn, never ending inside an escaped character, a mention, a date, or what was typed."""
    if len(text) <= most:
        return text
    kept = text[:most]
    if kept.rfind(OPEN) <= kept.rfind(CLOSE):
        return _PART.sub("", kept)
    kept = kept[:-1]
    return f"{kept}{CLOSE}" if kept.rfind(OPEN) > kept.rfind(CLOSE) else kept


def clip(text: str, most: int) -> str:
    """`cut` for mrkdwn."""
    return text if len(text) <= most else whole(text, most - 1).rstrip() + "…"


def plain(text: str, most: int = TEXT) -> Block:
    return {"type": "plain_text", "text": cut(text, most) or " ", "emoji": False}


def mrkdwn(text: str) -> Block:
    """Nothing typed may be in it: `section` and `context` see to that."""
    return {"type": "mrkdwn", "text": clip(text, TEXT) or " ", "verbatim": True}


def header(text: str) -> Block:
    return {"type": "header", "text": plain(text, HEADER)}


def section(text: str) -> Block:
    """Rich text if something typed in it could be taken for formatting."""
    words = as_mrkdwn(text)
    return rich_text(clip(text, TEXT))[0] if words is None else {"type": "section", "text": mrkdwn(words)}


def context(text: str) -> Block:
    """In small letters, unless something typed in it could be taken for formatting."""
    words = as_mrkdwn(text)
    return section(text) if words is None else {"type": "context", "elements": [mrkdwn(words)]}


def divider() -> Block:
    return {"type": "divider"}


def alert(text: str, level: str = "warning") -> Block:
    """A note in a form (modals only), as plain text."""
    return {"type": "alert", "level": level, "text": plain(text, 200)}


def button(
    text: str, act: Act, value: ButtonValue, *, style: str = "", confirm: tuple[str, str, str, str] | None = None, name: str = ""
) -> Block:
    """``name`` tells buttons of the same kind in one message apart. ``confirm``: title, text, confirm, deny."""
    element: Block = {
        "type": "button",
        "action_id": f"{act.value}:{name}" if name else act.value,
        "text": plain(text, BUTTON),
        "value": value.dump(),
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
    """A long text as several sections, split between lines if possible."""
    words = as_mrkdwn(text)
    if words is None:
        yield from rich_text(text)
        return
    part = ""
    for line in words.split("\n"):
        for piece in _pieces(line):
            if len(part) + len(piece) + 1 > TEXT - 50:
                yield section(part)
                part = ""
            part = f"{part}\n{piece}" if part else piece
    if part.strip():
        yield section(part)


def _pieces(line: str) -> Iterable[str]:
    while len(line) > TEXT - 100:
        piece = whole(line, TEXT - 100)
        piece = piece[: piece.rfind(" ", len(piece) - LINK) + 1] or piece  # not inside an address, if possible
        yield piece
        line = line[len(piece) :]
    yield line


def fit(blocks: Iterable[Block], most: int = BLOCKS, characters: int = MESSAGE_TEXT, more: str = "…") -> list[Block]:
    """The first blocks, as many as Slack accepts, also with their tables as sections; ``more`` stands for those left out."""
    kept: list[Block] = []
    for block in blocks:
        characters -= length(block)
        most -= len(without_tables([block]))
        if characters < 0 or most < 0:
            return [*(kept[:-1] if most < 0 else kept), context(more)]
        kept.append(block)
    return kept


_DATE = re.compile(r"<!date\^\d+\^[^|>]*\|([^>]*)>")
_BOLD = re.compile(r"(?<![\w*])\*([^*\n]+)\*(?![\w*])")


def spoken(text: str) -> str:
    """mrkdwn as plain text: dates as their fallback, no bold marks; mentions stay, since Slack speaks them."""
    return _DATE.sub(r"\1", _BOLD.sub(r"\1", text))


def said(blocks: Sequence[Block], most: int = FALLBACK) -> str:
    """Everything that the blocks say, as mrkdwn for screen readers and notifications; buttons as their labels.

    If that is longer than ``most``, the text is cut and the buttons follow at its end.
    """
    lines: list[str] = []
    names: list[str] = []
    for block in blocks:
        kind = block["type"]
        if kind == "header":
            lines.append(harmless(block["text"]["text"]))
        elif kind == "rich_text":
            lines.append(spelt_out(block))
        elif kind == "data_table":
            lines += spoken_rows(block)
        elif kind == "section":
            if "text" in block:
                lines.append(spoken(block["text"]["text"]))
            if "accessory" in block and "text" in block["accessory"]:
                names.append(f"[{escape(block['accessory']['text']['text'])}]")
                lines.append(names[-1])
        elif kind == "context":
            lines += [spoken(element["text"]) for element in block["elements"] if "text" in element]
        elif kind == "actions":
            names.append(" ".join(f"[{escape(element['text']['text'])}]" for element in block["elements"] if "text" in element))
            lines.append(names[-1])
    words = "\n".join(lines)
    if len(words) <= most:
        return words
    pressed = clip("\n".join(names), FALLBACK // 2)
    return f"{clip(words, most - len(pressed) - 1)}\n{pressed}"


@dataclass(frozen=True)
class Drawing:
    """A message: complete text, blocks, and a digest that shows whether it changed."""

    text: str
    blocks: list[Block]
    digest: str


def drawing(blocks: Sequence[Block], *, most_text: int = FALLBACK) -> Drawing:
    """A message within Slack's limits. ``most_text``: characters of its ``text``; `COMMENT` for one that is never edited, so that the
    whole of a long table is in it."""
    kept = fit(blocks)
    text = said(kept, most_text)
    canonical = json.dumps([text, kept], sort_keys=True, ensure_ascii=True)
    return Drawing(text, kept, hashlib.sha256(canonical.encode()).hexdigest())


def parts(heading: Callable[[int, int], str], blocks: Iterable[Block]) -> list[Drawing]:
    """All blocks, in as many messages as needed, none of which is edited; ``heading`` makes each one's from its number and the count."""
    chunks: list[list[Block]] = []
    room = 0
    for block in blocks:
        size = length(block)
        if not chunks or size > room or len(chunks[-1]) == BLOCKS - 1:
            chunks.append([])
            room = MESSAGE_TEXT - TEXT // 2
        chunks[-1].append(block)
        room -= size
    headed = [[section(heading(number, len(chunks))), *chunk] for number, chunk in enumerate(chunks, 1)]
    return [drawing(one, most_text=COMMENT) for one in headed]


def notice(text: str) -> Drawing:
    """One or more sentences as a message."""
    return drawing(list(long_sections(text)))


def comment(text: str) -> str:
    """One or more sentences beside an upload, as mrkdwn: Slack takes no blocks there."""
    return clip(as_comment(text), COMMENT)
