"""``pismo-onboarding check``: one line for each thing that has to be right, and how to fix it if it isn't."""

import asyncio
import os
import stat
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bot.config.clock import Clock
from bot.config.command import COMMAND
from bot.config.policies import load
from bot.config.settings import ConfigProblem, Settings, problems
from bot.ops import check_files, maintenance
from bot.ops.maintenance import HOW_ALTERED, HOW_LACKING
from bot.ops.manifest import MANIFEST, manifest_file
from bot.slack.client import Slack, SlackError
from bot.slack.support_channel import FAULTS, fault_of
from pismo.jsm_errors import ServiceDeskError, ServiceDeskFault
from pismo.jsm_form import NameNotFoundError, RequestFormNames, fill, offered
from pismo.service_desk import RequestForm, ServiceDesk
from storage.engine import sqlite_file
from storage.files import open_to_others
from storage.migrate import state
from storage.sealing import SealError, UnknownKey
from storage.store import Unavailable

RESTORE = "restore the file of this version"
CONFIGURED = ("SLACK_BOT_TOKEN", "SLACK_API_URL", "SUPPORT_CHANNEL")


@dataclass(frozen=True)
class Line:
    """``how`` is empty if all is well."""

    name: str
    what: str
    how: str = ""

    @property
    def ok(self) -> bool:
        return not self.how

    def __str__(self) -> str:
        return f"ok: {self.name}: {self.what}" if self.ok else f"wrong: {self.name}: {self.what} - {self.how}"


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
    manifest, lines = read_manifest(settings)
    for line in lines:
        yield line
    if not _concerns(wrong):
        async for line in _slack(settings, set(manifest)):
            yield line
    if not any(problem.name.startswith("SERVICE_DESK") or problem.name == "CONFIG_FILE" for problem in wrong):
        async for line in _service_desk(settings):
            yield line


def _configuration(settings: Settings, wrong: list[ConfigProblem]) -> Iterator[Line]:
    yield from (Line(problem.name, problem.what, problem.how) for problem in wrong)
    if not wrong:
        yield Line("configuration", "complete")
    yield from (Line(*found) for found in check_files.env_file(settings))
    if settings.clock_file and not any(problem.name == "CLOCK_FILE" for problem in wrong):
        ahead = Clock(settings.clock_file).ahead
        yield Line(
            "CLOCK_FILE",
            f"MOVES THE BOT'S CLOCK, now {ahead} ahead of this machine's. For demonstrations only: else leave it out",
        )
    if not any(problem.name.startswith("PISMO_") for problem in wrong):
        yield from (Line(*found) for found in check_files.certificates(settings))


def _sessions(settings: Settings) -> Line:
    """Not wrong: the message says all that matters."""
    if organizer := load(settings.config_file).sessions_organizer:
        return Line("sessions", f"invitations name {organizer} as their organizer")
    what = "no organizer is set: their calendar files invite nobody, and what moves or is cancelled is changed in the calendar by hand"
    return Line("sessions", f"{what}; to send invitations, set organizer under [sessions] in CONFIG_FILE")


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
        return Line("database", f"cannot be used now ({error.kind})", "check that DATABASE_URL is right and can be written")
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
        return [*_key_file(settings), Line("keys", str(error), HOW_LACKING)]
    except SealError as error:
        return [Line("keys", str(error), HOW_ALTERED)]
    except Unavailable:
        return []
    lines = [Line("journeys", fault, HOW_STRANDED) for fault in found] or [Line("journeys", "each customer's version is here")]
    return [*_key_file(settings), Line("keys", "open everything that is stored"), *lines]


def _key_file(settings: Settings) -> Iterator[Line]:
    """What is mounted, as a secret of a container is, this user can't close to others: that is only told."""
    name, file = "ENCRYPTION_KEYS_FILE", settings.encryption_keys_file
    if not file:
        return
    found = Path(file).stat()
    closable = found.st_uid == os.geteuid() and not os.statvfs(file).f_flag & os.ST_RDONLY
    if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        yield Line(name, "others may write it", f"chmod 600 {file}" if closable else f"have its owner run: chmod go-w {file}")
    elif found.st_mode & stat.S_IRWXO and closable:
        yield Line(name, "everybody has rights on it", f"chmod 600 {file}")
    elif found.st_mode & stat.S_IRWXO:
        yield Line(name, "everybody who gets to it here may read it, and who mounts or owns it can change that")


def read_manifest(settings: Settings) -> tuple[list[str], list[Line]]:
    """The bot scopes that the manifest asks for, and what is wrong with it."""
    places = [Path(MANIFEST), manifest_file()]
    path = next((place for place in places if place.is_file()), None)
    if path is None:
        return [], [Line("manifest", f"there is no {MANIFEST}", "run the check in the bot's folder")]
    try:
        manifest = yaml.safe_load(path.read_text())
        scopes = [str(scope) for scope in manifest["oauth_config"]["scopes"]["bot"]]
        lines = [Line("manifest", *what) for what in _manifest_faults(manifest, settings)]
    except (OSError, yaml.YAMLError, KeyError, TypeError) as error:
        return [], [Line("manifest", f"{path.name} is not a manifest ({type(error).__name__})", RESTORE)]
    return scopes, lines or [Line("manifest", f"asks for {len(scopes)} scopes")]


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


async def _slack(settings: Settings, wanted: set[str]) -> AsyncIterator[Line]:
    slack = Slack(settings.slack_bot_token.get_secret_value(), settings.slack_api_url)
    await slack.start()
    try:
        try:
            me = await slack.whoami()
        except SlackError as error:
            yield Line("Slack token", f"Slack returned {error.error}", _mend_token(error))
            return
        yield Line("Slack token", f"works in the workspace {me.team}")
        missing = sorted(wanted - me.scopes) if me.scopes else []
        if missing:
            how = "paste app_manifest.yaml into the Slack app's page, App Manifest, and reinstall the app"
            yield Line("Slack scopes", f"missing: {', '.join(missing)}", how)
        else:
            yield Line("Slack scopes", "everything the manifest asks for")
        yield await _support_channel(slack, settings.support_channel, me.user_id)
    finally:
        await slack.stop()


async def _support_channel(slack: Slack, channel: str, user_id: str) -> Line:
    invite = "invite the bot there: /invite @ and its name"
    try:
        found = await slack.channel(channel)
        if not found.is_member and user_id not in await slack.members(channel):
            return Line("SUPPORT_CHANNEL", "the bot is not in it", invite)
    except SlackError as error:
        how = invite + ", or set the right ID" if error.error == "channel_not_found" else _mend_token(error)
        return Line("SUPPORT_CHANNEL", f"Slack returned {error.error}", how)
    if fault := fault_of(found):
        what, how = FAULTS[fault]
        return Line("SUPPORT_CHANNEL", what, f"{how}: all answers of all customers are shown in it")
    return Line("SUPPORT_CHANNEL", f"the bot is in #{found.name}")


async def _service_desk(settings: Settings) -> AsyncIterator[Line]:
    """Whether each portal has the form for requests, and what the account may do there."""
    if not settings.service_desk_url:
        yield Line("Service Desk", "not configured: support gets each request as a text to paste")
        return
    policies = load(settings.config_file).service_desk
    async with ServiceDesk(settings.service_desk_url, settings.service_desk_user, settings.service_desk_token) as client:
        for portal, names in policies.names.items():
            name = f"Service Desk ({portal})"
            try:
                form = await client.form(names)
                for resource in (*names.subtypes, *(one for one, choice in names.choices.items() if choice)):
                    fill(form.fields, names, resource, "-", "-")
            except NameNotFoundError as error:
                there = f"; there is: {', '.join(error.there)}" if error.there else ""
                what = "a field that must be filled" if error.what == "required" else f"no {error.what.replace('_', ' ')}"
                how = f"set the name under [service_desk.{portal}] in CONFIG_FILE, or give the user access to it"
                yield Line(name, f"{what}: {error.name}{there}", how)
            except ServiceDeskError as error:
                yield Line(name, f"it answered {error.status or 'nothing'} ({error.fault})", _mend_desk(error))
                return
            else:
                yield Line(name, f"{names.desk} > {names.request_type} > {names.category} can be filed")
                for line in _unchosen(name, portal, names, form):
                    yield line
                yield _account(f"{name} account", form)
                if form.adds_participants:
                    yield await _lookup(f"{name} participants", client, form, settings.service_desk_user)
        yield await _comments(client)


def _unchosen(name: str, portal: str, names: RequestFormNames, form: RequestForm) -> Iterator[Line]:
    """The integrations of which the configuration does not say under which category they are requested, and what then happens."""
    unset, pasted = [resource for resource, choice in names.choices.items() if not choice], list[str]()
    for resource in unset:
        try:
            fill(form.fields, names, resource, "-", "-")
        except NameNotFoundError:
            pasted.append(resource)
    where = f"to set one, add choices under [service_desk.{portal}] in CONFIG_FILE; there is: {', '.join(offered(form.fields))}"
    if pasted:
        what = "no category is set, and the form needs one: nothing is filed, support gets the text to paste"
        yield Line(name, f"{', '.join(pasted)}: {what}; {where}")
    if filed := [resource for resource in unset if resource not in pasted]:
        yield Line(name, f"{', '.join(filed)}: no category is set, filed without one; {where}")


AGENT = "give SERVICE_DESK_USER an agent's or a project role there"


def _account(name: str, form: RequestForm) -> Line:
    """Jira tells what the account may do for others; who may do neither has a customer's role alone, as far as can be seen."""
    if not (form.adds_participants or form.raises_on_behalf):
        what = "may neither add participants nor file on behalf of others, like a customer's account, which cannot file over REST"
        return Line(name, f"{what} (JSDCLOUD-8960)", AGENT)
    may = {"add participants": form.adds_participants, "file on behalf of others": form.raises_on_behalf}
    able = ", ".join(what for what, allowed in may.items() if allowed)
    lacks = ", ".join(what for what, allowed in may.items() if not allowed)
    return Line(name, f"may file requests, {able}" + (f"; not {lacks}: the ticket's text then says so" if lacks else ""))


async def _lookup(name: str, client: ServiceDesk, form: RequestForm, address: str) -> Line:
    """Tried with the account's own address; whether it is a customer of the desk does not matter."""
    try:
        await client.account(form, address)
    except ServiceDeskError as error:
        if error.transient:
            return Line(name, f"not tried: it answered {error.status or 'nothing'} ({error.fault})", _mend_desk(error))
        what = f"the account may not look up people: {error.status} ({error.fault}). None is named, support is told whom to add"
        return Line(name, f"{what}; to change that, let it view the desk's customers")
    return Line(name, "are looked up by address; support is told of those who are not found")


async def _comments(client: ServiceDesk) -> Line:
    """Tried on the account's own last request."""
    name = "Service Desk comments"
    try:
        last = await client.last()
        if last is None:
            return Line(name, "not tried: the account has no request yet")
        await client.comments(last.key)
    except ServiceDeskError as error:
        how = _mend_desk(error) if error.transient else f"let the account read and write comments: {AGENT}"
        return Line(name, f"reading them was answered with {error.status or 'nothing'} ({error.fault})", how)
    return Line(name, "can be read")


def _mend_desk(error: ServiceDeskError) -> str:
    if error.transient:
        return "check that this machine reaches SERVICE_DESK_URL; the bot itself starts without and keeps trying"
    if error.fault is ServiceDeskFault.UNAUTHORIZED:
        return "make a new API token for SERVICE_DESK_USER and set it as SERVICE_DESK_TOKEN"
    return "check that SERVICE_DESK_URL is the site's address and the user can see its portals"


def _mend_token(error: SlackError) -> str:
    if error.error == "missing_scope":
        return "reinstall the app with the scopes of app_manifest.yaml"
    if error.error in ("unreachable", "timeout") or error.error.startswith("http_"):
        return "check that this machine reaches SLACK_API_URL; the bot itself starts without and keeps trying"
    return "copy the Bot User OAuth Token again from the Slack app's page, OAuth & Permissions"
