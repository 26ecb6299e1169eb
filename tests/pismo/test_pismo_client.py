"""The client over a real connection to the stand-in."""

import logging
import socket
import traceback
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import UUID

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pydantic import SecretStr

from flows.checks.tokens import parse
from pismo import Pismo, PismoError, PismoErrorKind
from pismo.client import MAX_ANSWER
from pismo.transfers import Transfers
from playground.pismo import PismoStandIn

DETAILS = {
    "official_name": "Acme Corporation",
    "org_name": "Acme",
    "number": 25,
    "responsible": "ana@acme.example",
    "currency_numeric_code": "986",
    "timezone": "America/Sao_Paulo",
}
PRIVATE_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PEM = PRIVATE_KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


@pytest.fixture
async def standin() -> AsyncIterator[PismoStandIn]:
    async with PismoStandIn() as started:
        yield started


@pytest.fixture
async def pismo(standin: PismoStandIn) -> AsyncIterator[Pismo]:
    async with Pismo(standin.url, attempts=1) as client:
        yield client


@pytest.fixture
def org_id(standin: PismoStandIn) -> str:
    """An organization with its first program."""
    return standin.create_org(DETAILS, program="First")


def own_jwt(standin: PismoStandIn, org_id: str) -> SecretStr:
    """Signed by the customer, whose public key is registered."""
    standin.register_public_key(org_id, PEM, "pismo-iss", "pismo-sub", "pismo-aud")
    now = int(datetime.now(UTC).timestamp())
    claims = {"iss": "pismo-iss", "sub": "pismo-sub", "aud": "pismo-aud", "iat": now, "exp": now + 3600}
    claims["pismo"] = {"group": "pismo-v1:programs:rw"}
    return SecretStr(jwt.encode(claims | {"tenant_id": org_id.lower()}, PRIVATE_KEY, algorithm="RS256"))


@pytest.fixture
def token(standin: PismoStandIn, org_id: str) -> SecretStr:
    return SecretStr(standin.mint_token(org_id))


async def test_organization(pismo: Pismo, standin: PismoStandIn, token: SecretStr, org_id: str) -> None:
    org = await pismo.get_organization(token, org_id)
    assert (org.id, org.official_name, org.number, org.city) == (org_id, "Acme Corporation", "25", None)
    assert UUID(org.x_cid)
    assert org.ms >= 0
    (seen,) = standin.calls
    assert (seen.method, seen.path, seen.status, seen.x_cid) == (
        "GET",
        f"/orgs-core/v1/orgs/{org_id}",
        200,
        org.x_cid,
    )
    assert "ana@" not in f"{org} {org!r}"


async def test_programs_by_page(pismo: Pismo, standin: PismoStandIn, token: SecretStr, org_id: str) -> None:
    for name in ("Debit", "Prepaid"):
        standin.add_program(org_id, name, "CREDITO", status="PENDING" if name == "Debit" else "ACTIVE")
    first = await pismo.list_programs(token, org_id)
    assert (first.total_items, [program.name for program in first.items]) == (3, ["First"])
    second = await pismo.list_programs(token, org_id, page=2, per_page=2)
    found = [(program.name, program.type, program.status, program.currency_numeric_code) for program in second.items]
    assert found == [("Prepaid", "CREDITO", "ACTIVE", "986")]
    assert len({call.x_cid for call in standin.calls}) == 2


async def test_a_program_is_created_looked_for_and_found_by_its_name(
    pismo: Pismo, standin: PismoStandIn, token: SecretStr, org_id: str
) -> None:
    template = {
        "name": "Acme debit",
        "type": "DEBITO",
        "timezone": "America/Sao_Paulo",
        "currency_numeric_code": "986",
        "country_code": "BRA",
        "brand": "ELO",
        "bin": {"value": "12345678", "start_range": "0", "end_range": "9999999"},
    }
    standin.add_program(org_id, "Acme debit 2", "DEBITO")
    standin.world.creation.looks = 1
    begun = await pismo.create_program(token, org_id, template)
    assert [one.name for one in (await pismo.list_programs(token, org_id, per_page=10, name="Acme debit")).items] == [
        "Acme debit 2"
    ]
    record = await pismo.get_program_import(token, org_id, begun.program_import_id)
    listed = await pismo.list_programs(token, org_id, per_page=10, name="acme DEBIT")
    (found,) = [one for one in listed.items if one.name == "Acme debit"]
    assert (record.status, record.program_id) == ("SUCCESS", found.id)
    assert (found.status, found.type, found.brand) == ("ACTIVE", "DEBITO", "ELO")
    assert found.bin is not None
    assert (found.bin.value, found.currency_numeric_code, found.country_code) == ("12345678", "986", "BRA")


@pytest.mark.parametrize("after", [False, True])
async def test_creating_is_tried_once_whatever_comes_of_it(
    pismo: Pismo, standin: PismoStandIn, token: SecretStr, org_id: str, *, after: bool
) -> None:
    standin.faults.add("/programs/v2", "drop_after" if after else "drop_before")
    template = {"name": "Current", "type": "CURRENT ACCOUNTS", "timezone": "Europe/Lisbon"}
    template |= {"currency_numeric_code": "978", "country_code": "PRT"}
    with pytest.raises(PismoError) as caught:
        await pismo.create_program(token, org_id, template)
    assert (caught.value.kind, caught.value.status) == (PismoErrorKind.UNAVAILABLE, None)
    assert len(standin.world.org(org_id).imports) == after


async def test_before_the_first_program_nothing_can_be_called(pismo: Pismo, standin: PismoStandIn) -> None:
    empty = standin.create_org(DETAILS)
    token = SecretStr(standin.mint_token(empty))
    for call in (pismo.get_organization, pismo.list_programs, pismo.list_audit):
        with pytest.raises(PismoError, match="access denied") as caught:
            await call(token, empty)
        assert (caught.value.status, caught.value.kind) == (403, PismoErrorKind.FORBIDDEN)
    standin.add_program(empty, "First", "CREDITO")
    assert (await pismo.get_organization(token, empty)).id == empty


async def test_openid(pismo: Pismo, standin: PismoStandIn, org_id: str) -> None:
    own = own_jwt(standin, org_id)
    access = await pismo.token_openid(own)
    assert parse(access.value.get_secret_value()).tenant == org_id
    assert (await pismo.list_programs(access.value, org_id)).total_items == 1
    standin.revoke_public_keys(org_id)
    with pytest.raises(PismoError, match="Invalid credentials") as caught:
        await pismo.token_openid(own)
    assert (caught.value.kind, caught.value.service) == (PismoErrorKind.UNAUTHORIZED, "passport")


async def test_expired_and_revoked_token(pismo: Pismo, standin: PismoStandIn, org_id: str, token: SecretStr) -> None:
    standin.revoke_token(token.get_secret_value())
    for bad in (token, SecretStr(standin.mint_token(org_id, seconds=-1))):
        for call in (pismo.get_organization, pismo.list_programs):
            with pytest.raises(PismoError) as caught:
                await call(bad, org_id)
            assert (caught.value.status, caught.value.kind) == (401, PismoErrorKind.UNAUTHORIZED)
            assert caught.value.x_cid == standin.calls[-1].x_cid
    assert (await pismo.get_organization(SecretStr(standin.mint_token(org_id)), org_id)).id == org_id


async def test_unknown_org(pismo: Pismo, token: SecretStr, org_id: str) -> None:
    with pytest.raises(PismoError, match="was not found") as caught:
        await pismo.get_organization(token, "TN-unknown")
    assert (caught.value.status, caught.value.code, caught.value.kind) == (400, "EOA0100", PismoErrorKind.NOT_FOUND)
    assert (await pismo.get_organization(token, org_id)).id == org_id


async def test_org_of_another_customer(pismo: Pismo, standin: PismoStandIn, token: SecretStr) -> None:
    other = standin.create_org({"official_name": "Other"}, program="First")
    for call in (pismo.get_organization, pismo.list_programs):
        with pytest.raises(PismoError) as caught:
            await call(token, other)
        assert caught.value.kind == PismoErrorKind.FORBIDDEN


async def test_permission_group_that_does_not_cover_it(
    pismo: Pismo, standin: PismoStandIn, token: SecretStr, org_id: str
) -> None:
    standin.forbid("orgs")
    with pytest.raises(PismoError, match="access denied") as caught:
        await pismo.get_organization(token, org_id)
    assert caught.value.kind == PismoErrorKind.FORBIDDEN
    assert (await pismo.list_programs(token, org_id)).total_items == 1
    standin.allow("orgs")
    assert (await pismo.get_organization(token, org_id)).id == org_id


async def test_too_many_requests(pismo: Pismo, standin: PismoStandIn, token: SecretStr, org_id: str) -> None:
    standin.faults.add("/programs", "429")
    standin.faults.add("/programs", "429", seconds=2)
    for retry_after in (None, 2):
        with pytest.raises(PismoError) as caught:
            await pismo.list_programs(token, org_id)
        assert (caught.value.kind, caught.value.retry_after) == (PismoErrorKind.RATE_LIMITED, retry_after)
    assert (await pismo.list_programs(token, org_id)).total_items == 1


@pytest.mark.parametrize(
    ("kind", "status", "handled"), [("5xx", 500, 500), ("drop_before", None, None), ("drop_after", None, 200)]
)
async def test_unavailable(
    pismo: Pismo, standin: PismoStandIn, token: SecretStr, org_id: str, kind: str, status: int | None, handled: int | None
) -> None:
    standin.faults.add("*", kind)  # type: ignore[arg-type]  # one of the kinds above
    with pytest.raises(PismoError) as caught:
        await pismo.get_organization(token, org_id)
    assert (caught.value.kind, caught.value.status) == (PismoErrorKind.UNAVAILABLE, status)
    assert (caught.value.x_cid, handled) == (standin.calls[-1].x_cid, standin.calls[-1].status)
    assert (await pismo.get_organization(token, org_id)).id == org_id


async def test_slow(standin: PismoStandIn, token: SecretStr, org_id: str) -> None:
    standin.faults.add("*", "slow", seconds=30)
    async with Pismo(standin.url, timeout=0.2, attempts=1) as pismo:
        with pytest.raises(PismoError, match="timeout") as caught:
            await pismo.get_organization(token, org_id)
    assert (caught.value.kind, caught.value.status) == (PismoErrorKind.UNAVAILABLE, None)
    assert caught.value.ms >= 190


async def test_slow_but_in_time(pismo: Pismo, standin: PismoStandIn, token: SecretStr, org_id: str) -> None:
    standin.faults.add("*", "slow", seconds=0.05)
    assert (await pismo.get_organization(token, org_id)).ms >= 40


async def test_outage(pismo: Pismo, standin: PismoStandIn, token: SecretStr, org_id: str) -> None:
    assert (await pismo.get_organization(token, org_id)).id == org_id
    await standin.stop()
    with pytest.raises(PismoError) as caught:
        await pismo.get_organization(token, org_id)
    assert caught.value.kind == PismoErrorKind.UNAVAILABLE
    await standin.start(int(standin.url.rpartition(":")[2]))
    assert (await pismo.get_organization(token, org_id)).id == org_id


async def test_nobody_listens() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        async with Pismo(f"http://127.0.0.1:{taken.getsockname()[1]}") as pismo:
            with pytest.raises(PismoError, match="no connection") as caught:
                await pismo.get_organization(SecretStr("token"), "TN-1")
    assert caught.value.kind == PismoErrorKind.UNAVAILABLE


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (httpx.Response(200, text="<html>maintenance</html>"), "body"),
        (httpx.Response(200, json=[]), "body"),
        (httpx.Response(200, json={"items": []}), "total_items"),
        (httpx.Response(200, json={"total_items": 1, "items": [{"id": "x"}]}), "items.0.id"),
        (httpx.Response(302, headers={"location": "https://elsewhere.example"}), "Found"),
    ],
)
async def test_an_answer_that_is_not_pismos(answer: httpx.Response, message: str) -> None:
    async with Pismo("https://pismo.example", transport=httpx.MockTransport(lambda _: answer)) as pismo:
        with pytest.raises(PismoError, match=message) as caught:
            await pismo.list_programs(SecretStr("token"), "TN-1")
    assert caught.value.kind == PismoErrorKind.UNEXPECTED


@pytest.mark.parametrize("body", [{}, {"token": ""}, {"token": None}, {"token": []}])
async def test_token_answer_without_a_token(body: dict[str, object]) -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(201, json=body))
    async with Pismo("https://pismo.example", transport=transport) as pismo:
        with pytest.raises(PismoError) as caught:
            await pismo.token_openid(SecretStr("a.b.c"))
    assert caught.value.kind == PismoErrorKind.UNEXPECTED


async def test_token_that_is_no_jwt_and_seconds_as_text() -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(201, json={"token": "opaque", "expires_in": "3600"}))
    async with Pismo("https://pismo.example", transport=transport) as pismo:
        access = await pismo.token_openid(SecretStr("a.b.c"))
    assert access.value.get_secret_value() == "opaque"


@pytest.mark.parametrize("unfit", ["", "..", "TN/1", "TN-1\r\nx: y", "TN-é", "T" * 65])
async def test_org_id_that_cannot_be_sent(pismo: Pismo, standin: PismoStandIn, token: SecretStr, unfit: str) -> None:
    with pytest.raises(ValueError, match="org ID"):
        await pismo.get_organization(token, unfit)
    assert standin.calls == []


@pytest.mark.parametrize("bad", ["", "two\x00parts", "tokén"])
async def test_token_that_cannot_be_sent(pismo: Pismo, standin: PismoStandIn, org_id: str, bad: str) -> None:
    with pytest.raises(ValueError, match="the token"):
        await pismo.get_organization(SecretStr(bad), org_id)
    assert standin.calls == []


async def test_no_secret_in_any_log(pismo: Pismo, standin: PismoStandIn, org_id: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    own = own_jwt(standin, org_id)
    access = await pismo.token_openid(own)
    token = access.value.get_secret_value()
    standin.faults.add("*", "5xx")
    standin.faults.add("*", "drop_after")
    standin.faults.add("*", "429")
    shown = [repr(access), str(access)]
    for _ in range(3):
        with pytest.raises(PismoError) as caught:
            await pismo.get_organization(access.value, org_id)
        shown += [str(caught.value), repr(caught.value), *traceback.format_exception(caught.value)]
        assert caught.value.__context__ is None
    shown.append(repr(await pismo.get_organization(access.value, org_id)))
    forged = SecretStr(f"{own.get_secret_value()[:-6]}forged")
    with pytest.raises(PismoError) as refused:
        await pismo.token_openid(forged)
    shown += [repr(refused.value), *(f"{record.getMessage()} {record.args}" for record in caplog.records)]
    everything = "\n".join(shown)
    for hidden in (own.get_secret_value(), forged.get_secret_value(), token, token.split(".")[2], "Bearer", "ana@acme.example"):
        assert hidden not in everything
    ours = [record.getMessage() for record in caplog.records if record.name == "pismo"]
    assert len(ours) == len(standin.calls) == 6
    assert "operation=get_organization status=connection_dropped ms=" in ours[2]
    assert all(call.x_cid in line for call, line in zip(standin.calls, ours, strict=True))
    assert f"org={org_id}" in ours[1]


# -- retries


async def test_a_call_that_only_reads_is_tried_again(standin: PismoStandIn, token: SecretStr, org_id: str) -> None:
    standin.faults.add("*", "5xx", times=2)
    async with Pismo(standin.url) as pismo:
        assert (await pismo.get_organization(token, org_id)).id == org_id
    assert [call.status for call in standin.calls] == [500, 500, 200]


async def test_a_change_is_made_once(standin: PismoStandIn, token: SecretStr, org_id: str) -> None:
    standin.faults.add("*", "5xx")
    async with Pismo(standin.url) as pismo:
        with pytest.raises(PismoError):
            await pismo.patch_organization(token, org_id, {"city": "Recife"})
        assert len(standin.calls) == 1
        changed = await pismo.patch_organization(token, org_id, {"city": "Recife"})
    assert (changed.city, changed.org_name) == ("Recife", "Acme")


async def test_who_is_told_to_come_much_later_does_not_wait(token: SecretStr, org_id: str) -> None:
    answer = httpx.Response(429, headers={"retry-after": "60"})
    async with Pismo("https://pismo.example", transport=httpx.MockTransport(lambda _: answer)) as pismo:
        with pytest.raises(PismoError) as caught:
            await pismo.list_programs(token, org_id)
    assert (caught.value.kind, caught.value.retry_after) == (PismoErrorKind.RATE_LIMITED, 60)


async def test_what_was_done_in_control_center(pismo: Pismo, standin: PismoStandIn, token: SecretStr, org_id: str) -> None:
    standin.add_audit(org_id, "create", "user", "1", "ana@example.com")
    standin.add_audit(org_id, "update", "program", "2", "ana@example.com")
    page = await pismo.list_audit(token, org_id, feature="user")
    assert [(one.operation.action, one.operation.feature_id) for one in page.items] == [("create", "1")]
    assert [one.user.email.get_secret_value() for one in page.items] == ["ana@example.com"]
    assert page.items[0].http.code == 201
    assert "ana@example.com" not in f"{page!r} {page} {page.items[0]!r}"
    with pytest.raises(PismoError) as caught:
        await pismo.list_audit(token, org_id, order="upwards")
    assert caught.value.code == "ECAD0005"


async def test_a_cookie_of_one_call_is_not_sent_with_another(token: SecretStr, org_id: str) -> None:
    seen = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers.get("cookie"))
        return httpx.Response(200, json={"id": org_id}, headers={"set-cookie": "session=of-acme"})

    async with Pismo("https://pismo.example", transport=httpx.MockTransport(answer)) as pismo:
        for _ in range(2):
            await pismo.get_organization(token, org_id)
    assert seen == [None, None]


async def test_an_answer_without_end_is_not_read() -> None:
    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=b"x" * (MAX_ANSWER + 1))

    async with Pismo("https://pismo.example", transport=httpx.MockTransport(answer), attempts=1) as pismo:
        with pytest.raises(PismoError, match="answer too long") as caught:
            await Transfers(pismo, SecretStr("token"), "TN-1").download(7)
    assert caught.value.kind is PismoErrorKind.UNEXPECTED
