"""Traces by OpenTelemetry, over OTLP and HTTP. Imported only where they are wanted (the extra ``traces``).

Spans wait in memory and are sent by a thread of their own: a collector that is slow or away costs spans, never time. What others may set
is set by OpenTelemetry's own variables (https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/).
"""

import logging
import os
import threading
from collections.abc import Sequence

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import (
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    set_span_in_context,
)
from opentelemetry.trace import Span as OtelSpan

from bot.telemetry.traces import TRACEPARENT, Kind, Value

log = logging.getLogger("bot.telemetry.otlp")

SERVICE = "pismo-onboarding"
_KINDS: dict[Kind, SpanKind] = {
    "server": SpanKind.SERVER,
    "consumer": SpanKind.CONSUMER,
    "internal": SpanKind.INTERNAL,
    "client": SpanKind.CLIENT,
}
_ROOT = set_span_in_context(NonRecordingSpan(SpanContext(0, 0, is_remote=False)))
"""Without it, OpenTelemetry would take what it thinks is current for the parent."""
_SILENT = ("opentelemetry.exporter", "opentelemetry.sdk._shared_internal", "opentelemetry.sdk.trace.export")
"""Their loggers say each few seconds that a collector is away; `_Told` says it once."""


class WrongVariableError(ValueError):
    """One of OpenTelemetry's variables can't be followed. Its text names it, without its value."""


def is_off() -> bool:
    """Whether OpenTelemetry's own variables turn traces off."""
    return _variable("OTEL_SDK_DISABLED") == "true" or _variable("OTEL_TRACES_EXPORTER") == "none"


def exporter(endpoint: str, seconds: float | None = None) -> OTLPSpanExporter:
    """``endpoint``: the whole URL, with its path. ``seconds``: that one batch may take, with what is tried again; else as the variables
    say. Raises WrongVariableError."""
    protocol = _variable("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL") or _variable("OTEL_EXPORTER_OTLP_PROTOCOL")
    if protocol not in ("", "http/protobuf"):
        raise WrongVariableError("OTEL_EXPORTER_OTLP_PROTOCOL: only http/protobuf is spoken")
    for name in (
        "OTEL_EXPORTER_OTLP_TRACES_HEADERS",
        "OTEL_EXPORTER_OTLP_HEADERS",
    ):  # else a wrong one would be logged, token and all
        if not all("=" in part for part in filter(str.strip, os.environ.get(name, "").split(","))):
            raise WrongVariableError(f"{name}: not name=value, parted by commas")
    return OTLPSpanExporter(endpoint, timeout=seconds)


def takes(endpoint: str, seconds: float) -> bool:
    """Whether a collector takes an empty batch within that time. Raises WrongVariableError."""
    _silence()
    sending = exporter(endpoint, seconds)
    try:
        return sending.export(()) is SpanExportResult.SUCCESS
    finally:
        sending.shutdown()  # type: ignore[no-untyped-call]


class OtelTracer:
    """`bot.telemetry.traces.Tracer`. ``delay``: milliseconds between two batches; None: as the variables say. Raises WrongVariableError."""

    def __init__(self, sending: SpanExporter, version: str, *, delay: float | None = None) -> None:
        own = Resource({"service.name": SERVICE, "service.version": version})
        try:
            self._provider = TracerProvider(resource=own.merge(OTELResourceDetector().detect()), shutdown_on_exit=False)
            self._provider.add_span_processor(BatchSpanProcessor(_Told(sending), schedule_delay_millis=delay))
        except ValueError as error:
            raise WrongVariableError(f"OTEL_…: {error}") from None
        self._tracer = self._provider.get_tracer("bot", version)
        _silence()

    def start(self, name: str, kind: Kind, parent: str, began_ns: int | None = None) -> "_Span":
        within = set_span_in_context(NonRecordingSpan(_place(parent))) if parent else _ROOT
        return _Span(self._tracer.start_span(name, within, _KINDS[kind], start_time=began_ns))

    def close(self, seconds: float) -> None:
        """OpenTelemetry would wait for as long as a collector lets it."""
        ending = threading.Thread(target=self._provider.shutdown, name="traces", daemon=True)
        ending.start()
        ending.join(seconds)


class _Span:
    def __init__(self, span: OtelSpan) -> None:
        self._span, place = span, span.get_span_context()
        self.traceparent = f"00-{place.trace_id:032x}-{place.span_id:016x}-{place.trace_flags:02x}" if place.is_valid else ""

    def rename(self, name: str) -> None:
        self._span.update_name(name)

    def note(self, **attributes: Value) -> None:
        self._span.set_attributes(attributes)

    def mark(self, moment: str) -> None:
        self._span.add_event(moment)

    def fail(self, why: str) -> None:
        self._span.set_attribute("error.type", why)
        self._span.set_status(Status(StatusCode.ERROR))

    def joins(self, traceparent: str) -> None:
        if TRACEPARENT.fullmatch(traceparent):  # it was kept in the database
            self._span.add_link(_place(traceparent))

    def end(self) -> None:
        self._span.end()


class _Told(SpanExporter):
    """Says once that a collector doesn't take what is sent, and once that it does again."""

    def __init__(self, sending: SpanExporter) -> None:
        self._sending, self._takes = sending, True

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        result = self._sending.export(spans)
        takes = result is SpanExportResult.SUCCESS
        if takes is not self._takes:
            self._takes = takes
            if takes:
                log.info("traces are taken again")
            else:
                log.warning("traces are not taken: the collector is away or refuses them; everything else goes on")
        return result

    def shutdown(self) -> None:
        self._sending.shutdown()


def _place(traceparent: str) -> SpanContext:
    """``traceparent``: a valid one."""
    _, trace, span, flags = traceparent.split("-")
    return SpanContext(int(trace, 16), int(span, 16), is_remote=True, trace_flags=TraceFlags(int(flags, 16)))


def _variable(name: str) -> str:
    return os.environ.get(name, "").strip().lower()


def _silence() -> None:
    for name in _SILENT:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
