"""Traces: what a request of Slack led to, until the messages in Slack that show it, and how long each part took.

Off unless `begin` is called; then everything here does nothing, and OpenTelemetry isn't imported. A span says what kind of thing was done,
how it ended and when: never for whom, by whom, where or with what. docs/decisions/0051 says what is one trace.
"""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Literal, Protocol

Kind = Literal["server", "consumer", "internal", "client"]
Value = str | int | float

_OWN_WORD = re.compile(r"[\w./:-]{1,80}", re.ASCII)
"""Names of kinds and outcomes. What others answer is among them only if it looks so."""
TRACEPARENT = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
"""W3C Trace Context, version 00."""


class Span(Protocol):
    """Something that is being done. ``traceparent``: its place in its trace (W3C Trace Context)."""

    @property
    def traceparent(self) -> str: ...
    def rename(self, name: str) -> None: ...
    def note(self, **attributes: Value) -> None: ...
    def mark(self, moment: str) -> None:
        """Something that happens now."""

    def fail(self, why: str) -> None: ...
    def joins(self, traceparent: str) -> None:
        """What is done there is done for this one too."""

    def end(self) -> None:
        """Without it, nobody hears of this one."""


class Tracer(Protocol):
    def start(self, name: str, kind: Kind, parent: str, began_ns: int | None = None) -> Span:
        """``parent``: a traceparent; empty: a trace begins. ``began_ns``: Unix time in nanoseconds; None: now."""

    def close(self, seconds: float) -> None:
        """Send what is left, for at most so long."""


class _Nothing:
    traceparent = ""

    def rename(self, name: str) -> None: ...
    def note(self, **attributes: Value) -> None: ...
    def mark(self, moment: str) -> None: ...
    def fail(self, why: str) -> None: ...
    def joins(self, traceparent: str) -> None: ...
    def end(self) -> None: ...


class _Here:
    """Where this task is. ``first``: the span of this process that it is all within; ``bore``: whether anything was done in ``span``."""

    def __init__(self, span: Span, first: Span | None = None) -> None:
        self.span, self.first, self.bore = span, first or span, False


_NOTHING: Span = _Nothing()
_tracer: Tracer | None = None
_here: ContextVar[_Here | None] = ContextVar("here", default=None)


def begin(tracer: Tracer) -> None:
    """From now on."""
    global _tracer  # noqa: PLW0603  the process's, as its log and its metrics are
    _tracer = tracer


def end(seconds: float) -> None:
    """Send what is left, for at most so long; then nothing is traced any more."""
    global _tracer
    tracer, _tracer = _tracer, None
    if tracer is not None:
        tracer.close(seconds)


@contextmanager
def request(kind: str) -> Iterator[Span]:
    """A request of Slack, until it is acknowledged: a trace begins. An event with nothing to do leaves none: each of the bot's own messages
    is one."""
    with _spanned(f"slack {kind}", "server", "", barren=kind != "events_api") as span:
        yield span


@contextmanager
def effect(kind: str, asked_at: str, attempt: int) -> Iterator[Span]:
    """One attempt at an effect. ``asked_at``: the place of the commit that asked for it; without one, a trace begins."""
    with _spanned(f"effect {kind}", "consumer", asked_at if TRACEPARENT.fullmatch(asked_at) else "") as span:
        span.note(attempt=attempt)
        yield span


@contextmanager
def chore(name: str) -> Iterator[None]:
    """One round of a chore: a trace begins. A round with nothing to do leaves none."""
    with _spanned(f"chore {name}", "internal", "", barren=False):
        yield


@contextmanager
def commit() -> Iterator[Span]:
    """A transaction that writes, within a trace."""
    here = _here.get()
    if _tracer is None or here is None:
        yield _NOTHING
        return
    here.bore = True
    with _spanned("commit", "internal", here.span.traceparent, first=here.first) as span:
        yield span


def rename(name: str) -> None:
    """What the request at hand turned out to be: one of our own kinds, never what somebody typed."""
    here = _here.get()
    if here is not None and _OWN_WORD.fullmatch(name.replace(" ", ".")):
        here.first.rename(name)


def called(system: str, operation: str, outcome: str, seconds: float) -> None:
    """A call to another system has just ended, within a trace. ``outcome``: ``ok``, an HTTP status of success, or why it failed."""
    here = _here.get()
    if _tracer is None or here is None:
        return
    here.bore = True
    now = time.time_ns()
    span = _tracer.start(f"{system} {operation}", "client", here.span.traceparent, now - round(seconds * 1e9))
    outcome = outcome if _OWN_WORD.fullmatch(outcome) else "other"
    span.note(outcome=outcome)
    if not (outcome in ("ok", "done") or re.fullmatch("2[0-9][0-9]", outcome)):
        span.fail(outcome)
    span.end()


@contextmanager
def _spanned(name: str, kind: Kind, parent: str, *, first: Span | None = None, barren: bool = True) -> Iterator[Span]:
    """``barren``: whether it is told though nothing was done within it. What fails always is."""
    if _tracer is None:
        yield _NOTHING
        return
    here = _Here(_tracer.start(name, kind, parent), first)
    token = _here.set(here)
    try:
        yield here.span
    except BaseException as error:
        barren = True
        here.span.fail(type(error).__name__)  # its text may quote what a person typed
        raise
    finally:
        _here.reset(token)
        if barren or here.bore:
            here.span.end()
