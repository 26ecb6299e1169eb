"""The stand-in's methods over HTTP, for another process. On a port of its own: Pismo has no such calls.

`POST /_control/<method>` with a JSON object of its arguments answers `{"result": ...}`, or 400 `{"error": ...}`.
"""

from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from aiohttp import web

if TYPE_CHECKING:
    from playground.pismo.standin import PismoStandIn

PREFIX = "/_control/"


def control_routes(standin: "PismoStandIn") -> list[web.RouteDef]:
    controls: dict[str, Callable[..., Any]] = {
        "create_org": standin.create_org,
        "edit_org": standin.edit_org,
        "add_program": standin.add_program,
        "add_audit": standin.add_audit,
        "mint_access_key": standin.mint_access_key,
        "register_public_key": standin.register_public_key,
        "mint_token": standin.mint_token,
        "issue_certificate": standin.issue_certificate,
        "revoke_access_key": standin.revoke_access_key,
        "revoke_public_keys": standin.revoke_public_keys,
        "revoke_token": standin.revoke_token,
        "revoke_certificate": standin.revoke_certificate,
        "forbid": standin.forbid,
        "allow": standin.allow,
        "add_fault": standin.faults.add,
        "clear_faults": standin.faults.clear,
        "calls": lambda: [asdict(call) for call in standin.calls],
    }
    return [web.post(f"{PREFIX}{name}", _handler(control)) for name, control in controls.items()]


def _handler(control: Callable[..., Any]) -> Callable[[web.Request], Any]:
    async def handle(request: web.Request) -> web.Response:
        try:
            arguments = await request.json() if request.body_exists else {}
            return web.json_response({"result": control(**arguments)})
        except (TypeError, ValueError, KeyError) as error:
            return web.json_response({"error": f"{type(error).__name__}: {error}"}, status=400)

    return handle
