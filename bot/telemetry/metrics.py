"""The Prometheus metrics. Labels are kinds and outcomes: never a customer, a person or a channel."""

from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, Counter, Gauge, Histogram, generate_latest

ACKS = Counter("onboarding_acks_total", "Requests of Slack acknowledged", ["kind", "outcome"])
ACK_SECONDS = Histogram(
    "onboarding_ack_seconds",
    "From a request of Slack to its acknowledgement; past 3 s Slack shows an error",
    ["kind"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 3),
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
INSPECTIONS = Counter(
    "onboarding_inspections_total", "Messages, files and pages of forms handed over to be looked into", ["outcome"]
)
EVENTS_SET_ASIDE = Counter("onboarding_events_set_aside_total", "Events of Slack that failed twice and are not looked at again")
ALTERED_LOGS = Gauge("onboarding_altered_logs", "Chains of the audit log that this process found not to be what was written")
SOCKET_CONNECTS = Counter("onboarding_socket_connects_total", "Connections of Socket Mode made; all but the first are reconnects")
SOCKET_AGE = Gauge("onboarding_socket_silence_seconds", "Since Slack was last heard over Socket Mode")


def text() -> tuple[bytes, str]:
    """All metrics in the text format, and its content type."""
    return generate_latest(REGISTRY), CONTENT_TYPE_LATEST
