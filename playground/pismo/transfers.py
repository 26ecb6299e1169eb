"""Export and import of programs at the stand-in. What an exported file says is not published: here it is the program as it is listed."""

import json
from collections.abc import Callable
from typing import Any

from aiohttp import web

from playground.pismo import replies
from playground.pismo.transferred import ProgramTransfer
from playground.pismo.world import Org, PismoWorld

MAX_NAME = 50
OrgOf = Callable[[web.Request, str], Org | web.Response]


class TransferApi:
    """``org_of``: the organization a request is about, or the refusal of its token."""

    def __init__(self, world: PismoWorld, org_of: OrgOf) -> None:
        self._world, self._org_of = world, org_of

    def routes(self) -> list[web.RouteDef]:
        path = "/programs/v1/programs"
        return [
            web.post(f"{path}/export", self.export),
            web.get(f"{path}/export/{{id}}", self.exported, allow_head=False),
            web.get(f"{path}/export/{{id}}/download", self.download, allow_head=False),
            web.post(f"{path}/import", self.import_),
            web.get(f"{path}/import", self.imports, allow_head=False),
            web.get(f"{path}/import/{{id}}", self.imported, allow_head=False),
        ]

    async def export(self, request: web.Request) -> web.Response:
        org = self._allowed(request, "exports")
        if not isinstance(org, Org):
            return org
        number = await _number(request)
        if number is None:
            return replies.known("start_export", "EOA0018")
        program = next((one for one in org.programs if one["id"] == number), None)
        if program is None:
            return replies.known("start_export", "EOA0020", id=str(number))
        made = ProgramTransfer(self._world.next_id(), "export", program["name"], dict(program), program_id=number)
        org.transfers.exports.append(made)
        return web.json_response(made.begun(), status=201)

    async def exported(self, request: web.Request) -> web.Response:
        org = self._allowed(request, "exports")
        if not isinstance(org, Org):
            return org
        found = _of(org.transfers.exports, request)
        if found is None:
            return replies.known("get_export", "EOA0072", id=request.match_info["id"])
        found.goes_on(self._world.transfers)
        return web.json_response(found.standing(self._world.transfers))

    async def download(self, request: web.Request) -> web.Response:
        org = self._allowed(request, "exports")
        if not isinstance(org, Org):
            return org
        found = _of(org.transfers.exports, request)
        if found is None or found.told != "SUCCESS":
            return replies.known("download_export", "EOA0072", id=request.match_info["id"])
        return web.json_response({"export": found.id, "program": found.program})

    async def import_(self, request: web.Request) -> web.Response:
        org = self._allowed(request, "imports")
        if not isinstance(org, Org):
            return org
        if request.content_type != "multipart/form-data":
            return replies.known("start_import", "EOA0018")
        form = await request.post()
        name, file = form.get("name"), form.get("file")
        if not isinstance(name, str) or not 1 <= len(name) <= MAX_NAME or not isinstance(file, web.FileField):
            return replies.known("start_import", "EOA0018")
        program = _read(file.file.read())
        if program is None:
            return replies.known("start_import", "EOA0080")
        made = ProgramTransfer(self._world.next_id(), "import", name, program)
        rules = self._world.transfers
        if rules.swallowed:
            rules.swallowed -= 1
            _drop(request)
            return web.Response(status=500)  # nobody receives it
        org.transfers.imports.append(made)
        if rules.lost:
            rules.lost -= 1
            _drop(request)
        return web.json_response(made.begun(), status=201)

    async def imports(self, request: web.Request) -> web.Response:
        """To look at the list is to look at each of them."""
        org = self._allowed(request, "imports")
        if not isinstance(org, Org):
            return org
        page, per_page = (request.query.get(name, usual) for name, usual in (("page", "1"), ("perPage", "10")))
        if not (page.isdigit() and per_page.isdigit() and int(page) and int(per_page)):
            return replies.known("list_imports", "EOA0018")
        wanted = set(filter(None, request.query.get("status", "").split(",")))
        found = [one for one in org.transfers.imports if request.query.get("text", "") in one.name]
        for one in found:
            self._goes_on(org, one)
        rows = [one.begun() for one in found if not wanted or one.told in wanted]
        return replies.page(rows, int(page), int(per_page))

    async def imported(self, request: web.Request) -> web.Response:
        org = self._allowed(request, "imports")
        if not isinstance(org, Org):
            return org
        found = _of(org.transfers.imports, request)
        if found is None:
            return self._created(org, request.match_info["id"])
        self._goes_on(org, found)
        return web.json_response(found.standing(self._world.transfers))

    def _created(self, org: Org, number: str) -> web.Response:
        """What is created from a template is an import too."""
        self._world.look_for_programs(org.id)
        record = next((one.record() for one in org.imports if str(one.id) == number), None)
        return replies.known("get_program_import", "EOA0091", id=number) if record is None else web.json_response(record)

    def _goes_on(self, org: Org, made: ProgramTransfer) -> None:
        """The program is there once its import succeeds."""
        made.goes_on(self._world.transfers)
        if made.told == "SUCCESS" and made.program_id is None:
            known = ("id", "name", "type", "status")
            more: dict[str, Any] = {name: value for name, value in made.program.items() if name not in known}
            status = self._world.transfers.comes_as
            made.program_id = self._world.add_program(org.id, made.name, made.program["type"], status, **more)

    def _allowed(self, request: web.Request, area: str) -> Org | web.Response:
        """A token needs the permission for programs too."""
        org = self._org_of(request, "programs")
        return replies.forbidden() if isinstance(org, Org) and area in self._world.forbidden else org


def _drop(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()


def _of(made: list[ProgramTransfer], request: web.Request) -> ProgramTransfer | None:
    return next((one for one in made if str(one.id) == request.match_info["id"]), None)


async def _number(request: web.Request) -> int | None:
    """The program that an export is asked for; None if the body doesn't say."""
    try:
        body = await request.json()
    except ValueError:
        return None
    number = body.get("program_id") if isinstance(body, dict) and request.content_type == "application/json" else None
    return number if isinstance(number, int) and not isinstance(number, bool) else None


def _read(content: bytes) -> dict[str, Any] | None:
    """The program in an exported file; None if it is no such file."""
    try:
        program = json.loads(content)["program"]
    except (ValueError, TypeError, KeyError):
        return None
    return program if isinstance(program, dict) and "type" in program else None
