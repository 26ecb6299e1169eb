"""What an operator types to back up, to restore and to repair, in the test's own process."""

import asyncio
import contextlib
import os
import pwd
import re
import shlex
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest
from click.testing import CliRunner, Result

from bot.config.settings import Exit, Settings
from bot.ops.cli import main
from storage.lock import only_one
from storage.migrate import upgrade
from storage.sealing import Keyring, new_key, using
from storage.store import Store
from tests.storage.example import dump, raw, whole

T = TypeVar("T")
ROOT = Path(__file__).parents[3]
KEY = new_key()
URL = "sqlite+aiosqlite:///bot.db"


@pytest.fixture(autouse=True)
def customers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Two, in a database in the working directory, which is the test's own."""
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("DATABASE_URL", URL)
    monkeypatch.setenv("ENCRYPTION_KEYS", KEY)
    upgrade(URL)
    with using(Keyring.parse(KEY)):
        for one, name in (("onb_1", "Acme"), ("onb_2", "Blue Coop")):
            stored(lambda store, one=one, name=name: whole(store, id=one, customer=name))  # type: ignore[misc]
        yield


def stored(work: Callable[[Store], Awaitable[T]]) -> T:
    async def do() -> T:
        store = Store(URL, Keyring.parse(KEY))
        try:
            return await work(store)
        finally:
            await store.close()

    return asyncio.run(do())


def bot(*words: str, typed: str = "") -> Result:
    return CliRunner().invoke(main, words, input=typed)


def repairs() -> list[str]:
    return [row[0] for row in raw(URL, "SELECT onboarding_id FROM effects WHERE kind = 'repair' ORDER BY onboarding_id")]


def test_two_commands_bring_a_backup_back() -> None:
    assert bot("backup", "kept.db").output.startswith("ok: kept.db holds the database")
    assert "is there already" in bot("backup", "kept.db").output
    assert bot("backup", "kept.db", "--force").exit_code == Exit.OK
    assert "is the database itself" in bot("backup", "bot.db", "--force").output
    assert bot("backup", "").exit_code == Exit.CONFIGURATION
    raw(URL, "DELETE FROM effects")
    assert bot("erase", "onb_2", "--yes").exit_code == Exit.OK
    with only_one(URL):
        assert "a bot runs on" in bot("restore", "kept.db", "--yes").output
    asked = bot("restore", "kept.db", typed="n\n")
    assert (asked.exit_code, "is lost, except in Slack" in asked.output) == (Exit.FAILED, True)
    assert repairs() == []

    done = bot("restore", "kept.db", typed="y\n")
    assert done.exit_code == Exit.OK, done.output
    assert "ok: audit logs verified: 2 onboardings" in done.output
    assert repairs() == ["onb_1", "onb_2"]
    (again,) = re.findall("note: onb_2 was erased after the backup and is back - run: python -m bot (.*)", done.output)
    with contextlib.closing(sqlite3.connect(next(Path().glob("bot.db.before-*")))) as former:
        assert former.execute("SELECT count(*) FROM effects WHERE kind = 'repair'").fetchone() == (0,)
    assert bot(*again.split()).exit_code == Exit.OK
    assert bot("verify-log").output == "ok: audit logs verified: 1 onboarding\n"


def test_a_bot_that_runs_is_not_told_of_a_restored_backup_behind_its_back() -> None:
    before = dump(URL)
    with only_one(URL):
        refused = bot("after-restore")
    assert (refused.exit_code, "a bot runs on" in refused.output) == (Exit.FAILED, True), refused.output
    assert dump(URL) == before
    assert bot("after-restore").exit_code == Exit.OK
    assert repairs() == ["onb_1", "onb_2"]


@pytest.mark.process
def test_a_command_that_is_told_to_end_takes_away_what_it_has_half_made() -> None:
    bot("backup", "kept.db")
    before = sorted(path.name for path in Path().iterdir())
    command, environment = [sys.executable, "-m", "bot", "restore", "kept.db"], {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:  # noqa: S603
        assert process.stdin is not None
        assert process.stdout is not None
        printed = b""
        while b"is lost, except in Slack" not in printed and (read := os.read(process.stdout.fileno(), 1000)):
            printed += read
        assert [path.name for path in Path().glob(".bot.db.restored-*")] != [], printed
        process.send_signal(signal.SIGTERM)
        process.stdin.close()  # if it came just before the answer is waited for, it shows once that ends
        assert process.wait() == 128 + signal.SIGTERM
    assert sorted(path.name for path in Path().iterdir() if not path.name.endswith(".lock")) == before
    assert bot("restore", "kept.db", "--yes").exit_code == Exit.OK


def test_what_could_not_run_does_not_take_the_databases_place(monkeypatch: pytest.MonkeyPatch) -> None:
    bot("backup", "kept.db")
    bot("backup", "altered.db")
    bot("backup", "newer.db")
    raw("sqlite:///altered.db", "UPDATE audit_events SET user_id = 'U9' WHERE id = 'onb_1:2'")
    raw("sqlite:///newer.db", "UPDATE alembic_version SET version_num = '9999'")
    before = dump(URL)
    altered = bot("restore", "altered.db", "--yes")
    assert (altered.exit_code, "wrong: onb_1: changed at event 2" in altered.output) == (Exit.ALTERED, True)
    assert bot("restore", "newer.db", "--yes").exit_code == Exit.DATABASE_NEWER
    monkeypatch.setenv("ENCRYPTION_KEYS", new_key())
    assert bot("restore", "kept.db", "--yes").exit_code == Exit.UNKNOWN_KEY
    monkeypatch.setenv("ENCRYPTION_KEYS", KEY)
    assert dump(URL) == before
    assert sorted(path.name for path in Path().iterdir() if "restored" in path.name or "before" in path.name) == []

    Path("bot.db").unlink()  # it is lost
    assert bot("restore", "kept.db", "--yes").exit_code == Exit.OK
    assert repairs() == ["onb_1", "onb_2"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files to others")
def test_a_database_is_left_to_the_user_who_owns_it(monkeypatch: pytest.MonkeyPatch) -> None:
    nobody = pwd.getpwnam("nobody").pw_uid
    with tempfile.TemporaryDirectory() as folder:
        Path("bot.db").rename(f"{folder}/bot.db")
        monkeypatch.chdir(folder)
        bot("backup", "kept.db")
        for name in (".", "bot.db"):
            os.chown(name, nobody, -1)
        before = sorted(Path().iterdir())
        writing = (["after-restore"], ["backup", "other.db"], ["erase", "onb_2", "--yes"], ["restore", "kept.db", "--yes"])
        for words in (["migrate"], *writing):
            done = bot(*words)
            assert (done.exit_code, "sudo -u nobody …; or," in done.output) == (Exit.CONFIGURATION, True), done.output
            assert done.output.endswith(f"if the bot itself runs as root: chown root {folder}/bot.db*\n"), done.output
        assert sorted(Path().iterdir()) == before

        with only_one(URL):  # its file is root's
            pass
        os.seteuid(nobody)
        try:
            assert f"give it back: sudo chown nobody {folder}/bot.db.lock\n" in bot("verify-log").output
            os.seteuid(0)
            Path("bot.db.lock").unlink()
            os.seteuid(nobody)
            assert bot("verify-log").exit_code == Exit.OK
            os.seteuid(0)
            os.chown(".", 0, -1)  # it was made for root alone
            monkeypatch.setenv("DATABASE_URL", f"sqlite+aiosqlite:///{folder}/bot.db")
            monkeypatch.chdir("/")
            os.seteuid(nobody)
            assert "a folder that cannot be looked into" in bot("verify-log").output
        finally:
            os.seteuid(0)

        os.chown(folder, nobody, -1)
        monkeypatch.chdir(folder)
        Path("bot.db").rename("lost.db")
        alone = bot("restore", "kept.db", "--yes")  # in a folder of another user
        assert (alone.exit_code, f"{folder} belongs to the user nobody" in alone.output) == (Exit.FAILED, True), alone.output
        assert alone.output.endswith(f"if the bot itself runs as root: chown root {folder}\n"), alone.output
        os.chown(".", 0, -1)
        assert bot("restore", "kept.db", "--yes").exit_code == Exit.OK


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files to others")
def test_whoever_may_use_a_database_by_a_groups_rights_may_restore_it(monkeypatch: pytest.MonkeyPatch) -> None:
    owner, this = pwd.getpwnam("daemon").pw_uid, pwd.getpwnam("nobody")
    with tempfile.TemporaryDirectory() as folder:
        Path("bot.db").rename(f"{folder}/bot.db")
        monkeypatch.chdir(folder)
        bot("backup", "kept.db")
        os.chown("kept.db", this.pw_uid, -1)
        for path, mode in ((Path(), 0o2750), (Path("bot.db"), 0o660)):  # as fsGroup leaves them, but for the folder
            os.chown(path, owner, this.pw_gid)
            path.chmod(mode)
        os.setegid(this.pw_gid)
        os.seteuid(this.pw_uid)
        try:
            kept = bot("restore", "kept.db", "--yes")
            assert (kept.exit_code, f"sudo chown nobody {folder}\n" in kept.output) == (Exit.FAILED, True), kept.output
            os.seteuid(0)
            Path().chmod(0o2770)
            os.seteuid(this.pw_uid)
            done = bot("restore", "kept.db", "--yes")
            assert done.exit_code == Exit.OK, done.output
            assert bot("verify-log").exit_code == Exit.OK
        finally:
            os.seteuid(0)
            os.setegid(0)
        found = Path("bot.db").stat()
        assert (found.st_uid, found.st_gid, found.st_mode & 0o777) == (this.pw_uid, this.pw_gid, 0o600)


def test_a_backup_is_looked_into_without_a_bot_as_the_documents_say(monkeypatch: pytest.MonkeyPatch) -> None:
    _, _, drill = (ROOT / "docs/operations.md").read_text().partition("### The drill")
    lines = [line.partition("#")[0].strip() for line in drill.partition("```sh\n")[2].partition("```")[0].splitlines()]
    bot("backup", "backup.db")
    Path("bot.db").unlink()
    for line in lines:
        program, *words = shlex.split(line.replace("CUSTOMER", "acme"))
        if program == "export":
            monkeypatch.setenv(*words[0].split("=", 1))
        else:
            done = bot(*words)
            assert (program, done.exit_code) == ("pismo-onboarding", Exit.OK), done.output
    assert not Path("bot.db").exists()


def test_one_customer_or_all_are_repaired_but_those_that_are_not_what_was_written() -> None:
    assert bot("repair").exit_code == bot("repair", "acme", "--all").exit_code == Exit.CONFIGURATION
    assert "no such customer" in bot("repair", "nobody").output
    one = bot("repair", "acme")
    assert (one.exit_code, "onb_1 (Acme): all messages" in one.output, repairs()) == (Exit.OK, True, ["onb_1"])
    raw(URL, "UPDATE audit_events SET user_id = 'U9' WHERE id = 'onb_1:2'")
    raw(URL, "UPDATE audit_heads SET mac = 'v1.k.x' WHERE onboarding_id = 'onb_1'")
    every = bot("repair", "--all")
    assert (every.exit_code, "onb_2 (Blue Coop): all messages" in every.output) == (Exit.ALTERED, True), every.output
    assert repairs() == ["onb_1", "onb_2"]
    assert bot("accept-log", "onb_1", "--yes").exit_code == Exit.OK
    ((name,),) = raw(URL, "SELECT customer FROM onboardings WHERE id = 'onb_1'")
    raw(URL, "UPDATE onboardings SET customer = 'v1.other.x' WHERE id = 'onb_1'")
    raw(URL, "UPDATE onboardings SET started_at = '2020-01-01 12:00:00' WHERE id = 'onb_1'")  # it comes first
    damaged = bot("repair", "--all")
    assert (damaged.exit_code, "onb_2 (Blue Coop): all messages" in damaged.output) == (Exit.ALTERED, True), damaged.output
    assert "wrong: onboardings.customer of onb_1" in damaged.output
    raw(URL, "UPDATE onboardings SET customer = :name WHERE id = 'onb_1'", name=name)
    assert bot("repair", "--all").exit_code == Exit.OK
    assert bot("erase", "onb_2", "--yes").exit_code == Exit.OK
    assert "was erased" in bot("repair", "onb_2").output
