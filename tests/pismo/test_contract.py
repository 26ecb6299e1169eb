"""Client and sandbox against the table of facts always; the table against the OpenAPI files in PISMO_OPENAPI if it is set."""

import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pytest
import yaml
from pydantic import SecretStr

from flows.checks.programs import ACCOUNT_TYPES, BRANDS, FULL_BALANCE_CREDIT, MAX_NAME, MERCHANT, TYPES
from pismo import Organization, Pismo, PismoError, Program, ProgramsPage
from pismo.calls import CALLS
from pismo.models import ProgramBin, ProgramImport, ProgramImportRecord, Result
from pismo.readings import (
    DivisionsPage,
    HierarchiesPage,
    HolidayCalendarsPage,
    LoanProductsPage,
    Marketplace,
    ProcessingCodesPage,
    SetupReadings,
)
from pismo.tls import public_trust
from pismo.transfers import Begun, BegunPage, ExportStanding, ImportStanding, Transfers
from playground.pismo import PismoStandIn, Signer
from playground.pismo.api import PismoApi
from playground.pismo.facts import FACTS, ORGANIZATION
from playground.pismo.standin import Area
from playground.pismo.transferred import ProgramTransfer
from playground.pismo.world import PismoWorld

KNOWN: Mapping[str, Mapping[str, Any]] = FACTS["call"]
SIGNER = Signer()
TRANSFERS = ("get_export", "download_export", "get_program_import")
CALL_FIELDS = {"x_cid", "ms"}  # what the client adds to an answer
TEMPLATE: Any = {
    "name": "Acme credit program",
    "type": "CREDITO",
    "timezone": "America/Sao_Paulo",
    "currency_numeric_code": "986",
    "country_code": "BRA",
    "brand": "VISA",
    "bin": {"value": "123456", "start_range": "0", "end_range": "999999999"},
    "due_dates": [{"day": 10, "active": True}],
    "language": "pt-BR",
    "cycle_closing": "23:59:59",
}
"""A program that Pismo creates."""


def place(call: Any) -> tuple[str, str]:
    return call["method"], call["path"]


# -- the client


@pytest.mark.parametrize("call", CALLS, ids=lambda call: str(call.operation))
def test_client_calls_only_what_there_is(call: Any) -> None:
    known = next(known for known in KNOWN.values() if place(known) == (call.method, call.path))
    assert call.service == known["service"]
    assert known["success"] in call.success
    assert known["source"] == "openapi"
    assert call.path.startswith(f"/{call.service}/")


def test_client_reads_what_pismo_answers() -> None:
    assert set(Organization.model_fields) - CALL_FIELDS == set(ORGANIZATION)
    assert set(ProgramsPage.model_fields) - CALL_FIELDS <= set(KNOWN["list_programs"]["answer"])
    assert set(ProgramImport.model_fields) - CALL_FIELDS <= set(KNOWN["create_program"]["answer"])
    assert set(ProgramImportRecord.model_fields) - CALL_FIELDS <= set(KNOWN["get_program_import"]["answer"])
    pages: Mapping[str, type[Result]] = {
        "start_export": Begun,
        "get_export": ExportStanding,
        "start_import": Begun,
        "list_imports": BegunPage,
        "get_program_import": ImportStanding,
        "list_hierarchies": HierarchiesPage,
        "list_divisions": DivisionsPage,
        "list_holiday_calendars": HolidayCalendarsPage,
        "list_processing_codes": ProcessingCodesPage,
        "list_loan_products": LoanProductsPage,
        "get_marketplace": Marketplace,
    }
    for name, page in pages.items():
        assert set(page.model_fields) - CALL_FIELDS <= set(KNOWN[name]["answer"]), name


READINGS: Mapping[str, Callable[[Pismo, SecretStr], Awaitable[object]]] = {
    "list_programs": lambda pismo, token: SetupReadings(pismo, token, "TN-1").programs(),
    "list_audit": lambda pismo, token: pismo.list_audit(token, "TN-1", user="1", beginDate="2026-01-01T00:00:00Z"),
    "start_export": lambda pismo, token: Transfers(pismo, token, "TN-1").export(7),
    "get_export": lambda pismo, token: Transfers(pismo, token, "TN-1").exported(7),
    "download_export": lambda pismo, token: Transfers(pismo, token, "TN-1").download(7),
    "start_import": lambda pismo, token: Transfers(pismo, token, "TN-1").import_("Cards", b"{}"),
    "list_imports": lambda pismo, token: Transfers(pismo, token, "TN-1").imports("Cards"),
    "get_program_import": lambda pismo, token: Transfers(pismo, token, "TN-1").imported(7),
    "list_hierarchies": lambda pismo, token: SetupReadings(pismo, token, "TN-1").hierarchies(),
    "list_divisions": lambda pismo, token: SetupReadings(pismo, token, "TN-1").divisions("1"),
    "list_holiday_calendars": lambda pismo, token: SetupReadings(pismo, token, "TN-1").holiday_calendars(),
    "list_processing_codes": lambda pismo, token: SetupReadings(pismo, token, "TN-1").processing_codes(),
    "list_loan_products": lambda pismo, token: SetupReadings(pismo, token, "TN-1").loan_products(),
    "get_marketplace": lambda pismo, token: SetupReadings(pismo, token, "TN-1").marketplace(7),
}


@pytest.mark.parametrize("name", READINGS)
async def test_client_sends_nothing_but_what_is_published(name: str) -> None:
    """And all that must be sent: parameters, their limits, and `x-tenant` where it is asked for and nowhere else."""
    known, sent = KNOWN[name], list[httpx.Request]()

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(418)

    async with Pismo("https://pismo.example", transport=httpx.MockTransport(answer)) as pismo:
        with pytest.raises(PismoError):
            await READINGS[name](pismo, SecretStr("token"))
    (request,) = sent
    assert request.url.path == known["path"].format(marketplaceId=7, id=7)
    assert set(known.get("must", ())) <= set(request.url.params) <= set(known.get("query", ()))
    for parameter, most in known.get("most", {}).items():
        assert int(request.url.params[parameter]) <= most
    asked_for = TENANT in known.get("headers", ()) or any(TENANT in message for _, _, message in known["refusals"])
    assert (TENANT in request.headers) == asked_for


# -- the sandbox


def test_sandbox_has_the_calls_and_no_other() -> None:
    assert {(route.method, route.path) for route in PismoApi(PismoWorld()).routes()} == set(map(place, KNOWN.values()))


class Caller:
    """Someone with an organization, its access key and a token, and one HTTP client."""

    def __init__(self, standin: PismoStandIn, http: httpx.AsyncClient) -> None:
        self.standin, self.http = standin, http
        self.org_id = standin.create_org({"official_name": "Acme", "number": 25})
        standin.add_program(self.org_id, "Cards", "CREDITO")
        standin.add_audit(self.org_id, "create", "user", "1", "ana@example.com")
        standin.register_public_key(self.org_id, SIGNER.public_key, SIGNER.iss, SIGNER.sub, SIGNER.aud)
        self.key, self.secret = standin.mint_access_key(self.org_id)
        self.import_id = standin.world.create_program(self.org_id, TEMPLATE)
        self.set_up = standin.world.org(self.org_id).set_up
        self.set_up.fill()
        self.hierarchy_id = self.set_up.hierarchies[0]["id"]
        made, program = standin.world.org(self.org_id).transfers, standin.world.org(self.org_id).programs[0]
        made.exports.append(ProgramTransfer(7, "export", "Cards", program, told="SUCCESS"))
        made.imports.append(ProgramTransfer(8, "import", "Cards", program))
        self.program_id, self.file = int(program["id"]), {"file": ("export.json", json.dumps({"program": program}))}

    @property
    def headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.standin.mint_token(self.org_id)}", "x-tenant": self.org_id}

    def forbidden(self, area: Area) -> Mapping[str, Any]:
        self.standin.forbid(area)
        return {}

    async def make(self, name: str, **content: Any) -> httpx.Response:
        """The call as it works, except for what is given."""
        method, path = place(KNOWN[name])
        basic = {"server_key": self.key, "server_secret": self.secret}
        form = {"grant_type": "client_credentials", "client_id": self.key, "client_secret": self.secret, "scope": "a"}
        usual: dict[str, Any] = {
            "token_basic": {"json": basic},
            "token_openid": {"json": {"token": SIGNER.assertion(self.org_id)}},
            "token_oauth2": {"data": form},
            "patch_organization": {"json": {"city": "Recife"}, "headers": self.headers},
            "create_program": {"json": TEMPLATE, "headers": self.headers},
            "start_export": {"json": {"program_id": self.program_id}, "headers": self.headers},
            "start_import": {"data": {"name": "Cards"}, "files": self.file, "headers": self.headers},
        }.get(name, {"headers": self.headers})
        usual_id = {"get_program_import": self.import_id, "get_export": 7, "download_export": 7}.get(name, self.org_id)
        params = {"list_divisions": {"hierarchyId": self.hierarchy_id}, "list_loan_products": {"nextCursor": ""}}
        usual |= {"params": params[name]} if name in params else {}
        where = path.format(id=content.pop("id", usual_id), marketplaceId=content.pop("marketplace_id", 1))
        return await self.http.request(method, where, **{**usual, **content})


@pytest.fixture
async def caller() -> AsyncIterator[Caller]:
    async with PismoStandIn() as standin, httpx.AsyncClient(base_url=standin.url, verify=public_trust()) as http:
        yield Caller(standin, http)


@pytest.mark.parametrize("name", KNOWN)
async def test_sandbox_answers_as_published(caller: Caller, name: str) -> None:
    answer = await caller.make(name)
    known, body = KNOWN[name], answer.json()
    assert answer.status_code == known["success"], body
    assert all(value for field, value in body.items() if field in {"items", "hierarchies", "divisions"})
    assert set(body) <= set(known.get("answer", ORGANIZATION))
    if name == "token_openid":
        assert body["expires_in"] == "3600"
    for required in known.get("required", ()):
        content = "data" if name == "token_oauth2" else "files" if name == "start_import" else "json"
        given = {field: "x" for field in known["required"] if field != required}
        lacking = await caller.make(name, **({"data": {}} if content == "files" else {}), **{content: given})
        assert lacking.status_code in {400, 401}


TENANT = "x-tenant"


def without_tenant(caller: Caller) -> dict[str, str]:
    return {name: value for name, value in caller.headers.items() if name != TENANT}


Provoke = Callable[[Caller], Mapping[str, Any]]


def templated(**changed: Any) -> Provoke:
    """The template with other values; None: without one."""
    body = {name: value for name, value in {**TEMPLATE, **changed}.items() if value is not None}
    return lambda _: {"json": body}


def numbered(**changed: str) -> Provoke:
    return templated(bin={**TEMPLATE["bin"], **changed})


PROVOKED: Mapping[tuple[str, int, str], Provoke] = {
    ("token_basic", 401, ""): lambda _: {"json": {"server_key": "a", "server_secret": "b"}},
    ("token_openid", 401, ""): lambda _: {"json": {"token": "a"}},
    ("token_oauth2", 401, ""): lambda _: {"data": {"grant_type": "client_credentials", "client_id": "a", "scope": "b"}},
    ("get_organization", 400, "EOA0030"): lambda by: {"headers": without_tenant(by)},
    ("get_organization", 400, "EOA0035"): lambda by: {"headers": by.headers | {TENANT: "TN-1"}},
    ("get_organization", 400, "EOA0100"): lambda by: {"headers": by.headers | {TENANT: "TN-1"}, "id": "TN-1"},
    ("get_organization", 401, ""): lambda _: {"headers": {}},
    ("patch_organization", 400, "EOA0030"): lambda by: {"headers": without_tenant(by)},
    ("patch_organization", 400, "EOA0100"): lambda by: {"headers": by.headers | {TENANT: "TN-1"}},
    ("patch_organization", 401, ""): lambda _: {"headers": {}},
    ("list_programs", 400, "EOA0017"): lambda by: {"headers": without_tenant(by)},
    ("list_programs", 400, "EOA0018"): lambda _: {"params": {"page": "0"}},
    ("create_program", 400, "EOA0017"): lambda by: {"headers": without_tenant(by)},
    ("create_program", 400, "EOA0018"): templated(due_dates=[{"day": 31, "active": True}]),
    ("create_program", 400, "EOA0086"): templated(name=None),
    ("create_program", 400, "EOA0029"): templated(timezone="Lima"),
    ("create_program", 400, "EOA0033"): templated(currency_numeric_code="BRL"),
    ("create_program", 400, "EOA0063"): templated(country_code="BR"),
    ("create_program", 400, "EOA0055"): templated(type="CURRENT ACCOUNTS"),
    ("create_program", 400, "EOA0073"): templated(type="DEBITO", brand=None),
    ("create_program", 400, "EOA0054"): templated(due_dates=[{"day": 10, "active": False}]),
    ("create_program", 400, "EOA0040"): numbered(value="12345x"),
    ("create_program", 400, "EOA0037"): numbered(value="1234567"),
    ("create_program", 400, "EOA0038"): numbered(end_range="9999999999"),
    ("create_program", 400, "EOA0039"): numbered(value="12345678", end_range="99999999"),
    ("create_program", 404, "EOA0031"): templated(type="LENDING"),
    ("get_program_import", 404, "EOA0091"): lambda _: {"id": "7"},
    **{
        (name, 400, "EOA0017"): lambda by: {"headers": without_tenant(by)}
        for name in ("start_export", "start_import", "list_imports", *TRANSFERS)
    },
    ("start_export", 400, "EOA0018"): lambda _: {"json": {"program_id": "Cards"}},
    ("start_export", 400, "EOA0020"): lambda _: {"json": {"program_id": 404}},
    ("get_export", 400, "EOA0072"): lambda _: {"id": "404"},
    ("download_export", 400, "EOA0072"): lambda _: {"id": "404"},
    ("start_import", 400, "EOA0018"): lambda _: {"data": {"name": "x" * 51}},
    ("start_import", 400, "EOA0080"): lambda _: {"files": {"file": ("export.json", "{}")}},
    ("list_imports", 400, "EOA0018"): lambda _: {"params": {"page": "0"}},
    ("list_audit", 400, "ECAD0005"): lambda _: {"params": {"perPage": "101"}},
    ("list_audit", 400, "ECAD0006"): lambda _: {
        "params": {"beginDate": "2026-01-02T00:00:00Z", "endDate": "2026-01-01T00:00:00Z"}
    },
    ("list_audit", 400, "ECAD0007"): lambda _: {"params": {"page": "x"}},
    ("list_hierarchies", 400, "WCMN0004"): lambda _: {"params": {"cursor": "x"}},
    ("list_hierarchies", 400, "WCMN0006"): lambda _: {"params": {"limit": "101"}},
    ("list_hierarchies", 401, ""): lambda _: {"headers": {}},
    ("list_hierarchies", 403, ""): lambda by: by.forbidden("hierarchies"),
    ("list_divisions", 400, "WDIV0001"): lambda by: {"params": {"hierarchyId": by.hierarchy_id, "levelId": "1"}},
    ("list_divisions", 400, "WDIV0011"): lambda _: {"params": {}},
    ("list_divisions", 400, "WCMN0004"): lambda by: {"params": {"hierarchyId": by.hierarchy_id, "cursor": "x"}},
    ("list_divisions", 400, "WCMN0006"): lambda by: {"params": {"hierarchyId": by.hierarchy_id, "limit": "0"}},
    ("list_holiday_calendars", 400, "EHLD0016"): lambda by: {"headers": without_tenant(by)},
    ("list_holiday_calendars", 400, "400"): lambda _: {"params": {"perPage": "101"}},
    ("list_processing_codes", 400, "400"): lambda _: {"params": {"limit": "101"}},
    ("list_loan_products", 400, "ELND0002"): lambda _: {"params": {"limit": "1"}},
    ("list_loan_products", 400, "ELND0005"): lambda _: {"params": {"nextCursor": "", "loanProductId": "NONE"}},
    ("get_marketplace", 400, ""): lambda _: {"marketplace_id": 99},
    ("get_marketplace", 401, ""): lambda _: {"headers": {}},
}
VALUES: Mapping[tuple[str, str], Mapping[str, str]] = {
    ("create_program", "EOA0086"): {"field": "name"},
    ("create_program", "EOA0029"): {"value": "Lima"},
    ("create_program", "EOA0033"): {"value": "BRL"},
    ("create_program", "EOA0063"): {"value": "BR"},
    ("create_program", "EOA0040"): {"field": "bin.value"},
    ("get_program_import", "EOA0091"): {"id": "7"},
    ("get_export", "EOA0072"): {"id": "404"},
    ("download_export", "EOA0072"): {"id": "404"},
    ("start_export", "EOA0020"): {"id": "404"},
}
"""What stands in the places of the message."""
NEVER_SAID = {(name, code) for name in ("get_export", "get_program_import") for code in ("EOA0090", "EOA0092", "EOA0016")}
"""By the sandbox."""
REFUSALS = [
    (name, *refusal) for name, known in KNOWN.items() for refusal in known["refusals"] if (name, refusal[1]) not in NEVER_SAID
]


@pytest.mark.parametrize(("name", "status", "code", "message"), REFUSALS, ids=lambda value: str(value)[:20])
async def test_sandbox_refuses_as_published(caller: Caller, name: str, status: int, code: str, message: str) -> None:
    if status == 500 and name == "create_program":
        caller.standin.world.creation.refusals.append(code)
        answer = await caller.make(name)
    elif status == 500:
        caller.standin.faults.add("*", "5xx")
        answer = await caller.make(name)
    else:
        answer = await caller.make(name, **PROVOKED[name, status, code](caller))
    assert answer.status_code == status
    if not message:
        assert not answer.content
        return
    body = answer.json()["message"] if name == "list_audit" else answer.json()
    values = {"id": "TN-1", "field": FIELDS.get(name, ""), "tag": "max", "data": "loan product", **VALUES.get((name, code), {})}
    assert body == ({"code": code} if code else {}) | {"message": message.format(**values)}


FIELDS = {"list_audit": "PerPage", "list_holiday_calendars": "perPage", "list_loan_products": "nextCursor"}
"""What a refusal names."""


@pytest.mark.parametrize("name", ["list_hierarchies", "list_processing_codes", "list_loan_products"])
async def test_sandbox_gives_a_list_page_by_page(caller: Caller, name: str) -> None:
    """And the client reads all of it, though each page has a single item."""
    for number in range(3):
        caller.set_up.add_hierarchy(f"More {number}", "Country")
        caller.set_up.add_processing_code(f"70000{number}")
        caller.set_up.add_loan_product(f"Loan {number}")
    token = SecretStr(caller.standin.mint_token(caller.org_id))

    async def narrow(request: httpx.Request) -> httpx.Response:
        """As if Pismo allowed one item a page."""
        url = request.url.copy_set_param("limit", "1").copy_with(host=here.host, port=here.port, scheme=here.scheme)
        return await caller.http.request(request.method, url, headers=dict(request.headers) | {"host": here.netloc.decode()})

    here = httpx.URL(caller.standin.url)
    async with Pismo(caller.standin.url, transport=httpx.MockTransport(narrow)) as pismo:
        _, found = await READINGS_OF[name](SetupReadings(pismo, token, caller.org_id))
    assert len(found) == 4


READINGS_OF: Mapping[str, Callable[[SetupReadings], Awaitable[tuple[Result, list[Any]]]]] = {
    "list_hierarchies": lambda readings: readings.hierarchies(),
    "list_processing_codes": lambda readings: readings.processing_codes(),
    "list_loan_products": lambda readings: readings.loan_products(),
}


async def test_sandbox_lists_divisions_of_a_level(caller: Caller) -> None:
    hierarchy = caller.set_up.hierarchies[0]
    answer = await caller.make("list_divisions", params={"levelId": hierarchy["levels"][1]["id"]})
    assert [one["division_code"] for one in answer.json()["divisions"]] == ["SP"]


async def test_sandbox_patches_only_what_may_be_changed(caller: Caller) -> None:
    for name, rule in ORGANIZATION.items():
        value: Any = {"string": "x" * rule.get("max", 10), "integer": 7, "number": 1.5}[rule["type"]]
        value = rule["among"][-1] if "among" in rule else value
        taken = await caller.make("patch_organization", json={name: value})
        assert taken.status_code == (200 if rule.get("patch", True) else 400), name
        for unfit in ("" if rule.get("min") else None, "x" * (rule["max"] + 1) if "max" in rule else [], True):
            if rule.get("patch", True):
                assert (await caller.make("patch_organization", json={name: unfit})).status_code == 400, (name, unfit)
    assert (await caller.make("get_organization")).json()["city"] == "x" * 60


# -- the table


def openapi(service: str) -> dict[str, Any]:
    folder = os.environ.get("PISMO_OPENAPI")
    if not folder or not (path := Path(folder) / FACTS["service"][service]["file"]).is_file():
        pytest.skip("PISMO_OPENAPI does not name the folder of Pismo's OpenAPI files")
    spec: dict[str, Any] = yaml.safe_load(path.read_text())
    return spec


def resolved(spec: Mapping[str, Any], node: Any) -> Any:
    """A part of a file with its references resolved."""
    if isinstance(node, dict):
        if "$ref" in node:
            found: Any = spec
            for step in node["$ref"].removeprefix("#/").split("/"):
                found = found[step]
            return resolved(spec, found)
        return {name: resolved(spec, value) for name, value in node.items()}
    return [resolved(spec, value) for value in node] if isinstance(node, list) else node


def operation_of(name: str) -> dict[str, Any]:
    known = KNOWN[name]
    spec = openapi(known["service"])
    path = known["path"].removeprefix(FACTS["service"][known["service"]]["prefix"])
    found: dict[str, Any] = resolved(spec, spec["paths"][path][known["method"].lower()])
    return found


def json_of(holder: Mapping[str, Any]) -> dict[str, Any]:
    """What is sent or answered, as JSON or as a form; nothing if that is not published."""
    kinds: dict[str, Any] = holder.get("content", {"": {"schema": {}}})
    found: dict[str, Any] = kinds.get("application/json") or next(iter(kinds.values()))
    return found


PUBLISHED = [name for name, known in KNOWN.items() if known["source"] == "openapi"]


@pytest.mark.parametrize("name", PUBLISHED)
def test_table_is_what_pismo_publishes(name: str) -> None:
    known, operation = KNOWN[name], operation_of(name)
    assert [status for status in operation["responses"] if status.startswith("2")] == [str(known["success"])]
    answer = json_of(operation["responses"][str(known["success"])])["schema"]
    assert not answer or set(answer["properties"]) == set(known.get("answer", ORGANIZATION))
    by_place: dict[str, set[str]] = {"query": set(), "header": set(), "path": set()}
    for parameter in operation.get("parameters", ()):
        by_place[parameter["in"]].add(parameter["name"])
    assert by_place["query"] == set(known.get("query", ()))
    assert by_place["header"] == set(known.get("headers", ()))
    asked = {one["name"]: one for one in operation.get("parameters", ()) if one["in"] == "query"}
    assert {name for name, one in asked.items() if one.get("required")} == set(known.get("must", ()))
    for parameter, most in known.get("most", {}).items():
        assert asked[parameter]["schema"].get("maximum", most) == most
    if "body" in known:
        body = json_of(operation["requestBody"])["schema"]
        assert (set(body["properties"]), set(body["required"])) == (set(known["body"]), set(known["required"]))


@pytest.mark.parametrize("name", PUBLISHED)
def test_refusals_are_those_that_pismo_publishes(name: str) -> None:
    known, operation = KNOWN[name], operation_of(name)
    codes = set()
    for status, response in operation["responses"].items():
        if not status.startswith("2") and "content" in response:
            told = json_of(response)
            for example in [told, *told.get("examples", {}).values()]:
                value = example.get("value", example.get("example"))
                value = value["message"] if isinstance(value, dict) and isinstance(value["message"], dict) else value
                codes |= {(int(status), value.get("code", ""))} if value else set()
    if name == "list_programs":  # its errors are described separately
        spec = openapi("programs")
        codes |= {(400, example["value"].get("code")) for example in spec["components"]["examples"].values()}
        assert {(status, code) for status, code, _ in known["refusals"]} <= codes
        return
    if "apart" in known:
        examples = openapi("programs")["components"]["examples"].values()
        assert set(known["apart"]) <= {example["value"].get("code") for example in examples}
    unpublished = (*known.get("unpublished", ()), *known.get("apart", ()))
    assert {(status, code) for status, code, message in known["refusals"] if message and code not in unpublished} == codes
    assert {str(status) for status, _, _ in known["refusals"]} <= set(operation["responses"])


def test_details_of_an_organization_are_those_that_pismo_publishes() -> None:
    spec = openapi("orgs-core")
    schemas = resolved(spec, spec["components"]["schemas"])
    read, patched = schemas["OrgDetails"]["properties"], schemas["PatchOrgRequest"]["properties"]
    assert set(ORGANIZATION) == set(read)
    assert {name for name, rule in ORGANIZATION.items() if rule.get("patch", True)} == set(patched)
    for name, rule in ORGANIZATION.items():
        published = read[name]
        assert rule["type"] == published["type"], name
        limits = (published.get("minLength"), published.get("maxLength"), published.get("enum"))
        assert (rule.get("min"), rule.get("max"), rule.get("among")) == limits, name


def test_programs_are_those_that_pismo_publishes() -> None:
    schemas = openapi("programs")["components"]["schemas"]
    assert set(Program.model_fields) <= set(schemas["Program"]["properties"])
    assert set(ProgramBin.model_fields) == set(schemas["Bin"]["properties"])
    rules = FACTS["program"]
    assert set(rules["types"]) == set(schemas["ProgramType"]["enum"])
    assert set(rules["brands"]) == set(schemas["Brand"]["enum"])
    assert set(rules["statuses"]) == set(schemas["ProgramStatus"]["enum"])
    assert set(rules["languages"]) == set(schemas["ProgramLanguage"]["enum"])
    assert set(rules["import_statuses"]) == set(schemas["ProgramImporterStatus"]["enum"])
    assert rules["longest_name"] == schemas["ProgramName"]["maxLength"]
    examples = [example["value"] for example in openapi("programs")["components"]["examples"].values()]
    published = {(example["code"], example["message"]) for example in examples}
    for _, code, message in (*rules["refusals_elsewhere"], *KNOWN["create_program"]["refusals"]):
        assert (code, message) in published or ("{" in message and code in {known for known, _ in published})


def test_the_bot_knows_the_types_and_brands_that_the_sandbox_does() -> None:
    rules = FACTS["program"]
    assert set(TYPES) == set(rules["types"])
    assert set(BRANDS) == set(rules["brands"])
    assert {*ACCOUNT_TYPES, MERCHANT} == set(rules["without_cards"])
    assert rules["full_balance_credit"] == FULL_BALANCE_CREDIT
    assert rules["longest_name"] == MAX_NAME


def test_transfers_are_those_that_pismo_publishes() -> None:
    schemas = openapi("programs")["components"]["schemas"]
    assert FACTS["transfer"]["steps"] == schemas["ImportExportStepName"]["enum"]
    assert FACTS["transfer"]["statuses"] == schemas["ProgramExporterStatus"]["enum"] == schemas["ProgramImporterStatus"]["enum"]


@pytest.mark.parametrize("name", PUBLISHED)
async def test_answers_of_sandbox_fit_what_pismo_publishes(caller: Caller, name: str) -> None:
    schema = json_of(operation_of(name)["responses"][str(KNOWN[name]["success"])])["schema"]
    jsonschema.validate((await caller.make(name)).json(), schema)
