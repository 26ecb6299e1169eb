"""What the inspector shows of the traffic between Slack and the app."""

import json
from collections.abc import AsyncIterator

import pytest

from playground.page.traffic import Counts, counts, find, rows
from playground.slack import SlackPerson, SlackStandIn
from playground.slack.checks import WebApiError
from playground.slack.records import PAYLOADS_KEPT, Answer, Sent, WebApiCall


@pytest.fixture
async def slack() -> AsyncIterator[SlackStandIn]:
    async with SlackStandIn("a-signing-secret-of-a-test") as slack:
        yield slack


@pytest.fixture
def ana(slack: SlackStandIn) -> SlackPerson:
    return slack.add_person("Ana", slack.add_team("Pismo"))


def call(at: float, outcome: str = "ok") -> WebApiCall:
    return WebApiCall("chat.postMessage", {"channel": "C1", "text": "<5>"}, at, 12.3, outcome)


def sent(at: float, payload: dict[str, object], *, ms: float = 40, error: str | None = None, attempt: int = 0) -> Sent:
    return Sent("block_actions", "T1", attempt, at, ms, 0 if error else 200, error, payload)


async def test_nothing_went_by(slack: SlackStandIn) -> None:
    assert rows(slack) == []
    assert counts(slack) == (0, 0, 0)


async def test_newest_first_whatever_its_kind(slack: SlackStandIn, ana: SlackPerson) -> None:
    slack.calls += [call(1), call(3)]
    slack.deliveries += [sent(2, {"user": {"id": ana.id}}), sent(4, {"user": {"id": ana.id}})]
    assert [row.at for row in rows(slack)] == [4, 3, 2, 1]
    assert [row.key for row in rows(slack, limit=3)] == ["payload-1", "call-1", "payload-0"]
    assert counts(slack) == (2, 2, 0)


async def test_who_is_behind_a_payload(slack: SlackStandIn, ana: SlackPerson) -> None:
    slack.deliveries += [
        sent(1, {"user_id": ana.id}),
        sent(2, {"event": {"type": "message", "user": ana.id}}),
        sent(3, {"event": {"type": "message", "subtype": "message_changed", "message": {"user": ana.id}}}),
        sent(4, {"event": {"type": "message", "user": slack.bot_user_id}}),
        sent(5, {"event": {"type": "channel_rename"}}),
    ]
    assert [row.who for row in reversed(rows(slack))] == ["Ana", "Ana", "Ana", "onboarding", ""]


async def test_of_an_old_delivery_the_payload_is_not_kept(slack: SlackStandIn) -> None:
    for number in range(PAYLOADS_KEPT + 1):
        slack.courier._note("message", str(number), 0, Answer(200), {"text": "a long message"})
    kept = [find(slack, f"payload-{place}") for place in (0, 1, PAYLOADS_KEPT)]
    assert [row and row.detail for row in kept] == [{}, {"text": "a long message"}, {"text": "a long message"}]
    assert counts(slack).payloads == PAYLOADS_KEPT + 1


async def test_a_payload_says_how_it_was_acknowledged(slack: SlackStandIn) -> None:
    slack.deliveries += [
        sent(1, {}),
        sent(2, {}, ms=1800),
        sent(3, {}, error="operation_timeout"),
        sent(4, {}, error="dispatch_failed", attempt=1),
    ]
    told = [(row.what, row.outcome, row.verdict) for row in reversed(rows(slack))]
    assert told == [
        ("block_actions", "acknowledged (200)", "good"),
        ("block_actions", "acknowledged (200)", "poor"),
        ("block_actions", "not acknowledged in time", "bad"),
        ("block_actions, try 2", "the app was not reached", "bad"),
    ]


async def test_what_slack_refused_stands_out(slack: SlackStandIn) -> None:
    slack.calls.append(call(1, "invalid_blocks"))
    slack.refuse("chat.postMessage", WebApiError("invalid_blocks", ["no more than 50 items allowed"]))
    (refused,) = rows(slack, "refused")
    assert (refused.what, refused.outcome, refused.verdict) == ("chat.postMessage", "refused: invalid_blocks", "bad")
    assert "no more than 50 items allowed" in refused.json()
    assert rows(slack)[0].key == refused.key
    assert counts(slack) == (0, 1, 1)


async def test_a_filter_keeps_one_kind(slack: SlackStandIn) -> None:
    slack.calls.append(call(1))
    slack.deliveries.append(sent(2, {}))
    assert [row.kind for row in rows(slack, "calls")] == ["call"]
    assert [row.kind for row in rows(slack, "payloads")] == ["payload"]
    assert rows(slack, "refused") == []


async def test_clearing_hides_what_went_before_but_keeps_it(slack: SlackStandIn) -> None:
    slack.calls.append(call(1))
    slack.deliveries.append(sent(2, {}))
    since = counts(slack)
    assert since == Counts(1, 1, 0)
    assert rows(slack, since=since) == []
    slack.calls.append(call(3))
    assert [row.key for row in rows(slack, since=since)] == ["call-1"]
    assert counts(slack, since) == (0, 1, 0)


async def test_a_row_opens_its_json_however_old_it_is(slack: SlackStandIn) -> None:
    slack.deliveries += [sent(1, {"value": "São Paulo"})]
    slack.deliveries += [sent(at, {}) for at in range(2, 400)]
    found = find(slack, "payload-0")
    assert found is not None
    assert json.loads(found.json()) == {"value": "São Paulo"}
    assert "São Paulo" in found.json()
    assert find(slack, "payload-9999") is None
