"""Whom support can choose to lead, to have a step, or to take over, of all kinds of people; and what is said of all others."""

from collections.abc import AsyncIterator, Mapping

import pytest
import pytest_asyncio

from bot.messages.buttons import Act
from bot.messages.texts import Texts
from playground.slack import Channel
from playground.slack.forms import field_named
from playground.walkthrough import action_id, ready
from tests.bot.workplace import Workplace, who

pytestmark = pytest.mark.asyncio(loop_scope="module")
EN = Texts("en")
DIALOGS: Mapping[str, tuple[str, str]] = {
    "start": ("start", "lead"),
    "change": ("change", "lead"),
    "hand-over": ("hand_over", "successor"),
    "assign": ("assign", "person"),
}
"""By command: the form, and the field with the person."""


def label(verb: str) -> str:
    form, name = DIALOGS[verb]
    own = f"field.{form}.{name}.label"
    return EN(own if EN.has(own) else f"field.start.{name}.label")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def office() -> AsyncIterator[Workplace]:
    """In Acme's channel are all kinds of people; beside it, onboardings that Gus, a guest, and Rui, a member, take part in. Both companies
    are on Enterprise Grid, each with another workspace."""
    async with Workplace() as place:
        slack = place.slack
        for team, enterprise in zip(list(slack.world.teams[:2]), ("E0PISMO", "E0ACME"), strict=True):
            place.join_grid(team, enterprise)
        pismo, acme, _ = slack.world.teams
        third, labs, cards = (slack.add_team(name) for name in ("Elsewhere", "Pismo Labs", "Acme Cards"))
        found = {
            "single": slack.add_person("Sally", pismo, ultra_restricted=True),
            "multi": slack.add_person("Mo", pismo, restricted=True),
            "gone": slack.add_person("Leo", acme),
            "third": slack.add_person("Uli", third),
            "of_two": slack.add_person("Rui", pismo),
            "labs": slack.add_person("Iris", labs),
            "cards": slack.add_person("Otto", cards),
        }
        for person in found.values():
            slack.invite(person, place.acme)
        found["gone"].user.deleted = True
        place.join_grid(labs, "E0PISMO")
        place.join_grid(cards, "E0ACME")
        await place.restart()
        guests = slack.add_channel("guests_pismo", pismo, [place.sam, place.gus])
        await place.begin(guests, place.gus, "Guest Credit")
        await place.begin(slack.add_channel("rui_pismo", pismo, [place.sam, found["of_two"]]), found["of_two"], "Rui's Bank")
        slack.invite(place.gus, place.acme)
        yield place


@pytest_asyncio.fixture(autouse=True, loop_scope="module")
async def acme(office: Workplace) -> AsyncIterator[str]:
    onboarding = await office.begin()
    yield onboarding
    await office.tidy()
    await office.close(onboarding)
    await office.settled()


async def asked(office: Workplace, verb: str, channel: Channel | None = None) -> None:
    office.sam.user.stack.clear()
    await office.sam.command(f"/onboarding {verb}", channel or office.acme)
    await office.slack.until(lambda: ready(office.sam.view))


async def chosen(office: Workplace, verb: str, user_id: str) -> str:
    """What stands at the field once somebody is sent who may be in no list by now; empty if the form closes."""
    assert office.sam.view is not None
    field = field_named(office.sam.view.blocks, label(verb))
    block_id, action = field.place
    option = {"text": {"type": "plain_text", "text": user_id, "emoji": False}, "value": user_id}
    office.sam.view.inputs[block_id][action] = {"type": "external_select", "selected_option": option}
    outcome = await office.sam.submit()
    await office.settled()
    return " ".join(outcome.errors.values())


async def test_who_cannot_be_chosen_reads_why_and_who_can_has_it_then(office: Workplace, acme: str) -> None:
    people = office.everyone
    wrong: Mapping[str, tuple[str, str]] = {
        office.slack.bot_user_id: ("person_is_app", "person_is_app"),
        people["Leo"].id: ("person_deactivated", "person_deactivated"),
        people["Uli"].id: ("lead_of_another_company", "assignee_stranger"),
        people["Olga"].id: ("lead_of_another_company", "assignee_stranger"),
        people["Iris"].id: ("lead_of_another_workspace", "lead_of_another_workspace"),
        people["Otto"].id: ("lead_of_another_workspace", "lead_of_another_workspace"),
        people["Gus"].id: ("lead_of_another_customer", "lead_of_another_customer"),
    }
    for verb in ("assign", "hand-over", "change"):
        await asked(office, verb)
        if verb == "hand-over":
            await office.sam.fill({EN("field.hand_over.person.label"): office.ana.user.username})
        elif verb == "assign":
            await office.sam.fill({EN("field.assign.step.label"): EN("step.planning.title")})
        for user_id, (key, of_step) in wrong.items():
            said = await chosen(office, verb, user_id)
            expected = of_step if verb == "assign" else key
            name = next((person.user.username for person in people.values() if person.id == user_id), "")
            assert said == EN(f"error.{expected}", name=name, customer="Acme Bank", channel="acme_pismo"), (verb, user_id)
        if verb == "change":
            assert await chosen(office, verb, office.kim.id) == EN("error.lead_is_support")
        assert {"pat", "mo", "sally"} <= {*await office.sam.search(label(verb), "")}
        taken = {"assign": office.bruno, "hand-over": people["Rui"], "change": office.ana}[verb]  # Rui leads another customer too
        assert await chosen(office, verb, taken.id) == ""
        snapshot = await office.snapshot(acme)
        assert snapshot.lead() == who(people["Rui"] if verb == "hand-over" else office.ana)
    assert snapshot.steps["planning"].assignee_id == office.bruno.id
    card = office.journey.lasting("card")
    for name in ("Iris", "Otto", "Gus"):  # whom they see it with makes nobody the customer's
        await people[name].click(card, action_id=action_id(card.blocks, Act.OPEN_FORM))
        await office.settled()
        assert EN("refused.not_in_onboarding") in office.answers(people[name])[-1]


@pytest.mark.parametrize("name", ["Pat", "Sally"])
async def test_people_of_the_installing_workspace_lead_and_act_as_the_customer_s(office: Workplace, acme: str, name: str) -> None:
    person = office.everyone[name]
    await asked(office, "change")
    assert await chosen(office, "change", person.id) == ""
    snapshot = await office.snapshot(acme)
    assert snapshot.lead() == who(person)
    assert (snapshot.onboarding.team_id, snapshot.onboarding.pressed_at) == (office.ana.team_id, None)
    assert f"<@{person.id}>" in office.journey.lasting("card").text
    card = office.journey.lasting("card")
    for one in (person, office.ana):  # who led before goes on as a colleague
        await one.click(card, action_id=action_id(card.blocks, Act.OPEN_FORM))
        await office.slack.until(lambda one=one: ready(one.view))  # type: ignore[misc]
        await one.close()
    await office.settled()
    assert (await office.snapshot(acme)).onboarding.pressed_at is not None
    office.slack.remove(person, office.acme)
    office.slack.invite(person, office.acme)
    await office.settled()
    assert (await office.snapshot(acme)).lead() == who(person)


async def test_an_onboarding_starts_with_a_member_as_lead_where_the_company_is_and_where_there_is_none(office: Workplace) -> None:
    """A member who leads another customer, too."""
    (pismo, acme), rui = office.slack.world.teams[:2], office.everyone["Rui"]
    shared = office.slack.add_channel("more_pismo", pismo, [office.sam, rui, office.ana], shared_with=[acme])
    own = office.slack.add_channel("inner_pismo", pismo, [office.sam, rui])
    leo = office.everyone["Leo"]
    for channel, company, others in ((shared, acme.id, ["ana"]), (own, pismo.id, [])):
        await asked(office, "start", channel)
        assert [*await office.sam.search(label("start"), "")] == [*others, "rui"]
        await office.sam.fill({EN("field.start.customer.label"): f"Bank of {channel.name}"})
        for user_id, key in (
            (office.slack.bot_user_id, "person_is_app"),
            (leo.id, "person_deactivated"),
            (office.sam.id, "lead_is_support"),
            (office.bruno.id, "lead_not_in_channel"),
        ):
            assert await chosen(office, "start", user_id) == EN(f"error.{key}"), key
        for owner in (office.slack.bot_user_id, leo, office.pat, office.gus, office.ana, office.everyone["Uli"]):
            await office.sam.fill({EN("field.start.owner.label"): owner})
            assert await chosen(office, "start", rui.id) == EN("error.owner_not_support")
        await office.sam.fill({EN("field.start.owner.label"): office.kim})
        assert await chosen(office, "start", rui.id) == ""
        async with office.bot.store.read() as unit:
            found = await unit.by_channel(channel.id)
        assert found is not None
        assert found.team_id == company
        assert (await office.snapshot(found.id)).lead() == who(rui)
        await rui.click(channel.messages[0], action_id=action_id(channel.messages[0].blocks, Act.OPEN_FORM))
        await office.slack.until(lambda: ready(rui.view))
        await rui.close()
        await office.close(found.id)
