"""The calls of `rest/servicedeskapi`, each refused where Jira would refuse it."""

import base64
import binascii
import hmac
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from aiohttp import web

from playground.service_desk.world import (
    MAX_COMMENT,
    TO_DO,
    Json,
    ServiceDeskWorld,
    Ticket,
    TicketComment,
    account_of,
    date_of,
    status_of,
)

PREFIX = "/rest/servicedeskapi"
WRITTEN = {
    "serviceDeskId",
    "requestTypeId",
    "requestFieldValues",
    "requestParticipants",
    "raiseOnBehalfOf",
    "isAdfRequest",
    "form",
}
QUERY = {
    "searchTerm",
    "requestOwnership",
    "requestStatus",
    "serviceDeskId",
    "requestTypeId",
    "expand",
    "start",
    "limit",
    "organizationId",
    "approvalStatus",
}
LIMIT = 50


class RequestRefusedError(Exception):
    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def refusal(status: int, message: str) -> web.Response:
    body = {"errorMessage": message, "i18nErrorMessage": {"i18nKey": "sd.rest.refused", "parameters": []}}
    return web.json_response(body, status=status)


class ServiceDeskApi:
    def __init__(self, world: ServiceDeskWorld, user: str, token: str) -> None:
        self.world, self.user, self.token = world, user, token
        self._accounts: dict[str, str] = {}
        """The address behind each account ID that was given out."""

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get(f"{PREFIX}/servicedesk", self.desks),
            web.get(PREFIX + "/servicedesk/{desk}/requesttype", self.types),
            web.get(PREFIX + "/servicedesk/{desk}/requesttype/{type}/field", self.fields),
            web.get(PREFIX + "/servicedesk/{desk}/customer", self.customers),
            web.get(f"{PREFIX}/request", self.search),
            web.post(f"{PREFIX}/request", self.file),
            web.get(PREFIX + "/request/{key}", self.request),
            web.get(PREFIX + "/request/{key}/status", self.status),
            web.get(PREFIX + "/request/{key}/participant", self.participants),
            web.get(PREFIX + "/request/{key}/comment", self.comments),
            web.post(PREFIX + "/request/{key}/comment", self.comment),
            web.get(PREFIX + "/request/{key}/transition", self.transitions),
            web.post(PREFIX + "/request/{key}/transition", self.transit),
        ]

    @web.middleware
    async def guard(self, request: web.Request, handler: Any) -> web.StreamResponse:
        """Basic, with the e-mail address and the API token; anything else is refused, as is what Jira would not understand."""
        if not self._is_known(request.headers.get("authorization", "")):
            return refusal(401, "Client must be authenticated to access this resource.")
        try:
            answer: web.StreamResponse = await handler(request)
        except RequestRefusedError as error:
            return refusal(error.status, str(error))
        return answer

    def _is_known(self, header: str) -> bool:
        scheme, _, text = header.partition(" ")
        try:
            given = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            return False
        return scheme == "Basic" and hmac.compare_digest(given, f"{self.user}:{self.token}".encode())

    async def desks(self, request: web.Request) -> web.Response:
        return _page(request, self.world.desks)

    async def types(self, request: web.Request) -> web.Response:
        return _page(request, self.world.types[self._desk(request.match_info["desk"])])

    async def fields(self, request: web.Request) -> web.Response:
        fields = self._fields(request.match_info["desk"], request.match_info["type"])
        may = self.world.agent
        return web.json_response({"requestTypeFields": fields, "canRaiseOnBehalfOf": may, "canAddRequestParticipants": may})

    async def customers(self, request: web.Request) -> web.Response:
        """Whoever's name or address begins with what is asked for; here, the one who has that address."""
        if request.headers.get("x-experimentalapi") != "opt-in":
            raise RequestRefusedError(412, "This is an experimental API: opt in with the header X-ExperimentalApi.")
        self._desk(request.match_info["desk"])
        if not (self.world.agent and self.world.lists_customers):
            raise RequestRefusedError(403, "You do not have permission to view the customers of this Service Desk.")
        address = request.query.get("query", "")
        found = [account_of(address)] if self.world.has_account(address) else []
        self._accounts.update((one["accountId"], address) for one in found)
        shown = [one | {"emailAddress": None} if address in self.world.hidden else one for one in found]
        return _page(request, shown)

    async def search(self, request: web.Request) -> web.Response:
        query = dict(request.query)
        if unknown := set(query) - QUERY:
            raise RequestRefusedError(400, f"Unknown query parameters: {', '.join(sorted(unknown))}")
        if "requestTypeId" in query and "serviceDeskId" not in query:
            raise RequestRefusedError(400, "The service desk must be given with the request type.")
        found = self.world.search(query.get("searchTerm", ""), query, self.user)
        return _page(request, [self._drawn(ticket, request) for ticket in found])

    async def file(self, request: web.Request) -> web.Response:
        body = await _body(request, WRITTEN)
        if not isinstance(body.get("requestFieldValues"), dict):
            raise RequestRefusedError(400, "The request is malformed.")
        if not self.world.agent:  # JSDCLOUD-8960
            raise RequestRefusedError(403, "You do not have permission to create a request.")
        participants = self._known(body.get("requestParticipants", []))
        self._known([body["raiseOnBehalfOf"]] if "raiseOnBehalfOf" in body else [])
        desk, type_id, values = body.get("serviceDeskId"), body.get("requestTypeId"), body["requestFieldValues"]
        if not isinstance(desk, str) or not isinstance(type_id, str):
            raise RequestRefusedError(400, "serviceDeskId and requestTypeId are text.")
        for problem in _problems(self._fields(desk, type_id), values):
            raise RequestRefusedError(400, f"Your request could not be created. {problem}")
        ticket = self.world.file(desk, type_id, values, self.user)
        ticket.participants = participants
        return web.json_response(self._drawn(ticket, request), status=201)

    async def request(self, request: web.Request) -> web.Response:
        return web.json_response(self._drawn(self._ticket(request), request))

    async def status(self, request: web.Request) -> web.Response:
        return _page(request, [status_of(moment) for moment in reversed(self._ticket(request).history)])

    async def participants(self, request: web.Request) -> web.Response:
        return _page(request, [account_of(address) for address in self._ticket(request).participants])

    async def comments(self, request: web.Request) -> web.Response:
        """Those that the query asks for: public and internal ones unless it says "false"."""
        if unknown := set(request.query) - {"public", "internal", "expand", "start", "limit"}:
            raise RequestRefusedError(400, f"Unknown query parameters: {', '.join(sorted(unknown))}")
        shown = {public: request.query.get(name, "true") == "true" for name, public in (("public", True), ("internal", False))}
        return _page(request, [self._written(one) for one in self._ticket(request).comments if shown[one.public]])

    async def comment(self, request: web.Request) -> web.Response:
        body = await _body(request, {"body", "public"})
        text, public = body.get("body"), body.get("public", True)
        if not isinstance(text, str) or not text.strip() or len(text) > MAX_COMMENT or not isinstance(public, bool):
            raise RequestRefusedError(400, "The comment is malformed.")
        said = self.world.write(self._ticket(request).key, text, self.user, public=public or not self.world.agent)
        return web.json_response(self._written(said), status=201)

    async def transitions(self, request: web.Request) -> web.Response:
        return _page(request, [TO_DO] if self._ticket(request).history[-1][0] == "PENDING" else [])

    async def transit(self, request: web.Request) -> web.Response:
        body, ticket = await _body(request, {"id", "additionalComment"}), self._ticket(request)
        if body.get("id") != TO_DO["id"] or ticket.history[-1][0] != "PENDING":
            raise RequestRefusedError(400, "The transition is not available.")
        self.world.move(ticket.key, "NEW")
        return web.Response(status=204)

    def _known(self, people: Any) -> list[str]:
        """The addresses of these accounts; an address itself is no account ID."""
        if not isinstance(people, list) or not all(isinstance(one, str) for one in people):
            raise RequestRefusedError(400, "requestParticipants is a list of accounts.")
        if any(one not in self._accounts for one in people):
            raise RequestRefusedError(400, "Your request could not be created. A user that you named does not exist.")
        return [self._accounts[one] for one in people]

    def _written(self, said: TicketComment) -> Json:
        author = account_of(said.author)
        return {"id": str(said.id), "body": said.body, "public": said.public, "author": author, "created": date_of(said.at)}

    def _desk(self, desk: str) -> str:
        if desk not in self.world.types:
            raise RequestRefusedError(404, "The Service Desk you are trying to view does not exist.")
        return desk

    def _fields(self, desk: str, type_id: str) -> list[Json]:
        if (desk, type_id) not in self.world.fields:
            raise RequestRefusedError(404, "The request type does not exist.")
        return self.world.fields[desk, type_id]

    def _ticket(self, request: web.Request) -> Ticket:
        ticket = self.world.tickets.get(request.match_info["key"])
        if ticket is None or ticket.reporter != self.user:
            raise RequestRefusedError(404, "The request could not be found or you do not have permission to see it.")
        return ticket

    def _drawn(self, ticket: Ticket, request: web.Request) -> Json:
        values = [{"fieldId": name, "label": name, "value": value} for name, value in ticket.values.items()]
        return {
            "_expands": ["participant", "status", "requestType"],
            "issueId": str(10_000 + int(ticket.key.partition("-")[2])),
            "issueKey": ticket.key,
            "summary": ticket.summary,
            "requestTypeId": ticket.type,
            "serviceDeskId": ticket.desk,
            "createdDate": date_of(ticket.history[0][1]),
            "reporter": account_of(ticket.reporter),
            "requestFieldValues": values,
            "currentStatus": status_of(ticket.history[-1]),
            "_links": {"web": f"http://{request.host}/servicedesk/customer/portal/{ticket.desk}/{ticket.key}"},
        }


async def _body(request: web.Request, known: AbstractSet[str]) -> Json:
    try:
        body = await request.json()
    except ValueError:
        raise RequestRefusedError(400, "The body is no JSON.") from None
    if not isinstance(body, dict) or set(body) - known:
        raise RequestRefusedError(400, "The request is malformed.")
    return body


def _page(request: web.Request, found: Sequence[Json]) -> web.Response:
    try:
        start, limit = int(request.query.get("start", 0)), min(int(request.query.get("limit", LIMIT)), LIMIT)
    except ValueError:
        raise RequestRefusedError(400, "start and limit are numbers.") from None
    values = list(found[start : start + limit])
    last = start + limit >= len(found)
    return web.json_response({"size": len(values), "start": start, "limit": limit, "isLastPage": last, "values": values})


def _problems(fields: Sequence[Json], values: Mapping[str, Any]) -> list[str]:
    known = {one["fieldId"]: one for one in fields}
    found = [f"The field '{name}' is not on this form." for name in values if name not in known]
    for name, one in known.items():
        if one["required"] and values.get(name) in (None, "", {}):
            found.append(f"{one['name']} is required.")
        elif name in values and not _fits(one, values[name]):
            found.append(f"The value of {one['name']} is not valid.")
    return found


def _fits(one: Json, value: Any) -> bool:
    """Text as is, a choice by its id, a cascading one with its child; the summary is a single line of at most 255 characters."""
    options = {option["value"]: option for option in one["validValues"]}
    if not options:
        return isinstance(value, str) and (one["fieldId"] != "summary" or ("\n" not in value and len(value) <= 255))
    if not isinstance(value, dict) or value.get("id") not in options:
        return False
    children = {child["value"] for child in options[value["id"]]["children"]}
    if not children:
        return set(value) == {"id"}
    child = value.get("child")
    return set(value) == {"id", "child"} and isinstance(child, dict) and child.get("id") in children
