"""The Pismo platform over HTTP. A call that only reads is retried; others are tried once, and the caller decides."""

import asyncio
import json
import logging
import random
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from time import perf_counter
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Self, TypeVar
from uuid import uuid4

from pydantic import SecretStr, ValidationError

from pismo.called import OnCall
from pismo.calls import (
    CREATE_PROGRAM,
    GET_ORGANIZATION,
    GET_PROGRAM_IMPORT,
    LIST_AUDIT,
    LIST_PROGRAMS,
    PATCH_ORGANIZATION,
    TOKEN_OPENID,
    PismoCall,
)
from pismo.connection import PismoConnection
from pismo.errors import PismoError, PismoErrorKind, read_error
from pismo.models import AccessToken, AuditPage, Organization, ProgramImport, ProgramImportRecord, ProgramsPage, Result
from pismo.tls import CertificateError, ClientTls, handshake_fault

if TYPE_CHECKING:
    import httpx

log = logging.getLogger("pismo")

R = TypeVar("R", bound=Result)

ATTEMPTS = 3
MAX_WAIT = 5.0
"""Seconds between two attempts. If Pismo asks for a longer wait, the caller decides."""

# Org IDs are not always `TN-<uuid>`; what matters here is that they cannot change the path or break the header.
_ORG_ID = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
# RFC 6750 section 2.1, `b64token`: everything that may follow "Bearer " in a header.
_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*", re.ASCII)
_X_CID = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)


MAX_ANSWER = 5_000_000
"""Bytes read of an answer. Exported programs are the longest."""


@dataclass(frozen=True)
class _Answer:
    status: int
    headers: "httpx.Headers"
    content: bytes
    x_cid: str = ""
    ms: int = 0

    def body(self) -> Any:
        """The decoded JSON; None for anything else, such as a gateway's HTML."""
        try:
            return json.loads(self.content)
        except (ValueError, RecursionError):
            return None


class _TooLongError(Exception):
    """The answer has more than MAX_ANSWER bytes."""


async def _whole(answered: "httpx.Response") -> _Answer:
    content = bytearray()
    async for part in answered.aiter_bytes():
        content += part
        if len(content) > MAX_ANSWER:
            raise _TooLongError
    return _Answer(answered.status_code, answered.headers, bytes(content))


def _sendable(token: SecretStr) -> str:
    """The token's text. Raises ValueError if it is empty or has a character that no token has."""
    if not _TOKEN.fullmatch(token.get_secret_value()):
        raise ValueError("the token has a character that no token has, or none")
    return token.get_secret_value()


class Pismo:
    """Calls to one environment over one connection pool: ``async with Pismo(base_url) as pismo``.

    ``timeout``: seconds for connecting, for the handshake and for each wait; a whole attempt gets three times that. ``attempts``:
    of a call that only reads; the waits between them grow, or are as long as the other side says. Methods raise PismoError, and
    ValueError for a token or an org ID that can't be sent, without quoting it.
    """

    def __init__(
        self,
        base_url: str,
        *,
        transport: "httpx.AsyncBaseTransport | None" = None,
        timeout: float = 10.0,
        tls: ClientTls | None = None,
        attempts: int = ATTEMPTS,
        on_call: OnCall = lambda *_: None,
    ) -> None:
        self._timeout, self._attempts, self._on_call = timeout, attempts, on_call
        self._connection = PismoConnection(base_url, transport=transport, timeout=timeout, tls=tls)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        await self._connection.aclose()

    @property
    def over_tls(self) -> bool:
        return self._connection.base_url.startswith("https:")

    async def certificate_validity(self) -> tuple[datetime, datetime] | None:
        """From when to when the bot's own client certificate is valid, in UTC; None without one. Raises CertificateError."""
        return await self._connection.validity()

    async def list_programs(
        self, token: SecretStr, org_id: str, page: int = 1, per_page: int = 1, *, name: str = ""
    ) -> ProgramsPage:
        """``name``: Pismo doesn't say whether others whose names contain it are listed too."""
        content = {"params": {"page": page, "perPage": per_page} | ({"name": name} if name else {})}
        return await self._read(LIST_PROGRAMS, ProgramsPage, content, token=token, org_id=org_id)

    async def create_program(self, token: SecretStr, org_id: str, template: Mapping[str, Any]) -> ProgramImport:
        """Begin to create a program. Another call creates another program, so look for it before a second one."""
        return await self._read(CREATE_PROGRAM, ProgramImport, {"json": dict(template)}, token=token, org_id=org_id)

    async def get_program_import(self, token: SecretStr, org_id: str, import_id: int) -> ProgramImportRecord:
        return await self._read(
            GET_PROGRAM_IMPORT, ProgramImportRecord, {}, token=token, org_id=org_id, holes={"id": str(import_id)}
        )

    async def get_organization(self, token: SecretStr, org_id: str) -> Organization:
        return await self._read(GET_ORGANIZATION, Organization, {}, token=token, org_id=org_id)

    async def patch_organization(self, token: SecretStr, org_id: str, details: Mapping[str, Any]) -> Organization:
        """Change these details and no others; returns the organization as it is then."""
        return await self._read(PATCH_ORGANIZATION, Organization, {"json": dict(details)}, token=token, org_id=org_id)

    async def list_audit(self, token: SecretStr, org_id: str, page: int = 1, per_page: int = 10, **filters: str) -> AuditPage:
        """What was done in Control Center. ``filters``: ``user``, ``action``, ``feature``, ``featureID``, ``cid``, ``beginDate``,
        ``endDate`` (RFC 3339), ``order``. Beta."""
        content = {"params": {"page": page, "perPage": per_page, **filters}}
        return await self._read(LIST_AUDIT, AuditPage, content, token=token, org_id=org_id)

    async def token_openid(self, jwt: SecretStr) -> AccessToken:
        """``jwt`` is signed with the customer's own key (RS256), and valid for at most 3600 s."""
        secret = _sendable(jwt)
        return await self._read(TOKEN_OPENID, AccessToken, {"json": {"token": secret}}, secrets=(secret,))

    async def read(self, call: PismoCall, model: type[R], token: SecretStr, org_id: str, **given: str | int) -> R:
        """Any call that only reads. ``given``: what its path has holes for, and parameters of its query."""
        holes = {name: str(value) for name, value in given.items() if f"{{{name}}}" in call.path}
        params = {name: value for name, value in given.items() if name not in holes}
        return await self._read(call, model, {"params": params}, token=token, org_id=org_id, holes=holes)

    async def send(self, call: PismoCall, model: type[R], token: SecretStr, org_id: str, content: Mapping[str, Any]) -> R:
        """Any call that changes something. ``content``: its body, as httpx takes it."""
        return await self._read(call, model, content, token=token, org_id=org_id)

    async def download(self, call: PismoCall, token: SecretStr, org_id: str, **holes: str) -> tuple[bytes, str, int]:
        """A file of at most MAX_ANSWER bytes, and the call's x-cid and ms."""
        answer = await self._called(call, org_id, holes, token, ())
        return answer.content, answer.x_cid, answer.ms

    async def _read(
        self,
        call: PismoCall,
        model: type[R],
        content: Mapping[str, Any],
        *,
        holes: Mapping[str, str] = MappingProxyType({}),
        token: SecretStr | None = None,
        org_id: str | None = None,
        secrets: tuple[str, ...] = (),
    ) -> R:
        answer = await self._called(call, org_id, holes, token, secrets, **content)
        status, body = answer.status, answer.body()
        wrong = "body"
        if isinstance(body, dict):
            try:
                return model.read({**body, "x_cid": answer.x_cid, "ms": answer.ms})
            except ValidationError as error:
                wrong = ", ".join(".".join(map(str, fault["loc"])) for fault in error.errors(include_input=False))
        message = f"the answer cannot be read: {wrong}"
        raise PismoError(call.service, status, None, message, answer.x_cid, kind=PismoErrorKind.UNEXPECTED, ms=answer.ms)

    async def _called(
        self,
        call: PismoCall,
        org_id: str | None,
        holes: Mapping[str, str],
        token: SecretStr | None,
        secrets: tuple[str, ...],
        **content: Any,
    ) -> _Answer:
        if org_id is not None and not _ORG_ID.fullmatch(org_id):
            raise ValueError("the org ID has a character that no org ID has, or no or too many characters")
        headers = {"x-tenant": org_id} if org_id and call.tenant else {}
        if token is not None:
            bearer = _sendable(token)
            headers["authorization"] = f"Bearer {bearer}"
            secrets = (*secrets, bearer)
        path = call.path.format(**{"id": org_id, **holes})
        return await self._answer(call, path, org_id, secrets, headers=headers, **content)

    async def _answer(self, call: PismoCall, path: str, org_id: str | None, secrets: tuple[str, ...], **content: Any) -> _Answer:
        """A successful answer. Raises PismoError for any other, or none, after as many attempts as the call allows."""
        for attempt in range(1, self._attempts + 1):
            try:
                answer = await self._send(call, path, org_id, **content)
            except PismoError as failed:
                error = failed
            else:
                if answer.status in call.success:
                    return answer
                error = read_error(
                    call.service,
                    answer.status,
                    answer.headers,
                    answer.body(),
                    answer.x_cid,
                    ms=answer.ms,
                    secrets=secrets,
                )
            wait = error.retry_after if error.retry_after is not None else 0.25 * 2**attempt * random.uniform(0.8, 1.2)  # noqa: S311
            if not (call.safe and error.transient) or attempt == self._attempts or wait > MAX_WAIT:
                break
            await asyncio.sleep(wait)
        raise error

    async def _send(
        self, call: PismoCall, path: str, org_id: str | None, *, headers: Mapping[str, str], **content: Any
    ) -> _Answer:
        import httpx  # noqa: PLC0415  loaded by the first call, not at every start

        x_cid = str(uuid4())
        failure, fault, answer, sent, start = "", None, None, True, perf_counter()
        kind, marked = PismoErrorKind.UNAVAILABLE, {**headers, "x-cid": x_cid}
        try:
            async with (
                asyncio.timeout(3 * self._timeout),
                self._connection.open() as http,
                http.stream(call.method, path, headers=marked, timeout=self._timeout, **content) as answered,
            ):
                answer = await _whole(answered)
        except _TooLongError:
            failure, kind = "answer too long", PismoErrorKind.UNEXPECTED
        except CertificateError as error:
            failure, fault, sent = "client certificate cannot be used", f"client_{error.kind}", False
        except (TimeoutError, httpx.TimeoutException):
            failure = "timeout"
        except (httpx.RequestError, OSError) as error:
            fault, sent = handshake_fault(error), not isinstance(error, httpx.ConnectError)
            failure = fault or ("no connection" if isinstance(error, httpx.ConnectError) else "connection dropped")
        seconds = perf_counter() - start
        ms, told = round(seconds * 1000), str(answer.status) if answer is not None else failure.replace(" ", "_")
        self._on_call("pismo", call.operation, told, seconds)
        if answer is not None and _X_CID.fullmatch(answer.headers.get("x-cid", "")):
            x_cid = answer.headers["x-cid"]
        log.info(
            "service=%s operation=%s status=%s ms=%d x_cid=%s org=%s",
            call.service,
            call.operation,
            told,
            ms,
            x_cid,
            org_id or "-",
        )
        if answer is None:  # not inside `except`: httpx's error holds the request, and so the token
            kind = PismoErrorKind.HANDSHAKE if fault else kind
            raise PismoError(call.service, None, fault, failure, x_cid, kind=kind, ms=ms, sent=sent)
        return replace(answer, x_cid=x_cid, ms=ms)
