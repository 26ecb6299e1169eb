"""files.*, bookmarks.* and pins.*: what is attached to a channel."""

import json
from typing import Any

from playground.slack.block_kit import Json
from playground.slack.checks import WebApiError
from playground.slack.core import Core
from playground.slack.payloads import file_json, message_event
from playground.slack.registry import method, need
from playground.slack.world import Channel, File, Message


def _file(core: Core, args: Json) -> File:
    file = core.world.files.get(need(args, "file")[0])
    visible = file and (file.user == core.bot_user_id or not file.channels or any(_joined(core, name) for name in file.channels))
    if file is None or not visible:
        raise WebApiError("file_not_found")
    return file


def _joined(core: Core, channel_id: str) -> bool:
    channel = core.world.channels.get(channel_id)
    return channel is not None and core.bot_user_id in channel.members


@method("files.info", "files:read")
def files_info(core: Core, args: Json) -> Json:
    file = _file(core, args)
    if file.denied:
        raise WebApiError("access_denied")
    shown = file_json(core, file) | ({} if file.asked else {"channels": [], "groups": [], "ims": [], "shares": {}})
    file.asked = True
    return {"file": shown, "comments": [], "response_metadata": {"next_cursor": ""}}


@method("files.delete", "files:write")
def files_delete(core: Core, args: Json) -> Json:
    """An app can delete only what it uploaded itself."""
    file = _file(core, args)
    if file.user != core.bot_user_id:
        raise WebApiError("cant_delete_file")
    del core.world.files[file.id]
    for channel in core.world.channels.values():
        for message in channel.messages:
            message.files = [kept for kept in message.files if kept.id != file.id]
    core.changed()
    return {}


@method("files.getUploadURLExternal", "files:write")
def files_upload_url(core: Core, args: Json) -> Json:
    name, length = need(args, "filename", "length")
    file = File(core.world.new_id("F"), core.bot_user_id, name, b"", name, int(core.world.clock()))
    core.world.uploads[file.id] = (file, int(length))
    return {"upload_url": f"{core.url}/upload/v1/{file.id}", "file_id": file.id}


@method("files.completeUploadExternal", "files:write")
def files_complete(core: Core, args: Json) -> Json:
    (listed,) = need(args, "files")
    wanted: list[Any] = json.loads(listed) if isinstance(listed, str) else listed
    files = []
    for item in wanted:
        file, length = core.world.uploads.get(item.get("id"), (None, -1))
        if file is None or len(file.content) != length:
            raise WebApiError("file_not_found")
        file.title = item.get("title") or file.name
        files.append(file)
    if args.get("channel_id"):
        channel = core.joined(args["channel_id"])
        if args.get("thread_ts") and channel.find(args["thread_ts"]) is None:
            raise WebApiError("invalid_thread_ts")
        share(core, channel, files, args.get("initial_comment") or "", args.get("thread_ts"))
    for file in files:
        core.world.files[file.id] = file
        del core.world.uploads[file.id]
    return {"files": [{"id": file.id, "title": file.title} for file in files]}


def share(core: Core, channel: Channel, files: list[File], text: str, thread_ts: str | None) -> Message:
    for file in files:
        core.world.files[file.id] = file
        file.channels.append(channel.id)
    message = Message(core.world.new_ts(), channel, core.bot_user_id, text, thread_ts=thread_ts, bot=True, files=files)
    core.add_message(message)
    core.emit(message_event(core, message), channel)
    return message


@method("bookmarks.list", "bookmarks:read")
def bookmarks_list(core: Core, args: Json) -> Json:
    return {"bookmarks": core.joined(need(args, "channel_id")[0]).bookmarks}


@method("bookmarks.add", "bookmarks:write")
def bookmarks_add(core: Core, args: Json) -> Json:
    name, title, kind = need(args, "channel_id", "title", "type")
    channel = core.joined(name)
    if kind != "link" or not str(args.get("link", "")).startswith(("http://", "https://")):
        raise WebApiError("invalid_link" if kind == "link" else "invalid_bookmark_type")
    if len(channel.bookmarks) >= 100:
        raise WebApiError("too_many_bookmarks")
    mark = {
        "id": core.world.new_id("Bk"),
        "channel_id": channel.id,
        "title": title,
        "link": args["link"],
        "emoji": args.get("emoji", ""),
        "type": kind,
        "date_created": int(core.world.clock()),
        "app_id": core.app_id,
    }
    channel.bookmarks.append(mark)
    core.changed()
    return {"bookmark": mark}


def _bookmark(core: Core, args: Json) -> tuple[Channel, Json]:
    name, mark_id = need(args, "channel_id", "bookmark_id")
    channel = core.joined(name)
    for mark in channel.bookmarks:
        if mark["id"] == mark_id:
            return channel, mark
    raise WebApiError("bookmark_not_found")


@method("bookmarks.edit", "bookmarks:write")
def bookmarks_edit(core: Core, args: Json) -> Json:
    _, mark = _bookmark(core, args)
    mark |= {name: args[name] for name in ("title", "link", "emoji") if args.get(name)}
    core.changed()
    return {"bookmark": mark}


@method("bookmarks.remove", "bookmarks:write")
def bookmarks_remove(core: Core, args: Json) -> Json:
    channel, mark = _bookmark(core, args)
    channel.bookmarks.remove(mark)
    core.changed()
    return {}


@method("pins.add", "pins:write")
def pins_add(core: Core, args: Json) -> Json:
    name, ts = need(args, "channel", "timestamp")
    channel = core.joined(name)
    if channel.find(ts) is None:
        raise WebApiError("message_not_found")
    if ts in channel.pins:
        raise WebApiError("already_pinned")
    channel.pins.append(ts)
    core.changed()
    return {}
