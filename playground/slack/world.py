"""What this Slack holds: teams, people, channels, messages, files and open views. Plain values, no network behaviour."""

import random
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from playground.slack.block_kit import Json

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


@dataclass(frozen=True)
class Team:
    """``enterprise``: its Enterprise Grid organization, if any; clicks by its people name that instead of the team."""

    id: str
    name: str
    domain: str
    enterprise: str = ""


@dataclass(eq=False)
class User:
    id: str
    team: Team
    name: str
    locale: str | None = "en-US"
    tz: str | None = "America/New_York"
    email: str | None = None
    restricted: bool = False
    ultra_restricted: bool = False
    is_bot: bool = False
    deleted: bool = False
    stack: list["View"] = field(default_factory=list, repr=False)
    home: "View | None" = field(default=None, repr=False)

    @property
    def username(self) -> str:
        return self.name.casefold().replace(" ", ".")


@dataclass(eq=False)
class File:
    """`asked`: whether files.info was asked of it: Slack shares a file after it has answered, so the first time it knows no place.
    `denied`: its company does not let the app read it. `external`: a link to another service.
    """

    id: str
    user: str
    name: str
    content: bytes = field(repr=False)
    title: str
    created: int
    channels: list[str] = field(default_factory=list)
    asked: bool = False
    denied: bool = False
    external: bool = False


@dataclass(eq=False)
class Message:
    """`ephemeral_to`: the only reader's user id. `edited`: set by a person's edit or by a chat.update without blocks.

    `broadcast`: a reply that also appears in the channel.
    """

    ts: str
    channel: "Channel" = field(repr=False)
    user: str
    text: str
    blocks: list[Json] = field(default_factory=list, repr=False)
    metadata: Json | None = None
    thread_ts: str | None = None
    bot: bool = False
    edited: str | None = None
    ephemeral_to: str | None = None
    files: list[File] = field(default_factory=list)
    attachments: list[Json] = field(default_factory=list, repr=False)
    broadcast: bool = False

    @property
    def thread(self) -> str:
        """The ts of its thread's root: its own, unless it is a reply."""
        return self.thread_ts or self.ts


@dataclass(eq=False)
class Channel:
    """`im`: for a direct message, the user id of the person who talks with the bot. `org_shared`: with other workspaces of its Enterprise
    Grid organization. `invited`: companies that have not accepted yet.
    """

    id: str
    name: str
    team: Team
    private: bool = False
    im: str | None = None
    members: list[str] = field(default_factory=list)
    shared_with: list[Team] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list, repr=False)
    bookmarks: list[Json] = field(default_factory=list)
    pins: list[str] = field(default_factory=list)
    created: int = field(default_factory=lambda: int(time.time()))
    archived: bool = False
    org_shared: bool = False
    invited: list[Team] = field(default_factory=list)

    @property
    def is_ext_shared(self) -> bool:
        return bool(self.shared_with)

    @property
    def kind(self) -> str:
        """Slack's `channel_type` of message events."""
        return "im" if self.im else "group" if self.private else "channel"

    def find(self, ts: str) -> Message | None:
        return next((message for message in reversed(self.messages) if message.ts == ts), None)


@dataclass(eq=False)
class View:
    """A modal or a home tab. `data`: as the app gave it, with ids filled in. `inputs`: what is in each field now, by block_id
    and action_id, in the shape of `state.values`. `errors`: by block_id, from the last refused submission.
    """

    id: str
    user: User = field(repr=False)
    data: Json = field(repr=False)
    hash: str
    root_id: str
    previous_id: str | None = None
    inputs: dict[str, dict[str, Json]] = field(default_factory=dict, repr=False)
    errors: dict[str, str] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Any:
        return self.data[name]

    def get(self, name: str, default: Any = None) -> Any:
        return self.data.get(name, default)

    @property
    def blocks(self) -> list[Json]:
        return list(self.data["blocks"])

    @property
    def title(self) -> str:
        return str(self.data.get("title", {}).get("text", ""))

    @property
    def labels(self) -> list[str]:
        """The labels of the inputs, from top to bottom."""
        return [block["label"]["text"] for block in self.blocks if block["type"] == "input"]


@dataclass(eq=False)
class Trigger:
    user: User
    view_id: str | None
    born: float
    used: bool = False


@dataclass(eq=False)
class ResponseUrl:
    """`message`: the one whose button was clicked, which can be replaced; None for a slash command."""

    user: User
    channel: Channel
    message: Message | None
    born: float
    uses: int = 0
    replies: list[Message] = field(default_factory=list, repr=False)


@dataclass
class SlackWorld:
    """Everything Slack would remember. `clock` gives Unix seconds for timestamps; triggers expire by the monotonic clock."""

    clock: Callable[[], float] = time.time
    teams: list[Team] = field(default_factory=list)
    users: dict[str, User] = field(default_factory=dict)
    channels: dict[str, Channel] = field(default_factory=dict)
    files: dict[str, File] = field(default_factory=dict)
    groups: dict[str, list[str]] = field(default_factory=dict)
    uploads: dict[str, tuple[File, int]] = field(default_factory=dict)
    triggers: dict[str, Trigger] = field(default_factory=dict)
    response_urls: dict[str, ResponseUrl] = field(default_factory=dict)
    chance: random.Random = field(default_factory=random.Random, repr=False)
    last_us: int = 0
    """The last `ts`, in microseconds."""

    def new_id(self, kind: str = "") -> str:
        return kind + "".join(self.chance.choices(_LETTERS, k=10 if kind else 5))

    def new_ts(self) -> str:
        """Unix seconds with six decimals, never repeated: Slack's `ts`."""
        self.last_us = max(int(self.clock() * 1_000_000), self.last_us + 1)
        return f"{self.last_us // 1_000_000}.{self.last_us % 1_000_000:06d}"

    def view(self, view_id: str) -> View | None:
        """An open modal or a published home; a closed modal is gone."""
        for user in self.users.values():
            for view in (*user.stack, *filter(None, [user.home])):
                if view.id == view_id:
                    return view
        return None

    def views(self) -> Iterator[View]:
        for user in self.users.values():
            yield from user.stack
            yield from filter(None, [user.home])

    def dm(self, user: User, bot: str) -> Channel:
        """The direct message between the person and the bot, opened if there is none."""
        for channel in self.channels.values():
            if channel.im == user.id:
                return channel
        channel = Channel(self.new_id("D"), "directmessage", self.teams[0], private=True, im=user.id, members=[user.id, bot])
        self.channels[channel.id] = channel
        return channel

    def shares_channel(self, one: str, other: str) -> bool:
        return any({one, other} <= set(channel.members) for channel in self.channels.values() if not channel.im)

    def transcript(self, last: int = 8, channels: int = 12) -> dict[str, list[str]]:
        """The ends of the channels that were written in last as lines, for anyone looking for what went wrong."""
        lines: dict[str, list[str]] = defaultdict(list)
        written = [channel for channel in self.channels.values() if channel.messages]
        for channel in sorted(written, key=lambda channel: channel.messages[-1].ts)[-channels:]:
            for message in channel.messages[-last:]:
                name = self.users[message.user].name if message.user in self.users else message.user
                lines[channel.name].append(f"{name}: {message.text[:100]}")
        return dict(lines)
