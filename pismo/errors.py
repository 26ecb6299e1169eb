"""One error for all of Pismo's services, read from the nine formats they use."""

import math
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from http import HTTPStatus
from typing import Any

_MESSAGE_LIMIT = 200
_JWT = re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]*", re.ASCII)


class PismoErrorKind(StrEnum):
    """What the caller can do about it."""

    UNAUTHORIZED = "unauthorized"
    """The token or the credential is not accepted."""
    FORBIDDEN = "forbidden"
    """Known, but its permission group does not cover this."""
    NOT_FOUND = "not_found"
    RATE_LIMITED = "rate_limited"
    UNAVAILABLE = "unavailable"
    """5xx, a timeout or a dropped connection: the call may or may not have happened."""
    HANDSHAKE = "handshake"
    """No call was made: TLS failed. The code is a fault from `pismo.tls`."""
    REFUSED = "refused"
    """Any other 4xx: the same request will fail again."""
    UNEXPECTED = "unexpected"
    """Not an answer from Pismo's API: a redirect, or a success whose body cannot be read."""


# A code has a meaning only within its service: EOA0030 is a missing header in one and a missing file in another.
_KINDS_BY_CODE = {("orgs-core", "EOA0100"): PismoErrorKind.NOT_FOUND}
_KINDS_BY_STATUS = {
    HTTPStatus.UNAUTHORIZED: PismoErrorKind.UNAUTHORIZED,
    HTTPStatus.FORBIDDEN: PismoErrorKind.FORBIDDEN,
    HTTPStatus.NOT_FOUND: PismoErrorKind.NOT_FOUND,
    HTTPStatus.REQUEST_TIMEOUT: PismoErrorKind.UNAVAILABLE,
    HTTPStatus.TOO_MANY_REQUESTS: PismoErrorKind.RATE_LIMITED,
}


class PismoError(Exception):
    """A call that failed. Carries no header, body or token; ``message`` is Pismo's, short and scrubbed.

    ``status`` is None when no answer came. ``code`` is Pismo's, to be read together with ``service``. ``x_cid`` is what
    Pismo's support asks for. ``retry_after`` is in seconds, None when Pismo did not say. ``ms`` is the call's duration. ``sent``: False
    if there was no connection, so that Pismo can't have got the call.
    """

    def __init__(
        self,
        service: str,
        status: int | None,
        code: str | None,
        message: str,
        x_cid: str,
        *,
        kind: PismoErrorKind = PismoErrorKind.UNAVAILABLE,
        retry_after: float | None = None,
        ms: int = 0,
        sent: bool = True,
    ) -> None:
        # Positional arguments become its `args`, so that it can be pickled: a job engine keeps what a job raised.
        super().__init__(service, status, code, message, x_cid)
        self.service = service
        self.status = status
        self.code = code
        self.message = message
        self.x_cid = x_cid
        self.kind = kind
        self.retry_after = retry_after
        self.ms = ms
        self.sent = sent

    @property
    def transient(self) -> bool:
        """Whether the same call may work later."""
        return self.kind in {PismoErrorKind.RATE_LIMITED, PismoErrorKind.UNAVAILABLE}

    def __str__(self) -> str:
        what = " ".join(str(part) for part in (self.status, self.code) if part is not None)
        return f"{self.service}: {self.kind} {what}: {self.message} (x-cid {self.x_cid})".replace(" :", ":")

    def __repr__(self) -> str:
        return f"PismoError({self})"


def read_error(
    service: str,
    status: int,
    headers: Mapping[str, str],
    body: object,
    x_cid: str,
    *,
    ms: int = 0,
    secrets: Iterable[str] = (),
) -> PismoError:
    """The error of an answered call. ``body`` is the decoded JSON, or None; ``secrets`` are scrubbed from its message."""
    code, message = _code_and_message(body)
    return PismoError(
        service,
        status,
        _scrub(code, secrets) if code else None,
        _scrub(message or _phrase(status), secrets),
        x_cid,
        kind=_KINDS_BY_CODE.get((service, code or "")) or _kind_of(status),
        retry_after=_retry_after(headers.get("retry-after")),
        ms=ms,
    )


def _kind_of(status: int) -> PismoErrorKind:
    if status in _KINDS_BY_STATUS:
        return _KINDS_BY_STATUS[HTTPStatus(status)]
    if status >= 500:
        return PismoErrorKind.UNAVAILABLE
    return PismoErrorKind.REFUSED if status >= 400 else PismoErrorKind.UNEXPECTED


def _code_and_message(body: object) -> tuple[str | None, str | None]:
    """From the flat formats, from audit's ``message`` that is itself an object, and from a list of ``errors``."""
    if isinstance(body, str):
        return None, body
    if not isinstance(body, Mapping):
        return None, None
    errors = body.get("errors")
    inner = errors[0] if isinstance(errors, list) and errors else body.get("message")
    inner_code, inner_message = _code_and_message(inner)
    return _first(body, "code", "error_code") or inner_code, _first(body, "message", "error") or inner_message


def _first(body: Mapping[str, Any], *names: str) -> str | None:
    """The first of the fields that contains a text or a number."""
    return next((str(body[name]) for name in names if isinstance(body.get(name), str | int) and body[name] != ""), None)


def _scrub(text: str, secrets: Iterable[str]) -> str:
    """A text from Pismo without the secrets that the call sent, or anything that looks like a token."""
    for secret in filter(None, secrets):
        text = text.replace(secret, "***")
    return " ".join(_JWT.sub("***", text).split())[:_MESSAGE_LIMIT]


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "no message"


def _retry_after(value: str | None) -> float | None:
    """RFC 9110 §10.2.3: seconds, or a date."""
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            moment = parsedate_to_datetime(value)
        except ValueError:
            return None
        seconds = (moment.replace(tzinfo=moment.tzinfo or UTC) - datetime.now(UTC)).total_seconds()
    return max(0.0, seconds) if math.isfinite(seconds) else None
