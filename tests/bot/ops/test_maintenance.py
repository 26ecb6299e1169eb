"""What operators do from a terminal: keys are made where they are kept and missed before anything is written, who is erased is named
exactly, and files are for their owner alone."""

import asyncio
import errno
import os
import re
import sqlite3
import stat
import subprocess
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.config.settings import Exit, Settings
from bot.messages.pack_readme import WITH_OPENSSL
from bot.ops.cli import main
from bot.ops.key_file import put_first
from playground.slack.screen import tells
from playground.walkthrough import said as wording
from storage import keys, sealing
from storage.archive import unzipped
from storage.erase import erase
from storage.files import keep_private
from storage.migrate import upgrade
from storage.sealing import Keyring, Place, new_key
from storage.store import Store
from storage.tables import id_column, metadata, sealed_columns
from tests.storage.example import SECRET, dump, raw, whole

OLD, NEW = new_key(), new_key()
OLD_ID, NEW_ID = OLD.partition(":")[0], NEW.partition(":")[0]
MISNAMED = f"{OLD_ID}:{NEW.partition(':')[2]}"
COMMANDS = (["verify-log"], ["export", "onb_1"], ["erase", "onb_1", "--yes"], ["keys", "rotate"], ["after-restore"])


@dataclass
class Shell:
    """The command line in the test's own process."""

    monkeypatch: pytest.MonkeyPatch
    folder: Path

    @property
    def url(self) -> str:
        return f"sqlite+aiosqlite:///{self.folder}/bot.db"

    def bot(self, *words: str, keys: str = "", answer: str = "") -> Result:
        if keys:
            self.monkeypatch.setenv("ENCRYPTION_KEYS", keys)
        return CliRunner().invoke(main, words, input=answer)

    def stored(self, keys: str, work: Callable[[Store], Awaitable[object]]) -> None:
        async def do() -> None:
            store = Store(self.url, Keyring.parse(keys))
            await work(store)
            await store.close()

        asyncio.run(do())

    def opened(self, keys: str, onboarding_id: str) -> str:
        """All sealed values that belong to an onboarding, in the clear; those that can't be opened as they are."""
        found = list[str]()
        for table in metadata.sorted_tables:
            named = "onboarding_id" if "onboarding_id" in table.c else "id"
            for column in sealed_columns(table):
                row_id = id_column(table).name
                query = f"SELECT {row_id}, {column.name} FROM {table.name} WHERE {named} = :o"  # noqa: S608  our own names
                for one, sealed in raw(self.url, query, o=onboarding_id):
                    found.append(Keyring.parse(keys).open(sealed, Place(table.name, column.name, one)))
        return "\n".join(found)

    def begin(self, keys: str, onboarding_id: str, customer: str = SECRET) -> None:
        self.stored(keys, lambda store: whole(store, id=onboarding_id, customer=customer))


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Shell]:
    """On a database with tables."""
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    made = Shell(monkeypatch, tmp_path)
    for name, value in {
        "DATABASE_URL": made.url,
        "SLACK_BOT_TOKEN": "xoxb-1-made-up",
        "SLACK_APP_TOKEN": "xapp-1-made-up",
        "SLACK_API_URL": "http://127.0.0.1:9/api/",
        "SUPPORT_CHANNEL": "C0SUPPORT",
    }.items():
        monkeypatch.setenv(name, value)
    upgrade(made.url)
    yield made
    sealing.use(None)


# -- keys that are not those that are needed


@pytest.mark.parametrize("wrong", [NEW, MISNAMED], ids=("another", "another of the same id"))
def test_without_the_key_nothing_runs_and_nothing_is_written(shell: Shell, wrong: str) -> None:
    shell.begin(OLD, "onb_1")
    before = dump(shell.url)
    without = [shell.bot(command) for command in ("run", "verify-log", "check")]
    assert [(one.exit_code, f"sealed with the key {OLD_ID}" in one.output) for one in without] == [(Exit.CONFIGURATION, True)] * 3
    ran = shell.bot("run", keys=wrong)
    assert ran.exit_code == Exit.CONFIGURATION
    assert f"the key {OLD_ID}" in ran.stderr
    checked = shell.bot("check", keys=wrong)
    assert (checked.exit_code, f"wrong: keys: what is stored is sealed with the key {OLD_ID}" in checked.stdout) == (2, True)
    for words in COMMANDS:
        refused = shell.bot(*words, keys=wrong)
        assert (refused.exit_code, OLD_ID in refused.stderr) == (Exit.UNKNOWN_KEY, True), words
        assert "altered" not in refused.output
        assert "not what was written" not in refused.output
        assert wrong.partition(":")[2] not in refused.output
    assert dump(shell.url) == before
    assert [path.name for path in shell.folder.iterdir() if not path.name.startswith("bot.db")] == []
    assert shell.bot("verify-log", keys=OLD).exit_code == Exit.OK


def test_a_database_that_two_keys_sealed_names_both(shell: Shell) -> None:
    shell.begin(OLD, "onb_1")
    shell.begin(f"{NEW},{OLD}", "onb_2")
    for given in (OLD, NEW):
        ran = shell.bot("run", keys=given)
        assert ran.exit_code == Exit.CONFIGURATION
        assert all(key in ran.stderr for key in (OLD_ID, NEW_ID))
    assert shell.bot("keys", "rotate", keys=f"{NEW},{OLD}").exit_code == Exit.OK
    assert shell.bot("verify-log", keys=NEW).stdout == "ok: audit logs verified: 2 onboardings\n"
    assert "ok: keys: open everything that is stored" in shell.bot("check").stdout


def test_what_was_altered_is_said_though_a_key_is_missing(shell: Shell) -> None:
    shell.begin(OLD, "onb_1")
    shell.begin(f"{NEW},{OLD}", "onb_2")
    assert shell.bot("verify-log", keys=NEW).exit_code == Exit.UNKNOWN_KEY
    raw(shell.url, "UPDATE audit_events SET user_id = 'U9' WHERE id = 'onb_1:2'")
    found = shell.bot("verify-log", keys=NEW)
    assert (found.exit_code, found.stderr.count("wrong: onb_1: changed at event 2")) == (Exit.ALTERED, 1)
    assert "unknown_key" not in found.stderr


def test_a_key_that_never_was_hides_nothing(shell: Shell) -> None:
    shell.begin(OLD, "onb_1")
    raw(shell.url, "DELETE FROM audit_events WHERE id = 'onb_1:3'")
    raw(shell.url, "UPDATE audit_heads SET mac = 'v1.kgone.' || substr(mac, 5)")
    found = shell.bot("verify-log", keys=OLD)
    assert (found.exit_code, "wrong: onb_1: head_changed" in found.stderr) == (Exit.ALTERED, True)
    assert "ok: keys: open everything that is stored" in shell.bot("check").stdout  # one customer's trouble

    raw(shell.url, "INSERT INTO sealing_keys (id, mac, retired) VALUES ('kgone', 'x', false)")
    listed = shell.bot("verify-log")
    assert (listed.exit_code, "wrong: onb_1: cut at event 3" in listed.stderr) == (Exit.ALTERED, True)
    assert "the bot lacks the key kgone" in listed.stderr


def test_another_key_under_the_same_id_hides_nothing_that_needs_no_key(shell: Shell) -> None:
    shell.begin(OLD, "onb_1")
    assert shell.bot("verify-log", keys=MISNAMED).exit_code == Exit.UNKNOWN_KEY
    raw(shell.url, "DELETE FROM audit_events WHERE id = 'onb_1:3'")
    found = shell.bot("verify-log")
    assert (found.exit_code, "wrong: onb_1: cut at event 3" in found.stderr) == (Exit.ALTERED, True)


def test_a_value_under_a_key_that_never_was_is_one_customers_damage(shell: Shell) -> None:
    shell.begin(OLD, "onb_1")
    shell.begin(OLD, "onb_2", "Blue Coop")
    for table, column, of in (("tasks", "answers", "onboarding_id"), ("onboardings", "customer", "id")):
        raw(shell.url, f"UPDATE {table} SET {column} = 'v1.kevil.' || substr({column}, 14) WHERE {of} = 'onb_1'")  # noqa: S608  our own
    assert shell.bot("export", "blue coop", "-o", "out", keys=OLD).exit_code == Exit.OK
    raw(shell.url, "UPDATE people SET name = 'v1.kevil.' || substr(name, 14)")
    found = shell.bot("verify-log")
    assert (found.exit_code, "wrong: onb_1: row_changed: onboardings/onb_1" in found.stderr) == (Exit.ALTERED, True)
    assert "wrong: people.name of TCUST/ULEAD names the key kevil, which never sealed anything here" in found.stderr
    shell.stored(OLD, lambda store: store.transact(keys.claim))  # as a bot that starts
    assert "ok: keys: open everything that is stored" in shell.bot("check").stdout
    assert "tasks.answers of onb_1:planning.session:1" in shell.bot("export", "onb_1", "-o", "out").stderr

    rotated = shell.bot("keys", "rotate", keys=f"{NEW},{OLD}")
    assert (rotated.exit_code, "onboardings.customer of onb_1" in rotated.stderr) == (Exit.ALTERED, True)
    assert shell.bot("accept-log", "onb_1", "--yes").exit_code == Exit.OK
    assert shell.bot("erase", "onb_1", "--yes").exit_code == Exit.OK
    assert shell.bot("erase", "onb_2", "--yes").exit_code == Exit.OK
    assert shell.bot("verify-log", keys=NEW).exit_code == Exit.OK


def test_a_key_that_was_put_on_the_list_or_is_lost_can_be_forgotten(shell: Shell) -> None:
    shell.begin(OLD, "onb_1")
    shell.begin(OLD, "onb_2")
    raw(shell.url, "UPDATE tasks SET answers = 'v1.kevil.' || substr(answers, 14) WHERE onboarding_id = 'onb_1'")
    raw(shell.url, "INSERT INTO sealing_keys (id, mac, retired) VALUES ('kevil', 'x', false)")
    assert shell.bot("erase", "onb_2", "--yes", keys=OLD).exit_code == Exit.UNKNOWN_KEY
    assert "give one of these: kevil" in shell.bot("keys", "forget", "ktypo").stderr
    assert "there is nothing to forget" in shell.bot("keys", "forget", OLD_ID).stderr
    asked = shell.bot("keys", "forget", "kevil", answer="n\n")
    assert (asked.exit_code, "tasks.answers: 1 values name it" in asked.stdout) == (Exit.FAILED, True)
    assert shell.bot("verify-log").exit_code == Exit.UNKNOWN_KEY
    assert shell.bot("keys", "forget", "kevil", answer="y\n").exit_code == Exit.OK
    found = shell.bot("verify-log")
    assert (found.exit_code, "wrong: onb_1: row_changed: tasks/onb_1" in found.stderr) == (Exit.ALTERED, True)
    assert shell.bot("erase", "onb_2", "--yes").exit_code == Exit.OK


DAMAGE = {
    "steps.state of onb_1:organization": "UPDATE steps SET state = 'x' WHERE id = 'onb_1:organization'",
    "steps.version of onb_1:organization": "UPDATE steps SET version = 'x' WHERE id = 'onb_1:organization'",
    "onboardings.started_at of onb_1": "UPDATE onboardings SET started_at = 'x' WHERE id = 'onb_1'",
    "onboardings.closed_at of onb_1": "UPDATE onboardings SET closed_at = 7 WHERE id = 'onb_1'",
    "onboardings.customer of onb_1": "UPDATE onboardings SET customer = x'ff' WHERE id = 'onb_1'",
    "third_companies.people of onb_1:TTHIRD": "UPDATE third_companies SET people = '{' WHERE onboarding_id = 'onb_1'",
    "expiries.last_day of onb_1:planning.session": "UPDATE expiries SET last_day = 'x' WHERE onboarding_id = 'onb_1'",
    "drafts.at of onb_1:planning:": "UPDATE drafts SET at = 'x' WHERE onboarding_id = 'onb_1'",
    "decisions.reason of onb_1:organization:1:UOWNER": "UPDATE decisions SET reason = CAST(x'ff' AS TEXT) WHERE onboarding_id = 'onb_1'",
}


def test_what_nobody_could_have_written_is_named_and_keeps_nobody_from_exporting_and_erasing(shell: Shell) -> None:
    shell.begin(OLD, "onb_1", "Acme Bank")
    shell.begin(OLD, "onb_2", "Blue Coop")
    whole_one = (shell.folder / "bot.db").read_bytes()
    for where, statement in DAMAGE.items():
        (shell.folder / "bot.db").write_bytes(whole_one)
        raw(shell.url, statement)
        table, _, row = where.partition(" of ")
        found = shell.bot("verify-log", keys=OLD)
        named = f"{table.partition('.')[0]}/{row}" in found.stderr or f"wrong: {where}: not what was written" in found.stderr
        assert (found.exit_code, named) == (Exit.ALTERED, True), where
        assert shell.bot("export", "blue coop", "-o", "out").exit_code == Exit.OK, where
        exported = shell.bot("export", "onb_1", "-o", "out")
        assert (exported.exit_code, where in exported.stderr) == (Exit.ALTERED, True), where
        assert shell.bot("accept-log", "onb_1", "--yes").exit_code == Exit.OK, where
        assert shell.bot("erase", "onb_1", "--yes").exit_code == Exit.OK, where
        assert SECRET not in shell.opened(OLD, "onb_1"), where


def test_what_only_seems_to_be_erased_is_erased(shell: Shell) -> None:
    shell.begin(OLD, "onb_1")
    shell.begin(OLD, "onb_2")
    raw(shell.url, "UPDATE onboardings SET erased_at = started_at WHERE id = 'onb_1'")
    raw(shell.url, "DELETE FROM onboardings WHERE id = 'onb_2'")
    for one in ("onb_1", "onb_2"):
        assert shell.bot("erase", one, "--yes", keys=OLD).exit_code == Exit.OK
        assert SECRET not in shell.opened(OLD, one)


def test_what_somebody_left_in_the_database_to_act_for_them_is_named(shell: Shell) -> None:
    raw(shell.url, "CREATE TRIGGER evil AFTER UPDATE ON steps BEGIN UPDATE steps SET state = 'done'; END")
    found = shell.bot("verify-log", keys=OLD)
    assert (found.exit_code, "wrong: a trigger that the bot never makes: evil" in found.stderr) == (Exit.ALTERED, True)


def test_a_row_that_is_named_like_a_message_hides_nothing_in_a_terminal(shell: Shell) -> None:
    shell.begin(OLD, "onb_1")
    raw(
        shell.url,
        "INSERT INTO members (id, onboarding_id, team_id, user_id, role) VALUES (:i, 'onb_1', '', '', '')",
        i="\x1b[2K\rok",
    )
    assert "row_added: members/\\x1b[2K\\rok" in shell.bot("verify-log", keys=OLD).stderr


def test_only_what_there_is_and_what_was_shown_is_accepted(shell: Shell) -> None:
    shell.begin(OLD, "onb_1")
    unknown = shell.bot("accept-log", "onb_typo", "--yes", keys=OLD)
    assert (unknown.exit_code, "there is no such onboarding" in unknown.stderr) == (Exit.FAILED, True)
    assert "restart that bot" in shell.bot("accept-log", "register").stdout
    raw(shell.url, "DELETE FROM decisions")
    shown: list[str] = []

    def confirm(text: str, **_: object) -> bool:
        shown.append(text)
        raw(shell.url, "DELETE FROM grants")
        return True

    shell.monkeypatch.setattr("click.confirm", confirm)
    refused = shell.bot("accept-log", "onb_1")
    assert (refused.exit_code, "run this again" in refused.stderr, len(shown)) == (Exit.ALTERED, True, 1)
    assert shell.bot("accept-log", "onb_1").exit_code == Exit.OK
    assert shell.bot("verify-log", "--save", "heads.json").exit_code == Exit.OK


def test_a_file_of_heads_that_cannot_be_written_is_said(shell: Shell) -> None:
    shell.begin(OLD, "onb_1")
    (shell.folder / "file").touch()
    refused = shell.bot("verify-log", "--save", "file/heads.json", keys=OLD)
    assert (refused.exit_code, "name a file in a folder of yours" in refused.stderr) == (Exit.FAILED, True)
    assert refused.exception is None or isinstance(refused.exception, SystemExit)


def test_damaged_values_keep_nobody_from_exporting_rotating_and_erasing(shell: Shell) -> None:
    shell.begin(OLD, "onb_1", "Acme Bank")
    shell.begin(OLD, "onb_2", "Blue Coop")
    for table, column in (
        ("submissions", "answers"),
        ("onboardings", "customer"),
        ("decisions", "reason"),
        ("effects", "arguments"),
    ):
        of = "onboarding_id" if table != "onboardings" else "id"
        raw(shell.url, f"UPDATE {table} SET {column} = {column} || 'x' WHERE {of} = 'onb_1'")  # noqa: S608  our own names
    assert shell.bot("accept-log", "onb_1", "--yes", keys=OLD).exit_code == Exit.OK
    left = shell.bot("verify-log")  # what the log doesn't cover can't be accepted
    assert (left.exit_code, "wrong: effects.arguments of eff_" in left.stderr, "onb_1" in left.stderr) == (
        Exit.ALTERED,
        True,
        False,
    )

    assert shell.bot("export", "blue coop", "-o", "out").exit_code == Exit.OK
    exported = shell.bot("export", "onb_1", "-o", "out")
    assert (exported.exit_code, "submissions.answers of onb_1:organization:1" in exported.stderr) == (Exit.ALTERED, True)
    files = unzipped(Path(exported.stdout.strip()).read_bytes())
    assert SECRET in files["steps.csv"].decode()
    assert "submissions.answers of" in files["export.json"].decode()
    assert tells(files["README.txt"].decode(), wording("pack.flawed"))

    for _ in range(2):
        rotated = shell.bot("keys", "rotate", keys=f"{NEW},{OLD}")
        assert (rotated.exit_code, rotated.stderr.count("onboardings.customer of onb_1")) == (Exit.ALTERED, 1)
    old = f"v1.{OLD_ID}.%"
    assert raw(shell.url, "SELECT id FROM onboardings WHERE customer LIKE :p", p=old) == [("onb_1",)]
    assert raw(shell.url, "SELECT count(*) FROM steps WHERE reason LIKE :p", p=old) == [(0,)]

    assert shell.bot("erase", "onb_1", answer="y\n").exit_code == Exit.OK
    assert shell.bot("keys", "rotate").exit_code == Exit.OK
    assert shell.bot("verify-log", keys=NEW).exit_code == Exit.OK


def test_a_list_of_keys_that_was_changed_is_an_alteration_that_is_mended(shell: Shell) -> None:
    shell.begin(OLD, "onb_1")
    raw(shell.url, "UPDATE sealing_keys SET mac = 'forged'")
    found = shell.bot("verify-log", keys=OLD)
    assert (found.exit_code, f"wrong: sealing_keys.mac of {OLD_ID}: changed" in found.stderr) == (Exit.ALTERED, True)
    for words in (["verify-log"], ["export", "onb_1"], ["keys", "rotate"]):
        refused = shell.bot(*words, keys=MISNAMED)
        assert (refused.exit_code, f"another key under the id {OLD_ID}" in refused.stderr) == (Exit.UNKNOWN_KEY, True), words
    shell.stored(OLD, lambda store: store.transact(keys.claim))  # as a bot that starts
    assert shell.bot("verify-log", keys=OLD).exit_code == Exit.OK

    raw(shell.url, "DELETE FROM sealing_keys")
    assert shell.bot("run", keys=MISNAMED).exit_code == Exit.CONFIGURATION
    assert "names the key" in shell.bot("run", keys=NEW).stderr
    assert shell.bot("verify-log", keys=OLD).exit_code == Exit.OK


def test_what_stands_for_a_key_and_is_none_keeps_nobody_from_anything_and_goes(shell: Shell) -> None:
    shell.begin(OLD, "onb_1")
    raw(shell.url, "INSERT INTO sealing_keys VALUES (x'ff', 'x', false), (:k, 'x', false)", k="\x1b[2Kok")
    raw(shell.url, "UPDATE sealing_keys SET retired = 'x' WHERE mac = 'x'")
    found = shell.bot("verify-log", keys=OLD)
    assert (found.exit_code, "wrong: sealing_keys.id of \\x1b[2Kok: not what" in found.stderr) == (Exit.ALTERED, True)
    assert found.stderr.count("wrong: sealing_keys.id of b'\\xff': not what was written") == 1
    assert shell.bot("export", "onb_1", "-o", "out").exit_code == Exit.OK
    assert f"sealed with the key {OLD_ID}; the bot lacks the key {OLD_ID} -" in shell.bot("keys", "rotate", keys=NEW).stderr
    shell.stored(OLD, lambda store: store.transact(keys.claim))  # as a bot that starts
    assert raw(shell.url, "SELECT id FROM sealing_keys") == [(OLD_ID,)]
    assert shell.bot("verify-log", keys=OLD).exit_code == Exit.OK


def test_a_revision_that_is_none_is_an_alteration(shell: Shell) -> None:
    for statement in ("INSERT INTO alembic_version VALUES ('0000')", "DELETE FROM alembic_version", "DROP TABLE alembic_version"):
        raw(shell.url, statement)
        for words in (["run"], ["migrate"], ["verify-log"]):
            refused = shell.bot(*words, keys=OLD)
            assert (refused.exit_code, "put back what was there" in refused.stderr) == (Exit.ALTERED, True), (statement, words)


def test_one_customer_from_export_to_erasure_with_a_change_of_keys_between(shell: Shell) -> None:
    shell.begin(OLD, "onb_1", "Acme Bank")
    shell.begin(OLD, "onb_2", "Acme Cards")
    assert shell.bot("verify-log", keys=OLD).stdout == "ok: audit logs verified: 2 onboardings\n"
    several = shell.bot("export", "acme")
    assert (several.exit_code, "onb_1 (Acme Bank), onb_2 (Acme Cards)" in several.stderr) == (Exit.FAILED, True)
    exported = Path(shell.bot("export", "acme bank", "-o", "out").stdout.strip())
    assert re.fullmatch(r"acme-bank-\d{4}-\d\d-\d\d\.zip", exported.name)
    assert "Acme Bank" in unzipped(exported.read_bytes())["export.json"].decode()
    old_print = printed(shell.bot("keys", "public").stdout)[OLD_ID]
    assert "onboardings: 2 rows" in shell.bot("keys", "rotate", keys=f"{NEW},{OLD}").stdout
    assert shell.bot("keys", "rotate").exit_code == Exit.OK
    assert printed(shell.bot("keys", "public", keys=NEW).stdout)[OLD_ID] == old_print  # though nobody can derive it any more
    assert f"{OLD_ID} (retired)" in shell.bot("keys", "public").stdout

    assert shell.bot("erase", "onb_1", "--yes").exit_code == Exit.OK
    assert shell.bot("export", "Acme Bank").exit_code == Exit.FAILED
    left = shell.bot("export", "onb_1", "-o", "out/left.zip")
    assert (left.exit_code, "was erased on" in left.stdout) == (Exit.OK, True)
    said = {name: b"Acme Bank" in content for name, content in unzipped(Path("out/left.zip").read_bytes()).items()}
    assert not any(said.values()), said
    assert "receipt.txt" not in said
    assert shell.bot("verify-log").exit_code == Exit.OK

    signed_now = printed(shell.bot("keys", "public").stdout)[NEW_ID]
    for name in ("DATABASE_URL", "ENCRYPTION_KEYS"):  # whoever gets it has neither
        shell.monkeypatch.delenv(name)
    assert shell.bot("verify-pack", str(exported)).stdout.endswith("VERIFIED if the key is Pismo's\n")
    assert shell.bot("verify-pack", str(exported), "--fingerprint", old_print.upper()).stdout.endswith("\nVERIFIED\n")
    other = shell.bot("verify-pack", str(exported), "--fingerprint", signed_now)
    assert (other.exit_code, other.stdout.endswith("\nNOT VERIFIED\n")) == (1, True)
    assert f"wrong: key: not the published one that you gave, but another, fingerprint {old_print}" in other.stdout
    assert shell.bot("verify-pack", "out/left.zip", "--fingerprint", signed_now).exit_code == 0
    for words in (["bot.db"], [str(exported), "--key", "bot.db"], [str(exported), "--fingerprint", "f00"]):
        unusable = shell.bot("verify-pack", *words)
        assert (unusable.exit_code, unusable.stdout, unusable.stderr.startswith("wrong: ")) == (2, "", True), words


@pytest.mark.process
def test_a_pack_is_verified_with_openssl_as_it_says_itself(shell: Shell) -> None:
    shell.begin(OLD, "onb_1", "Acme Bank")
    exported = Path(shell.bot("export", "onb_1", "-o", "out", keys=OLD).stdout.strip())
    published = shell.bot("keys", "public").stdout
    (shell.folder / "published.pem").write_text(published.partition("\n")[2])
    assert shell.bot("verify-pack", str(exported), "--key", "published.pem").exit_code == 0
    files = unzipped(exported.read_bytes())
    folder = shell.folder / "out"
    for name, content in files.items():
        (folder / name).write_bytes(content)

    def run(command: str) -> tuple[int, str]:
        assert f"\n    {command}\n" in files["README.txt"].decode()
        ran = subprocess.run(["/bin/sh", "-c", command], cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603  our own
        return ran.returncode, ran.stdout

    assert run(WITH_OPENSSL["signature"]) == (0, "Signature Verified Successfully\n")
    assert run(WITH_OPENSSL["list"])[0] == 0
    assert run(WITH_OPENSSL["files"])[1].count(": OK\n") == len(files) - len({"manifest.json", "manifest.sig", "SHA256SUMS"})
    assert run(WITH_OPENSSL["key"]) == (0, f"{printed(published)[OLD_ID]}\n")
    (folder / "SHA256SUMS").write_bytes(files["steps.csv"])  # signed, but as another file
    assert run(WITH_OPENSSL["list"])[0] == 1
    (folder / "SHA256SUMS").write_bytes(files["SHA256SUMS"])
    with (folder / "steps.csv").open("ab") as changed:
        changed.write(b" ")
    assert run(WITH_OPENSSL["files"])[0] == 1
    with (folder / "manifest.json").open("ab") as changed:
        changed.write(b" ")
    assert run(WITH_OPENSSL["signature"])[0] == 1


def printed(public_keys: str) -> dict[str, str]:
    """Fingerprints by key id, as ``keys public`` prints them."""
    return dict(re.findall(r"^(\S+) \([a-z ]+\), fingerprint ([0-9a-f]{32})$", public_keys, re.MULTILINE))


def test_a_new_key_is_printed_for_another_place(shell: Shell) -> None:
    assert Keyring.parse(shell.bot("keys", "new").stdout).newest


# -- where they are kept


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_key_is_put_where_it_is_kept_and_not_shown(shell: Shell) -> None:
    file = shell.folder / "bot.keys"
    made = shell.bot("keys", "new", "--to", "bot.keys")
    first = file.read_text().strip()
    assert (made.exit_code, mode(file), first.partition(":")[2] in made.output) == (0, 0o600, False)
    shell.monkeypatch.setenv("ENCRYPTION_KEYS_FILE", "bot.keys")
    shell.begin(first, "onb_1")
    assert shell.bot("verify-log").exit_code == Exit.OK

    again = shell.bot("keys", "new", "--to", "bot.keys")
    newest, second = file.read_text().splitlines()
    assert (again.exit_code, second, mode(file)) == (0, first, 0o600)
    assert not any(key.partition(":")[2] in again.output for key in (newest, second))
    assert shell.bot("keys", "rotate").exit_code == Exit.OK
    file.write_text(newest)
    assert shell.bot("verify-log").exit_code == Exit.OK


def test_who_has_rights_on_the_keys_is_checked(shell: Shell) -> None:
    file = shell.folder / "bot.keys"
    shell.bot("keys", "new", "--to", "bot.keys")
    shell.monkeypatch.setenv("ENCRYPTION_KEYS_FILE", "bot.keys")
    file.chmod(0o644)
    assert "wrong: ENCRYPTION_KEYS_FILE: everybody has rights on it - chmod 600 bot.keys" in shell.bot("check").stdout
    file.chmod(0o660)
    assert "wrong: ENCRYPTION_KEYS_FILE: others may write it - chmod 600 bot.keys" in shell.bot("check").stdout
    file.chmod(0o640)
    assert "ENCRYPTION_KEYS_FILE" not in shell.bot("check").stdout
    shell.monkeypatch.setattr("os.geteuid", lambda: file.stat().st_uid + 1)  # as where a secret is mounted
    file.chmod(0o444)
    assert "note: ENCRYPTION_KEYS_FILE: everybody who gets to it here may read it" in shell.bot("check").stdout
    file.chmod(0o446)
    assert "wrong: ENCRYPTION_KEYS_FILE: others may write it - have its owner run: chmod go-w" in shell.bot("check").stdout


def test_whose_group_could_read_the_keys_still_can(shell: Shell) -> None:
    file = shell.folder / "bot.keys"
    shell.bot("keys", "new", "--to", "bot.keys")
    if os.geteuid() == 0:
        os.chown(file, -1, 4242)
    file.chmod(0o644)
    group = file.stat().st_gid
    assert shell.bot("keys", "new", "--to", "bot.keys").exit_code == Exit.OK
    assert (len(file.read_text().splitlines()), mode(file), file.stat().st_gid) == (2, 0o640, group)


def test_of_several_keys_that_are_made_at_once_none_is_lost(shell: Shell) -> None:
    file, made = shell.folder / "bot.keys", [new_key() for _ in range(6)]
    with ThreadPoolExecutor() as pool:
        others = list(pool.map(lambda key: put_first(key, file), made))
    assert sorted(others) == list(range(6))
    assert sorted(file.read_text().splitlines()) == sorted(made)


def test_a_folder_that_cannot_be_flushed_has_the_key_all_the_same(shell: Shell) -> None:
    flush = os.fsync

    def only_files(file: int) -> None:
        if stat.S_ISDIR(os.fstat(file).st_mode):
            raise OSError(errno.EINVAL, "Invalid argument")
        flush(file)

    shell.monkeypatch.setattr("os.fsync", only_files)
    for count in (1, 2):
        assert shell.bot("keys", "new", "--to", "bot.keys").exit_code == Exit.OK
        assert len((shell.folder / "bot.keys").read_text().splitlines()) == count


def test_a_file_of_something_else_stays_as_it_is(shell: Shell) -> None:
    other = shell.folder / ".env"
    other.write_text("SLACK_BOT_TOKEN=xoxb-1-made-up\n")
    refused = shell.bot("keys", "new", "--to", ".env")
    assert (refused.exit_code, ".env holds something other than keys" in refused.stderr) == (Exit.FAILED, True)
    assert other.read_text() == "SLACK_BOT_TOKEN=xoxb-1-made-up\n"
    assert "isn't a file" in shell.bot("keys", "new", "--to", "/dev/null").stderr
    nowhere = shell.bot("keys", "new", "--to", "no/such/folder")
    assert (nowhere.exit_code, "No such file or directory" in nowhere.stderr) == (Exit.FAILED, True)
    assert shell.bot("keys", "new", "--to", "other.keys").exit_code == Exit.OK


# -- erasing


def test_who_is_erased_is_named_exactly(shell: Shell) -> None:
    for onboarding_id, name in (("onb_1", "Acme"), ("onb_2", "Acme Cards"), ("onb_3", "Blue Coop"), ("onb_4", "Blue Coop")):
        shell.begin(OLD, onboarding_id, name)
    part = shell.bot("erase", "Blue", keys=OLD, answer="y\n")
    assert (part.exit_code, "onb_3 (Blue Coop), onb_4 (Blue Coop)" in part.stderr) == (Exit.FAILED, True)
    twice = shell.bot("erase", "Blue Coop", answer="y\n")
    assert (twice.exit_code, "several are meant - give the id: onb_3 (Blue Coop), onb_4" in twice.stderr) == (Exit.FAILED, True)
    unasked = shell.bot("erase", "Acme", "--yes")
    assert (unasked.exit_code, "give the id, if it is this one: onb_1 (Acme)" in unasked.stderr) == (Exit.CONFIGURATION, True)
    assert shell.bot("erase", "Acme", answer="n\n").exit_code == Exit.FAILED
    assert raw(shell.url, "SELECT count(*) FROM onboardings WHERE erased_at IS NOT NULL") == [(0,)]
    assert shell.bot("erase", "Acme", answer="y\n").exit_code == Exit.OK
    assert shell.bot("erase", "onb_3", "--yes").exit_code == Exit.OK
    assert raw(shell.url, "SELECT id FROM onboardings WHERE erased_at IS NOT NULL ORDER BY id") == [("onb_1",), ("onb_3",)]


def test_nothing_is_whose_id_is_empty(shell: Shell) -> None:
    """As where a script gives a variable that isn't set."""
    shell.begin(OLD, "onb_1")
    before = dump(shell.url)
    for words in (["erase", "--yes"], ["export"], ["accept-log", "--yes"], ["keys", "forget", "--yes"]):
        for empty in ("", " "):
            refused = shell.bot(*words, "--", empty, keys=OLD)
            assert (refused.exit_code, "is empty, so nothing was done" in refused.stderr) == (Exit.CONFIGURATION, True), words

    async def erase_nobody(store: Store) -> None:
        with pytest.raises(LookupError):
            await erase(store, "")

    shell.stored(OLD, erase_nobody)
    assert dump(shell.url) == before
    assert shell.bot("erase", "onb_1", "--yes").exit_code == Exit.OK


def test_pages_that_a_reader_still_holds_are_told_and_overwritten_afterwards(shell: Shell) -> None:
    shell.monkeypatch.setattr("storage.engine.READERS_SECONDS", 0.05)
    shell.begin(OLD, "onb_1")
    sealed = raw(shell.url, "SELECT customer FROM onboardings")[0][0]
    reader = sqlite3.connect(shell.folder / "bot.db", isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM onboardings").fetchall()
    held = shell.bot("erase", "onb_1", "--yes", keys=OLD)
    assert (held.exit_code, "still reads the database" in held.stderr) == (Exit.FAILED, True)
    assert sealed in files(shell)
    reader.close()
    assert shell.bot("erase", "onb_1", "--yes").exit_code == Exit.OK
    assert sealed not in files(shell)
    assert raw(shell.url, "SELECT count(*) FROM audit_events WHERE tag = 'onboarding:erase'") == [(1,)]


def files(shell: Shell) -> str:
    return "".join(path.read_bytes().decode("latin-1") for path in shell.folder.glob("bot.db*"))


# -- the files' modes


def test_the_databases_files_are_for_this_user_alone(shell: Shell) -> None:
    file = shell.folder / "bot.db"
    assert mode(file) == 0o600
    file.chmod(0o666)
    checked = shell.bot("check", keys=OLD).stdout
    assert f"ok: database files: others had rights on {file} until now" in checked
    assert mode(file) == 0o600

    async def look(store: Store) -> None:
        await whole(store)
        assert {mode(path) for path in shell.folder.glob("bot.db*")} == {0o600}

    shell.stored(OLD, look)
    (shell.folder / "link.db").symlink_to(file)
    shell.monkeypatch.setenv("DATABASE_URL", f"sqlite+aiosqlite:///{shell.folder}/link.db")
    (lock := shell.folder / "bot.db.lock").touch(0o644)
    assert shell.bot("verify-log", keys=OLD).exit_code == Exit.OK
    assert mode(lock) == 0o600
    assert "ok: database files: only this user has rights on them" in shell.bot("check").stdout


def test_what_is_no_file_is_left_as_it_is(shell: Shell) -> None:
    """A folder that is named in the place of a file, with the files of others in it; a pipe."""
    (folder := shell.folder / "data").mkdir(0o755)
    os.mkfifo(pipe := shell.folder / "pipe", 0o644)
    shell.monkeypatch.setenv("DATABASE_URL", f"sqlite+aiosqlite:///{folder}")
    for words in (("check",), ("migrate",), ("backup", "kept.db"), ("erase", "onb_1", "--yes")):
        assert "names a folder" in shell.bot(*words, keys=OLD).output, words
    shell.monkeypatch.setenv("DATABASE_URL", shell.url)
    for words in (("backup", "pipe", "--force"), ("verify-log", "--save", "pipe"), ("restore", "pipe", "--yes")):
        assert shell.bot(*words, keys=OLD).exit_code == Exit.FAILED, words
    assert "isn't a file" in shell.bot("keys", "new", "--to", "data").output
    keep_private(folder)
    assert (mode(folder), mode(pipe), pipe.is_fifo()) == (0o755, 0o644, True)
    for words in (("backup", "kept.db"), ("verify-log", "--save", "heads.json"), ("restore", "kept.db", "--yes")):
        assert shell.bot(*words, keys=OLD).exit_code == Exit.OK, words


def test_an_export_takes_the_place_of_an_open_file(shell: Shell) -> None:
    shell.begin(OLD, "onb_1")
    before = shell.folder / "out" / "taken.zip"
    before.parent.mkdir()
    before.write_text("old")
    before.chmod(0o666)
    assert shell.bot("export", "onb_1", "-o", "out/taken.zip", keys=OLD).stdout == "out/taken.zip\n"
    assert [(path.name, mode(path)) for path in before.parent.iterdir()] == [("taken.zip", 0o600)]
    failed = shell.bot("export", "onb_1", "-o", "out/taken.zip/deeper")
    assert (failed.exit_code, "cannot be written (Not a directory)" in failed.stderr) == (Exit.FAILED, True)
