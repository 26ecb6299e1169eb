"""Planning's products bring their steps; a later revision adds steps, or asks support whether to skip one."""

from collections.abc import AsyncIterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from flows.cases import manage
from flows.cases.case import Case
from flows.cases.fill import DraftKey, finish, leave_page, resume
from flows.cases.skips import asked
from flows.forms.pages import raw_of, slots
from flows.journey import FIRST, Journeys
from flows.problems import Refused
from flows.rules import Rules
from flows.steps.first_programs.recorded import recorded
from tests.flows.cases.casework import KIM, LEAD, OWNER, CaseBook, case_book

CARDS, BANKING, LENDING = "card_issuing", "core_banking", "digital_lending"


@pytest.fixture
async def acme(tmp_path: Path) -> AsyncIterator[CaseBook]:
    async with case_book(tmp_path) as one:
        await one.start()
        yield one


async def plan(one: CaseBook, *products: str) -> None:
    one.now += timedelta(hours=1)
    await one.send("planning", products=list(products))
    await one.approve("planning")


async def setups(one: CaseBook) -> dict[str, str]:
    """The customer's set-up steps and their states, in the order shown."""
    steps = (await one.snapshot()).steps
    return {step.removeprefix("setup_"): record.state.value for step, record in steps.items() if step.startswith("setup_")}


async def test_the_products_bring_their_steps_once_planning_is_approved(acme: CaseBook) -> None:
    assert await setups(acme) == {}
    await acme.send("planning", products=[LENDING, CARDS])
    assert await setups(acme) == {}  # support has not agreed yet
    await acme.approve("planning")
    assert await setups(acme) == {CARDS: "locked", LENDING: "locked"}
    assert ("customer", "steps_added") in await acme.said()
    await acme.skip("planning", "organization", "first_programs", "authentication")
    assert await setups(acme) == {CARDS: "open", LENDING: "open"}


async def test_a_later_revision_adds_a_step_and_the_end_waits_for_it(acme: CaseBook) -> None:
    await plan(acme, CARDS)
    await acme.skip(*(step for step in (await acme.snapshot()).steps if step not in ("planning", "next_steps")))
    await plan(acme, CARDS, BANKING)
    await acme.skip("planning")
    assert await setups(acme) == {CARDS: "skipped", BANKING: "open"}
    with pytest.raises(Refused, match="not_all_done"):
        await acme.task("next_steps", "close_onboarding", {})
    await acme.skip("setup_core_banking")
    await acme.task("next_steps", "close_onboarding", {})
    assert (await acme.snapshot()).onboarding.closed_at is not None


async def test_support_is_asked_whether_to_skip_what_is_not_planned_any_more(acme: CaseBook) -> None:
    await plan(acme, CARDS, LENDING)
    await acme.said()
    await plan(acme, CARDS)
    assert ("support", "step_unwanted") in await acme.said()
    assert [one.user_id for one in asked(await acme.snapshot(), "setup_digital_lending")] == ["system"]
    await plan(acme, CARDS)  # nobody is asked twice
    assert ("support", "step_unwanted") not in await acme.said()
    await acme.act(lambda case: manage.agree_to_skip(case, "setup_digital_lending", 0), KIM)
    assert await setups(acme) == {CARDS: "locked", LENDING: "skipped"}
    assert (await acme.step("setup_digital_lending")).changed_by == KIM.user_id
    assert ("customer", "skip_unwanted") in await acme.said()


async def test_support_keeps_it(acme: CaseBook) -> None:
    await plan(acme, CARDS, LENDING)
    await plan(acme, CARDS)
    await acme.act(lambda case: manage.withdraw_skip(case, "setup_digital_lending", 0), OWNER)
    assert await setups(acme) == {CARDS: "locked", LENDING: "locked"}
    with pytest.raises(Refused, match="skip_not_asked"):
        await acme.act(lambda case: manage.agree_to_skip(case, "setup_digital_lending", 0), KIM)
    await acme.said()
    await plan(acme, CARDS)  # which takes nothing away
    assert ("support", "step_unwanted") not in await acme.said()
    await plan(acme, CARDS, LENDING)
    await plan(acme, CARDS)
    assert ("support", "step_unwanted") in await acme.said()


async def test_a_product_that_comes_back_opens_its_step_again_and_nobody_is_asked_any_more(acme: CaseBook) -> None:
    await plan(acme, CARDS, LENDING)
    await plan(acme, CARDS)
    await plan(acme, CARDS, LENDING)
    assert asked(await acme.snapshot(), "setup_digital_lending") == []
    await plan(acme, CARDS)
    await acme.act(lambda case: manage.agree_to_skip(case, "setup_digital_lending", 0), KIM)
    await plan(acme, CARDS, LENDING)
    assert await setups(acme) == {CARDS: "locked", LENDING: "open"}


async def test_what_support_skipped_while_it_was_planned_stays_skipped(acme: CaseBook) -> None:
    await plan(acme, CARDS, LENDING)
    await acme.skip("setup_digital_lending")
    await plan(acme, CARDS, LENDING, BANKING)
    assert (await setups(acme))[LENDING] == "skipped"


async def test_a_step_that_takes_two_is_not_skipped_by_the_bots_word_and_one_more(tmp_path: Path) -> None:
    async with case_book(tmp_path, Rules(approvals={"setup_digital_lending": 2})) as acme:
        await acme.start()
        await plan(acme, CARDS, LENDING)
        await plan(acme, CARDS)
        await acme.act(lambda case: manage.agree_to_skip(case, "setup_digital_lending", 0), KIM)
        assert (await setups(acme))[LENDING] == "locked"
        await acme.skip("setup_digital_lending")
        assert (await setups(acme))[LENDING] == "skipped"


# -- the programs follow the products


async def programs(one: CaseBook, *products: str) -> None:
    """Sent and approved, later than the plan."""
    one.now += timedelta(hours=1)
    await one.send("first_programs", products=list(products))
    await one.approve("first_programs")


async def record(one: CaseBook, number: int, kind: str) -> None:
    known = {"program": {7: CARDS, 8: BANKING}[number], "program_id": number, "type": kind, "status": "ACTIVE"}
    await one.task("first_programs", "record_program", known)


async def leaves_a_page(case: Case) -> None:
    """That on which the form begins."""
    form, key = case.step("first_programs").form, DraftKey(case.id, "first_programs")
    opened = await resume(case.unit, form, case.situation, key)
    typed = raw_of(slots(form, opened.answers)[opened.slot], {**form.example, **opened.answers})
    assert leave_page(case.unit, form, opened, opened.slot, typed, LEAD, case.situation).problems == ()


async def lacking(case: Case) -> set[str]:
    """The fields in which something is wrong if the draft is sent as it is, from a window that was open before."""
    form = case.step("first_programs").form
    opened = await resume(case.unit, form, case.situation, DraftKey(case.id, "first_programs"))
    return {problem.field for _, problem in (await finish(case.unit, form, case.situation, opened.draft, {}))[1]}


async def reopened(one: CaseBook) -> tuple[str, list[Any]]:
    """The page on which the form begins, and what it says of the products."""

    async def work(case: Case) -> tuple[str, list[Any]]:
        form = case.step("first_programs").form
        opened = await resume(case.unit, form, case.situation, DraftKey(one.id, "first_programs"))
        return slots(form, opened.answers)[opened.slot].name, opened.answers["products"]

    found: tuple[str, list[Any]] = await one.act(work, LEAD)
    return found


async def test_a_product_that_is_added_has_its_program_asked_for_and_nothing_else_anew(acme: CaseBook) -> None:
    await acme.skip("organization")
    await plan(acme, CARDS)
    await programs(acme, CARDS)
    await acme.act(leaves_a_page, LEAD)  # of what is sent, without sending it anew
    await record(acme, 7, "CREDITO")
    assert (await acme.step("first_programs")).state == "done"
    await acme.said()
    await plan(acme, CARDS, BANKING)
    assert (await acme.step("first_programs")).state == "open"
    assert {("customer", "programs_lacking"), ("support", "programs_lacking_here")} <= set(await acme.said())
    await plan(acme, CARDS)
    assert ("customer", "programs_no_more") in await acme.said()
    await plan(acme, CARDS, BANKING)
    assert ("customer", "programs_lacking") in await acme.said()
    assert await reopened(acme) == (BANKING, [CARDS, BANKING])
    assert await acme.act(lacking, LEAD) == {f"{BANKING}_name", f"{BANKING}_type"}
    await acme.act(leaves_a_page, LEAD)
    assert (await reopened(acme))[1] == [CARDS, BANKING]
    await programs(acme, CARDS, BANKING)
    known = recorded(await acme.act(lambda case: case.situation))
    assert [(one.key, one.id) for one in known] == [(CARDS, 7), (BANKING, None)]
    await record(acme, 8, "CURRENT ACCOUNTS")
    assert (await acme.step("first_programs")).state == "done"
    await plan(acme, CARDS, BANKING)
    await plan(acme, BANKING)  # what is taken away leaves its program
    assert (await acme.step("first_programs")).state == "done"
    assert ("support", "programs_unplanned") in await acme.said()
    await plan(acme, CARDS, BANKING)
    assert (await acme.step("first_programs")).state == "done"
    assert ("customer", "programs_lacking") not in await acme.said()


async def test_what_waits_for_support_is_decided_on_and_then_the_customer_adds_the_program(acme: CaseBook) -> None:
    await acme.skip("organization")
    await plan(acme, CARDS)
    await acme.send("first_programs", products=[CARDS])
    await plan(acme, CARDS, BANKING)
    assert ("customer", "programs_lacking") in await acme.said()
    await acme.approve("first_programs")
    await record(acme, 7, "CREDITO")
    step = await acme.step("first_programs")
    assert (step.state, step.turn.partition(":")[0]) == ("fulfilling", "customer")
    assert await reopened(acme) == (BANKING, [CARDS, BANKING])
    await programs(acme, CARDS)  # without it on purpose
    assert (await acme.step("first_programs")).state == "done"
    await plan(acme, CARDS, BANKING)  # which adds nothing
    assert (await acme.step("first_programs")).state == "done"
    await plan(acme, CARDS, BANKING, LENDING)
    await programs(acme, CARDS, LENDING)
    await plan(acme, CARDS, BANKING, LENDING)  # nor while the step goes on
    assert (await reopened(acme))[1] == [CARDS, LENDING]
    assert (await acme.step("first_programs")).turn.partition(":")[0] == "support"


async def test_who_began_on_the_first_journey_has_no_such_step(tmp_path: Path) -> None:
    async with case_book(tmp_path, Rules(journeys=Journeys.known(FIRST))) as acme:
        await acme.start()
        acme.rules = acme.cases.rules = Rules()
        await plan(acme, CARDS, LENDING)
        assert list((await acme.snapshot()).steps) == list(FIRST.steps)


async def test_a_go_live_that_support_changed_stays_unless_a_revision_names_another_day(acme: CaseBook) -> None:
    async def planned(day: str, goals: str) -> date | None:
        await acme.send("planning", go_live=day, goals=goals)
        await acme.approve("planning")
        return (await acme.snapshot()).onboarding.go_live

    assert await planned("2026-09-01", "Cards.") == date(2026, 9, 1)
    await acme.act(lambda case: setattr(case.onboarding, "go_live", date(2026, 12, 1)))
    assert await planned("2026-09-01", "Cards and loans.") == date(2026, 12, 1)
    assert ("customer", "go_live_changed") not in await acme.said()
    assert await planned("2026-10-01", "Cards and loans.") == date(2026, 10, 1)
