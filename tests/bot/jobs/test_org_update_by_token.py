"""A later revision of the organization is sent to Pismo with the customer's next token, instead of being typed in there by support."""

import pytest

from flows.cases import manage
from tests.proof_place import STEP, Acme, ProofPlace

pytestmark = pytest.mark.bot


async def test_another_legal_name_is_sent_with_a_token_and_then_the_step_is_done_again() -> None:
    async with ProofPlace() as place:
        acme = Acme(place, await place.begin())
        await acme.is_approved("oidc")
        await acme.support_sets_up("oidc")
        await acme.proves(await acme.token("oidc"))
        assert await place.state(acme.onboarding, STEP) == "done"
        await place.act(acme.onboarding, lambda case: manage.reopen(case, "organization", "It was renamed."), place.sam)
        await place.send(acme.onboarding, "organization", official_name="Example Holding S.A.", org_name="Example Bank")
        await place.approve(acme.onboarding, "organization")
        assert await place.state(acme.onboarding, "organization") == "fulfilling"

        await acme.proves(await acme.token("oidc"))  # finds the difference
        assert await place.state(acme.onboarding, "organization") == "fulfilling"
        assert "settle_organization" in str(acme.journey.lasting("review", STEP).blocks)
        await place.do(acme.onboarding, STEP, "settle_organization", {"send": ["official_name"]})
        said = await acme.proves(await acme.token("oidc"))
        assert "Corrections sent – passed." in said
        assert acme.pismo.world.org(acme.org_id).details["official_name"] == "Example Holding S.A."
        assert await place.state(acme.onboarding, "organization") == "done"
        assert "update_organization" not in str(acme.journey.lasting("review", "organization").blocks)
