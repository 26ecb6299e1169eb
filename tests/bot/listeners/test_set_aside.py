"""An event that fails twice is set aside, shown to support, and never looked at again; one that waits for Slack is not."""

from datetime import timedelta
from typing import Any

import pytest

from bot.inspection.inspections import Hindrance, NotLookedInto
from bot.messages.texts import Texts
from bot.telemetry import metrics
from flows.model import Received
from flows.ports import Unit
from playground.slack import Channel, FileUpload
from playground.slack.screen import tells
from playground.walkthrough import said
from tests.bot.listeners.test_messages_in_channels import KEY, privately, supports
from tests.bot.workplace import INSPECTIONS, Workplace

EN = Texts("en")

pytestmark = pytest.mark.asyncio(loop_scope="module")

NOBODY_JOINED = {"type": "member_joined_channel"}
"""Slack does not send it: whoever joined is missing."""


@pytest.fixture
def acme(office: Workplace, onboarding: str) -> Channel:
    return office.acme


async def unhandled(office: Workplace) -> list[str]:
    async with office.bot.store.read() as unit:
        return [row.id for row in await unit.unhandled()]


async def attempted(office: Workplace, event_id: str, ago: timedelta) -> None:
    """For the second time."""

    async def work(unit: Unit) -> None:
        row = await unit.get(Received, event_id)
        assert row is not None
        row.attempts, row.attempted_at = 2, unit.now - ago

    await office.bot.store.transact(work)


async def told(office: Workplace, acme: Channel, event_id: str) -> None:
    await office.settled()
    (alert,) = supports(office, event_id)
    assert EN("event.member_joined_channel") in alert
    assert f"<#{acme.id}> of Acme Bank" in alert
    assert await unhandled(office) == []
    async with office.bot.store.read() as unit:
        row = await unit.get(Received, event_id)
    assert row is not None
    assert (row.set_aside, row.payload) == (True, {})


async def test_what_fails_twice_is_set_aside_and_others_go_on(office: Workplace, acme: Channel) -> None:
    carla, before = office.slack.add_person("Carla", office.slack.world.teams[1]), metrics.EVENTS_SET_ASIDE._value.get()
    office.slack.emit({**NOBODY_JOINED, "channel": acme.id}, acme)
    await office.settled()
    (event_id,) = await unhandled(office)
    assert supports(office, event_id) == []
    office.slack.invite(carla, acme)
    await office.slack.until(lambda: office.answers(carla))
    for _ in range(3):
        await office.bot.events.handle_left()
    await told(office, acme, event_id)
    assert metrics.EVENTS_SET_ASIDE._value.get() == before + 1


async def test_what_ended_the_process_twice_is_not_looked_at_again(office: Workplace, acme: Channel) -> None:
    """The second attempt had been counted before it was made."""
    event = {**NOBODY_JOINED, "user": office.bruno.id, "channel": acme.id}
    assert await office.bot.events.store({"event_id": "Ev0DEADLY", "event": event})
    await attempted(office, "Ev0DEADLY", timedelta(seconds=5))
    await office.restart()
    await office.settled()
    assert supports(office, "Ev0DEADLY") == []  # another process may be at it
    await attempted(office, "Ev0DEADLY", timedelta(minutes=2))
    await office.restart()
    await office.slack.until(lambda: supports(office, "Ev0DEADLY"))
    await told(office, acme, "Ev0DEADLY")


async def test_what_waits_for_slack_waits_as_long_as_it_takes(office: Workplace, acme: Channel) -> None:
    office.slack.faults.add("download", "5xx", times=None)
    await office.ana.say(acme, "See the file.", files=[FileUpload("key.pem", KEY.encode())])
    await office.settled()
    for _ in range(3):
        await office.bot.events.handle_left()
    await office.restart()
    await office.settled()
    assert privately(acme) == []
    office.slack.faults.clear()
    await office.bot.events.handle_left()
    await office.settled()
    assert "private key" in privately(acme)[0]


async def test_what_is_in_a_message_waits_for_none_of_its_files(office: Workplace, acme: Channel) -> None:
    acme.messages.clear()
    office.slack.faults.add("download", "5xx", times=None)
    await office.ana.say(acme, "password=Tr0ub4dor-and-3", files=[FileUpload("key.pem", KEY.encode())])
    await office.settled()
    (word,) = privately(acme)
    assert "password" in word
    await office.bot.events.handle_left()
    await office.settled()
    assert privately(acme) == [word]
    office.slack.faults.clear()
    await office.bot.events.handle_left()
    await office.settled()
    assert [kind in told for kind, told in zip(("password", "private key"), privately(acme), strict=True)] == [True, True]
    assert await unhandled(office) == []


async def test_a_file_for_which_no_process_was_free_is_looked_into_later(
    office: Workplace, acme: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    acme.messages.clear()
    run = INSPECTIONS.run

    async def busy(job: str, *arguments: Any, **limits: Any) -> Any:
        if job.endswith("files:look"):
            raise NotLookedInto(Hindrance.NOT_BEGUN)
        return await run(job, *arguments, **limits)

    with monkeypatch.context() as patched:
        patched.setattr(INSPECTIONS, "run", busy)
        await office.ana.say(acme, "See the file.", files=[FileUpload("key.pem", KEY.encode())])
        await office.settled()
    assert privately(acme) == []
    await office.bot.events.handle_left()
    await office.settled()
    (word,) = privately(acme)
    assert "private key" in word


async def test_a_file_that_slack_never_delivers_is_said_not_to_be_looked_into(office: Workplace, acme: Channel) -> None:
    acme.messages.clear()
    office.slack.faults.add("download", "5xx", times=None)
    await office.ana.say(acme, "See the file.", files=[FileUpload("plan.txt", b"a plan")])
    await office.settled()
    (event_id,) = await unhandled(office)

    async def an_hour_ago(unit: Unit) -> None:
        row = await unit.get(Received, event_id)
        assert row is not None
        row.at -= timedelta(hours=1, seconds=1)

    await office.bot.store.transact(an_hour_ago)
    await office.bot.events.handle_left()
    await office.settled()
    office.slack.faults.clear()
    (word,) = privately(acme)
    assert tells(word, said("unread.not_delivered"))
    assert await unhandled(office) == []
