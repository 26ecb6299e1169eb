"""Trouble around the bot: Slack, the database and Pismo on a bad day. Nothing is lost or posted twice, and people are told."""

import asyncio
import contextlib
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator
from functools import partial

import aiohttp
import pytest

from bot.jobs.executor import Patience
from bot.messages.buttons import Act
from bot.messages.texts import Texts
from flows.cases import review
from flows.cases.case import Case
from flows.desk import Need
from flows.people import SYSTEM
from flows.ports import Unit
from flows.steps.org_details import to_org_details
from playground.acts import example
from playground.slack import Message, Outcome
from playground.slack.delivery import signature
from playground.slack.screen import tells
from playground.walkthrough import action_id, effect_id, ready
from playground.walkthrough import said as wording
from tests.bot.workplace import ENDLESS, PROMPT, Workplace

EN = Texts("en")
VERIFIED, NOT_VERIFIED = (EN(f"say.proof_{one}", environment=EN("environment.test")) for one in ("passed", "not_verified"))
GIVEN_UP = wording("say.effect_failed", "say.effect_failed_for", "say.effect_failed_in")

pytestmark = pytest.mark.asyncio(loop_scope="module")

FAULTS = ("429", "5xx", "drop_before", "drop_after")
FORM = "application/x-www-form-urlencoded"


@pytest.fixture(autouse=True)
def patience(office: Workplace) -> None:
    office.patience = PROMPT


def twice(office: Workplace) -> list[str]:
    """Ids of effects found in more than one message of a channel."""
    marks = Counter(
        (channel.id, effect_id(message)) for channel in office.slack.world.channels.values() for message in channel.messages
    )
    return [mark for (_, mark), count in marks.items() if mark and count > 1]


async def press(office: Workplace, message: Message, act: Act, task: str = "") -> Outcome:
    name = action_id(message.blocks, act, task)
    assert name is not None
    return await office.sam.click(message, action_id=name)


# -- Slack


@pytest.mark.parametrize("kind", FAULTS)
@pytest.mark.parametrize("method", ["chat.postMessage", "chat.update"])
async def test_a_call_that_fails_once_happens_once(office: Workplace, onboarding: str, method: str, kind: str) -> None:
    office.slack.faults.add(method, kind, retry_after=0)
    await office.send(onboarding, "planning")
    await office.approve(onboarding, "planning")
    assert twice(office) == []
    assert any(tells(message.text, wording("say.approved")) for message in office.journey.thread("step", "planning"))
    assert EN("state.submitted") not in office.journey.lasting("step", "planning").text
    assert office.slack.violations == []


async def test_slack_says_how_long_to_wait_and_is_not_asked_before(office: Workplace, onboarding: str) -> None:
    before = len(office.slack.calls)
    office.slack.faults.add("chat.postMessage", "429", retry_after=1, channel=office.acme.id)
    await office.send(onboarding, "planning")
    theirs = [
        call
        for call in office.slack.calls[before:]
        if call.args.get("channel") == office.acme.id and call.method == "chat.postMessage"  # edits wait for no post
    ]
    limited = next(call for call in theirs if call.outcome != "ok")
    after = [call.at for call in theirs if call.at > limited.at]
    assert min(after) - limited.at >= 1
    assert twice(office) == []


async def test_what_is_given_up_is_shown_with_a_button_that_does_it_after_all(office: Workplace, onboarding: str) -> None:
    office.slack.faults.add("chat.update", "5xx", times=None)
    await office.send(onboarding, "planning")
    step = office.journey.lasting("step", "planning")
    stale = step.text
    offered = [m for m in office.support.messages if action_id(m.blocks, Act.RETRY_EFFECT)]
    alerts = [m for m in offered if onboarding in str(m.blocks)]  # what others left is there too
    assert alerts
    assert all(m.text for m in alerts)
    assert await office.leads_to(onboarding, Need.FAILED) <= {(m.ts, "") for m in alerts}
    pressed = [button["value"] for m in alerts for block in m.blocks for button in block.get("elements", ()) if "value" in button]
    office.slack.faults.clear()
    for alert in alerts:
        assert (await press(office, alert, Act.RETRY_EFFECT)).ok
        await office.settled()
    await office.press(office.kim, office.support, Act.RETRY_EFFECT, pressed[0])
    await office.bot.background.drain()
    assert tells(office.answers(office.kim)[-1], wording("refused.retried"))
    assert office.journey.lasting("step", "planning").text != stale
    async with office.bot.store.read() as unit:
        assert not await unit.failed_effects(onboarding)
    assert twice(office) == []


async def test_a_bot_that_is_not_in_the_channel_says_so_and_goes_on_once_it_is(office: Workplace, onboarding: str) -> None:
    known = {message.ts for message in office.support.messages}
    office.slack.remove_bot_from(office.acme)
    await office.settled()
    await office.send(onboarding, "planning")
    told = [m for m in office.support.messages if m.ts not in known]
    assert any(action_id(m.blocks, Act.RETRY_EFFECT) and tells(m.text, wording("why.not_in_channel")) for m in told)
    office.slack.add_bot_to(office.acme)
    await office.slack.until(lambda: office.journey.says("step", "planning", EN("state.submitted")))
    await office.settled()
    async with office.bot.store.read() as unit:
        assert not await unit.failed_effects(onboarding)
    assert "Try again" not in str(office.journey.lasting("review", "planning").blocks)
    await office.send(onboarding, "planning", goals="Other goals")
    assert twice(office) == []


@pytest.mark.parametrize("private", [False, True])
async def test_what_an_archived_channel_refused_is_done_once_it_is_unarchived(
    office: Workplace, onboarding: str, *, private: bool
) -> None:
    office.acme.private = private
    office.slack.archive(office.acme)
    await office.send(onboarding, "planning")
    await office.approve(onboarding, "planning")

    def told() -> bool:
        return any(tells(message.text, wording("say.approved")) for message in office.journey.thread("step", "planning"))

    assert not told()
    office.slack.archive(office.acme, archived=False)
    await office.slack.until(told)
    await office.settled()
    async with office.bot.store.read() as unit:
        assert not await unit.failed_effects(onboarding)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("restricted_action", "workspace's administrators can allow the app to post there"),
        ("is_archived", "unarchive it and invite the bot"),
        ("channel_not_found", "share it with the bot again"),
        ("ekm_access_denied", "the organization's key management (EKM)"),
        ("msg_too_long", "which is a bot error"),
        ("some_new_error", "the response was some_new_error"),
    ],
)
async def test_what_is_refused_is_told_after_one_try_with_what_mends_it_and_one_press_does_all(
    office: Workplace, onboarding: str, error: str, words: str
) -> None:
    await office.send(onboarding, "planning")
    known, calls = {message.ts for message in office.support.messages}, len(office.slack.calls)
    for method in ("chat.postMessage", "chat.update"):
        office.slack.faults.add(method, error, times=None, channel=office.acme.id)
    await office.approve(onboarding, "planning")
    alerts = [m for m in office.support.messages if m.ts not in known and tells(m.text, GIVEN_UP)]
    assert all(words in alert.text for alert in alerts)
    refused = [call for call in office.slack.calls[calls:] if call.outcome == error]
    async with office.bot.store.read() as unit:
        failed = await unit.failed_effects(onboarding)
    assert len(failed) == len(refused) >= 3
    office.slack.faults.clear()
    await press(office, alerts[0], Act.RETRY_EFFECT)
    await office.settled()
    assert any(tells(message.text, wording("say.approved")) for message in office.journey.thread("step", "planning"))
    assert not office.journey.says("card", "", EN("state.submitted"))
    async with office.bot.store.read() as unit:
        assert not await unit.failed_effects(onboarding)
    assert twice(office) == []


async def test_one_alert_does_for_all_that_a_channel_refuses_while_supports_own_waits(office: Workplace, onboarding: str) -> None:
    await office.send(onboarding, "planning")
    known = {message.ts for message in office.support.messages}
    record = (await office.snapshot(onboarding)).steps["planning"]

    def refuse() -> None:
        for method in ("chat.postMessage", "chat.update"):
            office.slack.faults.add(method, "restricted_action", times=None, channel=office.acme.id)

    async def refused() -> bool:
        async with office.bot.store.read() as unit:
            return len(await unit.failed_effects(onboarding)) > 2

    refuse()
    office.slack.faults.add("*", "429", times=None, channel=office.support.id, retry_after=1)
    await office.act(onboarding, lambda case: review.approve(case, "planning", record.revision, record.digest), office.sam)
    await office.slack.until(refused)
    office.slack.faults.clear()
    refuse()
    await office.settled()
    alerts = [m for m in office.support.messages if m.ts not in known and tells(m.text, GIVEN_UP)]
    async with office.bot.store.read() as unit:
        assert 1 <= len(alerts) < len(await unit.failed_effects(onboarding))
    assert await office.leads_to(onboarding, Need.FAILED) == {(alerts[-1].ts, "")}
    office.slack.faults.clear()
    await press(office, alerts[0], Act.RETRY_EFFECT)
    await office.settled()
    assert EN("state.submitted") not in office.journey.lasting("step", "planning").text
    async with office.bot.store.read() as unit:
        assert not await unit.failed_effects(onboarding)


async def test_one_press_does_what_posts_nowhere_too(office: Workplace) -> None:
    office.new_channel()
    known = {message.ts for message in office.support.messages}
    office.slack.faults.add("*", "no_permission", times=None, channel=office.acme.id)
    office.slack.faults.add("chat.postMessage", "429", channel=office.support.id, retry_after=1)
    onboarding = await office.begin()
    alert = next(m for m in office.support.messages if m.ts not in known and tells(m.text, GIVEN_UP))
    office.slack.faults.clear()
    await press(office, alert, Act.RETRY_EFFECT)
    await office.settled()
    assert office.journey.lasting("step", "planning")
    async with office.bot.store.read() as unit:
        assert {record.error for record in await unit.failed_effects(onboarding)} <= {
            "gone"
        }  # the bookmark, to a card that was not


async def test_what_was_done_meanwhile_takes_no_alert_from_the_others(office: Workplace, onboarding: str) -> None:
    def say(case: Case) -> None:
        case.say("customer", "planning", "stuck_received", by=office.ana.id)

    await office.send(onboarding, "planning")
    known = {message.ts for message in office.support.messages}
    for channel in (office.acme, office.support):
        office.slack.faults.add("chat.postMessage", "restricted_action", times=None, channel=channel.id)
    office.patience = Patience(wait=lambda _: 3600.0)
    for number in (1, 2):
        await office.act(onboarding, say, office.ana)
        await office.slack.until(partial(one_alert_waits, office, onboarding, failed=number))
    async with office.bot.store.read() as unit:
        first, _ = await unit.failed_effects(onboarding)
    office.slack.faults.clear()
    await office.act(onboarding, lambda case: case.unit.retry(first))
    await office.slack.until(partial(one_alert_waits, office, onboarding, failed=1))

    office.patience = ENDLESS
    await office.restart()  # the alert is tried at once
    await office.settled()
    [message] = [m for m in office.support.messages if m.ts not in known and tells(m.text, GIVEN_UP)]
    await press(office, message, Act.RETRY_EFFECT)
    await office.settled()
    async with office.bot.store.read() as unit:
        assert not await unit.failed_effects(onboarding)


async def one_alert_waits(office: Workplace, onboarding: str, *, failed: int) -> bool:
    """And nothing else."""
    async with office.bot.store.read() as unit:
        waiting = [(record.kind, record.state, record.attempts) for record in await unit.open_effects()]
        return waiting == [("alert", "waiting", 1)] and len(await unit.failed_effects(onboarding)) == failed


async def test_a_missing_scope_is_named(office: Workplace) -> None:
    office.slack.scopes.discard("bookmarks:write")
    office.new_channel()
    await office.begin()
    alert = office.support.messages[-1]
    assert "Missing scope: bookmarks:write." in alert.text
    office.slack.scopes.add("bookmarks:write")  # installed again
    await press(office, alert, Act.RETRY_EFFECT)
    await office.settled()
    assert len(office.acme.bookmarks) == 1


async def test_support_reads_what_it_missed_once_the_bot_is_back_in_its_channel(office: Workplace, onboarding: str) -> None:
    known = {message.ts for message in office.support.messages}
    office.slack.remove_bot_from(office.support)
    await office.send(onboarding, "planning")
    assert office.journey.says("step", "planning", EN("state.submitted"))
    assert not [message for message in office.support.messages if message.ts not in known]
    office.slack.add_bot_to(office.support)
    await office.settled()
    assert office.journey.lasting("review", "planning")
    async with office.bot.store.read() as unit:
        assert not await unit.failed_effects(onboarding)
    assert twice(office) == []


@pytest.mark.parametrize("kind", FAULTS)
async def test_a_form_that_slack_did_not_open_is_answered_and_opens_at_the_next_press(
    office: Workplace, onboarding: str, kind: str
) -> None:
    office.slack.faults.add("views.open", kind, retry_after=0)
    told = len(office.answers(office.ana))
    step = office.journey.lasting("step", "planning")
    name = action_id(step.blocks, Act.OPEN_FORM)
    await office.ana.click(step, action_id=name)
    await office.settled()
    assert ready(office.ana.view) or len(office.answers(office.ana)) > told
    if office.ana.view is not None:
        await office.ana.close()
    await office.ana.click(office.journey.lasting("step", "planning"), action_id=name)
    await office.slack.until(lambda: ready(office.ana.view))


async def test_started_without_slack_it_begins_when_slack_is_there(office: Workplace, onboarding: str) -> None:
    await office.stop_bot()
    office.slack.faults.add("*", "drop_before", times=None)
    starting_up = asyncio.create_task(office.start_bot())
    await office.slack.until(lambda: office._bot is not None and office._bot.ready())
    assert "slack" in office.bot.ready()
    office.slack.faults.clear()
    await starting_up
    await office.send(onboarding, "planning")
    assert office.journey.says("step", "planning", EN("state.submitted"))


# -- requests not from Slack


@pytest.mark.parametrize(("secret", "age"), [("another secret", 0), ("", 301)])
async def test_what_is_not_signed_now_by_slack_changes_nothing(office: Workplace, onboarding: str, secret: str, age: int) -> None:
    before = office.rows()
    body, stamp = b"command=%2Fonboarding&text=queue&user_id=U1&team_id=T1", str(int(time.time()) - age)
    signed = signature(secret or office.slack.signing_secret, stamp, body)
    headers = {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": signed, "Content-Type": FORM}
    async with aiohttp.ClientSession() as web, web.post(f"{office.url}/slack/events", data=body, headers=headers) as answer:
        assert answer.status == 401
    assert office.rows() == before


# -- the database


@contextlib.contextmanager
def locked(office: Workplace) -> Iterator[None]:
    """Another process holds the write lock."""
    connection = sqlite3.connect(office.file, isolation_level=None)
    try:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")
    finally:
        connection.close()


async def open_planning(office: Workplace) -> None:
    step = office.journey.lasting("step", "planning")
    await office.ana.click(step, action_id=action_id(step.blocks, Act.OPEN_FORM))
    await office.slack.until(lambda: ready(office.ana.view))
    assert office.ana.view is not None
    await office.journey.type_in(office.ana, office.ana.view, example("planning"))


async def test_a_form_sent_while_the_database_is_locked_is_told_and_can_be_sent_again(office: Workplace, onboarding: str) -> None:
    await open_planning(office)
    with locked(office):
        outcome = await office.ana.submit()
        assert outcome.ok, outcome.error  # acknowledged within Slack's three seconds
        assert tells(office.shown(office.ana), wording("refused.busy"))
    await office.ana.close()
    await office.journey.send_step(office.ana, "planning", example("planning"))
    assert await office.state(onboarding, "planning") == "submitted"


async def test_a_press_while_the_database_is_locked_is_told_and_can_be_repeated(office: Workplace, onboarding: str) -> None:
    await office.send(onboarding, "planning")
    review = office.journey.lasting("review", "planning")
    with locked(office):
        # The second waits behind the first, and is still acknowledged in time.
        pressed = await asyncio.gather(press(office, review, Act.APPROVE), press(office, review, Act.CLAIM))
        assert all(outcome.ok for outcome in pressed)
        await office.slack.until(lambda: any(tells(said, wording("refused.busy")) for said in office.answers(office.sam)))
    assert await office.state(onboarding, "planning") == "submitted"
    await press(office, review, Act.APPROVE)
    await office.settled()
    assert await office.state(onboarding, "planning") == "fulfilling"


async def test_a_full_disk_is_told_and_what_was_sent_before_is_there(office: Workplace, onboarding: str) -> None:
    await office.send(onboarding, "planning")
    async with office.bot.store._writing.connect() as connection:
        pages = (await connection.exec_driver_sql("PRAGMA page_count")).scalar_one()
        most = (await connection.exec_driver_sql("PRAGMA max_page_count")).scalar_one()
        await connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    try:
        told = ""
        for number in range(40):  # until the free pages are used up
            try:
                await office.bot.store.transact(lambda unit, n=number: fill(unit, onboarding, n))  # type: ignore[misc]
            except Exception as error:  # noqa: BLE001  its kind is what matters
                told = str(error)
                break
        assert told == "full"
        step = office.journey.lasting("step", "planning")
        await office.ana.click(step, action_id=action_id(step.blocks, Act.OPEN_FORM))
        await office.slack.until(lambda: ready(office.ana.view))
    finally:
        async with office.bot.store._writing.connect() as connection:
            await connection.exec_driver_sql(f"PRAGMA max_page_count = {most}")
    assert await office.state(onboarding, "planning") == "submitted"
    await office.approve(onboarding, "planning")
    assert await office.state(onboarding, "planning") == "fulfilling"


async def fill(unit: Unit, onboarding: str, number: int) -> None:
    unit.record(onboarding, "test:fill", SYSTEM, changes={"n": f"{number}" + "x" * 60_000})


# -- Pismo


async def to_the_proof(office: Workplace, onboarding: str) -> str:
    """Approves authentication, records an org ID; returns a token Pismo accepts."""
    await office.open_step(onboarding, "organization")
    await office.send(onboarding, "organization")
    await office.approve(onboarding, "organization")
    sent = (await office.snapshot(onboarding)).submissions["organization"][0].answers
    org_id = office.pismo.create_org(to_org_details(sent), program="Cards")
    await office.do(onboarding, "organization", "record_org_id", {"org_id": org_id})
    await office.skip(onboarding, "first_programs")
    await office.send(onboarding, "authentication")
    await office.approve(onboarding, "authentication", office.sam, office.kim)
    return office.pismo.mint_token(org_id)


async def prove(office: Workplace, token: str) -> None:
    step = office.journey.lasting("step", "authentication")
    name = action_id(step.blocks, Act.TASK, "prove_access")
    assert name is not None
    await office.ana.click(step, action_id=name)
    await office.slack.until(lambda: ready(office.ana.view))
    assert office.ana.view is not None
    await office.journey.type_in(office.ana, office.ana.view, {"environment": "test", "token": token})
    outcome = await office.ana.submit()
    assert outcome.ok, outcome


def said(office: Workplace) -> str:
    return "\n".join(m.text for m in office.journey.thread("step", "authentication"))


def proofs(office: Workplace) -> list[bool]:
    """Whether each one passed, as the thread says."""
    texts = [message.text for message in office.journey.thread("step", "authentication")]
    passed, failed = wording("say.proof_passed"), wording("say.proof_not_verified")
    return [tells(text, passed) for text in texts if tells(text, passed) or tells(text, failed)]


@pytest.mark.parametrize("kind", ["429", "5xx", "drop_before", "drop_after", "slow"])
async def test_the_proof_outlasts_a_bad_moment_of_pismo(office: Workplace, onboarding: str, kind: str) -> None:
    token = await to_the_proof(office, onboarding)
    office.pismo.faults.add("/programs", kind, seconds=0.2)  # type: ignore[arg-type]
    await prove(office, token)
    await office.settled()
    assert VERIFIED in said(office)
    assert NOT_VERIFIED not in said(office)
    assert office.bot.tokens == {}


async def test_where_pismo_stays_away_the_person_is_asked_for_a_fresh_token(office: Workplace, onboarding: str) -> None:
    token = await to_the_proof(office, onboarding)
    office.pismo.faults.add("*", "5xx", times=1000)
    await prove(office, token)
    await office.settled()
    assert NOT_VERIFIED in said(office)
    assert office.bot.tokens == {}
    office.pismo.faults.clear()
    await prove(office, token)
    await office.settled()
    assert said(office).count(VERIFIED) == 1
    assert said(office).count(NOT_VERIFIED) == 1


async def test_a_restart_during_the_proof_loses_the_token_and_says_so(office: Workplace, onboarding: str) -> None:
    token = await to_the_proof(office, onboarding)
    office.pismo.faults.add("*", "5xx", times=1000)
    office.patience = Patience(wait=lambda _attempt: 0.3)
    await prove(office, token)
    await office.slack.until(lambda: office.bot.tokens)
    await office.restart()
    office.pismo.faults.clear()
    await office.slack.until(lambda: NOT_VERIFIED in said(office), timeout=15)
    for file in office.path.glob("onboarding.db*"):
        assert token.encode() not in file.read_bytes()
    await prove(office, token)
    await office.settled()
    assert said(office).count(VERIFIED) == 1


async def test_what_was_given_up_is_told_with_customer_and_step_and_in_the_card(office: Workplace, onboarding: str) -> None:
    await office.send(onboarding, "planning")
    told = len(office.support.messages)
    office.slack.faults.add("chat.postMessage", "5xx", times=3, channel=office.acme.id)
    await office.approve(onboarding, "planning")
    (alert,) = await office.slack.until(lambda: [m for m in office.support.messages[told:] if tells(m.text, GIVEN_UP)])
    assert "Acme Bank, step “Planning”" in alert.text
    await office.slack.until(lambda: tells(str(office.journey.lasting("review", "planning").blocks), wording("review.failed")))
    card = office.journey.lasting("review", "planning")
    assert await office.bot.adapters.slack.permalink(card.channel.id, card.ts) in str(alert.blocks)
    await press(office, alert, Act.RETRY_EFFECT)
    await office.settled()
    assert tells("\n".join(m.text for m in office.journey.thread("step", "planning")), wording("say.approved"))
