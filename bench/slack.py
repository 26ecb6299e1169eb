"""Slack's Web API in a process of its own: it says yes at once, and remembers when it was called about what.
``/seen`` tells it, ``/window/TRIGGER`` is answered once a window was asked for with that trigger, and the channels named to ``/refuse``
take no message from then on.

python -m bench.slack PORT
"""

import asyncio
import json
import re
import sys
import time
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import uvloop

from bench.wire import Reply, Serving

PISMO, ACME, SAM, BOT, SUPPORT = "T0PISMO00", "T0ACME000", "U0SAM0000", "U0BOT0000", "C0SUPPORT"
TRIGGER = re.compile(rb'trigger_id(?:": ?"|=)([\w.]+)')
CHANNEL = re.compile(rb'channel(?:": ?"|=)(\w+)')
THREAD = re.compile(rb'thread_ts(?:": ?"|=)([\d.]+)')
ONBOARDING = re.compile(rb"onb_\w{16}")


@dataclass(frozen=True)
class SlackCall:
    """``moment``: by the clock that all processes share, `time.monotonic`. What isn't named in the call is empty."""

    moment: float
    method: str
    channel: str
    onboarding: str


class Calls:
    def __init__(self) -> None:
        self._seen: list[tuple[float, str, str, str]] = []
        self._windows: dict[str, float] = {}
        self._waiting: dict[str, Reply] = {}
        self._refusing: set[str] = set()
        self._last = int(time.time() * 1_000_000)

    def handle(self, url: str, body: bytes, reply: Reply) -> None:
        moment, parts = time.monotonic(), urlsplit(url)
        kind, _, name = parts.path[1:].partition("/")
        if kind == "api":
            channel, trigger = first(CHANNEL, body), first(TRIGGER, body)
            self._seen.append((moment, name, channel, first(ONBOARDING, body)))
            if name == "views.open":
                self._windows[trigger] = moment
                self._tell(trigger)
            if channel in self._refusing and name.startswith("chat."):
                reply(json.dumps({"ok": False, "error": "restricted_action"}).encode())
                return
            reply(json.dumps({"ok": True, **self._answer(name, channel, body, parse_qs(parts.query))}).encode())
        elif kind == "refuse":
            self._refusing.update(json.loads(body))
            reply(b"[]")
        elif kind == "window":
            self._waiting[name] = reply
            self._tell(name)
        else:
            seen, self._seen = self._seen, []
            reply(json.dumps(seen).encode())

    def _tell(self, trigger: str) -> None:
        """Who waits for a window, when it was asked for."""
        if trigger in self._windows and trigger in self._waiting:
            self._waiting.pop(trigger)(json.dumps(self._windows.pop(trigger)).encode())

    def _answer(self, method: str, channel: str, body: bytes, query: dict[str, list[str]]) -> dict[str, Any]:
        self._last += 1
        ts = f"{self._last // 1_000_000}.{self._last % 1_000_000:06d}"
        match method:
            case "auth.test":
                return {"team_id": PISMO, "user_id": BOT, "bot_id": "B0BOT0000", "team": "Pismo", "url": "-"}
            case "conversations.members":
                of = query.get("channel", [""])[0]
                return {"members": [SAM, BOT, *([of.replace("CCUST", "ULEAD")] if of.startswith("CCUST") else [])]}
            case "users.info":
                user = query.get("user", [SAM])[0]
                return {
                    "user": {"id": user, "team_id": PISMO if user == SAM else ACME, "name": user, "locale": "en-US", "tz": "UTC"}
                }
            case "conversations.open" | "conversations.info":
                return {"channel": {"id": channel or "D00000000", "name": "it", "is_member": True, "is_private": True}}
            case "views.open" | "views.push" | "views.update" | "views.publish":
                return {"view": {"id": f"V{self._last}"}}
            case _:
                return {"channel": channel, "ts": ts, "message": {"ts": ts, "thread_ts": first(THREAD, body)}}


def first(kind: re.Pattern[bytes], body: bytes) -> str:
    found = kind.search(body)
    return found[found.lastindex or 0].decode() if found else ""


def seen(url: str) -> list[SlackCall]:
    """What the stand-in at this address was asked since it was last asked this."""
    with urllib.request.urlopen(f"{url}/seen") as answer:  # noqa: S310  our own process
        return [SlackCall(*one) for one in json.load(answer)]


def refuse(url: str, channels: Sequence[str]) -> None:
    """From now on the stand-in at this address refuses messages in these channels."""
    with urllib.request.urlopen(f"{url}/refuse", data=json.dumps(channels).encode()):  # noqa: S310  our own process
        pass


async def main(port: int) -> None:
    calls = Calls()
    server = await asyncio.get_running_loop().create_server(lambda: Serving(calls.handle), "127.0.0.1", port, backlog=512)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1])))
