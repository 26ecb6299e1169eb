"""The command line. Modules are imported by the command that needs them, so that help and startup are fast."""

import sys
from pathlib import Path

import click

from bot.config.command import COMMAND, SCRIPT
from bot.config.version import VERSION
from bot.ops.cli_backup import after_restore, backup, repair, restore
from bot.ops.cli_common import (
    HOW_NO_REVISION,
    counted,
    end,
    found_or_end,
    given,
    require_database,
    require_journeys,
    settings_of_store,
    settings_or_end,
    unusable,
    wait,
)


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
    settings = settings_or_end()
    require_database(settings)
    from bot.config.settings import Exit  # noqa: PLC0415
    from bot.ops import maintenance  # noqa: PLC0415

    wait(maintenance.claim_keys(settings), key_unknown=Exit.CONFIGURATION)
    require_journeys(settings)
    from bot.ops.serve import serve  # noqa: PLC0415
    from bot.ops.telemetry import TelemetryError, telemetry  # noqa: PLC0415
    from bot.telemetry import logs  # noqa: PLC0415

    logs.configure(settings.log_level)
    try:
        with telemetry(settings):
            sys.exit(wait(serve(settings)))
    except TelemetryError as error:
        end(Exit.CONFIGURATION, str(error))


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

    sys.exit(Exit.OK if wait(lines()) else Exit.CONFIGURATION)


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
        end(Exit.FAILED, f"{error.filename} cannot be read ({error.strerror}) - restore the file of this version")
    except manifest_json.AddressError as error:
        end(Exit.CONFIGURATION, f"--http {error}")
    click.echo(manifest_json.as_json(made))


@main.command()
def migrate() -> None:
    """Create the database's tables, or upgrade them to this version."""
    settings = settings_or_end(slack=False, keys=False)
    from bot.config.settings import Exit  # noqa: PLC0415
    from storage.migrate import upgrade  # noqa: PLC0415
    from storage.store import Unavailable  # noqa: PLC0415

    try:
        before, after = upgrade(settings.database_url)
    except Unavailable as error:
        if error.kind == "too_new":
            end(Exit.DATABASE_NEWER, "the database is newer than this version of the bot - run the newer version")
        end(Exit.DATABASE_UNREACHABLE, unusable(error))
    if after.kind == "altered":
        end(Exit.ALTERED, HOW_NO_REVISION)
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
        end(Exit.FAILED, f"{file} {error}, so nothing was changed - name a file that holds keys alone, or a new one")
    except OSError as error:
        end(
            Exit.FAILED, f"{file} cannot be written ({error.strerror}), so nothing was changed - name a file in a folder of yours"
        )
    next_ = f"restart the bot, then run: {COMMAND} keys rotate" if others else "set ENCRYPTION_KEYS_FILE to it"
    before = f" before {others} older" if others else ""
    click.echo(f"ok: the key {key.partition(':')[0]} is in {file}{before}; keep a copy elsewhere - {next_}")


@keys.command()
def rotate() -> None:
    """Encrypt everything anew with the newest key. Can be interrupted and run again; afterwards older keys can be removed."""
    settings = settings_of_store()
    from bot.config.settings import Exit  # noqa: PLC0415
    from bot.ops import maintenance  # noqa: PLC0415

    done = wait(maintenance.rotate_keys(settings))
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
        end(Exit.ALTERED, f"the audit log of {maintenance.logs(done.refused)} does not hold - run: {COMMAND} verify-log")
    if done.unreadable:
        sys.exit(Exit.ALTERED)
    click.echo("ok: everything is encrypted with the newest key; the older keys can be taken out")


@keys.command()
def public() -> None:
    """Print the public keys that verify exported archives, to be published: whoever has one compares it with this."""
    settings = settings_of_store()
    from bot.ops import maintenance  # noqa: PLC0415

    own, retired = wait(maintenance.public_keys(settings))
    for number, (key_id, key) in enumerate({**own, **retired}.items()):
        use = "retired" if key_id in retired else "signed before" if number else "signs"
        click.echo(f"{key_id} ({use}), fingerprint {key.fingerprint}\n{key.pem.decode()}")


@keys.command()
@click.argument("key_id", callback=given)
@click.option("--yes", is_flag=True, help="Do not ask.")
def forget(key_id: str, *, yes: bool) -> None:
    """Go on without a key that is lost for ever, or never existed: what names KEY_ID counts as damaged from now on."""
    settings = settings_or_end(slack=False)
    require_database(settings)
    from bot.ops import maintenance  # noqa: PLC0415

    for column, count in found_or_end(maintenance.what_names(settings, key_id)).items():
        click.echo(f"{column}: {count} values name it")
    if not yes:
        click.confirm(f"Is there no copy of the key {key_id} anywhere? What it sealed is damaged from now on", abort=True)
    wait(maintenance.forget_key(settings, key_id))
    click.echo(f"ok: the key {key_id} is forgotten - see what that damaged: {COMMAND} verify-log")


@main.command("verify-log")
@click.option("--since", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Also compare with this file.")
@click.option("--save", type=click.Path(dir_okay=False, path_type=Path), help="Write such a file, if nothing is wrong.")
def verify_log(since: Path | None, save: Path | None) -> None:
    """Look for entries of the audit log that were changed, removed, moved or put back, and for rows that it does not explain."""
    settings = settings_or_end(slack=False)
    require_database(settings)
    from bot.config.settings import Exit  # noqa: PLC0415
    from bot.ops import maintenance  # noqa: PLC0415
    from storage.heads_file import HeadsFileError  # noqa: PLC0415
    from storage.sealing import UnknownKey  # noqa: PLC0415
    from storage.verify import Flaw  # noqa: PLC0415

    kept = since.read_text(encoding="utf-8", errors="replace") if since is not None else None
    try:
        done = wait(maintenance.verify_log(settings, kept, save))
    except HeadsFileError as error:
        end(Exit.FAILED, f"{since} cannot be compared with: {error}")
    except OSError as error:
        what = f"nothing is wrong, but {save} cannot be written ({error.strerror})"
        end(Exit.FAILED, f"{what} - make room, or name a file in a folder of yours with --save")
    lacking = done.keys if isinstance(done.keys, UnknownKey) else None
    altered: list[object] = [finding for finding in done.findings if not (lacking and finding.flaw is Flaw.UNKNOWN_KEY)]
    altered += [*done.damage, *([done.keys] if done.keys and not lacking else ())]
    for found in altered:
        click.echo(f"wrong: {found}", err=True)
    if lacking:
        click.echo(f"wrong: a part cannot be verified: {lacking} - {maintenance.HOW_LACKING}", err=True)
    if altered:
        end(Exit.ALTERED, f"the database is not what was written - {maintenance.HOW_ALTERED}")
    if lacking:
        sys.exit(Exit.UNKNOWN_KEY)
    click.echo(f"ok: audit logs verified: {counted(done.count)}")


@main.command("accept-log")
@click.argument("onboarding", callback=given)
@click.option("--yes", is_flag=True, help="Do not ask.")
def accept_log(onboarding: str, *, yes: bool) -> None:
    """Let an ONBOARDING (its id, or "register") go on although its log was altered: what stands counts from now on."""
    settings = settings_or_end(slack=False)
    require_database(settings)
    from bot.config.settings import Exit  # noqa: PLC0415
    from bot.ops import maintenance  # noqa: PLC0415
    from storage.accept import FoundOtherwiseError  # noqa: PLC0415

    chain_id = "" if onboarding == "register" else onboarding
    found = found_or_end(maintenance.wrong_with(settings, chain_id))
    for finding in found:
        click.echo(str(finding))
    if not found:
        click.echo("ok: nothing is wrong with it, so nothing was written - if a running bot still refuses it, restart that bot")
        return
    if not yes:
        click.confirm("Keep the current state? The log will record what was found", abort=True)
    try:
        wait(maintenance.accept_log(settings, chain_id, found))
    except FoundOtherwiseError:
        end(Exit.ALTERED, "by now something else is wrong than was shown, so nothing was written - run this again")
    click.echo("ok: the onboarding goes on; the log records what was found")


@main.command()
@click.argument("customer", callback=given)
@click.option("-o", "--output", "to", default=".", type=click.Path(path_type=Path), help="A .zip file, or a folder for it.")
def export(customer: str, to: Path) -> None:
    """Write one CUSTOMER's onboarding (name or onboarding id) as a signed archive, readable for you alone."""
    settings = settings_of_store()
    from bot.config.settings import Exit  # noqa: PLC0415
    from bot.ops import maintenance  # noqa: PLC0415

    made = found_or_end(maintenance.export_pack(settings, customer))
    try:
        path = maintenance.write_pack(made, to)
    except OSError as error:
        end(Exit.FAILED, f"the archive cannot be written ({error.strerror}) - make room, or name another place with -o")
    click.echo(str(path))
    if made.exported.erased_at is not None:
        click.echo(f"note: the personal data was erased on {made.exported.erased_at:%Y-%m-%d}; the archive holds what is left")
    for where in (*made.exported.log.flaws, *made.exported.unreadable):
        click.echo(f"wrong: {where}", err=True)
    if not made.holds:
        end(
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
        end(2, str(error))
    for line in lines:
        click.echo(str(line))
    wrong = any(line.outcome == "wrong" for line in lines)
    pinned = " if the key is Pismo's" if key is None and not fingerprint else ""
    click.echo("NOT VERIFIED" if wrong else f"VERIFIED{pinned}")
    sys.exit(1 if wrong else 0)


@main.command()
@click.argument("customer", callback=given)
@click.option("--yes", is_flag=True, help="Do not ask. CUSTOMER must be an id then.")
def erase(customer: str, *, yes: bool) -> None:
    """Remove the personal data of one CUSTOMER (the whole name, or the onboarding's id). The audit log stays verifiable."""
    settings = settings_of_store()
    from bot.config.settings import Exit  # noqa: PLC0415
    from bot.ops import maintenance  # noqa: PLC0415
    from storage.store import StillReadError  # noqa: PLC0415

    found = found_or_end(maintenance.find_exactly(settings, customer))
    known = found.id
    if yes and customer.strip() != known:
        end(
            Exit.CONFIGURATION,
            f"with --yes a name is not enough - give the id, if it is this one: {found}",
        )
    if not yes:
        click.confirm(f"Remove the personal data of {found} permanently?", abort=True)
    try:
        wait(maintenance.erase_one(settings, known))
    except StillReadError:
        what = f"the personal data of {known} is removed, but another process still reads the database as it was before, a backup or a"
        how = f"end that process, then run: {COMMAND} erase {known} --yes"
        end(Exit.FAILED, f"{what} shell for instance, and so the old pages are still in its files - {how}")
    click.echo(f"ok: the personal data of {known} is removed; what is in Slack and in backups has to be removed by hand")
    if maintenance.keeps_dead_rows(settings):
        click.echo(
            "note: PostgreSQL's own files may hold it until it reuses the space; docs/operations.md says how to empty them"
        )


for command in (backup, restore, after_restore, repair):
    main.add_command(command)
