"""The state of one stand-in: the world, the app's identity in it, its settings, and the log of all traffic."""

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from inspect import isawaitable
from typing import Any

from playground.slack.block_kit import Json
from playground.slack.checks import WebApiError
from playground.slack.faults import SlackFaults
from playground.slack.records import CHANGES_KEPT, MessageChange, Sent, Violation, WebApiCall
from playground.slack.world import Channel, Message, ResponseUrl, SlackWorld, Team, Trigger, User
from playground.wire import Wire

BOT_SCOPES = frozenset(
    {
        *("bookmarks:read", "bookmarks:write", "chat:write", "commands", "files:read", "files:write", "pins:write", "team:read"),
        *("channels:history", "channels:read", "groups:history", "groups:read", "im:history", "im:read", "im:write"),
        *("mpim:history", "mpim:read", "usergroups:read", "users:read", "users:read.email"),
    }
)
BOT_EVENTS = frozenset(
    {
        *("app_home_opened", "app_uninstalled", "tokens_revoked", "member_joined_channel", "member_left_channel"),
        *("channel_id_changed", "channel_rename", "group_rename", "channel_shared", "channel_unshared"),
        *("channel_archive", "channel_unarchive", "group_archive", "group_unarchive", "subteam_members_changed", "user_change"),
        *("file_change", "message.channels", "message.groups", "message.im", "message.mpim"),
    }
)

RESPONSE_SECONDS = 1800
"""A response_url's life."""


class UnmetError(TimeoutError):
    """A condition did not come true in time; the text shows the state of things."""


class Core:
    """`ack_seconds`: Slack's patience with an acknowledgement. `retry_delays`: seconds before each new try of an event.
    `scopes`, `events`: what the manifest asked for (message events by `message.channels`, `message.groups`, `message.im`).
    `names_scopes`: whether answers name the token's. `org_wide`: whether the app is installed in an organization as a whole.
    """

    def __init__(self, signing_secret: str, *, seed: int | None = None) -> None:
        self.signing_secret = signing_secret
        self.world = SlackWorld()
        self.world.chance.seed(seed)
        new = self.world.new_id
        self.app_id, self.bot_id, self.bot_user_id = new("A"), new("B"), new("U")
        self.bot_token = "-".join(["xoxb", new(), new(), new("t")])
        self.app_token = "-".join(["xapp", "1", self.app_id, new("t")])
        self.verification_token = new("v")
        self.bot_name = "onboarding"
        self.scopes: set[str] = set(BOT_SCOPES)
        self.app_scopes: set[str] = {"connections:write"}
        self.names_scopes = True
        self.org_wide = False
        self.events: set[str] = set(BOT_EVENTS)
        self.commands: set[str] = {"/onboarding"}
        self.should_escape = False
        self.guests_may_command = True
        self.ack_seconds = 3.0
        self.trigger_seconds = 3.0
        self.retry_delays: tuple[float, ...] = (0, 60, 300)
        self.token_state: str | None = None
        self.url = ""
        self.faults = SlackFaults()
        self.wire = Wire()
        self.calls: list[WebApiCall] = []
        self.deliveries: list[Sent] = []
        self.violations: list[Violation] = []
        self.message_changes: deque[MessageChange] = deque(maxlen=CHANGES_KEPT)
        self.last_change = 0
        self.deliver: Callable[[Json], None] = lambda _envelope: None
        self._wakers: set[asyncio.Event] = set()

    @property
    def installing_team(self) -> Team:
        return self.world.teams[0]

    def changed(self) -> None:
        """Wakes everything waiting in `until` and `listening`."""
        for waker in self._wakers:
            waker.set()

    @contextmanager
    def listening(self) -> Iterator[asyncio.Event]:
        """An event that is set after each change; the listener clears it."""
        waker = asyncio.Event()
        self._wakers.add(waker)
        try:
            yield waker
        finally:
            self._wakers.discard(waker)

    async def until(self, condition: Callable[[], Any], timeout: float = 10.0) -> Any:  # noqa: ASYNC109 - it must explain itself
        """The condition's first true value; it may be a coroutine function. Checked after each change and every 50 ms; if it
        makes changes itself, as an insistent person does, everything else still gets a turn in between.

        A LookupError, AttributeError or AssertionError from the condition counts as "not yet".

        Raises:
            UnmetError: with the last value, the ends of all channels, and the last calls and deliveries.

        """
        deadline = time.monotonic() + timeout
        seen: Any = None
        with self.listening() as waker:
            while True:
                waker.clear()
                try:
                    seen = condition()
                    if isawaitable(seen):
                        seen = await seen
                except (LookupError, AttributeError, AssertionError) as problem:
                    seen = problem
                if seen and not isinstance(seen, Exception):
                    return seen
                if (left := deadline - time.monotonic()) <= 0:
                    raise UnmetError(self._dump(seen))
                await asyncio.sleep(0)
                # Not wait_for: on Python 3.11 it loses a cancellation that arrives together with what it waits for.
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(min(left, 0.05)):
                        await waker.wait()

    def _dump(self, seen: Any) -> str:
        lines = [f"the condition stayed {seen!r}"]
        for name, texts in self.world.transcript().items():
            lines += [f"#{name}", *(f"  {text}" for text in texts)]
        lines += [f"{call.method} {call.args} -> {call.outcome}" for call in self.calls[-8:]]
        lines += [f"{sent.kind} try {sent.attempt} -> {sent.status} {sent.error or ''}" for sent in self.deliveries[-8:]]
        lines += [f"violation: {violation}" for violation in self.violations[-3:]]
        return "\n".join(lines)

    def refuse(self, where: str, error: WebApiError) -> None:
        """Records something malformed that the app sent."""
        self.violations.append(Violation(where, error.word, tuple(error.messages)))
        self.changed()

    def channel(self, channel_id: Any) -> Channel:
        """The channel, if the app may know about it.

        Raises:
            WebApiError: channel_not_found, also for a private channel without the app and for a severed one.

        """
        channel = self.world.channels.get(channel_id)
        if channel is None or (channel.private and self.bot_user_id not in channel.members):
            raise WebApiError("channel_not_found")
        return channel

    def joined(self, channel_id: Any) -> Channel:
        """Likewise, where the app must be a member.

        Raises:
            WebApiError: channel_not_found, not_in_channel, is_archived.

        """
        channel = self.channel(channel_id)
        if self.bot_user_id not in channel.members:
            raise WebApiError("not_in_channel")
        if channel.archived:
            raise WebApiError("is_archived")
        return channel

    def user(self, user_id: Any) -> User:
        if user_id not in self.world.users:
            raise WebApiError("user_not_found")
        return self.world.users[user_id]

    def new_trigger(self, user: User, view_id: str | None = None) -> str:
        name = f"{self.world.new_id('1')}.{self.world.new_id()}.{self.world.new_id('t')}"
        self.world.triggers[name] = Trigger(user, view_id, time.monotonic())
        return name

    def use_trigger(self, name: Any) -> Trigger:
        """Uses up a trigger.

        Raises:
            WebApiError: invalid_trigger_id, exchanged_trigger_id (used), expired_trigger_id (older than `trigger_seconds`).

        """
        trigger = self.world.triggers.get(name)
        if trigger is None:
            raise WebApiError("invalid_trigger_id")
        if trigger.used:
            raise WebApiError("exchanged_trigger_id")
        if time.monotonic() - trigger.born > self.trigger_seconds:
            raise WebApiError("expired_trigger_id")
        trigger.used = True
        return trigger

    def new_response_url(self, user: User, channel: Channel, message: Message | None = None) -> tuple[ResponseUrl, str]:
        """As long as Slack knows it. Those that have ended are forgotten, with the messages that they hold."""
        name, now, known = self.world.new_id("r"), time.monotonic(), self.world.response_urls
        for old in [old for old, link in known.items() if now - link.born > RESPONSE_SECONDS]:
            del known[old]
        link = self.world.response_urls[name] = ResponseUrl(user, channel, message, now)
        return link, f"{self.url}/actions/{self.installing_team.id}/{name}"

    def emit(self, event: Json, channel: Channel | None = None) -> None:
        """Sends an event to the app if it subscribes to it and, for a channel's event, is in that channel."""
        kind = event["type"]
        if kind == "message" and channel:
            kind = {"im": "message.im", "group": "message.groups"}.get(channel.kind, "message.channels")
        private = channel and (channel.private or event["type"] in {"message", "member_joined_channel", "member_left_channel"})
        if channel and private and self.bot_user_id not in channel.members:
            return
        if kind not in self.events or (self.token_state and kind not in {"app_uninstalled", "tokens_revoked"}):
            return
        team = self.installing_team.id
        event.setdefault("event_ts", self.world.new_ts())
        self.deliver(
            {
                "token": self.verification_token,
                "team_id": team,
                "context_team_id": team,
                "context_enterprise_id": None,
                "api_app_id": self.app_id,
                "event": event,
                "type": "event_callback",
                "event_id": self.world.new_id("Ev"),
                "event_time": int(float(event["event_ts"])),
                "authorizations": [
                    {
                        "enterprise_id": None,
                        "team_id": team,
                        "user_id": self.bot_user_id,
                        "is_bot": True,
                        "is_enterprise_install": False,
                    }
                ],
                "is_ext_shared_channel": bool(channel and channel.is_ext_shared),
                "event_context": self.world.new_id("4-"),
            }
        )

    def add_message(self, message: Message) -> Message:
        message.channel.messages.append(message)
        self.note(message, is_new=True)
        return message

    def note(self, message: Message, *, is_new: bool = False) -> None:
        """A message was posted or changed: whoever looks can tell which, among the last ones."""
        self.last_change += 1
        self.message_changes.append(MessageChange(self.last_change, message, is_new))
        self.changed()
