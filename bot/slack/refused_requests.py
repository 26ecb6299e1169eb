"""Requests to Slack's address that are refused before anything of them is parsed: counted, and told of without what is in them."""

import logging
import math
import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Literal

from bot.telemetry import metrics

log = logging.getLogger("bot.slack.refused_requests")

Reason = Literal["unsigned", "signature", "stale", "malformed", "overloaded"]
EVERY = 60.0
"""Seconds in which a reason is told of once, at most: whoever tries addresses out must not fill the log."""
WHAT: Mapping[Reason, str] = {
    "unsigned": "a request was refused that is not signed: it isn't Slack's, or a proxy takes its headers off",
    "signature": "a request was refused whose signature is not right: set SLACK_SIGNING_SECRET to the app's, if it was Slack's",
    "stale": "a request was refused that was signed more than five minutes ago, or ahead: look at this machine's clock, if it was Slack's",
    "malformed": "a request was refused that gives no length, or one that Slack's never have",
    "overloaded": "a request was put off: the bodies that are being received or answered are as many bytes as may be held",
}

metrics.begin(metrics.REFUSED_REQUESTS, WHAT)


class RefusedRequests:
    """``clock``: seconds from any moment on."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._untold = Counter[Reason]()
        self._told_at: dict[Reason, float] = {}

    def add(self, reason: Reason) -> None:
        metrics.REFUSED_REQUESTS.labels(reason).inc()
        self._untold[reason] += 1
        now = self._clock()
        if now - self._told_at.get(reason, -math.inf) >= EVERY:
            self._told_at[reason] = now
            log.warning(WHAT[reason], extra={"reason": reason, "requests": self._untold.pop(reason)})
