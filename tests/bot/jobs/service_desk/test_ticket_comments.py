"""What the Service Desk writes comes into the step's threads once, and what is answered there goes to the desk once."""

from typing import Any

import pytest

from bot.jobs.executor import Patience
from bot.messages.buttons import Act
from bot.messages.texts import Texts
from flows.cases import manage
from flows.desk import Need
from playground.slack import Message, Outcome, SlackPerson
from playground.slack.screen import tells
from playground.walkthrough import action_id
from playground.walkthrough import said as wording
from tests.bot.jobs.service_desk.desk_place import STEP, DeskPlace, asked, filed
from tests.bot.workplace import ENDLESS

EN = Texts("en")

pytestmark = pytest.mark.asyncio(loop_scope="module")

CALM = Patience(wait=lambda _attempt: 0.3)
QUESTION = "Is ana@bank.example *still* with <!channel> you?"


async def the_ticket(office: DeskPlace, onboarding: str) -> str:
    await asked(office, onboarding)
    return (await filed(office, onboarding))[0].key


def offered(office: DeskPlace, where: str) -> Message | None:
    """The last message with the button that answers."""
    return next((m for m in reversed(office.journey.thread(where, STEP)) if action_id(m.blocks, Act.ANSWER_TICKET)), None)


async def answer(office: DeskPlace, person: SlackPerson, where: str, words: str) -> Outcome:
    """Press the button and send the form."""
    message = offered(office, where)
    assert message is not None
    assert (await person.click(message, action_id=action_id(message.blocks, Act.ANSWER_TICKET))).ok
    await office.slack.until(lambda: person.view and "Your answer" in str(person.view.blocks))
    await person.fill({"Your answer": words})
    return await person.submit()


def written(office: DeskPlace, key: str) -> list[str]:
    """The bot's own comments."""
    return [said.body for said in office.service_desk.world.tickets[key].comments if said.author == office.service_desk.user]


async def test_a_comment_is_shown_once_as_typed_and_an_internal_one_never(office: DeskPlace, onboarding: str) -> None:
    key = await the_ticket(office, onboarding)
    office.service_desk.write(key, "They are a difficult customer", public=False)
    office.service_desk.write(key, QUESTION)
    for _ in range(2):
        await office.look()
    await office.restart()
    await office.look()
    for where in ("step", "review"):
        thread = office.journey.thread(where, STEP)
        (message,) = [m for m in thread if "still" in m.text]
        assert f"Dora of the desk asked a question on {key}" in message.text
        assert "<!channel>" not in str(message.blocks).replace("&lt;!channel&gt;", "") or message.blocks[1]["type"] == "rich_text"
        assert action_id(message.blocks, Act.ANSWER_TICKET)
        assert "difficult" not in office.read(where)
    assert f"<@{office.ana.id}>\nDora" in office.read("step")
    office.service_desk.move(key, "PENDING")
    office.service_desk.write(key, "She is. Do you need more?", "Ana <ana@bank.example>")
    await office.look()
    for where in ("step", "review"):
        (message,) = [m for m in office.journey.thread(where, STEP) if "She is." in m.text]
        assert message.text.startswith(f"Ana, a requester of {key}, commented on it")
        assert not action_id(message.blocks, Act.ANSWER_TICKET)


async def test_an_answer_is_one_comment_and_the_button_of_the_portal_is_pressed(office: DeskPlace, onboarding: str) -> None:
    key = await the_ticket(office, onboarding)
    office.service_desk.move(key, "PENDING")
    office.service_desk.write(key, QUESTION)
    await office.look()
    asks = offered(office, "review")
    assert asks is not None
    assert await office.leads_to(onboarding, Need.QUESTION) == {(asks.ts, asks.thread_ts)}
    refused = await answer(office, office.ana, "step", "The password: Xk9$mQ2vLp7!")
    assert "password" in str(refused.errors)
    await office.ana.close()
    await answer(office, office.ana, "step", "Yes, {noformat} until May.\nBoth.")
    await office.settled()
    (said,) = written(office, key)
    assert "Yes, { noformat} until May.\nBoth." in said
    assert office.service_desk.world.tickets[key].history[-1][0] == "NEW"
    for where in ("step", "review"):
        assert office.read(where).count("Both.") == 1
        assert tells(office.read(where), wording("say.desk_answered"))
    await office.look()
    assert not tells(office.read("step"), wording("say.desk_wrote"))  # the bot's own comment is no news


async def test_a_ticket_that_waits_offers_the_answer_even_without_a_comment(office: DeskPlace, onboarding: str) -> None:
    key = await the_ticket(office, onboarding)
    office.service_desk.move(key, "PENDING")
    await office.look()
    assert f"Status of {key} in Service Desk: PENDING" in office.read("step")
    await answer(office, office.ana, "step", "What do you wait for?")
    await office.settled()
    assert len(written(office, key)) == 1
    assert office.service_desk.world.tickets[key].history[-1][0] == "NEW"


async def test_a_bot_that_ended_while_it_answered_finds_what_it_wrote_though_all_is_closed(
    office: DeskPlace, onboarding: str
) -> None:
    key, desk = await the_ticket(office, onboarding), office.service_desk
    desk.write(key, QUESTION)
    await office.look()
    office.patience = CALM
    desk.fail("drop_after", "POST")
    desk.fail("503", "GET", f"/rest/servicedeskapi/request/{key}", times=1000)
    before = len(desk.calls)
    await answer(office, office.ana, "step", "Yes, she is.")
    await office.slack.until(lambda: any(call.status == 503 for call in desk.calls[before:]))
    await office.close(onboarding)
    await office.stop_bot()
    desk.faults.clear()
    await office.start_bot()
    await office.settled()
    assert len(written(office, key)) == 1
    for where in ("step", "review"):
        assert office.read(where).count("Yes, she is.") == 1
        assert tells(office.read(where), wording("say.desk_answered"))
    await office.look()
    assert not tells(office.read("step"), wording("say.desk_wrote"))


@pytest.mark.parametrize("kind", ["429", "drop_after"])
async def test_a_bad_moment_while_answering_ends_in_one_comment(office: DeskPlace, onboarding: str, kind: Any) -> None:
    key = await the_ticket(office, onboarding)
    office.service_desk.write(key, QUESTION)
    await office.look()
    office.patience = ENDLESS
    office.service_desk.fail(kind, "POST", seconds=0)
    await answer(office, office.sam, "review", "Yes, she is.")
    await office.settled()
    assert len(written(office, key)) == 1
    assert office.read("step").count("Yes, she is.") == 1


async def test_an_answer_that_could_not_be_written_for_days_is_told_and_can_be_tried_again(
    office: DeskPlace, onboarding: str
) -> None:
    key = await the_ticket(office, onboarding)
    office.service_desk.write(key, QUESTION)
    await office.look()
    office.service_desk.fail("503", times=10_000)
    await answer(office, office.ana, "step", "Yes, she is.")
    assert "Yes, she is." in await office.reads(wording("say.desk_answer_lost"))
    assert tells(office.read("step"), wording("say.desk_answer_late"))
    office.service_desk.faults.clear()
    alert = next(m for m in reversed(office.support.messages) if EN("effect.file_answer") in m.text)
    assert (await office.sam.click(alert, action_id=action_id(alert.blocks, Act.RETRY_EFFECT))).ok
    await office.slack.until(lambda: len(written(office, key)) == 1)
    await office.settled()
    assert tells(office.read("step"), wording("say.desk_answered"))


async def test_a_secret_from_the_desk_is_shown_to_nobody(office: DeskPlace, onboarding: str) -> None:
    key = await the_ticket(office, onboarding)
    office.service_desk.write(key, "Here you are, password: Xk9$mQ2vLp7!")
    await office.look()
    for where in ("step", "review"):
        assert "contains a secret (password)" in office.read(where)
        assert "Xk9" not in office.read(where)
    assert office.service_desk.url in office.read("step")


async def test_a_flood_of_comments_is_cut_short_and_the_next_one_comes(office: DeskPlace, onboarding: str) -> None:
    key = await the_ticket(office, onboarding)
    for number in range(120):
        office.service_desk.write(key, f"Comment {number}." + "x" * 9000)
    await office.look()
    assert [n for n in range(120) if f"Comment {n}." in office.read("step")] == [0, 1, 2, 3, 4]
    assert f"There are 115 more comments on {key}" in office.read("step")
    office.service_desk.write(key, "And one more.")
    await office.look()
    assert "And one more." in office.read("step")


async def test_no_answer_is_taken_once_the_ticket_has_ended(office: DeskPlace, onboarding: str) -> None:
    key = await the_ticket(office, onboarding)
    office.service_desk.write(key, QUESTION)
    await office.look()
    office.service_desk.move(key, "CANCELLED")
    await office.look()
    assert f"{key} was closed in Service Desk as CANCELLED, so nothing counts as granted" in office.read()
    refused = await answer(office, office.ana, "step", "Too late?")
    assert refused.view is not None
    assert tells(str(refused.view.blocks), wording("refused.ticket_ended"))
    office.ana.user.stack.clear()
    assert written(office, key) == []
    assert {state for _, state, _ in await office.states(onboarding)} == {"filed"}
    await office.do(onboarding, STEP, "grant_access", {"grants": ["*"]})
    assert await office.state(onboarding, STEP) == "done"


async def test_a_question_nobody_answered_gives_nothing_when_the_desk_closes_it(office: DeskPlace, onboarding: str) -> None:
    key = await the_ticket(office, onboarding)
    for status in ("PENDING", "VALIDATING", "CLOSED"):
        office.service_desk.move(key, status)
    await office.look()
    assert tells(office.read(), wording("say.desk_lapsed"))
    assert {state for _, state, _ in await office.states(onboarding)} == {"filed"}


async def test_a_question_is_warned_of_while_the_desk_is_away(office: DeskPlace, onboarding: str) -> None:
    key = await the_ticket(office, onboarding)
    office.service_desk.move(key, "VALIDATING", ago=119.9 * 3600)
    await office.look()
    office.service_desk.fail("503", times=100)
    for _ in range(2):
        await office.look()
    for where in ("step", "review"):
        assert office.read(where).count(f"Service Desk considers {key} done. Try it") == 1


async def test_who_may_not_read_comments_follows_the_status_all_the_same(office: DeskPlace, onboarding: str) -> None:
    key = await the_ticket(office, onboarding)
    office.service_desk.move(key, "IN DEV")
    office.service_desk.fail("403", "GET", f"/rest/servicedeskapi/request/{key}/comment", times=2)
    for _ in range(2):
        await office.look()
    assert office.read().count(f"The bot can't read the comments on {key}") == 1
    assert f"Status of {key} in Service Desk: IN DEV" in office.read("step")
    office.service_desk.write(key, "Hello there")
    office.service_desk.fail("403", "GET", f"/rest/servicedeskapi/request/{key}/participant")
    await office.look()
    assert "Hello there" in office.read("step")


async def test_whoever_has_an_account_is_named_as_a_participant_and_support_is_told_who_has_none(
    office: DeskPlace, onboarding: str
) -> None:
    people = "ana@bank.example\nbruno@bank.example\nclara@bank.example"
    office.service_desk.world.known = frozenset({"ana@bank.example", "clara@bank.example"})
    office.service_desk.world.hidden = frozenset({"clara@bank.example"})
    office.service_desk.fail("drop_after", "POST")  # found again, it has told whom it names
    await asked(office, onboarding, users=people)
    (ticket,) = await filed(office, onboarding)
    assert ticket.participants == ["ana@bank.example"]
    assert ticket.values["description"].endswith("which the bot could not do: bruno@bank.example, clara@bank.example")
    (told,) = [message.text for message in office.journey.thread("review", STEP) if "as participants in" in message.text]
    assert told.startswith(f"2 people couldn't be added as participants in {ticket.key}")
    assert [line for line in people.splitlines() if line in told] == ["bruno@bank.example", "clara@bank.example"]
    assert "participants in" not in office.read("step")
    await office.do(onboarding, STEP, "grant_access", {"grants": ["*"]})
    await office.act(onboarding, lambda case: manage.reopen(case, STEP, "One more."), office.sam)
    office.service_desk.world.restore()
    office.service_desk.world.lists_customers = False
    await asked(office, onboarding, users=f"{people}\ndora@bank.example")
    ticket = (await filed(office, onboarding))[-1]
    assert ticket.participants == []
    assert f"1 person couldn't be added as a participant in {ticket.key}" in office.read()


async def test_an_answer_that_comes_too_late_is_told_to_both_sides(office: DeskPlace, onboarding: str) -> None:
    key, desk = await the_ticket(office, onboarding), office.service_desk
    desk.write(key, QUESTION)
    await office.look()
    office.patience = CALM
    desk.fail("503", "POST", times=10_000)
    before = len(desk.calls)
    await answer(office, office.ana, "step", "Yes, she is.")
    await office.slack.until(lambda: any(call.status == 503 for call in desk.calls[before:]))
    desk.move(key, "CANCELLED")
    await office.bot.poller.round()
    desk.faults.clear()
    await office.settled()
    assert written(office, key) == []
    for where in ("step", "review"):
        assert f"wasn't posted on {key}: the ticket was already closed in Service Desk (CANCELLED)" in office.read(where)
        assert office.read(where).count("Yes, she is.") == 1


async def test_an_answer_stands_although_the_button_may_not_be_pressed(office: DeskPlace, onboarding: str) -> None:
    key = await the_ticket(office, onboarding)
    office.service_desk.move(key, "PENDING")
    await office.look()
    office.service_desk.fail("403", "GET", f"/rest/servicedeskapi/request/{key}/transition", times=100)
    await answer(office, office.ana, "step", "Yes, she is.")
    await office.settled()
    assert len(written(office, key)) == 1
    assert tells(office.read("step"), wording("say.desk_answered"))
    assert f"The answer is on {key}, but Service Desk is still waiting" in office.read()
    assert not tells(office.read(), wording("say.desk_answer_lost"))
