"""Companies in the customer's channel that are neither the customer nor Pismo: refused at the start, told of later, never let in."""

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from bot.messages.buttons import Act, ButtonValue
from bot.messages.texts import table
from bot.modals.parse import field_name
from flows.desk import Need
from flows.model import Snapshot
from playground.slack import Message, SlackPerson, Team
from playground.slack.screen import tells
from playground.walkthrough import action_id, ready
from playground.walkthrough import said as wording
from tests.bot.workplace import Workplace

pytestmark = pytest.mark.asyncio(loop_scope="module")
WORDS = table("en")


def third(office: Workplace) -> tuple[Team, SlackPerson]:
    team = office.slack.add_team("Third Party")
    return team, office.slack.add_person("Uli", team)


def warnings(office: Workplace, person: SlackPerson) -> list[Message]:
    return [message for message in office.support.messages if f"<@{person.id}>" in json.dumps(message.blocks)]


def card(office: Workplace) -> str:
    return json.dumps(office.journey.lasting("card").blocks)


async def companies(office: Workplace, onboarding: str) -> list[str]:
    found: Snapshot = await office.snapshot(onboarding)
    return [company.team_id for company in found.companies]


async def test_somebody_of_a_third_company_is_told_of_named_and_accepted_and_opens_nothing(
    office: Workplace, onboarding: str
) -> None:
    team, uli = third(office)
    office.slack.invite(uli, office.acme)
    await office.settled()
    (warning,) = warnings(office, uli)
    assert team.id in json.dumps(warning.blocks)
    assert await office.leads_to(onboarding, Need.COMPANY) == {(warning.ts, "")}
    assert f"<@{uli.id}>" in card(office)
    assert office.answers(uli) == []
    await office.press(uli, office.acme, Act.OPEN_FORM, ButtonValue(onboarding=onboarding, step="planning"))
    await office.bot.background.drain()
    assert WORDS["refused.not_in_onboarding"] in office.answers(uli)[-1]
    assert uli.view is None
    home = await uli.open_home()
    assert home is not None
    assert onboarding not in json.dumps(home.data)
    await office.press(uli, office.acme, Act.ACCEPT_COMPANY, ButtonValue(onboarding=onboarding, item=team.id))
    await office.settled()
    assert f"<@{uli.id}>" in card(office)

    accept = action_id(warning.blocks, Act.ACCEPT_COMPANY)
    assert (await office.sam.click(warning, action_id=accept)).ok
    await office.settled()
    assert f"<@{uli.id}>" not in card(office)
    (company,) = (await office.snapshot(onboarding)).companies
    assert company.accepted_by == office.sam.id
    await office.kim.click(warning, action_id=accept)
    await office.settled()
    assert f"<@{office.sam.id}> já aceitou" in office.answers(office.kim)[-1]
    await office.send(onboarding, "planning")
    assert await office.state(onboarding, "planning") == "submitted"


async def test_a_company_is_named_until_all_of_it_has_left(office: Workplace, onboarding: str) -> None:
    team, uli = third(office)
    other = office.slack.add_person("Vera", team)
    office.slack.share(office.acme, team)
    await office.settled()
    assert team.id in card(office)
    assert tells(office.journey.lasting("card").text, wording("card.third_company"))
    for person in (uli, other):
        office.slack.invite(person, office.acme)
    await office.settled()
    assert await companies(office, onboarding) == [team.id]
    office.slack.remove(uli, office.acme)
    await office.settled()
    assert await companies(office, onboarding) == [team.id]
    office.slack.unshare(office.acme, team)
    await office.settled()
    assert await companies(office, onboarding) == []
    assert team.id not in card(office)
    assert not tells(office.journey.lasting("card").text, wording("card.third_company"))
    assert (await office.snapshot(onboarding)).onboarding.severed_at is None


async def test_an_organization_and_its_people_are_one_company(office: Workplace, onboarding: str) -> None:
    team, uli = third(office)
    organization = replace(team, enterprise="E0THIRD")
    office.slack.share(office.acme, organization)
    await office.settled()
    office.slack.invite(uli, office.acme)
    await office.settled()
    assert await companies(office, onboarding) == ["E0THIRD"]
    assert f"<@{uli.id}>" in card(office)
    office.acme.members.remove(uli.id)
    office.slack.unshare(office.acme, organization)
    await office.settled()
    assert await companies(office, onboarding) == []


async def test_people_who_went_with_their_organization_are_no_longer_named(office: Workplace, onboarding: str) -> None:
    team, uli = third(office)
    organization = replace(team, enterprise="E0THIRD")
    office.slack.invite(uli, office.acme)
    await office.settled()
    office.slack.share(office.acme, organization)
    await office.settled()
    office.acme.members.remove(uli.id)
    office.slack.unshare(office.acme, organization)
    await office.settled()
    assert await companies(office, onboarding) == []


async def test_an_organization_beside_guests_is_a_third_company(office: Workplace) -> None:
    pismo = office.slack.world.teams[0]
    gus = office.slack.add_person("Gus", pismo, restricted=True)
    office.acme = office.slack.add_channel("gus_pismo", pismo, [office.sam, gus])
    onboarding = await office.begin(office.acme, gus, "Gus's Bank")
    organization = replace(office.slack.add_team("Third Party"), enterprise="E0THIRD")
    office.slack.share(office.acme, organization)
    await office.settled()
    assert await companies(office, onboarding) == ["E0THIRD"]
    office.slack.unshare(office.acme, organization)
    await office.settled()
    assert await companies(office, onboarding) == []
    assert (await office.snapshot(onboarding)).onboarding.severed_at is None


async def test_somebody_whom_slack_cannot_describe_is_known_by_the_event(office: Workplace, onboarding: str) -> None:
    team, uli = third(office)
    office.slack.faults.add("users.info", "5xx", times=None)
    office.slack.invite(uli, office.acme)
    await office.slack.until(lambda: warnings(office, uli))
    office.slack.faults.clear()
    assert await companies(office, onboarding) == [team.id]


async def test_those_who_were_there_before_are_found_once_it_has_started(office: Workplace, onboarding: str) -> None:
    _, uli = third(office)
    office.new_channel().members.append(uli.id)
    await office.begin()
    assert len(warnings(office, uli)) == 1


@pytest.mark.parametrize("by", ["connection", "person"])
async def test_a_start_is_refused_at_the_field_and_goes_on_once_they_have_left(office: Workplace, by: str) -> None:
    team, uli = third(office)
    channel = office.new_channel()
    if by == "connection":
        channel.shared_with.append(team)
    else:
        channel.members.append(uli.id)
    said = await started(office)
    assert team.id in said["channel"]
    assert ("uli" in said["channel"]) == (by == "person")
    channel.shared_with = [office.slack.world.teams[1]]
    channel.members = [one for one in channel.members if one != uli.id]
    assert await started(office) == {}
    await office.settled()
    assert "Acme Bank" in card(office)


async def test_a_start_among_guests_is_refused_beside_any_organization(office: Workplace) -> None:
    pismo = office.slack.world.teams[0]
    gil = office.slack.add_person("Gil", pismo, restricted=True)
    organization = replace(office.slack.add_team("Third Party"), enterprise="E0THIRD")
    office.acme = office.slack.add_channel("gil_pismo", pismo, [office.sam, gil], shared_with=[organization])
    assert "E0THIRD" in (await started(office, gil))["channel"]
    office.acme.shared_with.clear()
    assert await started(office, gil) == {}


async def test_a_start_waits_until_slack_has_said_who_everybody_is(office: Workplace) -> None:
    _, uli = third(office)
    vic = office.slack.add_person("Vic", office.slack.world.teams[0])
    channel = office.new_channel()

    def come() -> None:
        channel.members += [vic.id, uli.id]
        office.slack.faults.add("users.info", "429", times=2)

    said = await started(office, before_sending=come)
    assert "Slack" in said["channel"]
    assert "uli" in (await started(office))["channel"]
    office.slack.remove(uli, channel)
    assert await started(office) == {}


async def test_guests_of_another_customer_are_strangers_at_the_start_and_later(office: Workplace) -> None:
    slack, pismo = office.slack, office.slack.world.teams[0]
    gina, nora = (slack.add_person(name, pismo, restricted=True) for name in ("Gina", "Nora"))
    office.acme = slack.add_channel("gina_pismo", pismo, [office.sam, gina])
    await office.begin(office.acme, gina, "Gina's Bank")
    office.acme = slack.add_channel("nora_pismo", pismo, [office.sam, nora, gina])
    said = await started(office, nora)
    assert "Gina" in said["channel"]
    slack.remove(gina, office.acme)
    onboarding = await office.begin(office.acme, nora, "Nora's Bank")
    slack.invite(gina, office.acme)
    await office.settled()
    assert len(warnings(office, gina)) == 1
    home = await gina.open_home()
    assert home is not None
    assert onboarding not in json.dumps(home.data)


async def test_a_member_of_the_workspace_who_leads_two_customers_makes_their_guests_no_colleagues(office: Workplace) -> None:
    """Only the guests of one customer's two onboardings are colleagues in both."""
    slack, pismo = office.slack, office.slack.world.teams[0]
    gwen = slack.add_person("Gwen", pismo, restricted=True)
    office.acme = slack.add_channel("one_pismo", pismo, [office.sam, office.pat, gwen])
    theirs = await office.begin(office.acme, office.pat, "Bank One")
    office.acme = slack.add_channel("two_pismo", pismo, [office.sam, office.pat])
    other = await office.begin(office.acme, office.pat, "Bank Two")
    slack.invite(gwen, office.acme)
    await office.settled()
    assert len(warnings(office, gwen)) == 1
    home = await gwen.open_home()
    assert home is not None
    assert (theirs in json.dumps(home.data), other in json.dumps(home.data)) == (True, False)
    office.acme = slack.add_channel("three_pismo", pismo, [office.sam, office.pat, gwen])
    assert "Bank One" in (await started(office, office.pat, "Bank Three"))["channel"]
    assert await started(office, office.pat, "BANK ONE") == {}
    await office.settled()
    async with office.bot.store.read() as unit:
        again = await unit.by_channel(office.acme.id)
    assert again is not None
    colleagues = (await office.snapshot(again.id)).members
    assert gwen.id in {one.user_id for one in colleagues}
    slack.remove(gwen, office.acme)
    slack.invite(gwen, office.acme)
    await office.settled()
    assert len(warnings(office, gwen)) == 1


async def started(
    office: Workplace, lead: SlackPerson | None = None, customer: str = "", before_sending: Callable[[], None] = lambda: None
) -> dict[str, str]:
    """What `/onboarding start` says beside its fields; empty if it started, in spite of others with the customer's name."""
    office.sam.user.stack.clear()
    await office.sam.command("/onboarding start", office.acme)
    view = await office.slack.until(lambda: office.sam.view if ready(office.sam.view) else None)
    people = {"lead": lead or office.ana, "owner": office.sam}
    values = {
        "customer": customer or f"Acme Bank {office.acme.id}",
        "channel": office.acme.id,
        "language": "en",
        "go_live": "2099-01-15",
        **people,
    }
    await office.journey.type_in(office.sam, view, values)
    before_sending()
    if not (await office.sam.submit()).closed and not view.errors:
        await office.sam.fill({WORDS["field.start.same_name.label"]: [WORDS["choice.same_name.yes"]]})
        await office.sam.submit()
    said = {field_name(block): text for block, text in view.errors.items()}
    office.sam.user.stack.clear()
    return said
