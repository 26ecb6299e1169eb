"""The commands that back a database up, restore it, and repair what Slack shows. `bot.ops.cli` lists them with the others."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.config.command import COMMAND
from bot.ops.cli_common import (
    counted,
    end,
    found_or_end,
    given,
    given_or_none,
    require_database,
    require_journeys,
    settings_of_store,
    settings_or_end,
    unusable,
    wait,
)

if TYPE_CHECKING:
    from bot.config.settings import Settings


@click.command("after-restore")
def after_restore() -> None:
    """After restoring a backup, before starting the bot: have it compare what stands in Slack with the store."""
    settings = settings_of_store()
    from bot.config.settings import Exit  # noqa: PLC0415
    from bot.ops import maintenance  # noqa: PLC0415
    from storage.backup import stopped  # noqa: PLC0415
    from storage.backup_error import BackupError  # noqa: PLC0415

    try:
        with stopped(settings.database_url):
            count = wait(maintenance.after_restore(settings))
    except BackupError as error:
        end(Exit.FAILED, f"nothing was done: {error}; then run this again")
    except OSError as error:
        end(Exit.FAILED, f"nothing was done ({error.strerror}) - let this user write the database's folder")
    click.echo(f"ok: once the bot runs, it compares the messages of all open onboardings ({count}) with the store")


@click.command()
@click.argument("file", type=click.Path(dir_okay=False), callback=given)
@click.option("--force", is_flag=True, help="Take the place of FILE, if it is there.")
def backup(file: str, *, force: bool) -> None:
    """Copy the database into FILE, readable for you alone, whether the bot runs or not. For PostgreSQL, pg_dump has to be installed.

    The copy is of one moment, and is looked through before it gets its name. It needs no keys. Keep it apart from them.
    """
    settings = settings_or_end(slack=False, keys=False)
    _require_tables(settings)
    from bot.config.settings import Exit  # noqa: PLC0415
    from storage.backup import back_up  # noqa: PLC0415
    from storage.backup_error import BackupError  # noqa: PLC0415
    from storage.engine import sqlite_file  # noqa: PLC0415

    to, own = Path(file), sqlite_file(settings.database_url)
    if own is not None and to.resolve() == own.resolve():
        end(Exit.FAILED, f"{file} is the database itself, so nothing was done - name another file")
    if to.exists() and not force:
        end(Exit.FAILED, f"{file} is there already, so nothing was done - name another file, or take its place with --force")
    try:
        size = back_up(settings.database_url, to)
    except BackupError as error:
        end(Exit.FAILED, f"no backup was made: {error}")
    except OSError as error:
        end(Exit.FAILED, f"{file} cannot be written ({error.strerror}) - make room, or name a file in a folder of yours")
    click.echo(
        f"ok: {file} holds the database ({size / 1e6:.1f} MB); keep it apart from the keys, and keep the keys as long as it"
    )


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--yes", is_flag=True, help="Do not ask.")
def restore(file: Path, *, yes: bool) -> None:
    """Put a backup in the place of the database, so that nothing is posted twice. No bot may run.

    FILE is one that backup, SQLite or pg_dump --format=custom made. Beside the database it is brought to this version, verified as by
    verify-log, and prepared as by after-restore. Then it takes the database's place, which is kept under another name. If anything is
    wrong before that, nothing is changed.
    """
    settings = settings_or_end(slack=False)
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
        end(Exit.FAILED, f"nothing was changed: {error}")
    except Unavailable as error:
        end(Exit.DATABASE_UNREACHABLE, unusable(error))
    except OSError as error:
        end(Exit.FAILED, f"nothing was changed ({error.strerror}) - make room, and let this user write the database's folder")
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
    require_database(copy)
    wait(maintenance.require_keys(copy))
    require_journeys(copy)
    done = wait(maintenance.verify_log(copy))
    for wrong in (*done.findings, *done.damage, *([done.keys] if done.keys else ())):
        click.echo(f"wrong: {wrong}", err=True)
    if done.findings or done.damage or done.keys:
        what = f"{file} is not what was written, so nothing was changed"
        end(
            Exit.ALTERED,
            f"{what} - take another backup, or restore it by hand (docs/operations.md, Backup) and accept what it says",
        )
    click.echo(f"ok: audit logs verified: {counted(done.count)}")
    newest = wait(maintenance.last_entry(copy))
    if not yes:
        since = f" after {newest:%Y-%m-%d %H:%M:%S} UTC" if newest is not None else ""
        click.confirm(f"Put {file} in the database's place? What was done{since} is lost, except in Slack", abort=True)
    count = wait(maintenance.after_restore(copy))
    click.echo(f"ok: once the bot runs, it compares the messages of all open onboardings ({count}) with the store")


@click.command()
@click.argument("customer", required=False, callback=given_or_none)
@click.option("--all", "everyone", is_flag=True, help="All onboardings that are open.")
def repair(customer: str | None, *, everyone: bool) -> None:
    """Have the bot compare the messages of one CUSTOMER (name or onboarding id) with the store, as /onboarding repair does.

    They are drawn anew as they are stored, and what was given up is tried again. Nothing that stands is posted again. The bot may run or
    not; it begins within half a minute, or when it starts.
    """
    from bot.config.settings import Exit  # noqa: PLC0415

    if everyone == (customer is not None):
        end(Exit.CONFIGURATION, "nothing was done - name one CUSTOMER, or give --all")
    settings = settings_of_store()
    from bot.ops import maintenance  # noqa: PLC0415

    done = found_or_end(maintenance.repair_customers(settings, customer))
    for one in done:
        if one.refused:
            click.echo(f"wrong: {one.refused}, so nothing was written - run: {COMMAND} verify-log", err=True)
        else:
            again = f"; tried again: {one.retried} effects that were given up" if one.retried else ""
            click.echo(f"{one.customer}: all messages{again}")
    if any(one.refused for one in done):
        end(Exit.ALTERED, "what is named above was left as it is; all else is done")
    click.echo(f"ok: once the bot runs, it compares the messages of {counted(len(done))} with the store")


def _require_tables(settings: "Settings") -> None:
    """Ends the process unless there is something to back up, of whichever revision."""
    from bot.config.settings import Exit  # noqa: PLC0415
    from storage.migrate import state  # noqa: PLC0415
    from storage.store import Unavailable  # noqa: PLC0415

    try:
        if state(settings.database_url).kind == "empty":
            end(Exit.FAILED, "the database has no tables, so there is nothing to back up - check DATABASE_URL")
    except Unavailable as error:
        end(Exit.DATABASE_UNREACHABLE, unusable(error))
