"""The configuration, from environment variables and `EnvFile`. `problems` says how to fix each missing or wrong one."""

import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import IntEnum
from functools import cached_property, partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pydantic import Field, PrivateAttr, SecretStr, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.config import addresses, database_url, slack_values
from bot.config.clock import ClockError, read_ahead
from bot.config.command import COMMAND
from bot.config.env_file import EnvFile, read
from bot.config.policies import PolicyError, load
from bot.config.surroundings import without_surroundings

if TYPE_CHECKING:
    from pismo.tls import ClientTls
    from storage.sealing import Keyring

SLACK_API = "https://slack.com/api/"


_AS_MEANT: Mapping[str, Callable[[str], str]] = {
    **{name.lower(): partial(slack_values.meant, name) for name in slack_values.NAMES},
    "slack_api_url": lambda url: url if not url or url.endswith("/") else f"{url}/",
    "database_url": database_url.meant,
    "encryption_keys": lambda keys: re.sub(r"""[\s,;"'\[\]]+""", ",", keys).strip(","),
    "service_desk_url": lambda url: re.sub(r"(?i)^(https://[\w-]+\.atlassian\.net)/.*", r"\1", url),
    "service_desk_user": lambda user: found[0] if len(found := re.findall(r"[^\s<>:,;]+@[^\s<>:,;]+", user)) == 1 else user,
    "service_desk_token": lambda token: re.sub(r"(?i)^bearer\s+", "", token.strip(",;. ")),
    "host": addresses.host,
    "port": addresses.port,
    "ops_host": addresses.host,
    "ops_port": addresses.port,
    "log_level": lambda level: {"WARN": "WARNING"}.get(level.upper(), level.upper()),
}
"""By field, what people also write for it."""


class Exit(IntEnum):
    """Exit codes. A supervisor restarts the process after all except those that a person has to fix."""

    OK = 0
    FAILED = 1
    CONFIGURATION = 2
    """Like wrong arguments: something has to be fixed before it can run."""
    DATABASE_OLDER = 3
    """Run ``pismo-onboarding migrate``."""
    DATABASE_NEWER = 4
    """The database was migrated by a newer version of the bot, or customers are on a version of the journey that this one lacks."""
    DATABASE_UNREACHABLE = 5
    ALTERED = 6
    """``verify-log`` or ``keys rotate`` found a change, a gap, a swap or a truncation."""
    SOCKET_LOST = 7
    """Socket Mode could not be reconnected; a restart helps."""
    UNKNOWN_KEY = 8
    """A command needs a key that it was not given. ``run`` and ``check`` end with ``CONFIGURATION`` then."""


class Settings(BaseSettings):
    """All text, so that each wrong value can be named; `problems` checks them."""

    model_config = SettingsConfigDict(env_ignore_empty=True, extra="ignore", frozen=True, hide_input_in_errors=True)

    slack_bot_token: SecretStr = SecretStr("")
    slack_signing_secret: SecretStr | None = None
    slack_app_token: SecretStr | None = None
    slack_api_url: str = SLACK_API
    support_channel: str = ""
    support_usergroup: str = ""
    database_url: str = Field(default="sqlite+aiosqlite:///onboarding.db", repr=False)
    """May hold a password."""
    encryption_keys: SecretStr = SecretStr("")
    encryption_keys_file: str = ""
    """A file that holds them instead."""
    host: str = "127.0.0.1"
    """A container sets 0.0.0.0."""
    port: str = "3000"
    """0: any free one, named in the log."""
    ops_host: str = "127.0.0.1"
    ops_port: str = ""
    """Where health and metrics are served; without it, beside Slack's requests on ``port``."""
    pismo_api_url: str = "https://sandbox.pismolabs.io"
    """Of the test environment."""
    pismo_production_api_url: str = ""
    """Not public; without it, nothing is proved in production."""
    pismo_client_cert: str = Field(default="", repr=False)
    pismo_client_key: SecretStr = SecretStr("")
    """Each the path of a PEM file, or the PEM itself; for both environments unless production has its own."""
    pismo_production_client_cert: str = Field(default="", repr=False)
    pismo_production_client_key: SecretStr = SecretStr("")
    pismo_ca_file: str = Field(default="", repr=False)
    pismo_oauth2_secret_field: str = "client_secret_string"  # noqa: S105  the name of a field
    service_desk_url: str = ""
    """The Service Desk's site; without it, support gets a text to paste."""
    service_desk_user: str = Field(default="", repr=False)
    service_desk_token: SecretStr = SecretStr("")
    config_file: str = ""
    clock_file: str = ""
    """For demonstrations only."""
    log_level: str = "INFO"
    otel_exporter_otlp_endpoint: str = Field(default="", repr=False)
    """OpenTelemetry's own name for a collector's address, to which ``/v1/traces`` is added."""
    otel_exporter_otlp_traces_endpoint: str = Field(default="", repr=False)
    """The whole address, in its place."""
    sentry_dsn: SecretStr = SecretStr("")
    sentry_environment: str = ""
    env_file: str = ".env"
    """Where settings stand that the environment doesn't set. Only looked for in the environment."""

    _file: EnvFile = PrivateAttr()

    def __init__(self, **given: Any) -> None:
        file = read(os.environ)
        super().__init__(**{**file.beside(os.environ, set(type(self).model_fields) - {"env_file"}), **given})
        self._file = file

    @field_validator("*", mode="before")
    @classmethod
    def _as_meant(cls, value: object, info: ValidationInfo) -> object:
        """Read as it is meant, where that is certain."""
        if not isinstance(value, str) or info.field_name is None:
            return value
        value = without_surroundings(info.field_name, value)
        return _AS_MEANT[info.field_name](value) if value and info.field_name in _AS_MEANT else value

    @property
    def pismo_tls(self) -> "ClientTls":
        """Of the test environment."""
        from pismo.tls import ClientTls  # noqa: PLC0415  loads cryptography, which --help doesn't need

        return ClientTls(self.pismo_client_cert, self.pismo_client_key, self.pismo_ca_file)

    @property
    def pismo_production_tls(self) -> "ClientTls":
        own, key = self.pismo_production_client_cert, self.pismo_production_client_key
        return replace(self.pismo_tls, certificate=own, key=key) if own else self.pismo_tls

    @cached_property
    def keyring(self) -> "Keyring":
        """Read once, since the file may be a pipe. Raises KeyringError, and OSError if there is a file that can't be read."""
        from storage.sealing import Keyring  # noqa: PLC0415  loads cryptography, which --help doesn't need

        if self.encryption_keys_file:
            return Keyring.parse(Path(self.encryption_keys_file).read_text("utf-8-sig", "replace"))
        return Keyring.parse(_plain(self.encryption_keys))

    @property
    def file(self) -> EnvFile:
        """Read when the settings were, since it may be a pipe."""
        return self._file

    @property
    def traces_endpoint(self) -> str:
        """Where traces are sent to; empty if they are off."""
        base = self.otel_exporter_otlp_endpoint.rstrip("/")
        return self.otel_exporter_otlp_traces_endpoint or (f"{base}/v1/traces" if base else "")

    @property
    def socket_mode(self) -> bool:
        return bool(_plain(self.slack_app_token))


@dataclass(frozen=True)
class ConfigProblem:
    """``name``: the variable. ``what`` is wrong, and ``how`` to fix it; neither ever contains a secret's value."""

    name: str
    what: str
    how: str

    def __str__(self) -> str:
        return f"{self.name} {self.what} - {self.how}"


def _plain(secret: SecretStr | None) -> str:
    return secret.get_secret_value() if secret else ""


_FOREIGN = "holds signs that no token has, such as a quote or a space"

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
    token = _plain(settings.slack_bot_token)
    if wrong := slack_values.fault(slack_values.BOT, token) if token else "is missing":
        yield ConfigProblem(
            "SLACK_BOT_TOKEN", wrong, "copy the Bot User OAuth Token from the Slack app's page, OAuth & Permissions"
        )


def _front(settings: Settings) -> Iterator[ConfigProblem]:
    secret, app_token = _plain(settings.slack_signing_secret), _plain(settings.slack_app_token)
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
        "PISMO_CLIENT": not settings.pismo_client_cert and _plain(settings.pismo_client_key),
        "PISMO_PRODUCTION_CLIENT": not settings.pismo_production_client_cert and _plain(settings.pismo_production_client_key),
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
    url, user, token = settings.service_desk_url, settings.service_desk_user, _plain(settings.service_desk_token)
    if not (url or user or token):
        return
    if wrong := addresses.fault(url) if url else "is missing":
        yield ConfigProblem("SERVICE_DESK_URL", wrong, f"{addresses.HTTPS}, or leave out all of SERVICE_DESK_…")
    if "@" not in user or ":" in user:
        yield ConfigProblem("SERVICE_DESK_USER", "is no e-mail address", "write the one of the account that the API token is of")
    how = "make an API token in the account's security settings at Atlassian"
    if not token:
        yield ConfigProblem("SERVICE_DESK_TOKEN", "is missing", how)
    elif not re.fullmatch(r"[A-Za-z0-9._~+/=-]+", token):
        yield ConfigProblem("SERVICE_DESK_TOKEN", _FOREIGN, how)


def _support(settings: Settings) -> Iterator[ConfigProblem]:
    how = "in Slack open the channel's details; its ID stands at the bottom and begins with C or G"
    if wrong := slack_values.fault(slack_values.CHANNEL, settings.support_channel) if settings.support_channel else "is missing":
        yield ConfigProblem("SUPPORT_CHANNEL", wrong, how)
    if settings.support_usergroup and (wrong := slack_values.fault(slack_values.GROUP, settings.support_usergroup)):
        yield ConfigProblem("SUPPORT_USERGROUP", wrong, "it begins with S; leave it out to go by the channel")


def _database(settings: Settings) -> Iterator[ConfigProblem]:
    how = "write sqlite+aiosqlite:///onboarding.db or postgresql://user:password@host/database"
    scheme, _, rest = settings.database_url.partition("://")
    if scheme not in ("sqlite+aiosqlite", "postgresql", "postgresql+psycopg"):
        yield ConfigProblem("DATABASE_URL", "names no database the bot knows", how)
    elif scheme.startswith("sqlite") and (path := rest.removeprefix("/").partition("?")[0]) in ("", ":memory:"):
        yield ConfigProblem("DATABASE_URL", "names no file" if not path else "would keep nothing", how)
    elif scheme.startswith("sqlite") and not Path(path).absolute().parent.is_dir():
        yield ConfigProblem("DATABASE_URL", "names a file in a folder that does not exist", "make the folder, or name another")
    elif scheme.startswith("sqlite") and (path.endswith("/") or Path(path).is_dir()):
        yield ConfigProblem("DATABASE_URL", "names a folder", "name a file in it, such as onboarding.db")
    elif scheme.startswith("sqlite") and Path(path).exists() and not Path(path).is_file():
        yield ConfigProblem("DATABASE_URL", "names a device or a pipe", "name a file")
    elif not scheme.startswith("sqlite") and rest.partition("/")[0].count("@") > 1:
        how = "in it write @ as %40, and % as %25"
        yield ConfigProblem("DATABASE_URL", "has a password of which some signs are escaped and others are not", how)
    elif not scheme.startswith("sqlite") and not _has_database(rest):
        yield ConfigProblem("DATABASE_URL", "names no database on the server", how)


def _has_database(rest: str) -> bool:
    try:
        parts = urlsplit("//" + rest)
        _ = parts.port
    except ValueError:
        return False
    return len(parts.path) > 1


def _keys(settings: Settings) -> Iterator[ConfigProblem]:
    from storage.sealing import KeyringError  # noqa: PLC0415  loads cryptography, which --help doesn't need

    name, how = "ENCRYPTION_KEYS", f"for a new database, make one with: {COMMAND} keys new"
    given = bool(_plain(settings.encryption_keys).strip())
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
        if not re.fullmatch(r"[\w.-]+|[0-9A-Fa-f:.]+", host) or re.fullmatch(r"[0-9.]+:[0-9]+", host):
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


_DSN = re.compile(r"https?://\w+(?::\w+)?@[\w.-]+(?::[0-9]{1,5})?(?:/[\w-]+)*/[0-9]+", re.ASCII)


def _telemetry(settings: Settings) -> Iterator[ConfigProblem]:
    """What is sent holds no secret, so that it may go over http:// within a network."""
    for name, address in (
        ("OTEL_EXPORTER_OTLP_ENDPOINT", settings.otel_exporter_otlp_endpoint),
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", settings.otel_exporter_otlp_traces_endpoint),
    ):
        if address and addresses.fault(re.sub("^http:", "https:", address)):
            yield ConfigProblem(
                name, "is not a URL", "write http:// or https://, the collector's host and its port, such as 4318"
            )
        elif address and not _is_installed("opentelemetry.sdk"):
            yield ConfigProblem(
                name, "is set, and the extra traces is not installed", f"{_INSTALL.format('traces')}, or leave it out"
            )
    if dsn := _plain(settings.sentry_dsn):
        if not _DSN.fullmatch(dsn):
            yield ConfigProblem("SENTRY_DSN", "is not a DSN", "copy it from the project's settings in Sentry, Client Keys (DSN)")
        elif not _is_installed("sentry_sdk"):
            yield ConfigProblem(
                "SENTRY_DSN", "is set, and the extra sentry is not installed", f"{_INSTALL.format('sentry')}, or leave it out"
            )
    if settings.sentry_environment and not re.fullmatch(r"[^\s/]{1,64}", settings.sentry_environment):
        yield ConfigProblem(
            "SENTRY_ENVIRONMENT", "is not a name Sentry takes", "write up to 64 characters without spaces and slashes"
        )


_INSTALL = "install it as docs/operations.md says under Traces and errors (pip install '.[{}]')"


def _is_installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False


_SLACK: tuple[_Check, ...] = (_bot_token, _front, _urls, _pismo, _service_desk, _support, _telemetry)
_STORE: tuple[_Check, ...] = (_database, _keys, _server, _policies, _clock, _logging)
