"""Misfortune on demand: what a real network and a busy Slack do to an app, once, several times or forever."""

import asyncio
import time
from collections import defaultdict, deque
from dataclasses import dataclass, field

from playground.random_faults import RandomFaults


@dataclass
class SlackFault:
    """`kind`: 429, 5xx, drop_before (closed before the effect), drop_after (done, but no answer), slow,
    silent (closed before the effect, after so many seconds), or a Slack error code.
    `channel`: only calls about this one. `until`: set when a slow one may go on, in place of so many seconds.
    """

    method: str
    kind: str
    times: int | None = 1
    retry_after: int = 1
    seconds: float = 0.5
    channel: str = ""
    until: asyncio.Event | None = None


@dataclass
class Limit:
    calls: int
    seconds: float


@dataclass
class SlackFaults:
    """`duplicate_deliveries`: True, or the probability that an event or a socket envelope arrives twice; `duplicated`: how many did.
    `limits`: real rate limits by method; chat.postMessage is counted per channel. `at_random`: of these kinds. `tables`: False if the
    workspace has not got the newest blocks yet: `data_table` and `data_visualization` are refused as of an unknown type.
    """

    waiting: list[SlackFault] = field(default_factory=list)
    duplicate_deliveries: bool | float = False
    duplicated: int = 0
    tables: bool = True
    at_random: RandomFaults | None = None
    limits: dict[str, Limit] = field(default_factory=dict)
    _seen: dict[tuple[str, str], deque[float]] = field(default_factory=lambda: defaultdict(deque))

    def add(
        self,
        method: str,
        kind: str,
        *,
        times: int | None = 1,
        retry_after: int = 1,
        seconds: float = 0.5,
        channel: str = "",
        until: asyncio.Event | None = None,
    ) -> SlackFault:
        """`method`: a Web API method, "response_url", "upload", "download", or "*"; `times` None: until cleared."""
        fault = SlackFault(method, kind, times, retry_after, seconds, channel, until)
        self.waiting.append(fault)
        return fault

    def limit(self, method: str, calls: int, seconds: float) -> None:
        self.limits[method] = Limit(calls, seconds)

    def clear(self) -> None:
        self.waiting.clear()
        self.limits.clear()
        self._seen.clear()
        self.duplicate_deliveries = False
        self.at_random = None
        self.tables = True

    def take(self, method: str, channel: str = "") -> SlackFault | None:
        """The next fault for this call, or one at random, or a 429 if it exceeds a limit."""
        for fault in self.waiting:
            if fault.method in (method, "*") and fault.times != 0 and fault.channel in ("", channel):
                if fault.times is not None:
                    fault.times -= 1
                return fault
        if self.at_random is not None and (kind := self.at_random.draw()) is not None:
            return SlackFault(method, kind)
        return self._over(method, channel if method == "chat.postMessage" else "")

    def _over(self, method: str, channel: str) -> SlackFault | None:
        limit = self.limits.get(method)
        if limit is None:
            return None
        now, calls = time.monotonic(), self._seen[method, channel]
        while calls and calls[0] <= now - limit.seconds:
            calls.popleft()
        if len(calls) < limit.calls:
            calls.append(now)
            return None
        return SlackFault(method, "429", retry_after=max(1, round(calls[0] + limit.seconds - now)))
