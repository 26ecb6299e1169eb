"""Where the platform differs from the approved organization: corrected with the customer's token, or accepted with a reason."""

import base64
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
import pytest_asyncio
from pydantic import SecretStr

from bot.jobs.proof_checks import Checks
from bot.messages.texts import Texts
from flows.checks.claims import Expected, check_access_token
from pismo.client import Pismo
from tests.proof_place import STEP, Acme, ProofPlace

pytestmark = pytest.mark.asyncio(loop_scope="module")

EN = Texts("en")
PASSED = "all checks passed"
CITY, CORRECTIONS = EN("check.detail", field=EN("field.organization.city.label")), EN("check.corrections")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def place() -> AsyncIterator[ProofPlace]:
    async with ProofPlace() as place:
        yield place


@pytest_asyncio.fixture(loop_scope="module")
async def acme(place: ProofPlace) -> AsyncIterator[Acme]:
    """Everything is set up for OpenID Connect; only the proof is left."""
    one = Acme(place, await place.begin())
    await one.is_approved("oidc")
    await one.support_sets_up("oidc")
    yield one
    await one.closes()


async def settles(acme: Acme, **answers: Any) -> None:
    await acme.place.do(acme.onboarding, STEP, "settle_organization", answers)


async def test_support_picks_what_is_corrected_and_accepts_the_rest_with_a_reason(acme: Acme) -> None:
    approved = (await acme.place.snapshot(acme.onboarding)).submissions["organization"][0].answers
    acme.pismo.edit_org(acme.org_id, {"city": "Elsewhere", "neighborhood": "Another"})
    await acme.proves(await acme.token("oidc"))
    for side in ("step", "review"):
        told = "\n".join(message.text for message in acme.journey.thread(side, STEP))
        assert EN("say.proof_differs", environment=EN("environment.test")) in told
        assert f"{CITY} – differs. {EN('proof.value_differs', ours='São Paulo', theirs='Elsewhere')}" in told
    assert await acme.place.state(acme.onboarding, STEP) == "fulfilling"
    await settles(acme, send=["city"], reason="The new neighbourhood was told by telephone.")
    assert await acme.place.state(acme.onboarding, STEP) == "fulfilling"
    acme.pismo.faults.add("/orgs-core/v1/orgs", "5xx")
    said = await acme.proves(await acme.token("oidc"))
    assert f"{CORRECTIONS} – passed. {EN('proof.corrected', n=1, count=1)}" in said
    assert f"{EN('outcome.accepted')}. {EN('proof.value_differs', ours='Bela Vista', theirs='Another')}" in said
    assert CITY not in said
    assert PASSED in said
    details = acme.pismo.world.org(acme.org_id).details
    assert (details["city"], details["neighborhood"]) == (approved["city"], "Another")
    assert await acme.place.state(acme.onboarding, STEP) == "done"


async def test_a_correction_that_pismo_forbids_can_be_accepted_instead(acme: Acme) -> None:
    acme.pismo.edit_org(acme.org_id, {"city": "Elsewhere"})
    await acme.proves(await acme.token("oidc"))
    await settles(acme, send=["city"])
    acme.pismo.forbid("orgs")
    said = await acme.proves(await acme.token("oidc"))
    assert EN("proof.details_same") not in said  # it could not be read
    assert f"{CORRECTIONS} – failed. {EN('proof.forbidden')}" in said
    acme.pismo.allow("orgs")
    await settles(acme, reason="Pismo keeps the city of the register.")
    assert PASSED in await acme.proves(await acme.token("oidc"))
    assert await acme.place.state(acme.onboarding, STEP) == "done"


async def test_nothing_of_another_organization_is_changed_by_a_token_that_does_not_say_whose_it_is(acme: Acme) -> None:
    acme.pismo.edit_org(acme.org_id, {"city": "Elsewhere"})
    await acme.proves(await acme.token("oidc"))
    await settles(acme, send=["city"])
    other = acme.pismo.create_org({"official_name": "Blue Coop", "city": "Olinda"})
    acme.pismo.world.silent_tokens = True
    patches = [call.method for call in acme.pismo.calls].count("PATCH")
    assert PASSED not in await acme.proves(acme.pismo.mint_token(other))
    assert [call.method for call in acme.pismo.calls].count("PATCH") == patches
    assert acme.pismo.world.org(other).details["city"] == "Olinda"
    said = await acme.proves(acme.pismo.mint_token(acme.org_id))
    acme.pismo.world.silent_tokens = False
    assert f"{EN('check.tenant')} – passed" in said
    assert f"{CORRECTIONS} – passed" in said


async def test_an_organization_of_another_id_ends_the_proof() -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.method)
        if request.url.path.startswith("/orgs"):
            return httpx.Response(200, json={"id": "TN-OTHER", "official_name": "Blue Coop"})
        return httpx.Response(200, json={"current_page": 1, "per_page": 1, "pages": 1, "total_items": 0, "items": []})

    expected = Expected(org_id="TN-OURS")
    async with Pismo("https://pismo.example", transport=httpx.MockTransport(answer)) as pismo:
        checks = Checks(pismo, expected, datetime.now(UTC), {"city": "Recife"})
        await checks.run(SecretStr("an-opaque-access-token"))
    assert asked == ["GET"]  # how many programs another organization has is nobody's business
    outcomes = {line["check"]: line["outcome"] for line in checks.lines}
    assert (outcomes["tenant"], outcomes["programs"]) == ("failed", "skipped")
    assert checks.organization is None


async def test_where_nothing_tells_whose_token_it_is_no_programs_are_counted() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.startswith("/orgs"):
            return httpx.Response(403, json={"message": "Forbidden"})
        return httpx.Response(200, json={"current_page": 1, "per_page": 1, "pages": 1, "total_items": 5, "items": []})

    async with Pismo("https://pismo.example", transport=httpx.MockTransport(answer)) as pismo:
        checks = Checks(pismo, Expected(org_id="TN-OURS"), datetime.now(UTC))
        await checks.run(SecretStr("an-opaque-access-token"))
    told = {line["check"]: (line["outcome"], line["reason"], line["params"]) for line in checks.lines}
    assert told["programs"] == ("skipped", "tenant_unknown", {})
    assert told["organization"][:2] == ("failed", "forbidden_unnamed")
    assert checks.programs is None


@pytest.mark.parametrize(("seconds", "outcome"), [(-2, "passed"), (-20, "failed")])
async def test_a_clock_that_is_a_few_seconds_off_ends_no_token(seconds: int, outcome: str) -> None:
    """As where a token is looked at before it is used."""
    now = datetime.now(UTC)
    claims = {"exp": int(now.timestamp()) + seconds, "tenant": "TN-OURS"}
    parts = [base64.urlsafe_b64encode(json.dumps(one).encode()).decode().rstrip("=") for one in ({"alg": "HS512"}, claims)]
    token = ".".join([*parts, "c2lnbmF0dXJl"])
    async with Pismo("https://pismo.example", transport=httpx.MockTransport(lambda _: httpx.Response(401))) as pismo:
        checks = Checks(pismo, Expected(org_id="TN-OURS"), now)
        await checks.run(SecretStr(token))
    assert next(line["outcome"] for line in checks.lines if line["check"] == "token") == outcome
    assert (check_access_token(token, Expected(org_id="TN-OURS"), now) == []) is (outcome == "passed")
