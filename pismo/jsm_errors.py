"""One error for every way in which the Service Desk's REST API refuses or fails."""

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from http import HTTPStatus


class ServiceDeskFault(StrEnum):
    """What the caller can do about it."""

    UNAUTHORIZED = "unauthorized"
    """The user or the API token is not accepted."""
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    """It does not exist, or this user may not see it: Jira does not say which."""
    RATE_LIMITED = "rate_limited"
    UNAVAILABLE = "unavailable"
    REFUSED = "refused"
    """Any other 4xx: the same call will fail again."""
    UNEXPECTED = "unexpected"
    """Not an answer from Jira's API: a redirect, or a success that cannot be read."""


_BY_STATUS = {
    HTTPStatus.UNAUTHORIZED: ServiceDeskFault.UNAUTHORIZED,
    HTTPStatus.FORBIDDEN: ServiceDeskFault.FORBIDDEN,
    HTTPStatus.NOT_FOUND: ServiceDeskFault.NOT_FOUND,
    HTTPStatus.REQUEST_TIMEOUT: ServiceDeskFault.UNAVAILABLE,
    HTTPStatus.TOO_MANY_REQUESTS: ServiceDeskFault.RATE_LIMITED,
}
_MOST = 300


class ServiceDeskError(Exception):
    """A call that failed. Its text contains nothing that was sent or answered.

    ``status`` is None when no answer came. ``detail`` is Jira's own message, for support's eyes: it may repeat what was sent, so it
    is never logged. ``retry_after`` is in seconds, None when Jira did not say. ``happened``: whether a call that writes may have
    been carried out anyway.
    """

    def __init__(
        self,
        fault: ServiceDeskFault,
        status: int | None = None,
        *,
        detail: str = "",
        retry_after: float | None = None,
        happened: bool = False,
    ) -> None:
        super().__init__(fault, status)
        self.fault, self.status = fault, status
        self.detail, self.retry_after, self.happened = detail, retry_after, happened

    @property
    def transient(self) -> bool:
        """Whether the same call may work later."""
        return self.fault in (ServiceDeskFault.RATE_LIMITED, ServiceDeskFault.UNAVAILABLE)

    def __str__(self) -> str:
        return f"Service Desk: {self.fault} ({self.status or 'no answer'})"


def read_error(status: int, headers: Mapping[str, str], body: object, secret: str) -> ServiceDeskError:
    """The error of an answered call. ``body`` is the decoded JSON, or None; ``secret`` is cut from its message.

    Two formats: ``{"errorMessage"}`` from `rest/servicedeskapi`, ``{"errorMessages", "errors"}`` from Jira's platform below it.
    """
    fault = _BY_STATUS.get(HTTPStatus(status)) if status in set(HTTPStatus) else None
    if fault is None:
        fault = (
            ServiceDeskFault.UNAVAILABLE
            if status >= 500
            else ServiceDeskFault.REFUSED
            if status >= 400
            else ServiceDeskFault.UNEXPECTED
        )
    return ServiceDeskError(
        fault,
        status,
        detail=_detail(body, secret),
        retry_after=_retry_after(headers.get("retry-after")),
        happened=status >= 500 or status == HTTPStatus.REQUEST_TIMEOUT or status < 400,
    )


def _detail(body: object, secret: str) -> str:
    if not isinstance(body, Mapping):
        return ""
    said = [body.get("errorMessage")]
    if isinstance(messages := body.get("errorMessages"), list):
        said += messages
    if isinstance(errors := body.get("errors"), Mapping):
        said += [f"{name}: {words}" for name, words in errors.items()]
    text = " ".join(" ".join(str(words) for words in said if words).split())
    return (text.replace(secret, "***") if secret else text)[:_MOST]


def _retry_after(value: str | None) -> float | None:
    """RFC 9110 §10.2.3: seconds, or a date."""
    try:
        seconds = float(value or "")
    except ValueError:
        try:
            moment = parsedate_to_datetime(value or "")
        except ValueError:
            return None
        seconds = (moment.replace(tzinfo=moment.tzinfo or UTC) - datetime.now(UTC)).total_seconds()
    return max(0.0, seconds) if math.isfinite(seconds) else None
