"""Traces by OpenTelemetry, over OTLP and HTTP. Imported only where they are wanted (the extra ``traces``).

Spans wait in memory and are sent by a thread of their own: a collector that is slow or away costs spans, never time. What others may set
is set by OpenTelemetry's own variables, to be held against their form first (`bot.telemetry.otel_variables`).
"""

import logging
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

from bot.telemetry.otel_variables import WrongVariableError
from bot.telemetry.receiver import Receiver
from bot.telemetry.traces import TRACEPARENT, Kind, Value

log = logging.getLogger("bot.telemetry.otlp")

_KINDS: dict[Kind, SpanKind] = {
    "server": SpanKind.SERVER,
    "consumer": SpanKind.CONSUMER,
    "internal": SpanKind.INTERNAL,
    "client": SpanKind.CLIENT,
}
_ROOT = set_span_in_context(NonRecordingSpan(SpanContext(0, 0, is_remote=False)))
"""Without it, OpenTelemetry would take what it thinks is current for the parent."""


def exporter(endpoint: str, seconds: float | None = None) -> OTLPSpanExporter:
    """``endpoint``: the whole URL, with its path. ``seconds``: that one batch may take, with what is tried again; else as the variables
    say. Raises WrongVariableError."""
    try:
        return OTLPSpanExporter(endpoint, timeout=seconds)
    except (RuntimeError, ImportError):
        raise WrongVariableError("OTEL_PYTHON_EXPORTER_OTLP_…CREDENTIAL_PROVIDER: not a provider that is installed") from None


def takes(endpoint: str, seconds: float) -> bool:
    """Whether a collector takes an empty batch within that time. Raises WrongVariableError."""
    sending = exporter(endpoint, seconds)
    try:
        return sending.export(()) is SpanExportResult.SUCCESS
    finally:
        sending.shutdown()  # type: ignore[no-untyped-call]


class OtelTracer:
    """`bot.telemetry.traces.Tracer`. ``delay``: milliseconds between two batches; None: as the variables say. Raises WrongVariableError."""

    def __init__(self, sending: SpanExporter, service: str, version: str, *, delay: float | None = None) -> None:
        own = Resource({"service.name": service, "service.version": version})
        try:
            self._provider = TracerProvider(resource=own.merge(OTELResourceDetector().detect()), shutdown_on_exit=False)
            self._provider.add_span_processor(BatchSpanProcessor(_Told(sending), schedule_delay_millis=delay))
        except ValueError as error:
            raise WrongVariableError(f"OTEL_…: {error}") from None
        self._tracer = self._provider.get_tracer("bot", version)

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
        self._sending, self._collector = sending, Receiver(log, "traces", "the collector")

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        result = self._sending.export(spans)
        self._collector.found(takes=result is SpanExportResult.SUCCESS)
        return result

    def shutdown(self) -> None:
        self._sending.shutdown()


def _place(traceparent: str) -> SpanContext:
    """``traceparent``: a valid one."""
    _, trace, span, flags = traceparent.split("-")
    return SpanContext(int(trace, 16), int(span, 16), is_remote=True, trace_flags=TraceFlags(int(flags, 16)))
