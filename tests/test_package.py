"""The package as somebody installs it: built, put into an environment of its own, and used in an empty folder."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from bot.config.command import SCRIPT
from bot.config.settings import Exit
from bot.config.version import VERSION
from playground.slack import SlackStandIn

pytestmark = pytest.mark.process

ROOT = Path(__file__).parent.parent
ROOMS = ("bot", "flows", "pismo", "storage")


def build(source: Path, to: Path, *what: str) -> Path:
    """The wheel that hatchling builds of what is there, offline."""
    command = [sys.executable, "-m", "hatchling", "build", "-d", str(to), *what]
    subprocess.run(command, cwd=source, check=True, capture_output=True)  # noqa: S603
    (made,) = to.glob("*.whl")
    return made


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(ROOT, tmp_path_factory.mktemp("dist"))


def test_it_holds_what_the_bot_needs_and_nothing_else_and_so_does_that_of_the_source(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
    ours = (path.relative_to(ROOT) for room in ROOMS for path in (ROOT / room).rglob("*") if path.is_file())
    assert held == {str(path) for path in ours if "__pycache__" not in path.parts} | {"bot/app_manifest.yaml"}
    with tarfile.open(wheel.parent / f"pismo_onboarding_bot-{VERSION}.tar.gz") as archive:
        archive.extractall(tmp_path, filter="data")
    (source,) = tmp_path.iterdir()
    with zipfile.ZipFile(build(source, tmp_path, "-t", "wheel")) as archive:
        assert {name for name in archive.namelist() if ".dist-info/" not in name} == held


@pytest.fixture(scope="module")
def script(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the package installs into an environment that has nothing but what it requires."""
    place = tmp_path_factory.mktemp("installed")
    venv.create(place, symlinks=True)
    python, site = place / "bin/python", sysconfig.get_path("purelib", vars={"base": str(place)})
    Path(site, "required.pth").write_text(sysconfig.get_path("purelib"))
    command = [sys.executable, "-m", "pip", "--python", str(python), "install", "-q", "--no-index", "--no-deps", "--no-compile"]
    subprocess.run([*command, "--disable-pip-version-check", str(wheel)], check=True)  # noqa: S603
    return place / "bin" / SCRIPT


async def run(script: Path, folder: Path, *words: str, **env: str) -> str:
    async with started(script, folder, words, env) as process:
        out, _ = await process.communicate()
    assert process.returncode == Exit.OK, out.decode()
    return out.decode()


@asynccontextmanager
async def started(
    script: Path, folder: Path, words: Sequence[str], env: dict[str, str]
) -> AsyncIterator[asyncio.subprocess.Process]:
    """With nothing of this process's environment: the settings are in ``.env``."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        script, *words, cwd=folder, env={"PATH": os.environ["PATH"], **env}, stdout=pipe, stderr=asyncio.subprocess.STDOUT
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def test_from_an_empty_folder_to_a_running_bot(script: Path, tmp_path: Path) -> None:
    assert await run(script, tmp_path, "--version") == f"pismo-onboarding {VERSION}\n"
    completing = {"_PISMO_ONBOARDING_COMPLETE": "bash_complete", "COMP_WORDS": "pismo-onboarding ver", "COMP_CWORD": "1"}
    assert (await run(script, tmp_path, **completing)).split() == ["plain,verify-log", "plain,verify-pack"]
    async with SlackStandIn("unused") as world:
        support = world.add_channel("onboarding-support", world.add_team("Pismo"), private=True)
        (tmp_path / ".env").write_text(
            f"""# Pismo's
SLACK_BOT_TOKEN='{world.bot_token}'
export SLACK_APP_TOKEN="{world.app_token}"
SLACK_API_URL={world.api_url}
SUPPORT_CHANNEL={support.id}   # onboarding-support
ENCRYPTION_KEYS_FILE=bot.keys
PORT=0
"""
        )
        (tmp_path / ".env").chmod(0o600)
        assert "set ENCRYPTION_KEYS_FILE to it" in await run(script, tmp_path, "keys", "new", "--to", "bot.keys")
        assert "migrated from empty" in await run(script, tmp_path, "migrate")
        checked = await run(script, tmp_path, "check")
        assert "ok: manifest: asks for" in checked
        assert "wrong: " not in checked

        async with started(script, tmp_path, ["run"], {}) as bot:
            assert bot.stdout is not None
            port = await listening(bot.stdout)
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:

                async def ready() -> bool:
                    return (await client.get("/readyz")).status_code == 200

                await world.until(ready, timeout=60)
            bot.send_signal(signal.SIGTERM)
            await bot.stdout.read()
            assert await bot.wait() == Exit.OK


async def listening(lines: asyncio.StreamReader) -> int:
    async for line in lines:
        said = json.loads(line)
        if str(said["event"]).startswith("listening"):
            return int(said["port"])
    raise AssertionError("it ended without listening")
