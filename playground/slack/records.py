"""What happened on the wire, kept for the tests, the inspector and the transcript."""

import time
from dataclasses import dataclass, field
from typing import Any

from playground.slack.block_kit import Json
from playground.slack.world import Message

_SAFE = {
    *(
        "channel",
        "channel_id",
        "user",
        "user_id",
        "users",
        "usergroup",
        "team",
        "view_id",
        "external_id",
        "hash",
        "file",
        "file_id",
    ),
    *("ts", "thread_ts", "message_ts", "timestamp", "bookmark_id", "types", "cursor", "limit", "latest", "oldest", "inclusive"),
    "include_all_metadata",
}


CHANGES_KEPT = 200
"""Of messages, the newest."""
PAYLOADS_KEPT = 2_000
"""Of the newest deliveries. A payload holds a message as it was, some 20 kB; of an older delivery the rest stays."""


@dataclass(frozen=True)
class Delivery:
    """How the app is reached: `http` posts signed requests to the address; `socket` uses the open Socket Mode connections."""

    url: str | None = None

    @classmethod
    def http(cls, url: str) -> "Delivery":
        return cls(url)

    @classmethod
    def socket(cls) -> "Delivery":
        return cls()


@dataclass(frozen=True)
class WebApiCall:
    """A Web API call. `outcome`: "ok", Slack's error code, or the fault that was played."""

    method: str
    args: Json
    at: float
    ms: float
    outcome: str


@dataclass(frozen=True)
class Sent:
    """One attempt at a delivery to the app. `status`: the HTTP status, 200 for an acknowledged envelope, 0 without an answer. `payload`:
    empty of an old one (`PAYLOADS_KEPT`).
    """

    kind: str
    id: str
    attempt: int
    at: float
    ms: float
    status: int
    error: str | None
    payload: Json = field(repr=False)


@dataclass(frozen=True)
class MessageChange:
    """`number`: counts all of them, from 1."""

    number: int
    message: Message
    is_new: bool


@dataclass(frozen=True)
class Violation:
    """Something malformed that the app sent and Slack refuses. `where`: a method or the kind of acknowledgement."""

    where: str
    error: str
    messages: tuple[str, ...]
    at: float = field(default_factory=time.time, compare=False)


@dataclass
class Answer:
    """The app's acknowledgement as Slack sees it; `error` is what the person's client would get."""

    status: int = 0
    body: Any = None
    ms: float = 0.0
    error: str | None = None
    no_retry: bool = False

    @property
    def ok(self) -> bool:
        return self.error is None


def summary(arguments: Json) -> Json:
    """Ids as they are; anything else only by its size, since texts and forms are personal."""
    return {name: value if name in _SAFE else f"<{len(str(value))}>" for name, value in arguments.items() if name != "token"}
