"""conversations.*, users.*, team.*, usergroups.*, auth and apps: who and what exists."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from playground.slack.block_kit import Json
from playground.slack.checks import WebApiError
from playground.slack.core import Core
from playground.slack.payloads import channel_json, message_json
from playground.slack.registry import flag, method, need, need_scope, page
from playground.slack.world import Channel, Message, User

_KINDS = {"public_channel": "channels", "private_channel": "groups", "im": "im", "mpim": "mpim"}


def _family(channel: Channel) -> str:
    return "im" if channel.im else "groups" if channel.private else "channels"


def _read(core: Core, args: Json, right: str = "read") -> Channel:
    channel = core.channel(need(args, "channel")[0])
    need_scope(core, f"{_family(channel)}:{right}")
    return channel


@method("api.test")
def api_test(_core: Core, args: Json) -> Json:
    if args.get("error"):
        raise WebApiError(args["error"])
    return {"args": args}


@method("auth.test")
def auth_test(core: Core, _args: Json) -> Json:
    team = core.installing_team
    return {
        "url": f"https://{team.domain}.slack.com/",
        "team": team.name,
        "user": core.bot_name,
        "team_id": team.id,
        "user_id": core.bot_user_id,
        "bot_id": core.bot_id,
        "is_enterprise_install": core.org_wide,
        **({"enterprise_id": team.enterprise} if team.enterprise else {}),
    }


@method("bots.info", "users:read")
def bots_info(core: Core, args: Json) -> Json:
    if need(args, "bot")[0] != core.bot_id:
        raise WebApiError("bot_not_found")
    bot: Json = {"id": core.bot_id, "app_id": core.app_id, "user_id": core.bot_user_id, "name": core.bot_name, "deleted": False}
    return {"bot": bot | {"updated": 0, "icons": {}}}


@method("team.info", "team:read")
def team_info(core: Core, args: Json) -> Json:
    wanted = args.get("team") or core.installing_team.id
    team = next((team for team in core.world.teams if team.id == wanted), None)
    if team is None:
        raise WebApiError("team_not_found")
    return {
        "team": {"id": team.id, "name": team.name, "domain": team.domain, "email_domain": "", "icon": {"image_default": True}}
    }


@method("users.info", "users:read")
def users_info(core: Core, args: Json) -> Json:
    user = core.user(need(args, "user")[0])
    return {"user": _user(core, user, locale=flag(args, "include_locale"))}


def _user(core: Core, user: User, *, locale: bool) -> Json:
    profile: Json = {"real_name": user.name, "display_name": user.username, "team": user.team.id}
    if user.email and "users:read.email" in core.scopes:
        profile["email"] = user.email
    shown: Json = {
        "id": user.id,
        "team_id": user.team.id,
        "name": user.username,
        "deleted": user.deleted,
        "real_name": user.name,
        "profile": profile,
        "is_bot": user.is_bot,
        "is_app_user": False,
        "updated": 0,
    }
    if user.team.enterprise:
        shown["enterprise_user"] = {"id": user.id, "enterprise_id": user.team.enterprise, "teams": [user.team.id]}
    if user.tz:
        shown |= {"tz": user.tz, "tz_label": user.tz, "tz_offset": _offset(user.tz)}
    if user.team == core.installing_team:
        shown |= {"is_admin": False, "is_owner": False, "is_primary_owner": False}
        shown |= {"is_restricted": user.restricted or user.ultra_restricted, "is_ultra_restricted": user.ultra_restricted}
    else:
        shown["is_stranger"] = not core.world.shares_channel(user.id, core.bot_user_id)
    if locale and user.locale and user.team == core.installing_team:  # not of people from another company, whatever is asked for
        shown["locale"] = user.locale
    return shown


def _offset(tz: str) -> int:
    """Seconds east of UTC, now."""
    offset = datetime.now(ZoneInfo(tz)).utcoffset()
    return int(offset.total_seconds()) if offset else 0


def _listed(core: Core, args: Json) -> list[Channel]:
    kinds = (args.get("types") or "public_channel").replace(" ", "").split(",")
    if any(kind not in _KINDS for kind in kinds):
        raise WebApiError("invalid_types")
    for kind in kinds:
        need_scope(core, f"{_KINDS[kind]}:read")
    families = {_KINDS[kind] for kind in kinds}
    visible = [c for c in core.world.channels.values() if not c.private or core.bot_user_id in c.members]
    return [channel for channel in visible if _family(channel) in families]


def _brief(core: Core, channel: Channel) -> Json:
    """List calls leave out the connected teams."""
    return {name: value for name, value in channel_json(core, channel).items() if name != "connected_team_ids"}


@method("users.conversations")
def users_conversations(core: Core, args: Json) -> Json:
    member = args.get("user") or core.bot_user_id
    found, metadata = page(args, [channel for channel in _listed(core, args) if member in channel.members])
    return {"channels": [_brief(core, channel) for channel in found], "response_metadata": metadata}


@method("conversations.list")
def conversations_list(core: Core, args: Json) -> Json:
    found, metadata = page(args, _listed(core, args))
    return {"channels": [_brief(core, channel) for channel in found], "response_metadata": metadata}


@method("conversations.info")
def conversations_info(core: Core, args: Json) -> Json:
    channel = _read(core, args)
    shown = channel_json(core, channel)
    if flag(args, "include_num_members"):
        shown["num_members"] = len(channel.members)
    return {"channel": shown}


@method("conversations.members")
def conversations_members(core: Core, args: Json) -> Json:
    found, metadata = page(args, _read(core, args).members)
    return {"members": found, "response_metadata": metadata}


@method("conversations.open", "im:write")
def conversations_open(core: Core, args: Json) -> Json:
    users = str(need(args, "users")[0]).split(",")
    if len(users) > 1:
        need_scope(core, "mpim:write")
    user = core.user(users[0])
    if user.team != core.installing_team and not core.world.shares_channel(user.id, core.bot_user_id):
        raise WebApiError("user_not_found")
    return {"channel": {"id": core.world.dm(user, core.bot_user_id).id}}


def _shown(core: Core, args: Json, messages: list[Message]) -> list[Json]:
    metadata = flag(args, "include_all_metadata")
    return [message_json(core, message, metadata=metadata) for message in messages if not message.ephemeral_to]


def _between(args: Json, messages: list[Message]) -> list[Message]:
    low, high, whole = args.get("oldest") or "0", args.get("latest") or "9" * 20, flag(args, "inclusive")

    def inside(message: Message) -> bool:
        ts = float(message.ts)
        return float(low) < ts < float(high) or (whole and ts in (float(low), float(high)))

    return [message for message in messages if inside(message)]


@method("conversations.history")
def conversations_history(core: Core, args: Json) -> Json:
    channel = _history(core, args)
    roots = [message for message in channel.messages if message.thread_ts is None]
    shown = _shown(core, args, _between(args, roots))
    newest_first = bool(args.get("latest")) or not args.get("oldest")  # with `oldest` alone, Slack begins there
    found, metadata = page(args, shown[::-1] if newest_first else shown)
    return {"messages": found, "has_more": bool(metadata["next_cursor"]), "response_metadata": metadata}


@method("conversations.replies")
def conversations_replies(core: Core, args: Json) -> Json:
    channel = _history(core, args)
    (ts,) = need(args, "ts")
    root = channel.find(ts)
    if root is None:
        raise WebApiError("thread_not_found")
    replies = [message for message in channel.messages if message.thread_ts == root.thread]
    first = [message for message in [channel.find(root.thread)] if message]
    found, metadata = page(args, _shown(core, args, first + _between(args, replies)), default=1000)
    return {"messages": found, "has_more": bool(metadata["next_cursor"]), "response_metadata": metadata}


def _history(core: Core, args: Json) -> Channel:
    channel = _read(core, args, "history")
    if core.bot_user_id not in channel.members:
        raise WebApiError("not_in_channel")
    return channel


@method("usergroups.users.list", "usergroups:read")
def usergroup_users(core: Core, args: Json) -> Json:
    members: Any = core.world.groups.get(need(args, "usergroup")[0])
    if members is None:
        raise WebApiError("no_such_subteam")
    return {"users": list(members)}
