"""The command line. Modules are imported by the command that needs them, so that help and startup are fast."""

import asyncio
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import click

from bot.config.command import COMMAND, SCRIPT
from bot.config.version import VERSION

if TYPE_CHECKING:
    from bot.config.problems import ConfigProblem
    from bot.config.settings import Settings
    from storage.store import Unavailable

T = TypeVar("T")


def _given(_: click.Context, argument: click.Parameter, value: str) -> str:
    """An argument, unless it is empty: a variable of the shell that isn't set must not stand for anything."""
    if not value.strip():
        from bot.config.settings import Exit  # noqa: PLC0415

        what = f"{argument.human_readable_name} is empty, so nothing was done"
        _end(Exit.CONFIGURATION, f"{what} - check that the variable you gave is set")
    return value


def _given_or_none(context: click.Context, argument: click.Parameter, value: str | None) -> str | None:
    return None if value is None else _given(context, argument, value)


class Wrapped(click.Group):
    """Its help wraps what a command does where click cuts it off."""

    group_class = type  # groups in it are such ones too

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        rows = [(name, self.commands[name].get_short_help_str(limit=1_000)) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


@click.group(
    cls=Wrapped, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 130}
)
@click.version_option(VERSION, prog_name=SCRIPT, message="%(prog)s %(version)s")
@click.pass_context
def main(context: click.Context) -> None:
    """The Pismo onboarding bot. Without a command: run."""
    if context.invoked_subcommand is None:
        context.invoke(run)


@main.command()
def run() -> None:
    """Run the bot until it is told to stop."""
    settings = _settings()
    _require_database(settings)
    from bot.config.settings import Exit  # noqa: PLC0415
    from bot.ops import maintenance  # noqa: PLC0415

    _wait(maintenance.claim_keys(settings), key_unknown=Exit.CONFIGURATION)
    _require_journeys(settings)
    from bot.ops.serve import serve  # noqa: PLC0415
    from bot.ops.telemetry import TelemetryError, telemetry  # noqa: PLC0415
    from bot.telemetry import logs  # noqa: PLC0415

    logs.configure(settings.log_level)
    try:
        with telemetry(settings):
            sys.exit(_wait(serve(settings)))
    except TelemetryError as error:
        _end(Exit.CONFIGURATION, str(error))


@main.command()
def check() -> None:
    """Say what is wrong with configuration, database, Slack token, scopes and manifest, and how to fix it."""
    from bot.config.settings import Exit, Settings  # noqa: PLC0415
    from bot.ops.check import check_all  # noqa: PLC0415

    async def lines() -> bool:
        well = True
        async for line in check_all(Settings()):
            click.echo(str(line))
            well = well and line.outcome != "wrong"
        return well

    sys.exit(Exit.OK if _wait(lines()) else Exit.CONFIGURATION)


@main.command()
@click.option("--http", "address", metavar="URL", help="For HTTP instead of Socket Mode; URL is where Slack reaches the bot.")
def manifest(address: str | None) -> None:
    """Print the Slack app's manifest as JSON, to be pasted at api.slack.com/apps."""
    from bot.config.settings import Exit  # noqa: PLC0415
    from bot.ops import manifest_json  # noqa: PLC0415
    from bot.ops.manifest import manifest_file  # noqa: PLC0415

    try:
        made = manifest_json.read(manifest_file())
        if address is not None:
            made = manifest_json.for_http(made, manifest_json.request_url(address))
    except OSError as error:
        _end(Exit.FAILED, f"{error.filename} cannot be read ({error.strerror}) - restore the file of this version")
    except manifest_json.AddressError as error:
        _end(Exit.CONFIGURATION, f"--http {error}")
    click.echo(manifest_json.as_json(made))


@main.command()
def migrate() -> None:
    """Create the database's tables, or upgrade them to this version."""
    settings = _settings(slack=False, keys=False)
    from bot.config.settings import Exit  # noqa: PLC0415
    from storage.migrate import upgrade  # noqa: PLC0415
    from storage.store import Unavailable  # noqa: PLC0415

    try:
        before, after = upgrade(settings.database_url)
    except Unavailable as error:
        if error.kind == "too_new":
            _end(Exit.DATABASE_NEWER, "the database is newer than this version of the bot - run the newer version")
        _end(Exit.DATABASE_UNREACHABLE, _unusable(error))
    if after.kind == "altered":
        _end(Exit.ALTERED, HOW_NO_REVISION)
    if before == after:
        click.echo(f"ok: the database is current (revision {after.database})")
    else:
        click.echo(f"ok: migrated from {before.database or 'empty'} to revision {after.database}")


@main.group()
def keys() -> None:
    """The keys that encrypt personal data at rest."""


@keys.command()
@click.option(
    "--to", "file", type=click.Path(path_type=Path), help="Put it in FILE, before the keys that are there, and do not print it."
)
def new(file: Path | None) -> None:
    """Make a new key.

    Without --to it is printed: put it before the others in ENCRYPTION_KEYS, with a comma between, and keep it in your secret store.
    With it, ENCRYPTION_KEYS_FILE names the file.
    """
    from storage.sealing import new_key  # noqa: PLC0415

    key = new_key()
    if file is None:
        click.echo(key)
        return
    from bot.config.settings import Exit  # noqa: PLC0415
    from bot.ops.key_file import NoKeyFileError, put_first  # noqa: PLC0415

    try:
        others = put_first(key, file)
    except NoKeyFileError as error:
        _end(Exit.FAILED, f"{file} {error}, so nothing was changed - name a file that holds keys alone, or a new one")
    except OSError as error:
        _end(
            Exit.FAILED, f"{file} cannot be written ({error.strerror}), so nothing was changed - name a file in a folder of yours"
        )
    next_ = f"restart the bot, then run: {COMMAND} keys rotate" if others else "set ENCRYPTION_KEYS_FILE to it"
    before = f" before {others} older" if others else ""
    click.echo(f"ok: the key {key.partition(':')[0]} is in {file}{before}; keep a copy elsewhere - {next_}")


@keys.command()
def rotate() -> None:
    """Encrypt everything anew with the newest key. Can be interrupted and run again; afterwards older keys can be removed."""
    settings = _settings_of_store()
    from bot.config.settings import Exit  # noqa: PLC0415
    from bot.ops import maintenance  # noqa: PLC0415

    done = _wait(maintenance.rotate_keys(settings))
    for table, count in done.rows.items():
        click.echo(f"{table}: {count} rows")
    for where in done.unreadable:
        click.echo(f"wrong: {where}", err=True)
    if done.unreadable:
        what = (
            "these values were damaged and are still under an older key, which has to stay as long as they do; all else is done"
        )
        click.echo(f"wrong: {what} - put them back from a backup, or erase that customer, and run this again", err=True)
    if done.refused:
        _end(Exit.ALTERED, f"the audit log of {maintenance.logs(done.refused)} does not hold - run: {COMMAND} verify-log")
    if done.unreadable:
        sys.exit(Exit.ALTERED)
    click.echo("ok: everything is encrypted with the newest key; the older keys can be taken out")


@keys.command()
def public() -> None:
    """Print the public keys that verify exported archives, to be published: whoever has one compares it with this."""
    settings = _settings_of_store()
    from bot.ops import maintenance  # noqa: PLC0415

    own, retired = _wait(maintenance.public_keys(settings))
    for number, (key_id, key) in enumerate({**own, **retired}.items()):
        use = "retired" if key_id in retired else "signed before" if number else "signs"
        click.echo(f"{key_id} ({use}), fingerprint {key.fingerprint}\n{key.pem.decode()}")


@keys.command()
@click.argument("key_id", callback=_given)
@click.option("--yes", is_flag=True, help="Do not ask.")
def forget(key_id: str, *, yes: bool) -> None:
    """Go on without a key that is lost for ever, or never existed: what names KEY_ID counts as damaged from now on."""
    settings = _settings(slack=False)
    _require_database(settings)
    from bot.ops import maintenance  # noqa: PLC0415

    for column, count in _found(maintenance.what_names(settings, key_id)).items():
        click.echo(f"{column}: {count} values name it")
    if not yes:
        click.confirm(f"Is there no copy of the key {key_id} anywhere? What it sealed is damaged from now on", abort=True)
    _wait(maintenance.forget_key(settings, key_id))
    click.echo(f"ok: the key {key_id} is forgotten - see what that damaged: {COMMAND} verify-log")


@main.command("verify-log")
@click.option("--since", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Also compare with this file.")
@click.option("--save", type=click.Path(dir_okay=False, path_type=Path), help="Write such a file, if nothing is wrong.")
def verify_log(since: Path | None, save: Path | None) -> None:
    """Look for entries of the audit log that were changed, removed, moved or put back, and for rows that it does not explain."""
    settings = _settings(slack=False)
    _require_database(settings)
    from bot.config.settings import Exit  # noqa: PLC0415
    from bot.ops import maintenance  # noqa: PLC0415
    from storage.heads_file import HeadsFileError  # noqa: PLC0415
    from storage.sealing import UnknownKey  # noqa: PLC0415
    from storage.verify import Flaw  # noqa: PLC0415

    kept = since.read_text(encoding="utf-8", errors="replace") if since is not None else None
    try:
        done = _wait(maintenance.verify_log(settings, kept, save))
    except HeadsFileError as error:
        _end(Exit.FAILED, f"{since} cannot be compared with: {error}")
    except OSError as error:
        what = f"nothing is wrong, but {save} cannot be written ({error.strerror})"
        _end(Exit.FAILED, f"{what} - make room, or name a file in a folder of yours with --save")
    lacking = done.keys if isinstance(done.keys, UnknownKey) else None
    altered: list[object] = [finding for finding in done.findings if not (lacking and finding.flaw is Flaw.UNKNOWN_KEY)]
    altered += [*done.damage, *([done.keys] if done.keys and not lacking else ())]
    for found in altered:
        click.echo(f"wrong: {found}", err=True)
    if lacking:
        click.echo(f"wrong: a part cannot be verified: {lacking} - {maintenance.HOW_LACKING}", err=True)
    if altered:
        _end(Exit.ALTERED, f"the database is not what was written - {maintenance.HOW_ALTERED}")
    if lacking:
        sys.exit(Exit.UNKNOWN_KEY)
    click.echo(f"ok: audit logs verified: {_counted(done.count)}")


@main.command("accept-log")
@click.argument("onboarding", callback=_given)
@click.option("--yes", is_flag=True, help="Do not ask.")
def accept_log(onboarding: str, *, yes: bool) -> None:
    """Let an ONBOARDING (its id, or "register") go on although its log was altered: what stands counts from now on."""
    settings = _settings(slack=False)
    _require_database(settings)
    from bot.config.settings import Exit  # noqa: PLC0415
    from bot.ops import maintenance  # noqa: PLC0415
    from storage.accept import FoundOtherwiseError  # noqa: PLC0415

    chain_id = "" if onboarding == "register" else onboarding
    found = _found(maintenance.wrong_with(settings, chain_id))
    for finding in found:
        click.echo(str(finding))
    if not found:
        click.echo("ok: nothing is wrong with it, so nothing was written - if a running bot still refuses it, restart that bot")
        return
    if not yes:
        click.confirm("Keep the current state? The log will record what was found", abort=True)
    try:
        _wait(maintenance.accept_log(settings, chain_id, found))
    except FoundOtherwiseError:
        _end(Exit.ALTERED, "by now something else is wrong than was shown, so nothing was written - run this again")
    click.echo("ok: the onboarding goes on; the log records what was found")


@main.command("after-restore")
def after_restore() -> None:
    """After restoring a backup, before starting the bot: have it compare what stands in Slack with the store."""
    settings = _settings_of_store()
    from bot.config.settings import Exit  # noqa: PLC0415
    from bot.ops import maintenance  # noqa: PLC0415
    from storage.backup import stopped  # noqa: PLC0415
    from storage.backup_error import BackupError  # noqa: PLC0415

    try:
        with stopped(settings.database_url):
            count = _wait(maintenance.after_restore(settings))
    except BackupError as error:
        _end(Exit.FAILED, f"nothing was done: {error}; then run this again")
    except OSError as error:
        _end(Exit.FAILED, f"nothing was done ({error.strerror}) - let this user write the database's folder")
    click.echo(f"ok: once the bot runs, it compares the messages of all open onboardings ({count}) with the store")


@main.command()
@click.argument("file", type=click.Path(dir_okay=False), callback=_given)
@click.option("--force", is_flag=True, help="Take the place of FILE, if it is there.")
def backup(file: str, *, force: bool) -> None:
    """Copy the database into FILE, readable for you alone, whether the bot runs or not. For PostgreSQL, pg_dump has to be installed.

    The copy is of one moment, and is looked through before it gets its name. It needs no keys. Keep it apart from them.
    """
    settings = _settings(slack=False, keys=False)
    _require_tables(settings)
    from bot.config.settings import Exit  # noqa: PLC0415
    from storage.backup import back_up  # noqa: PLC0415
    from storage.backup_error import BackupError  # noqa: PLC0415
    from storage.engine import sqlite_file  # noqa: PLC0415

    to, own = Path(file), sqlite_file(settings.database_url)
    if own is not None and to.resolve() == own.resolve():
        _end(Exit.FAILED, f"{file} is the database itself, so nothing was done - name another file")
    if to.exists() and not force:
        _end(Exit.FAILED, f"{file} is there already, so nothing was done - name another file, or take its place with --force")
    try:
        size = back_up(settings.database_url, to)
    except BackupError as error:
        _end(Exit.FAILED, f"no backup was made: {error}")
    except OSError as error:
        _end(Exit.FAILED, f"{file} cannot be written ({error.strerror}) - make room, or name a file in a folder of yours")
    click.echo(
        f"ok: {file} holds the database ({size / 1e6:.1f} MB); keep it apart from the keys, and keep the keys as long as it"
    )


@main.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--yes", is_flag=True, help="Do not ask.")
def restore(file: Path, *, yes: bool) -> None:
    """Put a backup in the place of the database, so that nothing is posted twice. No bot may run.

    FILE is one that backup, SQLite or pg_dump --format=custom made. Beside the database it is brought to this version, verified as by
    verify-log, and prepared as by after-restore. Then it takes the database's place, which is kept under another name. If anything is
    wrong before that, nothing is changed.
    """
    settings = _settings(slack=False)
    from bot.config.settings import Exit  # noqa: PLC0415
    from bot.ops import maintenance  # noqa: PLC0415
    from storage.backup import restoring  # noqa: PLC0415
    from storage.backup_error import BackupError  # noqa: PLC0415
    from storage.store import Unavailable  # noqa: PLC0415

    try:
        with restoring(settings.database_url, file) as beside:
            copy = settings.model_copy(update={"database_url": beside.url})
            _prepare(copy, file, yes=yes)
            back = maintenance.back_with(settings, copy)
            kept = beside.take_place()
    except BackupError as error:
        _end(Exit.FAILED, f"nothing was changed: {error}")
    except Unavailable as error:
        _end(Exit.DATABASE_UNREACHABLE, _unusable(error))
    except OSError as error:
        _end(Exit.FAILED, f"nothing was changed ({error.strerror}) - make room, and let this user write the database's folder")
    click.echo(f"ok: {file} is the database now" + (f"; the one that was there is kept as {kept}" if kept else ""))
    if back is None:
        click.echo(f"note: whoever was erased after the backup is back - run for each, before the bot: {COMMAND} erase CUSTOMER")
    for onboarding_id in back or ():
        click.echo(f"note: {onboarding_id} was erased after the backup and is back - run: {COMMAND} erase {onboarding_id} --yes")
    click.echo("next: start the bot")


def _prepare(copy: "Settings", file: Path, *, yes: bool) -> None:
    """What a restored database needs before a bot runs on it. Ends the process if it can't be used. ``copy``: where it is by now."""
    from bot.config.settings import Exit  # noqa: PLC0415
    from bot.ops import maintenance  # noqa: PLC0415
    from storage.migrate import state, upgrade  # noqa: PLC0415

    found = state(copy.database_url)
    if found.kind == "older":
        upgrade(copy.database_url)
        click.echo(f"ok: migrated from {found.database} to revision {found.code}")
    _require_database(copy)
    _wait(maintenance.require_keys(copy))
    _require_journeys(copy)
    done = _wait(maintenance.verify_log(copy))
    for wrong in (*done.findings, *done.damage, *([done.keys] if done.keys else ())):
        click.echo(f"wrong: {wrong}", err=True)
    if done.findings or done.damage or done.keys:
        what = f"{file} is not what was written, so nothing was changed"
        _end(
            Exit.ALTERED,
            f"{what} - take another backup, or restore it by hand (docs/operations.md, Backup) and accept what it says",
        )
    click.echo(f"ok: audit logs verified: {_counted(done.count)}")
    newest = _wait(maintenance.last_entry(copy))
    if not yes:
        since = f" after {newest:%Y-%m-%d %H:%M:%S} UTC" if newest is not None else ""
        click.confirm(f"Put {file} in the database's place? What was done{since} is lost, except in Slack", abort=True)
    count = _wait(maintenance.after_restore(copy))
    click.echo(f"ok: once the bot runs, it compares the messages of all open onboardings ({count}) with the store")


@main.command()
@click.argument("customer", required=False, callback=_given_or_none)
@click.option("--all", "everyone", is_flag=True, help="All onboardings that are open.")
def repair(customer: str | None, *, everyone: bool) -> None:
    """Have the bot compare the messages of one CUSTOMER (name or onboarding id) with the store, as /onboarding repair does.

    They are drawn anew as they are stored, and what was given up is tried again. Nothing that stands is posted again. The bot may run or
    not; it begins within half a minute, or when it starts.
    """
    from bot.config.settings import Exit  # noqa: PLC0415

    if everyone == (customer is not None):
        _end(Exit.CONFIGURATION, "nothing was done - name one CUSTOMER, or give --all")
    settings = _settings_of_store()
    from bot.ops import maintenance  # noqa: PLC0415

    done = _found(maintenance.repair_customers(settings, customer))
    for one in done:
        if one.refused:
            click.echo(f"wrong: {one.refused}, so nothing was written - run: {COMMAND} verify-log", err=True)
        else:
            again = f"; tried again: {one.retried} effects that were given up" if one.retried else ""
            click.echo(f"{one.customer}: all messages{again}")
    if any(one.refused for one in done):
        _end(Exit.ALTERED, "what is named above was left as it is; all else is done")
    click.echo(f"ok: once the bot runs, it compares the messages of {_counted(len(done))} with the store")


@main.command()
@click.argument("customer", callback=_given)
@click.option("-o", "--output", "to", default=".", type=click.Path(path_type=Path), help="A .zip file, or a folder for it.")
def export(customer: str, to: Path) -> None:
    """Write one CUSTOMER's onboarding (name or onboarding id) as a signed archive, readable for you alone."""
    settings = _settings_of_store()
    from bot.config.settings import Exit  # noqa: PLC0415
    from bot.ops import maintenance  # noqa: PLC0415

    made = _found(maintenance.export_pack(settings, customer))
    try:
        path = maintenance.write_pack(made, to)
    except OSError as error:
        _end(Exit.FAILED, f"the archive cannot be written ({error.strerror}) - make room, or name another place with -o")
    click.echo(str(path))
    if made.exported.erased_at is not None:
        click.echo(f"note: the personal data was erased on {made.exported.erased_at:%Y-%m-%d}; the archive holds what is left")
    for where in (*made.exported.log.flaws, *made.exported.unreadable):
        click.echo(f"wrong: {where}", err=True)
    if not made.holds:
        _end(
            Exit.ALTERED,
            f"this is not as it was written, or is left out; all else is in the archive, which says so - {maintenance.HOW_ALTERED}",
        )


@main.command("verify-pack")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--key", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="The published public key, a PEM file.")
@click.option("--fingerprint", default="", help="The fingerprint of the published key: 32 hex digits.")
def verify_pack(file: Path, key: Path | None, fingerprint: str) -> None:
    """Verify an archive that export wrote, without database, keys or settings.

    Ends with 0 if it is as it was signed, with 1 if it is not, and with 2 if it cannot be read.
    """
    from bot.ops.pack_file import UnusableError, verified  # noqa: PLC0415

    try:
        lines = verified(file, key, fingerprint)
    except UnusableError as error:
        _end(2, str(error))
    for line in lines:
        click.echo(str(line))
    wrong = any(line.outcome == "wrong" for line in lines)
    pinned = " if the key is Pismo's" if key is None and not fingerprint else ""
    click.echo("NOT VERIFIED" if wrong else f"VERIFIED{pinned}")
    sys.exit(1 if wrong else 0)


@main.command()
@click.argument("customer", callback=_given)
@click.option("--yes", is_flag=True, help="Do not ask. CUSTOMER must be an id then.")
def erase(customer: str, *, yes: bool) -> None:
    """Remove the personal data of one CUSTOMER (the whole name, or the onboarding's id). The audit log stays verifiable."""
    settings = _settings_of_store()
    from bot.config.settings import Exit  # noqa: PLC0415
    from bot.ops import maintenance  # noqa: PLC0415
    from storage.store import StillReadError  # noqa: PLC0415

    found = _found(maintenance.find_exactly(settings, customer))
    known = found.id
    if yes and customer.strip() != known:
        _end(
            Exit.CONFIGURATION,
            f"with --yes a name is not enough - give the id, if it is this one: {found}",
        )
    if not yes:
        click.confirm(f"Remove the personal data of {found} permanently?", abort=True)
    try:
        _wait(maintenance.erase_one(settings, known))
    except StillReadError:
        what = f"the personal data of {known} is removed, but another process still reads the database as it was before, a backup or a"
        how = f"end that process, then run: {COMMAND} erase {known} --yes"
        _end(Exit.FAILED, f"{what} shell for instance, and so the old pages are still in its files - {how}")
    click.echo(f"ok: the personal data of {known} is removed; what is in Slack and in backups has to be removed by hand")
    if maintenance.keeps_dead_rows(settings):
        click.echo(
            "note: PostgreSQL's own files may hold it until it reuses the space; docs/operations.md says how to empty them"
        )


HOW_NO_REVISION = "alembic_version doesn't hold a revision - keep a copy of the database, and put back what was there"
HOW = {
    "locked": "another process holds it; end that, or try again",
    "full": "make room on its disk",
    "read_only": "let this user write the file and its folder, or its role the tables, on a server that is no standby",
    "overloaded": "let it take more connections, or end what holds them; each process of the bot keeps up to 20",
    "unreachable": "check DATABASE_URL, and that its server is running or this user may write its file and folder",
}


def _settings(*, slack: bool = True, keys: bool = True) -> "Settings":
    """The settings; ends the process with what has to be fixed, if anything."""
    from bot.config.problems import problems  # noqa: PLC0415
    from bot.config.settings import Exit, Settings  # noqa: PLC0415

    settings = Settings()
    found: list[ConfigProblem] = [p for p in problems(settings, slack=slack) if keys or not p.name.startswith("ENCRYPTION_KEYS")]
    for problem in found:
        click.echo(f"wrong: {problem}", err=True)
    if found:
        _tell_keys(settings, {problem.name for problem in found})
        sys.exit(Exit.CONFIGURATION)
    return settings


def _tell_keys(settings: "Settings", wrong: set[str]) -> None:
    """Without a usable key, name those that are needed: a new one opens nothing. ``wrong``: variables."""
    from bot.ops import maintenance  # noqa: PLC0415

    if not wrong & {"ENCRYPTION_KEYS", "ENCRYPTION_KEYS_FILE"} or "DATABASE_URL" in wrong:
        return
    if (lacking := maintenance.keys_to_give(settings)) is not None:
        click.echo(f"wrong: {lacking} - {maintenance.HOW_LACKING}", err=True)


def _settings_of_store() -> "Settings":
    """Those of a command that works with what is stored: the database is current, and the keys are those that it needs."""
    settings = _settings(slack=False)
    _require_database(settings)
    from bot.ops import maintenance  # noqa: PLC0415

    _wait(maintenance.require_keys(settings))
    return settings


def _require_database(settings: "Settings") -> None:
    """Ends the process unless the database's schema is the code's."""
    from bot.config.settings import Exit  # noqa: PLC0415
    from storage.migrate import state  # noqa: PLC0415
    from storage.store import Unavailable  # noqa: PLC0415

    try:
        found = state(settings.database_url)
    except Unavailable as error:
        _end(Exit.DATABASE_UNREACHABLE, _unusable(error))
    if found.kind == "newer":
        what = f"the database (revision {found.database}) is newer than this version of the bot ({found.code})"
        _end(Exit.DATABASE_NEWER, f"{what} - run the newer version")
    if found.kind == "altered":
        _end(Exit.ALTERED, HOW_NO_REVISION)
    if found.kind != "current":
        what = (
            "has no tables yet" if found.kind == "empty" else f"is older (revision {found.database}) than the bot ({found.code})"
        )
        _end(Exit.DATABASE_OLDER, f"the database {what} - run: {COMMAND} migrate")


def _require_journeys(settings: "Settings") -> None:
    """Ends the process unless the code has every version of the journey that a customer is on."""
    from bot.config.settings import Exit  # noqa: PLC0415
    from bot.ops.startup_checks import HOW_STRANDED, stranded  # noqa: PLC0415

    found = _wait(stranded(settings))
    for fault in found:
        click.echo(f"wrong: {fault} - {HOW_STRANDED}", err=True)
    if found:
        sys.exit(Exit.DATABASE_NEWER)


def _require_tables(settings: "Settings") -> None:
    """Ends the process unless there is something to back up, of whichever revision."""
    from bot.config.settings import Exit  # noqa: PLC0415
    from storage.migrate import state  # noqa: PLC0415
    from storage.store import Unavailable  # noqa: PLC0415

    try:
        if state(settings.database_url).kind == "empty":
            _end(Exit.FAILED, "the database has no tables, so there is nothing to back up - check DATABASE_URL")
    except Unavailable as error:
        _end(Exit.DATABASE_UNREACHABLE, _unusable(error))


def _counted(onboardings: int) -> str:
    return f"{onboardings} onboarding{'' if onboardings == 1 else 's'}"


def _unusable(error: "Unavailable") -> str:
    said = f"{error.kind}: {error.why}" if error.why else error.kind
    return f"the database cannot be used now ({said}) - {HOW.get(error.kind, HOW['unreachable'])}"


def _end(code: int, text: str) -> NoReturn:
    click.echo(f"wrong: {text}", err=True)
    sys.exit(code)


def _found(work: Coroutine[Any, Any, T]) -> T:
    from bot.config.settings import Exit  # noqa: PLC0415
    from bot.ops.maintenance import NotFoundError  # noqa: PLC0415

    try:
        return _wait(work)
    except NotFoundError as error:
        _end(Exit.FAILED, str(error))


def _wait(work: Coroutine[Any, Any, T], *, key_unknown: int | None = None) -> T:
    """Run on the fastest event loop there is. ``key_unknown``: the exit code where a key is lacking, by default ``UNKNOWN_KEY``."""
    try:
        import uvloop  # noqa: PLC0415  not on Windows
    except ImportError:
        factory = None
    else:
        factory = uvloop.new_event_loop
    from bot.config.settings import Exit  # noqa: PLC0415
    from bot.ops.maintenance import HOW_ALTERED, HOW_LACKING  # noqa: PLC0415
    from storage.audit import Altered  # noqa: PLC0415
    from storage.sealing import SealError, UnknownKey  # noqa: PLC0415
    from storage.store import Unavailable  # noqa: PLC0415

    try:
        with asyncio.Runner(loop_factory=factory) as runner:
            return runner.run(work)
    except Unavailable as error:
        _end(Exit.DATABASE_UNREACHABLE, _unusable(error))
    except UnknownKey as error:
        _end(Exit.UNKNOWN_KEY if key_unknown is None else key_unknown, f"{error} - {HOW_LACKING}")
    except Altered as error:
        _end(Exit.ALTERED, f"{error}, so nothing was written - run: {COMMAND} verify-log")
    except SealError as error:
        _end(Exit.ALTERED, f"{error} - {HOW_ALTERED}")
