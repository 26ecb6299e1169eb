"""Each fault of TLS, of a signed JWT and of Pismo's answers is named in words; once it is fixed, the whole proof passes.

All of it in one onboarding: a proof can be run again and again.
"""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import cycle
from typing import Any

import pytest
import pytest_asyncio
from pydantic import SecretStr

from bot.jobs.proof_checks import Checks
from bot.messages.texts import Texts
from flows.checks.claims import Expected
from pismo.client import Pismo
from pismo.tls import ClientTls
from playground.pismo import Authority, ClientFault
from playground.pismo.machine import Method
from playground.pismo.signer import public_pem, rsa_key
from playground.slack.screen import tells
from playground.walkthrough import said as wording
from tests.proof_place import Acme, ProofPlace

EN = Texts("en")

pytestmark = pytest.mark.asyncio(loop_scope="module")

PASSED = "all checks passed"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def acme() -> AsyncIterator[Acme]:
    """Set up for OpenID Connect, plus an access key; its certificate is not attached yet, so the step stays open."""
    async with ProofPlace() as place:
        one = Acme(place, await place.begin())
        one.provers = cycle([place.ana, place.bruno])
        await one.is_approved("oidc")
        await one.support_registers()
        yield one
        assert place.secrets


def claims_only_what_it_read(said: str) -> None:
    """Nothing that could not be read is said to be as it was approved, nor to differ."""
    assert (EN("check.approved") in said) == (f"{EN('check.organization')} – passed" in said), said
    assert f"{EN('check.programs')} – passed" in said or "Program “" not in said, said


async def passes(acme: Acme, method: Method = "basic") -> None:
    """A fresh token proves the access."""
    said = await acme.proves(await acme.token(method))
    assert PASSED in said, said


# -- what TLS refuses


@dataclass(frozen=True)
class Certified:
    """``brings`` a fault into the bot's or the sandbox's certificates; ``words`` name it."""

    words: str
    brings: Callable[[Acme], None]


def given(fault: ClientFault) -> Callable[[Acme], None]:
    return lambda acme: acme.place.sandbox.give_certificate(fault)


CERTIFIED = {
    "client certificate expired": Certified("Expired on", given("expired")),
    "client certificate not yet valid": Certified("Valid only from", given("not yet valid")),
    "client certificate of another authority": Certified(
        EN("proof.handshake_certificate_unknown_authority"), given("other authority")
    ),
    "client certificate revoked": Certified(EN("proof.handshake_certificate_revoked"), given("revoked")),
    "client certificate revoked while connected": Certified("as revoked", lambda acme: acme.place.sandbox.revoke_certificate()),
    "server certificate not trusted": Certified(
        EN("proof.handshake_server_not_trusted"), lambda acme: acme.place.sandbox.give_authority(Authority("Other"))
    ),
}


@pytest.mark.parametrize("fault", CERTIFIED)
async def test_fault_in_tls(acme: Acme, fault: str) -> None:
    certified, sandbox = CERTIFIED[fault], acme.place.sandbox
    token = await acme.token()
    calls = len(acme.pismo.calls)
    certified.brings(acme)
    said = await acme.proves(token)
    assert certified.words in said, said
    claims_only_what_it_read(said)
    assert PASSED not in said
    assert len(acme.pismo.calls) == calls
    sandbox.give_authority()
    sandbox.give_certificate()
    await passes(acme)


async def test_without_a_client_certificate_the_handshake_says_so(acme: Acme) -> None:
    token, ca = await acme.token(), acme.place.sandbox.settings["PISMO_CA_FILE"]
    calls = len(acme.pismo.calls)
    async with Pismo(acme.pismo.url, tls=ClientTls(ca=ca), attempts=1) as without:
        checks = Checks(without, Expected(org_id=acme.org_id), datetime.now(UTC))
        await checks.run(SecretStr(token))
    told = {line["check"]: (line["outcome"], line["reason"]) for line in checks.lines}
    assert told["certificate"] == ("skipped", "certificate_none")
    assert told["handshake"] == ("failed", "handshake_certificate_missing")
    assert (told["programs"], len(acme.pismo.calls)) == (("skipped", "earlier_failed"), calls)
    await passes(acme)


# -- faults in the JWT that a customer signs: Pismo says 401, and the form says why


@dataclass(frozen=True)
class Signed:
    """``makes`` the faulty one; ``refusal`` is the sandbox's own note of what it rejected; ``words`` name it to the customer."""

    refusal: str
    words: str
    makes: Callable[[Acme], str]


def signs(**how: Any) -> Callable[[Acme], str]:
    return lambda acme: acme.machine.signer.assertion(acme.org_id, **how)


def by_another_key(acme: Acme) -> str:
    return replace(acme.machine.signer, key=rsa_key()).assertion(acme.org_id)


def for_another_customer(acme: Acme) -> str:
    return acme.machine.signer.assertion(acme.pismo.create_org({"official_name": "Blue Coop"}))


SIGNED = {
    "wrong key": Signed("signature", EN("error.jwt_signature"), by_another_key),
    "wrong iss": Signed("iss", "“iss” is “x”", signs(iss="x")),
    "wrong sub": Signed("sub", "“sub” is “x”", signs(sub="x")),
    "wrong aud": Signed("aud", "“aud” is “x”", signs(aud="x")),
    "aud as a list": Signed("aud", "“aud” must be a single text", signs(aud=["https://audience.example"])),
    "lifetime too long": Signed("lifetime", EN("error.jwt_lifetime", lifetime="7,200", maximum="3,600"), signs(lifetime=7200)),
    "clock ahead": Signed("iat in the future", "in the future: your machine's clock is fast", signs(begins=600)),
    "expired JWT": Signed("expired", "The token expired", signs(begins=-7200)),
    "alg none": Signed("alg", "“alg” is none", signs(algorithm="none")),
    "alg HS256": Signed("alg", "“alg” is HS256", signs(algorithm="HS256")),
    "tenant_id missing": Signed("claim missing", "“tenant_id” is missing", signs(tenant_id=None)),
    "org ID of another customer": Signed("signature", "Use your org ID:", for_another_customer),
    "unknown org": Signed("unknown org", "Use your org ID:", signs(tenant_id="TN-00000000-0000-4000-8000-000000000000")),
    "JWT cut in two": Signed("malformed", EN("error.jwt_cut"), lambda acme: signs()(acme)[:120]),
}


@pytest.mark.parametrize("fault", SIGNED)
async def test_fault_in_the_signed_jwt(acme: Acme, fault: str) -> None:
    signed = SIGNED[fault]
    faulty = signed.makes(acme)
    with pytest.raises(PermissionError, match="401 Invalid credentials"):
        await acme.token("oidc", token=faulty)
    assert acme.pismo.calls[-1].refusal == signed.refusal
    assert signed.words in await acme.check_refuses(faulty)
    mended = acme.machine.signer.assertion(acme.org_id)
    await acme.check_takes(mended)
    assert PASSED in await acme.proves(await acme.token("oidc", token=mended))


# -- what Pismo says about a token


@dataclass(frozen=True)
class Refused:
    """``brings`` arranges the fault and returns the token to paste; ``words`` name it; ``mends`` removes it."""

    words: str
    brings: Callable[[Acme], str | None]
    mends: Callable[[Acme], Any] = lambda _: None


def of_another_customer(acme: Acme) -> str:
    return acme.pismo.mint_token(acme.pismo.create_org({"official_name": "Blue Coop"}))


def revoked(acme: Acme) -> str:
    token = acme.pismo.mint_token(acme.org_id)
    acme.pismo.revoke_token(token)
    return token


def of_a_revoked_key(acme: Acme) -> None:
    acme.pismo.revoke_access_key(acme.machine.access_key[0])


def gets_another_key(acme: Acme) -> None:
    acme.machine.access_key = acme.pismo.mint_access_key(acme.org_id)


def of_a_revoked_public_key(acme: Acme) -> str:
    acme.pismo.revoke_public_keys(acme.org_id)
    return acme.machine.signer.assertion(acme.org_id)


def is_registered_anew(acme: Acme) -> None:
    signer = acme.machine.signer
    acme.pismo.world.org(acme.org_id).registrations.clear()
    acme.pismo.register_public_key(acme.org_id, signer.public_key, signer.iss, signer.sub, signer.aud)


def of_production(acme: Acme) -> str:
    production = acme.place.sandbox.production
    return production.mint_token(production.create_org({"official_name": "Acme"}))


def deleted(acme: Acme) -> None:
    acme.hidden = acme.pismo.world.orgs.pop(acme.org_id.casefold())


def found_again(acme: Acme) -> None:
    acme.pismo.world.orgs[acme.org_id.casefold()] = acme.hidden


def without_programs(acme: Acme) -> None:
    org = acme.pismo.world.org(acme.org_id)
    acme.hidden = replace(org, programs=list(org.programs))
    org.programs.clear()


def with_programs(acme: Acme) -> None:
    acme.pismo.world.org(acme.org_id).programs.extend(acme.hidden.programs)


def fails(kind: Any, path: str = "*", seconds: float | None = None) -> Callable[[Acme], None]:
    def brings(acme: Acme) -> None:
        acme.pismo.faults.add(path, kind, times=100, seconds=seconds)

    return brings


def clear(acme: Acme) -> None:
    acme.pismo.faults.clear()


UNCOVERED = EN("proof.forbidden")
PISMO_FAULTS = {
    "expired token": Refused("expired", lambda acme: acme.pismo.mint_token(acme.org_id, -60)),
    "revoked token": Refused("401", revoked),
    "revoked key": Refused("401", of_a_revoked_key, gets_another_key),
    "revoked public key": Refused("this key is active in Control Center", of_a_revoked_public_key, is_registered_anew),
    "token of another environment": Refused(EN("proof.tenant_differs"), of_production),
    "token of another customer": Refused(EN("proof.tenant_differs"), of_another_customer),
    "403 on programs": Refused(UNCOVERED, lambda acme: acme.pismo.forbid("programs"), lambda acme: acme.pismo.allow("programs")),
    "403 on the organization": Refused(UNCOVERED, lambda acme: acme.pismo.forbid("orgs"), lambda acme: acme.pismo.allow("orgs")),
    "no program yet": Refused("Usually, this means the organization has no program yet", without_programs, with_programs),
    "unknown organization": Refused("can't find this organization", deleted, found_again),
    "429": Refused("didn't respond", fails("429"), clear),
    "500": Refused("didn't respond", fails("5xx"), clear),
    "gateway's 502": Refused("didn't respond", fails("gateway"), clear),
    "slow": Refused("didn't respond", fails("slow", seconds=5), clear),
    "dropped": Refused("didn't respond", fails("drop_before"), clear),
}


@pytest.mark.parametrize("fault", PISMO_FAULTS)
async def test_fault_at_pismo(acme: Acme, fault: str) -> None:
    refused = PISMO_FAULTS[fault]
    token = await acme.token()
    said = await acme.proves(refused.brings(acme) or token)
    assert refused.words in said, said
    assert PASSED not in said
    claims_only_what_it_read(said)
    refused.mends(acme)
    await passes(acme, "oidc" if "public" in fault else "basic")


# -- production


async def test_production_is_proved_with_its_own_key_and_token(acme: Acme) -> None:
    production, signer = acme.place.sandbox.production, acme.machine.signer
    await passes(acme)
    await acme.support_does("attach_certificate", {"certificate": acme.machine.certificate})
    await acme.opens_production(key="another", public_key=public_pem(rsa_key()))
    calls = len(production.calls)
    said = await acme.proves(signer.assertion(acme.org_id), "production")
    assert tells(said, wording("error.jwt_key_of_test")), said
    assert len(production.calls) == calls
    said = await acme.proves(await acme.token(), "production")
    assert "Pismo rejected the token (401)" in said, said
    acme.exists_in(production)
    calls = len(acme.pismo.calls)
    said = await acme.proves(production.mint_token(acme.org_id), "production")
    assert PASSED in said, said
    assert "Production" in said
    assert len(acme.pismo.calls) == calls  # of test
