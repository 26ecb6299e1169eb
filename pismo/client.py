"""The Pismo platform over HTTP. One attempt a call: who calls decides whether and when to try again."""

import asyncio
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Self, TypeVar
from uuid import uuid4

import httpx
from pydantic import SecretStr, ValidationError

from pismo.calls import GET_ORGANIZATION, LIST_PROGRAMS, TOKEN_BASIC, TOKEN_OAUTH2, TOKEN_OPENID, Call
from pismo.errors import Kind, PismoError, read_error
from pismo.models import AccessToken, Organization, ProgramsPage, Result
from pismo.tokens import clean_token

log = logging.getLogger("pismo")

R = TypeVar("R", bound=Result)

# Org IDs are not always `TN-<uuid>`; what matters here is that one cannot change the path or break the header.
_ORG_ID = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
_X_CID = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)


@dataclass(frozen=True)
class _Answer:
    response: httpx.Response
    x_cid: str
    ms: int

    def body(self) -> Any:
        """The decoded JSON; None for anything else, such as a gateway's HTML."""
        try:
            return self.response.json()
        except (ValueError, RecursionError):
            return None


class Pismo:
    """Calls of one environment over one connection pool: ``async with Pismo(base_url) as pismo``.

    ``timeout`` is in seconds and holds for a whole call. Every method raises PismoError, and ValueError for a token
    (TokenError) or an org ID that cannot be sent. Tokens are taken as they were pasted.
    """

    def __init__(self, base_url: str, *, transport: httpx.AsyncBaseTransport | None = None, timeout: float = 10.0) -> None:
        self._timeout = timeout
        # Redirects are not followed: a token goes to the configured host or nowhere.
        self._http = httpx.AsyncClient(
            base_url=base_url, transport=transport, timeout=timeout, headers={"accept": "application/json"}
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        await self._http.aclose()

    async def list_programs(self, token: SecretStr, org_id: str, page: int = 1, per_page: int = 1) -> ProgramsPage:
        content = {"params": {"page": page, "perPage": per_page}}
        return await self._read(LIST_PROGRAMS, ProgramsPage, content, token=token, org_id=org_id)

    async def get_organization(self, token: SecretStr, org_id: str) -> Organization:
        return await self._read(GET_ORGANIZATION, Organization, {}, token=token, org_id=org_id)

    async def token_basic(self, server_key: str, server_secret: SecretStr) -> AccessToken:
        secret = server_secret.get_secret_value()
        content = {"json": {"server_key": server_key, "server_secret": secret}}
        return await self._read(TOKEN_BASIC, AccessToken, content, secrets=(secret,))

    async def token_openid(self, jwt: SecretStr) -> AccessToken:
        """``jwt`` is signed by the customer's own key (RS256), for at most 3600 s."""
        secret = clean_token(jwt.get_secret_value()).get_secret_value()
        return await self._read(TOKEN_OPENID, AccessToken, {"json": {"token": secret}}, secrets=(secret,))

    async def token_oauth2(
        self,
        client_id: str,
        client_secret: SecretStr,
        scope: str,
        secret_field: str = "client_secret_string",  # noqa: S107  the name of the field, not a secret
    ) -> AccessToken:
        """``scope`` holds permission groups with spaces between; the body is a form, as RFC 6749 says.

        Pismo's guide calls the secret's field as the default of ``secret_field`` does, RFC 6749 ``client_secret``.
        """
        secret = client_secret.get_secret_value()
        form = {"grant_type": "client_credentials", "client_id": client_id, secret_field: secret, "scope": scope}
        return await self._read(TOKEN_OAUTH2, AccessToken, {"data": form}, secrets=(secret,))

    async def _read(
        self,
        call: Call,
        model: type[R],
        content: Mapping[str, Any],
        *,
        token: SecretStr | None = None,
        org_id: str | None = None,
        secrets: tuple[str, ...] = (),
    ) -> R:
        if org_id is not None and not _ORG_ID.fullmatch(org_id):
            raise ValueError("the org ID has a character that no org ID has, or no or too many characters")
        headers = {"x-tenant": org_id} if org_id else {}
        if token is not None:
            bearer = clean_token(token.get_secret_value()).get_secret_value()
            headers["authorization"] = f"Bearer {bearer}"
            secrets = (*secrets, bearer)
        answer = await self._send(call, call.path.format(id=org_id), org_id, headers=headers, **content)
        status, body = answer.response.status_code, answer.body()
        if status not in call.success:
            headers_back = answer.response.headers
            raise read_error(call.service, status, headers_back, body, answer.x_cid, ms=answer.ms, secrets=secrets)
        wrong = "body"
        if isinstance(body, dict):
            try:
                return model.read({**body, "x_cid": answer.x_cid, "ms": answer.ms})
            except ValidationError as error:
                wrong = ", ".join(".".join(map(str, fault["loc"])) for fault in error.errors(include_input=False))
        message = f"the answer cannot be read: {wrong}"
        raise PismoError(call.service, status, None, message, answer.x_cid, kind=Kind.UNEXPECTED, ms=answer.ms)

    async def _send(self, call: Call, path: str, org_id: str | None, *, headers: Mapping[str, str], **content: Any) -> _Answer:
        x_cid = str(uuid4())
        failure, response, start = "", None, perf_counter()
        try:
            async with asyncio.timeout(self._timeout):
                response = await self._http.request(call.method, path, headers={**headers, "x-cid": x_cid}, **content)
        except (TimeoutError, httpx.TimeoutException):
            failure = "timeout"
        except httpx.ConnectError:
            failure = "no connection"
        except httpx.RequestError:
            failure = "connection dropped"
        ms = round((perf_counter() - start) * 1000)
        if response is not None and _X_CID.fullmatch(response.headers.get("x-cid", "")):
            x_cid = response.headers["x-cid"]
        log.info(
            "service=%s operation=%s status=%s ms=%d x_cid=%s org=%s",
            call.service,
            call.operation,
            response.status_code if response is not None else failure.replace(" ", "_"),
            ms,
            x_cid,
            org_id or "-",
        )
        if response is None:  # not within `except`: httpx's error holds the request, and with it the token
            raise PismoError(call.service, None, None, failure, x_cid, ms=ms)
        return _Answer(response, x_cid, ms)
