"""The proof of access with no address for production and Pismo over plain HTTP; also after the step is done."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from bot.messages.texts import Texts
from playground.slack.screen import tells
from playground.walkthrough import said as wording
from tests.bot.workplace import Workplace
from tests.proof_place import STEP, Acme

PT = Texts("pt_BR")

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def plain() -> AsyncIterator[Acme]:
    """Pismo over plain HTTP, and no production."""
    async with Workplace() as place:
        one = Acme(place, await place.begin(language="pt_BR"))
        await one.gets_an_organization()
        await place.send(one.onboarding, STEP, method="basic", mtls="pismo_pair")
        await place.approve(one.onboarding, STEP, place.sam, place.kim)
        yield one


async def is_done(plain: Acme) -> None:
    """Support hands over the pair, if it hasn't yet."""
    if await plain.place.state(plain.onboarding, STEP) != "done":
        await plain.place.do(plain.onboarding, STEP, "hand_over_pair", {})
    assert await plain.place.state(plain.onboarding, STEP) == "done"


async def test_without_an_address_nothing_is_proved_in_production(plain: Acme) -> None:
    said = await plain.proves(plain.pismo.mint_token(plain.org_id))
    assert said.startswith(f"✓ {PT('say.proof_passed', environment=PT('environment.test'))}")
    assert f"{PT('check.certificate')} – não verificado. {PT('proof.certificate_none')}" in said
    assert f"{PT('check.handshake')} – não verificado. {PT('proof.handshake_no_tls')}" in said
    await is_done(plain)
    await plain.opens_production()
    calls = len(plain.pismo.calls)
    said = await plain.proves(plain.pismo.mint_token(plain.org_id), "production")
    assert said.startswith(f"– {PT('say.proof_skipped', environment=PT('environment.production'))}")
    assert said.count(f"não verificado. {PT('proof.no_address')}") == 6
    assert len(plain.pismo.calls) == calls


async def test_access_is_proved_again_after_the_step_is_done(plain: Acme) -> None:
    await plain.proves(plain.pismo.mint_token(plain.org_id))
    await is_done(plain)
    said = await plain.proves(plain.pismo.mint_token(plain.org_id, -60))
    assert "Acesso não verificado" in said
    assert await plain.place.state(plain.onboarding, STEP) == "done"
    assert tells(await plain.proves(plain.pismo.mint_token(plain.org_id)), wording("say.proof_passed"))
