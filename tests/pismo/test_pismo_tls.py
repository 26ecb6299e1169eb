"""Mutual TLS over a real connection: the operator's certificate, its faults by name, and files that change while it runs."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat
from pydantic import SecretStr

from pismo import CertificateError, ClientTls, Pismo, PismoError, PismoErrorKind
from playground.pismo import Sandbox
from playground.pismo.authority import key_pem, new_key
from playground.pismo.sandbox import ClientFault


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox() as started:
        yield started


def tls(sandbox: Sandbox) -> ClientTls:
    settings = sandbox.settings
    return ClientTls(settings["PISMO_CLIENT_CERT"], SecretStr(settings["PISMO_CLIENT_KEY"]), settings["PISMO_CA_FILE"])


def another_key(sandbox: Sandbox) -> None:
    Path(sandbox.settings["PISMO_CLIENT_KEY"]).write_text(key_pem(new_key()))


def encrypted_key(sandbox: Sandbox) -> None:
    key = new_key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"of this test"))
    Path(sandbox.settings["PISMO_CLIENT_KEY"]).write_bytes(key)


def remark(sandbox: Sandbox) -> None:
    file = Path(sandbox.settings["PISMO_CA_FILE"])
    file.write_text(f"# Autoridade de Certificação\n{file.read_text()}")


async def ask(pismo: Pismo, sandbox: Sandbox) -> str | None:
    """The org ID read back."""
    org_id = sandbox.test.create_org({"official_name": "Acme"}, program="Cards")
    return (await pismo.get_organization(SecretStr(sandbox.test.mint_token(org_id)), org_id)).id


async def fault(pismo: Pismo, sandbox: Sandbox) -> str | None:
    with pytest.raises(PismoError) as caught:
        await ask(pismo, sandbox)
    assert (caught.value.kind, caught.value.status) == (PismoErrorKind.HANDSHAKE, None)
    assert not caught.value.transient
    return caught.value.code


FAULTS: tuple[tuple[ClientFault, str], ...] = (
    ("expired", "certificate_expired"),
    ("other authority", "certificate_unknown_authority"),
    ("revoked", "certificate_revoked"),
    ("not yet valid", "certificate_refused"),
)


@pytest.mark.parametrize(("wrong", "code"), FAULTS, ids=str)
async def test_a_refused_certificate_is_named_and_its_successor_taken(sandbox: Sandbox, wrong: ClientFault, code: str) -> None:
    """Without a restart: the files are checked before each call."""
    async with Pismo(sandbox.test.url, tls=tls(sandbox)) as pismo:
        assert await ask(pismo, sandbox)
        sandbox.give_certificate(wrong)
        assert await fault(pismo, sandbox) == code
        sandbox.give_certificate()
        assert await ask(pismo, sandbox)


async def test_no_certificate(sandbox: Sandbox) -> None:
    async with Pismo(sandbox.test.url, tls=ClientTls(ca=sandbox.settings["PISMO_CA_FILE"])) as pismo:
        assert await fault(pismo, sandbox) == "certificate_missing"


async def test_a_server_that_is_not_trusted(sandbox: Sandbox) -> None:
    own = tls(sandbox)
    async with Pismo(sandbox.test.url, tls=ClientTls(own.certificate, own.key)) as pismo:
        assert await fault(pismo, sandbox) == "server_not_trusted"


async def test_certificate_and_key_as_texts(sandbox: Sandbox) -> None:
    files = tls(sandbox)
    pem = files.read()
    texts = ClientTls(pem.certificate, SecretStr(pem.key), pem.ca)
    async with Pismo(sandbox.test.url, tls=texts) as pismo:
        assert await ask(pismo, sandbox)
    assert "PRIVATE KEY" not in repr(texts)
    assert "PRIVATE KEY" not in repr(texts.read())


async def test_an_unusable_file_leaves_the_working_certificate(sandbox: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    async with Pismo(sandbox.test.url, tls=tls(sandbox)) as pismo:
        assert await ask(pismo, sandbox)
        another_key(sandbox)
        assert await ask(pismo, sandbox)
        assert "cannot be used: mismatch" in caplog.text
        sandbox.give_certificate()
        assert await ask(pismo, sandbox)


async def test_a_call_under_way_ends_on_the_certificate_it_began_with(sandbox: Sandbox) -> None:
    org_id = sandbox.test.create_org({"official_name": "Acme"}, program="Cards")
    token = SecretStr(sandbox.test.mint_token(org_id))
    async with Pismo(sandbox.test.url, tls=tls(sandbox), timeout=30, attempts=1) as pismo:
        late = sandbox.test.faults.add("/orgs", "slow", seconds=30)
        slow = asyncio.create_task(pismo.get_organization(token, org_id))
        async with asyncio.timeout(5):
            await late.met.wait()
        sandbox.give_certificate()
        await pismo.list_programs(token, org_id)
        assert not slow.done()
        sandbox.test.faults.close()
        assert (await slow).id == org_id


async def test_a_handshake_that_takes_too_long_keeps_no_place_in_the_pool() -> None:
    accepted: list[asyncio.StreamWriter] = []

    async def silent(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        accepted.append(writer)

    async with await asyncio.start_server(silent, "127.0.0.1", 0) as server:
        address = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with Pismo(address, timeout=0.2, attempts=1) as pismo:
            for _ in range(50):  # on a busy machine the timeout can pass before the handshake begins
                with pytest.raises(PismoError, match="timeout"):
                    await pismo.get_organization(SecretStr("token"), "TN-1")
                if accepted:
                    break
            assert accepted
            pool = pismo._connection._pool
            assert pool
            assert pool.http._transport._pool.connections == []  # type: ignore[attr-defined]  # of httpx's default transport
        for writer in accepted:
            writer.close()


async def test_after_a_call_that_was_broken_off_the_next_is_made(sandbox: Sandbox) -> None:
    async with Pismo(sandbox.test.url, tls=tls(sandbox), attempts=1) as pismo:
        assert await ask(pismo, sandbox)
        late = sandbox.test.faults.add("/orgs", "slow", seconds=30)
        slow = asyncio.create_task(ask(pismo, sandbox))
        async with asyncio.timeout(5):
            await late.met.wait()
        slow.cancel()
        with pytest.raises(asyncio.CancelledError):
            await slow
        assert await ask(pismo, sandbox)


async def test_how_long_the_certificate_in_use_holds(sandbox: Sandbox) -> None:
    async with Pismo(sandbox.test.url, tls=tls(sandbox)) as pismo:
        validity = await pismo.certificate_validity()
        assert validity
        assert validity[0] < datetime.now(UTC) < validity[1]
        sandbox.give_certificate("expired")
        validity = await pismo.certificate_validity()
        assert validity
        assert validity[1] < datetime.now(UTC)
    async with Pismo(sandbox.test.url) as pismo:
        assert await pismo.certificate_validity() is None


@pytest.mark.parametrize(
    ("certificate", "key", "kind"),
    [("/no/such/file", "", "unreadable"), ("-----BEGIN CERTIFICATE-----\nno\n-----END CERTIFICATE-----", "x", "unreadable")],
)
async def test_a_certificate_that_cannot_be_used_from_the_start(sandbox: Sandbox, certificate: str, key: str, kind: str) -> None:
    async with Pismo(sandbox.test.url, tls=ClientTls(certificate, SecretStr(key))) as pismo:
        assert await fault(pismo, sandbox) == f"client_{kind}"


def test_a_certificate_without_its_key(sandbox: Sandbox) -> None:
    with pytest.raises(CertificateError, match="no_key"):
        ClientTls(tls(sandbox).certificate).read().context()


async def test_an_encrypted_key_is_refused_and_not_asked_about(sandbox: Sandbox) -> None:
    encrypted_key(sandbox)
    async with Pismo(sandbox.test.url, tls=tls(sandbox)) as pismo:
        assert await fault(pismo, sandbox) == "client_unreadable"
        sandbox.give_certificate()
        assert await ask(pismo, sandbox)


async def test_a_list_of_authorities_may_hold_remarks(sandbox: Sandbox) -> None:
    remark(sandbox)
    async with Pismo(sandbox.test.url, tls=tls(sandbox)) as pismo:
        assert await ask(pismo, sandbox)
