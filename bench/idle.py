"""How soon the bot answers after it starts, and what it costs while nobody does anything, over Socket Mode and over HTTP.

CPU time and memory are the kernel's own figures for the process with all its threads (Linux).
"""

import asyncio
import os
import sys
import time
from pathlib import Path

from bench.customers import ManyCustomers
from playground.office import ROOT
from playground.slack.block_kit import Json

SECONDS = 30.0
SETTLE = 3.0
"""Seconds after the start that do not count as idle."""
ONBOARDINGS = 40


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_mb(pid: int) -> float:
    """Resident, in MB of a million bytes."""
    status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return int(status["VmRSS"].split()[0]) * 1024 / 1e6


class Starting(ManyCustomers):
    """Presses a button again and again from the moment the process starts, until one press is acknowledged."""

    first = 0.0
    """Seconds."""

    async def start_bot(self) -> None:
        if not self.customers:
            await self.prepare()
        began = time.perf_counter()
        with self.log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "bot", "run", cwd=self.path, env=self.environment(), stdout=log, stderr=log
            )
        while not (await self.slack.courier.interact(self.press(self.customers[0]))).ok:
            if self.process.returncode is not None or time.perf_counter() - began > 60:
                raise RuntimeError(self.log.read_text()[-2000:])
            await asyncio.sleep(0.01)
        self.first = time.perf_counter() - began
        await self.slack.until(self.is_ready, timeout=30)

    def suggestion(self, field: str, typed: str) -> Json:
        """What Slack sends while a person types into a searchable select of the form."""
        sent = self.send(self.customers[0])
        kept = ("token", "api_app_id", "user", "team", "view")
        kind = {"type": "block_suggestion", "value": typed, "action_id": "value", "block_id": f"{field}~0"}
        return {name: sent[name] for name in kept} | kind


async def suggest(office: Starting, field: str, typed: str) -> float:
    """Milliseconds until the choices are there."""
    answer = await office.slack.courier.interact(office.suggestion(field, typed))
    if not answer.ok or not (answer.body or {}).get("options"):
        raise RuntimeError(f"no choices for {field}: {answer.error} {answer.body}")
    return answer.ms


async def main() -> None:
    for socket_mode in (True, False):
        async with Starting(ONBOARDINGS, socket_mode=socket_mode) as office:
            if office.process is None:
                raise RuntimeError("the bot does not run")
            pid = office.process.pid
            await asyncio.sleep(SETTLE)
            began, before = time.perf_counter(), cpu_seconds(pid)
            await asyncio.sleep(SECONDS)
            share = (cpu_seconds(pid) - before) / (time.perf_counter() - began)
            idle = memory_mb(pid)
            first = {name: await suggest(office, name, "a") for name in ("country", "currency", "timezone")}
            again = await suggest(office, "timezone", "sao")
        print("Socket Mode" if socket_mode else "HTTP")
        for words, value, most in (
            ("first acknowledgement after the start, s", office.first, 2.0),
            ("share of a core while idle, %", share * 100, 3.0),
            ("memory while idle, MB", idle, 150.0),
            ("slowest first search of a catalog, ms", max(first.values()), 300.0),
        ):
            print(f"  {words:44}{value:9.2f}  (aim: below {most:g}) {'met' if value < most else 'MISSED'}")
        print(f"  {'a search after it, ms':44}{again:9.2f}")


if __name__ == "__main__":
    os.chdir(ROOT)
    asyncio.run(main())
