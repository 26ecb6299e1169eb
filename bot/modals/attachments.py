"""Files sent with a form: fetched within the time of an acknowledgement, small text files alone, never kept as files."""

import asyncio
import base64
from collections.abc import Mapping
from typing import Any

from bot.slack.client import Slack, SlackError
from flows.checks import guard
from flows.forms.fields import Answers

MOST_BYTES = 200 * 1024
"""A PEM has a few KB, a CSV of 1,000 addresses about 60."""
READ_SECONDS = 1.8
_DER = b"\x30\x82"  # a sequence of 256 bytes or more
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


async def read_files(slack: Slack, values: Mapping[str, Any]) -> dict[str, Answers]:
    """By file id: ``{"name", "text"}``, or ``{"name", "problem"}`` with an error key. Values are the modal's state."""
    found: dict[str, Answers] = {}
    for actions in values.values():
        for state in actions.values():
            for file in state.get("files") or []:
                found[file["id"]] = await _read(slack, file)
    return found


async def _read(slack: Slack, file: Mapping[str, Any]) -> Answers:
    name = str(file.get("name") or "")
    if int(file.get("size") or 0) > MOST_BYTES:
        return {"name": name, "problem": "file_too_large"}
    try:
        async with asyncio.timeout(READ_SECONDS):
            content = await slack.download(file, MOST_BYTES)
    except (TimeoutError, SlackError):
        return {"name": name, "problem": "file_unreadable"}
    # Looked at as bytes first: a key store (PFX, P12) is not text. Nothing of a secret goes on from here.
    found = guard.find_in_file(name, content)
    if found:
        return {"name": name, "problem": f"secret_{found[0].kind}"}
    try:
        return {"name": name, "text": _text(content)}
    except UnicodeDecodeError:
        return {"name": name, "problem": "file_not_text"}


def _text(content: bytes) -> str:
    """Also UTF-16, as Windows writes it, and a key or certificate in DER, as base64. Raises UnicodeDecodeError."""
    if content.startswith(_DER):
        return base64.encodebytes(content).decode()
    return content.decode("utf-16" if content.startswith(_UTF_16) else "utf-8-sig")
