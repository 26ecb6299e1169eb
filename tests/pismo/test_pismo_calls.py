"""The calls against this table of facts always, and against Pismo's OpenAPI files where PISMO_OPENAPI_DIR names them."""

import os
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pytest
import yaml

from pismo import Organization, Program, ProgramsPage
from pismo.calls import CALLS
from playground.pismo import PismoStandIn
from playground.pismo.api import Api
from playground.pismo.world import ORG_FIELDS, PROGRAM_TYPES, World

FACTS = {
    ("POST", "/passport/v2/s2s/access-token", 201),
    ("POST", "/passport/v1/oauth2/token", 201),
    ("POST", "/passport/v2/oauth/token", 201),
    ("GET", "/orgs-core/v1/orgs/{id}", 200),
    ("GET", "/programs/v1/programs", 200),
}
FILES = {
    "passport": "Platform_authentication.yaml",
    "orgs-core": "Platform_setup_-_Organizations.yaml",
    "programs": "Platform_setup_-_Programs.yaml",
}
CALL_FIELDS = {"x_cid", "ms"}


def openapi(service: str) -> dict[str, Any]:
    folder = os.environ.get("PISMO_OPENAPI_DIR")
    if not folder or not (path := Path(folder) / FILES[service]).is_file():
        pytest.skip("PISMO_OPENAPI_DIR does not name the folder of Pismo's OpenAPI files")
    spec: dict[str, Any] = yaml.safe_load(path.read_text())
    return spec


def test_client_calls_what_the_facts_say() -> None:
    assert {(call.method, call.path) for call in CALLS} == {(method, path) for method, path, _ in FACTS}
    for method, path, status in FACTS:
        assert next(status in call.success for call in CALLS if (call.method, call.path) == (method, path))


def test_standin_has_the_calls_and_no_other() -> None:
    assert {(r.method, r.path) for r in Api(World()).routes()} == {(method, path) for method, path, _ in FACTS}


def test_service_is_the_prefix_of_the_path() -> None:
    assert all(call.path.startswith(f"/{call.service}/") for call in CALLS)


@pytest.mark.parametrize("call", [c for c in CALLS if c.in_openapi], ids=lambda call: str(call.operation))
def test_call_stands_in_openapi(call: Any) -> None:
    spec = openapi(call.service)
    prefix = "/passport" if call.service == "passport" else ""  # there the prefix is part of the server's URL
    operation = spec["paths"][call.path.removeprefix(prefix)][call.method.lower()]
    assert call.success == {int(status) for status in operation["responses"] if status.startswith("2")}


def test_models_are_those_of_openapi() -> None:
    orgs = openapi("orgs-core")["components"]["schemas"]["OrgDetails"]["properties"]
    assert set(Organization.model_fields) - CALL_FIELDS == set(orgs)
    assert set(orgs) - {"id"} == ORG_FIELDS
    programs = openapi("programs")["components"]["schemas"]
    assert set(ProgramsPage.model_fields) - CALL_FIELDS <= set(programs["ProgramPage"]["properties"])
    assert set(Program.model_fields) <= set(programs["Program"]["properties"])
    assert set(PROGRAM_TYPES) == set(programs["ProgramType"]["enum"])


async def test_answers_of_standin_fit_openapi() -> None:
    async with PismoStandIn() as standin, httpx.AsyncClient(base_url=standin.url) as http:
        org_id = standin.create_org({"official_name": "Acme", "number": 25})
        standin.add_program(org_id, "Cards", "CREDITO")
        headers = {"authorization": f"Bearer {standin.mint_token(org_id)}", "x-tenant": org_id}
        for service, name, path in (
            ("orgs-core", "OrgDetails", f"/orgs-core/v1/orgs/{org_id}"),
            ("programs", "ProgramPage", "/programs/v1/programs"),
        ):
            schema = {"$ref": f"#/components/schemas/{name}", "components": openapi(service)["components"]}
            jsonschema.validate((await http.get(path, headers=headers)).json(), schema)
