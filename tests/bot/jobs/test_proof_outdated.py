"""The authentication changes while a proof of access is running: that proof doesn't count, and its token is forgotten."""

from collections.abc import AsyncIterator

import pytest

from bot.messages.buttons import Act
from playground.slack.screen import tells
from playground.walkthrough import action_id, ready
from playground.walkthrough import said as wording
from tests.bot.workplace import ENDLESS, Workplace
from tests.proof_place import STEP, Acme

PASSED, OUTDATED = "all checks passed", wording("task.authentication.prove_access.outdated")


@pytest.fixture
async def acme() -> AsyncIterator[Acme]:
    """All is set up except the proof."""
    async with Workplace(patience=ENDLESS) as place:
        one = Acme(place, await place.begin())
        await one.gets_an_organization()
        await place.send(one.onboarding, STEP, method="basic", mtls="pismo_pair")
        await place.approve(one.onboarding, STEP, place.sam, place.kim)
        await place.do(one.onboarding, STEP, "hand_over_pair", {})
        yield one


async def begins_to_prove(acme: Acme, token: str) -> None:
    """Ana pastes a token and submits it while Pismo is down: the bot keeps retrying."""
    place, ana = acme.place, acme.place.ana
    place.secrets.append(token)
    met = acme.pismo.faults.add("*", "5xx", times=1_000_000).met
    step = acme.journey.lasting("step", STEP)
    name = action_id(step.blocks, Act.TASK, "prove_access")
    assert name is not None
    await ana.click(step, action_id=name)
    await place.slack.until(lambda: ready(ana.view))
    assert ana.view is not None
    await acme.journey.type_in(ana, ana.view, {"environment": "test", "token": token})
    assert (await ana.submit()).ok
    await place.slack.until(met.is_set)


async def test_a_change_while_it_runs_asks_for_a_proof_of_the_change(acme: Acme) -> None:
    place = acme.place
    await begins_to_prove(acme, acme.pismo.mint_token(acme.org_id))
    await place.send(acme.onboarding, STEP, method="oauth2", mtls="pismo_pair")
    acme.pismo.faults.clear()
    told = [message.text for message in acme.journey.thread("step", STEP) if tells(message.text, OUTDATED)]
    assert len(told) == 1
    assert f"<@{place.ana.id}>" in told[0]
    assert place.bot.tokens == {}
    await place.approve(acme.onboarding, STEP, place.sam, place.kim)
    assert PASSED not in acme.said
    assert await place.state(acme.onboarding, STEP) == "fulfilling"
    assert PASSED in await acme.proves(acme.pismo.mint_token(acme.org_id))
    assert await place.state(acme.onboarding, STEP) == "done"
