"""Accesses asked for again in a new revision: the matrix shows what was approved last, and support can grant it."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.messages.card import next_button
from bot.messages.matrix import matrix
from bot.messages.step import step_message
from bot.messages.texts import Texts
from flows.cases import manage
from flows.cases.case import Case
from flows.state import StepState
from playground.slack.screen import tells
from playground.walkthrough import said
from tests.flows.cases.casework import LEAD, OWNER, STEPS, CaseBook, case_book
from tests.flows.steps.filled_forms import sent

STEP, DESK = "control_center", "service_desk"
ADMIN, VIEWER = sent(STEPS[STEP].form, STEPS[STEP].form.example)["users"]


@pytest.fixture
async def acme(tmp_path: Path) -> AsyncIterator[CaseBook]:
    """The example's two Control Center users are approved but not yet invited."""
    async with case_book(tmp_path) as one:
        await one.start()
        await one.skip("planning", "organization")
        await ask(one)
        yield one


async def ask(one: CaseBook, **changed: Any) -> None:
    """The example with changes to its second user, sent and approved."""
    await one.send(STEP, people="", users=[ADMIN, {**VIEWER, **changed}])
    await one.approve(STEP)


async def shown(one: CaseBook, email: str) -> list[str]:
    """One person's cells in the matrix, without dates."""
    made = await one.snapshot()
    lines = matrix(made, one.rules.journeys.of_customer(made), Texts("en"), one.now).text.splitlines()
    (row,) = [line for line in lines if line.startswith(f"{email} · ")]
    return [re.sub(r", expires: .+ UTC", "", cell) for cell in row.split(" · ")[1:]]


async def test_a_role_and_a_name_changed_before_the_invitation_are_those_it_is_sent_for(acme: CaseBook) -> None:
    await ask(acme, roles=["controlc-admin"], name="Second Administrator", language="en")
    assert await shown(acme, VIEWER["email"]) == ["Control Center, test: requested, Admin"]
    (grant,) = [grant for grant in (await acme.snapshot()).grants if grant.email == VIEWER["email"]]
    assert (grant.name, grant.language) == ("Second Administrator", "en")


@pytest.mark.parametrize("came_in", [False, True])
async def test_another_role_than_was_given_is_asked_for_and_invited_anew(acme: CaseBook, came_in: bool) -> None:
    await acme.task(STEP, "send_invitations", {"grants": ["*"]})
    if came_in:
        await acme.task(STEP, "confirm_access", {"grants": ["*"]}, LEAD)
        await acme.act(lambda case: manage.reopen(case, STEP, "Another role."), OWNER)
    was = (await shown(acme, ADMIN["email"]))[0]
    await ask(acme, roles=["controlc-setup-advanced"])
    assert await shown(acme, VIEWER["email"]) == ["Control Center, test: requested, Setup advanced"]
    assert (await shown(acme, ADMIN["email"]))[0] == was
    await acme.task(STEP, "send_invitations", {"grants": ["*"]})
    await acme.task(STEP, "confirm_access", {"grants": ["*"]}, LEAD)
    assert await shown(acme, VIEWER["email"]) == ["Control Center, test: confirmed, Setup advanced"]
    assert (await acme.step(STEP)).state is StepState.DONE


async def test_another_name_alone_invites_nobody_again(acme: CaseBook) -> None:
    await acme.task(STEP, "send_invitations", {"grants": ["*"]})
    await ask(acme, name="Renamed")
    assert await shown(acme, VIEWER["email"]) == ["Control Center, test: invited, Setup viewer"]
    assert "Renamed" in {grant.name for grant in (await acme.snapshot()).grants}


async def test_who_is_in_says_so_also_while_support_decides_on_a_longer_list(acme: CaseBook) -> None:
    await acme.task(STEP, "send_invitations", {"grants": ["*"]})
    await acme.send(STEP, people="Third Person; third@bank.example; Auditor; test; English")
    await acme.task(STEP, "confirm_access", {"grants": ["*"]}, LEAD)
    await acme.approve(STEP)
    assert await shown(acme, VIEWER["email"]) == ["Control Center, test: confirmed, Setup viewer"]
    assert await shown(acme, "third@bank.example") == ["Control Center, test: requested, Auditor"]


async def test_the_customer_names_an_administrator_if_none_is_left(acme: CaseBook) -> None:
    """The only one has left the company before they came in, and everybody else is in."""
    await acme.task(STEP, "send_invitations", {"grants": ["*"]})
    gone = [grant.id for grant in (await acme.snapshot()).grants if grant.email == ADMIN["email"]]
    await acme.task(STEP, "withdraw_access", {"grants": gone, "reason": "Left the company."})
    await acme.task(STEP, "confirm_access", {"grants": ["*"]}, LEAD)
    assert (await acme.step(STEP)).turn.startswith("customer")

    def drawn(case: Case) -> tuple[str, str]:
        texts = Texts("en")
        step = step_message(case.snapshot, case.journey, STEP, texts, case.situation, case.rules.reminders.support_first).text
        return step, str(next_button(case.snapshot, case.journey, texts, case.situation))

    message, button = await acme.act(drawn)
    assert tells(message, said("note.no_admin_in"))
    await acme.skip("service_desk", "environments", "first_programs", "authentication", "integration", "production", "next_steps")
    _, button = await acme.act(drawn)
    assert "Control Center access" in button
    await ask(acme, roles=["controlc-admin"])
    await acme.task(STEP, "send_invitations", {"grants": ["*"]})
    await acme.task(STEP, "confirm_access", {"grants": ["*"]}, LEAD)
    assert (await acme.step(STEP)).state is StepState.DONE


async def test_an_address_that_was_refused_can_be_asked_for_again_and_granted(acme: CaseBook) -> None:
    await acme.send(DESK, users="new@bank.example")
    await acme.approve(DESK)
    await acme.task(DESK, "refuse_access", {"grants": ["*"], "reason": "Not an employee yet."})
    assert set(await shown(acme, "new@bank.example")) == {"Service Desk: denied", "Status page: denied"}
    await acme.act(lambda case: manage.reopen(case, DESK, "An employee now."), OWNER)
    await acme.send(DESK, users="new@bank.example")
    await acme.approve(DESK)
    assert set(await shown(acme, "new@bank.example")) == {"Service Desk: requested", "Status page: requested"}
    assert len(await acme.news("request_access")) == 2
    await acme.task(DESK, "grant_access", {"grants": ["*"]})
    assert (await acme.step(DESK)).state is StepState.DONE


async def test_access_to_the_environments_is_granted_or_refused_and_asked_for_again(acme: CaseBook) -> None:
    step = "environments"
    await acme.send(step, test_users="dev@bank.example\nold@bank.example", production_users="dev@bank.example")
    await acme.approve(step)
    assert await shown(acme, "dev@bank.example") == ["Test environment: requested", "Production environment: requested"]
    (old,) = [grant.id for grant in (await acme.snapshot()).grants if grant.email == "old@bank.example"]
    await acme.task(step, "refuse_access", {"grants": [old], "reason": "Has left."})
    ready = {"base_url": "https://pismo.bank.example"}
    await acme.task(step, "test_ready", ready)
    assert (await acme.step(step)).state is StepState.FULFILLING  # somebody waits for access
    await acme.task(step, "grant_access", {"grants": ["*"]})
    assert await shown(acme, "dev@bank.example") == ["Test environment: granted", "Production environment: requested"]
    assert await shown(acme, "old@bank.example") == ["Test environment: denied"]
    assert (await acme.step(step)).state is StepState.DONE
    await acme.act(lambda case: manage.reopen(case, step, "They are back."), OWNER)
    await acme.send(step, test_users="old@bank.example", production_users="dev@bank.example")
    await acme.approve(step)
    assert await shown(acme, "old@bank.example") == ["Test environment: requested"]
