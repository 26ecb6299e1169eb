"""Places in Slack that go away: messages that somebody deletes, channels that are severed and shared again. All stands there again, as
it is by then, and nobody presses a button for it."""

import time
from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio

from bot.messages.buttons import Act
from bot.messages.texts import Texts
from flows.cases.case import Case
from flows.outbox import SendSession
from playground.slack import Channel, Message, SeenMessage, Team
from playground.slack.screen import tells
from playground.walkthrough import action_id, effect_id
from playground.walkthrough import said as wording
from tests.bot.workplace import PROMPT, Workplace

EN = Texts("en")

pytestmark = pytest.mark.asyncio(loop_scope="module")

HOUR = 3600.0


@pytest.fixture(autouse=True)
def patience(office: Workplace) -> None:
    office.patience = PROMPT


@pytest_asyncio.fixture(loop_scope="module")
async def sent(office: Workplace) -> AsyncIterator[str]:
    """An onboarding whose first step was sent an hour ago."""
    world = office.slack.world
    world.clock, world.last_us = (lambda: time.time() - HOUR), 0
    office.new_channel()
    onboarding = await office.begin()
    await office.send(onboarding, "planning")
    world.clock = office.clock.time
    yield onboarding
    await office.tidy()


def standing(office: Workplace, onboarding: str, kind: str, step: str) -> list[Message]:
    channels = (office.acme, office.support)
    return [m for channel in channels for m in channel.messages if effect_id(m) == f"{onboarding}:{kind}:{step}"]


async def given_up(office: Workplace, onboarding: str) -> int:
    async with office.bot.store.read() as unit:
        return len(await unit.failed_effects(onboarding))


# -- messages


@pytest.mark.parametrize(("kind", "step"), [("card", ""), ("step", "planning"), ("review", "planning")])
async def test_a_deleted_message_stands_again_and_serves(office: Workplace, sent: str, kind: str, step: str) -> None:
    (deleted,) = standing(office, sent, kind, step)
    shown = SeenMessage.of(deleted).shown
    office.slack.delete(deleted)
    (again,) = await office.slack.until(lambda: standing(office, sent, kind, step))
    assert (again.channel, SeenMessage.of(again).shown) == (deleted.channel, shown)
    card_ts = standing(office, sent, "card", "")[0].ts
    await office.settled()
    assert [one["link"].rpartition("/")[2] for one in office.acme.bookmarks] == [f"p{card_ts.replace('.', '')}"]
    card = office.journey.lasting("review", "planning")
    assert (await office.sam.click(card, action_id=action_id(card.blocks, Act.APPROVE))).ok
    await office.settled()
    assert EN("state.submitted") not in SeenMessage.of(standing(office, sent, kind, step)[0]).shown
    assert any(tells(message.text, wording("say.approved")) for message in office.journey.thread("step", "planning"))
    assert len(standing(office, sent, kind, step)) == 1


async def test_a_thread_goes_on_under_a_new_message(office: Workplace, sent: str) -> None:
    """Slack tells of a deleted message with replies otherwise than of one without."""
    await office.approve(sent, "planning")
    root = office.journey.lasting("step", "planning")
    assert office.journey.thread("step", "planning")
    office.slack.delete(root)
    await office.slack.until(lambda: standing(office, sent, "step", "planning"))
    await office.do(sent, "planning", "schedule_session", office_session(office))
    assert [message for message in office.journey.thread("step", "planning") if message.files]
    assert await given_up(office, sent) == 0


@pytest.mark.parametrize("by_file", [False, True])
async def test_a_deletion_that_was_not_told_of_is_noticed_by_the_next_post(office: Workplace, sent: str, by_file: bool) -> None:
    await office.approve(sent, "planning")
    await office.do(sent, "planning", "schedule_session", office_session(office))
    delete_untold(office)
    await office.act(sent, send_session if by_file else say)
    await office.settled()
    assert len(standing(office, sent, "step", "planning")) == 1
    assert said_in_the_channel(office) == []
    said = office.journey.thread("step", "planning")
    assert [bool(message.files) for message in said] == ([False, True] if by_file else [False])
    assert ("Planning session scheduled" if by_file else "Pismo support has been notified") in said[0].text
    assert await given_up(office, sent) == 0


@pytest.mark.parametrize("kind", ["drop_before", "drop_after"])
async def test_nor_is_it_said_twice_if_the_answer_is_lost_too(office: Workplace, sent: str, kind: str) -> None:
    delete_untold(office)
    office.slack.faults.add("chat.postMessage", kind, channel=office.acme.id)
    await office.act(sent, say)
    await office.settled()
    assert len(standing(office, sent, "step", "planning")) == 1
    assert said_in_the_channel(office) == []
    assert len(office.journey.thread("step", "planning")) == 1
    assert await given_up(office, sent) == 0


def delete_untold(office: Workplace) -> None:
    """A step's message, with no event that says so."""
    events = office.slack.events
    office.slack.events = events - {"message.channels", "message.groups"}
    office.slack.delete(office.journey.lasting("step", "planning"))
    office.slack.events = events


def say(case: Case) -> None:
    case.say("customer", "planning", "stuck_received", by=case.onboarding.lead_id)


def send_session(case: Case) -> None:
    task = next(task for task in case.snapshot.tasks if task.task_id == "schedule_session")
    case.ask(SendSession(step="planning", task=task.task_id, item=task.item))


def said_in_the_channel(office: Workplace) -> list[Message]:
    """What stands there besides the card and the steps' messages."""
    return [m for m in office.acme.messages if m.thread_ts is None and effect_id(m).count(":") < 2]


async def test_what_is_deleted_as_soon_as_it_is_posted_waits_for_a_change(office: Workplace, onboarding: str) -> None:
    office.slack.delete(office.journey.lasting("card"))
    await office.settled()
    assert standing(office, onboarding, "card", "") == []
    await office.send(onboarding, "planning")
    assert len(standing(office, onboarding, "card", "")) == 1


async def test_a_deletion_told_of_late_counts_from_when_it_was(office: Workplace, sent: str) -> None:
    card, world = office.journey.lasting("card"), office.slack.world
    world.clock, world.last_us = (lambda: float(card.ts) + 5), 0
    office.slack.delete(card)
    world.clock = office.clock.time
    await office.settled()
    assert standing(office, sent, "card", "") == []
    await office.approve(sent, "planning")
    assert len(standing(office, sent, "card", "")) == 1


async def test_nothing_comes_back_into_the_channel_of_a_closed_onboarding(office: Workplace, sent: str) -> None:
    await office.close(sent)
    await office.settled()
    office.slack.delete(office.journey.lasting("card"))
    await office.settled()
    assert standing(office, sent, "card", "") == []


def office_session(office: Workplace) -> dict[str, object]:
    form = office.rules.rules.journeys.latest.steps["planning"].task("schedule_session").form
    return dict(form.example) if form is not None else {}


# -- channels


def by_its_new_id_first(office: Workplace, acme: Channel, team: Team) -> None:
    office.slack.change_id(acme)
    office.slack.share(acme, team)


def by_the_sharing_first(office: Workplace, acme: Channel, team: Team) -> None:
    old, acme.id = acme.id, office.slack.world.new_id("C")
    office.slack.world.channels[acme.id] = office.slack.world.channels.pop(old)
    office.slack.share(acme, team)
    office.slack.emit({"type": "channel_id_changed", "old_channel_id": old, "new_channel_id": acme.id}, acme)


def under_its_old_id(office: Workplace, acme: Channel, team: Team) -> None:
    office.slack.share(acme, team)


@pytest.mark.parametrize("comes_back", [by_its_new_id_first, by_the_sharing_first, under_its_old_id])
async def test_a_channel_shared_again_shows_what_happened_meanwhile(
    office: Workplace, sent: str, comes_back: Callable[[Workplace, Channel, Team], None]
) -> None:
    """It was the customer's own channel: without it being shared, the bot does not find it."""
    acme, team = office.acme, office.slack.world.teams[1]
    members, known = list(acme.members), len(office.support.messages)
    office.slack.sever(acme, keep=False)
    await office.slack.until(lambda: "no longer shared" in office.support.messages[-1].text)
    await office.approve(sent, "planning")
    assert await given_up(office, sent) > 0
    acme.members[:] = members
    office.slack.world.channels[acme.id] = acme
    comes_back(office, acme, team)

    async def all_is_done() -> bool:
        return not await given_up(office, sent) and tells(
            office.journey.thread("step", "planning")[-1].text, wording("say.approved")
        )

    await office.slack.until(all_is_done)
    await office.settled()
    for kind, step in (("card", ""), ("step", "planning")):
        (message,) = standing(office, sent, kind, step)
        assert EN("state.submitted") not in SeenMessage.of(message).shown
    told = [message.text for message in office.support.messages[known:]]
    assert sum(tells(text, wording("say.shared_again")) for text in told) == 1
    assert (await office.snapshot(sent)).onboarding.channel_id == acme.id
    await office.do(sent, "planning", "schedule_session", office_session(office))
    assert [message for message in office.journey.thread("step", "planning") if message.files]
    assert await given_up(office, sent) == 0


async def test_what_was_refused_under_the_old_id_is_done_under_the_new_one(office: Workplace, sent: str) -> None:
    """The channel was made shareable, and what went to its old id came before the event."""
    acme = office.acme
    old, acme.id = acme.id, office.slack.world.new_id("C")
    office.slack.world.channels[acme.id] = office.slack.world.channels.pop(old)
    await office.approve(sent, "planning")
    assert await given_up(office, sent) > 0
    office.slack.emit({"type": "channel_id_changed", "old_channel_id": old, "new_channel_id": acme.id}, acme)
    await office.slack.until(lambda: tells(office.journey.thread("step", "planning")[-1].text, wording("say.approved")))
    await office.settled()
    assert await given_up(office, sent) == 0
    assert EN("state.submitted") not in SeenMessage.of(office.journey.lasting("card")).shown
    assert len(standing(office, sent, "card", "")) == len(standing(office, sent, "step", "planning")) == 1
