"""One environment of the stand-in as a server on this machine, and what people do at Pismo by hand, as methods."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any, Literal, Self

from aiohttp import web
from aiohttp.typedefs import Handler

from playground.pismo.api import PismoApi
from playground.pismo.authority import Authority
from playground.pismo.faults import PismoFaultKind, PismoFaults
from playground.pismo.tls import ServerTls
from playground.pismo.traffic import SeenRequest, Traffic
from playground.pismo.world import PismoWorld
from playground.servers import Servers, control
from playground.wire import Wire

Area = Literal[
    "programs",
    "program_template",
    "exports",
    "imports",
    "orgs",
    "audit",
    "hierarchies",
    "divisions",
    "holidays",
    "processing_codes",
    "lending",
    "marketplace",
]


class PismoStandIn:
    """``async with PismoStandIn() as pismo`` serves at ``pismo.url``. Everything is forgotten with the object.

    ``authority``: TLS that admits nobody without a certificate from it; without one, plain HTTP. ``control_url`` is for
    other processes, on its own port. Methods raise KeyError for an unknown org ID and ValueError for a value that
    Control Center would not take.
    """

    def __init__(self, authority: Authority | None = None, *, says_why: bool = True) -> None:
        self.url = self.control_url = ""
        self.faults = PismoFaults()
        self.world = PismoWorld()
        self.authority = authority
        self._tls = ServerTls(authority, says_why=says_why) if authority else None
        self._traffic = Traffic()
        self.wire = Wire()
        self._servers = Servers()

    @property
    def calls(self) -> list[SeenRequest]:
        """Every call to a path of Pismo, oldest first."""
        return self._traffic.calls

    async def start(self, port: int = 0, host: str = "127.0.0.1") -> Self:
        """``port`` 0 finds a free one. It can be started again after a stop and still knows everything."""
        self.faults.open()
        pismo = web.Application(middlewares=[self.wire.middleware, self._middleware])
        pismo.add_routes(PismoApi(self.world).routes())
        self.url = await self._servers.serve(pismo, host, port, self._tls.context if self._tls else None)
        self.control_url = await self._servers.serve(control(self._controls()), host)
        return self

    async def stop(self) -> None:
        self.faults.close()
        await self._servers.stop()

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(self, *error: object) -> None:
        await self.stop()

    # -- what people do in Control Center, and Pismo's own

    def create_org(self, details: Mapping[str, Any], program: str = "") -> str:
        """``details`` as OrgDetails, without the id, which is returned. ``program``: the name of a first one, before which Pismo
        answers no call."""
        org_id = self.world.create_org(details).id
        if program:
            self.add_program(org_id, program, "CREDITO")
        return org_id

    def edit_org(self, org_id: str, details: Mapping[str, Any]) -> None:
        self.world.edit_org(org_id, details)

    def add_program(self, org_id: str, name: str, program_type: str, status: str = "ACTIVE", **details: Any) -> int:
        return self.world.add_program(org_id, name, program_type, status, **details)

    def configure_program(self, org_id: str, number: int) -> None:
        """What a program that is PENDING lacks: its card settings and its accounting."""
        self.world.configure_program(org_id, number)

    def add_audit(self, org_id: str, action: str, feature: str, feature_id: str, email: str, code: int = 201) -> int:
        """Records something done in Control Center for the audit API to list; returns its id there."""
        return self.world.add_audit(org_id, action, feature, feature_id, email, code)

    def set_up(self, org_id: str) -> None:
        """What the customer's developers make for its products, unless they have begun."""
        found = self.world.org(org_id).set_up
        if not found.hierarchies:
            found.fill()

    def mint_access_key(self, org_id: str) -> tuple[str, str]:
        """Server key and server secret for Basic; for OAuth2, the same pair is client ID and client secret."""
        return self.world.mint_access_key(org_id)

    def register_public_key(self, org_id: str, pem: str, iss: str, sub: str, aud: str) -> None:
        self.world.register_public_key(org_id, pem, iss, sub, aud)

    def mint_token(self, org_id: str, seconds: int = 600) -> str:
        """A fresh access token, as the customer would get one; negative ``seconds`` for one that has expired."""
        return self.world.mint_token(org_id, seconds)

    def revoke_access_key(self, key: str) -> None:
        """Along with every token obtained with it; the same goes for public keys."""
        self.world.revoke_access_key(key)

    def revoke_public_keys(self, org_id: str) -> None:
        self.world.revoke_public_keys(org_id)

    def revoke_token(self, token: str) -> None:
        self.world.revoke_token(token)

    def issue_certificate(self, csr: str) -> str:
        """The client certificate (PEM) for a signing request; ValueError also if there is no TLS."""
        return self._certified().issue(csr)

    def revoke_certificate(self, certificate: str) -> None:
        """From now on, for open connections too."""
        self._certified().revoke(certificate)
        self.take_revocations()

    def take_revocations(self) -> None:
        """Apply what the authority has revoked, even through another environment, to every later handshake."""
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

    def _controls(self) -> dict[str, Callable[..., Any]]:
        """What another process may do."""
        return {
            "create_org": self.create_org,
            "edit_org": self.edit_org,
            "add_program": self.add_program,
            "configure_program": self.configure_program,
            "add_audit": self.add_audit,
            "set_up": self.set_up,
            "mint_access_key": self.mint_access_key,
            "register_public_key": self.register_public_key,
            "mint_token": self.mint_token,
            "issue_certificate": self.issue_certificate,
            "revoke_access_key": self.revoke_access_key,
            "revoke_public_keys": self.revoke_public_keys,
            "revoke_token": self.revoke_token,
            "revoke_certificate": self.revoke_certificate,
            "forbid": self.forbid,
            "allow": self.allow,
            "add_fault": self._add_fault,
            "clear_faults": self.faults.clear,
            "calls": lambda: [asdict(call) for call in self.calls],
        }

    def _add_fault(self, path: str, kind: PismoFaultKind, times: int = 1, seconds: float | None = None) -> None:
        self.faults.add(path, kind, times, seconds)

    @web.middleware
    async def _middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if self._is_revoked(request) and request.transport is not None:
            request.transport.abort()
            return web.Response(status=500)  # nobody receives it

        async def after_faults(met: web.Request) -> web.StreamResponse:
            return await self.faults.meet(met, handler)

        return await self._traffic.note(request, after_faults)

    def _is_revoked(self, request: web.Request) -> bool:
        certificate = request.get_extra_info("peercert")
        return bool(self.authority and certificate and self.authority.has_revoked(int(certificate["serialNumber"], 16)))
