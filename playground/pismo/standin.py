"""The stand-in as a server on this machine, and what people do at Pismo by hand, as methods."""

from collections.abc import Mapping
from typing import Any, Literal, Self

from aiohttp import web
from aiohttp.typedefs import Handler

from playground.pismo.api import Api
from playground.pismo.control import PREFIX, control_routes
from playground.pismo.faults import Faults
from playground.pismo.traffic import Seen, Traffic
from playground.pismo.world import World

Area = Literal["programs", "orgs"]


class PismoStandIn:
    """``async with PismoStandIn() as pismo`` serves at ``pismo.url``. Everything is forgotten with the object.

    Methods raise KeyError for an unknown org ID and ValueError for a value that Control Center would not take.
    """

    def __init__(self) -> None:
        self.url = ""
        self.faults = Faults()
        self._world = World()
        self._traffic = Traffic()
        self._runner: web.AppRunner | None = None

    @property
    def world(self) -> World:
        return self._world

    @property
    def calls(self) -> list[Seen]:
        """Every call to a path of Pismo, oldest first."""
        return self._traffic.calls

    async def start(self, port: int = 0, host: str = "127.0.0.1") -> Self:
        """``port`` 0 finds a free one. After a stop it can be started again and still knows everything."""
        self.faults.open()
        app = web.Application(middlewares=[self._middleware])
        app.add_routes([*Api(self._world).routes(), *control_routes(self)])
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, host, port).start()
        self.url = f"http://{host}:{self._runner.addresses[0][1]}"
        return self

    async def stop(self) -> None:
        self.faults.close()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(self, *error: object) -> None:
        await self.stop()

    def create_org(self, details: Mapping[str, Any]) -> str:
        """``details`` as OrgDetails, without the id, which is returned."""
        return self._world.create_org(details).id

    def edit_org(self, org_id: str, details: Mapping[str, Any]) -> None:
        self._world.edit_org(org_id, details)

    def add_program(self, org_id: str, name: str, program_type: str, status: str = "ACTIVE") -> int:
        return self._world.add_program(org_id, name, program_type, status)

    def mint_access_key(self, org_id: str) -> tuple[str, str]:
        """Server key and server secret, for Basic and OAuth2."""
        return self._world.mint_access_key(org_id)

    def register_public_key(self, org_id: str, pem: str, iss: str, sub: str, aud: str) -> None:
        self._world.register_public_key(org_id, pem, iss, sub, aud)

    def mint_token(self, org_id: str, seconds: int = 600) -> str:
        """A fresh access token, as the customer would get one; negative ``seconds`` for one that has expired."""
        return self._world.mint_token(org_id, seconds)

    def revoke_access_key(self, key: str) -> None:
        self._world.revoke_access_key(key)

    def revoke_public_keys(self, org_id: str) -> None:
        self._world.revoke_public_keys(org_id)

    def revoke_token(self, token: str) -> None:
        self._world.revoke_token(token)

    def forbid(self, area: Area) -> None:
        """From now on every token lacks the permission group for these calls."""
        self._world.forbidden.add(area)

    def allow(self, area: Area) -> None:
        self._world.forbidden.discard(area)

    @web.middleware
    async def _middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path.startswith(PREFIX):
            return await handler(request)

        async def after_faults(met: web.Request) -> web.StreamResponse:
            return await self.faults.meet(met, handler)

        return await self._traffic.note(request, after_faults)
