"""What keeps the bot from running with its settings, and how to fix each: a missing or wrong value, a file that can't be used."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

from bot.config import addresses, database_url, sentry_dsn, service_desk_account, slack_values
from bot.config.clock import ClockError, read_ahead
from bot.config.command import COMMAND
from bot.config.policies import PolicyError, load
from bot.config.settings import SLACK_API, Settings, plain


@dataclass(frozen=True)
class ConfigProblem:
    """``name``: the variable. ``what`` is wrong, and ``how`` to fix it; neither ever contains a secret's value."""

    name: str
    what: str
    how: str

    def __str__(self) -> str:
        return f"{self.name} {self.what} - {self.how}"


_Check = Callable[[Settings], Iterator[ConfigProblem]]


def problems(settings: Settings, *, slack: bool = True) -> list[ConfigProblem]:
    """Everything that keeps the bot from running. ``slack=False``: for commands that only use the store."""
    if file := list(_env_file(settings)):  # what it would have set is not missing
        return file
    return [problem for check in (_SLACK + _STORE if slack else _STORE) for problem in check(settings)]


def _env_file(settings: Settings) -> Iterator[ConfigProblem]:
    if settings.file.fault:
        yield ConfigProblem("ENV_FILE", settings.file.fault, settings.file.how)


def _bot_token(settings: Settings) -> Iterator[ConfigProblem]:
    token = plain(settings.slack_bot_token)
    if wrong := slack_values.fault(slack_values.BOT, token) if token else "is missing":
        yield ConfigProblem(
            "SLACK_BOT_TOKEN", wrong, "copy the Bot User OAuth Token from the Slack app's page, OAuth & Permissions"
        )


def _front(settings: Settings) -> Iterator[ConfigProblem]:
    secret, app_token = plain(settings.slack_signing_secret), plain(settings.slack_app_token)
    if not secret and not app_token:
        yield ConfigProblem(
            "SLACK_SIGNING_SECRET",
            "is missing, and so is SLACK_APP_TOKEN",
            "for HTTP copy the Signing Secret from the Slack app's page, Basic Information; for Socket Mode set SLACK_APP_TOKEN",
        )
    if secret and (wrong := slack_values.fault(slack_values.SECRET, secret)):
        yield ConfigProblem(
            "SLACK_SIGNING_SECRET",
            wrong,
            "copy it from the Slack app's page, Basic Information; it is no token and not the client secret",
        )
    if app_token and (wrong := slack_values.fault(slack_values.APP, app_token)):
        yield ConfigProblem(
            "SLACK_APP_TOKEN",
            wrong,
            "make an app-level token with the scope connections:write on the Slack app's page, Basic Information",
        )


def _urls(settings: Settings) -> Iterator[ConfigProblem]:
    slack = addresses.fault(settings.slack_api_url)
    if not slack and urlsplit(settings.slack_api_url).hostname == "slack.com" and settings.slack_api_url != SLACK_API:
        slack = "is not the address of Slack's API"
    if slack:
        yield ConfigProblem("SLACK_API_URL", slack, f"leave it out for Slack itself, {SLACK_API}")
    if pismo := addresses.fault(settings.pismo_api_url):
        yield ConfigProblem("PISMO_API_URL", pismo, f"{addresses.HTTPS}, or leave it out for https://sandbox.pismolabs.io")


def _pismo(settings: Settings) -> Iterator[ConfigProblem]:
    from pismo.tls import CertificateError  # noqa: PLC0415  loads cryptography, which --help doesn't need

    address = settings.pismo_production_api_url
    if address and (wrong := addresses.fault(address)):
        yield ConfigProblem("PISMO_PRODUCTION_API_URL", wrong, f"{addresses.HTTPS}, or leave it out")
    if settings.pismo_oauth2_secret_field not in ("client_secret_string", "client_secret"):
        yield ConfigProblem("PISMO_OAUTH2_SECRET_FIELD", "is no name Pismo takes", "write client_secret_string or client_secret")
    alone = {
        "PISMO_CLIENT": not settings.pismo_client_cert and plain(settings.pismo_client_key),
        "PISMO_PRODUCTION_CLIENT": not settings.pismo_production_client_cert and plain(settings.pismo_production_client_key),
    }
    for beginning in filter(alone.__getitem__, alone):
        yield ConfigProblem(f"{beginning}_CERT", f"is missing, and {beginning}_KEY is set", "set both, or leave out both")
    for beginning, tls in (("PISMO_CLIENT", settings.pismo_tls), ("PISMO_PRODUCTION_CLIENT", settings.pismo_production_tls)):
        try:
            tls.read().context()
        except CertificateError as error:
            names = {"certificate": f"{beginning}_CERT", "key": f"{beginning}_KEY", "ca": "PISMO_CA_FILE"}
            yield ConfigProblem(names[error.part], error.why, _PEM_HOWS[error.kind])
            return  # production shares the certificate, or at least the CA file


_PEM_HOWS = {
    "unreadable": "name a PEM file that this user may read, or give the PEM itself",
    "no_key": "name its private key in the variable that ends with KEY",
    "mismatch": "the key must be the certificate's own",
}


def _service_desk(settings: Settings) -> Iterator[ConfigProblem]:
    url, user, token = settings.service_desk_url, settings.service_desk_user, plain(settings.service_desk_token)
    if not (url or user or token):
        return
    if wrong := addresses.fault(url) if url else "is missing":
        yield ConfigProblem("SERVICE_DESK_URL", wrong, f"{addresses.HTTPS}, or leave out all of SERVICE_DESK_…")
    if wrong := service_desk_account.user_fault(user):
        yield ConfigProblem("SERVICE_DESK_USER", wrong, "write the one of the account that the API token is of")
    how = "make an API token in the account's security settings at Atlassian"
    if not token:
        yield ConfigProblem("SERVICE_DESK_TOKEN", "is missing", how)
    elif wrong := service_desk_account.token_fault(token):
        yield ConfigProblem("SERVICE_DESK_TOKEN", wrong, how)


def _support(settings: Settings) -> Iterator[ConfigProblem]:
    how = "in Slack open the channel's details; its ID stands at the bottom and begins with C or G"
    if wrong := slack_values.fault(slack_values.CHANNEL, settings.support_channel) if settings.support_channel else "is missing":
        yield ConfigProblem("SUPPORT_CHANNEL", wrong, how)
    if settings.support_usergroup and (wrong := slack_values.fault(slack_values.GROUP, settings.support_usergroup)):
        yield ConfigProblem("SUPPORT_USERGROUP", wrong, "it begins with S; leave it out to go by the channel")


def _database(settings: Settings) -> Iterator[ConfigProblem]:
    if wrong := database_url.fault(settings.database_url):
        yield ConfigProblem("DATABASE_URL", *wrong)
    else:
        yield from _owner(settings.database_url)


def _owner(url: str) -> Iterator[ConfigProblem]:
    """Of SQLite's files."""
    from storage.engine import sqlite_file  # noqa: PLC0415  loads SQLAlchemy, which --help doesn't need
    from storage.owner import unusable  # noqa: PLC0415

    database = sqlite_file(url)
    if database is None or (found := unusable(database)) is None:
        return
    if found.path != database.resolve():
        what = f"names a database beside which {found.path.name} belongs to the user {found.owner}, so that {found.this} cannot use it"
        yield ConfigProblem("DATABASE_URL", what, f"end what that user runs on it, then give it back: {found.give()}")
        return
    yield ConfigProblem("DATABASE_URL", f"names a database of the user {found.owner}, and this one is {found.this}", found.how)


def _keys(settings: Settings) -> Iterator[ConfigProblem]:
    from storage.sealing import KeyringError  # noqa: PLC0415  loads cryptography, which --help doesn't need

    name, how = "ENCRYPTION_KEYS", f"for a new database, make one with: {COMMAND} keys new"
    given = bool(plain(settings.encryption_keys).strip())
    if settings.encryption_keys_file:
        name, how = "ENCRYPTION_KEYS_FILE", f"{how} --to FILE"
        if given:
            yield ConfigProblem(name, "is set, and so is ENCRYPTION_KEYS", "leave out one of them, once it has all keys")
            return
    elif not given:
        yield ConfigProblem(name, "is missing", how)
        return
    try:
        _ = settings.keyring
    except KeyringError as error:
        yield ConfigProblem(name, f"is malformed: {error}", how)
    except OSError as error:
        yield ConfigProblem(name, f"cannot be read ({error.strerror})", f"name a file that this user may read; {how}")


def _server(settings: Settings) -> Iterator[ConfigProblem]:
    for name, port in (("PORT", settings.port), ("OPS_PORT", settings.ops_port or "0")):
        if "://" in port:
            how = 'set "enableServiceLinks: false" in the pod, or name the service otherwise'
            yield ConfigProblem(name, "holds an address, as Kubernetes sets it for a service of that name", how)
        elif not re.fullmatch(r"[0-9]{1,5}", port) or int(port) > 65535:
            yield ConfigProblem(name, "is not a port", "write a number from 1 to 65535; 0 takes a free one")
    for name, host in (("HOST", settings.host), ("OPS_HOST", settings.ops_host)):
        if not addresses.is_host(host):
            port = name.replace("HOST", "PORT")
            yield ConfigProblem(name, "is not an address", f"write 127.0.0.1, or 0.0.0.0 in a container, and the port in {port}")
    if settings.ops_port not in ("", "0") and (settings.ops_host, settings.ops_port) == (settings.host, settings.port):
        yield ConfigProblem("OPS_PORT", "is PORT", "write another, or leave it out to have everything on PORT")


def _policies(settings: Settings) -> Iterator[ConfigProblem]:
    try:
        load(settings.config_file)
    except PolicyError as error:
        yield ConfigProblem("CONFIG_FILE", str(error), error.how)


def _clock(settings: Settings) -> Iterator[ConfigProblem]:
    try:
        read_ahead(Path(settings.clock_file)) if settings.clock_file else None
    except ClockError as error:
        yield ConfigProblem("CLOCK_FILE", str(error), "leave it out: it is for demonstrations only")


def _logging(settings: Settings) -> Iterator[ConfigProblem]:
    if settings.log_level.upper() not in ("DEBUG", "INFO", "WARNING", "ERROR"):
        yield ConfigProblem("LOG_LEVEL", "is not a level", "write DEBUG, INFO, WARNING or ERROR")


def _telemetry(settings: Settings) -> Iterator[ConfigProblem]:
    for name, address in (
        ("OTEL_EXPORTER_OTLP_ENDPOINT", settings.otel_exporter_otlp_endpoint),
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", settings.otel_exporter_otlp_traces_endpoint),
    ):
        if address and (wrong := addresses.collector_fault(address)):
            yield ConfigProblem(name, wrong, "write http:// or https://, the collector's host and its port, such as 4318")
        elif address and not _is_installed("opentelemetry.sdk"):
            yield ConfigProblem(name, "is set, and the extra traces is not installed", f"{_INSTALL}, or leave it out")
    if dsn := plain(settings.sentry_dsn):
        if wrong := sentry_dsn.fault(dsn):
            yield ConfigProblem("SENTRY_DSN", wrong, "copy it from the project's settings in Sentry, Client Keys (DSN)")
        elif not _is_installed("sentry_sdk"):
            yield ConfigProblem("SENTRY_DSN", "is set, and the extra sentry is not installed", f"{_INSTALL}, or leave it out")
    if settings.sentry_environment and not re.fullmatch(r"[^\s/]{1,64}", settings.sentry_environment):
        yield ConfigProblem(
            "SENTRY_ENVIRONMENT", "is not a name Sentry takes", "write up to 64 characters without spaces and slashes"
        )


_INSTALL = "install it as docs/operations.md says under Traces and errors (requirements-telemetry.txt)"


def _is_installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False


_SLACK: tuple[_Check, ...] = (_bot_token, _front, _urls, _pismo, _service_desk, _support, _telemetry)
_STORE: tuple[_Check, ...] = (_database, _keys, _server, _policies, _clock, _logging)
