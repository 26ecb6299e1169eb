"""Sentences as `rich_text`, wherever something typed in them could be taken for formatting.

mrkdwn can't be told to leave ``*``, ``_``, ``~``, backticks, emoji names and quotes alone: only ``&<>`` have an escape
(docs.slack.dev, *Formatting message text*). A text element of `rich_text` is never parsed, and several typed lines stand in a
`rich_text_quote`: none of them can look like a line of the bot's own. So does what somebody typed as a reason or an answer, and a line
with an arrow, which the bot itself writes between an answer's old and new value.

`bot.messages.texts.typed` marks what was typed; here the marks end. A message's ``text``, which is read out and shown in notifications,
and the comment of an upload, which people see, are always parsed as mrkdwn: there `harmless` sets the signs apart.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from bot.messages.texts import CLOSE, OPEN, QUOTE, escape

Json = dict[str, Any]
MAX_TEXT = 3000
"""Characters in one block."""
LINK = 600
"""How far from its end a long text is split between words: no link in a field is longer."""

_TYPED = re.compile(f"{OPEN}([^{CLOSE}]*){CLOSE}")
_PLAIN = re.compile(
    r"(?:[^\W_]|[ .,;?!()/'\"%#&$+=−–—’‘“”…·\u2068\u2069-]|(?<=[^\W_])[_@](?=[^\W_])|:(?=[ /])|(?<=\d):(?=\d\d\b(?!:)))*"
)
"""What mrkdwn shows as it is: letters and digits, the usual punctuation, addresses, links and times of day."""
_TOKEN = re.compile(
    rf"{OPEN}(?P<typed>[^{CLOSE}]*){CLOSE}"
    r"|<@(?P<user>[^<>|]+)>"
    r"|<#(?P<channel>[^<>|]+)>"
    r"|<!date\^(?P<at>\d+)\^(?P<form>[^<>|^]+)\|(?P<fallback>[^<>]*)>"
    r"|(?P<sign>[*`\n])"
    rf"|(?P<text>[^*`\n<{OPEN}]+|.)"
)


def as_mrkdwn(words: str) -> str | None:
    """The sentence without marks; None if something typed in it could be taken for formatting, or is a quote."""
    if OPEN not in words:
        return words
    if QUOTE in words:
        return None
    if all(_PLAIN.fullmatch(found[1]) for found in _TYPED.finditer(words)):
        return _TYPED.sub(lambda found: escape(found[1]), words)
    return None


def rich_text(words: str) -> list[Json]:
    """The sentence as blocks, with at most `MAX_TEXT` characters each."""
    blocks: list[Json] = []
    room = 0
    for element in _elements(words):
        begun = False
        for piece in element["elements"]:
            for part in _parts(piece):
                length = len(part.get("text", ""))
                if not blocks or length > room:
                    blocks.append({"type": "rich_text", "elements": []})
                    room, begun = MAX_TEXT, False
                if not begun:
                    blocks[-1]["elements"].append({"type": element["type"], "elements": []})
                    begun = True
                blocks[-1]["elements"][-1]["elements"].append(part)
                room -= length
    return blocks


def inline(words: str) -> list[Json]:
    """The sentence as parts of one line, for a cell of a table: what was typed is one line too, and in no quote."""
    line = _TYPED.sub(lambda found: f"{OPEN}{' '.join(found[1].splitlines())}{CLOSE}", words).replace("\n", " ")
    return [part for element in _elements(line, quoting=False) for part in element["elements"]]


def code(text: str) -> Json:
    """Commands to be copied, as they are."""
    lines: list[Json] = [{"type": "text", "text": text}]
    return {"type": "rich_text", "elements": [{"type": "rich_text_preformatted", "elements": lines}]}


def spelt_out(block: Json) -> str:
    """What a `rich_text` block says, as mrkdwn for a message's ``text``: dates as their fallback."""
    return _spelt_out(block["elements"], _spoken)


def as_comment(words: str) -> str:
    """The sentence as mrkdwn for people to see where there are no blocks: dates stay in each reader's zone."""
    easy = as_mrkdwn(words)
    return _spelt_out(_elements(words), _shown) if easy is None else easy


_SIGN = re.compile(
    r"(?P<kept>https?://(?:[^\W_]|[.-])+(?::\d+)?(?:[/?#](?:(?!&[gl]t;|@(?:channel|here|everyone)\b)\S)*)?"
    r"|(?<!\w)(?<!\b[0-9a-f]{2}:)[0-9a-f]{2}(?::[0-9a-f]{2}){5,}+(?![\w:]))"
    r"|(?<![^\W_])[*_~](?=\S)|:(?=[\w+'-]+(?::|\Z))|(?<![\w.+-])@(?=(?:channel|here|everyone)\b)",
    re.IGNORECASE,
)


def harmless(text: str) -> str:
    """A text in mrkdwn that becomes no formatting, mention or emoji: a hair space follows each sign that could begin one, also
    together with what follows the text.

    Links and fingerprints of six bytes or more stay as they are: people open and compare them.
    """
    apart = escape(text).replace("`", "ˋ")
    return _SIGN.sub(lambda found: found["kept"] or f"{found[0]}\u200a", apart)


def _spelt_out(elements: Iterable[Json], spelt: Callable[[Json], str]) -> str:
    said = []
    for element in elements:
        lines = "".join(map(spelt, element["elements"])).split("\n")
        quoted = element["type"] == "rich_text_quote"
        said += [f"&gt; {line}" if quoted else f"\u200a{line}" if line.startswith("&gt;") else line for line in lines]
    return "\n".join(said)


def _spoken(part: Json) -> str:
    return str(part["fallback"]) if part["type"] == "date" else _shown(part)


def _shown(part: Json) -> str:
    match part["type"]:
        case "user":
            return f"<@{part['user_id']}>"
        case "channel":
            return f"<#{part['channel_id']}>"
        case "date":
            return f"<!date^{part['timestamp']}^{part['format']}|{part['fallback']}>"
        case _:
            return harmless(part["text"])


def _elements(words: str, *, quoting: bool = True) -> Iterator[Json]:
    """Sections, and a quote for each typed text that needs one, unless there are to be no quotes."""
    line: list[Json] = []
    bold = mono = False
    after_quote = False
    for token in _TOKEN.finditer(words):
        sign, text = token["sign"], token["typed"] if token["typed"] is not None else _unescaped(token["text"] or "")
        quoted, text = text.startswith(QUOTE), text.removeprefix(QUOTE)
        if quoting and token["typed"] is not None and (quoted or "\n" in text or "→" in text):
            yield from _section(line)
            yield {"type": "rich_text_quote", "elements": [{"type": "text", "text": text}]}
            line, after_quote = [], True
            continue
        if sign == "\n":
            bold = mono = False
            if not (after_quote and not line):
                _add(line, {"type": "text", "text": "\n"})
        elif sign:
            bold, mono = bold != (sign == "*"), mono != (sign == "`")
        elif token["user"]:
            line.append({"type": "user", "user_id": token["user"]})
        elif token["channel"]:
            line.append({"type": "channel", "channel_id": token["channel"]})
        elif token["at"]:
            shown = {"timestamp": int(token["at"]), "format": token["form"], "fallback": token["fallback"]}
            line.append({"type": "date", **shown})
        elif text:
            style = {name: True for name, on in (("bold", bold), ("code", mono)) if on}
            _add(line, {"type": "text", "text": text} | ({"style": style} if style else {}))
    yield from _section(line)


def _section(line: list[Json]) -> Iterator[Json]:
    """What was gathered, without what is empty after it: the next element begins a line anyway."""
    if line and line[-1]["type"] == "text":
        line[-1]["text"] = line[-1]["text"].rstrip(" \n")
        line = line if line[-1]["text"] else line[:-1]
    if line:
        yield {"type": "rich_text_section", "elements": line}


def _add(line: list[Json], piece: Json) -> None:
    """Texts of the same style are one."""
    if line and line[-1]["type"] == "text" and line[-1].get("style") == piece.get("style"):
        line[-1]["text"] += piece["text"]
    else:
        line.append(piece)


def _parts(piece: Json) -> Iterator[Json]:
    """A piece, or a text that is too long for one block as several, split after a line or a word if possible."""
    text = piece.get("text", "")
    while len(text) > MAX_TEXT:
        end = next(
            (at for at in (text.rfind("\n", 0, MAX_TEXT), text.rfind(" ", MAX_TEXT - LINK, MAX_TEXT)) if at > 0), MAX_TEXT - 1
        )
        yield {**piece, "text": text[: end + 1]}
        text = text[end + 1 :]
    yield {**piece, "text": text} if "text" in piece else piece


def _unescaped(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
