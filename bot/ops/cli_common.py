"""What the commands share: the settings or what is wrong with them, the database they need, and how they end."""

import asyncio
import sys
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import click

from bot.config.command import COMMAND

if TYPE_CHECKING:
    from bot.config.problems import ConfigProblem
    from bot.config.settings import Settings
    from storage.store import Unavailable

T = TypeVar("T")

HOW_NO_REVISION = "alembic_version doesn't hold a revision - keep a copy of the database, and put back what was there"
HOW = {
    "locked": "another process holds it; end that, or try again",
    "full": "make room on its disk",
    "read_only": "let this user write the file and its folder, or its role the tables, on a server that is no standby",
    "overloaded": "let it take more connections, or end what holds them; each process of the bot keeps up to 20",
    "unreachable": "check DATABASE_URL, and that its server is running or this user may write its file and folder",
}


def given(_: click.Context, argument: click.Parameter, value: str) -> str:
    """An argument, unless it is empty: a variable of the shell that isn't set must not stand for anything."""
    if not value.strip():
        from bot.config.settings import Exit  # noqa: PLC0415

        what = f"{argument.human_readable_name} is empty, so nothing was done"
        end(Exit.CONFIGURATION, f"{what} - check that the variable you gave is set")
    return value


def given_or_none(context: click.Context, argument: click.Parameter, value: str | None) -> str | None:
    return None if value is None else given(context, argument, value)


def settings_or_end(*, slack: bool = True, keys: bool = True) -> "Settings":
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


def settings_of_store() -> "Settings":
    """Those of a command that works with what is stored: the database is current, and the keys are those that it needs."""
    settings = settings_or_end(slack=False)
    require_database(settings)
    from bot.ops import maintenance  # noqa: PLC0415

    wait(maintenance.require_keys(settings))
    return settings


def require_database(settings: "Settings") -> None:
    """Ends the process unless the database's schema is the code's."""
    from bot.config.settings import Exit  # noqa: PLC0415
    from storage.migrate import state  # noqa: PLC0415
    from storage.store import Unavailable  # noqa: PLC0415

    try:
        found = state(settings.database_url)
    except Unavailable as error:
        end(Exit.DATABASE_UNREACHABLE, unusable(error))
    if found.kind == "newer":
        what = f"the database (revision {found.database}) is newer than this version of the bot ({found.code})"
        end(Exit.DATABASE_NEWER, f"{what} - run the newer version")
    if found.kind == "altered":
        end(Exit.ALTERED, HOW_NO_REVISION)
    if found.kind != "current":
        what = (
            "has no tables yet" if found.kind == "empty" else f"is older (revision {found.database}) than the bot ({found.code})"
        )
        end(Exit.DATABASE_OLDER, f"the database {what} - run: {COMMAND} migrate")


def require_journeys(settings: "Settings") -> None:
    """Ends the process unless the code has every version of the journey that a customer is on."""
    from bot.config.settings import Exit  # noqa: PLC0415
    from bot.ops.startup_checks import HOW_STRANDED, stranded  # noqa: PLC0415

    found = wait(stranded(settings))
    for fault in found:
        click.echo(f"wrong: {fault} - {HOW_STRANDED}", err=True)
    if found:
        sys.exit(Exit.DATABASE_NEWER)


def counted(onboardings: int) -> str:
    return f"{onboardings} onboarding{'' if onboardings == 1 else 's'}"


def unusable(error: "Unavailable") -> str:
    said = f"{error.kind}: {error.why}" if error.why else error.kind
    return f"the database cannot be used now ({said}) - {HOW.get(error.kind, HOW['unreachable'])}"


def end(code: int, text: str) -> NoReturn:
    click.echo(f"wrong: {text}", err=True)
    sys.exit(code)


def found_or_end(work: Coroutine[Any, Any, T]) -> T:
    from bot.config.settings import Exit  # noqa: PLC0415
    from bot.ops.maintenance import NotFoundError  # noqa: PLC0415

    try:
        return wait(work)
    except NotFoundError as error:
        end(Exit.FAILED, str(error))


def wait(work: Coroutine[Any, Any, T], *, key_unknown: int | None = None) -> T:
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
        end(Exit.DATABASE_UNREACHABLE, unusable(error))
    except UnknownKey as error:
        end(Exit.UNKNOWN_KEY if key_unknown is None else key_unknown, f"{error} - {HOW_LACKING}")
    except Altered as error:
        end(Exit.ALTERED, f"{error}, so nothing was written - run: {COMMAND} verify-log")
    except SealError as error:
        end(Exit.ALTERED, f"{error} - {HOW_ALTERED}")
