"""A certificate is renewed after the onboarding's end: support records it where it was warned about the old one."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from bot.messages.buttons import Act, ButtonValue
from playground.acts import SUBJECT
from playground.pismo.authority import Authority, new_key, signing_request
from playground.walkthrough import action_id
from tests.bot.workplace import STEPS, Workplace
from tests.proof_place import STEP, Acme

TASK = "attach_certificate"
RENEW = "Record a renewed certificate"


@pytest.fixture
async def acme() -> AsyncIterator[Acme]:
    """Everything is proven, the onboarding closed."""
    async with Workplace() as place:
        one = Acme(place, await place.begin())
        await one.is_approved()
        await one.support_does(TASK, {"certificate": one.machine.certificate})
        await one.proves(one.pismo.mint_token(one.org_id))
        await one.closes()
        yield one


def renewed(ends: timedelta) -> str:
    """For new keys, valid until then."""
    begins = timedelta(days=-2)
    return Authority().issue(signing_request(new_key(), **SUBJECT), begins=begins, lifetime=ends - begins)


async def test_support_records_the_renewal_after_the_end(acme: Acme) -> None:
    review = acme.journey.lasting("review", STEP)
    assert RENEW in review.text
    over = renewed(timedelta(days=-1))
    assert "expired on" in await acme.support_is_refused(STEP, TASK, {"certificate": over})
    lasts = renewed(timedelta(days=900))
    await acme.support_sends(STEP, TASK, {"certificate": lasts})
    until = (datetime.now(UTC) + timedelta(days=900)).date().isoformat()
    assert f"A renewed certificate is recorded. It is valid until {until}." in acme.said
    assert "Closed by" in acme.journey.lasting("card", "").text
    async with acme.place.bot.store.read() as unit:
        assert [expiry.last_day.isoformat() for expiry in await unit.expiries()] == [until]


async def test_nothing_else_of_it_is_done_after_the_end(acme: Acme) -> None:
    place, review = acme.place, acme.journey.lasting("review", STEP)
    offered = [task.id for task in STEPS[STEP].tasks if action_id(review.blocks, Act.TASK, task.id)]
    assert offered == [TASK]
    for task in STEPS[STEP].tasks:
        if task.id != TASK:
            value = ButtonValue(onboarding=acme.onboarding, step=STEP, task=task.id)
            await place.press(place.sam, place.support, Act.TASK, value)
            await place.bot.background.drain()
            assert "was closed by" in place.answers(place.sam)[-1]
    told = lambda: "A renewed certificate is recorded." in acme.said  # noqa: E731
    await acme.journey.task(place.sam, "review", STEP, TASK, {"certificate": renewed(timedelta(days=900))}, told)


async def test_the_customer_renews_nothing_by_themselves(acme: Acme) -> None:
    place, value = acme.place, ButtonValue(onboarding=acme.onboarding, step=STEP, task=TASK)
    await place.press(place.ana, place.acme, Act.TASK, value)
    await place.bot.background.drain()
    assert "Only Pismo's support can do this" in place.answers(place.ana)[-1]
