"""Faults on demand, over the wire as an app meets them."""

import asyncio
import time
from typing import Any

import aiohttp
import pytest
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from playground.slack import Delivery, UnmetError
from playground.slack.sockets import SocketConnection
from tests.playground.company import Company, actions, button, field_of, http, modal, reached


def bare(company: Company) -> AsyncWebClient:
    """A client that never retries."""
    return AsyncWebClient(token=company.slack.bot_token, base_url=company.slack.api_url, retry_handlers=[], timeout=2)


async def test_errors_of_the_server_and_of_the_network(company: Company) -> None:
    client, faults = bare(company), company.slack.faults
    faults.add("chat.postMessage", "429", retry_after=7)
    with pytest.raises(SlackApiError) as caught:
        await client.chat_postMessage(channel=company.shared.id, text="one")
    assert (caught.value.response.status_code, caught.value.response.headers["Retry-After"]) == (429, "7")
    faults.add("*", "5xx")
    with pytest.raises(SlackApiError) as caught:
        await client.chat_postMessage(channel=company.shared.id, text="two")
    assert caught.value.response.status_code == 503
    faults.add("chat.postMessage", "internal_error")
    with pytest.raises(SlackApiError, match="internal_error"):
        await client.chat_postMessage(channel=company.shared.id, text="three")
    for kind, left in (("drop_before", 0), ("drop_after", 1)):
        faults.add("chat.postMessage", kind)
        with pytest.raises(aiohttp.ClientConnectionError):
            await client.chat_postMessage(channel=company.shared.id, text=kind)
        assert len(company.shared.messages) == left
    faults.add("chat.postMessage", "slow", seconds=0.2)
    began = time.perf_counter()
    await client.chat_postMessage(channel=company.shared.id, text="late")
    assert time.perf_counter() - began >= 0.2
    assert [call.outcome for call in company.slack.calls] == ["429", "5xx", "internal_error", "drop_before", "drop_after", "ok"]
    faults.add("*", "5xx", times=None)
    faults.clear()
    await client.auth_test()


async def test_a_rate_limit_counts_posts_by_channel(company: Company) -> None:
    company.slack.faults.limit("chat.postMessage", calls=1, seconds=30)
    await bare(company).chat_postMessage(channel=company.shared.id, text="one")
    await bare(company).chat_postMessage(channel=company.support.id, text="one")
    with pytest.raises(SlackApiError, match="ratelimited"):
        await bare(company).chat_postMessage(channel=company.shared.id, text="two")


async def test_events_are_tried_again_until_acknowledged(company: Company) -> None:
    seen: list[tuple[str, str, str]] = []
    company.slack.retry_delays = (0, 0.01, 0.01)

    @company.app.middleware
    async def note(body: dict[str, Any], req: Any, next: Any) -> Any:  # noqa: A002 - Bolt's own name
        seen.append((body["event_id"], *(req.headers.get(f"x-slack-retry-{part}", [""])[0] for part in ("num", "reason"))))
        if len(seen) < 3:
            raise ConnectionError
        return await next()

    @company.app.event("message")
    async def message() -> None:
        pass

    async with reached(company, "http"):
        await company.ana.say(company.shared, "hello")
        await company.slack.until(lambda: len(seen) == 3 and company.slack.quiet)
    assert len({event_id for event_id, _, _ in seen}) == 1
    assert [(number, reason) for _, number, reason in seen] == [("", ""), ("1", "http_error"), ("2", "http_error")]


async def test_duplicates_have_one_event_id(by: Company) -> None:
    @by.app.event("message")
    async def message(body: dict[str, Any]) -> None:
        by.seen.append(body)

    by.slack.faults.duplicate_deliveries = True
    await by.ana.say(by.shared, "hello")
    await by.slack.until(lambda: len(by.seen) == 2)
    assert by.seen[0]["event_id"] == by.seen[1]["event_id"]


async def test_a_person_is_told_when_the_app_is_late_down_or_wrong(company: Company) -> None:
    company.slack.ack_seconds = 1.0

    @company.app.action("slow")
    async def slow(ack: Any) -> None:
        await company.slack.until(lambda: company.slack.deliveries)
        await ack()

    @company.app.action("broken")
    async def broken() -> None:
        raise ValueError

    @company.app.view("form")
    async def form(ack: Any) -> None:
        await ack(response_action="errors", errors={"nowhere": "no"})

    await company.client.chat_postMessage(
        channel=company.shared.id, text="x", blocks=actions(button("Slow", "slow"), button("Broken", "broken"))
    )
    message = company.ana.sees(company.shared)[0]
    async with reached(company, "http"):
        assert (await company.ana.click(message, "Slow")).error == "operation_timeout"
        assert (await company.ana.click(message, "Broken")).error == "http_error"
        await company.client.views_open(
            trigger_id=company.slack.new_trigger(company.ana.user), view=modal(field_of("a", "A", optional=True))
        )
        assert (await company.ana.submit()).error == "invalid_errors"
        assert company.slack.violations[0].where == "view_submission"
        assert company.ana.view is not None
    assert (await company.ana.click(message, "Slow")).error == "dispatch_failed"
    company.slack.deliver_by(Delivery.socket())
    assert (await company.ana.click(message, "Slow")).error == "dispatch_failed"


async def test_a_wrong_secret_is_refused_by_the_app(company: Company) -> None:
    other = AsyncApp(client=company.client, signing_secret="another", process_before_response=True)
    async with http(other) as url:
        company.slack.deliver_by(Delivery.http(url))
        assert (await company.sam.command("/onboarding")).status == 401


async def test_socket_connections_that_break_come_back(company: Company) -> None:
    @company.app.command("/onboarding")
    async def command(ack: Any) -> None:
        await ack("here")

    sockets = company.slack.sockets

    async def replaced(old: SocketConnection) -> SocketConnection:
        await company.slack.until(lambda: sockets.connections and old not in sockets.connections)
        return sockets.connections[0]

    async with reached(company, "socket"):
        first = sockets.connections[0]
        company.slack.drop_sockets()
        second = await replaced(first)
        assert (await company.sam.command("/onboarding")).text == "here"
        await company.slack.disconnect_sockets()
        third = await replaced(second)
        assert (await company.sam.command("/onboarding")).text == "here"
        company.slack.stop_pings()
        await replaced(third)
        company.slack.resume_pings()


async def test_an_envelope_whose_connection_breaks_goes_to_the_next(company: Company) -> None:
    @company.app.command("/onboarding")
    async def command(ack: Any) -> None:
        if not company.seen:
            company.seen.append({})
            company.slack.drop_sockets()
            return
        await ack("here")

    async with reached(company, "socket"):
        outcome = await company.sam.command("/onboarding")
        assert (outcome.text, len(company.slack.deliveries)) == ("here", 1)


async def test_a_condition_that_stays_false_says_what_there_was(company: Company) -> None:
    await company.client.chat_postMessage(channel=company.shared.id, text="Only this")
    with pytest.raises(UnmetError) as caught:
        await company.slack.until(lambda: company.ana.find(company.shared, "That"), timeout=0.01)
    assert "Only this" in str(caught.value)
    assert "chat.postMessage" in str(caught.value)
    assert "That" in str(caught.value)


async def test_a_condition_that_never_waits_lets_others_go_on(company: Company) -> None:
    company.slack.deliver_by(Delivery.socket())
    answered = asyncio.create_task(company.client.auth_test())

    async def insists() -> bool:
        await company.sam.command("/onboarding")  # nobody is there: refused at once
        return answered.done()

    await company.slack.until(insists, timeout=5)
    assert (await answered)["ok"]
