"""Slack's verdict on what an app sends: messages, views, metadata, and the body of an acknowledgement."""

import json
from typing import Any

from playground.slack.block_kit import BLOCKS_TEXT_LIMIT, HOME, MESSAGE, MODAL, PLAIN_MESSAGE, Json, check_blocks, elements, texts
from playground.slack.elements import OPTION, OPTION_GROUPS, plain
from playground.slack.schema import Report, anything, boolean, complain, items, record, string

VIEW_BYTES = 250 * 1024


class WebApiError(Exception):
    """An answer `{"ok": false, "error": word, …}`; `messages` are Slack's `response_metadata.messages`."""

    def __init__(self, word: str, messages: Report | None = None, **extra: Any) -> None:
        super().__init__(word, *(messages or []))
        self.word = word
        self.messages = messages or []
        self.extra = extra

    def body(self) -> Json:
        found: Json = {"ok": False, "error": self.word, **self.extra}
        if self.messages:
            found["response_metadata"] = {"messages": self.messages}
            found["errors"] = [message.removeprefix("[ERROR] ") for message in self.messages]
        return found


_VIEW_PARTS = {
    "callback_id": string(255, low=0),
    "private_metadata": string(3000, low=0),
    "external_id": string(255, low=0),
}
_MODAL = record(
    {"type": anything, "title": plain(24), "blocks": anything},
    {
        **_VIEW_PARTS,
        "submit": plain(24),
        "close": plain(24),
        "clear_on_close": boolean,
        "notify_on_close": boolean,
    },
)
_HOME = record({"type": anything, "blocks": anything}, _VIEW_PARTS)


def check_view(view: Any, kind: str = MODAL) -> Json:
    """The view as given.

    Raises:
        WebApiError: `invalid_arguments` with its messages, `view_too_large` over 250 KB.

    """
    out: Report = []
    if isinstance(view, str):
        view = _parsed(view, "view")
    if not isinstance(view, dict) or view.get("type") != kind:
        raise WebApiError(
            "invalid_arguments", [f"[ERROR] failed to match all allowed schemas [json-pointer:/view], {kind} expected"]
        )
    (_MODAL if kind == MODAL else _HOME)(view, "/view", out)
    check_blocks(view.get("blocks"), kind, "/view/blocks", out)
    if kind == MODAL and not out and not view.get("submit") and any(block["type"] == "input" for block in view["blocks"]):
        complain(out, "/view", "missing required field: submit")
    if out:
        raise WebApiError("invalid_arguments", out)
    if len(json.dumps(view, ensure_ascii=False).encode()) > VIEW_BYTES:
        raise WebApiError("view_too_large")
    return view


def check_message(arguments: Json, *, updating: bool = False, tables: bool = True) -> Json:
    """The message's text, blocks, attachments and metadata, parsed; text above 40,000 characters is cut off, as Slack does. `tables`:
    whether the workspace has them.

    Raises:
        WebApiError: no_text, msg_too_long, invalid_blocks_format, invalid_blocks, msg_blocks_too_long, markdown_text_conflict,
            too_many_attachments, invalid_metadata_format, invalid_metadata_schema.

    """
    text, blocks = arguments.get("text") or "", _parsed(arguments.get("blocks"), "blocks")
    attachments = _parsed(arguments.get("attachments"), "attachments") or []
    if markdown := arguments.get("markdown_text"):
        if text or blocks:
            raise WebApiError("markdown_text_conflict")
        if len(markdown) > 12_000:
            raise WebApiError("msg_too_long")
        text = markdown
    if blocks:
        check_message_blocks(blocks, tables=tables)
    if not isinstance(text, str) or not (text or blocks or attachments):
        raise WebApiError("no_text")
    if updating and len(text) > 4000:
        raise WebApiError("msg_too_long")
    if len(attachments) > 100:
        raise WebApiError("too_many_attachments")
    for attachment in attachments:
        if attachment.get("blocks"):
            check_message_blocks(attachment["blocks"])
    metadata = check_metadata(arguments.get("metadata"))
    return {"text": text[:40_000], "blocks": blocks or [], "attachments": attachments, "metadata": metadata}


def check_message_blocks(blocks: Any, *, tables: bool = True) -> None:
    out: Report = []
    if not isinstance(blocks, list):
        raise WebApiError("invalid_blocks_format")
    check_blocks(blocks, MESSAGE if tables else PLAIN_MESSAGE, "/blocks", out)
    if out:
        raise WebApiError("invalid_blocks", out)
    if sum(map(len, texts(blocks))) > BLOCKS_TEXT_LIMIT:
        raise WebApiError("msg_blocks_too_long")


def check_metadata(metadata: Any) -> Json | None:
    """An event type and a payload of strings, numbers, booleans, or one level of objects and lists of these."""
    if metadata in (None, "", {}):
        return None
    metadata = _parsed(metadata, "metadata")
    if not isinstance(metadata, dict) or not isinstance(metadata.get("event_payload"), dict):
        raise WebApiError("invalid_metadata_format")
    if (
        not isinstance(metadata.get("event_type"), str)
        or not metadata["event_type"]
        or set(metadata) - {"event_type", "event_payload", "entities"}
    ):
        raise WebApiError("invalid_metadata_format")
    for value in metadata["event_payload"].values():
        parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else [value]
        if any(not isinstance(part, str | int | float | bool) for part in parts):
            raise WebApiError("invalid_metadata_schema")
    return metadata


def check_options(body: Any) -> list[Json]:
    """The options in an answer to block_suggestion, groups flattened."""
    out: Report = []
    if isinstance(body, dict) and "option_groups" in body:
        OPTION_GROUPS(body["option_groups"], "/option_groups", out)
        found = [option for group in body["option_groups"] for option in group["options"]] if not out else []
    elif isinstance(body, dict) and "options" in body:
        items(OPTION, 0, 100)(body["options"], "/options", out)
        found = body["options"]
    else:
        out, found = ["[ERROR] missing required field: options [json-pointer:]"], []
    if out:
        raise WebApiError("invalid_options", out)
    return found


def check_errors(errors: Any, blocks: list[Json]) -> dict[str, str]:
    """A submission's errors by block_id: each must name an input block and say something."""
    inputs = {block["block_id"] for block in blocks if block["type"] == "input"}
    out: Report = []
    if not isinstance(errors, dict) or not errors:
        complain(out, "/errors", "must provide an object")
        errors = {}
    for name, words in errors.items():
        if name not in inputs:
            complain(out, f"/errors/{name}", "block_id is not that of an input block")
        if not isinstance(words, str) or not words:
            complain(out, f"/errors/{name}", "must provide a string")
    if out:
        raise WebApiError("invalid_errors", out)
    return dict(errors)


def with_ids(blocks: list[Json], new_id: Any) -> list[Json]:
    """The blocks as Slack keeps and returns them: each with a block_id, each element an action_id, each plain text `emoji`."""
    kept: list[Json] = json.loads(json.dumps(blocks))
    for block in kept:
        block.setdefault("block_id", new_id())
        if block["type"] == "input":
            block.setdefault("optional", False)
            block.setdefault("dispatch_action", False)
        for element in elements(block):
            element.setdefault("action_id", new_id())
        _with_emoji(block)
    return kept


def _with_emoji(value: Any) -> None:
    if isinstance(value, list):
        for item in value:
            _with_emoji(item)
    elif isinstance(value, dict):
        if value.get("type") == "plain_text" and "text" in value:
            value.setdefault("emoji", True)
        for part in value.values():
            _with_emoji(part)


def _parsed(value: Any, name: str) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value) if value else None
    except ValueError:
        words = {"blocks": "invalid_blocks_format", "metadata": "invalid_metadata_format"}
        raise WebApiError(words.get(name, "invalid_arguments")) from None


__all__ = ["HOME", "MESSAGE", "MODAL", "WebApiError", "check_errors", "check_message", "check_options", "check_view", "with_ids"]
