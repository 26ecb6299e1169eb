"""The running process: it starts without Slack, reports its health, ends gracefully, and exits when Socket Mode is lost."""

import asyncio
import json
import os
import re
import signal
import socket
import sqlite3
import sys
import tempfile
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
import yaml

from bot.app import DRAIN
from bot.config.settings import Exit
from bot.jobs.runner import FINISHING, LOOKING
from bot.ops.http_server import GRACE_SECONDS
from bot.ops.telemetry import LEAVING
from bot.slack.socket_mode import ANSWERING, CLOSING, SOON
from playground.office import free_port
from playground.slack import Delivery
from playground.slack import SlackStandIn as Playground
from playground.slack.delivery import signature
from storage.migrate import upgrade
from storage.sealing import new_key
from tests.bot.workplace import ended as is_gone
from tests.collector import collecting
from tests.warm import Warm

pytestmark = pytest.mark.process

ROOT = Path(__file__).parents[3]
COMMAND = ("-W", "error", "-m", "bot")
PATIENCE = 60.0
"""Seconds that a process may take to start or to end, on a machine that is busy."""


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    url = f"sqlite+aiosqlite:///{tmp_path}/bot.db"
    upgrade(url)
    return {
        "PATH": os.environ["PATH"],
        "ENV_FILE": os.devnull,
        "PYTHONPATH": str(ROOT),
        "DATABASE_URL": url,
        "ENCRYPTION_KEYS": new_key(),
        "SLACK_BOT_TOKEN": "xoxb-1-made-up",
        "SLACK_SIGNING_SECRET": "0123456789abcdef0123456789abcdef",
        "SLACK_API_URL": "http://127.0.0.1:9/api/",
        "SUPPORT_CHANNEL": "C0SUPPORT",
        "PORT": "0",
    }


@dataclass
class Running:
    process: Process | Warm
    errors: asyncio.StreamReader

    @property
    def pid(self) -> int:
        return self.process.pid


@asynccontextmanager
async def running(env: dict[str, str]) -> AsyncIterator[Running]:
    with tempfile.TemporaryDirectory() as place:
        pipe, errors = Path(place, "errors"), asyncio.StreamReader()
        os.mkfifo(pipe)
        with open(os.open(pipe, os.O_RDONLY | os.O_NONBLOCK), "rb", buffering=0) as reading:  # noqa: ASYNC230, PTH123  a pipe
            await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(errors), reading)
            process = Warm("bot", folder=ROOT, environment=env, out=Path(os.devnull), errors=pipe, strict=True)
            try:
                yield Running(process, errors)
            finally:
                process.end()
                await errors.read()


@asynccontextmanager
async def running_cold(env: dict[str, str]) -> AsyncIterator[Running]:
    """As a supervisor starts it."""
    process = await asyncio.create_subprocess_exec(sys.executable, *COMMAND, env=env, stderr=PIPE)
    assert process.stderr is not None
    try:
        yield Running(process, process.stderr)
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def said(bot: Running, event: str) -> dict[str, Any]:
    """The first log line with this event."""
    async with asyncio.timeout(PATIENCE):
        async for line in bot.errors:
            entry = json.loads(line)
            if str(entry["event"]).startswith(event):
                assert isinstance(entry, dict)
                return entry
    raise AssertionError(f"it never said {event!r}")


async def complaints(bot: Running, until: str) -> list[bytes]:
    """Lines that are more than information, up to and with the first that has this event."""
    found = []
    async with asyncio.timeout(PATIENCE):
        async for line in bot.errors:
            entry = json.loads(line) if line.startswith(b"{") else {"level": "", "event": ""}
            if entry["level"] != "info":
                found.append(line)
            if entry["event"] == until:
                return found
    raise AssertionError(f"it never said {until!r}: {found}")


async def ended(bot: Running) -> int:
    async with asyncio.timeout(PATIENCE):
        await bot.errors.read()
        return await bot.process.wait()


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as other:
        yield other.getsockname()[1]


async def test_it_starts_without_slack_and_says_so(env: dict[str, str]) -> None:
    async with running_cold(env | {"OPS_PORT": "0"}) as bot, httpx.AsyncClient() as client:
        front, port = [(await said(bot, "listening"))["port"] for _ in range(2)]
        assert (await client.get(f"http://127.0.0.1:{front}/healthz")).status_code == 404
        assert (await client.post(f"http://127.0.0.1:{front}/slack/events")).status_code == 401
        assert (await client.post(f"http://127.0.0.1:{port}/slack/events")).status_code == 404
        assert (await client.get(f"http://127.0.0.1:{port}/healthz")).status_code == 200
        ready = await client.get(f"http://127.0.0.1:{port}/readyz")
        assert (ready.status_code, list(ready.json()["reasons"])) == (503, ["slack"])
        started = children(bot.pid)
        bot.process.send_signal(signal.SIGTERM)
        assert await ended(bot) == Exit.OK
        gone(started)


def children(pid: int) -> list[int]:
    """Processes that a process has started."""
    listed = [task.read_text(encoding="ascii").split() for task in Path(f"/proc/{pid}/task").glob("*/children")]
    return [int(child) for each in listed for child in each]


def environment(pid: int) -> str:
    return Path(f"/proc/{pid}/environ").read_text(encoding="utf-8")


def gone(pids: list[int]) -> None:
    """Back when they are; the test's own time limit ends the waiting."""
    while not all(is_gone(pid) for pid in pids):
        os.sched_yield()


async def test_no_process_of_the_bot_outlives_it_and_none_is_given_its_secrets(env: dict[str, str]) -> None:
    async with running(env) as bot:
        await said(bot, "listening")
        while not (started := children(bot.pid)):
            os.sched_yield()
        for pid in started:
            assert not {name for name in env if name in environment(pid)} - {"PATH", "PYTHONPATH"}
        bot.process.kill()
        await ended(bot)
        gone(started)


async def test_an_address_in_use_is_said(env: dict[str, str], taken: int) -> None:
    async with running(env | {"PORT": str(taken)}) as bot:
        assert (await said(bot, "HOST and PORT"))["port"] == str(taken)
        assert await ended(bot) == Exit.CONFIGURATION


async def test_a_second_bot_on_one_file_is_refused_until_the_first_has_ended(env: dict[str, str]) -> None:
    file = env["DATABASE_URL"].removeprefix("sqlite+aiosqlite:///")
    async with running(env) as first, httpx.AsyncClient() as client:
        port = (await said(first, "listening"))["port"]
        async with running(env) as second:
            refused = await said(second, "another bot runs on this file: end that one first")
            assert (refused["level"], refused["file"]) == ("error", file)
            assert await ended(second) == Exit.CONFIGURATION
        assert (await client.get(f"http://127.0.0.1:{port}/healthz")).status_code == 200
        first.process.send_signal(signal.SIGTERM)
        assert await ended(first) == Exit.OK
        async with running(env) as third:
            await said(third, "listening")


@pytest.fixture
def in_the_way(tmp_path: Path) -> Path:
    lock = tmp_path / "bot.db.lock"
    lock.mkdir()
    return lock


async def test_a_lock_that_cannot_be_had_is_said(env: dict[str, str], in_the_way: Path) -> None:
    async with running(env) as bot:
        assert str(in_the_way) in (await said(bot, "the file beside the database"))["error"]
        assert await ended(bot) == Exit.CONFIGURATION


async def test_a_healthy_start_complains_of_nothing_and_a_lost_socket_ends_the_process_for_its_supervisor(
    env: dict[str, str], tmp_path: Path
) -> None:
    policies = tmp_path / "policies.toml"
    policies.write_text('[engine]\nsocket_silence = "2 s"\n')
    async with Playground("unused") as world:
        support = world.add_channel("support", world.add_team("Pismo"), private=True)
        world.deliver_by(Delivery.socket())
        env |= {
            "SLACK_BOT_TOKEN": world.bot_token,
            "SLACK_APP_TOKEN": world.app_token,
            "SLACK_API_URL": world.api_url,
            "SUPPORT_CHANNEL": support.id,
            "CONFIG_FILE": str(policies),
            "OPS_PORT": str(free_port()),  # nothing else listens: Slack's requests come over the socket
        }
        async with running(env) as healthy, httpx.AsyncClient() as client:
            await world.until(lambda: ready(client, env["OPS_PORT"]), timeout=PATIENCE)
            healthy.process.send_signal(signal.SIGTERM)
            assert await complaints(healthy, until="ended") == []
            assert await ended(healthy) == Exit.OK
        async with running(env) as bot, httpx.AsyncClient() as client:
            await world.until(lambda: ready(client, env["OPS_PORT"]), timeout=PATIENCE)
            world.stop_pings()
            world.faults.add("apps.connections.open", "5xx", times=None)
            assert (await said(bot, "Socket Mode is lost"))["level"] == "error"
            assert await ended(bot) == Exit.SOCKET_LOST


async def ready(client: httpx.AsyncClient, port: str) -> bool:
    try:
        return (await client.get(f"http://127.0.0.1:{port}/readyz")).status_code == 200
    except httpx.ConnectError:
        return False


async def test_what_a_command_led_to_is_traced_and_its_failure_reaches_sentry_without_what_was_typed(env: dict[str, str]) -> None:
    with collecting() as collector:
        reporting = {
            "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
            "OTEL_BSP_SCHEDULE_DELAY": "3600000",  # only the end sends
            "SENTRY_DSN": collector.dsn,
            "SENTRY_ENVIRONMENT": "tests",
        }
        async with running(env | reporting) as bot, httpx.AsyncClient() as client:
            port = (await said(bot, "listening"))["port"]
            with closing(sqlite3.connect(env["DATABASE_URL"].removeprefix("sqlite+aiosqlite:///"))) as database, database:
                database.execute("DROP TABLE onboardings")
            typed = {"command": "/onboarding", "text": "find Rua das Flores", "user_id": "U0ANA", "team_id": "T0PISMO"}
            body = urlencode(typed | {"channel_id": "C0SUPPORT", "trigger_id": "1.2"}).encode()
            moment = str(int(time.time()))
            signed = {
                "Content-Type": "application/x-www-form-urlencoded",
                "X-Slack-Request-Timestamp": moment,
                "X-Slack-Signature": signature(env["SLACK_SIGNING_SECRET"], moment, body),
            }
            answer = await client.post(f"http://127.0.0.1:{port}/slack/events", content=body, headers=signed)
            event = await collector.event()
            assert event["tags"]["error_id"] in answer.text  # which the person is shown
            assert (event["environment"], event["exception"]["values"][-1]["type"]) == ("tests", "Unavailable")
            assert not [word for word in ("Flores", "U0ANA", "C0SUPPORT") if word in json.dumps(event)]
            assert not collector.batches
            bot.process.send_signal(signal.SIGTERM)
            assert await ended(bot) == Exit.OK
        assert "command" in collector.span_names
        assert b"Flores" not in b"".join(body for path, body in collector.bodies if path == "/v1/traces")


async def test_a_variable_of_opentelemetrys_that_cannot_be_followed_is_refused(env: dict[str, str]) -> None:
    wrong = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}
    async with running(env | wrong) as bot:
        assert b"wrong: OTEL_EXPORTER_OTLP_PROTOCOL: only http/protobuf is spoken" in await bot.errors.read()
        assert await ended(bot) == Exit.CONFIGURATION


def test_the_slowest_end_is_over_before_a_supervisor_kills() -> None:
    ways_in = max(float(GRACE_SECONDS), SOON + ANSWERING + CLOSING)  # together
    work = max(DRAIN, LOOKING + FINISHING + LOOKING)  # together
    telemetry = 2 * LEAVING
    compose = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]["bot"]["stop_grace_period"]
    systemd = re.findall(r"^TimeoutStopSec=(\d+)$", (ROOT / "docs/operations.md").read_text(), re.MULTILINE)
    for allowed in (compose.removesuffix("s"), *systemd):
        assert ways_in + work + telemetry < float(allowed) - 3.0, "what is left is for closing files and connections"
