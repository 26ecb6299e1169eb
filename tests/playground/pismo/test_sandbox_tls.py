"""The sandbox's door: who gets in over TLS, and what the others are told."""

import ssl
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from playground.pismo import Authority, ClientFault, Machine, Sandbox
from playground.pismo.authority import new_key, signing_request, tampered_request
from playground.pismo.machine import Method
from playground.pismo.signer import rsa_key

PROGRAMS = "/programs/v1/programs"


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[Sandbox]:
    async with Sandbox(tmp_path / "operator") as started:
        yield started


def trusting(sandbox: Sandbox, *, certificate: bool = True) -> ssl.SSLContext:
    settings = sandbox.settings
    context = ssl.create_default_context(cafile=settings["PISMO_CA_FILE"])
    if certificate:
        context.load_cert_chain(settings["PISMO_CLIENT_CERT"], settings["PISMO_CLIENT_KEY"])
    return context


async def ask(sandbox: Sandbox, context: ssl.SSLContext | None = None) -> int:
    org_id = (
        next(iter(sandbox.test.world.orgs.values())).id
        if sandbox.test.world.orgs
        else sandbox.test.create_org({}, program="Cards")
    )
    headers = {"authorization": f"Bearer {sandbox.test.mint_token(org_id)}", "x-tenant": org_id}
    async with httpx.AsyncClient(verify=context or trusting(sandbox), base_url=sandbox.test.url) as http:
        return (await http.get(PROGRAMS, headers=headers)).status_code


async def told(sandbox: Sandbox, context: ssl.SSLContext | None = None) -> str:
    with pytest.raises((ssl.SSLError, httpx.TransportError)) as refused:
        await ask(sandbox, context)
    return str(refused.value).lower()


async def test_a_good_certificate_gets_in(sandbox: Sandbox) -> None:
    assert sandbox.test.url.startswith("https://")
    assert await ask(sandbox) == 200


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=lambda version: str(version.name))
@pytest.mark.parametrize(
    ("fault", "alert"),
    [
        ("expired", "certificate expired"),
        ("not yet valid", "bad certificate"),  # what OpenSSL's servers say of it
        ("other authority", "unknown ca"),
        ("revoked", "certificate revoked"),
    ],
)
async def test_a_faulty_certificate_is_told_why(
    sandbox: Sandbox, fault: ClientFault, alert: str, version: ssl.TLSVersion
) -> None:
    sandbox.give_certificate(fault)
    context = trusting(sandbox)
    context.maximum_version = version
    assert alert in await told(sandbox, context)
    assert sandbox.test.calls == []
    sandbox.give_certificate()
    assert await ask(sandbox) == 200


async def test_no_certificate_no_answer(sandbox: Sandbox) -> None:
    assert "certificate required" in await told(sandbox, trusting(sandbox, certificate=False))


async def test_a_client_that_does_not_know_the_authority_leaves(sandbox: Sandbox) -> None:
    assert "certificate verify failed" in await told(sandbox, ssl.create_default_context())


async def test_plain_http_is_not_answered(sandbox: Sandbox) -> None:
    async with httpx.AsyncClient() as http:
        with pytest.raises(httpx.TransportError):
            await http.get(sandbox.test.url.replace("https", "http") + PROGRAMS)


async def test_a_door_that_says_nothing(tmp_path: Path) -> None:
    async with Sandbox(tmp_path, says_why=False) as sandbox:
        assert await ask(sandbox) == 200
        sandbox.give_certificate("expired")
        assert "expired" not in await told(sandbox)


async def test_revoking_ends_standing_connections_of_both_environments(sandbox: Sandbox) -> None:
    context = trusting(sandbox)
    async with httpx.AsyncClient(verify=context) as http:
        urls = (sandbox.test.url + PROGRAMS, sandbox.production.url + PROGRAMS)
        assert [(await http.get(url)).status_code for url in urls] == [401, 401]
        sandbox.revoke_certificate()
        for url in urls:
            with pytest.raises(httpx.TransportError):
                await http.get(url)
    assert "certificate revoked" in await told(sandbox)
    assert [len(environment.calls) for environment in (sandbox.test, sandbox.production)] == [1, 1]


async def test_environments_know_nothing_of_each_other(sandbox: Sandbox) -> None:
    org_id = sandbox.test.create_org({}, program="Cards")
    headers = {"authorization": f"Bearer {sandbox.test.mint_token(org_id)}", "x-tenant": org_id}
    async with httpx.AsyncClient(verify=trusting(sandbox), headers=headers) as http:
        assert (await http.get(sandbox.test.url + PROGRAMS)).status_code == 200
        assert (await http.get(sandbox.production.url + PROGRAMS)).status_code == 401


async def test_control_needs_no_certificate_and_is_elsewhere(sandbox: Sandbox) -> None:
    key = new_key()
    async with httpx.AsyncClient() as http:

        async def control(method: str, **arguments: Any) -> Any:
            return (await http.post(f"{sandbox.test.control_url}/_control/{method}", json=arguments)).json()

        issued = (await control("issue_certificate", csr=signing_request(key, O="Acme Bank")))["result"]
        assert x509.load_pem_x509_certificate(issued.encode()).public_key() == key.public_key()
        assert await control("revoke_certificate", certificate=issued) == {"result": None}
        assert "error" in await control("issue_certificate", csr="no request")
        assert (await http.get(sandbox.test.control_url + PROGRAMS)).status_code == 404


@pytest.mark.parametrize(
    ("request_of", "why"),
    [
        (lambda: tampered_request(new_key(), O="Acme Bank"), "signature"),
        (lambda: signing_request(rsa_key(1024), O="Acme Bank"), "bits"),
        (lambda: "x", "PEM"),
    ],
)
def test_the_authority_refuses(request_of: Callable[[], str], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        Authority().issue(request_of())


def test_the_authority_knows_its_own() -> None:
    mine, other = Authority(), Authority("Another CA")
    certificate = mine.issue(signing_request(new_key(), O="Acme Bank"), lifetime=timedelta(days=1))
    with pytest.raises(ValueError, match="another authority"):
        other.revoke(certificate)
    issuer = x509.load_pem_x509_certificate(mine.pem.encode())
    x509.load_pem_x509_certificate(certificate.encode()).verify_directly_issued_by(issuer)
    assert isinstance(issuer.signature_hash_algorithm, hashes.SHA256)


def test_without_tls_there_are_no_certificates(tmp_path: Path) -> None:
    sandbox = Sandbox(tmp_path, tls=False)
    assert "PISMO_CLIENT_CERT" not in sandbox.settings
    with pytest.raises(ValueError, match="plain HTTP"):
        sandbox.give_certificate()
    with pytest.raises(ValueError, match="plain HTTP"):
        sandbox.test.issue_certificate("")


@pytest.mark.parametrize("method", ["basic", "oauth2", "oidc"])
async def test_a_customer_gets_a_token_on_their_own_machine(sandbox: Sandbox, method: Method) -> None:
    org_id, machine = sandbox.test.create_org({}, program="Cards"), Machine(O="Acme Bank")
    with pytest.raises(aiohttp.ClientError):  # no certificate yet
        await machine.token(sandbox.test, method, org_id)
    machine.receive(sandbox.test, org_id)
    assert sandbox.test.world.bearer_of(f"Bearer {await machine.token(sandbox.test, method, org_id)}") == org_id
    with pytest.raises(PermissionError, match="401 Invalid credentials"):
        await machine.token(sandbox.production, method, org_id)
    token = await machine.token(sandbox.test, method, org_id)
    sandbox.test.revoke_access_key(machine.access_key[0])
    sandbox.test.revoke_public_keys(org_id)
    assert sandbox.test.world.bearer_of(f"Bearer {token}") is None
    machine.certificate = sandbox.test.issue_certificate(machine.csr)
    sandbox.test.revoke_certificate(machine.certificate)
    with pytest.raises(aiohttp.ClientError):
        await machine.token(sandbox.test, method, org_id)


async def test_a_customer_without_tls(tmp_path: Path) -> None:
    async with Sandbox(tmp_path, tls=False) as sandbox:
        org_id, machine = sandbox.test.create_org({}, program="Cards"), Machine(O="Acme Bank")
        machine.receive(sandbox.test, org_id)
        assert await machine.token(sandbox.test, "oidc", org_id)
