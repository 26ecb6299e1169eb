"""The exact shapes in which Slack presents things to an app, including people from other companies (Slack Connect)."""

from typing import Any

from playground.slack.block_kit import Json
from playground.slack.core import Core
from playground.slack.world import Channel, File, Message, User, View


def team_json(user_team: Any) -> Json:
    return {"id": user_team.id, "domain": user_team.domain}


def user_json(user: User) -> Json:
    home = user.team.enterprise or user.team.id
    return {"id": user.id, "username": user.username, "name": user.username, "team_id": home}


def file_json(core: Core, file: File) -> Json:
    suffix = file.name.rpartition(".")[2].casefold() if "." in file.name else "text"
    url = f"{core.url}/files-pri/{core.installing_team.id}-{file.id}"
    return {
        "id": file.id,
        "created": file.created,
        "timestamp": file.created,
        "name": file.name,
        "title": file.title,
        "mimetype": {"pdf": "application/pdf", "csv": "text/csv", "ics": "text/calendar"}.get(suffix, "text/plain"),
        "filetype": suffix,
        "user": file.user,
        "user_team": core.world.users[file.user].team.id if file.user in core.world.users else core.installing_team.id,
        "mode": "external" if file.external else "hosted",
        "editable": False,
        "size": len(file.content),
        "is_external": file.external,
        "is_public": False,
        "url_private": f"{url}/{file.name}",
        "url_private_download": f"{url}/download/{file.name}",
        **_places(core, file),
        "file_access": "visible",
    }


def _places(core: Core, file: File) -> Json:
    """Where it stands, by the kind of conversation (https://docs.slack.dev/reference/objects/file-object)."""
    there = [core.world.channels[name] for name in file.channels if name in core.world.channels]
    shares: Json = {}
    for channel in there:
        if stands := _shares(core, file, channel.id):
            shares.setdefault("private" if channel.private or channel.im else "public", {})[channel.id] = stands
    return {
        "channels": [channel.id for channel in there if not channel.private and not channel.im],
        "groups": [channel.id for channel in there if channel.private and not channel.im],
        "ims": [channel.id for channel in there if channel.im],
        "shares": shares,
    }


def _shares(core: Core, file: File, channel_id: str) -> list[Json]:
    """The messages in which a file stands there."""
    channel = core.world.channels.get(channel_id)
    return [{"ts": message.ts} for message in channel.messages if file in message.files] if channel else []


def message_json(core: Core, message: Message, *, metadata: bool = False) -> Json:
    user = core.world.users.get(message.user)
    shown: Json = {
        "type": "message",
        "user": message.user,
        "text": message.text,
        "ts": message.ts,
        "team": user.team.id if user else core.installing_team.id,
    }
    if message.bot:
        shown |= {"bot_id": core.bot_id, "app_id": core.app_id}
    if message.blocks:
        shown["blocks"] = message.blocks
    if message.attachments:
        shown["attachments"] = message.attachments
    if message.thread_ts:
        shown |= {"thread_ts": message.thread_ts, "parent_user_id": _parent_user(message)}
    elif replies := [reply for reply in message.channel.messages if reply.thread_ts == message.ts and not reply.ephemeral_to]:
        shown |= {"thread_ts": message.ts, "reply_count": len(replies), "latest_reply": replies[-1].ts}
    if message.edited:
        shown["edited"] = {"user": message.user, "ts": message.edited}
    if message.files:
        shown["files"] = [file_json(core, file) for file in message.files]
    if metadata and message.metadata:
        shown["metadata"] = message.metadata
    return shown


def _parent_user(message: Message) -> str:
    parent = message.channel.find(message.thread)
    return parent.user if parent else message.user


def message_event(core: Core, message: Message) -> Json:
    """The `message` event for a new message. A file in a shared channel comes as a stub that asks for files.info."""
    event = message_json(core, message, metadata=True) | {"channel": message.channel.id, "channel_type": message.channel.kind}
    author = core.world.users[message.user]
    if message.channel.is_ext_shared:
        event |= {"user_team": author.team.id, "source_team": author.team.id}
    if message.files:
        event["subtype"] = "file_share"
        if message.channel.is_ext_shared:
            event["files"] = [
                {"id": file.id, "mode": "file_access", "file_access": "check_file_info", "created": 0, "timestamp": 0, "user": ""}
                for file in message.files
            ]
    return event


def channel_json(core: Core, channel: Channel) -> Json:
    if channel.im:
        return {"id": channel.id, "is_im": True, "is_archived": False, "user": channel.im, "created": channel.created}
    team, teams = core.installing_team.id, [channel.team.id, *(team.enterprise or team.id for team in channel.shared_with)]
    shown = {
        "id": channel.id,
        "name": channel.name,
        "name_normalized": channel.name,
        "created": channel.created,
        "is_channel": not channel.private,
        "is_group": channel.private,
        "is_im": False,
        "is_mpim": False,
        "is_private": channel.private,
        "is_archived": channel.archived,
        "is_general": False,
        "is_member": core.bot_user_id in channel.members,
        "is_shared": channel.is_ext_shared or channel.org_shared,
        "is_ext_shared": channel.is_ext_shared,
        "is_org_shared": channel.org_shared,
        "is_pending_ext_shared": bool(channel.invited),
        "pending_shared": [team.id for team in channel.invited],
        "context_team_id": team,
        "shared_team_ids": teams,
        "topic": {"value": "", "creator": "", "last_set": 0},
        "purpose": {"value": "", "creator": "", "last_set": 0},
    }
    if channel.is_ext_shared:
        shown |= {"conversation_host_id": channel.team.id, "connected_team_ids": teams, "internal_team_ids": [team]}
    return shown


def view_json(core: Core, view: View) -> Json:
    shown: Json = {
        "id": view.id,
        "team_id": view.user.team.id,
        "type": view.data["type"],
        "blocks": view.data["blocks"],
        "private_metadata": view.data.get("private_metadata", ""),
        "callback_id": view.data.get("callback_id", ""),
        "state": {"values": view.inputs},
        "hash": view.hash,
        "title": view.data.get("title"),
        "clear_on_close": view.data.get("clear_on_close", False),
        "notify_on_close": view.data.get("notify_on_close", False),
        "close": view.data.get("close"),
        "submit": view.data.get("submit"),
        "previous_view_id": view.previous_id,
        "root_view_id": view.root_id,
        "app_id": core.app_id,
        "external_id": view.data.get("external_id", ""),
        "app_installed_team_id": core.installing_team.id,
        "bot_id": core.bot_id,
    }
    return shown


def _interaction(core: Core, kind: str, user: User) -> Json:
    return {
        "type": kind,
        "token": core.verification_token,
        "api_app_id": core.app_id,
        "user": user_json(user),
        "enterprise": None,
        "is_enterprise_install": False,
    }


def actions_on_view(core: Core, user: User, view: View) -> Json:
    """block_actions and block_suggestion in a view: `team` is the installing one, whoever clicks."""
    shown = _interaction(core, "block_actions", user) | {
        "team": team_json(core.installing_team),
        "container": {"type": "view", "view_id": view.id},
        "trigger_id": core.new_trigger(user, None if view.data["type"] == "home" else view.id),
        "view": view_json(core, view),
    }
    if view.data["type"] == "home":
        shown["view"] |= {"team_id": core.installing_team.id}
    return shown


def actions_on_message(core: Core, user: User, message: Message, values: Json) -> Json:
    """block_actions on a message; an ephemeral one is not shown again in the payload."""
    channel = message.channel
    container: Json = {
        "type": "message",
        "message_ts": message.ts,
        "channel_id": channel.id,
        "is_ephemeral": message.ephemeral_to is not None,
    }
    if message.thread_ts:
        container["thread_ts"] = message.thread_ts
    name = "directmessage" if channel.im else "privategroup" if channel.private else channel.name
    shown = _interaction(core, "block_actions", user) | {
        "team": team_json(core.installing_team),
        "container": container,
        "trigger_id": core.new_trigger(user),
        "channel": {"id": channel.id, "name": name},
        "state": {"values": values},
    }
    if message.ephemeral_to is None:
        shown["message"] = message_json(core, message, metadata=True)
    return shown


def on_submission(core: Core, kind: str, user: User, view: View) -> Json:
    """view_submission and view_closed: `team` is the person's own; the installing one is in `view.app_installed_team_id`."""
    shown = _interaction(core, kind, user) | {"team": team_json(user.team), "view": view_json(core, view)}
    if kind == "view_submission":
        shown |= {"trigger_id": core.new_trigger(user, view.id), "response_urls": []}
    return shown
