"""The real bot as a process of its own between the stand-ins, with invented people: two from support, a customer's lead and
colleague, and someone from another customer."""

import asyncio
import contextlib
import os
import signal
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

import aiohttp
import yaml

from playground.clock import DemoClock
from playground.pismo import Sandbox
from playground.service_desk import CHOICES, ServiceDeskStandIn
from playground.slack import Delivery, SlackPerson, SlackStandIn
from storage import sealing
from storage.migrate import upgrade
from storage.sealing import Keyring, new_key
from storage.store import Store
from storage.unit import Unit

ROOT = Path(__file__).parent.parent
SUPPORT_ZONE = "America/Sao_Paulo"
"""Of Pismo's people, as in the policies' own `[support]`."""

_CHOICES = "\n".join(
    f"[service_desk.{portal}.choices]\n" + "\n".join(f'{resource} = "{choice}"' for resource, choice in CHOICES.items())
    for portal in ("en", "pt_BR")
)
"""What the desk calls requests that are for no access."""

POLICIES = f"""
[business_hours]
always_open = true

[reminders]
customer_after = ["2 s", "1 business day", "3 business days"]
once_a_day = false

[service_desk]
follow_every = "1 s"
search_lag = "4 s"

{_CHOICES}

[engine]
sweep = 0.5
channel_gap = 0
"""
"""Reminders within seconds, so that one appears."""

CALM = f"""
[business_hours]
always_open = true

[reminders]
customer_after = ["20 business days"]
support_first = "20 business days"

[service_desk]
follow_every = "1 s"
search_lag = "4 s"

{_CHOICES}

[engine]
sweep = 0.5
channel_gap = 0
"""
"""No reminders, so that a slow machine sees the same messages as a quick one."""

LIFELIKE = f"""
{_CHOICES}

[engine]
sweep = 0.5
channel_gap = 0
"""
"""As in production, except that what a moved clock makes due comes at once."""


READY = 120.0
"""Seconds within which the bot is ready: on a busy machine it needs most of a minute beside a thousand customers."""


def free_port() -> int:
    """A port of 127.0.0.1. On Linux, until this process ends, only who asks for it by its number gets it: the kernel gives it to no
    other server or connection, and a bound socket that does not listen keeps no server with SO_REUSEADDR out."""
    probe = socket.socket()
    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    probe.bind(("127.0.0.1", 0))
    port = int(probe.getsockname()[1])
    if sys.platform == "linux":
        probe.detach()  # it stays open
    else:
        probe.close()
    return port


class BotProcess(Protocol):
    """What is used of `asyncio.subprocess.Process`."""

    @property
    def pid(self) -> int: ...
    @property
    def returncode(self) -> int | None: ...
    def send_signal(self, signal: int, /) -> None: ...
    def kill(self) -> None: ...
    async def wait(self) -> int: ...


class Office:
    """``async with Office() as office``: everything runs; at the end everything is stopped and removed.

    ``socket_mode``: how Slack reaches the bot. ``policies``: the text of its CONFIG_FILE. ``folder``: one that stays. ``held``: open
    files that the bot's process keeps open too. ``files``: whether the bot files access requests at the Service Desk itself. ``tls``:
    whether Pismo uses TLS that asks for the bot's certificate; ``pismo`` is its test environment. ``bot``: whether it runs from the start.
    """

    def __init__(
        self,
        *,
        socket_mode: bool = True,
        policies: str = POLICIES,
        folder: Path | None = None,
        held: Sequence[int] = (),
        files: bool = True,
        tls: bool = True,
        bot: bool = True,
    ) -> None:
        self.begins = bot
        self.socket_mode = socket_mode
        self.folder = None if folder else tempfile.TemporaryDirectory(prefix="onboarding-")
        self.path = folder.absolute() if folder else Path(self.folder.name if self.folder else "")
        self.held = held
        self.slack = SlackStandIn(signing_secret="thesecretoftheplayground", seed=None)
        manifest = yaml.safe_load((ROOT / "app_manifest.yaml").read_text())
        self.slack.scopes = set(manifest["oauth_config"]["scopes"]["bot"])
        self.slack.should_escape = manifest["features"]["slash_commands"][0]["should_escape"]
        self.slack.events = set(manifest["settings"]["event_subscriptions"]["bot_events"])
        self.sandbox = Sandbox(self.path / "pismo", tls=tls)
        self.pismo = self.sandbox.test
        self.clock = DemoClock(self.path / "clock")
        self.slack.world.clock = self.clock.time
        for environment in (self.sandbox.test, self.sandbox.production):
            environment.world.clock = self.clock.time
        self.service_desk = ServiceDeskStandIn()
        self.service_desk.world.clock = self.clock.time
        self.files = files
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = self.path / "bot.log"
        self.policies = policies
        self.database_url = f"sqlite+aiosqlite:///{self.path}/onboarding.db"
        self.keys = new_key()
        self._store: Store | None = None
        self.process: BotProcess | None = None
        self.wrapper: Sequence[str] = ()
        """A command that runs the command behind it, which is the bot's."""

    async def __aenter__(self) -> Self:
        try:
            await self._open()
        except BaseException:
            await self._close()
            raise
        return self

    async def _open(self) -> None:
        await self.slack.start()
        await self.sandbox.start()
        await self.service_desk.start()
        self._people()
        self.slack.deliver_by(Delivery.socket() if self.socket_mode else Delivery.http(f"{self.url}/slack/events"))
        (self.path / "policies.toml").write_text(self.policies)
        upgrade(self.database_url)
        if self.begins:
            await self.start_bot()

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._close()

    async def _close(self) -> None:
        try:
            await self.stop_bot()
            await self.forget_store()
            await self.sandbox.stop()
            await self.service_desk.stop()
            await self.slack.stop()
        finally:
            if self.folder is not None:
                self.folder.cleanup()

    def _people(self) -> None:
        if not self.slack.world.teams:
            self._hire()
        people, channels = self.everyone, {channel.name: channel for channel in self.slack.world.channels.values()}
        self.sam, self.kim, self.pat, self.gus = (people[name] for name in ("Sam", "Kim", "Pat", "Gus"))
        self.ana, self.bruno, self.olga = (people[name] for name in ("Ana", "Bruno", "Olga"))
        self.support, self.acme, self.blue = (channels[name] for name in ("onboarding-support", "acme_pismo", "blue_pismo"))

    def _hire(self) -> None:
        slack = self.slack
        pismo, acme, other = slack.add_team("Pismo"), slack.add_team("Acme Bank"), slack.add_team("Blue Coop")
        sam = slack.add_person("Sam", pismo, tz=SUPPORT_ZONE)
        kim = slack.add_person("Kim", pismo, locale="pt-BR", tz=SUPPORT_ZONE)
        pat = slack.add_person("Pat", pismo, tz=SUPPORT_ZONE)  # not in support
        ana = slack.add_person("Ana", acme, locale="en-US", tz="America/Sao_Paulo")
        bruno = slack.add_person("Bruno", acme, locale="pt-BR", tz="America/Sao_Paulo")
        olga = slack.add_person("Olga", other)
        slack.add_person("Gus", pismo, tz=SUPPORT_ZONE, restricted=True)
        slack.add_channel("onboarding-support", pismo, [sam, kim], private=True)
        slack.add_channel("acme_pismo", pismo, [sam, ana, bruno, pat], shared_with=[acme])
        slack.add_channel("blue_pismo", pismo, [sam, olga], shared_with=[other])

    @property
    def everyone(self) -> Mapping[str, SlackPerson]:
        return {person.name: person for person in self.slack.people.values()}

    @contextlib.asynccontextmanager
    async def reading(self) -> AsyncIterator[Unit]:
        """A look into the bot's store."""
        keyring = Keyring.parse(self.keys)
        if self._store is None:
            self._store = Store(self.database_url, keyring, clock=self.clock)
        with sealing.using(keyring):  # another office may have been looked into since
            async with self._store.read() as unit:
                yield unit

    async def forget_store(self) -> None:
        """Let go of the database, which may be another one at the next look."""
        if self._store is not None:
            await self._store.close()
        self._store = None

    # -- the bot's process

    def environment(self) -> dict[str, str]:
        keep = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL", "TMPDIR") if name in os.environ}
        reach = (
            {"SLACK_APP_TOKEN": self.slack.app_token} if self.socket_mode else {"SLACK_SIGNING_SECRET": self.slack.signing_secret}
        )
        return {
            **keep,
            "HOME": str(self.path),
            "ENV_FILE": os.devnull,
            "PYTHONPATH": str(ROOT),
            "SLACK_BOT_TOKEN": self.slack.bot_token,
            "SLACK_API_URL": self.slack.api_url,
            "SUPPORT_CHANNEL": self.support.id,
            "DATABASE_URL": self.database_url,
            "ENCRYPTION_KEYS": self.keys,
            **self.sandbox.settings,
            **(self.service_desk.settings if self.files else {}),
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
            "CONFIG_FILE": str(self.path / "policies.toml"),
            "CLOCK_FILE": str(self.path / "clock"),
            **reach,
        }

    async def start_bot(self) -> None:
        """Start the bot and wait until it says it is ready."""
        await self.spawn_bot()
        await self.slack.until(self.is_ready, timeout=READY)

    async def spawn_bot(self) -> None:
        """Start the bot's process without waiting for it."""
        with self.log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                *self.wrapper,
                sys.executable,
                "-m",
                "playground.leash",
                cwd=self.path,
                env=self.environment(),
                stdin=asyncio.subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C goes to the demo, which then ends the bot
                pass_fds=self.held,
            )

    async def is_ready(self) -> bool:
        """Raises RuntimeError if the process has exited instead."""
        if self.process is not None and self.process.returncode is not None:
            raise RuntimeError(f"the bot ended with {self.process.returncode}:\n{self.log.read_text()[-3000:]}")
        try:
            async with aiohttp.ClientSession() as web, web.get(f"{self.url}/readyz") as answer:
                return answer.status == 200
        except aiohttp.ClientError:
            return False

    async def stop_bot(self, how: signal.Signals = signal.SIGTERM) -> int:
        """End the bot's process as a supervisor does (SIGTERM), or as a crash does (SIGKILL). Returns its exit code."""
        if self.process is None:
            return 0
        if self.process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self.process.send_signal(how)
        code = await self.process.wait()
        self.process = None
        return code

    async def kill_bot(self) -> None:
        await self.stop_bot(signal.SIGKILL)

    async def command(self, *words: str) -> tuple[int, str]:
        """Run `python -m bot <words>` to its end: exit code and what it printed."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "bot",
            *words,
            cwd=self.path,
            env=self.environment(),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        printed, _ = await process.communicate()
        return process.returncode or 0, printed.decode()
