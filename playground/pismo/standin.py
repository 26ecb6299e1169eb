"""One environment of the stand-in as a server on this machine, and what people do at Pismo by hand, as methods."""

from collections.abc import Mapping
from typing import Any, Literal, Self

from aiohttp import web
from aiohttp.typedefs import Handler

from playground.pismo.api import Api
from playground.pismo.authority import Authority
from playground.pismo.control import control_routes
from playground.pismo.faults import Faults
from playground.pismo.tls import ServerTls
from playground.pismo.traffic import Seen, Traffic
from playground.pismo.world import World

Area = Literal["programs", "orgs", "audit"]


class PismoStandIn:
    """``async with PismoStandIn() as pismo`` serves at ``pismo.url``. Everything is forgotten with the object.

    ``authority``: over TLS that lets nobody in without its certificate; without one, over plain HTTP. ``control_url`` is for
    other processes, on a port of its own. Methods raise KeyError for an unknown org ID and ValueError for a value that
    Control Center would not take.
    """

    def __init__(self, authority: Authority | None = None, *, says_why: bool = True) -> None:
        self.url = self.control_url = ""
        self.faults = Faults()
        self.world = World()
        self.authority = authority
        self._tls = ServerTls(authority, says_why=says_why) if authority else None
        self._traffic = Traffic()
        self._runners: list[web.AppRunner] = []

    @property
    def calls(self) -> list[Seen]:
        """Every call to a path of Pismo, oldest first."""
        return self._traffic.calls

    async def start(self, port: int = 0, host: str = "127.0.0.1") -> Self:
        """``port`` 0 finds a free one. After a stop it can be started again and still knows everything."""
        self.faults.open()
        pismo = web.Application(middlewares=[self._middleware])
        pismo.add_routes(Api(self.world).routes())
        control = web.Application()
        control.add_routes(control_routes(self))
        self.url = await self._serve(pismo, host, port, self._tls)
        self.control_url = await self._serve(control, host, 0)
        return self

    async def _serve(self, app: web.Application, host: str, port: int, tls: ServerTls | None = None) -> str:
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        self._runners.append(runner)
        await web.TCPSite(runner, host, port, ssl_context=tls.context if tls else None).start()
        return f"{'https' if tls else 'http'}://{host}:{runner.addresses[0][1]}"

    async def stop(self) -> None:
        self.faults.close()
        while self._runners:
            await self._runners.pop().cleanup()

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(self, *error: object) -> None:
        await self.stop()

    # -- what people do in Control Center, and Pismo's own

    def create_org(self, details: Mapping[str, Any]) -> str:
        """``details`` as OrgDetails, without the id, which is returned."""
        return self.world.create_org(details).id

    def edit_org(self, org_id: str, details: Mapping[str, Any]) -> None:
        self.world.edit_org(org_id, details)

    def add_program(self, org_id: str, name: str, program_type: str, status: str = "ACTIVE") -> int:
        return self.world.add_program(org_id, name, program_type, status)

    def add_audit(self, org_id: str, action: str, feature: str, feature_id: str, email: str, code: int = 201) -> int:
        """Something done in Control Center, for the audit API to tell; its id there."""
        return self.world.add_audit(org_id, action, feature, feature_id, email, code)

    def mint_access_key(self, org_id: str) -> tuple[str, str]:
        """Server key and server secret, for Basic; the same are client ID and client secret for OAuth2."""
        return self.world.mint_access_key(org_id)

    def register_public_key(self, org_id: str, pem: str, iss: str, sub: str, aud: str) -> None:
        self.world.register_public_key(org_id, pem, iss, sub, aud)

    def mint_token(self, org_id: str, seconds: int = 600) -> str:
        """A fresh access token, as the customer would get one; negative ``seconds`` for one that has expired."""
        return self.world.mint_token(org_id, seconds)

    def revoke_access_key(self, key: str) -> None:
        """And every token that was got with it; so for the public keys."""
        self.world.revoke_access_key(key)

    def revoke_public_keys(self, org_id: str) -> None:
        self.world.revoke_public_keys(org_id)

    def revoke_token(self, token: str) -> None:
        self.world.revoke_token(token)

    def issue_certificate(self, csr: str) -> str:
        """The client certificate (PEM) for a signing request; ValueError also where there is no TLS."""
        return self._certified().issue(csr)

    def revoke_certificate(self, certificate: str) -> None:
        """From now on, also for connections that stand."""
        self._certified().revoke(certificate)
        self.take_revocations()

    def take_revocations(self) -> None:
        """What the authority has revoked, also through another environment, holds for every handshake to come."""
        if self._tls:
            self._tls.reload()

    def forbid(self, area: Area) -> None:
        """From now on every token lacks the permission group for these calls."""
        self.world.forbidden.add(area)

    def allow(self, area: Area) -> None:
        self.world.forbidden.discard(area)

    def _certified(self) -> Authority:
        if self.authority is None:
            raise ValueError("no certificates are asked for over plain HTTP")
        return self.authority

    @web.middleware
    async def _middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if self._is_revoked(request) and request.transport is not None:
            request.transport.abort()
            return web.Response(status=500)  # reaches nobody

        async def after_faults(met: web.Request) -> web.StreamResponse:
            return await self.faults.meet(met, handler)

        return await self._traffic.note(request, after_faults)

    def _is_revoked(self, request: web.Request) -> bool:
        certificate = request.get_extra_info("peercert")
        return bool(self.authority and certificate and self.authority.has_revoked(int(certificate["serialNumber"], 16)))
