"""Signed payloads, timed from the moment each is due until its answer is read: so many at once (a closed loop: who waits sends nothing
meanwhile), or so many a second whatever the answers do (an open loop, as people are).

A process of its own: a `Job` as JSON on its input, one `Reaction` per payload on its output.
"""

import asyncio
import hashlib
import hmac
import json
import math
import statistics
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from itertools import count
from typing import Any
from urllib.parse import SplitResult, urlencode, urlsplit

import uvloop

from bench.wire import Asking

LATEST = 3.0
"""Seconds after which a window can't be opened any more, and Slack tells who pressed that it failed."""


@dataclass(frozen=True)
class Job:
    """``payloads``: as JSON. ``urls``: of replicas, which take turns. ``pause``: seconds between an answer and the next payload.
    ``rate``: payloads a second instead of ``at_once``. ``windows``: the address of the stand-in for Slack, if a payload is followed by a
    window: who sent it waits for that, too. ``together``: the next so many are sent once all are through, all at the same moment.
    """

    urls: Sequence[str]
    secret: str
    payloads: Sequence[str]
    at_once: int = 1
    pause: float = 0.0
    rate: float = 0.0
    windows: str = ""
    together: bool = False


@dataclass(frozen=True)
class Reaction:
    """``due``: when it was to be sent, by `time.monotonic`; ``seconds`` from then on. ``refused``: why; empty if it wasn't.
    ``window``: seconds until the window was asked for, if there is to be one. What never came took for ever."""

    due: float
    seconds: float
    window: float
    refused: str

    @property
    def moment(self) -> float:
        """When it was there; if it never was, when it was due."""
        return self.due + (0.0 if self.refused else self.seconds)


@dataclass(frozen=True)
class Timing:
    """Milliseconds. ``p99``: the nearest rank, a time that was measured."""

    median: float
    p99: float
    count: int

    @classmethod
    def of(cls, seconds: Iterable[float]) -> "Timing":
        ordered = sorted(seconds) or [math.inf]
        return cls(statistics.median(ordered) * 1000, ordered[-(-len(ordered) * 99 // 100) - 1] * 1000, len(ordered))

    def __str__(self) -> str:
        return f"{self.median:.1f} ms, p99 {self.p99:.0f} ms"


def acks(answers: Sequence[Reaction]) -> Timing:
    return Timing.of(answer.seconds for answer in answers)


def windows(answers: Sequence[Reaction]) -> Timing:
    return Timing.of(answer.window for answer in answers)


def refused(answers: Sequence[Reaction]) -> str:
    return f"{len(answers)} sent, {sum(bool(answer.refused) for answer in answers)} refused"


def load(job: Job) -> list[Reaction]:
    """Run it in a process of its own."""
    command = [sys.executable, "-m", "bench.load"]
    done = subprocess.run(command, input=json.dumps(asdict(job)).encode(), stdout=subprocess.PIPE, check=True)  # noqa: S603
    answers = [Reaction(*answer) for answer in json.loads(done.stdout)]
    if why := next((answer.refused for answer in answers if answer.refused), ""):
        print(f"{refused(answers)}, one of them with {why[:300]}", file=sys.stderr)
    return answers


# -- in that process


def signed(payload: str, secret: str, url: str) -> bytes:
    """A whole request."""
    body, stamp, parts = urlencode({"payload": payload}).encode(), str(int(time.time())), urlsplit(url)
    digest = hmac.new(secret.encode(), f"v0:{stamp}:".encode() + body, hashlib.sha256).hexdigest()
    head = (
        f"POST {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        f"Content-Length: {len(body)}\r\nX-Slack-Request-Timestamp: {stamp}\r\nX-Slack-Signature: v0={digest}\r\n\r\n"
    )
    return head.encode() + body


def refusal(status: int, body: bytes) -> str:
    """Empty, or what kept the payload from being carried out: a status, or a window that says so or points out errors."""
    if status != 200:
        return f"status {status}"
    answer: dict[str, Any] = json.loads(body) if body.startswith(b"{") else {}
    return "" if answer.get("response_action", "clear") == "clear" else str(answer)[:500]


class Sender:
    def __init__(self, job: Job) -> None:
        self.job = job
        self.requests = [
            (urlsplit(url), signed(payload, job.secret, url))
            for number, payload in enumerate(job.payloads)
            for url in [job.urls[number % len(job.urls)]]
        ]
        self.answers: list[tuple[float, float, float, str]] = [(0.0, math.inf, math.inf, "not sent")] * len(job.payloads)
        self._free: dict[str, list[Asking]] = {}

    async def send(self, number: int, due: float) -> None:
        """Its answer is kept."""
        parts, request = self.requests[number]
        try:
            status, body = await self._ask(parts, request)
        except OSError as error:
            self.answers[number] = (due, math.inf, math.inf, str(error))
            return
        acknowledged, refused = time.monotonic() - due, refusal(status, body)
        window = await self._window(number) - due if self.job.windows else math.inf
        self.answers[number] = (due, math.inf if refused else acknowledged, window, refused)

    async def _window(self, number: int) -> float:
        """The moment when it was asked for."""
        trigger, parts = json.loads(self.job.payloads[number])["trigger_id"], urlsplit(self.job.windows)
        try:
            async with asyncio.timeout(LATEST):
                _, moment = await self._ask(parts, f"GET /window/{trigger} HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n".encode())
        except TimeoutError:
            return math.inf
        return float(moment)

    async def _ask(self, parts: SplitResult, request: bytes) -> tuple[int, bytes]:
        """Over a connection that is free, or a new one."""
        free = self._free.setdefault(parts.netloc, [])
        line = free.pop() if free and free[-1].is_open else await self._connect(parts.hostname or "", parts.port or 80)
        answer = await line.ask(request)
        free.append(line)
        return answer

    async def _connect(self, host: str, port: int) -> Asking:
        _, line = await asyncio.get_running_loop().create_connection(Asking, host, port)
        return line

    async def closed(self) -> None:
        numbers = iter(range(len(self.requests)))

        async def one() -> None:
            for number in numbers:
                await self.send(number, time.monotonic())
                await asyncio.sleep(self.job.pause)

        await asyncio.gather(*(one() for _ in range(self.job.at_once)))

    async def together(self) -> None:
        left = list(range(len(self.requests)))
        while left:
            some, left = left[: self.job.at_once], left[self.job.at_once :]
            began = time.monotonic()
            await asyncio.gather(*(self.send(number, began) for number in some))
            await asyncio.sleep(self.job.pause)

    async def opened(self) -> None:
        began, sending = time.monotonic(), set()
        for number, due in zip(range(len(self.requests)), (began + n / self.job.rate for n in count()), strict=False):
            await asyncio.sleep(due - time.monotonic())
            sending.add(asyncio.create_task(self.send(number, due)))
        await asyncio.gather(*sending)


async def main() -> None:
    job = Job(**json.load(sys.stdin))
    sender = Sender(job)
    await (sender.opened() if job.rate else sender.together() if job.together else sender.closed())
    print(json.dumps(sender.answers))


if __name__ == "__main__":
    uvloop.run(main())
