"""Whether a request is Slack's: ``v0=`` and the HMAC-SHA256 of ``v0:<timestamp>:<body>`` with the app's signing secret.

https://docs.slack.dev/authentication/verifying-requests-from-slack/
"""

import hashlib
import hmac
import re
import time
from collections.abc import Mapping

TOLERANCE = 300
"""Seconds by which the timestamp may differ, as Slack advises."""


def may_be_slacks(headers: Mapping[str, str]) -> bool:
    """Whether timestamp and signature look like Slack's, which is known before the body is read."""
    stamp, signature = _given(headers)
    if not re.fullmatch(r"[0-9]{1,12}", stamp) or not re.fullmatch(r"v0=[0-9a-f]{64}", signature):
        return False
    return abs(time.time() - int(stamp)) <= TOLERANCE


def is_slacks(headers: Mapping[str, str], body: bytes, secret: str) -> bool:
    """Whether Slack made this request with this body, less than five minutes ago."""
    stamp, signature = _given(headers)
    if not may_be_slacks(headers):
        return False
    made = hmac.new(secret.encode(), b"v0:" + stamp.encode() + b":" + body, hashlib.sha256)
    return hmac.compare_digest("v0=" + made.hexdigest(), signature)


def _given(headers: Mapping[str, str]) -> tuple[str, str]:
    return headers.get("x-slack-request-timestamp", ""), headers.get("x-slack-signature", "")
