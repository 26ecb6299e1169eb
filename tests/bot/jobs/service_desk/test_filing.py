"""Whatever goes wrong, access requests are filed with the Service Desk once, or support gets the text."""

import logging
from typing import Any

import pytest

from bot.jobs.errors import RetryLater
from bot.jobs.executor import Patience
from bot.messages.buttons import Act
from bot.messages.texts import Texts
from flows.cases import manage
from playground.service_desk import EN
from playground.slack.screen import tells
from playground.walkthrough import action_id, said
from tests.bot.jobs.service_desk.desk_place import STEP, DeskPlace, asked, filed
from tests.bot.workplace import ENDLESS, soon

ENGLISH = Texts("en")

pytestmark = pytest.mark.asyncio(loop_scope="module")

CALM = Patience(wait=lambda _attempt: 0.3)


class Restless(Patience):
    """Looks again sooner than it is told to."""

    def rest(self, why: RetryLater) -> float:  # noqa: ARG002
        return self.wait(1)


async def test_each_access_is_asked_for_with_the_addresses_and_its_key_is_kept(office: DeskPlace, onboarding: str) -> None:
    await asked(office, onboarding, resources=["slack_connect"])
    portal, slack = await filed(office, onboarding)
    assert portal.values["customfield_10050"] == {"id": "10102", "child": {"id": "10201"}}
    assert slack.values["customfield_10050"] == {"id": "10102", "child": {"id": "10202"}}
    assert portal.values["description"].splitlines()[1:] == ["ana@bank.example", "bruno@bank.example"]
    assert slack.values["description"].splitlines()[1:] == ["ana@bank.example", "bruno@bank.example", "Slack: #acme_pismo"]
    assert await office.states(onboarding) == {("service_desk", "filed", portal.key), ("slack_connect", "filed", slack.key)}
    page = f"{office.service_desk.url}/servicedesk/customer/portal/{EN}/{portal.key}"
    for thread in (office.read("step"), office.read()):
        assert f"Request filed for Service Desk: {portal.key}\n" in thread
        assert page in thread
        assert f"Request filed for Slack Connect: {slack.key}\n" in thread
        assert "ready to paste" not in thread
    for kind in ("step", "review"):
        assert office.journey.says(kind, STEP, f"{portal.key}: NEW {page}")
    assert action_id(office.journey.lasting("review", STEP).blocks, Act.TASK, "file_request") is None


async def test_the_portal_is_the_one_of_the_language_that_was_chosen(office: DeskPlace, onboarding: str) -> None:
    await asked(office, onboarding, portal_language="pt_BR")
    (ticket,) = await filed(office, onboarding)
    assert ticket.key.startswith("SD-")
    assert ticket.summary.startswith("Solicitação de acesso: ")


async def test_a_new_address_is_asked_for_in_a_request_of_its_own(office: DeskPlace, onboarding: str) -> None:
    await asked(office, onboarding)
    await office.do(onboarding, STEP, "grant_access", {"grants": ["*"]})
    await office.act(onboarding, lambda case: manage.reopen(case, STEP, "One more."), office.sam)
    await asked(office, onboarding, users="ana@bank.example\nbruno@bank.example\nclara@bank.example")
    first, second = await filed(office, onboarding)
    assert "clara@" not in first.values["description"]
    assert second.values["description"].splitlines()[1:] == ["clara@bank.example"]


@pytest.mark.parametrize("kind", ["429", "503", "500", "gateway", "drop_before", "drop_after"])
async def test_a_bad_moment_while_filing_ends_in_one_request(office: DeskPlace, onboarding: str, kind: Any) -> None:
    office.service_desk.fail(kind, "POST", seconds=0)
    office.patience = ENDLESS
    await asked(office, onboarding)
    (ticket,) = await filed(office, onboarding)
    assert await office.states(onboarding) == {("service_desk", "filed", ticket.key)}
    assert office.read("step").count(f"Request filed for Service Desk: {ticket.key}\n") == 1


@pytest.mark.parametrize("kind", ["503", "drop_after"])
async def test_a_bad_moment_while_looking_for_the_form_ends_in_one_request(office: DeskPlace, onboarding: str, kind: Any) -> None:
    office.service_desk.fail(kind, "GET", "/rest/servicedeskapi/servicedesk", times=2, seconds=0)
    await asked(office, onboarding)
    assert len(await filed(office, onboarding)) == 1


async def test_what_the_search_does_not_know_yet_is_not_filed_again(office: DeskPlace, onboarding: str) -> None:
    office.service_desk.lag(2)
    office.service_desk.fail("drop_after", "POST")
    office.patience = Restless(wait=soon)
    before = len(office.service_desk.calls)
    await asked(office, onboarding)
    assert len(await filed(office, onboarding)) == 1
    since = office.service_desk.calls[before:]
    assert [call.path for call in since if call.method == "GET"].count("/rest/servicedeskapi/request") == 3
    assert [call.method for call in since].count("POST") == 1


async def test_a_bot_that_ended_while_it_filed_finds_what_it_filed(office: DeskPlace, onboarding: str) -> None:
    desk = office.service_desk
    before = len(desk.calls)
    office.service_desk.fail("drop_after", "POST")
    office.service_desk.fail("503", "GET", "/rest/servicedeskapi/request", times=100)
    office.patience = CALM
    await office.send(onboarding, STEP, resources=[])
    record = (await office.snapshot(onboarding)).steps[STEP]
    await office.journey.approve(office.sam, STEP, lambda: record.revision and tells(office.read("step"), said("say.approved")))
    await office.slack.until(lambda: any(call.path.endswith("/request") and call.status == 503 for call in desk.calls[before:]))
    await office.stop_bot()
    office.service_desk.faults.clear()
    await office.start_bot()
    await office.settled()
    (ticket,) = await filed(office, onboarding)
    assert await office.states(onboarding) == {("service_desk", "filed", ticket.key)}


async def test_while_the_desk_is_away_the_customer_is_not_kept_waiting_and_support_may_file_by_hand(
    office: DeskPlace, onboarding: str
) -> None:
    office.patience = CALM
    office.service_desk.fail("503", times=10_000)
    await office.send(onboarding, STEP, resources=[])
    await office.journey.approve(office.sam, STEP, lambda: tells(office.read("step"), said("say.approved")))
    form = {"grants": "*", "ticket": "SD-77"}
    done = lambda: "filed in Service Desk: SD-77" in office.read("step")  # noqa: E731
    await office.journey.task(office.sam, "review", STEP, "file_request", form, done)
    office.service_desk.faults.clear()
    await office.settled()
    assert await filed(office, onboarding) == []
    assert {state for _, state, _ in await office.states(onboarding)} == {"filed"}


async def test_what_support_filed_while_an_answer_was_missing_is_not_filed_again(office: DeskPlace, onboarding: str) -> None:
    office.patience = ENDLESS
    office.service_desk.fail("drop_before", "POST")
    await office.send(onboarding, STEP, resources=[])
    await office.journey.approve(office.sam, STEP, lambda: tells(office.read("step"), said("say.approved")))
    done = lambda: "filed in Service Desk: SD-78" in office.read("step")  # noqa: E731
    await office.journey.task(office.sam, "review", STEP, "file_request", {"grants": "*", "ticket": "SD-78"}, done)
    await office.settled()
    assert await filed(office, onboarding) == []
    assert {reference for _, _, reference in await office.states(onboarding)} == {"SD-78"}


# -- what prevents filing, and filing it after all


async def test_a_name_that_is_not_there_is_told_with_what_there_is_and_the_text(office: DeskPlace, onboarding: str) -> None:
    world = office.service_desk.world
    world.rename_option(EN, "Service Desk Portal", "Portal <!channel>")
    await asked(office, onboarding)
    told = await office.reads(ENGLISH("say.desk_not_filed", what="Service Desk", why=ENGLISH("why.desk_option")))
    assert "looked for “Service Desk Portal” and found: Portal &lt;!channel&gt;, Slack Connect, Status Page." in told
    assert "Form: PISMO | Service Desk EN &gt; Settings &gt; Access request &gt; Service Desk Portal" in told
    assert "ana@bank.example" in told
    assert not tells(told, said("say.desk_maybe"))
    assert not tells(office.read("step"), said("say.desk_not_filed"))
    world.restore()
    await office.press_retry(onboarding)
    assert len(await filed(office, onboarding)) == 1
    assert {state for _, state, _ in await office.states(onboarding)} == {"filed"}


FAILED, WORKING = ENGLISH("state.failed"), ENGLISH("state.fulfilling")


@pytest.mark.parametrize("other", [[], ["slack_connect"]], ids=["alone", "beside one that was filed"])
async def test_the_step_has_failed_until_another_try_files_it(office: DeskPlace, onboarding: str, other: list[str]) -> None:
    office.service_desk.world.rename_option(EN, "Service Desk Portal", "Portal")
    await asked(office, onboarding, resources=[*other])
    await office.reads(ENGLISH("why.desk_option"))
    for kind, step in (("card", ""), ("step", STEP), ("review", STEP)):
        assert office.journey.says(kind, step, FAILED)
    await office.press_retry(onboarding)  # not fixed yet: given up again
    await office.slack.until(lambda: office.read().count(ENGLISH("why.desk_option")) == 2)
    assert office.journey.says("review", STEP, FAILED)
    office.service_desk.world.restore()
    await office.press_retry(onboarding)
    assert len(await filed(office, onboarding)) == 1 + len(other)
    for kind, step in (("card", ""), ("step", STEP), ("review", STEP)):
        assert not office.journey.says(kind, step, FAILED)
        assert office.journey.says(kind, step, WORKING)


async def test_the_step_has_failed_until_support_goes_on_by_hand(office: DeskPlace, onboarding: str) -> None:
    office.service_desk.world.rename_option(EN, "Service Desk Portal", "Portal")
    await asked(office, onboarding)
    await office.reads(ENGLISH("why.desk_option"))
    assert office.journey.says("review", STEP, FAILED)
    done = lambda: "filed in Service Desk: SD-79" in office.read("step")  # noqa: E731
    await office.journey.task(office.sam, "review", STEP, "file_request", {"grants": "*", "ticket": "SD-79"}, done)
    await office.settled()
    assert office.journey.says("review", STEP, WORKING)
    await office.do(onboarding, STEP, "grant_access", {"grants": ["*"]})
    assert await office.state(onboarding, STEP) == "done"


async def test_a_field_that_the_bot_does_not_know_is_named(office: DeskPlace, onboarding: str) -> None:
    office.service_desk.world.require(EN, "Share with")
    await asked(office, onboarding)
    assert "looked for “Share with”" in await office.reads(ENGLISH("why.desk_required"))
    office.service_desk.world.restore()
    await office.press_retry(onboarding)
    assert len(await filed(office, onboarding)) == 1


async def test_a_token_that_ended_is_said_and_never_shown(
    office: DeskPlace, onboarding: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    desk, old = office.service_desk, office.service_desk.token
    desk.renew_token("another-token-of-the-playground")
    await asked(office, onboarding)
    assert old not in await office.reads(ENGLISH("why.desk_unauthorized"))
    desk.renew_token(old)
    await office.press_retry(onboarding)
    assert len(await filed(office, onboarding)) == 1
    assert old not in caplog.text
    assert "ana@bank.example" not in "".join(r.getMessage() for r in caplog.records if r.name.startswith(("pismo", "bot.foll")))


async def test_given_up_after_a_lost_answer_support_is_told_to_look_first(office: DeskPlace, onboarding: str) -> None:
    office.service_desk.fail("drop_after", "POST")
    office.service_desk.fail("503", "GET", "/rest/servicedeskapi/request", times=10)
    await asked(office, onboarding)
    assert tells(await office.reads(ENGLISH("why.desk_unavailable")), said("say.desk_maybe"))
    office.service_desk.faults.clear()
    await office.press_retry(onboarding)
    (ticket,) = await filed(office, onboarding)
    assert await office.states(onboarding) == {("service_desk", "filed", ticket.key)}


@pytest.mark.parametrize(("ends", "state"), [(["CLOSED"], "granted"), (["PENDING", "VALIDATING", "CLOSED"], "filed")])
async def test_what_the_desk_has_ended_before_the_bot_finds_what_it_filed_counts_as_it_ended(
    office: DeskPlace, onboarding: str, ends: list[str], state: str
) -> None:
    desk = office.service_desk
    desk.fail("drop_after", "POST")
    desk.fail("503", "GET", "/rest/servicedeskapi/request", times=10_000)
    office.patience = CALM
    await office.send(onboarding, STEP, resources=[])
    record = (await office.snapshot(onboarding)).steps[STEP]
    await office.journey.approve(office.sam, STEP, lambda: record.revision and tells(office.read("step"), said("say.approved")))
    name = (await office.snapshot(onboarding)).onboarding.customer
    await office.slack.until(lambda: any(name in one.summary for one in desk.tickets))
    (ticket,) = await filed(office, onboarding)
    for status in ends:
        desk.move(ticket.key, status)
    desk.faults.clear()
    await office.settled()
    await office.look()
    assert await office.states(onboarding) == {("service_desk", state, ticket.key)}
    assert office.read().count(f"{ticket.key} was closed in Service Desk") == 1
