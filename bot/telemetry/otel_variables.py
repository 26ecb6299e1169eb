"""The variables that OpenTelemetry reads by itself, as far as the bot uses it. Each is held against its form before OpenTelemetry is
imported: it would log a wrong one as it stands, token and all, and go on with something else.

https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
https://opentelemetry.io/docs/specs/otel/protocol/exporter/
"""

import math
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from bot.telemetry import logs

_OTLP = "OTEL_EXPORTER_OTLP_"
_SAMPLERS = ("always_on", "always_off", "traceidratio")


class WrongVariableError(ValueError):
    """One of OpenTelemetry's variables can't be followed. Its text names it, without its value."""


def is_off() -> bool:
    """Whether they turn traces off."""
    return _value("OTEL_SDK_DISABLED").lower() == "true" or _value("OTEL_TRACES_EXPORTER").lower() == "none"


def require_well_formed() -> None:
    """Raises WrongVariableError. From now on OpenTelemetry logs nothing: what matters of it, the bot says itself."""
    logs.silence("opentelemetry", "urllib3")
    for name, (is_right, form) in _FORMS.items():
        value = _value(name)
        if value and not is_right(value):
            raise WrongVariableError(f"{name}: {form}")


def _value(name: str) -> str:
    """As the specification has it, one that is set to nothing is not set."""
    return os.environ.get(name, "").strip()


def _number(least: float, most: float = math.inf) -> Callable[[str], bool]:
    def is_right(value: str) -> bool:
        with suppress(ValueError):
            return least <= float(value) <= most and math.isfinite(float(value))
        return False

    return is_right


def _whole(least: int) -> Callable[[str], bool]:
    return lambda value: value.isascii() and value.isdecimal() and int(value) >= least


def _one_of(*words: str) -> Callable[[str], bool]:
    return lambda value: value.lower() in words


def _are_headers(value: str) -> bool:
    from opentelemetry.util.re import parse_env_headers  # noqa: PLC0415  of an extra

    return all(parse_env_headers(part, liberal=True) for part in value.split(",") if part.strip())


def _are_attributes(value: str) -> bool:
    return all(part.partition("=")[0].strip() and "=" in part for part in value.split(","))


def _is_file(value: str) -> bool:
    return Path(value).is_file() and os.access(value, os.R_OK)


def _forms() -> dict[str, tuple[Callable[[str], bool], str]]:
    found: dict[str, tuple[Callable[[str], bool], str]] = {}
    for kind in ("", "TRACES_"):
        found |= {
            f"{_OTLP}{kind}PROTOCOL": (_one_of("http/protobuf"), "only http/protobuf is spoken"),
            f"{_OTLP}{kind}HEADERS": (_are_headers, "not name=value, parted by commas"),
            f"{_OTLP}{kind}TIMEOUT": (_number(0), "not a number of seconds"),
            f"{_OTLP}{kind}COMPRESSION": (_one_of("none", "gzip", "deflate"), "none of none, gzip and deflate"),
        }
        for file in ("CERTIFICATE", "CLIENT_KEY", "CLIENT_CERTIFICATE"):
            found[f"{_OTLP}{kind}{file}"] = (_is_file, "not a file that this user can read")
    samplers = (*_SAMPLERS, *(f"parentbased_{one}" for one in _SAMPLERS))
    found["OTEL_TRACES_SAMPLER"] = (_one_of(*samplers), f"none of {', '.join(samplers)}")
    found["OTEL_TRACES_SAMPLER_ARG"] = (_number(0, 1), "not a number from 0 to 1")
    found["OTEL_RESOURCE_ATTRIBUTES"] = (_are_attributes, "not name=value, parted by commas")
    for name in ("MAX_QUEUE_SIZE", "SCHEDULE_DELAY", "MAX_EXPORT_BATCH_SIZE", "EXPORT_TIMEOUT"):
        found[f"OTEL_BSP_{name}"] = (_whole(1), "not a whole number above 0")
    for what in ("ATTRIBUTE", "SPAN_ATTRIBUTE", "EVENT_ATTRIBUTE", "LINK_ATTRIBUTE", "SPAN_EVENT", "SPAN_LINK"):
        found[f"OTEL_{what}_COUNT_LIMIT"] = (_whole(0), "not a whole number")
    for what in ("ATTRIBUTE", "SPAN_ATTRIBUTE"):
        found[f"OTEL_{what}_VALUE_LENGTH_LIMIT"] = (_whole(0), "not a whole number")
    return found


_FORMS: Mapping[str, tuple[Callable[[str], bool], str]] = _forms()
"""By variable: whether a value is right, and what a wrong one is."""
