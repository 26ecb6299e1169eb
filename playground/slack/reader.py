"""What a person sees in Slack: channels, threads, modals, home, and the outcome of what she does."""

import re
from dataclasses import dataclass, field
from typing import Any

from playground.slack.core import Core
from playground.slack.screen import SeenMessage, tells
from playground.slack.world import Channel, Message, ResponseUrl, User, View

ChannelRef = Channel | str


@dataclass
class Outcome:
    """The result of an act.

    `ok`: acknowledged in time and well-formed; `ms`: until then. `error`: what Slack shows instead: operation_timeout,
    dispatch_failed, http_error, view_gone, message_gone, client_errors, or the fault in the app's answer. `errors` and
    `client_errors`: by label, from the app and from the client itself. `closed`: the form is gone; `view`: the one on top after.
    """

    ok: bool = True
    ms: float = 0.0
    status: int = 0
    error: str | None = None
    body: Any = None
    errors: dict[str, str] = field(default_factory=dict)
    client_errors: dict[str, str] = field(default_factory=dict)
    closed: bool = False
    view: View | None = None
    confirmed: str | None = None
    link: ResponseUrl | None = field(default=None, repr=False)

    @property
    def text(self) -> str:
        """What the app has answered so far, in the acknowledgement or over the response_url; Slack's words if it refused."""
        if self.link and self.link.replies:
            return SeenMessage.of(self.link.replies[-1]).said
        return self.error or "" if not self.ok else ""


class Reader:
    def __init__(self, core: Core, user: User) -> None:
        self.core = core
        self.user = user

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.user.name} of {self.user.team.name}>"

    @property
    def id(self) -> str:
        return self.user.id

    @property
    def team_id(self) -> str:
        return self.user.team.id

    @property
    def name(self) -> str:
        return self.user.name

    @property
    def view(self) -> View | None:
        """The modal on top, if any is open."""
        return self.user.stack[-1] if self.user.stack else None

    @property
    def views(self) -> list[View]:
        return list(self.user.stack)

    @property
    def home(self) -> View | None:
        return self.user.home

    def channels(self) -> list[Channel]:
        return [channel for channel in self.core.world.channels.values() if self.id in channel.members]

    def sees(self, channel: ChannelRef, thread: Message | str | None = None) -> list[SeenMessage]:
        """The channel's messages without replies, or one thread from its root; oldest first, including her ephemeral ones.

        Empty if she is not a member.
        """
        found = self._channel(channel)
        if found is None or self.id not in found.members:
            return []
        root = thread.thread if isinstance(thread, Message) else thread
        shown = [message for message in found.messages if message.ephemeral_to in (None, self.id)]
        if root:
            return [SeenMessage.of(message) for message in shown if root in (message.ts, message.thread_ts)]
        return [SeenMessage.of(message) for message in shown if message.thread_ts is None or message.broadcast]

    def find(self, channel: ChannelRef, words: str | re.Pattern[str], thread: Message | str | None = None) -> SeenMessage:
        """The last message she sees there with these words in its text, its blocks or a button.

        Raises:
            LookupError: no such message; says what there is.

        """
        seen = self.sees(channel, thread)
        for message in reversed(seen):
            if tells(message.text, words) or tells(message.shown, words) or words in message.buttons:
                return message
        raise LookupError(f"{self.name} sees no {words!r} among {[message.said[:60] for message in seen]}")

    def direct_messages(self) -> list[SeenMessage]:
        """The messages in her conversation with the app."""
        channel = next((channel for channel in self.core.world.channels.values() if channel.im == self.id), None)
        return self.sees(channel) if channel else []

    def _channel(self, channel: ChannelRef) -> Channel | None:
        return channel if isinstance(channel, Channel) else self.core.world.channels.get(channel)

    def _default_channel(self) -> Channel:
        own = [channel for channel in self.channels() if not channel.im]
        return own[0] if own else self.core.world.dm(self.user, self.core.bot_user_id)
