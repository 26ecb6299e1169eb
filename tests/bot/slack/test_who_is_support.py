"""Who belongs to support at which moment: whoever leaves is out at once, and a hundred members hold nobody up."""

import json
import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from bot.app import build
from bot.messages.buttons import Act, ButtonValue
from bot.messages.texts import table
from bot.slack.client import SlackError
from flows.cases import manage
from playground.slack import SlackPerson
from tests.bot.workplace import Workplace, who

pytestmark = pytest.mark.asyncio(loop_scope="module")

REFUSED = table("en")["own.for_support"].format(verb="queue")


@pytest_asyncio.fixture(loop_scope="module")
async def rita(office: Workplace) -> AsyncIterator[SlackPerson]:
    """One more of support."""
    rita = office.slack.add_person("Rita", office.slack.world.teams[0])
    office.slack.invite(rita, office.support)
    await office.slack.until(lambda: who(rita) in office.bot.cases.access.support)
    yield rita
    office.slack.faults.clear()
    if rita.id in office.support.members:
        office.slack.remove(rita, office.support)
    await office.settled()


async def may(office: Workplace, person: SlackPerson) -> bool:
    return REFUSED not in (await person.command("/onboarding queue", office.support)).text


async def test_who_leaves_is_no_longer_support_whatever_slack_says_of_people(office: Workplace, rita: SlackPerson) -> None:
    assert await may(office, rita)
    office.slack.faults.add("users.info", "5xx", times=None)
    office.slack.remove(rita, office.support)
    await office.settled()
    assert not await may(office, rita)
    await office.restart()
    assert not await may(office, rita)
    assert await may(office, office.sam)
    office.slack.faults.clear()
    office.slack.invite(rita, office.support)
    await office.settled()
    assert await may(office, rita)


async def test_a_guest_who_reads_along_is_noticed(office: Workplace) -> None:
    gus = office.slack.add_person("Gus", office.slack.world.teams[0], restricted=True)
    office.slack.invite(gus, office.support)
    await office.slack.until(lambda: "read all answers of all customers: 1" in office.bot.notices().get("support_channel", ""))
    assert office.bot.ready() == {}
    office.slack.remove(gus, office.support)
    await office.slack.until(lambda: office.bot.notices() == {})


async def test_an_answer_from_before_brings_nobody_back(office: Workplace, rita: SlackPerson) -> None:
    office.slack.remove(rita, office.support)
    await office.settled()
    office.support.members.append(rita.id)  # Slack's lists lag behind its events
    await office.bot.support_people.refresh()
    assert not await may(office, rita)
    office.support.members.remove(rita.id)
    office.slack.invite(rita, office.support)
    await office.settled()
    await office.bot.support_people.refresh()
    assert await may(office, rita)


async def test_who_left_has_no_more_customers_in_their_app_home(office: Workplace, onboarding: str, rita: SlackPerson) -> None:
    home = await rita.open_home()
    assert home is not None
    assert "Acme Bank" in json.dumps(home.data)
    office.slack.remove(rita, office.support)
    await office.slack.until(lambda: rita.home and "Acme Bank" not in json.dumps(rita.home.data))
    await office.settled()
    shown = len(office.answers(rita))
    await office.press(rita, office.support, Act.CLAIM, ButtonValue(onboarding=onboarding, step="planning"))
    await office.bot.background.drain()
    assert table("en")["refused.not_in_onboarding"] in office.answers(rita)[shown]


async def test_an_export_does_not_reach_who_left_meanwhile(office: Workplace, onboarding: str, rita: SlackPerson) -> None:
    office.slack.remove(rita, office.support)
    await office.settled()
    await office.act(onboarding, manage.export, rita)
    await office.settled()
    assert not [channel for channel in office.slack.world.channels.values() if channel.im == rita.id and channel.messages]


async def test_one_profile_that_fails_leaves_the_others_in_peace(office: Workplace, rita: SlackPerson) -> None:
    members = list(office.support.members)
    new = [office.slack.add_person(name, office.slack.world.teams[0]) for name in ("Tia", "Uma")]
    office.support.members += [person.id for person in new]
    office.slack.faults.add("users.info", "team_access_not_granted")
    await office.bot.support_people.refresh()
    await office.slack.until(lambda: {who(person) for person in new} & office.bot.cases.access.support)
    for known in (office.sam, rita):
        assert await may(office, known)
    office.support.members[:] = members
    await office.bot.support_people.refresh()
    assert not {who(person) for person in new} & office.bot.cases.access.support


async def test_a_crowd_is_ready_at_slack_s_pace_and_whoever_acts_is_asked_for_first(office: Workplace) -> None:
    pismo, members = office.slack.world.teams[0], list(office.support.members)
    crowd = [office.slack.add_person(f"Agent {number}", pismo) for number in range(130)]
    office.support.members += [person.id for person in crowd]
    office.slack.faults.limit("users.info", 10, 60.0)
    await office.restart()
    assert {who(office.sam), who(office.kim)} <= office.bot.cases.access.support  # known from the store
    late = next(person for person in crowd if who(person) not in office.bot.cases.access.support)
    assert not await may(office, late)  # nobody knows yet whether they are a guest
    office.slack.faults.clear()
    await office.slack.until(lambda: may(office, late))
    office.support.members[:] = members
    await office.restart()  # its client still keeps to the limit that it ran into
    assert not await may(office, late)


async def test_a_user_group_s_changes_count_at_once(office: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    group = office.slack.add_usergroup([office.sam, office.kim])
    settings = office.settings().model_copy(update={"support_usergroup": group})
    with monkeypatch.context() as configured:
        configured.setattr(office, "settings", lambda: settings)
        await office.restart()
    assert await may(office, office.sam)
    office.slack.faults.add("users.info", "5xx", times=None)
    office.slack.change_usergroup(group, [office.kim])
    await office.settled()
    assert not await may(office, office.sam)
    office.slack.change_usergroup(group, [office.kim, office.sam])
    await office.settled()
    assert await may(office, office.sam)  # known from before
    office.slack.faults.clear()
    await office.restart()


async def test_a_scope_that_was_not_granted_is_named_at_the_start(office: Workplace, caplog: pytest.LogCaptureFixture) -> None:
    group = office.slack.add_usergroup([office.sam])
    settings = office.settings().model_copy(update={"support_usergroup": group})
    other = build(settings, office.rules, adapters=office.adapters())
    await other.adapters.slack.start()
    office.slack.scopes.remove("usergroups:read")
    try:
        for _ in range(2):
            with pytest.raises(SlackError):
                await other.support_people.refresh()
        assert other.ready()["slack"] == "usergroups.users.list: missing_scope (usergroups:read); run: pismo-onboarding check"
        assert other.support_people.faults() == [("missing_scope", "usergroups:read")]
        assert [getattr(record, "scope", "") for record in caplog.records if record.levelname == "ERROR"] == ["usergroups:read"]
        office.slack.scopes.add("usergroups:read")
        await other.support_people.refresh()
        assert "slack" not in other.ready()
        assert who(office.sam) in other.cases.access.support
    finally:
        office.slack.scopes.add("usergroups:read")
        await other.stop()


async def test_what_another_process_was_told_counts(
    office: Workplace, onboarding: str, rita: SlackPerson, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Several processes share one store: what is drawn and sent to somebody goes by it too."""
    monkeypatch.setattr(type(office.bot.store), "one_writer", False)
    other = build(office.settings(), office.rules, adapters=office.adapters())
    await other.support_people.load()
    try:
        await office.bot.store.transact(lambda unit: other.support_people.left(unit, rita.id, time.time()))
        assert who(rita) in office.bot.cases.access.support
        home = await rita.open_home()
        assert home is not None
        assert "Acme Bank" not in json.dumps(home.data)
        assert not await may(office, rita)

        office.bot.cases.access.support |= {who(rita)}
        await office.act(onboarding, manage.export, rita)
        await office.settled()
        assert not [channel for channel in office.slack.world.channels.values() if channel.im == rita.id and channel.messages]
        assert not await may(office, rita)
    finally:
        await other.stop()


async def test_an_app_home_that_slack_took_long_for_is_not_the_last(
    office: Workplace, onboarding: str, rita: SlackPerson
) -> None:
    assert await rita.open_home()
    slow = office.slack.faults.add("views.publish", "slow", seconds=0.5)
    office.slack.emit({"type": "app_home_opened", "user": rita.id, "tab": "home"})
    await office.slack.until(lambda: slow.times == 0)
    office.slack.remove(rita, office.support)
    await office.settled()
    assert rita.home is not None
    assert onboarding not in json.dumps(rita.home.data)
    assert "Acme Bank" not in json.dumps(rita.home.data)
