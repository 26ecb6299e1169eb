"""A passed proof of access reads in Control Center's audit who has signed on: their accesses are confirmed, and nobody is named."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from bot.messages.texts import Texts
from playground.slack.screen import tells
from playground.walkthrough import said as wording
from storage.export import export
from tests.bot.workplace import Workplace
from tests.proof_place import STEP, Acme

EN = Texts("en")
SIGN_INS = EN("check.sign_ons")

pytestmark = pytest.mark.asyncio(loop_scope="module")

PEOPLE, PASSED = "control_center", "all checks passed"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def acme() -> AsyncIterator[Acme]:
    """Only the pair isn't handed over yet, so that authentication stays open."""
    async with Workplace() as place:
        one = Acme(place, await place.begin())
        await one.gets_an_organization()
        await place.send(one.onboarding, STEP, method="basic", mtls="pismo_pair")
        await place.approve(one.onboarding, STEP, place.sam, place.kim)
        await place.send(one.onboarding, PEOPLE)
        await place.approve(one.onboarding, PEOPLE)
        yield one


async def grants(acme: Acme, resource: str = "control_center_test") -> dict[str, str]:
    """State by address."""
    snapshot = await acme.place.snapshot(acme.onboarding)
    return {grant.email: grant.state for grant in snapshot.grants if grant.resource == resource}


async def proves(acme: Acme) -> str:
    return await acme.proves(acme.pismo.mint_token(acme.org_id))


def signs_on(acme: Acme, email: str, action: str = "login", code: int = 200) -> None:
    acme.pismo.add_audit(acme.org_id, action, "user", "1", email, code)


async def test_who_signs_on_is_confirmed(acme: Acme) -> None:
    place = acme.place
    first, second = await grants(acme)
    assert SIGN_INS not in await proves(acme)  # nobody is invited yet
    calls = len(acme.pismo.calls)
    await place.do(acme.onboarding, PEOPLE, "send_invitations", {"grants": ["*"]})

    signs_on(acme, "somebody.else@bank.example")
    signs_on(acme, first, action="create")
    signs_on(acme, first, code=401)
    said = await proves(acme)
    assert f"{SIGN_INS} – note. {EN('proof.signed_on', count=0, of=2)}" in said
    assert PASSED in said

    acme.pismo.forbid("audit")
    signs_on(acme, first.upper())
    said = await proves(acme)
    assert f"{SIGN_INS} – {EN('outcome.skipped')}. {EN('proof.sign_ons_forbidden')}" in said
    assert PASSED in said
    acme.pismo.allow("audit")
    acme.pismo.faults.add("/audit-api", "5xx")
    said = await proves(acme)
    assert f"{SIGN_INS} – {EN('outcome.skipped')}. {EN('proof.sign_ons_away')}" in said
    assert PASSED in said
    assert set((await grants(acme)).values()) == {"invited"}

    said = await proves(acme)
    assert f"{SIGN_INS} – note. {EN('proof.signed_on', count=1, of=2)}" in said
    assert await grants(acme) == {first: "confirmed", second: "invited"}
    assert set((await grants(acme, "control_center_production")).values()) == {"invited"}
    told = [message.text for message in acme.journey.thread("step", PEOPLE)]
    assert tells(told[-1], wording("task.control_center.confirm_access.done"))
    await place.do(acme.onboarding, PEOPLE, "confirm_access", {"grants": ["*"]}, place.ana)
    assert SIGN_INS not in await proves(acme)  # everybody is in
    assert await place.state(acme.onboarding, PEOPLE) == "done"

    threads = [
        message.text for step in (STEP, PEOPLE) for side in ("step", "review") for message in acme.journey.thread(side, step)
    ]
    assert first not in "\n".join(threads[1:])
    assert all(first not in str(call) for call in acme.pismo.calls[calls:])
    events = (await export(place.bot.store, acme.onboarding)).json
    assert '"task:control_center.confirm_access:done"' in events
