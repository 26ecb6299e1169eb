"""What Slack makes of blocks and of a message's text: what it styles, mentions and links, and which lines stand outside quotes.

After docs.slack.dev, *Formatting message text* and *Rich text block*. Where Slack's own parser is not described, it takes more for
formatting than Slack does.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

_TOKEN = re.compile(r"<([^<>\n]+)>")
_LINK = re.compile(r"https?://(?:[^\W_]|[.-])+(?::\d+)?(?:[/?#](?:(?!&[gl]t;)\S)*)?")
_ISOLATE = re.compile("[\u2068\u2069]")
_FENCE = re.compile(r"```.+?```", re.DOTALL)
_CODE = re.compile(r"`[^`\n]+`")
_STYLED = re.compile(r"(?<![^\W_])([*_~])(?=\S)[^\n]*?\1")
_EMOJI = re.compile(r":[\w+'-]+:")
_BROADCAST = re.compile(r"@(?:channel|here|everyone)\b")


@dataclass
class Reading:
    """``marks``: mentions, links, dates and emoji. ``styled``: what is bold, italic, struck through or code. ``lines``: as plain
    text, without those in quotes, and without marks."""

    marks: list[str] = field(default_factory=list)
    styled: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)

    def without(self, typed: str) -> tuple[list[str], list[str], str]:
        """All of it without what was typed, in whichever place: what is styled by the alphabet, since code is found before what is bold;
        the lines in one, since a quote stands between two."""
        found = (self.marks, self.styled, self.lines)
        in_cell = " ".join(typed.split())  # of a table: one line

        def rest(one: str) -> str:
            return " ".join(_ISOLATE.sub("", one).replace(typed, "").split()).replace(in_cell, "").strip()

        marks, styled, lines = ([rest(one) for one in part] for part in found)
        return [one for one in marks if one], sorted(one for one in styled if one), "".join("".join(lines).split())


def read(blocks: Iterable[Any]) -> Reading:
    reading = Reading()
    for block in blocks:
        for part in _parts(block):
            if part["type"] == "rich_text":
                _read_rich_text(part, reading)
            elif part["type"] == "mrkdwn":
                read_mrkdwn(part["text"], reading)
            elif part["type"] == "raw_text":
                reading.lines += part["text"].split("\n")
            else:
                reading.lines += part["text"].split("\n")
                reading.marks += _EMOJI.findall(part["text"]) if part.get("emoji", True) else []
    return reading


def read_mrkdwn(text: str, reading: Reading | None = None) -> Reading:
    reading = reading or Reading()
    reading.marks += _TOKEN.findall(text)
    text = _TOKEN.sub("", text)
    for code in (_FENCE, _CODE):
        reading.styled += [found.strip("`") for found in code.findall(text)]
        text = code.sub(lambda found: found[0].strip("`"), text)
    for line in text.split("\n"):
        if line.startswith((">", "&gt;")):
            line = line.removeprefix(">").removeprefix("&gt;")  # noqa: PLW2901  a quote
        else:
            reading.lines.append(_unescaped(_plain(line)))
        reading.marks += _BROADCAST.findall(line)
        line = _LINK.sub("", line)  # noqa: PLW2901  signs in a link are part of it
        reading.styled += [_unescaped(found[0][1:-1]) for found in _STYLED.finditer(line)]
        reading.marks += _EMOJI.findall(line)
    return reading


def _plain(line: str) -> str:
    """Without the signs that style something; those in a link stay."""
    places = [found.span() for found in _LINK.finditer(line)]

    def shown(found: re.Match[str]) -> str:
        inside = any(begin <= found.start() < end for begin, end in places)
        return found[0] if inside else found[0][1:-1]

    return _STYLED.sub(shown, line)


def _parts(value: Any) -> Iterator[dict[str, Any]]:
    """Text objects and `rich_text` blocks, in order."""
    if isinstance(value, list):
        for one in value:
            yield from _parts(one)
    elif isinstance(value, dict):
        if value.get("type") in ("rich_text", "mrkdwn", "plain_text", "raw_text"):
            yield value
        else:
            for one in value.values():
                yield from _parts(one)


def _read_rich_text(block: dict[str, Any], reading: Reading) -> None:
    for element in block["elements"]:
        said = ""
        for part in element["elements"]:
            if part["type"] == "link":
                said += part["text"]
            if part["type"] != "text":
                reading.marks.append(_mark(part))
                continue
            said += part["text"]
            reading.styled += [part["text"]] * len(part.get("style", {}))
        if element["type"] == "rich_text_preformatted":
            reading.styled.append(said)
        elif element["type"] != "rich_text_quote":
            reading.lines += said.split("\n")


def _mark(part: dict[str, Any]) -> str:
    """As the same is written in mrkdwn."""
    match part["type"]:
        case "user":
            return f"@{part['user_id']}"
        case "channel":
            return f"#{part['channel_id']}"
        case "date":
            return f"!date^{part['timestamp']}^{part['format']}|{part['fallback']}"
        case _:  # of a link, its text stands among the lines
            return str({name: value for name, value in part.items() if name != "text"})


def _unescaped(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
