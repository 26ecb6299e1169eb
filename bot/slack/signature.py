"""Whether a request is Slack's: ``v0=`` and the HMAC-SHA256 of ``v0:<timestamp>:<body>`` with the app's signing secret.

https://docs.slack.dev/authentication/verifying-requests-from-slack/
"""

import hashlib
import hmac
import re
import time
from collections.abc import Mapping
from typing import Literal

TOLERANCE = 300
"""Seconds by which the timestamp may differ, as Slack advises."""


def fault(headers: Mapping[str, str]) -> Literal["unsigned", "stale", ""]:
    """Why it isn't Slack's, as far as that is known before the body is read; empty if it may be."""
    stamp, signature = _given(headers)
    if not re.fullmatch(r"[0-9]{1,12}", stamp) or not re.fullmatch(r"v0=[0-9a-f]{64}", signature):
        return "unsigned"
    return "stale" if abs(time.time() - int(stamp)) > TOLERANCE else ""


def is_right(headers: Mapping[str, str], body: bytes, secret: str) -> bool:
    """Whether who signed this body has the secret. For headers without a `fault`."""
    stamp, signature = _given(headers)
    made = hmac.new(secret.encode(), b"v0:" + stamp.encode() + b":" + body, hashlib.sha256)
    return hmac.compare_digest("v0=" + made.hexdigest(), signature)


def _given(headers: Mapping[str, str]) -> tuple[str, str]:
    return headers.get("x-slack-request-timestamp", ""), headers.get("x-slack-signature", "")
