"""The stand-in as a whole: a server on 127.0.0.1, the people and channels in it, and what administrators do."""

import socket
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from aiohttp import web

from playground.slack.block_kit import Json
from playground.slack.core import Core
from playground.slack.delivery import Courier
from playground.slack.payloads import channel_json, message_json
from playground.slack.person import SlackPerson
from playground.slack.records import Delivery
from playground.slack.web_api import WebApi
from playground.slack.world import Channel, Message, Team, User


class SlackStandIn(Core):
    """Nothing is delivered before `deliver_by`. `seed` makes ids repeatable."""

    def __init__(self, signing_secret: str, *, seed: int | None = None) -> None:
        super().__init__(signing_secret, seed=seed)
        self.courier = Courier(self)
        self.sockets = self.courier.sockets
        self.deliver = self.courier.event
        self.people: dict[str, SlackPerson] = {}
        self._runner: web.AppRunner | None = None

    async def start(self, port: int = 0) -> None:
        """Listens on 127.0.0.1; port 0 takes a free one."""
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        self._runner = web.AppRunner(WebApi(self, self.sockets).application(), access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        await web.SockSite(self._runner, listener).start()

    async def stop(self) -> None:
        await self.courier.close()
        if self._runner:
            self.sockets.drop()
            await self._runner.cleanup()
            self._runner = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.stop()

    @property
    def api_url(self) -> str:
        """For `base_url` of slack_sdk's client and for SLACK_API_URL."""
        return f"{self.url}/api/"

    @property
    def quiet(self) -> bool:
        """No event is under way or waits for another try."""
        return not self.courier.tasks

    def deliver_by(self, delivery: Delivery) -> None:
        self.courier.by = delivery

    def drop_sockets(self) -> None:
        """Cuts all Socket Mode connections without warning."""
        self.sockets.drop()

    async def disconnect_sockets(self, reason: str = "refresh_requested") -> None:
        """Sends `disconnect` and closes; the app should come back."""
        await self.sockets.disconnect(reason)

    def stop_pings(self) -> None:
        """Connections, including new ones, stay open but dead: no pings, no pongs."""
        self.sockets.pinging = False

    def resume_pings(self) -> None:
        self.sockets.pinging = True

    def add_team(self, name: str) -> Team:
        """The first team is the one in which the app is installed."""
        domain = "".join(letter if letter.isalnum() else "-" for letter in name.casefold())
        team = Team(self.world.new_id("T"), name, domain)
        self.world.teams.append(team)
        if len(self.world.teams) == 1:
            self.world.users[self.bot_user_id] = User(self.bot_user_id, team, self.bot_name, is_bot=True)
        return team

    def add_person(
        self,
        name: str,
        team: Team,
        *,
        locale: str | None = "en-US",
        tz: str | None = "America/New_York",
        email: str | None = None,
        restricted: bool = False,
        ultra_restricted: bool = False,
    ) -> SlackPerson:
        """`restricted`: a multi-channel guest; `ultra_restricted`: a single-channel guest."""
        user = User(self.world.new_id("U"), team, name, locale, tz, email, restricted, ultra_restricted)
        self.world.users[user.id] = user
        person = self.people[user.id] = SlackPerson(self, self.courier, user)
        return person

    def add_channel(
        self,
        name: str,
        team: Team,
        members: Sequence[SlackPerson] = (),
        *,
        private: bool = False,
        shared_with: Sequence[Team] = (),
        bot: bool = True,
    ) -> Channel:
        """A channel of `team` (its host), with the app in it unless `bot` is False; `shared_with`: Slack Connect."""
        channel = Channel(self.world.new_id("G" if private else "C"), name, team, private, shared_with=list(shared_with))
        channel.members = [person.id for person in members] + ([self.bot_user_id] if bot else [])
        self.world.channels[channel.id] = channel
        self.changed()
        return channel

    def add_usergroup(self, members: Sequence[SlackPerson]) -> str:
        """The id of a new user group."""
        group = self.world.new_id("S")
        self.world.groups[group] = [person.id for person in members]
        return group

    def add_bot_to(self, channel: Channel, inviter: SlackPerson | None = None) -> None:
        if self.bot_user_id not in channel.members:
            channel.members.append(self.bot_user_id)
            self._joined(channel, self.world.users[self.bot_user_id], inviter)

    def remove_bot_from(self, channel: Channel) -> None:
        channel.members.remove(self.bot_user_id)
        self.changed()

    def invite(self, person: SlackPerson, channel: Channel, inviter: SlackPerson | None = None) -> None:
        if person.id not in channel.members:
            channel.members.append(person.id)
            self._joined(channel, person.user, inviter)

    def _joined(self, channel: Channel, user: User, inviter: SlackPerson | None) -> None:
        event = {"type": "member_joined_channel", "user": user.id, "channel": channel.id, "team": user.team.id}
        event["channel_type"] = "G" if channel.private else "C"
        self.emit(event | ({"inviter": inviter.id} if inviter else {}), channel)
        self.changed()

    def remove(self, person: SlackPerson, channel: Channel) -> None:
        channel.members.remove(person.id)
        kind = "G" if channel.private else "C"
        self.emit(
            {
                "type": "member_left_channel",
                "user": person.id,
                "channel": channel.id,
                "channel_type": kind,
                "team": person.team_id,
            },
            channel,
        )
        self.changed()

    def deactivate(self, person: SlackPerson) -> None:
        """Their account: no event tells of the channels that they left with it."""
        person.user.deleted = True
        for channel in self.world.channels.values():
            if person.id in channel.members:
                channel.members.remove(person.id)
        user = {"id": person.id, "team_id": person.team_id, "name": person.user.username, "deleted": True}
        self.emit({"type": "user_change", "user": user})
        self.changed()

    def rename(self, channel: Channel, name: str) -> None:
        """`channel_rename`, for a private channel `group_rename`."""
        channel.name = name
        brief = {
            part: channel_json(self, channel)[part]
            for part in ("id", "name", "name_normalized", "created", "is_channel", "is_mpim")
        }
        self.emit({"type": "group_rename" if channel.private else "channel_rename", "channel": brief}, channel)
        self.changed()

    def change_id(self, channel: Channel, new: str | None = None) -> str:
        """The channel gets a new id, as when a private one is shared; the old one is no longer found."""
        old, channel.id = channel.id, new or self.world.new_id("C")
        self.world.channels[channel.id] = self.world.channels.pop(old)
        for file in self.world.files.values():
            file.channels = [channel.id if name == old else name for name in file.channels]
        for mark in channel.bookmarks:
            mark["channel_id"] = channel.id
        self.emit({"type": "channel_id_changed", "old_channel_id": old, "new_channel_id": channel.id}, channel)
        self.changed()
        return channel.id

    def delete(self, message: Message) -> None:
        """By an administrator. Where there are replies, Slack leaves a mark, and tells of a change instead of a deletion."""
        channel, before = message.channel, message_json(self, message)
        replies = any(other.thread_ts == message.ts for other in channel.messages)
        channel.messages.remove(message)
        event = {
            "type": "message",
            "channel": channel.id,
            "channel_type": channel.kind,
            "previous_message": before,
            "hidden": True,
        }
        if replies:
            mark = {"type": "message", "subtype": "tombstone", "user": "USLACKBOT", "text": "This message was deleted."}
            event |= {"subtype": "message_changed", "message": mark | {"ts": message.ts, "thread_ts": message.ts, "hidden": True}}
        else:
            event |= {"subtype": "message_deleted", "deleted_ts": message.ts}
        self.emit(event | {"ts": self.world.new_ts()}, channel)
        self.changed()

    def post_by_app(self, channel: Channel, text: str, attachments: Sequence[Json] = ()) -> Message:
        """Of another app, or a workflow."""
        message = Message(self.world.new_ts(), channel, self.world.new_id("U"), text, attachments=list(attachments))
        self.add_message(message)
        shown = message_json(self, message) | {"subtype": "bot_message", "bot_id": self.world.new_id("B"), "username": "Monitor"}
        self.emit(shown | {"channel": channel.id, "channel_type": channel.kind}, channel)
        return message

    def share(self, channel: Channel, team: Team) -> None:
        channel.shared_with.append(team)
        self.emit({"type": "channel_shared", "connected_team_id": team.enterprise or team.id, "channel": channel.id}, channel)
        self.changed()

    def unshare(self, channel: Channel, team: Team) -> None:
        """One of the companies leaves the channel, with its people; the others stay."""
        channel.shared_with.remove(team)
        gone = {"type": "channel_unshared", "previously_connected_team_id": team.enterprise or team.id, "channel": channel.id}
        self.emit(gone | {"is_ext_shared": channel.is_ext_shared}, channel)
        channel.members = [member for member in channel.members if self.world.users[member].team != team]
        self.changed()

    def archive(self, channel: Channel, *, archived: bool = True) -> None:
        """`channel_archive` or `channel_unarchive`, for a private channel `group_…`."""
        channel.archived = archived
        kind = ("group" if channel.private else "channel") + ("_archive" if archived else "_unarchive")
        self.emit({"type": kind, "channel": channel.id, "user": "USLACK"}, channel)
        self.changed()

    def convert(self, channel: Channel, by: SlackPerson, *, private: bool) -> None:
        """Slack has no event of its own for this: it posts a message with a subtype."""
        channel.private = private
        word = "private" if private else "public"
        event = {"type": "message", "subtype": f"channel_convert_to_{word}", "user": by.id, "ts": self.world.new_ts()}
        text = f"made this channel *{word}*."
        self.emit(event | {"text": text, "channel": channel.id, "channel_type": channel.kind}, channel)
        self.changed()

    def change_usergroup(self, group: str, members: Sequence[SlackPerson]) -> None:
        """`subteam_members_changed`, which names those who came and went."""
        before, now = self.world.groups[group], [person.id for person in members]
        self.world.groups[group] = now
        added, removed = [one for one in now if one not in before], [one for one in before if one not in now]
        event: Json = {"type": "subteam_members_changed", "subteam_id": group, "team_id": self.installing_team.id}
        event |= {"added_users": added, "added_users_count": len(added)}
        event |= {"removed_users": removed, "removed_users_count": len(removed)}
        moment = int(self.world.clock())
        self.emit(event | {"date_previous_update": moment, "date_update": moment})
        self.changed()

    def sever(self, channel: Channel, *, keep: bool | None = None) -> None:
        """Ends Slack Connect. The host keeps the channel without the others' people; if the installing team was the guest
        (or `keep` is False), the app's old id is no longer found.
        """
        own = self.installing_team
        others = [team for team in (channel.team, *channel.shared_with) if team != own]
        kept = channel.team == own if keep is None else keep
        channel.shared_with.clear()
        leaving = {user.id for user in self.world.users.values() if (user.team != own) == kept}
        for team in others:
            self.emit(
                {
                    "type": "channel_unshared",
                    "previously_connected_team_id": team.enterprise or team.id,
                    "channel": channel.id,
                    "is_ext_shared": False,
                },
                channel,
            )
        channel.members = [member for member in channel.members if member not in leaving]
        if not kept:
            del self.world.channels[channel.id]
        self.changed()

    def uninstall(self) -> None:
        """The app is removed from the workspace: `tokens_revoked` and `app_uninstalled`; every call says account_inactive."""
        self.token_state = "account_inactive"  # noqa: S105 - a Slack error code
        self._revoked()
        self.emit({"type": "app_uninstalled"})

    def revoke_tokens(self) -> None:
        self.token_state = "token_revoked"  # noqa: S105 - a Slack error code
        self._revoked()

    def _revoked(self) -> None:
        self.emit({"type": "tokens_revoked", "tokens": {"oauth": [], "bot": [self.bot_user_id]}})
        self.changed()
