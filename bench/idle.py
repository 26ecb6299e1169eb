"""How soon the bot answers after it starts, and what it costs while nobody does anything, over Socket Mode and over HTTP."""

import asyncio
import json
import sys
import time
from collections.abc import Iterator

from bench.aims import Aim, Row
from bench.customers import MODEL
from bench.testbed import Testbed, children, cpu_seconds, memory_mb
from playground.office import Office
from playground.slack.block_kit import Json

SETTLE = 3.0
"""Seconds after the start that do not count as idle."""
ONBOARDINGS = 40


class Starting(Office):
    """Presses a button again and again from the moment the process starts, until one press is acknowledged. ``url``: of a database with
    customers, sealed with ``keys``."""

    def __init__(self, bed: Testbed, url: str, *, socket_mode: bool) -> None:
        super().__init__(socket_mode=socket_mode, policies="", files=False)
        self.database_url, self.keys, self._example = url, bed.keys, bed.example
        self.first = 0.0
        """Seconds until the first acknowledgement."""

    async def start_bot(self) -> None:
        began = time.perf_counter()
        with self.log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "bot", "run", cwd=self.path, env=self.environment(), stdout=log, stderr=log
            )
        while not (await self.slack.courier.interact(self.press())).ok:
            if self.process.returncode is not None or time.perf_counter() - began > 60:
                raise RuntimeError(self.log.read_text()[-2000:])
            await asyncio.sleep(0.01)
        self.first = time.perf_counter() - began
        await self.slack.until(self.is_ready, timeout=30)

    def press(self) -> Json:
        trigger = self.slack.new_trigger(self.ana.user)
        pressed: Json = json.loads(self._example.presses([1])[0].replace(MODEL.trigger, trigger))
        return pressed | {"trigger_id": trigger}

    async def suggest(self, field: str, typed: str) -> float:
        """Milliseconds until the choices are there that Slack asks for while a person types into a searchable select."""
        sent = json.loads(self._example.sends([1])[0])
        kept = {name: sent[name] for name in ("token", "api_app_id", "user", "team", "view")}
        asked = {"type": "block_suggestion", "value": typed, "action_id": "value", "block_id": f"{field}~0"}
        answer = await self.slack.courier.interact(kept | asked)
        if not answer.ok or not (answer.body or {}).get("options"):
            raise RuntimeError(f"no choices for {field}: {answer.error} {answer.body}")
        return answer.ms


async def idling(bed: Testbed, url: str, idle_seconds: float, *, socket_mode: bool) -> list[Row]:
    async with Starting(bed, url, socket_mode=socket_mode) as office:
        if office.process is None:
            raise RuntimeError("the bot does not run")
        pid = office.process.pid
        await asyncio.sleep(SETTLE)
        began, before = time.perf_counter(), cpu_seconds(pid)
        await asyncio.sleep(idle_seconds)
        share = (cpu_seconds(pid) - before) / (time.perf_counter() - began) * 100
        memory, others = memory_mb(pid), sum(map(memory_mb, children(pid)))
        searches = [await office.suggest(name, "a") for name in ("country", "currency", "timezone")]
    how = "Socket Mode" if socket_mode else "HTTP"
    return [
        Row(f"first acknowledgement, {how}", "from the start of the process", (Aim(office.first, 1.2, "s"),)),
        Row(f"idle, {how}", f"of a core, over {idle_seconds:.0f} s", (Aim(share, 0.3, "%"),)),
        Row(f"memory, {how}", "resident", (Aim(memory, 120, "MB"),)),
        Row(f"memory of what looks into what is sent, {how}", f"{others:.0f} MB resident"),
        Row(f"first search of a catalog, {how}", "the slowest of three", (Aim(max(searches), 300, "ms"),)),
    ]


def measure(bed: Testbed, *, idle_seconds: float) -> Iterator[Row]:
    for socket_mode in (True, False):
        with bed.database(ONBOARDINGS) as url:
            yield from asyncio.run(idling(bed, url, idle_seconds, socket_mode=socket_mode))
