"""Who is told that their code expires, what support is offered once it has, and what the customer reads of who has access."""

import re
from datetime import timedelta

import pytest

from bot.messages.blocks import actions, button
from bot.messages.buttons import Act, ButtonValue
from flows.cases import remind
from flows.cases.case import Case
from flows.outbox import Nudge
from playground.slack import Message
from tests.bot.workplace import Workplace

pytestmark = pytest.mark.asyncio(loop_scope="module")

STEP = "control_center"
LIST = (
    "Carla Dias; carla@bank.example; Admin, API keys approver; test; Portuguese\n"
    "Ana; ana@bank.example; Admin; test; English\nDora Reis; dora@bank.example; Auditor; test; English"
)


async def invited(office: Workplace, people: str = LIST) -> str:
    """Carla Dias, of the customer, is in its channel under that name; invitations went out."""
    pismo, acme = office.slack.world.teams[:2]
    carla = office.slack.add_person("Carla Dias", acme)
    there = [office.sam, office.ana, office.bruno, carla]
    office.acme = office.slack.add_channel("acme_pismo", pismo, there, shared_with=[acme])
    onboarding = await office.begin()
    await office.send(onboarding, STEP, people=people)
    await office.approve(onboarding, STEP)
    await office.do(onboarding, STEP, "send_invitations", {"grants": ["*"]})
    return onboarding


def thread(office: Workplace, kind: str) -> list[Message]:
    return office.journey.thread(kind, STEP)


async def nudge(office: Workplace, onboarding: str) -> list[str]:
    """What is posted in the customer's thread."""

    def ask(case: Case) -> None:
        case.ask(Nudge(step=STEP, grants=tuple(grant.id for grant in case.snapshot.grants)))

    before = len(thread(office, "step"))
    await office.act(onboarding, ask)
    await office.settled()
    return [message.text for message in thread(office, "step")[before:]]


async def test_the_invited_are_told_where_they_are_known_by_name_else_the_lead(office: Workplace) -> None:
    onboarding = await invited(office)
    carla = next(one for one in office.slack.people.values() if one.name == "Carla Dias" and one.id in office.acme.members)
    (said,) = await nudge(office, onboarding)
    assert said.startswith(f"<@{carla.id}> <@{office.ana.id}>\n3 invitation codes expire")
    assert "[I'm in]" in said
    await office.tidy()


async def test_nobody_is_told_of_what_they_have_done_meanwhile(office: Workplace) -> None:
    onboarding = await invited(office, LIST.splitlines()[2] + "\n" + LIST.splitlines()[1])
    grants = (await office.snapshot(onboarding)).grants
    (dora,) = [grant.id for grant in grants if grant.email == "dora@bank.example"]
    await office.do(onboarding, STEP, "confirm_access", {"grants": [dora]}, office.ana)
    (said,) = await nudge(office, onboarding)
    assert said.startswith(f"<@{office.ana.id}>\nAn invitation code expires")
    await office.do(onboarding, STEP, "confirm_access", {"grants": ["*"]}, office.ana)
    assert await nudge(office, onboarding) == []
    await office.tidy()


async def test_support_is_offered_to_send_an_expired_invitation_again(office: Workplace) -> None:
    onboarding = await invited(office)

    def lapse(case: Case) -> None:
        for grant in case.snapshot.grants:
            grant.expires_at = case.now - timedelta(hours=1)
        remind.expire(case)

    await office.act(onboarding, lapse)
    await office.settled()
    told = thread(office, "review")[-1]
    assert "3 invitation codes expired" in told.text
    await office.sam.click(told, action_id=Act.TASK)
    await office.bot.background.drain()
    assert office.sam.view is not None
    await office.journey.type_in(office.sam, office.sam.view, {"grants": "*"})
    assert (await office.sam.submit()).closed
    assert {grant.state for grant in (await office.snapshot(onboarding)).grants} == {"invited"}
    await office.tidy()


async def test_the_customer_reads_who_has_access_and_nobody_else_does(office: Workplace) -> None:
    onboarding = await invited(office)
    await office.send(onboarding, "environments", test_users="dev@bank.example", production_users="ops@bank.example")
    await office.approve(onboarding, "environments")
    await office.do(onboarding, "environments", "grant_access", {"grants": ["*"]})
    card = office.journey.lasting("card")
    assert "[View access matrix]" in card.text
    await office.bruno.click(card, action_id=Act.MATRIX)
    await office.bot.background.drain()
    read = office.answers(office.bruno)[-1]
    lines = ["dev@bank.example", "ops@bank.example", "carla@bank.example", "ana@bank.example", "dora@bank.example"]
    table = read[read.index(lines[0]) :]  # below what expires within a day, in words
    assert sorted(lines, key=table.index) == lines  # as the steps and their forms have them
    assert "Test environment: granted" in read
    assert "carla@bank.example: Control Center, test (23 hours)" in read
    assert re.search("Control Center, test: invited, expires: .+, Admin, API keys approver", table)
    answers = [message for message in office.acme.messages if message.ephemeral_to == office.bruno.id]
    turns = actions(button("Next page", Act.MATRIX_PAGE, ButtonValue(onboarding=onboarding, slot=1)))
    answers[-1].blocks = [{**turns, "block_id": "turns"}]
    await office.bruno.click(answers[-1], action_id=Act.MATRIX_PAGE)
    await office.bot.background.drain()
    assert [message for message in office.acme.messages if message.ephemeral_to == office.bruno.id] == answers
    assert office.answers(office.bruno)[-1] == read  # in its place; there is but one page by now
    before = len(office.answers(office.olga))
    await office.press(office.olga, office.acme, Act.MATRIX, ButtonValue(onboarding=onboarding))
    await office.bot.background.drain()
    (refused,) = office.answers(office.olga)[before:]
    assert "bank.example" not in refused
    await office.tidy()
