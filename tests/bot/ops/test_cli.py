"""The command line as an operator sees it: real processes, their output and exit codes."""

import asyncio
import os
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.config.settings import Exit
from flows.model import Onboarding
from flows.people import Who
from playground.slack import SlackStandIn as Playground
from storage.sealing import Keyring, new_key
from storage.store import Store
from tests.warm import Warm

pytestmark = pytest.mark.process

ROOT = Path(__file__).parents[3]


@dataclass
class Ended:
    code: int
    out: str
    err: str


@dataclass
class Terminal:
    folder: Path
    env: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"sqlite+aiosqlite:///{self.folder}/bot.db"

    async def bot(self, *arguments: str) -> Ended:
        async with asyncio.timeout(30):
            return Ended(*await Warm.run("bot", *arguments, folder=self.folder, environment=self.environment, strict=True))

    async def cold(self, *arguments: str) -> Ended:
        """As in a shell, with all that Python does before the command."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-W", "error", "-m", "bot", *arguments),
            cwd=self.folder,
            env=self.environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        async with asyncio.timeout(30):
            out, err = await process.communicate()
        return Ended(process.returncode or 0, out.decode(), err.decode())

    @property
    def environment(self) -> dict[str, str]:
        return {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "DATABASE_URL": self.url, **self.env}

    @asynccontextmanager
    async def store(self) -> AsyncIterator[Store]:
        store = Store(self.url, Keyring.parse(self.env["ENCRYPTION_KEYS"]))
        try:
            yield store
        finally:
            await store.close()


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    return Terminal(tmp_path, {"ENCRYPTION_KEYS": new_key()})


async def begin(store: Store, customer: str, onboarding_id: str, journey: str = "1") -> None:
    async with store.write() as unit:
        unit.add(
            Onboarding(
                id=onboarding_id,
                journey=journey,
                customer=customer,
                channel_id=f"C{onboarding_id.upper()}",
                team_id="T2",
                lead_id="U2",
                owner_id="U1",
                language="en",
                go_live=None,
                started_at=datetime.now(UTC),
                started_by="U1",
            )
        )
        unit.record(onboarding_id, "onboarding:start", Who("T1", "U1"), changes={"customer": customer})


async def test_help_lists_every_command(terminal: Terminal) -> None:
    ended = await terminal.cold("--help")
    assert ended.code == 0
    for command in (
        "run",
        "check",
        "migrate",
        "keys",
        "verify-log",
        "accept-log",
        "backup",
        "restore",
        "after-restore",
        "repair",
        "export",
        "verify-pack",
        "erase",
    ):
        assert command in ended.out


async def test_run_refuses_with_all_that_is_missing(terminal: Terminal) -> None:
    terminal.env.pop("ENCRYPTION_KEYS")
    ended = await terminal.cold()
    assert ended.code == Exit.CONFIGURATION
    for name in ("SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET", "SUPPORT_CHANNEL", "ENCRYPTION_KEYS"):
        assert f"wrong: {name} is missing" in ended.err
    assert "python -m bot keys new" in ended.err
    assert "Traceback" not in ended.err


async def test_a_database_from_its_making_to_a_newer_one(terminal: Terminal) -> None:
    terminal.env |= {
        "SLACK_BOT_TOKEN": "xoxb-1-made-up",
        "SLACK_APP_TOKEN": "xapp-1-made-up",
        "SUPPORT_CHANNEL": "C0SUPPORT",
    }
    before = await terminal.bot("run")
    assert (before.code, "python -m bot migrate" in before.err) == (Exit.DATABASE_OLDER, True)
    assert not (terminal.folder / "bot.db").exists()
    assert (await terminal.cold("migrate")).out.startswith("ok: migrated from empty")
    with sqlite3.connect(terminal.folder / "bot.db") as database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    database.close()
    for command in ("run", "migrate", "verify-log"):
        newer = await terminal.bot(command)
        assert (newer.code, "run the newer version" in newer.err) == (Exit.DATABASE_NEWER, True)


async def test_a_customer_on_a_journey_that_the_code_lacks_keeps_it_from_running(terminal: Terminal) -> None:
    terminal.env |= {
        "SLACK_BOT_TOKEN": "xoxb-1-made-up",
        "SLACK_APP_TOKEN": "xapp-1-made-up",
        "SLACK_API_URL": "http://127.0.0.1:9/api/",
        "SUPPORT_CHANNEL": "C0SUPPORT",
    }
    await terminal.bot("migrate")
    async with terminal.store() as store:
        await begin(store, "Acme Bank", "onb_1")
        await begin(store, "Blue Coop", "onb_2", journey="7")
    fault = "this version of the bot lacks the journey 7, on which 1 onboarding (onb_2) began - run the version of the bot that has it"
    refused = await terminal.bot("run")
    assert (refused.code, f"wrong: {fault}" in refused.err) == (Exit.DATABASE_NEWER, True)
    assert "Blue Coop" not in refused.err
    assert "Traceback" not in refused.err
    assert f"wrong: journeys: {fault}" in (await terminal.bot("check")).out
    assert (await terminal.bot("erase", "onb_2", "--yes")).code == 0
    assert "ok: journeys: each customer's version is here" in (await terminal.bot("check")).out


async def test_a_file_that_is_no_database_is_said(terminal: Terminal) -> None:
    (terminal.folder / "bot.db").write_bytes(b"not a database at all" * 100)
    ended = await terminal.bot("migrate")
    assert ended.code == Exit.DATABASE_UNREACHABLE
    assert "Traceback" not in ended.err


async def test_a_changed_log_is_found(terminal: Terminal) -> None:
    await terminal.bot("migrate")
    async with terminal.store() as store:
        await begin(store, "Acme Bank", "onb_1")
    with sqlite3.connect(terminal.folder / "bot.db") as database:
        database.execute("UPDATE audit_events SET user_id = 'U9' WHERE onboarding_id = 'onb_1'")
    database.close()
    ended = await terminal.cold("verify-log")
    assert ended.code == Exit.ALTERED
    assert "onb_1: changed at event 1" in ended.err


MANIFEST = """
display_information: {name: Onboarding}
features: {slash_commands: [{command: /onboarding}]}
oauth_config: {scopes: {bot: [chat:write, commands, channels:read]}}
settings:
  interactivity: {is_enabled: true}
  event_subscriptions: {bot_events: [app_home_opened]}
  socket_mode_enabled: true
"""


async def test_check_says_of_each_thing_whether_it_is_right(terminal: Terminal) -> None:
    (terminal.folder / "app_manifest.yaml").write_text(MANIFEST)
    await terminal.bot("migrate")
    async with Playground("unused") as world:
        team = world.add_team("Pismo")
        support = world.add_channel("onboarding-support", team, private=True)
        terminal.env |= {
            "SLACK_BOT_TOKEN": world.bot_token,
            "SLACK_APP_TOKEN": world.app_token,
            "SLACK_API_URL": world.api_url,
            "SUPPORT_CHANNEL": support.id,
            "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9",  # where nobody is
        }
        well = await terminal.cold("check")
        told = [line.split(": ")[:2] for line in well.out.splitlines()]
        assert [name for outcome, name in told if outcome == "note"] == [
            "sessions",
            "Slack app",
            "SUPPORT_CHANNEL",
            "traces",
            "Service Desk",
        ]
        assert [outcome for outcome, _ in told].count("ok") == len(told) - 5 == 10
        assert well.code == 0

        world.scopes -= {"commands"}
        support.shared_with = [world.add_team("Acme Bank")]
        wrong = await terminal.bot("check")
        assert wrong.code == Exit.CONFIGURATION
        assert "wrong: Slack scopes: missing: commands - paste app_manifest.yaml" in wrong.out
        assert "wrong: SUPPORT_CHANNEL: is shared with another company - end the sharing" in wrong.out
        world.remove_bot_from(support)
        assert "wrong: SUPPORT_CHANNEL: Slack returned channel_not_found - invite the bot" in (await terminal.bot("check")).out

        terminal.env |= {"SLACK_BOT_TOKEN": "xoxb-not-this-one", "OTEL_EXPORTER_OTLP_HEADERS": "api key=not-this-one"}
        refused = await terminal.bot("check")
        assert "wrong: Slack token: Slack returned invalid_auth - copy the Bot User OAuth Token" in refused.out
        assert "wrong: traces: OTEL_EXPORTER_OTLP_HEADERS: not name=value" in refused.out
        assert "not-this-one" not in refused.out + refused.err


async def test_check_without_slack_says_that_the_bot_starts_all_the_same(terminal: Terminal) -> None:
    terminal.env |= {
        "SLACK_BOT_TOKEN": "xoxb-1-made-up",
        "SLACK_APP_TOKEN": "xapp-1-made-up",
        "SLACK_API_URL": "http://127.0.0.1:9/api/",
        "SUPPORT_CHANNEL": "C0SUPPORT",
    }
    ended = await terminal.bot("check")
    assert "wrong: Slack token: Slack returned unreachable - check that this machine reaches SLACK_API_URL" in ended.out
