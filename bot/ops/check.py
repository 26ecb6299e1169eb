"""``pismo-onboarding check``: one line for each thing that has to be right, and how to fix it if it isn't."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

from bot.config.clock import Clock
from bot.config.command import COMMAND
from bot.config.env_file import OPENTELEMETRY
from bot.config.policies import load
from bot.config.problems import ConfigProblem, problems
from bot.config.settings import Settings
from bot.ops import check_files, maintenance
from bot.ops.check_line import Line
from bot.ops.check_service_desk import service_desk_lines
from bot.ops.check_slack import AskedScopes, slack_lines
from bot.ops.cli_common import HOW
from bot.ops.maintenance import HOW_ALTERED, HOW_LACKING
from bot.ops.manifest import MANIFEST, manifest_file
from bot.telemetry import otel_variables
from storage.engine import sqlite_file
from storage.files import open_to_others
from storage.migrate import state
from storage.sealing import SealError, UnknownKey
from storage.store import Unavailable

RESTORE = "restore the file of this version"
COLLECTOR_SECONDS = 2.0
"""That a collector of traces has to answer."""
CONFIGURED = ("SLACK_BOT_TOKEN", "SLACK_API_URL", "SUPPORT_CHANNEL")


async def check_all(settings: Settings) -> AsyncIterator[Line]:
    """All lines, in the order in which they should be fixed."""
    wrong = problems(settings)
    for line in _configuration(settings, wrong):
        yield line
    if settings.file.fault:
        return
    for line in await _store(settings, {problem.name for problem in wrong}):
        yield line
    if not any(problem.name == "CONFIG_FILE" for problem in wrong):
        yield _sessions(settings)
    for line in await asyncio.to_thread(_whole):
        yield line
    wanted, lines = read_manifest(settings)
    for line in lines:
        yield line
    if not _concerns(wrong):
        async for line in slack_lines(settings, wanted, {problem.name for problem in wrong}):
            yield line
    if settings.traces_endpoint and not any(problem.name.startswith("OTEL_") for problem in wrong):
        yield await asyncio.to_thread(_traces, settings)
    if not any(problem.name.startswith("SERVICE_DESK") or problem.name == "CONFIG_FILE" for problem in wrong):
        async for line in service_desk_lines(settings):
            yield line


def _configuration(settings: Settings, wrong: list[ConfigProblem]) -> Iterator[Line]:
    yield from (Line(problem.name, problem.what, problem.how) for problem in wrong)
    if not wrong:
        yield Line("configuration", "complete")
    yield from check_files.env_file(settings)
    if settings.clock_file and not any(problem.name == "CLOCK_FILE" for problem in wrong):
        ahead = Clock(settings.clock_file).ahead
        yield Line.note(
            "CLOCK_FILE",
            f"MOVES THE BOT'S CLOCK, now {ahead} ahead of this machine's. For demonstrations only: else leave it out",
        )
    if not any(problem.name.startswith("PISMO_") for problem in wrong):
        yield from check_files.certificates(settings)


def _traces(settings: Settings) -> Line:
    settings.file.hand_over(OPENTELEMETRY)
    if otel_variables.is_off():
        return Line.note("traces", "off, by OTEL_SDK_DISABLED or OTEL_TRACES_EXPORTER")
    try:
        otel_variables.require_well_formed()
        from bot.telemetry import otlp  # noqa: PLC0415  of an extra

        takes = otlp.takes(settings.traces_endpoint, COLLECTOR_SECONDS)
    except otel_variables.WrongVariableError as error:
        return Line("traces", str(error), "correct it, or leave it out")
    if takes:
        return Line("traces", "the collector takes them")
    return Line.note(
        "traces",
        "no collector takes them at OTEL_EXPORTER_OTLP_…ENDPOINT. The bot runs without; to have them, start it or correct the address",
    )


def _sessions(settings: Settings) -> Line:
    """Not wrong: the message says all that matters."""
    if organizer := load(settings.config_file).sessions_organizer:
        return Line("sessions", f"invitations name {organizer} as their organizer")
    what = "no organizer is set: their calendar files invite nobody, and what moves or is cancelled is changed in the calendar by hand"
    return Line.note("sessions", f"{what}; to send invitations, set organizer under [sessions] in CONFIG_FILE")


def _concerns(wrong: list[ConfigProblem]) -> bool:
    return any(problem.name in CONFIGURED for problem in wrong)


def _whole() -> list[Line]:
    """Texts, forms and buttons of the code itself."""
    from bot.ops.startup_checks import VerificationError, verify  # noqa: PLC0415  it imports every listener

    try:
        verify()
    except VerificationError as error:
        return [Line("bot", fault, RESTORE) for fault in error.faults]
    return [Line("bot", "every step, form, and button has its text")]


async def _store(settings: Settings, wrong: set[str]) -> list[Line]:
    """``wrong``: variables."""
    if "DATABASE_URL" in wrong:
        return []
    lines = await asyncio.to_thread(lambda: list(_database(settings.database_url)))
    if not wrong & {"ENCRYPTION_KEYS", "ENCRYPTION_KEYS_FILE"}:
        return lines + await _stored(settings)
    lacking = await asyncio.to_thread(maintenance.keys_to_give, settings)
    return [*lines, Line("keys", str(lacking), HOW_LACKING)] if lacking else lines


def _database(url: str) -> Iterator[Line]:
    path = sqlite_file(url)
    were_open = open_to_others(path) if path else []  # whoever opens the database mends that
    yield _schema(url)
    if path and path.exists():
        yield _files(were_open, open_to_others(path))


def _schema(url: str) -> Line:
    try:
        found = state(url)
    except Unavailable as error:
        said = f"{error.kind}: {error.why}" if error.why else error.kind
        return Line("database", f"cannot be used now ({said})", HOW.get(error.kind, HOW["unreachable"]))
    if found.kind == "current":
        return Line("database", f"current (revision {found.database})")
    if found.kind == "newer":
        return Line(
            "database", f"newer (revision {found.database}) than the bot ({found.code})", "run the newer version of the bot"
        )
    if found.kind == "altered":
        return Line("database", "alembic_version doesn't hold a revision", "put back what was there")
    return Line("database", "has no tables yet" if found.kind == "empty" else "older than the bot", f"run: {COMMAND} migrate")


def _files(before: Sequence[Path], now: Sequence[Path]) -> Line:
    """``before``, ``now``: SQLite's files on which others have rights."""
    if now:
        return Line("database files", f"others have rights on {_names(now)}", "as their owner: chmod 600")
    return Line(
        "database files", f"others had rights on {_names(before)} until now" if before else "only this user has rights on them"
    )


def _names(paths: Sequence[Path]) -> str:
    return ", ".join(str(path) for path in paths)


async def _stored(settings: Settings) -> list[Line]:
    """Nothing if the database can't be read: that has a line of its own."""
    from bot.ops.startup_checks import HOW_STRANDED, stranded  # noqa: PLC0415  it imports every listener

    try:
        if (await asyncio.to_thread(state, settings.database_url)).kind != "current":
            return []
        await maintenance.require_keys(settings)
        found = await stranded(settings)
    except UnknownKey as error:
        return [*check_files.key_file(settings), Line("keys", str(error), HOW_LACKING)]
    except SealError as error:
        return [Line("keys", str(error), HOW_ALTERED)]
    except Unavailable:
        return []
    lines = [Line("journeys", fault, HOW_STRANDED) for fault in found] or [Line("journeys", "each customer's version is here")]
    return [*check_files.key_file(settings), Line("keys", "open everything that is stored"), *lines]


def read_manifest(settings: Settings) -> tuple[AskedScopes, list[Line]]:
    """The bot scopes that the manifest asks for, and what is wrong with it."""
    places = [Path(MANIFEST), manifest_file()]
    path = next((place for place in places if place.is_file()), None)
    if path is None:
        return AskedScopes(), [Line("manifest", f"there is no {MANIFEST}", "run the check in the bot's folder")]
    try:
        manifest = yaml.safe_load(path.read_text())
        scopes = manifest["oauth_config"]["scopes"]
        wanted = AskedScopes(frozenset(map(str, scopes["bot"])), frozenset(map(str, scopes.get("bot_optional", ()))))
        lines = [Line("manifest", *what) for what in _manifest_faults(manifest, settings)]
    except (OSError, yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
        return AskedScopes(), [Line("manifest", f"{path.name} is not a manifest ({type(error).__name__})", RESTORE)]
    return wanted, lines or [Line("manifest", f"asks for {len(wanted.scopes)} scopes, {len(wanted.optional)} of them optional")]


def _manifest_faults(manifest: dict[str, Any], settings: Settings) -> Iterator[tuple[str, str]]:
    """What depends on the configuration, or would lock customers out; `startup_checks` checks the command and events."""
    rest = manifest["settings"]
    if not rest["interactivity"]["is_enabled"]:
        yield "has interactivity switched off", "set settings.interactivity.is_enabled to true: customers act by buttons"
    if not rest.get("socket_mode_enabled") and not settings.socket_mode and not _has_url(rest):
        yield (
            "has no address for Slack's requests",
            "set the request URLs to https://<your host>/slack/events, or use Socket Mode",
        )


def _has_url(rest: dict[str, Any]) -> bool:
    return str(rest["interactivity"].get("request_url", "")).startswith("https://")
