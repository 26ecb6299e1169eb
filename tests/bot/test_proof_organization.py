"""The organization as it was approved: what differs on the platform is corrected with the customer's token, or accepted with a reason."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from tests.proof_place import STEP, Acme, ProofPlace

pytestmark = pytest.mark.asyncio(loop_scope="module")

PASSED = "all checks passed"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def place() -> AsyncIterator[ProofPlace]:
    async with ProofPlace() as place:
        yield place


@pytest_asyncio.fixture(loop_scope="module")
async def acme(place: ProofPlace) -> AsyncIterator[Acme]:
    """All is set up for OpenID Connect; the proof alone is left."""
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
    assert "approved São Paulo, on the platform Elsewhere" in "\n".join(
        message.text for message in acme.journey.thread("review", STEP)
    )
    assert await acme.place.state(acme.onboarding, STEP) == "fulfilling"
    await settles(acme, send=["city"], reason="The new neighbourhood was told by telephone.")
    assert await acme.place.state(acme.onboarding, STEP) == "fulfilling"
    acme.pismo.faults.add("/orgs-core/v1/orgs", "5xx")
    said = await acme.proves(await acme.token("oidc"))
    assert "Corrections sent: passed. 1 details of the organization were corrected." in said
    details = acme.pismo.world.org(acme.org_id).details
    assert (details["city"], details["neighborhood"]) == (approved["city"], "Another")
    assert await acme.place.state(acme.onboarding, STEP) == "done"


async def test_a_correction_that_pismo_forbids_can_be_accepted_instead(acme: Acme) -> None:
    acme.pismo.edit_org(acme.org_id, {"city": "Elsewhere"})
    await acme.proves(await acme.token("oidc"))
    await settles(acme, send=["city"])
    acme.pismo.forbid("orgs")
    said = await acme.proves(await acme.token("oidc"))
    assert "Corrections sent: failed. The token works, but its permission group" in said
    acme.pismo.allow("orgs")
    await settles(acme, reason="Pismo keeps the city of the register.")
    assert PASSED in await acme.proves(await acme.token("oidc"))
    assert await acme.place.state(acme.onboarding, STEP) == "done"
