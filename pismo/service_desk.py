"""Pismo's Service Desk over the REST API of Jira Service Management Cloud. One attempt per call: the caller retries.

Source: Atlassian's reference for `rest/servicedeskapi`; of these calls, only the list of a desk's customers is experimental.
"""

import asyncio
import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Any, Self, TypeVar
from urllib.parse import urlsplit

from pydantic import BaseModel, SecretStr, ValidationError

from pismo.called import OnCall
from pismo.jsm_errors import ServiceDeskError, ServiceDeskFault, read_error
from pismo.jsm_form import NameNotFoundError, RequestFormNames, Values, same
from pismo.jsm_models import (
    Account,
    Comment,
    CustomerRequest,
    RequestField,
    RequestStatus,
    RequestType,
    ServiceDeskProject,
    Transition,
)
from pismo.tls import public_trust

if TYPE_CHECKING:
    import httpx

__all__ = [
    "Comment",
    "CustomerRequest",
    "NameNotFoundError",
    "RequestForm",
    "RequestFormNames",
    "RequestStatus",
    "ServiceDesk",
    "ServiceDeskError",
    "ServiceDeskFault",
]

log = logging.getLogger("pismo.service_desk")

M = TypeVar("M", bound=BaseModel)

API = "/rest/servicedeskapi"
PAGE = 50
MAX_PAGES = 40
EXPERIMENTAL = {"X-ExperimentalApi": "opt-in"}
"""Without this header, Jira refuses an experimental call."""
_KEY = re.compile(r"[A-Z][A-Z0-9_]*-[1-9][0-9]*", re.ASCII)
_NUMBERED = re.compile(r"[^/]*[0-9][^/]*")
"""The parts of a path that name one thing rather than a kind."""
_MARKER = re.compile(r"[a-z0-9]{8,64}", re.ASCII)


@dataclass(frozen=True)
class RequestForm:
    """Where something is requested in one portal, and with which fields. Whether the user may name others: as participants of the
    request, or as the one on whose behalf it is filed. A user with a customer's role alone may do neither."""

    desk_id: str
    type_id: str
    fields: tuple[RequestField, ...]
    adds_participants: bool = False
    raises_on_behalf: bool = False


class ServiceDesk:
    """``async with ServiceDesk(url, user, token) as desk``. Every method raises ServiceDeskError.

    ``url`` is the site's, e.g. ``https://pismolabs.atlassian.net``; ``user`` the e-mail address of the API token's account.
    ``timeout``: seconds for a whole call.
    """

    def __init__(
        self,
        url: str,
        user: str,
        token: SecretStr,
        *,
        transport: "httpx.AsyncBaseTransport | None" = None,
        timeout: float = 15.0,
        on_call: OnCall = lambda *_: None,
    ) -> None:
        import httpx  # noqa: PLC0415  loaded only where there is a Service Desk

        site = urlsplit(url)
        self._token, self._timeout, self._on_call = token.get_secret_value(), timeout, on_call
        # Redirects are not followed: the token goes to the configured host or nowhere.
        self._http = httpx.AsyncClient(
            base_url=f"{site.scheme}://{site.netloc}",
            auth=httpx.BasicAuth(user, self._token),
            transport=transport,
            timeout=timeout,
            verify=public_trust(),
            headers={"accept": "application/json"},
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        await self._http.aclose()

    async def form(self, names: RequestFormNames) -> RequestForm:
        """The ids behind the names. Raises NameNotFoundError too; a wrong token may look like a site with no desk at all."""
        desks = await self._all(ServiceDeskProject, f"{API}/servicedesk")
        desk = next((one for one in desks if same(one.name, names.desk) or one.key == names.desk), None)
        if desk is None:
            raise NameNotFoundError("desk", names.desk, (one.name for one in desks))
        types = await self._all(RequestType, f"{API}/servicedesk/{desk.id}/requesttype")
        wanted = next((one for one in types if same(one.name, names.request_type)), None)
        if wanted is None:
            raise NameNotFoundError("request_type", names.request_type, (one.name for one in types))
        body = await self._call("GET", f"{API}/servicedesk/{desk.id}/requesttype/{wanted.id}/field")
        listed = body.get("requestTypeFields")
        fields = [_read(RequestField, one) for one in listed] if isinstance(listed, list) else []
        adds, raises = (body.get(name) is True for name in ("canAddRequestParticipants", "canRaiseOnBehalfOf"))
        return RequestForm(desk.id, wanted.id, tuple(fields), adds, raises)

    async def account(self, form: RequestForm, address: str) -> str:
        """The account ID of the desk's customer with this e-mail address. Empty if there is none, or they hide it: the search also finds
        whoever has the address in their name."""
        path = f"{API}/servicedesk/{form.desk_id}/customer"
        found = await self._all(Account, path, {"query": address}, headers=EXPERIMENTAL)
        return next((one.account_id for one in found if same(one.email_address, address)), "")

    async def file(self, form: RequestForm, values: Values, participants: Sequence[str] = ()) -> CustomerRequest:
        """If it fails with ``happened``, look for the request with `find` before filing again. ``participants``: the account IDs of
        those to name, if the form lets the user."""
        content: dict[str, Any] = {
            "serviceDeskId": form.desk_id,
            "requestTypeId": form.type_id,
            "requestFieldValues": dict(values),
        }
        if participants:
            content["requestParticipants"] = list(participants)
        return _read(CustomerRequest, await self._call("POST", f"{API}/request", json=content), happened=True)

    async def find(self, form: RequestForm, marker: str) -> CustomerRequest | None:
        """The user's own request with the marker in one of its texts: a single search word of lower-case letters and digits only.

        A request filed just now may not be found yet: the search uses an index that lags by seconds, or minutes.
        """
        if not _MARKER.fullmatch(marker):
            raise ValueError("the marker is no single word")
        query = {
            "searchTerm": marker,
            "requestOwnership": "OWNED_REQUESTS",
            "requestStatus": "ALL_REQUESTS",
            "serviceDeskId": form.desk_id,
            "requestTypeId": form.type_id,
        }
        for found in await self._all(CustomerRequest, f"{API}/request", query):
            if any(marker in text for text in found.texts()):
                return found
        return None

    async def request(self, key: str) -> CustomerRequest:
        return _read(CustomerRequest, await self._call("GET", f"{API}/request/{_checked(key)}"))

    async def last(self) -> CustomerRequest | None:
        """The user's own request in which something happened last; None if there is none."""
        own: dict[str, str | int] = {"requestOwnership": "OWNED_REQUESTS", "requestStatus": "ALL_REQUESTS"}
        values = await self._values(f"{API}/request", {**own, "start": 0, "limit": 1})
        return _read(CustomerRequest, values[0]) if values else None

    async def status(self, key: str) -> RequestStatus:
        """The current one: the history lists the latest first."""
        values = await self._values(f"{API}/request/{_checked(key)}/status", {"start": 0, "limit": 1})
        if not values:
            raise ServiceDeskError(ServiceDeskFault.UNEXPECTED, 200)
        return _read(RequestStatus, values[0])

    async def history(self, key: str) -> list[RequestStatus]:
        """All statuses that the request has had, the first one first."""
        return (await self._all(RequestStatus, f"{API}/request/{_checked(key)}/status"))[::-1]

    async def askers(self, key: str) -> frozenset[str]:
        """The account IDs of those who ask: the request's reporter and its participants."""
        participants = await self._all(Account, f"{API}/request/{_checked(key)}/participant")
        return frozenset(one.account_id for one in (*participants, (await self.request(key)).reporter) if one.account_id)

    async def comments(self, key: str) -> list[Comment]:
        """The public ones in the order they were written. Internal ones are neither asked for nor returned."""
        query = {"public": "true", "internal": "false"}
        found = await self._all(Comment, f"{API}/request/{_checked(key)}/comment", query)
        return sorted((one for one in found if one.public), key=lambda one: one.id)

    async def comment(self, key: str, body: str) -> Comment:
        """Write a public comment. If it fails with ``happened``, look for it with `comments` before writing it again."""
        content = {"body": body, "public": True}
        return _read(Comment, await self._call("POST", f"{API}/request/{_checked(key)}/comment", json=content), happened=True)

    async def transitions(self, key: str) -> list[Transition]:
        """What the user may press in the portal."""
        return await self._all(Transition, f"{API}/request/{_checked(key)}/transition")

    async def transit(self, key: str, transition: Transition) -> None:
        """Press it. Jira answers with no content."""
        await self._call("POST", f"{API}/request/{_checked(key)}/transition", empty=True, json={"id": transition.id})

    async def _all(
        self, model: type[M], path: str, query: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
    ) -> list[M]:
        """Every page of a list."""
        found: list[M] = []
        for _ in range(MAX_PAGES):
            page = {**(query or {}), "start": len(found), "limit": PAGE}
            body = await self._call("GET", path, params=page, headers=headers)
            values = _listed(body)
            found += [_read(model, value) for value in values]
            if body.get("isLastPage", True) or not values:
                return found
        return found

    async def _values(self, path: str, query: Mapping[str, str | int]) -> list[Any]:
        """One page of a list."""
        return _listed(await self._call("GET", path, params=query))

    async def _call(self, method: str, path: str, *, empty: bool = False, **content: Any) -> Mapping[str, Any]:
        """``empty``: an answer without content is one too."""
        import httpx  # noqa: PLC0415  as above

        failure: ServiceDeskError | None = None
        response, start = None, perf_counter()
        try:
            async with asyncio.timeout(self._timeout):
                response = await self._http.request(method, path, **content)
        except (httpx.ConnectError, httpx.ConnectTimeout):
            failure = ServiceDeskError(ServiceDeskFault.UNAVAILABLE)
        except (TimeoutError, httpx.HTTPError):
            failure = ServiceDeskError(ServiceDeskFault.UNAVAILABLE, happened=True)
        status = response.status_code if response is not None else None
        seconds = perf_counter() - start
        ms = round(seconds * 1000)
        self._on_call("service_desk", f"{method} {_NUMBERED.sub('*', path)}", str(status or "no_answer"), seconds)
        log.info("method=%s path=%s status=%s ms=%d", method, path, status or "no_answer", ms)
        if response is None:  # not inside `except`: httpx's error holds the request, and so the token
            raise failure or ServiceDeskError(ServiceDeskFault.UNAVAILABLE, happened=True)
        body = _json(response)
        if not response.is_success:
            raise read_error(response.status_code, response.headers, body, self._token)
        if empty and not response.content:
            return {}
        if not isinstance(body, Mapping):
            raise ServiceDeskError(ServiceDeskFault.UNEXPECTED, status, happened=True)
        return body


def _checked(key: str) -> str:
    if not _KEY.fullmatch(key):
        raise ValueError("the key is not a ticket's")
    return key


def _listed(body: Mapping[str, Any]) -> list[Any]:
    values = body.get("values")
    if not isinstance(values, list):
        raise ServiceDeskError(ServiceDeskFault.UNEXPECTED, 200)
    return values


def _json(response: "httpx.Response") -> Any:
    """None for anything that is not JSON, such as a gateway's page."""
    try:
        return response.json()
    except (ValueError, RecursionError):
        return None


def _read(model: type[M], value: Any, *, happened: bool = False) -> M:
    try:
        return model.model_validate(value)
    except ValidationError:
        failure = ServiceDeskError(ServiceDeskFault.UNEXPECTED, 200, happened=happened)
    raise failure
