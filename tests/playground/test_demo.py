"""`make demo` in a terminal: one command starts all, Ctrl-C ends all, the next start goes on, only this machine has access."""

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import aiohttp
import pytest

from playground import demo
from playground.office import ROOT

PATIENCE = 120.0
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)}


class Terminal:
    """A running demo, and what it printed."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.printed = ""

    async def says(self, words: str) -> str:
        """Read on until it has printed this; returns all that it printed. Raises EOFError if it ends first."""
        assert self.process.stdout is not None
        async with asyncio.timeout(PATIENCE):
            while words not in self.printed:
                line = await self.process.stdout.readline()
                if not line:
                    raise EOFError(f"it ended without {words!r}:\n{self.printed}")
                self.printed += line.decode()
        return self.printed

    async def ends(self, how: signal.Signals | None = None) -> int:
        if how is not None:
            self.process.send_signal(how)
        assert self.process.stdout is not None
        async with asyncio.timeout(PATIENCE):
            self.printed += (await self.process.stdout.read()).decode()
            return await self.process.wait()

    @property
    def url(self) -> str:
        return next(line.split()[1] for line in self.printed.splitlines() if line.startswith("Open "))


@contextlib.asynccontextmanager
async def started(folder: Path, *words: str) -> AsyncIterator[Terminal]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "playground.demo", "--folder", str(folder), "--no-browser", "--no-seed", *words),
        cwd=ROOT,
        env=ENVIRONMENT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        yield Terminal(process)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


def processes_in(folder: Path) -> dict[int, bytes]:
    """Processes that work in a folder, with their command lines (Linux)."""
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if (process / "cwd").readlink() == folder:
                found[int(process.name)] = (process / "cmdline").read_bytes()
    return found


def bots_in(folder: Path) -> list[int]:
    """Without the processes in which a bot looks into what people send."""
    return [pid for pid, command in processes_in(folder).items() if b"bot.inspection" not in command]


async def all_end(folder: Path) -> None:
    """What a killed bot leaves ends by itself."""
    async with asyncio.timeout(60):
        while processes_in(folder):  # noqa: ASYNC110  they tell nobody
            await asyncio.sleep(0.05)


@pytest.mark.process
async def test_it_is_alone_in_its_folder_heals_its_bot_and_goes_on_however_it_ended(tmp_path: Path, taken: int) -> None:
    async with started(tmp_path, "--port", str(taken)) as terminal:
        assert f"Port {taken} is in use." in await terminal.says("Ctrl-C ends it")
        assert not terminal.url.endswith(f":{taken}")
        async with aiohttp.ClientSession() as web, web.get(terminal.url) as answer:
            assert answer.status == 200
        async with started(tmp_path) as second:
            assert await second.ends() == 1
            assert "A demo runs in" in second.printed
        (bot,) = bots_in(tmp_path)
        os.kill(bot, signal.SIGKILL)
        await terminal.says("The bot has ended (signal 9). It is started again.")
        await terminal.says("The bot runs again.")
        assert await terminal.ends(signal.SIGKILL) == -signal.SIGKILL
    assert "Traceback" not in terminal.printed
    async with started(tmp_path, "--port", "0") as terminal:  # at once, with what was killed still ending
        assert "Continuing where it was left." in await terminal.says("Ctrl-C ends it")
        assert len(bots_in(tmp_path)) == 1
        assert await terminal.ends(signal.SIGHUP) == 0
    assert "Traceback" not in terminal.printed
    await all_end(tmp_path)
    async with started(tmp_path, "--port", "0", "--fresh") as terminal:
        assert "Continuing" not in await terminal.says("Ctrl-C ends it")
        assert await terminal.ends(signal.SIGTERM) == 0


@pytest.mark.process
async def test_what_cannot_be_read_is_said_with_its_cure(tmp_path: Path) -> None:
    for name in ("office.json", "slack.json", "pismo.json"):
        (tmp_path / name).write_text("{")
    async with started(tmp_path) as terminal:
        assert await terminal.ends() == 1
    assert "make demo FRESH=1" in terminal.printed
    assert "Traceback" not in terminal.printed
    assert (tmp_path / "slack.json").read_text() == "{"


def test_another_address_needs_a_flag_and_says_why(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        demo.arguments(["--host", "0.0.0.0"])  # noqa: S104  what is refused
    assert ended.value.code == 2
    assert "doesn't ask who they are" in capsys.readouterr().err
    assert demo.arguments(["--host", "0.0.0.0", demo.FLAG]).host == "0.0.0.0"  # noqa: S104  as above


@pytest.mark.parametrize(("value", "fresh"), [("1", True), ("", False), ("0", False)])
def test_fresh_is_an_option_and_a_variable(monkeypatch: pytest.MonkeyPatch, value: str, fresh: bool) -> None:
    monkeypatch.setenv("FRESH", value)
    assert demo.arguments([]).fresh is fresh
    assert demo.arguments(["--fresh"]).fresh


def test_no_browser_is_opened_where_there_is_no_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    assert demo.show("http://127.0.0.1:1") is False
