"""chat.*: posting, editing, deleting, and replies over a response_url."""

import time
from typing import Any

from playground.slack.block_kit import Json
from playground.slack.checks import WebApiError, check_message, with_ids
from playground.slack.core import RESPONSE_SECONDS, Core
from playground.slack.payloads import message_json
from playground.slack.registry import flag, method, need
from playground.slack.world import Channel, Message, ResponseUrl


@method("chat.postMessage", "chat:write")
def post_message(core: Core, args: Json) -> Json:
    (target,) = need(args, "channel")
    content = check_message(args, tables=core.faults.tables)
    message = new_message(core, _postable(core, target), content, args.get("thread_ts"))
    message.broadcast = flag(args, "reply_broadcast")
    core.add_message(message)
    core.emit(
        message_json(core, message, metadata=True) | {"channel": message.channel.id, "channel_type": message.channel.kind},
        message.channel,
    )
    return {"channel": message.channel.id, "ts": message.ts, "message": message_json(core, message, metadata=True)}


@method("chat.postEphemeral", "chat:write")
def post_ephemeral(core: Core, args: Json) -> Json:
    target, reader = need(args, "channel", "user")
    content = check_message(args, tables=core.faults.tables)
    channel = core.joined(target)
    if reader not in channel.members:
        raise WebApiError("user_not_in_channel")
    message = new_message(core, channel, content, args.get("thread_ts"))
    message.ephemeral_to = reader
    core.add_message(message)
    return {"message_ts": message.ts}


@method("chat.update", "chat:write")
def update(core: Core, args: Json) -> Json:
    target, ts = need(args, "channel", "ts")
    if str(target).startswith("U"):
        raise WebApiError("channel_not_found")
    message = _own(core, target, ts, "cant_update_message")
    if not args.get("blocks") and not args.get("text") and args.get("metadata"):
        args = {**args, "text": message.text, "blocks": message.blocks}
    content = check_message(args, updating=True, tables=core.faults.tables)
    before = message_json(core, message)
    change(core, message, content)
    core.emit(
        {
            "type": "message",
            "subtype": "message_changed",
            "channel": message.channel.id,
            "channel_type": message.channel.kind,
            "message": message_json(core, message),
            "previous_message": before,
            "hidden": True,
            "ts": core.world.new_ts(),
        },
        message.channel,
    )
    return {
        "channel": message.channel.id,
        "ts": message.ts,
        "text": message.text,
        "message": message_json(core, message, metadata=True),
    }


def change(core: Core, message: Message, content: Json) -> None:
    """Text without blocks drops the blocks and marks the message as edited; metadata stays if none is given."""
    message.text = content["text"]
    message.blocks = with_ids(content["blocks"], core.world.new_id)
    message.attachments = content["attachments"]
    message.metadata = content["metadata"] or message.metadata
    message.edited = None if message.blocks else core.world.new_ts()
    core.note(message)


@method("chat.delete", "chat:write")
def delete(core: Core, args: Json) -> Json:
    target, ts = need(args, "channel", "ts")
    message = _own(core, target, ts, "cant_delete_message")
    message.channel.messages.remove(message)
    event = {"type": "message", "subtype": "message_deleted", "channel": message.channel.id, "channel_type": message.channel.kind}
    core.emit(
        event | {"deleted_ts": ts, "previous_message": message_json(core, message), "hidden": True, "ts": core.world.new_ts()},
        message.channel,
    )
    core.changed()
    return {"channel": message.channel.id, "ts": ts}


@method("chat.getPermalink")
def permalink(core: Core, args: Json) -> Json:
    target, ts = need(args, "channel", "message_ts")
    channel = core.channel(target)
    if channel.find(ts) is None:
        raise WebApiError("message_not_found")
    url = f"https://{core.installing_team.domain}.slack.com/archives/{channel.id}/p{ts.replace('.', '')}"
    return {"channel": channel.id, "permalink": url}


def _postable(core: Core, target: Any) -> Channel:
    """A user id opens the direct message; a public channel needs membership or chat:write.public."""
    if target in core.world.users:
        user = core.user(target)
        if user.team != core.installing_team and not core.world.shares_channel(user.id, core.bot_user_id):
            raise WebApiError("channel_not_found")
        return core.world.dm(user, core.bot_user_id)
    if "chat:write.public" in core.scopes and not core.channel(target).private:
        return core.channel(target)
    return core.joined(target)


def new_message(core: Core, channel: Channel, content: Json, thread_ts: str | None = None) -> Message:
    parent = (
        channel.find(thread_ts) if thread_ts else None
    )  # a reply to what is gone stands in the channel itself, without a word
    return Message(
        core.world.new_ts(),
        channel,
        core.bot_user_id,
        content["text"],
        with_ids(content["blocks"], core.world.new_id),
        content["metadata"],
        parent.thread if parent else None,
        bot=True,
        attachments=content["attachments"],
    )


def _own(core: Core, target: Any, ts: Any, word: str) -> Message:
    message = core.channel(target).find(ts)
    if message is None or message.ephemeral_to:
        raise WebApiError("message_not_found")
    if not message.bot:
        raise WebApiError(word)
    return message


def respond(core: Core, link: ResponseUrl, args: Json) -> None:
    """A post to a response_url: ephemeral unless asked otherwise; five times within 30 minutes; needs no membership.

    Raises:
        WebApiError: used_url, expired_url, and those of check_message.

    """
    if time.monotonic() - link.born > RESPONSE_SECONDS:
        raise WebApiError("expired_url")
    if link.uses >= 5:
        raise WebApiError("used_url")
    original = link.message
    if flag(args, "delete_original"):
        if original in link.channel.messages:
            link.channel.messages.remove(original)
        link.uses += 1
        core.changed()
        return
    content = check_message(args, tables=core.faults.tables)
    link.uses += 1
    if original and original in link.channel.messages and flag(args, "replace_original"):
        change(core, original, content)
        link.replies.append(original)
        return
    in_channel = args.get("response_type") == "in_channel"
    thread = args.get("thread_ts") or (original.thread_ts if original else None)
    message = new_message(core, link.channel, content, thread)
    message.ephemeral_to = None if in_channel else link.user.id
    link.replies.append(core.add_message(message))
