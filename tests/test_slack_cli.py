"""What Slack's command line asks of this project, asked as it does: by the shell, in the project's folder, with the environment that
`slack run` gives (slackapi/slack-cli, internal/hooks and internal/pkg/platform/localserver.go)."""

import asyncio
import json
import os
import shutil
import signal
import sys
from asyncio.subprocess import PIPE
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.config.settings import Exit
from playground.slack import SlackStandIn
from storage.migrate import upgrade
from storage.sealing import new_key

pytestmark = pytest.mark.process

ROOT = Path(__file__).parent.parent


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """As `make setup` leaves it, but with no `.env` of a developer's."""
    folder = tmp_path / "project"
    (folder / ".slack").mkdir(parents=True)
    (folder / ".venv").symlink_to(sys.prefix)
    shutil.copy(ROOT / ".slack/hooks.json", folder / ".slack")
    shutil.copy(ROOT / "manifest.json", folder)
    return folder


async def asked(command: str, project: Path) -> str:
    process = await asyncio.create_subprocess_exec("sh", "-c", command, cwd=project, stdout=PIPE)
    out, _ = await process.communicate()
    assert process.returncode == 0
    return out.decode()


async def test_it_gets_the_hooks_the_manifest_and_a_bot_that_runs(project: Path) -> None:
    own: dict[str, Any] = json.loads((project / ".slack/hooks.json").read_text())
    given: dict[str, Any] = json.loads(await asked(own["hooks"]["get-hooks"], project))
    hooks = given["hooks"] | own["hooks"]
    assert given["config"]["sdk-managed-connection-enabled"] is True  # the bot connects by itself
    for watched in own["config"]["watch"].values():
        assert all((ROOT / path).exists() for path in watched["paths"])

    written = await asked(f"{hooks['get-manifest']} --protocol=message-boundaries --boundary=xyz", project)
    _, manifest, _ = written.split("xyz")
    assert json.loads(manifest) == yaml.safe_load((ROOT / "app_manifest.yaml").read_text())

    url = f"sqlite+aiosqlite:///{project}/bot.db"
    upgrade(url)
    async with SlackStandIn("unused") as slack:
        support = slack.add_channel("onboarding-support", slack.add_team("Pismo"), private=True)
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "SLACK_APP_TOKEN": slack.app_token,
            "SLACK_BOT_TOKEN": slack.bot_token,
            "SLACK_CLI_XAPP": slack.app_token,
            "SLACK_CLI_XOXB": slack.bot_token,
            "SLACK_API_URL": slack.api_url,
            "SUPPORT_CHANNEL": support.id,
            "DATABASE_URL": url,
            "ENCRYPTION_KEYS": new_key(),
            "PORT": "0",
        }
        bot = await asyncio.create_subprocess_exec("sh", "-c", hooks["start"], cwd=project, env=environment, stderr=PIPE)
        try:
            await slack.until(lambda: slack.sockets.connections, timeout=60)
            bot.send_signal(signal.SIGINT)  # before it starts the bot again with changed code
            await bot.communicate()
            assert bot.returncode == Exit.OK
        finally:
            if bot.returncode is None:
                bot.kill()
                await bot.communicate()
