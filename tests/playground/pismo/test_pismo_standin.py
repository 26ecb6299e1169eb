"""What the stand-in refuses, seen from outside with a bare HTTP client."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import jwt
import pytest

from pismo.tls import public_trust
from playground.pismo import PismoStandIn, Signer
from playground.pismo.authority import new_key
from playground.pismo.signer import public_pem, rsa_key

SIGNER, OTHER = Signer(), Signer()
BASIC = "/passport/v2/s2s/access-token"
OPENID = "/passport/v1/oauth2/token"
OAUTH2 = "/passport/v2/oauth/token"
PROGRAMS = "/programs/v1/programs"


@pytest.fixture
async def standin() -> AsyncIterator[PismoStandIn]:
    async with PismoStandIn() as started:
        yield started


@pytest.fixture
async def http(standin: PismoStandIn) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=standin.url, verify=public_trust()) as client:
        yield client


@pytest.fixture
def org_id(standin: PismoStandIn) -> str:
    return standin.create_org({"official_name": "Acme"}, program="Cards")


def later(seconds: int) -> int:
    return int(datetime.now(UTC).timestamp()) + seconds


def bearer(standin: PismoStandIn, org_id: str, **headers: str) -> dict[str, str]:
    return {"authorization": f"Bearer {standin.mint_token(org_id)}", **headers}


def register(standin: PismoStandIn, org_id: str) -> None:
    standin.register_public_key(org_id, SIGNER.public_key, SIGNER.iss, SIGNER.sub, SIGNER.aud)


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        (OTHER.assertion, "signature"),
        (lambda org_id: SIGNER.assertion(org_id)[:-2], "signature"),
        (lambda org_id: SIGNER.assertion(org_id)[:40], "malformed"),
        (lambda org_id: SIGNER.assertion(org_id, algorithm="RS512"), "alg"),
        (lambda org_id: SIGNER.assertion(org_id, algorithm="HS256"), "alg"),
        (lambda org_id: SIGNER.assertion(org_id, algorithm="none"), "alg"),
        (lambda org_id: SIGNER.assertion(org_id, headers={"typ": "at+jwt"}), "typ"),
        (lambda org_id: SIGNER.assertion(org_id, iss="x"), "iss"),
        (lambda org_id: SIGNER.assertion(org_id, sub="x"), "sub"),
        (lambda org_id: SIGNER.assertion(org_id, aud="x"), "aud"),
        (lambda org_id: SIGNER.assertion(org_id, aud=[SIGNER.aud]), "aud"),
        (lambda _: SIGNER.assertion("TN-unknown"), "unknown org"),
        (lambda org_id: SIGNER.assertion(org_id, tenant_id=None), "claim missing"),
        (lambda org_id: SIGNER.assertion(org_id, iat=None), "claim missing"),
        (lambda org_id: SIGNER.assertion(org_id, exp="tomorrow"), "claim missing"),
        (lambda org_id: SIGNER.assertion(org_id, pismo=None), "permission group"),
        (lambda org_id: SIGNER.assertion(org_id, pismo={"group": "accounts"}), "permission group"),
        (lambda org_id: SIGNER.assertion(org_id, pismo=["pismo-v1:accounts:rw"]), "permission group"),
        (lambda org_id: SIGNER.assertion(org_id, lifetime=3601), "lifetime"),
        (lambda org_id: SIGNER.assertion(org_id, begins=-3700), "expired"),
        (lambda org_id: SIGNER.assertion(org_id, begins=60), "iat in the future"),
        (lambda org_id: SIGNER.assertion(org_id, nbf=later(60)), "not yet valid"),
    ],
)
async def test_openid_refuses(
    standin: PismoStandIn, http: httpx.AsyncClient, org_id: str, made: Callable[[str], str], reason: str
) -> None:
    register(standin, org_id)
    refused = await http.post(OPENID, json={"token": made(org_id)})
    assert (refused.status_code, refused.json()) == (401, {"message": "Invalid credentials"})
    assert standin.calls[-1].refusal == reason
    taken = await http.post(OPENID, json={"token": SIGNER.assertion(org_id.lower())})
    assert (taken.status_code, taken.json()["expires_in"], standin.calls[-1].refusal) == (201, "3600", "")
    standin.revoke_public_keys(org_id)
    assert (await http.post(OPENID, json={"token": SIGNER.assertion(org_id)})).status_code == 401
    assert standin.calls[-1].refusal == "revoked key"


async def test_openid_takes_a_bare_group_fractions_of_a_second_and_a_clock_that_is_seconds_ahead(
    standin: PismoStandIn, http: httpx.AsyncClient, org_id: str
) -> None:
    register(standin, org_id)
    for claims in ({"pismo": "pismo-v1:accounts:rw"}, {"iat": later(0) + 0.25, "exp": later(600) + 0.25}, {"iat": later(2)}):
        taken = await http.post(OPENID, json={"token": SIGNER.assertion(org_id, **claims)})
        assert taken.status_code == 201, standin.calls[-1].refusal


async def test_another_customers_key(standin: PismoStandIn, http: httpx.AsyncClient, org_id: str) -> None:
    register(standin, org_id)
    other = standin.create_org({"official_name": "Blue Coop"})
    standin.register_public_key(other, OTHER.public_key, OTHER.iss, OTHER.sub, OTHER.aud)
    assert (await http.post(OPENID, json={"token": OTHER.assertion(org_id)})).status_code == 401
    foreign = (await http.post(OPENID, json={"token": OTHER.assertion(other)})).json()["token"]
    headers = {"authorization": f"Bearer {foreign}", "x-tenant": org_id}
    assert (await http.get(PROGRAMS, headers=headers)).status_code == 403


async def test_audit_by_filter_and_page(standin: PismoStandIn, http: httpx.AsyncClient, org_id: str) -> None:
    for who, action in (("ana", "create"), ("ana", "login"), ("bruno", "create")):
        standin.add_audit(org_id, action, "user", who, f"{who}@example.com")
    standin.add_audit(standin.create_org({}), "create", "user", "olga", "olga@example.com")

    async def found(**query: str) -> list[str]:
        answer = await http.get("/audit-api/v1/audit", params=query, headers=bearer(standin, org_id))
        return [f"{item['operation']['feature_id']} {item['operation']['action']}" for item in answer.json()["items"]]

    assert await found() == ["ana create", "ana login", "bruno create"]
    assert await found(action="login,logout") == ["ana login"]
    assert await found(user="bruno@example.com", feature="user, card") == ["bruno create"]
    assert await found(perPage="2", page="2") == ["bruno create"]
    assert await found(beginDate="2100-01-01T00:00:00Z") == []
    assert len(await found(endDate="2100-01-01T00:00:00Z", order="desc")) == 3
    standin.forbid("audit")
    assert (await http.get("/audit-api/v1/audit", headers=bearer(standin, org_id))).status_code == 403


async def test_the_gateway_sets_a_cookie_and_sees_who_sends_it_back(standin: PismoStandIn, http: httpx.AsyncClient) -> None:
    for _ in range(2):
        await http.get(PROGRAMS)
    assert [call.cookie for call in standin.calls] == [False, True]
    standin.faults.add("*", "gateway")
    answer = await http.get(PROGRAMS)
    assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (502, "text/html")


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"server_key": 3, "server_secret": ""}', b'{"token": null}'])
async def test_passport_knows_no_400(http: httpx.AsyncClient, content: bytes) -> None:
    for path in (BASIC, OPENID):
        answer = await http.post(path, content=content, headers={"content-type": "application/json"})
        assert (answer.status_code, answer.json()) == (401, {"message": "Invalid credentials"})


async def test_basic_needs_both_halves(standin: PismoStandIn, http: httpx.AsyncClient, org_id: str) -> None:
    key, secret = standin.mint_access_key(org_id)
    for pair in ((key, ""), (key, "é"), ("", ""), (secret, key), (key, secret[:-1])):
        refused = await http.post(BASIC, json=dict(zip(("server_key", "server_secret"), pair, strict=True)))
        assert refused.status_code == 401
    taken = await http.post(BASIC, json={"server_key": key, "server_secret": secret})
    assert (taken.status_code, taken.json()["tenant"]) == (201, org_id)


async def test_oauth2_parameters(standin: PismoStandIn, http: httpx.AsyncClient, org_id: str) -> None:
    key, secret = standin.mint_access_key(org_id)
    form = {"grant_type": "client_credentials", "client_id": key, "client_secret": secret, "scope": "pismo-v1:admin:rw"}
    assert (await http.post(OAUTH2, data=form | {"grant_type": "password"})).json() == {"error": "unsupported_grant_type"}
    assert (await http.post(OAUTH2, data=form | {"scope": ""})).status_code == 400
    for sent in ({"data": form}, {"json": form}):
        assert (await http.post(OAUTH2, **sent)).json()["token_type"] == "Bearer"  # type: ignore[arg-type]


async def test_same_fault_other_code(standin: PismoStandIn, http: httpx.AsyncClient, org_id: str) -> None:
    headers = bearer(standin, org_id)
    org = await http.get(f"/orgs-core/v1/orgs/{org_id}", headers=headers)
    assert (org.status_code, org.json()["code"]) == (400, "EOA0030")
    programs = await http.get(PROGRAMS, headers=headers)
    assert (programs.status_code, programs.json()["code"]) == (400, "EOA0017")


async def test_header_and_path_differ(standin: PismoStandIn, http: httpx.AsyncClient, org_id: str) -> None:
    answer = await http.get("/orgs-core/v1/orgs/TN-1", headers=bearer(standin, org_id, **{"x-tenant": org_id}))
    assert (answer.status_code, answer.json()["code"]) == (400, "EOA0035")


@pytest.mark.parametrize("query", ["page=0", "perPage=0", "page=-1", "page=x", "perPage=", "page=²"])
async def test_pages_begin_with_one(standin: PismoStandIn, http: httpx.AsyncClient, org_id: str, query: str) -> None:
    answer = await http.get(f"{PROGRAMS}?{query}", headers=bearer(standin, org_id, **{"x-tenant": org_id}))
    assert (answer.status_code, answer.json()["code"]) == (400, "EOA0018")


async def test_correlation_id_on_every_answer(standin: PismoStandIn, http: httpx.AsyncClient) -> None:
    assert (await http.get(PROGRAMS, headers={"x-cid": "mine"})).headers["x-cid"] == "mine"
    assert (await http.post("/orgs-core/v1/orgs")).headers["x-cid"] == standin.calls[-1].x_cid
    assert [call.status for call in standin.calls] == [401, 405]


async def test_token_of_another_standin(standin: PismoStandIn, http: httpx.AsyncClient, org_id: str) -> None:
    async with PismoStandIn() as other:
        foreign = other.mint_token(other.create_org({}))
    refused = await http.get(PROGRAMS, headers={"authorization": f"Bearer {foreign}", "x-tenant": org_id})
    assert refused.status_code == 401
    unsigned = jwt.encode({"exp": later(60), "tenant": org_id}, "", algorithm="none")
    refused = await http.get(PROGRAMS, headers={"authorization": f"Bearer {unsigned}", "x-tenant": org_id})
    assert refused.status_code == 401


def test_control_center_refuses() -> None:
    pismo = PismoStandIn()
    org_id = pismo.create_org({})
    for bad in (public_pem(rsa_key(1024)), public_pem(new_key()), "no pem"):
        with pytest.raises(ValueError, match=r"RSA|PEM"):
            pismo.register_public_key(org_id, bad, "i", "s", "a")
    with pytest.raises(ValueError, match="colour"):
        pismo.create_org({"colour": "red"})
    with pytest.raises(ValueError, match="program type"):
        pismo.add_program(org_id, "Cards", "GOLD")
    with pytest.raises(KeyError):
        pismo.mint_token("TN-unknown")


async def test_control_from_another_process(http: httpx.AsyncClient, standin: PismoStandIn) -> None:
    async def post(method: str, **arguments: Any) -> httpx.Response:
        return await http.post(f"{standin.control_url}/_control/{method}", json=arguments)

    async def control(method: str, **arguments: Any) -> Any:
        return (await post(method, **arguments)).json()["result"]

    org_id = await control("create_org", details={"official_name": "Acme"})
    await control("edit_org", org_id=org_id, details={"city": "Recife"})
    await control("add_program", org_id=org_id, name="Cards", program_type="CREDITO")
    await control("add_fault", path="/programs", kind="5xx", times=2)
    token = await control("mint_token", org_id=org_id, seconds=60)
    headers = {"authorization": f"Bearer {token}", "x-tenant": org_id}
    assert [(await http.get(PROGRAMS, headers=headers)).status_code for _ in range(3)] == [500, 500, 200]
    assert (await http.get(f"/orgs-core/v1/orgs/{org_id}", headers=headers)).json()["city"] == "Recife"
    await control("forbid", area="programs")
    assert (await http.get(PROGRAMS, headers=headers)).status_code == 403
    assert [call["status"] for call in await control("calls")] == [500, 500, 200, 200, 403]
    assert token not in str(standin.calls)
    assert (await http.post("/_control/calls")).status_code == 404  # none of Pismo's names
    for arguments in ({"kind": "flood", "path": "*"}, {"colour": "red"}):
        refused = await post("add_fault", **arguments)
        assert (refused.status_code, list(refused.json())) == (400, ["error"])
