"""Runs in the worker: looks for secrets wherever a Slack message can hold text, in blocks and forwarded messages of any kind too.

Every string is looked into, except under the names below, which hold what Slack itself makes up: ids, times, its own addresses. A kind of
block that Slack adds tomorrow is looked into like the others.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from bot.inspection.results import Result, result
from flows.checks import guard
from flows.checks.guard import SecretKind, Unread

MAX_DEPTH = 40
"""Lists and objects within one another. A quote in a list in a forwarded message has some fifteen."""
MAX_TEXTS = 5_000
"""A table has 2,000 cells at most, a message 50 blocks and 100 attachments."""

NOT_TYPED = frozenset(
    {
        *("type", "subtype", "style", "id", "ts", "user", "users", "team", "channel", "channels", "groups", "ims", "bot_profile"),
        *("user_profile", "user_team", "source_team", "app_unfurl", "edited", "reactions", "reply_users", "metadata", "icons"),
        *("mimetype", "filetype", "mode", "shares", "color", "hash", "latest_reply", "root"),  # the root is a message of its own
    }
)
SLACKS_OWN = ("url_private", "permalink", "thumb_", "avatar_", "image_24", "image_32", "image_48", "image_72", "image_192")
"""How names of addresses begin that Slack gives."""


def look(now: Mapping[str, Any], before: Mapping[str, Any] | None) -> Result:
    """``before``: what the message was; only the rest is looked into."""
    texts, unread = texts_in(now)
    old = set(texts_in(before)[0]) if before else set()
    new = [text for text in dict.fromkeys(texts) if text not in old]
    secrets: list[tuple[SecretKind, str]] = []
    for text in new:
        inspection = guard.inspect_text(text)
        secrets += [(finding.kind, text[slice(*finding.span)]) for finding in inspection.findings]
        unread |= set(inspection.unread)
    if new and len(texts) > 1:
        secrets += _across(texts, set(new))
    return result(secrets, unread)


def _across(texts: Sequence[str], new: Collection[str]) -> Iterator[tuple[SecretKind, str]]:
    """What is parted: a password in the block after its name, a key with each of its lines in a block of its own."""
    joined, start = "\n".join(texts), 0
    spans = []
    for text in texts:
        if text in new:
            spans.append((start, start + len(text)))
        start += len(text) + 1
    for finding in guard.inspect_text(joined).findings:
        begin, end = finding.span
        if any(first < end and begin < last for first, last in spans):
            yield finding.kind, joined[begin:end]


def texts_in(message: Mapping[str, Any]) -> tuple[list[str], set[Unread]]:
    """In order, and why some were left out. What belongs together is one text: a line of rich text, a field with its name, a row, a
    row's cells with the heads of their columns."""
    texts: list[str] = []
    unread: set[Unread] = set()
    for text in _walk(message, 0, unread):
        if len(texts) == MAX_TEXTS:
            unread.add(Unread.TOO_MANY)
            break
        texts.append(text)
    return texts, unread


def _walk(value: Any, depth: int, unread: set[Unread]) -> Iterator[str]:
    if depth > MAX_DEPTH:
        unread.add(Unread.TOO_DEEP)
    elif isinstance(value, str):
        if value.strip():
            yield value
    elif isinstance(value, Mapping):
        if str(value.get("type", "")).startswith("rich_text_") or {"title", "value"} <= value.keys():
            yield from _together(value, depth, unread)
        else:
            yield from _parts(value, depth, unread)
            if all(isinstance(value.get(name), str) for name in ("title", "text")):  # an attachment
                yield f"{value['title']}: {value['text']}"
    elif isinstance(value, list):
        rows = [part for part in value if isinstance(part, list)]
        for part in value:
            if isinstance(part, list):
                yield ": ".join(_walk(part, depth + 1, unread))
            else:
                yield from _walk(part, depth + 1, unread)
        if len(rows) > 1:
            yield from _under_heads(rows, depth + 1, unread)


def _under_heads(rows: list[list[Any]], depth: int, unread: set[Unread]) -> Iterator[str]:
    """A table's row once more, each cell with the head of its column."""
    cells = [[" ".join(_walk(cell, depth + 1, unread)) for cell in row] for row in rows]
    for row in cells[1:]:
        yield "\n".join(f"{head}: {cell}" for head, cell in zip(cells[0], row, strict=False) if head and cell)


def _parts(value: Mapping[str, Any], depth: int, unread: set[Unread]) -> Iterator[str]:
    for name, part in value.items():
        if not (name in NOT_TYPED or name.endswith(("_id", "_ts")) or name.startswith(SLACKS_OWN)):
            yield from _walk(part, depth + 1, unread)


def _together(value: Mapping[str, Any], depth: int, unread: set[Unread]) -> Iterator[str]:
    """One line of rich text, whose parts differ in style alone; lists are lines in turn. A field of an attachment."""
    parts = list(_parts(value, depth, unread))
    if value.get("type") == "rich_text_list":
        yield from parts
    elif parts:
        yield ("" if "elements" in value else ": ").join(parts)
