"""The configuration, from environment variables and `EnvFile`. `bot.config.problems` says how to fix each missing or wrong one."""

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from enum import IntEnum
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import Field, PrivateAttr, SecretStr, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.config import addresses, database_url, sentry_dsn, service_desk_account, slack_values
from bot.config.env_file import EnvFile, read
from bot.config.surroundings import without_surroundings

if TYPE_CHECKING:
    from pismo.tls import ClientTls
    from storage.sealing import Keyring

SLACK_API = "https://slack.com/api/"


_AS_MEANT: Mapping[str, Callable[[str], str]] = {
    **{name.lower(): partial(slack_values.meant, name) for name in slack_values.NAMES},
    "slack_api_url": lambda url: url if not url or url.endswith("/") else f"{url}/",
    "database_url": database_url.meant,
    "encryption_keys": lambda keys: re.sub(r"""(?:\\+[rn]|[\s,;"'\[\]])+""", ",", keys).strip(","),
    "service_desk_url": lambda url: re.sub(r"(?i)^(https://[\w-]+\.atlassian\.net)/.*", r"\1", url),
    "service_desk_user": service_desk_account.user_meant,
    "service_desk_token": service_desk_account.token_meant,
    "host": addresses.host,
    "port": addresses.port,
    "ops_host": addresses.host,
    "ops_port": addresses.port,
    "otel_exporter_otlp_endpoint": addresses.without_signal,
    "sentry_dsn": sentry_dsn.meant,
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
    """All text, so that each wrong value can be named; `bot.config.problems` checks them."""

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
        return Keyring.parse(plain(self.encryption_keys))

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
        return bool(plain(self.slack_app_token))


def plain(secret: SecretStr | None) -> str:
    return secret.get_secret_value() if secret else ""
