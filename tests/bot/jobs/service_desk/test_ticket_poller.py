"""The threads report what happens to a filed access request until it ends."""

from typing import Any

import pytest

from playground.service_desk import EN
from playground.slack.screen import tells
from playground.walkthrough import said
from tests.bot.jobs.service_desk.desk_place import STEP, DeskPlace, asked, filed

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_status_is_told_once_a_change_until_the_ticket_ends(office: DeskPlace, onboarding: str) -> None:
    await asked(office, onboarding)
    (ticket,) = await filed(office, onboarding)
    await office.look()
    assert not tells(office.read("step"), said("say.desk_status"))
    for status in ("IN DEV", "PENDING"):
        office.service_desk.move(ticket.key, status)
        await office.look()
        await office.look()
        for where in ("step", "review"):
            assert office.read(where).count(f"Status of {ticket.key} in Service Desk: {status}\n") == 1
            assert office.journey.says(where, STEP, f"{ticket.key}: {status}")
    office.service_desk.move(ticket.key, "CLOSED")
    await office.look()
    for where in ("step", "review"):
        assert f"{ticket.key} was closed in Service Desk" in office.read(where)
    before = len(office.service_desk.calls)
    office.service_desk.move(ticket.key, "NEW")
    await office.look()
    assert not [call for call in office.service_desk.calls[before:] if ticket.key in call.path]


@pytest.mark.parametrize("kind", ["429", "gateway"])
async def test_a_bad_moment_while_looking_is_made_up_for(office: DeskPlace, onboarding: str, kind: Any) -> None:
    await asked(office, onboarding)
    (ticket,) = await filed(office, onboarding)
    office.service_desk.move(ticket.key, "IN DEV")
    office.service_desk.fail(kind, "GET", "/rest/servicedeskapi/request", seconds=0)
    await office.look()
    assert "IN DEV" not in office.read("step")
    await office.look()
    assert f"Status of {ticket.key} in Service Desk: IN DEV" in office.read("step")


async def test_after_a_restart_it_is_followed_on(office: DeskPlace, onboarding: str) -> None:
    await asked(office, onboarding)
    (ticket,) = await filed(office, onboarding)
    await office.stop_bot()
    office.service_desk.move(ticket.key, "VALIDATING")
    await office.start_bot()
    await office.slack.until(lambda: f"Status of {ticket.key} in Service Desk: VALIDATING" in office.read("step"))


async def test_what_was_filed_by_hand_is_followed_where_it_may_be_seen(office: DeskPlace, onboarding: str) -> None:
    world = office.service_desk.world
    world.rename_type(EN, "Closed for today")
    await asked(office, onboarding)
    world.restore()
    values = {"summary": "Filed by hand", "description": "-"}
    ticket = world.file(EN, "25", values, "someone.else@pismo.example")
    form = {"grants": [grant.id for grant in (await office.snapshot(onboarding)).grants], "ticket": ticket.key}
    await office.do(onboarding, STEP, "file_request", form)
    for _ in range(2):
        await office.look()
    assert office.read().count(f"The bot can't track {ticket.key}") == 1
    ticket.reporter = office.service_desk.user
    await office.look()
    assert office.journey.says("step", STEP, f"{ticket.key}: NEW http")
    world.move(ticket.key, "CLOSED")
    await office.look()
    assert f"{ticket.key} was closed in Service Desk: CLOSED" in office.read("step")


async def test_a_ticket_that_is_refused_keeps_no_other_waiting(office: DeskPlace, onboarding: str) -> None:
    other = await office.begin(office.blue, office.olga, "Blue Bank")
    tickets = {}
    for one in (onboarding, other):
        await asked(office, one)
        (tickets[one],) = await filed(office, one)
        office.service_desk.move(tickets[one].key, "IN DEV")
    office.service_desk.fail("400", "GET", f"/rest/servicedeskapi/request/{tickets[onboarding].key}/status")
    await office.look()
    assert any(f"{tickets[other].key}: IN DEV" in message.text for message in office.blue.messages)
    assert "IN DEV" not in office.read("step")
    await office.look()
    assert f"Status of {tickets[onboarding].key} in Service Desk: IN DEV" in office.read("step")
    await office.close(other)


async def test_a_customers_damaged_record_keeps_no_other_ticket_waiting(
    office: DeskPlace, onboarding: str, caplog: pytest.LogCaptureFixture
) -> None:
    other = await office.begin(office.blue, office.olga, "Blue Coop")
    tickets = {}
    for one in (onboarding, other):
        await asked(office, one)
        (tickets[one],) = await filed(office, one)
        office.service_desk.move(tickets[one].key, "IN DEV")
    told = f"{tickets[other].key}: IN DEV"
    with office.damaged(onboarding, "tasks"):
        await office.look()
    assert any(told in message.text for message in office.blue.messages)
    assert {record.onboarding for record in caplog.records if record.levelname == "ERROR" and hasattr(record, "onboarding")} == {
        onboarding
    }
    assert "IN DEV" not in office.read("step")
    await office.look()
    assert f"Status of {tickets[onboarding].key} in Service Desk: IN DEV" in office.read("step")
    await office.close(other)
