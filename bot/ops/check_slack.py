"""What `check` says of Slack. What Slack does not tell is a note: it names where that is to be seen."""

import re
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass

from bot.config.command import COMMAND
from bot.config.settings import Settings
from bot.ops.check_line import Line
from bot.slack.client import Me, Slack, SlackError
from bot.slack.errors import LOGGED_OUT
from bot.slack.support_channel import FAULTS, fault_of

TOKEN, SCOPES, CHANNEL, USERGROUP = "Slack token", "Slack scopes", "SUPPORT_CHANNEL", "SUPPORT_USERGROUP"
APP_TOKEN, SIGNING_SECRET = "SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET"
USERGROUPS = "usergroups:read"
"""The scope that only ``SUPPORT_USERGROUP`` needs."""
HOW_SCOPES = "paste app_manifest.yaml into the Slack app's page, App Manifest, and reinstall the app"
HOW_TOKEN = "copy the Bot User OAuth Token again from the Slack app's page, OAuth & Permissions"  # noqa: S105  words
HOW_APP_TOKEN = "make an app-level token with the scope connections:write on the Slack app's page, Basic Information"  # noqa: S105  words
UNREACHED = "check that this machine reaches SLACK_API_URL; the bot itself starts without and keeps trying"
APP_ID = re.compile(r"xapp-\d+-(A[A-Z0-9]+)-")
"""An app-level token names its app; nothing documents that it must."""
NOBODY = frozenset({"USLACKBOT"})


@dataclass(frozen=True)
class AskedScopes:
    """The bot scopes of the manifest; ``optional``: those of them that whoever installs the app may leave out."""

    scopes: frozenset[str] = frozenset()
    optional: frozenset[str] = frozenset()


async def slack_lines(settings: Settings, wanted: AskedScopes, wrong: Collection[str] = ()) -> AsyncIterator[Line]:
    """``wrong``: variables of which something else was found already."""
    slack = Slack(settings.slack_bot_token.get_secret_value(), settings.slack_api_url)
    await slack.start()
    try:
        me = None
        try:
            me = await slack.whoami()
        except SlackError as error:
            yield _failed(TOKEN, error, HOW_TOKEN)
            if _unreached(error):
                return
        if me is not None:
            yield _workspace(me)
            yield _granted(me.scopes, wanted, usergroup=bool(settings.support_usergroup))
        if not {APP_TOKEN, SIGNING_SECRET} & set(wrong):
            yield await _socket_mode(slack, settings, me) if settings.socket_mode else _http()
        if me is not None:
            yield _app()
            yield await _support_channel(slack, settings, me.user_id)
            if settings.support_usergroup and USERGROUP not in wrong:
                yield await _usergroup(slack, settings.support_usergroup)
    finally:
        await slack.stop()


def _workspace(me: Me) -> Line:
    if me.is_org_wide:
        how = "install the app into the workspace of support's channel alone, and set the token that this gives"
        return Line(TOKEN, f"is of an installation in the whole organization {me.team}", how)
    return Line(TOKEN, f"works in the workspace {me.team}")


def _granted(scopes: frozenset[str], wanted: AskedScopes, *, usergroup: bool) -> Line:
    """``scopes``: those that Slack names."""
    if not wanted.scopes or not scopes:
        why = "Slack named none" if wanted.scopes else "there is no manifest to compare them with"
        return Line.note(SCOPES, f"could not be seen: {why}")
    needed = wanted.scopes - (wanted.optional - {USERGROUPS} if usergroup else wanted.optional)
    if missing := sorted(needed - scopes):
        words = ", ".join(f"{scope} (for SUPPORT_USERGROUP)" if scope in wanted.optional else scope for scope in missing)
        how = f"{HOW_SCOPES}; an optional scope has to be granted there" if wanted.optional & set(missing) else HOW_SCOPES
        return Line(SCOPES, f"missing: {words}", how)
    if left_out := sorted(wanted.scopes - scopes):
        return Line(SCOPES, f"all that are needed; not granted, since optional: {', '.join(left_out)}")
    return Line(SCOPES, "everything the manifest asks for")


async def _socket_mode(slack: Slack, settings: Settings, me: Me | None) -> Line:
    token = settings.slack_app_token.get_secret_value() if settings.slack_app_token else ""
    try:
        await slack.offers_socket(token)
    except SlackError as error:
        switch = "" if error.error == "missing_scope" else ", and see that Socket Mode is switched on there"
        return _failed(APP_TOKEN, error, HOW_APP_TOKEN + switch)
    works = "Slack offers it a connection of Socket Mode"
    named = APP_ID.match(token)
    try:
        app = await slack.app_of(me.bot_id) if me is not None and me.bot_id else ""
    except SlackError:
        app = ""
    if named is None or not app:
        return Line.note(APP_TOKEN, f"{works}; whether it is of the same app as SLACK_BOT_TOKEN could not be seen")
    if named[1] != app:
        return Line(APP_TOKEN, f"is of the app {named[1]}, and SLACK_BOT_TOKEN of {app}", "take both from the page of one app")
    return Line(APP_TOKEN, f"{works}, and it is of the same app as SLACK_BOT_TOKEN")


def _http() -> Line:
    what = "whether Slack sends its requests here, signed with this secret, could not be seen: the first one shows it"
    how = f"the app's page verifies the address under App Manifest; {COMMAND} manifest --http URL prints a manifest that has it"
    return Line.note(SIGNING_SECRET, f"{what}; {how}")


def _app() -> Line:
    what = "whether it has the command, buttons and events of app_manifest.yaml could not be seen"
    return Line.note("Slack app", f"{what}: they are there once that is pasted into the app's page, App Manifest")


async def _support_channel(slack: Slack, settings: Settings, user_id: str) -> Line:
    invite = "invite the bot there: /invite @ and its name"
    channel = settings.support_channel
    try:
        found, members = await slack.channel(channel), await slack.members(channel)
    except SlackError as error:
        return _failed(CHANNEL, error, HOW_SCOPES if error.error == "missing_scope" else f"{invite}, or set the right ID")
    if not found.is_member and user_id not in members:
        return Line(CHANNEL, "the bot is not in it", invite)
    if fault := fault_of(found):
        what, how = FAULTS[fault]
        return Line(CHANNEL, what, f"{how}: all answers of all customers are shown in it")
    if not settings.support_usergroup and not set(members) - {user_id} - NOBODY:
        return Line.note(CHANNEL, f"the bot is alone in #{found.name}: whoever of the workspace is invited there is support")
    return Line(CHANNEL, f"the bot is in #{found.name}")


async def _usergroup(slack: Slack, usergroup: str) -> Line:
    try:
        members = await slack.usergroup_members(usergroup)
    except SlackError as error:
        if error.error == "missing_scope":
            return Line(USERGROUP, f"its members cannot be read without {error.scope or USERGROUPS}", HOW_SCOPES)
        return _failed(USERGROUP, error, "set the group's ID, or leave it out to go by the channel")
    if not members:
        return Line.note(USERGROUP, "has no members: whoever of the workspace is added to it is support")
    return Line(USERGROUP, f"members: {len(members)}")


def _failed(name: str, error: SlackError, how: str) -> Line:
    """``how`` to mend what was refused. Where Slack limits calls or is broken itself, that says nothing about ``name``."""
    what = f"Slack returned {error.error}"
    if _unreached(error):
        return Line(name, what, UNREACHED)
    if error.transient and error.error not in LOGGED_OUT:
        return Line.note(name, f"could not be seen: {what}; run this again in a minute")
    return Line(name, what, how)


def _unreached(error: SlackError) -> bool:
    return error.retry_after is None and (error.error in ("unreachable", "timeout") or error.error.startswith("http_"))
