"""The Prometheus metrics. Labels are kinds and outcomes: never a customer, a person or a channel.

`ops/grafana.json` shows each of them, and `ops/alerts.yaml` says when one of them is to be looked at.
"""

from collections.abc import Iterable, Mapping
from itertools import product

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    Counter,
    Gauge,
    Histogram,
    Info,
    disable_created_metrics,
    generate_latest,
)

disable_created_metrics()  # type: ignore[no-untyped-call]  # when each series began: as many lines again, and nobody asks

ACKS = Counter("onboarding_acks_total", "Requests of Slack acknowledged", ["kind", "outcome"])
ACK_SECONDS = Histogram(
    "onboarding_ack_seconds",
    "From a request of Slack to its acknowledgement; past 3 s Slack shows an error",
    ["kind"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 3),
)
REFUSED_REQUESTS = Counter(
    "onboarding_refused_requests_total", "Requests to Slack's address refused before anything of them is parsed", ["reason"]
)
EFFECTS = Counter("onboarding_effects_total", "Effects run", ["kind", "outcome"])
EFFECT_SECONDS = Histogram(
    "onboarding_effect_age_seconds",
    "From the commit of an effect to its being done",
    ["kind"],
    buckets=(0.1, 0.25, 0.5, 1, 2, 5, 15, 60, 300, 3600),
)
QUEUE_AGE = Gauge("onboarding_queue_age_seconds", "Age of the oldest effect that is still to be done")
CERTIFICATES = Gauge(
    "onboarding_certificates", "Client certificates by the days until the last of their validity, at most", ["within_days"]
)
CERTIFICATE_DAYS = Gauge("onboarding_certificate_days_left", "Days until the next client certificate ends; below 0: over")
REMINDERS = Counter("onboarding_reminders_total", "Reminders sent")
CHORE_FAILURES = Counter(
    "onboarding_chore_failures_total", "Recurring chores that failed, as a whole or for one customer", ["chore"]
)
CHORE_SUCCESS = Gauge(
    "onboarding_chore_success_timestamp_seconds",
    "Unix time of a recurring chore's last round that ended well; until there is one, of the start",
    ["chore"],
)
INSPECTIONS = Counter(
    "onboarding_inspections_total", "Messages, files and pages of forms handed over to be looked into", ["outcome"]
)
EVENTS_SET_ASIDE = Counter("onboarding_events_set_aside_total", "Events of Slack that failed twice and are not looked at again")
ALTERED_LOGS = Gauge("onboarding_altered_logs", "Chains of the audit log that this process found not to be what was written")
SOCKET_CONNECTS = Counter("onboarding_socket_connects_total", "Connections of Socket Mode made; all but the first are reconnects")
SOCKET_AGE = Gauge("onboarding_socket_silence_seconds", "Since Slack was last heard over Socket Mode")
NOT_READY = Gauge("onboarding_not_ready", "1 for each part that /readyz gives as a reason for not being ready", ["part"])
NOTICES = Gauge("onboarding_notices", "1 for each part of which /readyz gives notice", ["part"])
BUILD = Info("onboarding_build", "Which version runs")

PARTS = ("audit_log", "database", "effects", "slack", "socket_mode", "support_channel")
NOTICED = ("audit_log", "support_channel")
"""The parts that `NOT_READY` and `NOTICES` name."""


def begin(counter: Counter | Histogram, *labels: Iterable[str]) -> None:
    """Have each series be there from 0 on: from nothing to 1, Prometheus sees no increase
    (https://prometheus.io/docs/practices/instrumentation/#avoid-missing-metrics)."""
    for values in product(*labels):
        counter.labels(*values)


def show_health(reasons: Mapping[str, str], notices: Mapping[str, str]) -> None:
    """What /readyz says, by part."""
    for gauge, parts, found in ((NOT_READY, PARTS, reasons), (NOTICES, NOTICED, notices)):
        gauge.clear()  # a part that is not among these is gone when its reason is
        for part in {*parts, *found}:
            gauge.labels(part).set(part in found)


def text() -> tuple[bytes, str]:
    """All metrics in the text format, and its content type."""
    return generate_latest(REGISTRY), CONTENT_TYPE_LATEST
