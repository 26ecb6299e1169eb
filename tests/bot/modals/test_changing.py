"""Support changes what an onboarding was started with, and hands over what one person has to another."""

import json
from datetime import date

import pytest

from bot.jobs.sweeps import Sweeps
from bot.messages.buttons import Act
from bot.messages.texts import Texts
from flows.cases.case import Case
from flows.outbox import Escalate, FollowMembers, Remind
from playground.walkthrough import action_id
from tests.bot.workplace import Workplace, who

EN = Texts("en")

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def errors(office: Workplace, **values: object) -> str:
    """What stands at the fields of Sam's window once these are sent; nothing if it closes."""
    await office.sam.fill(values)
    outcome = await office.sam.submit()
    await office.settled()
    return " ".join((outcome.errors or outcome.client_errors or {}).values())


async def test_people_and_dates_change_and_each_reads_what_concerns_them(office: Workplace, onboarding: str) -> None:
    sam, bruno, kim = office.sam, office.bruno, office.kim
    other = await office.begin(office.blue, office.olga, "Blue Coop")
    await sam.command("/onboarding change", channel=office.acme)
    await office.slack.until(lambda: sam.view is not None)
    await sam.fill(
        {
            EN("field.start.customer.label"): "Blue Coop",
            EN("field.start.lead.label"): bruno.user.username,
            "Target go-live date": "2020-01-01",
        }
    )
    assert "in the past" in await errors(office)
    assert await errors(office, **{"Target go-live date": "2099-05-04"}) == ""
    assert f"named Blue Coop: <#{office.blue.id}>" in office.shown(sam)
    values = {
        EN("field.start.customer.label"): "Acme Pay",
        EN("field.start.owner.label"): kim.user.username,
        EN("field.start.language.label"): "Portuguese (Brazil)",
    }
    assert await errors(office, **values) == ""
    found = (await office.snapshot(onboarding)).onboarding
    assert (found.customer, found.lead_id, found.owner_id, found.language) == ("Acme Pay", bruno.id, kim.id, "pt_BR")
    assert found.go_live == date(2099, 5, 4)
    said = [message.text for message in office.acme.messages if not message.thread_ts]
    assert any(f"<@{bruno.id}>" in text and "responsável" in text for text in said)
    assert any("Acme Pay" in text and "Acme Bank" in text for text in said)
    assert "Onboarding de Acme Pay" in json.dumps(office.journey.lasting("card").blocks, ensure_ascii=False)
    assert any(f"<@{kim.id}>" in message.text for message in office.support.messages)
    late = Remind(where="customer", user=office.ana.id, steps=("planning",))  # it waited for Slack meanwhile
    await office.act(onboarding, lambda case: case.ask(late))
    await office.settled()
    assert office.acme.messages[-1].text.startswith(Texts("pt_BR")("reminder.turn_customer", n=1, user=f"<@{bruno.id}>"))
    for one in (onboarding, other):
        await office.close(one)


async def test_who_left_is_told_once_and_another_chosen_from_the_card_has_all_they_had(
    office: Workplace, onboarding: str
) -> None:
    slack, sam, ana, bruno = office.slack, office.sam, office.ana, office.bruno
    office.acme.members.remove(ana.id)  # and no event tells of it: the next comparison does
    await office.act(onboarding, lambda case: case.ask(FollowMembers()))
    await office.settled()
    card = next(message for message in reversed(office.support.messages) if f"<@{ana.id}>" in message.text)
    await sam.click(card, action_id=action_id(card.blocks, Act.HAND_OVER))
    await slack.until(lambda: sam.view is not None)
    assert EN("error.other_side") in await errors(office, **{EN("field.hand_over.successor.label"): sam.user.username})
    assert await errors(office, **{EN("field.hand_over.successor.label"): bruno.user.username}) == ""
    assert (await office.snapshot(onboarding)).onboarding.lead_id == bruno.id
    assert f"now <@{bruno.id}>, chosen by <@{sam.id}>" in card.text
    assert action_id(card.blocks, Act.HAND_OVER) is None
    slack.invite(ana, office.acme)
    await office.settled()


async def test_whose_account_is_gone_is_gone_everywhere_and_one_takes_over_all(office: Workplace, onboarding: str) -> None:
    slack, sam, kim = office.slack, office.sam, office.kim
    other = await office.begin(office.blue, office.olga, "Blue Coop")

    def give(case: Case) -> None:
        case.onboarding.owner_id = kim.id

    for one in (onboarding, other):
        await office.act(one, give, sam)
    for person in (kim, office.olga):
        slack.deactivate(person)
    await office.settled()
    sweeps, is_gone = Sweeps(office.bot.store, office.bot.cases), office.bot.support_people.is_gone
    for _ in range(2):
        await sweeps.follow_support(is_gone)
        await office.settled()
    cards = [message for message in office.support.messages if f"<@{kim.id}> is no longer in Pismo support" in message.text]
    assert len(cards) == 2
    slow = Escalate(where="support", step="planning", user=office.ana.id, count=3, since=0)
    await office.act(onboarding, lambda case: case.ask(slow))
    await office.act(onboarding, lambda case: case.say("support", "planning", "skip_unwanted", call=[kim.id], by=sam.id))
    await office.settled()
    (escalated,) = [message for message in office.support.messages if message.text.startswith("Everyone, Acme")]
    (said,) = [message for message in office.support.messages if "your latest plan" in message.text]
    assert (escalated.thread_ts, said.thread_ts is not None, said.broadcast) == (None, True, True)
    await sam.click(cards[0], action_id=action_id(cards[0].blocks, Act.HAND_OVER))
    await slack.until(lambda: sam.view is not None)
    values = {EN("field.hand_over.successor.label"): sam.user.username, "Other customers": ["Hand over in all open onboardings"]}
    before = len(office.support.messages)
    assert await errors(office, **values) == ""
    (told,) = [message.text for message in office.support.messages[before:]]
    assert told.startswith(f"<@{sam.id}>, <@{sam.id}> handed over to you everything <@{kim.id}> had in support, for 2 customers.")
    assert "Acme Bank" in told
    assert "Blue Coop" in told
    for channel in (office.acme, office.blue):
        assert channel.messages[-1].text == EN("say.contact_changed", contact="sam")
    for one in (onboarding, other):
        snapshot = await office.snapshot(one)
        assert snapshot.onboarding.owner_id == who(sam).user_id
        assert all(call.answered_at for call in snapshot.calls if call.user_id == kim.id)
    assert [call.kind for call in snapshot.calls if call.answered_at is None] == ["lead_left"]  # Olga's
    assert all(f"now <@{sam.id}>" in message.text for message in cards)
    await office.close(other)
    for person, channel in ((kim, office.support), (office.olga, office.blue)):  # for those who come after
        person.user.deleted = False
        slack.invite(person, channel)
    await office.bot.people.fetch(kim.id, fresh=True)
    await office.bot.support_people.refresh()
