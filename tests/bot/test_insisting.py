"""The people of the playground repeat nothing that was acknowledged, so that its loss shows; what failed they do again."""

import asyncio

import pytest

from bot.messages.buttons import Act
from flows.model import Draft
from playground.acts import example
from playground.walkthrough import FormRefusedError, LostActError, Walkthrough, ready, said
from tests.bot.workplace import ENDLESS, Workplace

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_an_acknowledged_press_that_does_not_come_true_is_lost_and_not_repeated(office: Workplace, onboarding: str) -> None:
    await office.send(onboarding, "planning")
    office.patience = ENDLESS
    approved = lambda: office.journey.says("step", "planning", said("state.fulfilling"))  # noqa: E731
    before = len(office.slack.deliveries)
    office.slack.faults.add("*", "drop_before", times=None)
    with pytest.raises(LostActError, match="Sam pressed “Approve"):
        await Walkthrough(office, patience=0.5).approve(office.sam, "planning", approved)
    assert [sent.kind for sent in office.slack.deliveries[before:]] == ["block_actions"]
    office.slack.faults.clear()
    await office.slack.until(approved)


async def test_a_press_that_was_not_answered_is_repeated(office: Workplace, onboarding: str) -> None:
    await office.send(onboarding, "planning")
    before, looked = len(office.slack.deliveries), 0

    def approved() -> bool:
        nonlocal looked
        looked += 1
        return office.journey.says("step", "planning", said("state.fulfilling"))

    delivery, office.slack.courier.by = office.slack.courier.by, None
    pressing = asyncio.create_task(office.journey.approve(office.sam, "planning", approved))
    await office.slack.until(lambda: looked > 1)  # before the press and after it
    office.slack.courier.by = delivery
    await pressing
    assert [sent.kind for sent in office.slack.deliveries[before:] if sent.kind == "block_actions"] == ["block_actions"]


async def test_a_page_that_was_acknowledged_is_not_typed_again(office: Workplace, onboarding: str) -> None:
    await office.open_step(onboarding, "organization")
    await office.settled()
    people, values = Walkthrough(office, patience=5.0), example("organization")
    opens = people.opens(office.ana, lambda: people.lasting("step", "organization"), Act.OPEN_FORM)
    await people.fill_form(office.ana, opens, values, lambda: False, stop_at=2)
    async with office.bot.store.write() as unit:
        draft = await unit.get(Draft, f"{onboarding}:organization:")
        assert draft is not None
        await unit.delete(draft)
    with pytest.raises(FormRefusedError):
        await people.send_step(office.ana, "organization", values)
    assert ready(office.ana.view)
    await Walkthrough(office).send_step(office.ana, "organization", values)
