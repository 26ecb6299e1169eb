"""The `rich_text` block as safe HTML: sections, nested lists, quotes, code, and everything inline."""

import re
from collections.abc import Iterable
from html import escape
from typing import Any, Final

from playground.page.emoji import emoji
from playground.page.mrkdwn import anchor, channel_mention, date_html, emoji_html, group_mention, person_mention
from playground.slack.block_kit import Json
from playground.slack.reader import Reader

_STYLES: Final = {"bold": "b", "italic": "i", "strike": "s", "code": "code", "underline": "u"}
_COLOUR: Final = re.compile(r"#?[0-9a-fA-F]{6}")
_BULLETS: Final = ("disc", "circle", "square")
_NUMBERS: Final = ("decimal", "lower-alpha", "lower-roman")


def rich_html(block: Json, reader: Reader) -> str:
    """The elements of a block or a table cell; consecutive lists are one, nested by their indents."""
    return "".join(_element(element, reader) for element in parts_of(block))


def parts_of(element: Json) -> list[Json]:
    found = element.get("elements")
    return [part for part in found if isinstance(part, dict)] if isinstance(found, list) else []


def _element(element: Json, reader: Reader) -> str:
    kind = element.get("type")
    if kind == "rich_text_section":
        return f"<div>{_line(parts_of(element), reader)}</div>"
    if kind == "rich_text_quote":
        return f"<blockquote>{_line(parts_of(element), reader)}</blockquote>"
    if kind == "rich_text_preformatted":
        return f"<pre>{_line(parts_of(element), reader, code=True)}</pre>"
    if kind == "rich_text_list":
        return _list(element, reader)
    return _unknown(kind)


def _unknown(kind: object) -> str:
    return f'<span class="b-unknown-part">Unknown element: {escape(str(kind))}</span>'


def _list(element: Json, reader: Reader) -> str:
    indent, offset = _whole(element.get("indent"), 8), _whole(element.get("offset"), 10_000)
    ordered = element.get("style") == "ordered"
    sign = (_NUMBERS if ordered else _BULLETS)[indent % 3]
    tag, start = ("ol", f' start="{offset + 1}"') if ordered and offset else ("ol" if ordered else "ul", "")
    items = "".join(f"<li>{_line(parts_of(item), reader)}</li>" for item in parts_of(element))
    bordered = " b-bordered" if element.get("border") else ""
    return f'<{tag} class="b-list{bordered}" style="list-style-type:{sign};margin-left:{indent * 26}px"{start}>{items}</{tag}>'


def _whole(value: Any, most: int) -> int:
    return max(0, min(value, most)) if isinstance(value, int) else 0


def _line(parts: Iterable[Json], reader: Reader, *, code: bool = False) -> str:
    return "".join(_styled(part, _inline(part, reader, code=code)) for part in parts)


def _styled(part: Json, html: str) -> str:
    style = part.get("style")
    for name, tag in _STYLES.items():
        if isinstance(style, dict) and style.get(name) is True:
            html = f"<{tag}>{html}</{tag}>"
    return html


def _inline(part: Json, reader: Reader, *, code: bool) -> str:
    def said(name: str) -> str:
        return str(part.get(name) or "")

    match part.get("type"):
        case "text":
            words = escape(said("text"), quote=False)
            return words if code else words.replace("\n", "<br>")
        case "link":
            return anchor(said("url"), said("text"))
        case "user":
            return person_mention(said("user_id"), reader)
        case "channel":
            return channel_mention(said("channel_id"), reader)
        case "usergroup":
            return group_mention(said("usergroup_id"))
        case "broadcast":
            return group_mention(said("range"))
        case "team":
            return group_mention(said("team_id"))
        case "emoji":
            sign = emoji(said("name"), said("unicode"))
            return emoji_html(said("name"), escape(sign)) if sign else escape(f":{said('name')}:", quote=False)
        case "date":
            return date_html(said("timestamp"), said("format") or "{date}", reader, said("fallback"), said("url"))
        case "color":
            return _colour(said("value"))
        case kind:
            return _unknown(kind)


def _colour(value: str) -> str:
    words = escape(value, quote=False)
    if not _COLOUR.fullmatch(value):
        return words
    return f'{words} <span class="b-colour" aria-hidden="true" style="background:#{value.removeprefix("#")}"></span>'
