"""The Pismo calls that the stand-in covers, as Pismo documents them."""

from collections.abc import Mapping
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler

from playground.pismo import audit, programs, replies, set_up
from playground.pismo.assertions import AssertionRefusedError
from playground.pismo.facts import MAX_LIFETIME, unfit_details
from playground.pismo.traffic import REFUSAL
from playground.pismo.transfers import TransferApi
from playground.pismo.world import Org, PismoWorld

BASIC_LIFETIME = 600
ROLES = ["onboarding-server", "account-server"]
FORM = "application/x-www-form-urlencoded"


class PismoApi:
    def __init__(self, world: PismoWorld) -> None:
        self._world = world

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/passport/v2/s2s/access-token", self.basic),
            web.post("/passport/v1/oauth2/token", self.openid),
            web.post("/passport/v2/oauth/token", self.oauth2),
            web.get("/orgs-core/v1/orgs/{id}", self.organization, allow_head=False),
            web.patch("/orgs-core/v1/orgs", self.edit_organization),
            web.get("/programs/v1/programs", self.list_programs, allow_head=False),
            web.post("/programs/v2/programs/template", self.create_program),
            *TransferApi(self._world, self._org_of).routes(),
            web.get("/audit-api/v1/audit", self.audit, allow_head=False),
            *(web.get(path, self._reads(*how), allow_head=False) for path, how in set_up.CALLS.items()),
        ]

    async def basic(self, request: web.Request) -> web.Response:
        body = await _fields(request)
        org = self._world.org_of_access_key(body.get("server_key"), body.get("server_secret"))
        if org is None:
            return replies.invalid_credentials()
        answer = {
            "tenant": org.id,
            "server_key": body["server_key"],
            "program_ids": [program["id"] for program in org.programs],
            "roles": ROLES,
            "token": self._world.mint_token(org.id, BASIC_LIFETIME, body["server_key"]),
            "refresh": self._world.mint_token(org.id, MAX_LIFETIME),
        }
        return web.json_response(answer, status=201)

    async def openid(self, request: web.Request) -> web.Response:
        try:
            org = self._world.org_of_openid((await _fields(request)).get("token"))
        except AssertionRefusedError as refused:
            request[REFUSAL] = refused.reason
            return replies.invalid_credentials()
        answer = {
            "token": self._world.mint_token(org.id, MAX_LIFETIME, "openid"),
            "refresh_token": self._world.mint_token(org.id, MAX_LIFETIME),
            "expires_in": str(MAX_LIFETIME),
        }
        return web.json_response(answer, status=201)

    async def oauth2(self, request: web.Request) -> web.Response:
        """Content type, secret's field and answer are not published: both known forms are accepted; it answers as in RFC 6749."""
        body = await _fields(request)
        if body.get("grant_type") != "client_credentials":
            return web.json_response({"error": "unsupported_grant_type"}, status=400)
        if not body.get("scope"):
            return web.json_response({"error": "invalid_scope"}, status=400)
        secret = body.get("client_secret_string") or body.get("client_secret")
        org = self._world.org_of_access_key(body.get("client_id"), secret)
        if org is None:
            return replies.invalid_credentials()
        answer = {
            "access_token": self._world.mint_token(org.id, MAX_LIFETIME, body["client_id"]),
            "token_type": "Bearer",
            "expires_in": MAX_LIFETIME,
            "scope": body["scope"],
        }
        return web.json_response(answer, status=201)

    async def organization(self, request: web.Request) -> web.Response:
        found = self._org_of(request, "orgs", wanted=request.match_info["id"])
        return web.json_response(found.details) if isinstance(found, Org) else found

    async def edit_organization(self, request: web.Request) -> web.Response:
        found = self._org_of(request, "orgs", wanted=request.headers.get("x-tenant"))
        if not isinstance(found, Org):
            return found
        changes = await _fields(request)
        if unfit := unfit_details(changes, patch=True):
            return replies.unfit_body(unfit)
        self._world.edit_org(found.id, changes)
        return web.json_response(found.details)

    async def list_programs(self, request: web.Request) -> web.Response:
        found = self._org_of(request, "programs")
        if not isinstance(found, Org):
            return found
        page, per_page = _positive(request.query.get("page", "1")), _positive(request.query.get("perPage", "10"))
        if page is None or per_page is None:
            return replies.bad_query()
        self._world.look_for_programs(found.id)
        listed = programs.listed(found.programs, request.query)
        return replies.bad_query() if listed is None else replies.page(listed, page, per_page)

    async def create_program(self, request: web.Request) -> web.Response:
        found = self._org_of(request, "programs")
        if not isinstance(found, Org):
            return found
        if "program_template" in self._world.forbidden:
            return replies.forbidden()
        if self._world.creation.refusals:
            return replies.refused_program(self._world.creation.refusals.pop(0))
        body = await _fields(request)
        refusal = programs.refusal_of(body)
        if refusal is not None:
            return replies.refused_program(refusal.code, **refusal.values)
        return replies.program_begun(self._world.create_program(found.id, body))

    async def audit(self, request: web.Request) -> web.Response:
        """The organization is the token's; no `x-tenant` is documented."""
        tenant = self._world.bearer_of(request.headers.get("Authorization", ""))
        if tenant is None:
            return replies.missing_token("audit-api")
        org = self._world.org(tenant)
        if "audit" in self._world.forbidden or not org.programs:
            return replies.forbidden()
        return audit.listed(org.audit, request.query)

    def _reads(self, area: str, tenant_call: str, answer: set_up.Answer) -> Handler:
        """What reads a product's set-up. ``tenant_call``: the call, if it needs `x-tenant`; else the organization is the token's."""

        async def handler(request: web.Request) -> web.StreamResponse:
            service, tenant = replies.service_of(request.path), self._world.bearer_of(request.headers.get("Authorization", ""))
            if tenant is None:
                return replies.missing_token(service)
            org = self._world.org(tenant)
            if area in self._world.forbidden or not org.programs:
                return replies.forbidden(service)
            header = request.headers.get("x-tenant")
            if tenant_call and not header:
                return replies.known(tenant_call, "EHLD0016")
            if tenant_call and header is not None and header.casefold() != tenant.casefold():
                return replies.other_tenant()
            return answer(org.set_up, request)

        return handler

    def _org_of(self, request: web.Request, area: str, wanted: str | None = None) -> Org | web.Response:
        """The organization a call is about, or a refusal: first the gateway's (token, permission), then the service's."""
        service = replies.service_of(request.path)
        token_tenant = self._world.bearer_of(request.headers.get("Authorization", ""))
        if token_tenant is None:
            return replies.missing_token(service)
        if area in self._world.forbidden:
            return replies.forbidden()
        header = request.headers.get("x-tenant")
        if not header:
            return replies.missing_tenant(service)
        return self._tenant(header, token_tenant, wanted)

    def _tenant(self, header: str, token_tenant: str, wanted: str | None) -> Org | web.Response:
        if wanted is not None and wanted != header:
            return replies.different_tenant()
        org = self._world.orgs.get(header.casefold())
        if org is None and wanted is not None:
            return replies.unknown_org(header)
        if org is None or org.id != token_tenant:
            return replies.other_tenant()
        # No API access is possible before the first program. With which answer is not documented: the gateway's is the nearest. [INF]
        return org if org.programs else replies.forbidden()


async def _fields(request: web.Request) -> Mapping[str, Any]:
    """The body's fields, from JSON or a form; no fields if it is neither: for that only status 401 is documented."""
    if request.content_type == FORM:
        return {name: value for name, value in (await request.post()).items() if isinstance(value, str)}
    try:
        body = await request.json()
    except ValueError:
        return {}
    return body if request.content_type == "application/json" and isinstance(body, dict) else {}


def _positive(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 and int(text) > 0 else None
