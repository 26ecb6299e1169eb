"""How fast Slack is answered: by the bot, beside a bare Starlette endpoint that only checks the signature, and beside bare Bolt.

One run in alternating rounds: each server is its own process, the load another; this process is the stand-in for Slack's Web API.
The bot does what a press or a submission causes (windows, messages, effects) while the next ones are measured.
"""

import asyncio
import contextlib
import os
import platform
import sys
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass

import aiohttp

from bench.customers import ManyCustomers
from bench.load import Job, Timing, in_own_process
from playground.office import ROOT, free_port

ROUNDS = 3
ONE, MANY = 1, 32
COUNTS = {ONE: 60, MANY: 160}
"""Payloads per round, by how many at once."""
WARM = 32
PAUSE = 0.03
"""Seconds between presses made one at a time: by then the window that the last one asked for is open."""
PATHS = {"starlette": "bare Starlette", "bolt": "bare Bolt", "bot": "the bot"}
KINDS = {"open": "(a) open a form", "send": "(b) send, which commits"}


@dataclass(frozen=True)
class Row:
    kind: str
    at_once: int
    server: str


@contextlib.asynccontextmanager
async def baseline(name: str, office: ManyCustomers) -> AsyncIterator[str]:
    """Runs a server; gives its address."""
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bench.servers",
        name,
        str(port),
        cwd=ROOT,
        env=office.environment(),
        stdout=asyncio.subprocess.DEVNULL,
    )

    async def answers() -> bool:
        try:
            async with aiohttp.ClientSession() as web, web.get(f"http://127.0.0.1:{port}/"):
                return True
        except aiohttp.ClientError:
            return False

    try:
        await office.slack.until(answers, timeout=30)
        yield f"http://127.0.0.1:{port}/slack/events"
    finally:
        process.terminate()
        await process.wait()


class Bench:
    def __init__(self, office: ManyCustomers, urls: dict[str, str]) -> None:
        self.office, self.urls = office, urls
        self.times: dict[Row, list[float]] = defaultdict(list)
        self._waiting = list(office.customers)

    async def rest(self) -> None:
        """Wait until the bot has called Slack for nothing for a second: everything caused earlier is done."""
        calls, still = -1, 0
        while still < 10:
            await asyncio.sleep(0.1)
            still = still + 1 if len(self.office.slack.calls) == calls else 0
            calls = len(self.office.slack.calls)

    async def measure(self, kind: str, at_once: int, server: str, count: int) -> list[float]:
        office = self.office
        if kind == "open":
            payloads = [office.press(customer) for customer in office.customers[:count]]
        elif server == "bot":
            payloads = [office.send(self._waiting.pop()) for _ in range(count)]
        else:
            payloads = [office.send(customer) for customer in office.customers[:count]]
        pause = PAUSE if at_once == ONE else 0.0
        return await in_own_process(Job(self.urls[server], office.slack.signing_secret, payloads, at_once, pause))

    async def run(self) -> None:
        for kind in KINDS:
            for server in self.urls:
                await self.measure(kind, MANY, server, WARM)
        for number in range(ROUNDS):
            for kind in KINDS:
                for at_once, count in COUNTS.items():
                    for server in self.urls:
                        await self.rest()
                        self.times[Row(kind, at_once, server)] += await self.measure(kind, at_once, server, count)
            print(f"round {number + 1} of {ROUNDS}", file=sys.stderr)
        await self.rest()


def table(times: Mapping[Row, Sequence[float]]) -> str:
    lines = [
        f"{'':26}{'at once':>8}  {'server':16}{'median ms':>10}{'p99 ms':>9}{'x Starlette':>13}{'x Bolt':>8}{'count':>8}",
    ]
    medians = {row: Timing.of(taken).median for row, taken in times.items()}
    for row, taken in times.items():
        timing = Timing.of(taken)
        ratios = [timing.median / medians[Row(row.kind, row.at_once, other)] for other in ("starlette", "bolt")]
        lines.append(
            f"{KINDS[row.kind]:26}{row.at_once:>8}  {PATHS[row.server]:16}{timing.median:>10.2f}{timing.p99:>9.1f}"
            f"{ratios[0]:>13.2f}{ratios[1]:>8.2f}{timing.count:>8}"
        )
    return "\n".join(lines)


def verdict(times: Mapping[Row, Sequence[float]]) -> str:
    """The aims, and whether they were met."""
    opened = {server: Timing.of(times[Row("open", ONE, server)]).median for server in PATHS}
    sent = Timing.of(times[Row("send", MANY, "bot")]).p99
    aims = {
        "opening at 1: at most 4 x the bare endpoint": opened["bot"] <= 4 * opened["starlette"],
        "opening at 1: below bare Bolt": opened["bot"] < opened["bolt"],
        "sending at 32: p99 under 250 ms": sent < 250,
    }
    return "\n".join(f"{'met   ' if met else 'MISSED'}  {aim}" for aim, met in aims.items())


async def main() -> None:
    size = WARM + ROUNDS * sum(COUNTS.values())
    print(f"{platform.python_implementation()} {platform.python_version()}, {os.cpu_count()} cores, SQLite, {size} onboardings")
    async with ManyCustomers(size) as office, baseline("starlette", office) as starlette, baseline("bolt", office) as bolt:
        bench = Bench(office, {"starlette": starlette, "bolt": bolt, "bot": f"{office.url}/slack/events"})
        await bench.run()
        lost = [f"{v.where}: {v.error}" for v in office.slack.violations]
    print(table(bench.times), verdict(bench.times), sep="\n\n")
    if lost:
        raise SystemExit(f"Slack refused: {lost[:3]}")


if __name__ == "__main__":
    asyncio.run(main())
