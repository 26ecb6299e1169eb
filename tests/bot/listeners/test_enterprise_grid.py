"""Companies on Enterprise Grid: clicks name the organization instead of the home team, commands name both."""

import pytest

from bot.messages.buttons import Act
from bot.messages.texts import table
from playground.acts import example
from playground.walkthrough import action_id, said
from tests.bot.workplace import Workplace

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_support_and_a_customer_on_grid_work_as_others_do(office: Workplace, onboarding: str) -> None:
    for team, enterprise in zip(list(office.slack.world.teams[:2]), ("E0PISMO", "E0ACME"), strict=True):
        office.join_grid(team, enterprise)
    await office.restart()
    status = await office.sam.command("/onboarding status", office.support)
    await office.slack.until(lambda: "Acme Bank" in status.text)
    await office.journey.send_step(office.ana, "planning", example("planning"))
    await office.journey.approve(
        office.sam, "planning", lambda: office.journey.says("step", "planning", said("state.fulfilling"))
    )
    assert await office.state(onboarding, "planning") == "fulfilling"


async def test_another_organization_s_name_opens_nothing(office: Workplace, onboarding: str) -> None:
    office.join_grid(office.slack.world.teams[2], office.slack.world.teams[0].enterprise)
    office.acme.members.append(office.olga.id)
    before = office.rows()
    await office.olga.click(office.journey.lasting("step", "planning"), action_id=_open(office))
    await office.settled()
    assert office.olga.view is None
    assert office.rows() == before
    assert table("en")["refused.not_in_onboarding"] in office.answers(office.olga)[-1]


def _open(office: Workplace) -> str:
    name = action_id(office.journey.lasting("step", "planning").blocks, Act.OPEN_FORM)
    assert name is not None
    return name
