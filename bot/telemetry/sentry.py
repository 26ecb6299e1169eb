"""Errors of the log for Sentry: what the log's line says of them, and less. Imported only where it is wanted (the extra ``sentry``).

No integration of Sentry's is used, and nothing is added to what is written here: no request, no variable, no breadcrumb, no host's name.
Paths of this machine stay here. A thread of its own sends it; a Sentry that is slow or away costs events, never time.
"""

import json
import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sentry_sdk.client import Client
from sentry_sdk.transport import HttpTransport

from bot.telemetry import logs
from bot.telemetry.receiver import Receiver

if TYPE_CHECKING:
    from sentry_sdk.types import Event

log = logging.getLogger("bot.telemetry.sentry")

ROOT = Path(__file__).parents[2]
TAGS = ("error_id", "kind", "error", "outcome", "attempt", "job")
"""What is taken over of a line besides its exception: kinds and outcomes. Ids of onboardings and people stay in the log, where the
``error_id`` leads."""


class SentryHandler(logging.Handler):
    """Sends what is logged as an error and has an ``error_id`` or an exception."""

    def __init__(self, dsn: str, release: str, environment: str = "") -> None:
        super().__init__(logging.ERROR)
        self.setFormatter(logs.formatter(outside=True))
        logs.silence("sentry_sdk", "urllib3")  # they warn of each attempt
        self._client = Client(
            dsn,
            release=release,
            environment=environment or None,
            server_name="",  # else the host's
            default_integrations=False,
            auto_enabling_integrations=False,
            include_local_variables=False,
            include_source_context=False,
            max_request_body_size="never",
            max_breadcrumbs=0,
            auto_session_tracking=False,
            enable_backpressure_handling=False,
            send_client_reports=False,
            spotlight=False,
            debug=False,
            transport=_Transport,
        )

    def emit(self, record: logging.LogRecord) -> None:
        if record.name.startswith(("sentry_sdk", "urllib3")) or not (record.exc_info or hasattr(record, "error_id")):
            return
        try:
            self._client.capture_event(_event(record, json.loads(self.format(record))))
        except Exception as error:  # noqa: BLE001  the log has it all the same
            log.warning("an error could not be handed to Sentry", extra={"error": type(error).__name__})

    def finish(self, seconds: float) -> None:
        """Send what is left, for at most so long."""
        self._client.close(timeout=seconds)


class _Transport(HttpTransport):
    """Says once that Sentry doesn't take what is sent, and once that it does again."""

    def __init__(self, options: dict[str, Any]) -> None:
        self._sentry = Receiver(log, "errors", "Sentry")
        super().__init__(options)

    def on_dropped_event(self, reason: str) -> None:
        """``reason``: one of Sentry's words, as ``network`` or ``status_403``."""
        self._sentry.found(takes=False, why=reason)

    def _handle_response(self, response: Any, envelope: Any) -> None:
        super()._handle_response(response, envelope)
        if 200 <= response.status < 300:
            self._sentry.found(takes=True)


def _event(record: logging.LogRecord, line: Mapping[str, Any]) -> "Event":
    """``line``: as it is in the log."""
    own = record.name.partition(".")[0] in logs.OWN
    event: Event = {
        "timestamp": datetime.fromtimestamp(record.created, UTC),
        "level": "error" if record.levelno < logging.CRITICAL else "fatal",
        "logger": record.name,
        # The words alone: what is put into them may be anything, and so may what other libraries say.
        "logentry": {"message": str(record.msg) if own else record.name},
        "tags": {name: logs.without_paths(str(line[name])) for name in TAGS if isinstance(line.get(name), str | int)},
    }
    if told := line.get("exception"):
        event["exception"] = {"values": [_exception(one) for one in reversed(told)]}  # the cause first
    return event


def _exception(told: Mapping[str, Any]) -> dict[str, Any]:
    kind, _, text = told["error"].partition(": ")
    return {"type": kind, "value": text, "stacktrace": {"frames": _frames(told["frames"])}}


def _frames(told: Sequence[str]) -> list[dict[str, Any]]:
    frames = []
    for one in told:
        place, _, function = one.rpartition(" ")
        file, _, line = place.rpartition(":")
        short = _short(file)
        own = short.partition("/")[0] in logs.OWN
        frames.append({"filename": short, "lineno": int(line), "function": function, "in_app": own})
    return frames


def _short(file: str) -> str:
    """Where it is installed may name a person's folder."""
    for folder in (f"{ROOT}/", "/site-packages/", "/lib/"):
        if folder in file:
            file = file.rpartition(folder)[2]
    return file.rpartition("/")[2] if file.startswith("/") else file
