"""Access requests at the Service Desk: filed once whatever happens on the way, followed until they end, or given to support as a text."""

import logging
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from pydantic import SecretStr

from bot.buttons import Act
from bot.checks import _service_desk
from bot.desk_policies import DeskPolicies
from bot.policies import Policies
from bot.settings import Settings
from flows import starting, steering
from playground.journey import action_id
from playground.service_desk import EN
from playground.service_desk.world import Ticket
from playground.slack import Message
from tests.bot.workplace import Workplace, who

pytestmark = pytest.mark.asyncio(loop_scope="module")

STEP = "service_desk"
LAG = 1.6
"""Seconds after which the search must know what was filed."""


class DeskPlace(Workplace):
    """The bot files at the Service Desk, looks at a ticket whenever it is told to, and tries again at once."""

    def __init__(self) -> None:
        policies = DeskPolicies(follow_seconds=0.0, lag_seconds=LAG)
        super().__init__(Policies(sweep_seconds=3600, poll_seconds=0.05, service_desk=policies))

    def settings(self) -> Settings:
        desk = self.service_desk
        ours = {"service_desk_url": desk.url, "service_desk_user": desk.user, "service_desk_token": SecretStr(desk.token)}
        return super().settings().model_copy(update=ours)

    async def start_bot(self) -> None:
        await super().start_bot()
        self.patient(3)

    def patient(self, attempts: int, wait: float = 0.02) -> None:
        """Effects are tried so often, with so many seconds between."""
        self.bot.effects._wait = lambda _attempt: wait
        self.bot.effects._most_attempts = attempts

    async def look(self) -> None:
        """At every open ticket."""
        await self.bot.following.round()
        await self.settled()

    # -- what people see

    def read(self, where: str = "review") -> str:
        """The thread of the step, on support's side or the customer's ("step")."""
        return "\n".join(message.text for message in self.journey.thread(where, STEP))

    async def reads(self, words: str, where: str = "review") -> str:
        """The thread, once these words are in it: what is given up is told after the effects are done."""
        await self.slack.until(lambda: words in self.read(where), timeout=20)
        await self.settled()
        return self.read(where)

    async def press_retry(self, onboarding: str) -> None:
        """The button of the alert about a request of one onboarding."""

        def alert() -> Message | None:
            return next(
                (m for m in self.support.messages if "a request to the Service Desk (" in m.text and onboarding in str(m.blocks)),
                None,
            )

        await self.slack.until(alert, timeout=20)
        found = alert()
        assert found is not None
        assert (await self.sam.click(found, action_id=action_id(found.blocks, Act.RETRY_EFFECT))).ok
        await self.settled()

    async def states(self, onboarding: str) -> set[tuple[str, str, str]]:
        return {(grant.resource, grant.state, grant.reference) for grant in (await self.snapshot(onboarding)).grants}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def whole() -> AsyncIterator[DeskPlace]:
    place = DeskPlace()
    await place.service_desk.start()
    try:
        async with place:
            yield place
    finally:
        await place.service_desk.stop()


@pytest_asyncio.fixture(loop_scope="module")
async def office(whole: DeskPlace) -> AsyncIterator[DeskPlace]:
    yield whole
    whole.service_desk.faults.clear()
    whole.service_desk.lag(0)
    whole.service_desk.world.restore()
    whole.patient(3)


@pytest_asyncio.fixture(loop_scope="module")
async def onboarding(office: DeskPlace) -> AsyncIterator[str]:
    """Begun in Acme's channel, closed afterwards; its requests are told by its customer's name."""
    one = await office.begin(customer=f"Bank {len(office.support.messages)}")
    yield one
    if (await office.snapshot(one)).onboarding.closed_at is None:
        await office.bot.desk.transact(lambda unit: starting.close(unit, office.rules.rules, one, who(office.sam)))
    await office.settled()


async def asked(office: DeskPlace, onboarding: str, **changed: Any) -> None:
    """The customer asks for access, for the Service Desk alone unless said otherwise, and support approves."""
    users = {"users": "ana@bank.example\nbruno@bank.example", "resources": ["service_desk"], **changed}
    await office.send(onboarding, STEP, **users)
    await office.approve(onboarding, STEP)


async def filed(office: DeskPlace, onboarding: str) -> list[Ticket]:
    name = (await office.snapshot(onboarding)).onboarding.customer
    return [ticket for ticket in office.service_desk.tickets if name in ticket.summary]


# -- filing


async def test_each_access_is_asked_for_with_the_addresses_and_its_key_is_kept(office: DeskPlace, onboarding: str) -> None:
    await asked(office, onboarding, resources=["service_desk", "slack_connect"])
    portal, slack = await filed(office, onboarding)
    assert portal.values["customfield_10050"] == {"id": "10102", "child": {"id": "10201"}}
    assert slack.values["customfield_10050"] == {"id": "10102", "child": {"id": "10202"}}
    assert portal.values["description"].splitlines()[1:] == ["ana@bank.example", "bruno@bank.example"]
    assert slack.values["description"].splitlines()[1:] == ["ana@bank.example", "bruno@bank.example", "Slack: #acme_pismo"]
    assert await office.states(onboarding) == {("service_desk", "filed", portal.key), ("slack_connect", "filed", slack.key)}
    page = f"{office.service_desk.url}/servicedesk/customer/portal/{EN}/{portal.key}"
    for thread in (office.read("step"), office.read()):
        assert f"(Service Desk) is filed in the Service Desk: {portal.key}\n" in thread
        assert page in thread
        assert f"(Slack Connect) is filed in the Service Desk: {slack.key}\n" in thread
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
    await office.bot.desk.transact(
        lambda unit: steering.reopen(unit, office.rules.rules, onboarding, STEP, who(office.sam), "One more.")
    )
    await asked(office, onboarding, users="ana@bank.example\nbruno@bank.example\nclara@bank.example")
    first, second = await filed(office, onboarding)
    assert "clara@" not in first.values["description"]
    assert second.values["description"].splitlines()[1:] == ["clara@bank.example"]


@pytest.mark.parametrize("kind", ["429", "503", "500", "gateway", "drop_before", "drop_after"])
async def test_a_bad_moment_while_filing_ends_in_one_request(office: DeskPlace, onboarding: str, kind: Any) -> None:
    office.service_desk.fail(kind, "POST", seconds=0)
    office.patient(10_000)
    await asked(office, onboarding)
    (ticket,) = await filed(office, onboarding)
    assert await office.states(onboarding) == {("service_desk", "filed", ticket.key)}
    assert office.read("step").count(f"filed in the Service Desk: {ticket.key}") == 1


@pytest.mark.parametrize("kind", ["503", "drop_after"])
async def test_a_bad_moment_while_looking_for_the_form_ends_in_one_request(office: DeskPlace, onboarding: str, kind: Any) -> None:
    office.service_desk.fail(kind, "GET", "/rest/servicedeskapi/servicedesk", times=2, seconds=0)
    await asked(office, onboarding)
    assert len(await filed(office, onboarding)) == 1


async def test_what_the_search_does_not_know_yet_is_not_filed_again(office: DeskPlace, onboarding: str) -> None:
    office.service_desk.lag(2)
    office.service_desk.fail("drop_after", "POST")
    before = len(office.service_desk.calls)
    await asked(office, onboarding)
    assert len(await filed(office, onboarding)) == 1
    since = office.service_desk.calls[before:]
    assert [call.path for call in since if call.method == "GET"].count("/rest/servicedeskapi/request") == 3
    assert [call.method for call in since].count("POST") == 1


async def test_a_bot_that_ended_while_it_filed_finds_what_it_filed(office: DeskPlace, onboarding: str) -> None:
    office.service_desk.fail("drop_after", "POST")
    office.service_desk.fail("503", "GET", "/rest/servicedeskapi/request", times=100)
    office.patient(10_000, 0.3)
    await office.send(onboarding, STEP, resources=["service_desk"])
    record = (await office.snapshot(onboarding)).steps[STEP]
    await office.journey.approve(office.sam, STEP, lambda: record.revision and "Approved" in office.read("step"))
    await office.slack.until(lambda: any(call.path.endswith("/request") and call.status == 503 for call in calls(office)))
    await office.stop_bot()
    office.service_desk.faults.clear()
    await office.start_bot()
    await office.settled()
    (ticket,) = await filed(office, onboarding)
    assert await office.states(onboarding) == {("service_desk", "filed", ticket.key)}


def calls(office: DeskPlace) -> list[Any]:
    return office.service_desk.calls[-20:]


async def test_while_the_desk_is_away_the_customer_is_not_kept_waiting_and_support_may_file_by_hand(
    office: DeskPlace, onboarding: str
) -> None:
    office.patient(10_000, 0.3)
    office.service_desk.fail("503", times=10_000)
    await office.send(onboarding, STEP, resources=["service_desk"])
    await office.journey.approve(office.sam, STEP, lambda: "Approved" in office.read("step"))
    form = {"grants": "*", "ticket": "SD-77"}
    done = lambda: "filed in the Service Desk: SD-77" in office.read("step")  # noqa: E731
    await office.journey.task(office.sam, "review", STEP, "file_request", form, done)
    office.service_desk.faults.clear()
    await office.settled()
    assert await filed(office, onboarding) == []
    assert {state for _, state, _ in await office.states(onboarding)} == {"filed"}


async def test_what_support_filed_while_an_answer_was_missing_is_not_filed_again(office: DeskPlace, onboarding: str) -> None:
    office.patient(10_000)
    office.service_desk.fail("drop_before", "POST")
    await office.send(onboarding, STEP, resources=["service_desk"])
    await office.journey.approve(office.sam, STEP, lambda: "Approved" in office.read("step"))
    done = lambda: "filed in the Service Desk: SD-78" in office.read("step")  # noqa: E731
    await office.journey.task(office.sam, "review", STEP, "file_request", {"grants": "*", "ticket": "SD-78"}, done)
    await office.settled()
    assert await filed(office, onboarding) == []
    assert {reference for _, _, reference in await office.states(onboarding)} == {"SD-78"}


# -- what keeps it from being filed, and filing it after all


async def test_a_name_that_is_not_there_is_told_with_what_there_is_and_the_text(office: DeskPlace, onboarding: str) -> None:
    world = office.service_desk.world
    world.rename_option(EN, "Service Desk Portal", "Portal <!channel>")
    await asked(office, onboarding)
    told = await office.reads("The request for Service Desk was not filed by the bot: the form does not offer that choice.")
    assert "It looked for “Service Desk Portal”. There is: Portal &lt;!channel&gt;, Slack Connect, Status Page." in told
    assert "Form: PISMO | Service Desk EN &gt; Settings &gt; Access request &gt; Service Desk Portal" in told
    assert "ana@bank.example" in told
    assert "look in the Service Desk before" not in told
    assert "not filed" not in office.read("step")
    world.restore()
    await office.press_retry(onboarding)
    assert len(await filed(office, onboarding)) == 1
    assert {state for _, state, _ in await office.states(onboarding)} == {"filed"}


async def test_a_field_that_the_bot_does_not_know_is_named(office: DeskPlace, onboarding: str) -> None:
    office.service_desk.world.require(EN, "Share with")
    await asked(office, onboarding)
    assert "It looked for “Share with”." in await office.reads("the form asks for something that the bot does not know")
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
    assert old not in await office.reads("the Service Desk does not accept the bot's user or API token")
    desk.renew_token(old)
    await office.press_retry(onboarding)
    assert len(await filed(office, onboarding)) == 1
    assert old not in caplog.text
    assert "ana@bank.example" not in "".join(r.getMessage() for r in caplog.records if r.name.startswith(("pismo", "bot.foll")))


async def test_given_up_after_a_lost_answer_support_is_told_to_look_first(office: DeskPlace, onboarding: str) -> None:
    office.service_desk.fail("drop_after", "POST")
    office.service_desk.fail("503", "GET", "/rest/servicedeskapi/request", times=10)
    await asked(office, onboarding)
    assert "look in the Service Desk before you file it" in await office.reads("the Service Desk did not answer")
    office.service_desk.faults.clear()
    await office.press_retry(onboarding)
    (ticket,) = await filed(office, onboarding)
    assert await office.states(onboarding) == {("service_desk", "filed", ticket.key)}


# -- following


async def test_a_status_is_told_once_a_change_until_the_ticket_ends(office: DeskPlace, onboarding: str) -> None:
    await asked(office, onboarding)
    (ticket,) = await filed(office, onboarding)
    await office.look()
    assert "says of" not in office.read("step")
    for status in ("IN DEV", "PENDING"):
        office.service_desk.move(ticket.key, status)
        await office.look()
        await office.look()
        for where in ("step", "review"):
            assert office.read(where).count(f"The Service Desk says of {ticket.key}: {status}\n") == 1
            assert office.journey.says(where, STEP, f"{ticket.key}: {status}")
    office.service_desk.move(ticket.key, "CLOSED")
    await office.look()
    assert f"The Service Desk has closed {ticket.key}: CLOSED" in office.read("step")
    assert f"<@{office.sam.id}> The Service Desk has closed {ticket.key}: CLOSED" in office.read()
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
    assert f"says of {ticket.key}: IN DEV" in office.read("step")


async def test_after_a_restart_it_is_followed_on(office: DeskPlace, onboarding: str) -> None:
    await asked(office, onboarding)
    (ticket,) = await filed(office, onboarding)
    await office.stop_bot()
    office.service_desk.move(ticket.key, "VALIDATING")
    await office.start_bot()
    await office.slack.until(lambda: f"says of {ticket.key}: VALIDATING" in office.read("step"))


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
    assert office.read().count(f"The status of {ticket.key} cannot be followed") == 1
    ticket.reporter = office.service_desk.user
    await office.look()
    assert office.journey.says("step", STEP, f"{ticket.key}: NEW http")
    world.move(ticket.key, "CLOSED")
    await office.look()
    assert f"has closed {ticket.key}: CLOSED" in office.read("step")


# -- without, and the configuration


async def test_without_a_desk_support_gets_the_text_for_all_of_it(office: DeskPlace, onboarding: str) -> None:
    requests = office.bot.effects._executors["request_access"].__self__  # type: ignore[attr-defined]
    configured, requests.service_desk = requests.service_desk, None
    await asked(office, onboarding, resources=["service_desk", "status_page"])
    requests.service_desk = configured
    assert await filed(office, onboarding) == []
    assert "ready to paste into the Service Desk: https://pismolabs.atlassian.net/servicedesk/" in office.read()
    assert "Access request &gt; Service Desk Portal / Status Page" in office.read()
    assert "not filed" not in office.read()


async def test_check_says_of_each_portal_whether_access_can_be_asked_for_there(office: DeskPlace) -> None:
    settings, desk = office.settings(), office.service_desk
    assert [str(line) for line in [line async for line in _service_desk(settings)]] == [
        "ok: Service Desk (en): PISMO | Service Desk EN > Settings > Access request can be filed",
        "ok: Service Desk (pt_BR): PISMO | Service Desk > Settings > Access request can be filed",
    ]
    desk.world.rename_desk(EN, "Help")
    lines = [str(line) async for line in _service_desk(settings)]
    assert lines[0].startswith(
        "wrong: Service Desk (en): no desk: PISMO | Service Desk EN; there is: Help, PISMO | Service Desk - "
    )
    assert lines[1].startswith("ok: ")
    desk.world.restore()
    wrong = settings.model_copy(update={"service_desk_token": SecretStr("not-this-one")})
    (line,) = [str(line) async for line in _service_desk(wrong)]
    assert line.startswith("wrong: Service Desk (en): it answered 401 (unauthorized) - make a new API token")
    assert "not-this-one" not in line
    desk.fail("503")
    (line,) = [str(line) async for line in _service_desk(settings)]
    assert "keeps trying" in line
    (line,) = [str(line) async for line in _service_desk(Settings(service_desk_url=""))]
    assert line.startswith("ok: Service Desk: not configured")
