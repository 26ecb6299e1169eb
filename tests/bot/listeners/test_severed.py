"""Once the customer's channel is severed, the former customer sees and opens nothing; shared again with them, all goes on."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.messages.buttons import Act, ButtonValue
from bot.messages.texts import table
from flows.cases import members
from flows.cases.case import Case
from playground.slack.payloads import actions_on_view, on_submission
from playground.slack.screen import tells
from playground.walkthrough import ready, said
from tests.bot.workplace import Workplace, who

pytestmark = pytest.mark.asyncio(loop_scope="module")

POLITE = table("en")["refused.not_shared"]


async def severed(office: Workplace, onboarding: str) -> bool:
    return (await office.snapshot(onboarding)).onboarding.severed_at is not None


async def sever(office: Workplace, onboarding: str) -> None:
    office.slack.sever(office.acme)
    await office.slack.until(lambda: severed(office, onboarding))
    await office.settled()


async def test_every_way_in_is_shut_and_opens_again(office: Workplace, onboarding: str) -> None:
    home = await office.ana.open_home()
    assert home is not None
    assert onboarding in json.dumps(home.data)
    step = ButtonValue(onboarding=onboarding, step="planning")
    await office.press(office.ana, office.acme, Act.OPEN_FORM, step)
    await office.slack.until(lambda: ready(office.ana.view))
    form = office.ana.view
    assert form is not None
    await sever(office, onboarding)
    before = office.rows()

    # an App Home that was open
    assert office.ana.home is not None
    assert onboarding not in json.dumps(office.ana.home.data)
    again = await office.ana.open_home()
    assert again is not None
    assert onboarding not in json.dumps(again.data)

    # a window that was open, and searches in it
    sent = await office.deliver(office.ana, on_submission(office.slack, "view_submission", office.ana.user, form))
    assert POLITE in json.dumps(sent.body, ensure_ascii=False)
    search = actions_on_view(office.slack, office.ana.user, form)
    search |= {"type": "block_suggestion", "block_id": "grants~grants", "action_id": "value", "value": ""}
    assert (await office.deliver(office.ana, search)).body == {"options": []}
    office.ana.user.stack.clear()

    # old buttons, of the lead's and of a colleague's
    for person in (office.ana, office.bruno):
        for act in (Act.OPEN_FORM, Act.SNOOZE, Act.STUCK):
            told = len(office.answers(person))
            await office.press(person, office.acme, act, step)
            await office.bot.background.drain()
            assert POLITE in office.answers(person)[told]
            assert "Acme Bank" not in office.answers(person)[told]
            assert not (person.view and person.view.data["callback_id"] != "message")
            person.user.stack.clear()
    assert office.rows() == before

    # Pismo's support goes on meanwhile, and so does the customer afterwards
    await office.press(office.sam, office.support, Act.OPEN_FORM, step)
    await office.slack.until(lambda: ready(office.sam.view))
    office.sam.user.stack.clear()
    office.slack.share(office.acme, office.slack.world.teams[1])
    office.acme.members += [office.ana.id, office.bruno.id]
    await office.settled()
    assert not await severed(office, onboarding)
    assert onboarding in json.dumps(office.ana.home.data)
    await office.press(office.bruno, office.acme, Act.OPEN_FORM, step)
    await office.slack.until(lambda: ready(office.bruno.view))
    office.bruno.user.stack.clear()


async def test_what_was_to_be_told_privately_is_not(office: Workplace, onboarding: str) -> None:
    carla = office.slack.add_person("Carla", office.slack.world.teams[1])
    await sever(office, onboarding)
    await office.act(onboarding, lambda case: members.join(case, who(carla), welcome=True))
    await office.act(onboarding, lambda case: case.tell(who(carla), "welcome", customer="Acme Bank"))
    await office.settled()
    assert office.answers(carla) == []


async def test_another_company_s_sharing_opens_nothing_to_the_former_customer(office: Workplace, onboarding: str) -> None:
    await sever(office, onboarding)
    office.slack.share(office.acme, office.slack.world.teams[2])
    await office.settled()
    assert await severed(office, onboarding)
    office.slack.share(office.acme, office.slack.world.teams[1])
    await office.settled()
    assert not await severed(office, onboarding)


async def test_a_closed_onboarding_is_shut_too(office: Workplace, onboarding: str) -> None:
    await office.close(onboarding)
    await office.settled()
    await sever(office, onboarding)
    await office.press(office.ana, office.acme, Act.OPEN_FORM, ButtonValue(onboarding=onboarding, step="planning"))
    await office.bot.background.drain()
    assert POLITE in office.answers(office.ana)[-1] + office.shown(office.ana)


@pytest.mark.parametrize("closed", [False, True])
async def test_answers_that_cannot_be_read_keep_no_former_customer_in(office: Workplace, onboarding: str, closed: bool) -> None:
    await office.send(onboarding, "planning")
    if closed:
        await office.close(onboarding)
    await office.settled()
    with office.damaged(onboarding, "submissions"):
        await sever(office, onboarding)
        home = await office.ana.open_home()
        assert home is not None
        assert onboarding not in json.dumps(home.data)
        assert tells((await office.sam.command("/onboarding export", office.acme)).text, said("status.export_comes"))
    office.slack.share(office.acme, office.slack.world.teams[1])
    office.acme.members.append(office.ana.id)
    await office.settled()
    assert not await severed(office, onboarding)


@pytest.mark.parametrize("tells", [True, False])
async def test_a_customer_on_grid_is_severed_and_shared_by_the_organization_s_id(
    office: Workplace, onboarding: str, tells: bool
) -> None:
    """``tells``: whether Slack names the organization of people from another company."""
    world, acme = office.slack.world, office.slack.world.teams[1]
    if tells:
        for user in world.users.values():
            user.team = replace(acme, enterprise="E0ACME") if user.team == acme else user.team
        await office.bot.people.fetch(office.ana.id, fresh=True)
    gone = {"type": "channel_unshared", "previously_connected_team_id": "E0ACME", "channel": office.acme.id}
    office.acme.shared_with = [world.teams[2]]  # which stays
    office.slack.emit(gone | {"is_ext_shared": True}, office.acme)  # while Slack's list of members is still older
    await office.slack.until(lambda: severed(office, onboarding))
    office.acme.members = [office.slack.bot_user_id, office.sam.id]
    office.acme.shared_with.append(replace(acme, enterprise="E0ACME"))
    back = {"type": "channel_shared", "connected_team_id": "E0ACME", "channel": office.acme.id}
    office.slack.emit(back, office.acme)
    await office.settled()
    assert await severed(office, onboarding) == (not tells)
    office.slack.invite(office.ana, office.acme)
    await office.settled()
    assert not await severed(office, onboarding)
    assert (await office.snapshot(onboarding)).companies == []
    for user in world.users.values():
        user.team = acme if user.team.id == acme.id else user.team
    await office.bot.people.fetch(office.ana.id, fresh=True)


@pytest.mark.parametrize("how", ["shared", "moved"])
async def test_an_organization_that_may_be_anybody_s_opens_nothing_to_the_former_customer(
    office: Workplace, onboarding: str, how: str
) -> None:
    await sever(office, onboarding)
    third = replace(office.slack.add_team("Third Party"), enterprise="E0THIRD")
    if how == "shared":
        office.slack.share(office.acme, third)
    else:
        office.acme.shared_with.append(third)
        office.slack.change_id(office.acme)
    await office.settled()
    assert await severed(office, onboarding)
    assert office.ana.home is None or onboarding not in json.dumps(office.ana.home.data)
    office.acme.shared_with.append(replace(office.slack.world.teams[1], enterprise="E0ACME"))
    office.slack.invite(office.ana, office.acme)  # the customer's people are there again
    await office.settled()
    assert not await severed(office, onboarding)


@pytest.mark.parametrize("present", [False, True])
async def test_an_organization_counts_as_the_customer_s_while_their_people_are_there(
    office: Workplace, onboarding: str, present: bool
) -> None:
    await sever(office, onboarding)

    def long_ago(case: Case) -> None:
        case.onboarding.severed_at = case.now - timedelta(hours=1)

    await office.act(onboarding, long_ago)
    office.acme.members += [office.ana.id] if present else []
    office.slack.share(office.acme, replace(office.slack.world.teams[1], enterprise="E0ACME"))
    await office.settled()
    assert await severed(office, onboarding) == (not present)


async def test_another_organization_that_leaves_does_not_shut_the_customer_out(office: Workplace, onboarding: str) -> None:
    acme = office.slack.world.teams[1]
    office.acme.shared_with = [replace(acme, enterprise="E0ACME")]
    gone = {"type": "channel_unshared", "previously_connected_team_id": "E0THIRD", "channel": office.acme.id}
    fault = office.slack.faults.add("conversations.members", "5xx")
    office.slack.emit(gone | {"is_ext_shared": True}, office.acme)
    await office.slack.until(lambda: fault.times == 0)
    await office.settled()
    await office.bot.events.handle_left()  # what Slack could not say is asked again
    async with office.bot.store.read() as unit:
        assert not await unit.unhandled()
    assert not await severed(office, onboarding)
