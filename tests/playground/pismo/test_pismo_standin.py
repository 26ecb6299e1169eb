"""What the stand-in refuses, seen from outside with a bare HTTP client."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from playground.pismo import PismoStandIn

PRIVATE_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
BASIC = "/passport/v2/s2s/access-token"
OPENID = "/passport/v1/oauth2/token"
OAUTH2 = "/passport/v2/oauth/token"
PROGRAMS = "/programs/v1/programs"


def pem(key: Any) -> str:
    return str(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode())


@pytest.fixture
async def standin() -> AsyncIterator[PismoStandIn]:
    async with PismoStandIn() as started:
        yield started


@pytest.fixture
async def http(standin: PismoStandIn) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=standin.url) as client:
        yield client


@pytest.fixture
def org_id(standin: PismoStandIn) -> str:
    return standin.create_org({"official_name": "Acme"})


def bearer(standin: PismoStandIn, org_id: str, **headers: str) -> dict[str, str]:
    return {"authorization": f"Bearer {standin.mint_token(org_id)}", **headers}


def own_token(org_id: str, key: Any = PRIVATE_KEY, algorithm: str = "RS256", **changes: Any) -> str:
    now = int(datetime.now(UTC).timestamp())
    claims = {"iss": "i", "sub": "s", "aud": "a", "iat": now, "exp": now + 3600, "tenant_id": org_id} | changes
    return jwt.encode({k: v for k, v in claims.items() if v is not None}, key, algorithm=algorithm)


def later(seconds: int) -> int:
    return int(datetime.now(UTC).timestamp()) + seconds


@pytest.mark.parametrize(
    "wrong",
    [
        {"key": OTHER_KEY},
        {"algorithm": "RS512"},
        {"iss": "x"},
        {"sub": "x"},
        {"aud": "x"},
        {"aud": ["a"]},
        {"tenant_id": "TN-unknown"},
        {"tenant_id": None},
        {"iat": None},
        {"exp": None},
        {"exp": later(7200)},
        {"iat": later(-7200), "exp": later(-3700)},
    ],
    ids=str,
)
async def test_openid_refuses(standin: PismoStandIn, http: httpx.AsyncClient, org_id: str, wrong: dict[str, Any]) -> None:
    standin.register_public_key(org_id, pem(PRIVATE_KEY), "i", "s", "a")
    refused = await http.post(OPENID, json={"token": own_token(org_id, **wrong)})
    assert (refused.status_code, refused.json()) == (401, {"message": "Invalid credentials"})
    taken = await http.post(OPENID, json={"token": own_token(org_id)})
    assert (taken.status_code, taken.json()["expires_in"]) == (201, "3600")
    standin.revoke_public_keys(org_id)
    assert (await http.post(OPENID, json={"token": own_token(org_id)})).status_code == 401


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
    small = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505  refused below
    for bad in (pem(small), pem(ec.generate_private_key(ec.SECP256R1())), "no pem"):
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
