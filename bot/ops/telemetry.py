"""What tells of a running bot outside, besides its log and metrics: traces to a collector, errors to Sentry; each only where it is set."""

import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from bot.config.command import SCRIPT
from bot.config.env_file import OPENTELEMETRY
from bot.config.settings import Settings
from bot.config.version import VERSION
from bot.telemetry import otel_variables, traces

LEAVING = 1.0
"""Seconds that each may take at the end for what is left."""


class TelemetryError(Exception):
    """It can't begin. The text says what to do."""


@contextmanager
def telemetry(settings: Settings) -> Iterator[None]:
    """After the log is configured. Raises TelemetryError."""
    with ExitStack() as stack:
        if settings.traces_endpoint:
            _begin_traces(settings)
            stack.callback(traces.end, LEAVING)
        if dsn := settings.sentry_dsn.get_secret_value():
            from bot.telemetry.sentry import SentryHandler  # noqa: PLC0415  of an extra

            handler = SentryHandler(dsn, f"{SCRIPT}@{VERSION}", settings.sentry_environment)
            logging.getLogger().addHandler(handler)
            stack.callback(handler.finish, LEAVING)
            stack.callback(logging.getLogger().removeHandler, handler)
        yield


def _begin_traces(settings: Settings) -> None:
    settings.file.hand_over(OPENTELEMETRY)
    if otel_variables.is_off():
        return
    try:
        otel_variables.require_well_formed()
        from bot.telemetry import otlp  # noqa: PLC0415  of an extra

        traces.begin(otlp.OtelTracer(otlp.exporter(settings.traces_endpoint), SCRIPT, VERSION))
    except otel_variables.WrongVariableError as error:
        raise TelemetryError(f"{error} - correct it, or leave it out") from None
