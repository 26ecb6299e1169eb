"""Signed payloads sent at a given concurrency, timed from the first byte sent until the answer is read.

Its own process, so that it shares no interpreter: a `Job` as JSON on its input, the seconds each answer took on its output.
"""

import asyncio
import hashlib
import hmac
import json
import math
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlencode

import aiohttp


@dataclass(frozen=True)
class Job:
    """``pause``: seconds between an answer and the next payload."""

    url: str
    secret: str
    payloads: Sequence[dict[str, Any]]
    at_once: int
    pause: float = 0.0


@dataclass(frozen=True)
class Timing:
    """Milliseconds."""

    median: float
    p99: float
    count: int

    @classmethod
    def of(cls, seconds: Sequence[float]) -> "Timing":
        """p99: the nearest rank, a time that was measured."""
        ordered = sorted(seconds)
        return cls(statistics.median(ordered) * 1000, ordered[-(-len(ordered) * 99 // 100) - 1] * 1000, len(ordered))


def signed(payload: dict[str, Any], secret: str) -> tuple[bytes, dict[str, str]]:
    body = urlencode({"payload": json.dumps(payload)}).encode()
    stamp = str(int(time.time()))
    digest = hmac.new(secret.encode(), f"v0:{stamp}:".encode() + body, hashlib.sha256).hexdigest()
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Slack-Request-Timestamp": stamp,
        "X-Slack-Signature": f"v0={digest}",
    }
    return body, headers


async def run(job: Job) -> list[float]:
    """Send each payload once. A refusal counts as infinite; RuntimeError if one was not acknowledged."""
    left = [signed(payload, job.secret) for payload in reversed(job.payloads)]
    took: list[float] = []

    async def one(web: aiohttp.ClientSession) -> None:
        while left:
            body, headers = left.pop()
            began = time.perf_counter()
            async with web.post(job.url, data=body, headers=headers) as answer:
                text = await answer.text()
            refused = '"message"' in text  # a modal that reports a failure
            took.append(math.inf if refused else time.perf_counter() - began)
            if answer.status != 200:
                raise RuntimeError(f"{answer.status}: {text[:500]}")
            await asyncio.sleep(job.pause)

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=job.at_once)) as web:
        await asyncio.gather(*(one(web) for _ in range(job.at_once)))
    return took


async def in_own_process(job: Job) -> list[float]:
    """The seconds that each answer took."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.load", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    printed, _ = await process.communicate(json.dumps(asdict(job)).encode())
    if process.returncode:
        raise RuntimeError("a request was not acknowledged")
    return [float(seconds) for seconds in json.loads(printed)]


if __name__ == "__main__":
    print(json.dumps(asyncio.run(run(Job(**json.load(sys.stdin))))))
