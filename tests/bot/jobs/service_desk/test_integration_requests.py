"""What a customer integrates becomes one complete request each, followed like the requests for access."""

from functools import partial
from typing import Any

import pytest

from bot.jobs.executor import Patience
from bot.messages.texts import Texts
from flows.cases import manage, review, tasks
from flows.journey import JOURNEYS
from playground.service_desk.world import Ticket
from playground.slack.screen import tells
from playground.walkthrough import said
from tests.bot.jobs.service_desk.desk_place import DeskPlace
from tests.bot.workplace import ENDLESS

EN = Texts("en")

pytestmark = pytest.mark.asyncio(loop_scope="module")

STEP = "integration"
EXAMPLE = JOURNEYS.latest.steps[STEP].form.example


async def ask(office: DeskPlace, onboarding: str, **changed: Any) -> dict[str, Ticket]:
    """Sent and approved; the tickets by the beginning of their summary."""
    await office.send(onboarding, STEP, **changed)
    await office.approve(onboarding, STEP)
    name = (await office.snapshot(onboarding)).onboarding.customer
    return {ticket.summary.partition(":")[0]: ticket for ticket in office.service_desk.tickets if name in ticket.summary}


def thread(office: DeskPlace, where: str) -> str:
    return "\n".join(message.text for message in office.journey.thread(where, STEP))


async def test_each_integration_is_one_request_with_all_that_is_needed(office: DeskPlace, onboarding: str) -> None:
    everything = ["webhooks", "event_delivery", "third_party_openid", "status_page"]
    targets = ["sns", "s3", "gcp", "azure", "sftp"]
    tickets = await ask(office, onboarding, integrations=everything, event_targets=targets, party_remarks="{color}Fraud{color}")
    assert tickets.keys() == {"Webhooks", "Event delivery", "Third-party OpenID", "Status Page"}
    for title, words in {
        "Webhooks": ["Address for test: https://hooks-test.bank.example/pismo", "it answers within 2 seconds"],
        "Event delivery": [
            "SNS topic: arn:aws:sns:sa-east-1:123456789012:pismo-events",
            "S3 bucket for files: bank-pismo-events",
            "Pub/Sub topic: pismo-events",
            EXAMPLE["azure_resource"],
            EXAMPLE["sftp_key"],
        ],
        "Third-party OpenID": ["Permission groups: pismo-v1:accounts:rw", "What it does: (color)Fraud(color)"],
        "Status Page": ["operations.lead@bank.example"],
    }.items():
        description = tickets[title].values["description"]
        assert all(word in description for word in words), description
    assert tickets["Third-party OpenID"].participants == ["integration@fraudwatch.example"]
    assert tickets["Status Page"].values["customfield_10050"] == {"id": "10102", "child": {"id": "10203"}}
    assert tickets["Webhooks"].values["customfield_10050"] == {"id": "10103", "child": {"id": "10221"}}
    for ticket in tickets.values():
        assert f": {ticket.key}\n" in thread(office, "step")
    for ticket in tickets.values():
        office.service_desk.move(ticket.key, "CLOSED")
    await office.look()
    assert await office.state(onboarding, STEP) == "done"


async def test_what_has_changed_is_asked_for_anew_and_nothing_else(office: DeskPlace, onboarding: str) -> None:
    await ask(office, onboarding)
    before = len(office.service_desk.tickets)
    await ask(office, onboarding, sns_topic="arn:aws:sns:sa-east-1:123456789012:other")
    (new,) = office.service_desk.tickets[before:]
    assert new.summary.startswith("Event delivery: ")
    assert "SNS topic: arn:aws:sns:sa-east-1:123456789012:other" in new.values["description"]


async def test_a_bad_moment_while_filing_ends_in_one_request_each(office: DeskPlace, onboarding: str) -> None:
    office.patience = ENDLESS
    office.service_desk.fail("drop_after", "POST")
    before = len(office.service_desk.tickets)
    await ask(office, onboarding)
    assert len(office.service_desk.tickets) == before + 2
    for title in ("Webhooks", "Event delivery"):
        assert thread(office, "step").count(f"Request filed for {title}:") == 1


async def test_a_later_revision_that_waits_for_support_is_not_filed(office: DeskPlace, onboarding: str) -> None:
    office.service_desk.fail("503", "GET", "/rest/servicedeskapi/servicedesk", times=2, seconds=0)
    office.patience = ENDLESS
    await office.send(onboarding, STEP, integrations=["webhooks"])
    record = (await office.snapshot(onboarding)).steps[STEP]
    await office.act(onboarding, lambda case: review.approve(case, STEP, record.revision, record.digest[:16]), office.sam)
    await office.send(onboarding, STEP, integrations=["webhooks"], webhook_test_url="https://other.bank.example/")
    name = (await office.snapshot(onboarding)).onboarding.customer
    (ticket,) = [one for one in office.service_desk.tickets if name in one.summary]
    assert "https://hooks-test.bank.example/pismo" in ticket.values["description"]


async def test_without_a_category_support_gets_the_text_and_files_it_by_hand(office: DeskPlace, onboarding: str) -> None:
    office.service_desk.world.rename_option("10", "Integration", "Integrations")
    await ask(office, onboarding, integrations=["webhooks"])
    await office.slack.until(lambda: "ready to paste" in thread(office, "review"))
    told = thread(office, "review")
    assert EN("say.desk_not_filed", what="Webhooks", why=EN("why.desk_option")) in told
    assert "Address for test: https://hooks-test.bank.example/pismo" in told
    await office.do(onboarding, STEP, "file_request", {"request": "webhooks", "ticket": "SD-90"})
    assert office.journey.says("review", STEP, "Webhooks: Service Desk ticket SD-90")
    await office.do(onboarding, STEP, "set_up", {"requests": ["webhooks"]})
    assert await office.state(onboarding, STEP) == "done"
    assert "Webhooks: marked as set up by" in str(office.journey.lasting("review", STEP).blocks)
    await office.act(onboarding, lambda case: manage.reopen(case, STEP, "Another address."), office.sam)
    await ask(office, onboarding, integrations=["webhooks"], webhook_test_url="https://other.bank.example/")
    assert "marked as set up" not in str(office.journey.lasting("review", STEP).blocks)
    await office.close(onboarding)
    await office.settled()
    assert "file these requests in Service Desk: Webhooks. If you still need" in thread(office, "step")
    assert "The onboarding was closed with no Service Desk request recorded for: Webhooks." in thread(office, "review")


async def test_a_choice_of_nothing_ends_the_step_and_none_keeps_the_onboarding_open(office: DeskPlace, onboarding: str) -> None:
    before = len(office.service_desk.tickets)
    await ask(office, onboarding, integrations=["not_needed"])
    assert await office.state(onboarding, STEP) == "done"
    assert len(office.service_desk.tickets) == before
    await office.act(onboarding, lambda case: manage.reopen(case, STEP, "They need it after all."), office.sam)
    others = [step for step in (await office.snapshot(onboarding)).steps if step not in (STEP, "next_steps")]
    await office.skip(onboarding, *others)
    await office.do(onboarding, "next_steps", "close_onboarding", {})
    assert (await office.snapshot(onboarding)).onboarding.closed_at is not None


async def test_what_support_refused_or_had_set_up_while_the_desk_was_away_is_not_filed_later(
    office: DeskPlace, onboarding: str
) -> None:
    office.patience = Patience(wait=lambda _attempt: 0.3)
    office.service_desk.fail("503", times=10_000)
    before = len(office.service_desk.tickets)
    await office.send(onboarding, STEP)
    record = (await office.snapshot(onboarding)).steps[STEP]
    await office.act(onboarding, lambda case: review.approve(case, STEP, record.revision, record.digest[:16]), office.sam)
    await office.slack.until(lambda: tells(thread(office, "step"), said("say.approved")))
    refused = {"requests": ["webhooks"], "reason": "The address is not the bank's."}
    for task, answers in (("refuse_request", refused), ("set_up", {"requests": ["event_delivery"]})):
        await office.act(onboarding, partial(tasks.do_task, step_id=STEP, task_id=task, clean=answers), office.sam)
    assert await office.state(onboarding, STEP) == "done"
    office.service_desk.faults.clear()
    await office.settled()
    assert office.service_desk.tickets[before:] == []
