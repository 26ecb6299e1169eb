"""What an operator does about an altered log, in the test's own process."""

import asyncio
import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.config.settings import Exit
from bot.ops.cli import main
from storage.migrate import upgrade
from storage.sealing import Keyring, new_key, using
from storage.store import Store
from tests.storage.example import whole


@pytest.fixture
def onboarding_id(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """In a database in the working directory, which is the test's own."""
    url, key = f"sqlite+aiosqlite:///{tmp_path}/bot.db", new_key()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.setenv("ENCRYPTION_KEYS", key)
    upgrade(url)
    with using(Keyring.parse(key)) as keyring:
        yield asyncio.run(begin(url, keyring))


async def begin(url: str, keyring: Keyring) -> str:
    store = Store(url, keyring)
    try:
        return await whole(store)
    finally:
        await store.close()


def bot(*arguments: str, typed: str = "") -> Result:
    return CliRunner().invoke(main, arguments, input=typed)


def write(statement: str, *values: str) -> None:
    with contextlib.closing(sqlite3.connect("bot.db")) as connection, connection:
        connection.execute(statement, values)


def test_a_log_is_compared_with_what_was_kept_and_goes_on_once_it_is_accepted(onboarding_id: str) -> None:
    assert bot("verify-log", "--save", "heads.json").exit_code == 0
    assert Path("heads.json").stat().st_mode & 0o077 == 0
    assert bot("verify-log", "--since", "heads.json").output == "ok: audit logs verified: 1 onboarding\n"

    write("DELETE FROM decisions WHERE onboarding_id = ?", onboarding_id)
    altered = bot("verify-log", "--save", "later.json")
    assert altered.exit_code == Exit.ALTERED
    assert f"wrong: {onboarding_id}: row_missing: decisions/{onboarding_id}:organization:1:UOWNER" in altered.output
    assert not Path("later.json").exists()

    assert bot("accept-log", onboarding_id, typed="n\n").exit_code == 1
    assert bot("verify-log").exit_code == Exit.ALTERED
    assert bot("accept-log", onboarding_id, typed="y\n").output.endswith(
        "ok: the onboarding goes on; the log records what was found\n"
    )
    assert bot("verify-log", "--since", "heads.json").exit_code == 0

    Path("heads.json").write_text("{}")
    unusable = bot("verify-log", "--since", "heads.json")
    assert (unusable.exit_code, "heads.json cannot be compared with" in unusable.output) == (Exit.FAILED, True)


def test_what_an_altered_log_keeps_a_command_from_says_what_to_run(onboarding_id: str) -> None:
    write("UPDATE audit_events SET user_id = 'U9' WHERE id = ?", f"{onboarding_id}:3")
    refused = bot("erase", onboarding_id, "--yes")
    assert refused.exit_code == Exit.ALTERED
    assert "so nothing was written - run: python -m bot verify-log" in refused.output
    assert bot("accept-log", onboarding_id, "--yes").exit_code == 0
    assert bot("erase", onboarding_id, "--yes").exit_code == 0
    assert bot("verify-log").exit_code == 0
